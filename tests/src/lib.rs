//! The harness of the process tests: real programs on port 0, spoken to in raw bytes.
//!
//! It reads and writes frames by itself and shares no line with the crates it tests: a mistake in
//! them cannot hide behind itself. Whatever is waited for has a [deadline](PATIENCE), and is waited
//! for by an event (a notification, a log line, a reply), never by sleeping.
//!
//! Read [`daemon`] first, then [`wire`] and [`inventory`]. The suites that break things are built on
//! [`trio`], [`load`], [`books`] and [`faults`]; only [`lead`], which stands for the web client, runs
//! code of the crates under test.

pub mod daemon;
pub mod wire;
pub mod inventory;
pub mod agency;
pub mod http;
pub mod program;
pub mod process;
pub mod notify;
pub mod lead;
pub mod trio;
pub mod books;
pub mod load;
pub mod seed;
pub mod faults;
pub mod keys;
pub mod machine;

pub use daemon::{Daemon, Setup};
pub use inventory::Kind;
pub use wire::Client;

use std::time::Duration;

/// How long anything may take that should happen at once. Only a failing test waits that long.
pub const PATIENCE: Duration = Duration::from_secs(20);
