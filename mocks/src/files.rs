//! The three files in their folder: each appears whole under its name, or not at all.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::generate::{Outputs, Progress, Written, generate};
use crate::plan::{Plan, PlanError};

/// The flights, which `agencia-voos` reads.
pub const FLIGHTS_FILE: &str = "passagens.json";
/// The stays, which `agencia-hospedagens` reads.
pub const STAYS_FILE: &str = "hospedagens.json";
/// The tours, which `agencia-passeios` reads.
pub const TOURS_FILE: &str = "passeios.json";

/// Why no inventory was made.
#[derive(Debug, thiserror::Error)]
pub enum MocksError {
    /// The plan breaks a limit.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The folder is not there and could not be made, or could not be opened.
    #[error("cannot use the folder {}", path.display())]
    Folder {
        /// The folder that was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process is writing inventory into the same folder.
    #[error("another process is writing inventory into {}", path.display())]
    Busy {
        /// The folder that was asked for.
        path: PathBuf,
    },
    /// A file could not be written or given its name.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file, as it would be called when whole.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes the plan's inventory into `dir`, which is made when it is missing.
///
/// Each file is written beside its place, made durable and then renamed, after all three are
/// whole: whoever reads a file meanwhile sees the old one or the new one. A failure before
/// the renames leaves the old files as they were. `progress` is called after every day of every place.
///
/// # Errors
///
/// A limit of the plan, or the folder or file that failed and why.
pub fn write(
    plan: &Plan,
    dir: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Written, MocksError> {
    plan.check()?;
    let folder = open_alone(dir)?;
    let [flights, stays, tours] =
        [FLIGHTS_FILE, STAYS_FILE, TOURS_FILE].map(|name| Partial::create(dir, name));
    let (flights, stays, tours) = (flights?, stays?, tours?);
    let outputs = Outputs { flights: &flights.file, stays: &stays.file, tours: &tours.file };
    let written = generate(plan, outputs, progress).map_err(|error| match error {
        MocksError::Write { path, source } => MocksError::Write { path: dir.join(path), source },
        error => error,
    })?;
    for partial in [&flights, &stays, &tours] {
        partial.name_it(|partial| partial.file.sync_all())?;
    }
    for partial in [&flights, &stays, &tours] {
        partial.name_it(|partial| fs::rename(&partial.path, &partial.whole))?;
    }
    folder.sync_all().map_err(|source| MocksError::Folder { path: dir.to_owned(), source })?;
    Ok(written)
}

/// Makes and opens the folder, and keeps other writers out for as long as it is open.
fn open_alone(dir: &Path) -> Result<File, MocksError> {
    let failed = |source| MocksError::Folder { path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(failed)?;
    let folder = File::open(dir).map_err(failed)?;
    match folder.try_lock() {
        Err(TryLockError::WouldBlock) => Err(MocksError::Busy { path: dir.to_owned() }),
        // Some network file systems cannot lock a folder; one writer is the rule there too.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(folder),
    }
}

/// A file that is not whole yet. Its temporary name is fixed, so that the next run clears
/// what a killed one left; it is removed when dropped before it was renamed.
struct Partial {
    file: File,
    path: PathBuf,
    whole: PathBuf,
}

impl Partial {
    fn create(dir: &Path, name: &str) -> Result<Self, MocksError> {
        let (path, whole) = (dir.join(format!(".{name}.partial")), dir.join(name));
        match File::create(&path) {
            Ok(file) => Ok(Self { file, path, whole }),
            Err(source) => Err(MocksError::Write { path: whole, source }),
        }
    }

    fn name_it(&self, step: impl FnOnce(&Self) -> io::Result<()>) -> Result<(), MocksError> {
        step(self).map_err(|source| MocksError::Write { path: self.whole.clone(), source })
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // It is gone already when it was renamed; a leftover is overwritten by the next run.
        let _ = fs::remove_file(&self.path);
    }
}
