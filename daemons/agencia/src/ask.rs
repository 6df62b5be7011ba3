//! Asking daemons from a command: the file that says where they are, what proves to other hosts who
//! asks, and one pool each.

use crate::error::CommandError;
use agencia_client::tls::{Credentials, Keys, KeysError, Role, names};
use agencia_client::{Deadlines, Peer, Peers, Pool, PoolOptions, Spawn};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the daemons are when no flag says otherwise.
const PEERS_FILE: &str = "/etc/agencia/pares.toml";

/// The files that every command may need, as far as flags name them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Places<'a> {
    /// The file that says where the daemons are.
    pub(crate) peers: Option<&'a Path>,
    /// The folder of keys and certificates.
    pub(crate) keys: Option<&'a Path>,
}

impl Places<'_> {
    /// The folder of keys.
    pub(crate) fn keys(self) -> Keys {
        Keys::of_this_process(self.keys.unwrap_or(Path::new(names::FOLDER)))
    }
}

/// Who the daemons are, and which file says so.
pub(crate) struct Known {
    pub(crate) peers: Peers,
    /// None when it is what is built in.
    pub(crate) file: Option<PathBuf>,
    /// What proves to other hosts that an administrator asks.
    credentials: Option<Credentials>,
}

impl Known {
    /// Reads the file that was named, or the installed one if there is one; and where there is a
    /// daemon on another host, what proves who asks.
    pub(crate) fn load(places: Places<'_>) -> Result<Self, CommandError> {
        let known = Self::of_file(places.peers)?;
        if !known.peers.iter().any(Peer::is_elsewhere) {
            return Ok(known);
        }
        let credentials = match places.keys().credentials(Role::Administrator) {
            // Not everybody who may search may read the administrator's key.
            Err(KeysError::Unreadable { path, source })
                if source.kind() == ErrorKind::PermissionDenied && places.keys.is_none() =>
            {
                log::warn!(
                    "{} cannot be read: other hosts let this one search only",
                    path.display()
                );
                None
            }
            credentials => credentials?,
        };
        Ok(Self { credentials, ..known })
    }

    /// The same, to ask nobody.
    pub(crate) fn of_file(named: Option<&Path>) -> Result<Self, CommandError> {
        let installed = Path::new(PEERS_FILE);
        let file = named.or_else(|| installed.exists().then_some(installed));
        let peers = file.map(Peers::load).transpose()?.unwrap_or_default();
        Ok(Self { peers, file: file.map(Path::to_owned), credentials: None })
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

    /// The connections to a daemon.
    pub(crate) fn pool(&self, peer: &Peer, deadlines: Deadlines, spawn: &Spawn) -> Pool {
        let options = PoolOptions { deadlines, ..PoolOptions::default() };
        Pool::proving(peer.clone(), options, Arc::clone(spawn), self.credentials.as_ref())
    }
}

/// Runs what asks; connections are driven meanwhile.
pub(crate) fn asking<T>(work: impl AsyncFnOnce(&Spawn) -> T) -> T {
    let spawn: Spawn = Arc::new(|driver| smol::spawn(driver).detach());
    smol::block_on(work(&spawn))
}
