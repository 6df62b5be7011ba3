//! The other daemons of the agency: who they are, from the file that all read, and the
//! connections to them.

use crate::crew::Crew;
use crate::settings::{Deadlines, Settings};
use agencia_client::{
    ClientError, Deadlines as CallDeadlines, Peer, Peers, PeersError, PeersProblem, Pool,
    PoolOptions,
};
use agencia_protocol::trip::{DaemonName, TripMessage};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a daemon does not know its peers.
#[derive(Debug, thiserror::Error)]
pub enum PeersRefused {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] PeersError),
    /// The daemon is not in it: no trip could have a part in it.
    #[error(
        "{}: names no daemon {name}; add it with its address, or name another file with peers",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// The daemon.
        name: String,
    },
}

/// The other daemons, by name. A daemon is alone when nobody has said where the others are.
pub(crate) fn load<S>(
    settings: &Settings<S>,
    own: &str,
) -> Result<BTreeMap<DaemonName, Peer>, PeersRefused> {
    let peers = match Peers::load(&settings.peers) {
        Err(PeersError { problem: PeersProblem::Unreadable(error), .. })
            if error.kind() == ErrorKind::NotFound && settings.has_default_peers() =>
        {
            return Ok(BTreeMap::new());
        }
        peers => peers?,
    };
    if peers.get(own).is_none() {
        let (path, name) = (settings.peers.clone(), own.to_owned());
        return Err(PeersRefused::Missing { path, name });
    }
    let others = peers.iter().filter(|peer| peer.name != own);
    let named = |peer: &Peer| Some((peer.name.parse().ok()?, peer.clone()));
    Ok(others.filter_map(named).collect())
}

/// How the other daemons are reached.
pub(crate) enum Colleagues {
    /// Over connections, opened when they are needed.
    Connected(BTreeMap<DaemonName, Pool>),
    /// By whatever a simulation has for a network.
    #[cfg(test)]
    Carried(Courier),
}

/// Takes the body of a message to a daemon, and brings back that of its reply.
#[cfg(test)]
pub(crate) type Courier = Arc<
    dyn Fn(
            &DaemonName,
            Vec<u8>,
        ) -> std::pin::Pin<Box<dyn Future<Output = Result<Vec<u8>, ClientError>> + Send>>
        + Send
        + Sync,
>;

impl Colleagues {
    /// Connects nothing yet.
    pub(crate) fn new(
        peers: &BTreeMap<DaemonName, Peer>,
        deadlines: &Deadlines,
        in_flight_max: usize,
        crew: &Crew,
    ) -> Self {
        let Deadlines { peer_connect, peer_reply, .. } = *deadlines;
        let options = PoolOptions {
            in_flight_max,
            deadlines: CallDeadlines { connect: peer_connect, reply: peer_reply },
            ..PoolOptions::default()
        };
        let crew = crew.clone();
        let spawn: agencia_client::Spawn = Arc::new(move |driver| crew.spawn(driver));
        let pool = |peer: &Peer| Pool::new(peer.clone(), options, spawn.clone());
        Self::Connected(peers.iter().map(|(name, peer)| (name.clone(), pool(peer))).collect())
    }

    /// Asks another daemon; nothing when there is none of this name. Every message that daemons
    /// send each other may be repeated.
    pub(crate) async fn ask<R: DeserializeOwned>(
        &self,
        daemon: &DaemonName,
        message: &TripMessage,
    ) -> Option<Result<R, ClientError>> {
        match self {
            Self::Connected(pools) => {
                let pool = pools.get(daemon)?;
                Some(pool.read(message).await.map(|answer| answer.value))
            }
            #[cfg(test)]
            Self::Carried(courier) => Some(carried(courier, daemon, message).await),
        }
    }
}

#[cfg(test)]
async fn carried<R: DeserializeOwned>(
    courier: &Courier,
    daemon: &DaemonName,
    message: &TripMessage,
) -> Result<R, ClientError> {
    use agencia_protocol::{ErrorReply, parse_object};
    let body = serde_json::to_vec(message).expect("a message is JSON");
    let reply = courier(daemon, body).await?;
    if let Ok(ErrorReply { error }) = parse_object::<ErrorReply>(&reply) {
        return Err(ClientError::Refused(error));
    }
    Ok(parse_object(&reply).expect("a daemon answers what it was asked"))
}
