//! Who may speak: daemons on one host, web clients on a second, somebody else on a third.
//!
//! Hosts are network namespaces; their keys are made, carried and imported by `agencia keys`. What
//! is refused is asked by a peer that shares no line with the crates under test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;
mod peer;
mod booking;
mod refusals;
mod plain;
mod crowds;
mod impostor;
mod checks;
