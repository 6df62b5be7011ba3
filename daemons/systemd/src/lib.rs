//! What a service and systemd have to say to each other: sockets that are handed over or kept while
//! the service is restarted, readiness, status, the watchdog, and the word that a reload leaves.
//!
//! The daemons and the web client share it. Without systemd every one of these does nothing, and
//! nothing here knows what is served.

mod sockets;
mod notice;
mod reload;

pub use notice::{ping, ping_interval, ready, status, stopping};
pub use reload::{ReloadFailed, ask, tell};
pub use sockets::{NotASocket, Sockets, keep};
