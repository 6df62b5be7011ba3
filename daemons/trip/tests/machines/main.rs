//! The machines one by one: every command in every state, the drivers over a bad network, the
//! seals, the limits of time, the schedule, the recovery.

#![expect(clippy::unwrap_used, reason = "a failing test may panic anywhere")]

mod desk;
mod transitions;
mod drivers;
mod times;
mod seals;
mod schedule;
mod recovering;
