//! `agencia backup`: copies while everything runs.
//!
//! Each ledger is copied as of one moment; three ledgers are copied at three moments, and that is
//! enough, because daemons that are restored learn from each other what was decided since.

use super::files::{self, failed, is_there, sync_folder};
use super::manifest::{Entry, MANIFEST, Manifest, What};
use super::{BackupError, Secrets};
use crate::ask::{Known, Places};
use crate::cli::Backup;
use crate::clock::now;
use crate::durable::{Sum, folder_of};
use crate::error::{self, CommandError};
use crate::programs::{DAEMONS, Daemon, Files};
use crate::table::{grouped, print};
use agencia_protocol::trip::Timestamp;
use agencia_server::LEDGER_FILE;
use std::fs::{DirBuilder, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) fn run(options: &Backup, places: Places<'_>) -> Result<ExitCode, CommandError> {
    // Nobody is asked: certificates that cannot be used keep nothing from being copied.
    let known = Known::of_file(places.peers)?;
    let target = error::absolute(&options.backup)?;
    refuse_full(&target)?;
    let here = here(options.dir.as_deref())?;
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".parcial-{}", std::process::id()));
    let partial = target.with_file_name(name);
    private_folder(&partial)?;
    let secrets = options.with_key.then(|| Secrets::of_host(options.dir.as_deref(), places));
    let filled =
        fill(&partial, &here, known.file.as_deref(), secrets.as_ref()).and_then(|manifest| {
            std::fs::rename(&partial, &target)
                .map_err(|error| failed(&target, "put it there", error))?;
            sync_folder(folder_of(&target))?;
            Ok(manifest)
        });
    if filled.is_err() {
        // It is no backup without its manifest; whoever sees it may remove it too.
        std::fs::remove_dir_all(&partial).ok();
    }
    let manifest = filled?;
    let bytes = manifest.files.iter().map(|entry| entry.bytes).sum();
    let ledgers: Vec<_> = manifest.ledgers().map(|(daemon, _)| daemon).collect();
    print(&format!(
        "{}: ledgers of {}, {} files, {} bytes",
        target.display(),
        ledgers.join(", "),
        manifest.files.len(),
        grouped(bytes)
    ))?;
    print(&match options.with_key {
        true => "the keys of this host are in it: whoever reads it can forge bookings",
        false => {
            "the keys of this host are not in it: copy them by --with-key, or keep them on another \
             host"
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn refuse_full(target: &Path) -> Result<(), CommandError> {
    match std::fs::read_dir(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(target, "look into it", error)),
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(BackupError::NotEmpty { path: target.to_owned() }.into()),
        },
    }
}

/// The daemons that keep their ledger on this host.
fn here(dir: Option<&Path>) -> Result<Vec<(&'static Daemon, Files)>, CommandError> {
    let (mut here, mut looked) = (Vec::new(), Vec::new());
    for daemon in &DAEMONS {
        let files = daemon.files_in(dir)?;
        if is_there(&files.ledger)? {
            here.push((daemon, files));
        } else {
            looked.push(files.ledger);
        }
    }
    if here.is_empty() {
        return Err(BackupError::NoLedger { looked }.into());
    }
    for ledger in looked {
        eprintln!("agencia: {}: is not there and left out", ledger.display());
    }
    Ok(here)
}

fn private_folder(folder: &Path) -> Result<(), CommandError> {
    let made = DirBuilder::new().mode(0o700).create(folder);
    made.map_err(|error| failed(folder, "make the folder", error))
}

/// Copies everything and writes the manifest, durably.
fn fill(
    folder: &Path,
    here: &[(&'static Daemon, Files)],
    peers: Option<&Path>,
    secrets: Option<&Secrets>,
) -> Result<Manifest, CommandError> {
    let taken = now();
    let mut copies = Copies { folder, entries: Vec::new() };
    for (daemon, files) in here {
        let own = folder.join(daemon.name);
        private_folder(&own)?;
        copies.ledger(daemon.name, &files.ledger)?;
        let inventory = files.inventory.file_name().unwrap_or_default();
        if is_there(&files.inventory)? {
            let to = Path::new(daemon.name).join(inventory);
            copies.file(&files.inventory, to, What::Inventory, Some(daemon.name))?;
        } else {
            let inventory = files.inventory.display();
            eprintln!("agencia: {inventory}: is not there and left out");
        }
        sync_folder(&own)?;
    }
    let (_, first) = &here[0];
    let peers = peers.unwrap_or(&first.peers);
    if is_there(peers)? {
        copies.file(peers, "pares.toml".into(), What::Peers, None)?;
    }
    if let Some(secrets) = secrets {
        // There may be only the one beside the certificates.
        if is_there(&first.key)? {
            copies.file(&first.key, "chave".into(), What::Key, None)?;
        } else if !is_there(&secrets.receipt_key())? {
            eprintln!("agencia: {}: is not there and left out", first.key.display());
        }
        copies.secrets(secrets)?;
    }
    let manifest = Manifest::new(taken, copies.entries);
    let path = folder.join(MANIFEST);
    let written = std::fs::File::create_new(&path).and_then(|mut file| {
        file.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
        file.sync_all()
    });
    written.map_err(|error| failed(&path, "write", error))?;
    sync_folder(folder)?;
    Ok(manifest)
}

/// What was copied so far.
struct Copies<'a> {
    folder: &'a Path,
    entries: Vec<Entry>,
}

impl Copies<'_> {
    fn ledger(&mut self, daemon: &'static str, ledger: &Path) -> Result<(), CommandError> {
        let path = Path::new(daemon).join(LEDGER_FILE);
        let to = self.folder.join(&path);
        let taken = now();
        agencia_store::back_up_file(ledger, &to).map_err(BackupError::from)?;
        let private = std::fs::set_permissions(&to, Permissions::from_mode(files::PRIVATE));
        private.map_err(|error| failed(&to, "close it to others", error))?;
        let sum = files::sum(&to)?;
        self.add(path, What::Ledger, Some(daemon), taken, sum);
        Ok(())
    }

    /// The key of the pages and the files of the folder of keys, as far as they are there.
    fn secrets(&mut self, secrets: &Secrets) -> Result<(), CommandError> {
        if is_there(&secrets.web)? {
            private_folder(&self.folder.join("web"))?;
            self.file(&secrets.web, "web/chave".into(), What::WebKey, None)?;
            sync_folder(&self.folder.join("web"))?;
        }
        if !is_there(&secrets.folder)? {
            return Ok(());
        }
        let unreadable = |error| failed(&secrets.folder, "read", error);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&secrets.folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if entry.file_type().map_err(unreadable)?.is_file() {
                names.push(entry.file_name());
            }
        }
        names.sort();
        let own = Path::new("keys");
        private_folder(&self.folder.join(own))?;
        for name in names {
            self.file(&secrets.folder.join(&name), own.join(name), What::HostKey, None)?;
        }
        sync_folder(&self.folder.join(own))
    }

    fn file(
        &mut self,
        from: &Path,
        path: PathBuf,
        what: What,
        daemon: Option<&'static str>,
    ) -> Result<(), CommandError> {
        let taken = now();
        let sum = files::copy(from, &self.folder.join(&path))?;
        self.add(path, what, daemon, taken, sum);
        Ok(())
    }

    fn add(
        &mut self,
        path: PathBuf,
        what: What,
        daemon: Option<&'static str>,
        taken: Timestamp,
        sum: Sum,
    ) {
        let Sum { bytes, sha256 } = sum;
        let daemon = daemon.map(str::to_owned);
        self.entries.push(Entry { path, what, daemon, taken, bytes, sha256 });
    }
}
