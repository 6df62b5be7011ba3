//! A daemon over its sockets: in this process, in processes of its own, and as a whole agency of three.

#![expect(clippy::unwrap_used, reason = "a failing test may panic anywhere")]

mod support;

mod importing;
mod process;
mod recovering;
mod serving;
mod settling;
mod shipped;
mod trips;
mod upkeep;
