//! What is wrong with the settings, in the words of whoever must put it right.

use std::io;
use std::path::PathBuf;

/// Why the settings were not taken. The text names the file, the variable or the flag, the key,
/// and the way out.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file or folder cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not TOML.
    #[error("{}: line {line}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// A key that no setting has.
    #[error("{origin}: {key}: there is no such setting; {way_out}")]
    UnknownKey {
        /// The file, variable or flag.
        origin: String,
        /// The key, with its tables.
        key: String,
        /// The nearest known key, or all of them.
        way_out: String,
    },
    /// A value that the setting cannot have.
    #[error("{origin}: {key}: {reason}")]
    Value {
        /// The file, variable or flag.
        origin: String,
        /// The key, with its tables.
        key: String,
        /// What was found and what can be.
        reason: String,
    },
}
