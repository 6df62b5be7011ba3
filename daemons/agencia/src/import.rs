//! `agencia import`: a new inventory, checked whole before anything changes.
//!
//! The checked records are written beside the inventory in force as `INVENTORY.novo`. A running
//! daemon is asked to adopt that file, and does it or refuses; for one that does not run the file
//! is renamed into place here.

use crate::ask::{Known, Places, asking};
use crate::cli::Import;
use crate::durable::{folder_of, sync_folder, with_suffix};
use crate::error::CommandError;
use crate::programs::Daemon;
use crate::table::{grouped, print};
use agencia_catalog::{Catalog, InventoryError, Product, estimate_records, is_csv, read_records};
use agencia_client::{Answer, ClientError, Deadlines, Peer};
use agencia_protocol::request::{Bare, Imported};
use agencia_protocol::{Code, WireError};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// How long a daemon may take to build a catalog of millions and reconcile it with its ledger.
const ADOPTION: Duration = Duration::from_secs(15 * 60);

/// How many records are checked between two movements of the bar.
const RECORDS_A_STEP: u64 = 1024;

/// Checks the records of a file, writes them as JSON into another, and tells how many there are.
pub(crate) type Stage = fn(&Path, &Staged, &ProgressBar) -> Result<u64, CommandError>;

pub(crate) fn run(options: &Import, places: Places<'_>) -> Result<ExitCode, CommandError> {
    let daemon = Daemon::named(&options.daemon).expect("the command line takes no other");
    let known = Known::load(places)?;
    let peer = known.named(daemon.name)?;
    let inventory = match (&options.inventory, &options.dir) {
        (Some(file), _) => file.clone(),
        (None, Some(dir)) => daemon.files_in(Some(dir))?.inventory,
        (None, None) => (daemon.files)(options.config.as_deref())?.inventory,
    };
    let (staged, count) = checked(daemon, &inventory, &options.file)?;
    if count == 0 && !options.empty {
        return Err(CommandError::EmptyInventory { path: options.file.clone() });
    }
    print(&put_in_force(&known, peer, staged, count)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Checks the records of a file for a daemon and stages them beside its inventory.
fn checked(
    daemon: &Daemon,
    inventory: &Path,
    source: &Path,
) -> Result<(Staged, u64), CommandError> {
    let staged = Staged::create(inventory, source)?;
    let bar = progress_bar(source)?;
    let count = (daemon.stage)(source, &staged, &bar)?;
    bar.finish_and_clear();
    Ok((staged, count))
}

/// Puts the records of a file in force as a daemon's inventory, be there none, and says where that
/// was done.
pub(crate) fn replace(
    known: &Known,
    daemon: &Daemon,
    inventory: &Path,
    source: &Path,
) -> Result<String, CommandError> {
    let (staged, count) = checked(daemon, inventory, source)?;
    put_in_force(known, known.named(daemon.name)?, staged, count)
}

/// Has the daemon adopt the staged file, or puts it in place when none runs.
fn put_in_force(
    known: &Known,
    peer: &Peer,
    staged: Staged,
    count: u64,
) -> Result<String, CommandError> {
    let deadlines = Deadlines { reply: ADOPTION, ..Deadlines::default() };
    let answer =
        asking(async |spawn| known.pool(peer, deadlines, spawn).write(&Bare::IMPORT).await);
    match answer {
        Ok(Answer { value: Imported { offers, withdrawn }, .. }) => {
            staged.keep();
            let kept = match withdrawn {
                0 => String::new(),
                _ => format!("; with bookings and no longer on sale: {}", grouped(withdrawn)),
            };
            Ok(format!("{peer} took it over; offers on sale: {}{kept}", grouped(offers)))
        }
        Err(ClientError::Unreachable { .. }) => {
            let inventory = staged.put_in_place()?;
            let (count, inventory) = (grouped(count), inventory.display());
            Ok(format!(
                "{peer} does not run: the file is in place as {inventory} (records: {count}); it is \
                 checked against the bookings when the daemon starts"
            ))
        }
        Err(error) => {
            if error.outcome_unknown() {
                staged.keep();
            }
            Err(error.into())
        }
    }
}

/// The file beside the inventory in force, locked against other imports. It is removed when it is
/// dropped before it is adopted.
pub(crate) struct Staged {
    file: File,
    path: PathBuf,
    inventory: PathBuf,
    kept: bool,
}

impl Staged {
    fn create(inventory: &Path, source: &Path) -> Result<Self, CommandError> {
        if is_csv(inventory) {
            return Err(CommandError::CsvInForce { path: inventory.to_owned() });
        }
        let path = with_suffix(inventory, ".novo");
        let failed = |source| CommandError::File {
            path: path.clone(),
            doing: "write",
            source,
            way_out: "; say with --inventory, --dir or --config which inventory is in force",
        };
        let source = std::fs::metadata(source)
            .map_err(|error| InventoryError::Read { path: source.to_owned(), source: error })?;
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(CommandError::ImportUnderWay { path }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Another import may have put the file in force before it let go of the lock.
        let (opened, named) = (file.metadata(), std::fs::metadata(&path));
        let same =
            |a: &std::fs::Metadata, b: &std::fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        match (opened, named) {
            (Ok(opened), Ok(_)) if same(&opened, &source) => {
                return Err(CommandError::StagedSource { path });
            }
            (Ok(opened), Ok(named)) if same(&opened, &named) => {}
            _ => return Err(CommandError::ImportUnderWay { path }),
        }
        file.set_len(0).and_then(|()| give_to_the_folders_owner(&path)).map_err(failed)?;
        Ok(Self { file, path, inventory: inventory.to_owned(), kept: false })
    }

    /// Leaves the file to the daemon, which may still want it.
    fn keep(mut self) {
        self.kept = true;
    }

    /// Renames the file over the inventory in force, durably.
    fn put_in_place(mut self) -> Result<PathBuf, CommandError> {
        let inventory = self.inventory.clone();
        let placed = std::fs::rename(&self.path, &inventory).and_then(|()| {
            self.kept = true;
            sync_folder(folder_of(&inventory))
        });
        placed.map(|()| inventory.clone()).map_err(|source| CommandError::File {
            path: inventory,
            doing: "replace",
            source,
            way_out: "",
        })
    }

    fn failed(&self, source: io::Error) -> CommandError {
        CommandError::File { path: self.path.clone(), doing: "write", source, way_out: "" }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.kept {
            // Whatever is left is overwritten by the next import.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// What root makes among a daemon's files is the daemon's to read, whatever root's umask is.
pub(crate) fn give_to_the_folders_owner(file: &Path) -> io::Result<()> {
    let owner = std::fs::metadata(folder_of(file))?;
    match std::fs::metadata(file)?.uid() {
        0 if owner.uid() != 0 => chown(file, Some(owner.uid()), Some(owner.gid())),
        _ => Ok(()),
    }
}

/// Checks every record of `source`, alone and then together, and writes them into `staged`.
pub(crate) fn stage<P: Product>(
    source: &Path,
    staged: &Staged,
    bar: &ProgressBar,
) -> Result<u64, CommandError> {
    let mut out = BufWriter::new(&staged.file);
    let mut failed = None;
    let mut separator = "[\n";
    let mut done = 0;
    let read = read_records(source, |record: &P::Record| {
        done += 1;
        if done % RECORDS_A_STEP == 0 {
            bar.set_position(done);
        }
        let written = out
            .write_all(separator.as_bytes())
            .and_then(|()| Ok(serde_json::to_writer(&mut out, record)?));
        separator = ",\n";
        written.map_err(|error| {
            failed = Some(error);
            WireError::new(Code::Internal, "the staged file cannot be written")
        })
    });
    if let Some(error) = failed {
        return Err(staged.failed(error));
    }
    let count = read?;
    let end = if count == 0 { "[]\n" } else { "\n]\n" };
    let written = out.write_all(end.as_bytes()).and_then(|()| out.flush());
    let durable = written.and_then(|()| staged.file.sync_all());
    durable
        .and_then(|()| sync_folder(folder_of(&staged.path)))
        .map_err(|error| staged.failed(error))?;
    bar.set_message("checking them together");
    // What a record without units would get does not matter for the check.
    Catalog::<P>::load(&staged.path, 1).map_err(|error| of_source(error, source))?;
    Ok(count)
}

/// The error as one of the file that the operator named: the records have the same numbers.
fn of_source(error: InventoryError, source: &Path) -> InventoryError {
    let source = source.to_owned();
    match error {
        InventoryError::Shape { number, reason, .. } => {
            InventoryError::Shape { path: source, number, reason }
        }
        InventoryError::Record { number, error, .. } => {
            InventoryError::Record { path: source, number, error }
        }
        read @ InventoryError::Read { .. } => read,
    }
}

/// A bar over the records of a file.
fn progress_bar(file: &Path) -> Result<ProgressBar, CommandError> {
    let total = estimate_records(file)
        .map_err(|source| InventoryError::Read { path: file.to_owned(), source })?;
    let style = ProgressStyle::with_template("{bar:40} {percent:>3}% of about {len} records {msg}")
        .expect("the template is well formed");
    // Drawn on a terminal only: that is where it is drawn by default.
    Ok(ProgressBar::new(total as u64).with_style(style))
}
