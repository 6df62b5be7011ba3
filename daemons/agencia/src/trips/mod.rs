//! What an operator asks about trips: who comes, where one stands, what is not settled, whether the
//! books agree; and the settlement by hand.
//!
//! [`fetch`] asks the daemons; what the answers mean is decided in pure functions beside each
//! command, so that it is tested without any.

mod fetch;
pub(crate) mod sold;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod doubt;
mod check;
pub(crate) mod audit;
pub(crate) mod force;
