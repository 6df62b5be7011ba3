//! Copying files so that they are whole, on the disk, and known by their checksum.

use crate::error::CommandError;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

/// The mode of what only its owner may read.
pub(super) const PRIVATE: u32 = 0o600;

/// How much is copied at once.
const CHUNK: usize = 1024 * 1024;

/// A file's length and its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Copies a file to where none is yet, durably; only its owner may read the copy. Answers the sum
/// of what was copied.
pub(super) fn copy(from: &Path, to: &Path) -> Result<Sum, CommandError> {
    let mut source = File::open(from).map_err(|error| failed(from, "read", error))?;
    let mut options = File::options();
    let file = options.write(true).create_new(true).mode(PRIVATE).open(to);
    let mut file = file.map_err(|error| failed(to, "write", error))?;
    let sum = pump(&mut source, &mut file);
    let sum = sum.and_then(|sum| file.sync_all().map(|()| sum));
    sum.map_err(|error| failed(to, "write", error))
}

/// The sum of a file.
pub(super) fn sum(path: &Path) -> Result<Sum, CommandError> {
    let file = File::open(path);
    let sum = file.and_then(|mut file| pump(&mut file, &mut io::sink()));
    sum.map_err(|error| failed(path, "read", error))
}

fn pump(from: &mut impl Read, to: &mut impl Write) -> io::Result<Sum> {
    let (mut chunk, mut hash, mut bytes) = (vec![0; CHUNK], Sha256::new(), 0);
    loop {
        match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => {
                to.write_all(&chunk[..count])?;
                hash.update(&chunk[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut sha256 = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(sha256, "{byte:02x}");
    }
    Ok(Sum { bytes, sha256 })
}

/// Makes what was done to the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), CommandError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| failed(folder, "write", error))
}

/// The folder that a file is in.
pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The same path with more at its end.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
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
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((copied.bytes, copied.sha256.as_str()), (3, abc));
        assert_eq!(sum(&to).unwrap(), copied);
        assert_eq!(to.metadata().unwrap().permissions().mode() & 0o777, PRIVATE);
        assert!(copy(&from, &to).is_err(), "nothing is overwritten");
    }
}
