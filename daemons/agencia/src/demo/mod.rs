//! `agencia demo`: demonstration offers for daemons that have no inventory, and their end.
//!
//! Beside an inventory that was made here lies a mark with its hash. Whatever somebody else put in
//! force since has another one, so that clearing never touches an inventory of the agency's own.

mod settings;

use crate::ask::{Known, Places};
use crate::cli::{Demo, DemoWhat};
use crate::durable::{self, folder_of, sync_folder, with_suffix};
use crate::error::CommandError;
use crate::import;
use crate::programs::{DAEMONS, Daemon};
use crate::table::{grouped, print};
use agencia_catalog::is_csv;
use agencia_mocks::Plan;
use settings::{DemoSettings, Turned};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tempfile::TempDir;

/// An inventory with nothing in it.
const NOTHING: &str = "[]\n";

pub(crate) fn run(options: &Demo, places: Places<'_>) -> Result<ExitCode, CommandError> {
    match options.what {
        DemoWhat::Fill => fill(options),
        DemoWhat::Off => turn(options, places, Turned::Off),
        DemoWhat::On => turn(options, places, Turned::On),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Gives every daemon that has no inventory its first one.
fn fill(options: &Demo) -> Result<(), CommandError> {
    let settings = DemoSettings::load(options.settings.as_deref())?;
    let mut missing = Vec::new();
    for daemon in &DAEMONS {
        let inventory = daemon.files_in(options.dir.as_deref())?.inventory;
        if !inventory.try_exists().map_err(|error| cannot("look for", &inventory, error))? {
            missing.push((daemon, inventory));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let made = Made::new(&settings)?;
    for (daemon, inventory) in missing {
        if is_csv(&inventory) {
            return Err(CommandError::CsvInForce { path: inventory });
        }
        let offers = made.file(daemon);
        if place(&offers, &inventory).map_err(|error| cannot("write", &inventory, error))? {
            mark(&inventory)?;
            print(&format!("{}: {}", inventory.display(), settings.what()))?;
        }
    }
    Ok(())
}

/// Sets `demo`, and replaces whatever was made here by what that asks for.
fn turn(options: &Demo, places: Places<'_>, turned: Turned) -> Result<(), CommandError> {
    let known = Known::load(places)?;
    let file = settings::write(options.settings.as_deref(), turned)?;
    print(&format!("{}: demo = {turned}", file.display()))?;
    let made = Made::new(&DemoSettings::load(options.settings.as_deref())?)?;
    for daemon in &DAEMONS {
        let inventory = daemon.files_in(options.dir.as_deref())?.inventory;
        if !is_made_here(&inventory)? {
            print(&format!("{}: not made here, left as it is", inventory.display()))?;
            continue;
        }
        let line = import::replace(&known, daemon, &inventory, &made.file(daemon))?;
        mark(&inventory)?;
        print(&line)?;
    }
    Ok(())
}

/// Offers as the settings ask for them, in a folder that goes with this.
struct Made {
    folder: TempDir,
    demo: bool,
}

impl Made {
    fn new(settings: &DemoSettings) -> Result<Self, CommandError> {
        let temporary = std::env::temp_dir();
        let folder = TempDir::with_prefix("agencia-demo-")
            .map_err(|error| cannot("make a folder in", &temporary, error))?;
        let made = Self { folder, demo: settings.demo };
        if settings.demo {
            let today = chrono::Local::now().date_naive();
            let plan = Plan { days: settings.days, scale: settings.scale, ..Plan::starting(today) };
            let written = agencia_mocks::write(&plan, made.folder.path(), &mut |_| {})?;
            let total = written.flights + written.stays + written.tours;
            print(&format!("made {} offers from {today} on", grouped(total)))?;
        } else {
            let path = made.nothing();
            fs::write(&path, NOTHING).map_err(|error| cannot("write", &path, error))?;
        }
        Ok(made)
    }

    fn nothing(&self) -> PathBuf {
        self.folder.path().join("nothing.json")
    }

    fn file(&self, daemon: &Daemon) -> PathBuf {
        match self.demo {
            true => self.folder.path().join(daemon.inventory),
            false => self.nothing(),
        }
    }
}

/// Copies a file to where there is none, whole and durable; false when there is one by now.
fn place(from: &Path, to: &Path) -> io::Result<bool> {
    let draft = with_suffix(to, &format!(".{}", std::process::id()));
    let placed = File::create(&draft).and_then(|mut file| {
        io::copy(&mut File::open(from)?, &mut file)?;
        file.sync_all()?;
        import::give_to_the_folders_owner(&draft)?;
        // Unlike a rename, a link never replaces what is there.
        match fs::hard_link(&draft, to) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    });
    // It may not have been made.
    fs::remove_file(&draft).ok();
    sync_folder(folder_of(to))?;
    placed
}

fn mark_of(inventory: &Path) -> PathBuf {
    with_suffix(inventory, ".demo")
}

fn mark(inventory: &Path) -> Result<(), CommandError> {
    let path = mark_of(inventory);
    fs::write(&path, hash(inventory)? + "\n")
        .and_then(|()| import::give_to_the_folders_owner(&path))
        .map_err(|error| cannot("write", &path, error))
}

fn is_made_here(inventory: &Path) -> Result<bool, CommandError> {
    let path = mark_of(inventory);
    match fs::read_to_string(&path) {
        Ok(marked) => Ok(inventory.exists() && marked.trim_end() == hash(inventory)?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(cannot("read", &path, error)),
    }
}

fn hash(path: &Path) -> Result<String, CommandError> {
    Ok(durable::sum(path).map_err(|error| cannot("read", path, error))?.sha256)
}

fn cannot(doing: &'static str, path: &Path, source: io::Error) -> CommandError {
    let way_out = match source.kind() {
        ErrorKind::PermissionDenied => "; run it as root, or as the user of the daemons",
        _ => "",
    };
    CommandError::File { path: path.to_owned(), doing, source, way_out }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    #[test]
    fn what_root_places_belongs_to_whom_the_folder_belongs() {
        let folder = tempfile::tempdir().unwrap();
        // Only root can give it to somebody else; whatever others make is theirs, as the folder is.
        chown(folder.path(), Some(1), Some(1)).ok();
        let (from, to) = (folder.path().join("made"), folder.path().join("inventory"));
        fs::write(&from, NOTHING).unwrap();
        // What a umask of 077 leaves.
        fs::set_permissions(&from, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(place(&from, &to).unwrap());
        let owner = |path: &Path| path.metadata().map(|it| (it.uid(), it.gid())).unwrap();
        assert_eq!(owner(&to), owner(folder.path()));
        assert!(!place(&from, &to).unwrap(), "nothing is replaced");
    }
}
