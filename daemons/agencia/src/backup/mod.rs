//! Backups of what must not be lost, and putting them in force again.
//!
//! A backup is a folder: for each daemon of this host its ledger and its inventory, `pares.toml`,
//! this host's keys if they were asked for, and a [`manifest`] that says what each file must be.

mod manifest;
mod files;
pub(crate) mod save;
pub(crate) mod restore;

use crate::ask::Places;
use crate::programs;
use agencia_client::tls::names;
use agencia_server::STATE_FOLDER;
use agencia_store::StoreError;
use std::path::{Path, PathBuf};

/// Where a host's keys are, but for the one that its daemons share.
struct Secrets {
    /// The key of the pages, where they make it for themselves.
    web: PathBuf,
    /// The folder of keys and certificates.
    folder: PathBuf,
}

impl Secrets {
    /// Those of an installed host, or of an `agencia up` with this folder.
    fn of_host(dir: Option<&Path>, places: Places<'_>) -> Self {
        let state = dir.unwrap_or(Path::new(STATE_FOLDER));
        let folder = places.keys.unwrap_or(Path::new(names::FOLDER));
        Self { web: programs::web_key(state), folder: folder.to_owned() }
    }

    /// The key that the daemons of all hosts share, where it lies beside the certificates.
    fn receipt_key(&self) -> PathBuf {
        self.folder.join(names::RECEIPT_KEY)
    }
}

/// Why a backup was not made, or not put in force.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    /// There is something in the folder already.
    #[error("{}: is there and is not empty; name a new folder", .path.display())]
    NotEmpty { path: PathBuf },
    /// None of the daemons keeps its ledger here.
    #[error("no daemon has a ledger on this host ({}); say with --dir whose state is to be copied", list(.looked))]
    NoLedger { looked: Vec<PathBuf> },
    /// The manifest cannot be used.
    #[error("{}: {reason}", .path.display())]
    Manifest { path: PathBuf, reason: String },
    /// A file of the backup is not what it was.
    #[error("{}: is not what the manifest says ({reason}); use another backup; nothing was changed", .path.display())]
    Damaged { path: PathBuf, reason: String },
    /// The backup does not hold that daemon.
    #[error("the backup holds no ledger of {name:?}, only of {}; nothing was changed", .there.join(", "))]
    NotInBackup { name: String, there: Vec<String> },
    /// The daemon runs.
    #[error(
        "{name} runs: its ledger {} is in use; stop it (`systemctl stop agencia-{name}`, or Ctrl-C on \
         `agencia up`) and restore again; its ledger was not replaced", .ledger.display()
    )]
    Running { name: String, ledger: PathBuf },
    /// The ledger was written to between two looks.
    #[error("{name} was started and stopped meanwhile; restore again; its ledger was not replaced")]
    Changed { name: String },
    /// The ledger said no.
    #[error("{}", crate::error::with_causes(.0))]
    Store(#[from] StoreError),
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(", ")
}
