//! A connection to a daemon: pipelined, pooled, every await with a deadline.
//!
//! Whoever talks to a daemon does it through a [`Pool`]: it opens connections when they are
//! needed, keeps them, spreads calls over them and says honestly what happened when one is lost.
//! Below it, [`connect`] gives one [`Connection`] and the future that drives it.
//!
//! Beside it are the two files that the programs of an agency share: [`Peers`] and the
//! [`shared_key`].
//!
//! Nothing here spawns: the futures that drive connections are handed to the caller, so that the
//! same crate serves a program on tokio and one on smol.

mod pool;
mod connection;
mod driver;
mod deadline;
mod peers;
mod key;
mod error;

pub use connection::{Connection, ConnectionOptions, connect, connect_with};
pub use deadline::Deadlines;
pub use error::{ClientError, Step};
pub use key::{KeyError, shared_key};
pub use peers::{Peer, Peers, PeersError, PeersProblem};
pub use pool::{Answer, Pool, PoolOptions, Spawn};
