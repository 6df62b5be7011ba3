//! A key that several programs of an agency share: 32 bytes as hexadecimal digits in a file that
//! only they may read. Whoever starts first makes it; of several that start at once, one makes it.
//! What it is for is theirs to know.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Who may do what with the file: its owner, to read and write it.
const MODE: u32 = 0o600;

/// The bytes of a key.
const KEY_BYTES: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It can be neither read nor made.
    #[error(
        "the key {} can be neither read nor made: {source}; let this program's user read it and \
         write its folder, or set another file with key_file",
        path.display()
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than its owner may read or write it.
    #[error(
        "the key {} is open to others (mode {mode:03o}): whoever has it can forge bookings; run \
         chmod 600 on it, or remove it on every host and start again if somebody may have read it",
        path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It holds something else.
    #[error(
        "the key {} is not 64 hexadecimal digits: copy it again from another host of this agency, \
         or remove it when no other program has one",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the key; makes it first when there is none.
///
/// # Errors
/// [`KeyError`], which names the file and the way out.
pub fn shared_key(path: &Path) -> Result<[u8; KEY_BYTES], KeyError> {
    if let Err(error) = File::open(path)
        && error.kind() == ErrorKind::NotFound
    {
        make(path).map_err(|source| KeyError::Io { path: path.to_owned(), source })?;
    }
    read_key(path, Guard::OwnerAlone)
}

/// Who sees to it that nobody else reads a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// The mode of the file, which is for its owner alone.
    OwnerAlone,
    /// Whoever handed it over.
    Elsewhere,
}

/// Reads a key that is guarded like this.
pub(crate) fn read_key(path: &Path, guard: Guard) -> Result<[u8; KEY_BYTES], KeyError> {
    let failed = |source| KeyError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if guard == Guard::OwnerAlone && mode & !MODE != 0 {
        return Err(KeyError::Open { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    let malformed = || KeyError::Malformed { path: path.to_owned() };
    // One byte more than a key and its end of line: a long file is not read whole.
    let read = file.take(2 * KEY_BYTES as u64 + 2).read_to_string(&mut text);
    match read {
        Err(error) if error.kind() == ErrorKind::InvalidData => return Err(malformed()),
        read => read.map_err(failed)?,
    };
    from_hex(text.strip_suffix('\n').unwrap_or(&text)).ok_or_else(malformed)
}

/// Makes the key under another name and gives it its own name only if that is still free.
fn make(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.{:016x}", std::process::id(), rand::random::<u64>()));
    let draft = folder.join(name);
    let made = write(&draft).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    fs::remove_file(&draft).ok();
    made?;
    File::open(folder)?.sync_all()
}

fn write(draft: &Path) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(MODE).open(draft)?;
    let bytes: [u8; KEY_BYTES] = rand::random();
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(file, "{digits}")?;
    file.sync_all()
}

fn from_hex(text: &str) -> Option<[u8; KEY_BYTES]> {
    let mut bytes = [0; KEY_BYTES];
    if text.len() != 2 * KEY_BYTES {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let half = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(half(digits[0])? * 16 + half(digits[1])?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use tempfile::TempDir;

    fn folder() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chave");
        (folder, path)
    }

    #[test]
    fn a_key_is_made_once_and_is_for_its_owner_alone() {
        let (folder, path) = folder();
        shared_key(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!((text.len(), path.metadata().unwrap().permissions().mode() & 0o777), (65, MODE));
        shared_key(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn programs_that_start_at_once_have_one_key() {
        for _ in 0..20 {
            let (folder, path) = folder();
            let together = Barrier::new(8);
            let texts: Vec<_> = std::thread::scope(|scope| {
                let starting: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            together.wait();
                            shared_key(&path).unwrap();
                            fs::read_to_string(&path).unwrap()
                        })
                    })
                    .collect();
                starting.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(texts.iter().all(|text| *text == texts[0]));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    /// The error names the file and says this.
    fn check_error(path: &Path, part: &str) {
        let error = shared_key(path).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()) && error.contains(part), "{error}");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let (_folder, path) = folder();
        shared_key(&path).unwrap();
        for (mode, taken) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            match taken {
                true => assert_eq!(shared_key(&path).unwrap().len(), KEY_BYTES),
                false => check_error(&path, "chmod 600"),
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let digits = "0123456789abcdef".repeat(4);
        for (text, taken) in [
            (digits.clone(), true),
            (format!("{digits}\n"), true),
            (digits.to_uppercase(), true),
            (String::new(), false),
            (digits[1..].to_owned(), false),
            (format!("{digits}0"), false),
            (format!("{digits}\n\n"), false),
            (format!("{digits}\nmore"), false),
            (digits.replace('0', "+"), false),
            (digits.replace('0', "g"), false),
        ] {
            let (_folder, path) = folder();
            fs::write(&path, &text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(MODE)).unwrap();
            match taken {
                true => assert_eq!(shared_key(&path).unwrap().len(), KEY_BYTES),
                false => check_error(&path, "not 64 hexadecimal digits"),
            }
        }
        let (_folder, path) = folder();
        fs::write(&path, [0xff; 64]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(MODE)).unwrap();
        check_error(&path, "not 64 hexadecimal digits");
    }

    #[test]
    fn a_key_that_cannot_be_made_is_named() {
        let (_folder, path) = folder();
        check_error(&path.join("chave"), "set another file with key_file");
    }
}
