//! Files that only their owner may read, written so that they are whole or not there.

use super::KeysCommandError;
use crate::durable::{folder_of, second_name, sync_folder};
use crate::error::CommandError;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

/// What is added to the name of a file that gives way to an imported one.
const ASIDE: &str = ".antes-da-importacao";

/// A folder beside the one that is meant, filled first and put in place when it is complete.
#[derive(Debug)]
pub(super) struct Staged {
    path: PathBuf,
}

impl Staged {
    pub(super) fn beside(folder: &Path) -> Result<Self, CommandError> {
        let parent = folder_of(folder);
        fs::create_dir_all(parent).map_err(|error| failed(parent, "make the folder", error))?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let path = parent.join(format!(".{name}.{}.partial", std::process::id()));
        let made = DirBuilder::new().mode(PRIVATE_FOLDER).create(&path);
        made.map_err(|error| failed(&path, "make the folder", error))?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that is not there yet.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), CommandError> {
        write_new(&self.path.join(name), text)
    }

    /// Gives the whole folder its name, which nothing but an empty folder may have.
    pub(super) fn become_folder(self, folder: &Path) -> Result<(), CommandError> {
        match fs::rename(&self.path, folder) {
            Ok(()) => sync(folder_of(folder)),
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                Err(KeysCommandError::NotEmpty { folder: folder.to_owned() }.into())
            }
            Err(error) => Err(failed(folder, "make the folder", error)),
        }
    }

    /// Moves these files into the folder, over those that have their names.
    pub(super) fn move_into(self, folder: &Path, names: &[&str]) -> Result<(), CommandError> {
        for name in names {
            let to = folder.join(name);
            fs::rename(self.path.join(name), &to).map_err(|error| failed(&to, "write", error))?;
        }
        sync(folder)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // It is gone when it was put in place; a rest of it is in nobody's way.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// Whether the folder is there; nobody but its owner may enter it.
pub(super) fn is_private(folder: &Path) -> Result<bool, CommandError> {
    match folder.metadata() {
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o777;
            match mode & !PRIVATE_FOLDER {
                0 => Ok(true),
                _ => Err(KeysCommandError::Open { folder: folder.to_owned(), mode }.into()),
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed(folder, "enter", error)),
    }
}

/// Writes a file that is not there yet, durably.
pub(super) fn write_new(path: &Path, text: &str) -> Result<(), CommandError> {
    let written = File::options()
        .write(true)
        .create_new(true)
        .mode(PRIVATE_FILE)
        .open(path)
        // Whatever the umask took away is given back.
        .and_then(|file| file.set_permissions(Permissions::from_mode(PRIVATE_FILE)).map(|()| file))
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| failed(path, "write", error))
}

/// Gives a file another name beside its own, one that is free, and answers which.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, CommandError> {
    let kept = second_name(path, ASIDE);
    let kept = kept.map_err(|error| failed(path, "keep it under another name", error))?;
    fs::remove_file(path).map_err(|error| failed(path, "remove", error))?;
    sync(folder_of(path))?;
    Ok(kept)
}

pub(super) fn failed(path: &Path, doing: &'static str, source: io::Error) -> CommandError {
    let way_out = match source.kind() {
        ErrorKind::PermissionDenied => {
            "; run it as the administrator, or name a folder with --keys"
        }
        ErrorKind::AlreadyExists => "; name a file that is not there",
        ErrorKind::StorageFull => "; make room, or name a folder on another disk",
        _ => "",
    };
    CommandError::File { path: path.to_owned(), doing, source, way_out }
}

fn sync(folder: &Path) -> Result<(), CommandError> {
    sync_folder(folder).map_err(|error| failed(folder, "write", error))
}
