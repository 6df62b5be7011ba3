//! The files of a backup: private copies with their sums, and what an operator is told of those that
//! cannot be copied.

use crate::durable::{self, Sum};
use crate::error::CommandError;
use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::Path;

/// The mode of what only its owner may read.
pub(super) const PRIVATE: u32 = 0o600;

/// Copies a file to where none is yet, durably; only its owner may read the copy. Answers the sum
/// of what was copied.
pub(super) fn copy(from: &Path, to: &Path) -> Result<Sum, CommandError> {
    let mut source = File::open(from).map_err(|error| failed(from, "read", error))?;
    let mut options = File::options();
    let file = options.write(true).create_new(true).mode(PRIVATE).open(to);
    let mut file = file.map_err(|error| failed(to, "write", error))?;
    let sum = durable::copy(&mut source, &mut file);
    let sum = sum.and_then(|sum| file.sync_all().map(|()| sum));
    sum.map_err(|error| failed(to, "write", error))
}

/// The sum of a file.
pub(super) fn sum(path: &Path) -> Result<Sum, CommandError> {
    durable::sum(path).map_err(|error| failed(path, "read", error))
}

/// Makes what was done to the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), CommandError> {
    durable::sync_folder(folder).map_err(|error| failed(folder, "write", error))
}

/// Gives a file to whom another one belongs, as far as this user may; without the right to give
/// files away they are the same user's anyway.
pub(super) fn belong_like(file: &Path, like: &Path) -> Result<(), CommandError> {
    let wanted = std::fs::metadata(like).map_err(|error| failed(like, "read", error))?;
    let is = std::fs::metadata(file).map_err(|error| failed(file, "read", error))?;
    if (is.uid(), is.gid()) == (wanted.uid(), wanted.gid()) {
        return Ok(());
    }
    let given = chown(file, Some(wanted.uid()), Some(wanted.gid()));
    given.map_err(|error| failed(file, "give away", error))
}

/// Whether a file is there.
///
/// # Errors
/// When that cannot be seen: a file in a closed folder is not a missing one.
pub(super) fn is_there(path: &Path) -> Result<bool, CommandError> {
    path.try_exists().map_err(|error| failed(path, "look for it", error))
}

pub(super) fn failed(path: &Path, doing: &'static str, source: io::Error) -> CommandError {
    let way_out = match source.kind() {
        io::ErrorKind::PermissionDenied => "; run it as the administrator",
        io::ErrorKind::StorageFull => "; make room, or name a folder on another disk",
        _ => "",
    };
    CommandError::File { path: path.to_owned(), doing, source, way_out }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_copy_is_private_and_has_the_sum_of_its_source() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&from, "abc").unwrap();
        let copied = copy(&from, &to).unwrap();
        assert_eq!((sum(&from).unwrap(), sum(&to).unwrap()), (copied.clone(), copied));
        assert_eq!(to.metadata().unwrap().permissions().mode() & 0o777, PRIVATE);
        assert!(copy(&from, &to).is_err(), "nothing is overwritten");
    }
}
