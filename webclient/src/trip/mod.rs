//! A trip as the web client leads it: what is asked of the daemons, what they say of it, how it
//! stands. Nothing of it is kept here; the daemons know all there is to know.
//!
//! Read `order` (from a choice to a plan), `lead` (the driver at work), `known` (what the daemons
//! say) and `standing` (what that means).

mod order;
mod lead;
mod known;
mod standing;

pub(crate) use known::{Known, Sold, SoldItem, Stranger, View, consult, is_refused, strangers};
pub(crate) use lead::{Leader, Led};
pub(crate) use order::{Order, Prices};
pub(crate) use standing::{Standing, items, standing};
