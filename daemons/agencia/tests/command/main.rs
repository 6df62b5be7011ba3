//! The command as an operator runs it, with real daemons and web clients.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scene;
mod lead;
mod up;
mod ask;
mod import;
mod demo;
mod trips;
mod backup;
mod keys;
