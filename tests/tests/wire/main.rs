//! The wire, rule by rule, in raw bytes against real daemons.
//!
//! Every daemon is a process of its own on a port of its own, so that tests share nothing.

mod framing;
mod greeting;
mod order;
mod fields;
mod searches;
mod stays;
mod listing;
mod purchases;
mod imports;
mod deadlines;
mod crowds;
