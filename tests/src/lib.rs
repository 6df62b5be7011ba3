//! The harness of the process tests: real programs, spoken to in raw bytes.
//!
//! It reads and writes frames and pages by itself: a mistake in the crates under test cannot hide
//! behind itself. Where a trip must be led as the web client leads it, [`lead`] runs the driver of
//! those crates, [`load`] has many of them and [`books`] reads what they end with; what is true in
//! the end is asked of the daemons in raw bytes all the same.
//!
//! Whatever is waited for has a [deadline](PATIENCE). A start, an end and a reply are waited for by
//! an event: a notification, a log line, bytes. What no event tells of is asked for again after a
//! pause: whether parts have settled, a process is stopped, `strace` has let go. No pause stands for
//! readiness.
//!
//! Read [`daemon`] first, then [`wire`] and [`inventory`]. The suites that break things are built on
//! [`trio`], [`load`], [`books`] and [`faults`]; what measures whole trips, on [`travellers`].

pub mod daemon;
pub mod wire;
pub mod inventory;
pub mod agency;
pub mod http;
pub mod program;
pub mod process;
pub mod ports;
pub mod notify;
pub mod lead;
pub mod trio;
pub mod books;
pub mod load;
pub mod settling;
pub mod travellers;
pub mod budgets;
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
