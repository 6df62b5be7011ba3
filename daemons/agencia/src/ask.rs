//! Asking daemons from a command: the file that says where they are, and one pool each.

use crate::error::CommandError;
use agencia_client::{Deadlines, Peer, Peers, Pool, PoolOptions, Spawn};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the daemons are when no flag says otherwise.
const PEERS_FILE: &str = "/etc/agencia/pares.toml";

/// Who the daemons are, and which file says so.
pub(crate) struct Known {
    pub(crate) peers: Peers,
    /// None when it is what is built in.
    pub(crate) file: Option<PathBuf>,
}

impl Known {
    /// Reads the file that was named, or the installed one if there is one.
    pub(crate) fn load(named: Option<&Path>) -> Result<Self, CommandError> {
        let installed = Path::new(PEERS_FILE);
        let file = named.or_else(|| installed.exists().then_some(installed));
        let peers = file.map(Peers::load).transpose()?.unwrap_or_default();
        Ok(Self { peers, file: file.map(Path::to_owned) })
    }

    /// The daemon of this name.
    pub(crate) fn named(&self, name: &str) -> Result<&Peer, CommandError> {
        self.peers.get(name).ok_or_else(|| CommandError::NoPeer {
            file: self
                .file
                .as_ref()
                .map_or("built-in list".to_owned(), |f| f.display().to_string()),
            name: name.to_owned(),
        })
    }
}

/// Runs what asks; connections are driven meanwhile.
pub(crate) fn asking<T>(work: impl AsyncFnOnce(&Spawn) -> T) -> T {
    let spawn: Spawn = Arc::new(|driver| smol::spawn(driver).detach());
    smol::block_on(work(&spawn))
}

/// The connections to a daemon.
pub(crate) fn pool(peer: &Peer, deadlines: Deadlines, spawn: &Spawn) -> Pool {
    let options = PoolOptions { deadlines, ..PoolOptions::default() };
    Pool::new(peer.clone(), options, Arc::clone(spawn))
}
