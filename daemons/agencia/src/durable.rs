//! Files that are whole, on the disk and known by their checksum: what the commands that write files
//! have in common. What an error means to the operator each of them says by itself.

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// How much is copied at once.
const CHUNK: usize = 1024 * 1024;

/// A file's length and its SHA-256 in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// Copies everything that can be read, and answers the sum of it.
pub(crate) fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<Sum> {
    let (mut chunk, mut hash, mut bytes) = (vec![0; CHUNK], Sha256::new(), 0);
    loop {
        match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => {
                to.write_all(&chunk[..count])?;
                hash.update(&chunk[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Sum { bytes, sha256: hexadecimal(&hash.finalize()) })
}

/// The sum of a file.
pub(crate) fn sum(path: &Path) -> io::Result<Sum> {
    copy(&mut File::open(path)?, &mut io::sink())
}

/// The SHA-256 of what is in memory, in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes what was done to the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The folder that a file is in.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The same path with more at its end.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Gives a file a second name beside its own, with this at its end and a number behind that if the
/// name is taken, and answers it. The first name may then be given to another file.
pub(crate) fn second_name(path: &Path, suffix: &str) -> io::Result<PathBuf> {
    let first = with_suffix(path, suffix);
    let mut second = first.clone();
    let mut number = 1;
    loop {
        // Unlike a rename, a link never replaces what is there.
        match fs::hard_link(path, &second) {
            Ok(()) => return Ok(second),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                number += 1;
                second = with_suffix(&first, &format!("-{number}"));
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_sum_of_its_source() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "abc").unwrap();
        let mut copied = Vec::new();
        let found = copy(&mut File::open(&path).unwrap(), &mut copied).unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((found.bytes, found.sha256.as_str()), (3, abc));
        assert_eq!((sum(&path).unwrap(), sha256(&copied)), (found, abc.to_owned()));
    }

    #[test]
    fn a_second_name_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for (text, expected) in [("1", "a.old"), ("2", "a.old-2"), ("3", "a.old-3")] {
            fs::write(&path, text).unwrap();
            let kept = second_name(&path, ".old").unwrap();
            assert_eq!(kept, folder.path().join(expected));
            fs::remove_file(&path).unwrap();
            assert_eq!(fs::read_to_string(kept).unwrap(), text);
        }
        assert!(second_name(&path, ".old").is_err(), "what is not there has no second name");
    }

    #[test]
    fn a_file_without_a_folder_is_in_this_one() {
        for (file, folder) in [("a", "."), ("b/a", "b"), ("/a", "/")] {
            assert_eq!(folder_of(Path::new(file)), Path::new(folder));
        }
    }
}
