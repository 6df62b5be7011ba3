//! The options of backup and restore.

use super::EXIT_CODES;
use clap::Args;
use std::path::PathBuf;

/// Copies what must not be lost into a new folder, while everything runs
///
/// For each daemon of this host its ledger, as of one moment, and its inventory; pares.toml; and a
/// manifest with checksums. The folder appears when it is whole. It holds travellers' names: only
/// its owner may read it. Keys are left out unless asked for.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Backup {
    /// The new folder; one that is there must be empty
    #[arg(value_name = "BACKUP")]
    pub(crate) backup: PathBuf,
    /// The --dir of an `agencia up`, whose state it is
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Copy this host's keys too: the one that its daemons share, that of the pages, and the folder
    /// of keys and certificates. Whoever has them can forge bookings
    #[arg(long)]
    pub(crate) with_key: bool,
}

/// Puts the ledgers of a backup in force, for daemons that are stopped
///
/// The ledger that is replaced is kept beside it under a dated name; inventory, pares.toml and keys
/// are put back where there are none. When the daemon starts it is in recovery, and serves searches
/// only, until every other daemon has told it what was decided after the backup was taken.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Restore {
    /// The folder that `agencia backup` made
    #[arg(value_name = "BACKUP")]
    pub(crate) backup: PathBuf,
    /// Only this daemon; may be repeated [default: every daemon in the backup]
    #[arg(long = "daemon", value_name = "NAME")]
    pub(crate) daemons: Vec<String>,
    /// The --dir of an `agencia up`, whose state it is
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
