//! The web client over HTTP, in front of fake daemons: every page, form, refusal and way to stop.

#![expect(clippy::unwrap_used, reason = "a failing test may panic anywhere")]
#![expect(clippy::cast_possible_truncation, reason = "the numbers of these tests are small")]

mod support;

mod access;
mod booked;
mod extending;
mod flow;
mod groups;
mod helps;
mod http;
mod languages;
mod odd_answers;
mod process;
mod searches;
mod trips;
mod upkeep;
mod weight;
