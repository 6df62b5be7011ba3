//! Some connections to one daemon, opened when they are needed.

use crate::connection::{Claim, Connection, ConnectionOptions, connect_later};
use crate::deadline::Deadlines;
use crate::driver::Reply;
use crate::error::{ClientError, Failure};
use crate::peers::Peer;
use crate::tls::Credentials;
use agencia_protocol::{ErrorReply, WireError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Starts a future that goes on by itself: `tokio::spawn` or an executor's `spawn` and `detach`.
pub type Spawn = Arc<dyn Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync>;

/// The limits of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolOptions {
    /// How many connections at most; when all are busy, calls share them. 4 by default, at
    /// least 1.
    pub connections_max: usize,
    /// How many calls may be in flight on one connection; the next one waits for its turn. 64 by
    /// default, at least 1.
    pub in_flight_max: usize,
    /// The largest reply, in bytes; a larger one is [`ClientError::Unreadable`]. 16 MiB by
    /// default.
    pub reply_bytes_max: usize,
    /// A connection that was unused for longer is not used again: daemons close connections from
    /// other hosts after 60 s, and a request must not cross with that. 30 s by default.
    pub idle: Duration,
    /// How long the daemon is waited for.
    pub deadlines: Deadlines,
}

impl Default for PoolOptions {
    fn default() -> Self {
        let ConnectionOptions { in_flight_max, reply_bytes_max, deadlines } =
            ConnectionOptions::default();
        let idle = Duration::from_secs(30);
        Self { connections_max: 4, in_flight_max, reply_bytes_max, idle, deadlines }
    }
}

/// A daemon's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<R> {
    /// What it answered.
    pub value: R,
    /// The time it took, from sending the request to having the whole reply.
    pub took: Duration,
}

/// Connections to one daemon; clones share them. Making a pool connects nothing: the first call
/// does, and so does the first call after the daemon came back.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    peer: Peer,
    options: PoolOptions,
    spawn: Spawn,
    credentials: Option<Credentials>,
    kept: Mutex<KeptConnections>,
}

#[derive(Default)]
struct KeptConnections {
    /// How many were ever opened: the number of the next one.
    opened: u64,
    list: Vec<Kept>,
}

struct Kept {
    number: u64,
    used: Instant,
    connection: Connection,
}

/// The connection chosen for a call.
struct Chosen {
    /// How many had been opened then: one with a higher number is newer than the choice.
    opened: u64,
    connection: Connection,
    claim: Claim,
}

impl Pool {
    /// A pool of connections to this daemon. Their drivers are given to `spawn`.
    pub fn new(peer: Peer, options: PoolOptions, spawn: Spawn) -> Pool {
        Self::proving(peer, options, spawn, None)
    }

    /// A pool that proves who this host is to a daemon on another one, and has it prove that it is
    /// a daemon. Without credentials nothing is proven, and the daemon lets this host search only.
    pub fn proving(
        peer: Peer,
        options: PoolOptions,
        spawn: Spawn,
        credentials: Option<&Credentials>,
    ) -> Pool {
        let credentials = credentials.filter(|_| peer.is_elsewhere()).cloned();
        let kept = Mutex::default();
        Pool { shared: Arc::new(Shared { peer, options, spawn, credentials, kept }) }
    }

    /// The daemon.
    pub fn peer(&self) -> &Peer {
        &self.shared.peer
    }

    /// Asks for something that changes nothing. When the connection ends before the reply, the
    /// request is sent once more on a newer one.
    ///
    /// # Errors
    /// [`ClientError`], with [`ClientError::Refused`] for an error that the daemon answered.
    pub async fn read<Q, R>(&self, request: &Q) -> Result<Answer<R>, ClientError>
    where
        Q: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        self.ask(request, |failure| {
            matches!(failure, Failure::Unsent | Failure::Told(ClientError::Lost { .. }))
        })
        .await
    }

    /// Asks for something that changes something: never sent twice. (When the connection turns
    /// out to have ended before anything was sent, a newer one is used.)
    ///
    /// # Errors
    /// [`ClientError`]; see [`ClientError::outcome_unknown`].
    pub async fn write<Q, R>(&self, request: &Q) -> Result<Answer<R>, ClientError>
    where
        Q: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        self.ask(request, |failure| matches!(failure, Failure::Unsent)).await
    }

    async fn ask<Q, R>(
        &self,
        request: &Q,
        again: fn(&Failure) -> bool,
    ) -> Result<Answer<R>, ClientError>
    where
        Q: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        let body = serde_json::to_vec(request)
            .map_err(|error| ClientError::Unwritable { source: Arc::new(error.into()) })?;
        let Chosen { opened, connection, claim } = self.choose(None);
        let mut reply = connection.exchange(&body, claim).await;
        if reply.as_ref().is_err_and(again) {
            let Chosen { connection, claim, .. } = self.choose(Some(opened));
            reply = connection.exchange(&body, claim).await;
        }
        let Reply { body, took } = reply.map_err(|failure| failure.told(self.peer()))?;
        match read_reply(&body) {
            Ok(Ok(value)) => Ok(Answer { value, took }),
            Ok(Err(error)) => Err(ClientError::Refused(error)),
            Err(source) => Err(ClientError::Unreadable { peer: self.peer().clone(), source }),
        }
    }

    /// The connection for the next call: an idle one, else a new one, else the least loaded. With
    /// `after`, one with a higher number if there can be one: when a connection ends, those that
    /// are as old have often ended, too, and nobody has noticed yet.
    fn choose(&self, after: Option<u64>) -> Chosen {
        let Shared { peer, options, spawn, credentials, kept } = &*self.shared;
        let now = Instant::now();
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.list.retain(|kept| kept.is_usable(now, options.idle));
        let full = kept.list.len() >= options.connections_max.max(1);
        let newest = |kept: &Kept| after.is_none_or(|after| kept.number > after);
        let loads = kept.list.iter().enumerate().map(|(at, kept)| (newest(kept), at, kept.load()));
        let best = loads.min_by_key(|&(newest, _, load)| (!newest, load));
        let at = match best {
            Some((true, at, 0)) => at,
            Some((true, at, _)) if full => at,
            // Only older ones, and no room: one that nobody uses makes room.
            Some((false, at, load)) if full && load > 0 => at,
            best => {
                if let (true, Some((_, at, _))) = (full, best) {
                    kept.list.swap_remove(at);
                }
                let (connection, driver) =
                    connect_later(peer.clone(), options.connection(), credentials.clone());
                spawn(Box::pin(driver));
                kept.opened += 1;
                let new = Kept { number: kept.opened, used: now, connection };
                kept.list.push(new);
                kept.list.len() - 1
            }
        };
        let chosen = &mut kept.list[at];
        chosen.used = now;
        let (connection, claim) = (chosen.connection.clone(), chosen.connection.claim());
        Chosen { opened: kept.opened, connection, claim }
    }
}

impl Kept {
    fn is_usable(&self, now: Instant, idle: Duration) -> bool {
        let idle_for = now.saturating_duration_since(self.used);
        self.connection.is_open() && (self.load() > 0 || idle_for < idle)
    }

    fn load(&self) -> usize {
        self.connection.load()
    }
}

impl PoolOptions {
    fn connection(&self) -> ConnectionOptions {
        let Self { in_flight_max, reply_bytes_max, deadlines, .. } = *self;
        ConnectionOptions { in_flight_max, reply_bytes_max, deadlines }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { peer, options, .. } = &*self.shared;
        f.debug_struct("Pool").field("peer", peer).field("options", options).finish_non_exhaustive()
    }
}

/// What a reply says: the value, or the error that the daemon answered instead.
fn read_reply<R: DeserializeOwned>(
    body: &[u8],
) -> Result<Result<R, WireError>, Arc<dyn Error + Send + Sync>> {
    let unreadable =
        |error: serde_json::Error| Arc::from(Box::<dyn Error + Send + Sync>::from(error));
    let Some(fields) = body.trim_ascii_start().strip_prefix(b"{") else {
        // A derived struct would read an array, too.
        return Err(Arc::from(Box::<dyn Error + Send + Sync>::from("not a JSON object")));
    };
    if fields.trim_ascii_start().starts_with(b"\"erro\"") {
        let reply: ErrorReply = serde_json::from_slice(body).map_err(unreadable)?;
        return Ok(Err(reply.error));
    }
    serde_json::from_slice(body).map(Ok).map_err(unreadable)
}
