//! The faults of the ledger. A refusal (sold out, a conflict) is an
//! [`Outcome`](crate::Outcome), never one of these.

use agencia_protocol::LOCATOR_ALPHABET;
use std::path::PathBuf;

/// What the storage itself said.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the ledger could not be opened, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The queue was full. Nothing was queued; it may be tried again.
    #[error("the ledger's queue is full")]
    Busy,
    /// The storage failed before the outcome was certain: it may be done and it may not. Open the
    /// ledger again and ask with the same trip; never take it for a "no".
    #[error("the outcome is unknown: the storage failed before it was certain")]
    Unknown,
    /// The ledger's thread has ended. Nothing was queued.
    #[error("the ledger has ended")]
    Closed,
    /// A hold or a purchase names no item, or an item without an offer.
    #[error("the order takes nothing")]
    Empty,
    /// The disk is full. Nothing was done; only what takes no units still finds room.
    #[error("the disk of the ledger is full: make room there; nothing is sold until then")]
    NoSpace,
    /// Every locator that was drawn is taken. Nothing was sold.
    #[error("no free locator in {draws} draws")]
    NoLocator {
        /// How many were drawn.
        draws: u32,
    },
    /// The setting cannot start a locator.
    #[error(
        "'{letter}' cannot start a locator: choose one of {alphabet}",
        alphabet = String::from_utf8_lossy(LOCATOR_ALPHABET)
    )]
    LocatorLetter {
        /// The setting.
        letter: char,
    },
    /// The database could not be opened or created.
    #[error(
        "cannot open the ledger {path}: check that its folder exists, that this user may write \
         there and that the disk is not full"
    )]
    Open {
        /// The database file.
        path: PathBuf,
        /// What the storage said.
        source: Cause,
    },
    /// Another ledger has the file open.
    #[error(
        "the ledger {path} is in use by another daemon: stop that one, or give this one a file of \
         its own"
    )]
    Locked {
        /// The database file.
        path: PathBuf,
    },
    /// The file is damaged, or is no database.
    #[error(
        "the ledger {path} is damaged ({detail}): put the last backup in force with agencia \
         restore, which keeps this file aside"
    )]
    Corrupt {
        /// The database file.
        path: PathBuf,
        /// The first thing that is wrong with it.
        detail: String,
    },
    /// A later version of this program wrote the file.
    #[error(
        "the ledger {path} has schema {found} and this version knows {known}: install the version \
         that wrote it, or restore a backup that is older"
    )]
    NewerSchema {
        /// The database file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The latest schema that this version knows.
        known: i64,
    },
    /// The file is a database of some other program.
    #[error("{path} is a database, but not a ledger: give this daemon a file of its own")]
    Foreign {
        /// The database file.
        path: PathBuf,
    },
    /// The file is a backup that was not put in force.
    #[error("{path} is a copy that agencia backup made: put it in force with agencia restore")]
    Copy {
        /// The database file.
        path: PathBuf,
    },
    /// The backup could not be made. The ledger goes on.
    #[error("cannot back the ledger up to {path}: choose a new name in a folder with room for it")]
    Backup {
        /// The copy.
        path: PathBuf,
        /// What the storage said.
        source: Cause,
    },
    /// The ledger could not be read. It goes on, and nothing was changed.
    #[error("cannot read the ledger {path}: check the disk")]
    Read {
        /// The database file.
        path: PathBuf,
        /// What the storage said.
        source: Cause,
    },
    /// What is kept of this trip is damaged. Nothing was changed, and other trips go on.
    #[error(
        "what the ledger keeps of this trip is damaged: put the last backup in force with agencia \
         restore, which keeps this file aside"
    )]
    Illegible {
        /// What is wrong with it.
        source: Cause,
    },
    /// The storage failed while the ledger was running, and its thread ended with this.
    #[error("the storage of the ledger {path} failed: check the disk, then start the daemon again")]
    Storage {
        /// The database file.
        path: PathBuf,
        /// What the storage said.
        source: Cause,
    },
    /// The ledger's thread panicked; the outcome of what was queued is unknown.
    #[error("the thread of the ledger {path} panicked")]
    Panicked {
        /// The database file.
        path: PathBuf,
    },
}
