//! Trips in a daemon: every message becomes an order to the ledger, and what the ledger answers a
//! reply. What is to be done without being asked, the resolver does.
//!
//! Read `dispatch` first (what is answered), then `live` (what is remembered of unsettled trips)
//! and `resolver` (what the daemon does by itself).

mod dispatch;
mod offers;
mod orders;
mod questions;
mod consult;
mod surnames;
mod guesses;
mod refunds;
mod terms;
mod live;
mod holders;
mod tally;
mod resolver;
mod recovery;

pub(crate) use dispatch::{Trips, course, known};
pub(crate) use holders::HoldLimits;
pub(crate) use live::Live;
pub(crate) use offers::{Left, find_again, find_one};
pub(crate) use orders::done;
pub(crate) use recovery::{FindAgain, Recoverer, RecoveryGate};
pub(crate) use resolver::Resolver;
pub(crate) use terms::{append_policy, service_days};
