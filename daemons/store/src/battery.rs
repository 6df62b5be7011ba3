//! What every ledger must do, whatever keeps it: tests over a way to open one, so that a second
//! backend runs the same ones. Each is given a place where nothing was sold yet.

mod actors;
mod selling;
mod sharing;
mod inventories;
mod trips;
mod lists;
mod retention;
mod recovering;
mod model;

use crate::{Ledger, LedgerThread, Observer};

pub(crate) use actors::*;
pub(crate) use inventories::*;
pub(crate) use lists::*;
pub(crate) use model::random_sequences_equal_a_simple_model;
pub(crate) use recovering::*;
pub(crate) use retention::*;
pub(crate) use selling::*;
pub(crate) use sharing::*;
pub(crate) use trips::*;

/// The limits under which a test wants its ledger.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) queue_max: usize,
    pub(crate) batch_max: usize,
}

pub(crate) const USUAL: Limits = Limits { queue_max: 1024, batch_max: 256 };

/// Opens the ledger of one place; again and again it is the same place.
pub(crate) type Open<'a> = &'a dyn Fn(Limits, Observer) -> (Ledger, LedgerThread);

/// Runs a test on a place where nothing was sold yet.
pub(crate) type OnANewPlace<'a> = &'a dyn Fn(&dyn Fn(Open<'_>));
