//! What can go wrong between a request and its answer.

use crate::peers::Peer;
use crate::tls::Unproven;
use agencia_protocol::{Code, WireError};
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What a daemon was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The connection; nothing was sent.
    Connect,
    /// A place among the calls in flight; nothing was sent.
    Turn,
    /// The reply to what was sent.
    Reply,
}

/// Why there is no answer, or none that was hoped for.
///
/// After [`outcome_unknown`](Self::outcome_unknown) a request that changes something may have
/// been carried out or not: ask again, under the same key.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// No connection could be made; nothing was sent.
    #[error("{peer} cannot be reached: {source}")]
    Unreachable {
        /// The daemon.
        peer: Peer,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The daemon has not proven that it is one of this agency; nothing was sent.
    #[error("{peer} is not trusted: {}", match .reason {
        None => "it speaks no TLS, because it has no certificate; give it one with agencia keys"
            .to_owned(),
        Some(Unproven::NoRole) => "its certificate is not that of a daemon".to_owned(),
        Some(reason) => format!("{reason}"),
    })]
    Untrusted {
        /// The daemon.
        peer: Peer,
        /// What is wrong with its certificate; nothing when it has shown none.
        reason: Option<Unproven>,
    },
    /// The daemon did not do in time what it was waited for.
    #[error("{peer} {} {} ms", match .step {
        Step::Connect => "did not accept a connection within",
        Step::Turn => "had too many requests in flight for",
        Step::Reply => "did not answer within",
    }, .after.as_millis())]
    Deadline {
        /// The daemon.
        peer: Peer,
        /// What it was waited for.
        step: Step,
        /// The deadline that passed.
        after: Duration,
    },
    /// The request was sent and the connection ended without a reply.
    #[error("{peer} closed the connection without an answer")]
    Lost {
        /// The daemon.
        peer: Peer,
    },
    /// The daemon answered with an error.
    #[error("{0}")]
    Refused(WireError),
    /// What came back is no frame, or no answer to what was asked.
    #[error("{peer} answered what cannot be read: {source}")]
    Unreadable {
        /// The daemon.
        peer: Peer,
        /// What is wrong with it.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The request cannot be written as a frame; nothing was sent.
    #[error("the request cannot be written: {source}")]
    Unwritable {
        /// What is wrong with it.
        source: Arc<io::Error>,
    },
}

impl ClientError {
    /// Whether the daemon may have done what was asked although there is no answer that says so.
    pub fn outcome_unknown(&self) -> bool {
        match self {
            ClientError::Lost { .. } | ClientError::Unreadable { .. } => true,
            ClientError::Deadline { step, .. } => *step == Step::Reply,
            ClientError::Refused(error) => error.code == Code::Unknown,
            ClientError::Unreachable { .. }
            | ClientError::Untrusted { .. }
            | ClientError::Unwritable { .. } => false,
        }
    }
}

/// How a call failed, as far as sending it again depends on it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection was closed before the request was sent.
    Unsent,
    /// Anything else.
    Told(ClientError),
}

impl Failure {
    /// The error of a caller that does not send again.
    pub(crate) fn told(self, peer: &Peer) -> ClientError {
        match self {
            Failure::Unsent => ClientError::Unreachable {
                peer: peer.clone(),
                source: Arc::new(io::Error::new(
                    io::ErrorKind::NotConnected,
                    "the connection is closed",
                )),
            },
            Failure::Told(error) => error,
        }
    }
}
