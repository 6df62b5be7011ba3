//! What whoever loads the inventory may rely on, read back from the bytes it is made of.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its expectation does; clippy excuses only the test functions"
)]

mod reader;

mod records;
mod places;
mod flights;
mod stays;
mod tours;
mod prices;
mod repetition;
mod streaming;
mod files;
mod command;
