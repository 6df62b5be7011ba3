//! The ledger's counters since it was opened.

use crate::{Outcome, Stepped};
use agencia_trip::{Refusal, Reply};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Counters since the ledger was opened, and its queue now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Transactions that wrote something and are durable.
    pub commits: u64,
    /// Orders that were answered, whatever the answer.
    pub steps: u64,
    /// Trips booked here: purchases in one step, and decisions.
    pub sales: u64,
    /// Repetitions of a one-step purchase that had been made before.
    pub repeated: u64,
    /// Orders refused because too few units were left.
    pub sold_out: u64,
    /// Orders refused because their trip stands for something else.
    pub conflicts: u64,
    /// Requests that are queued and not yet taken up.
    pub queued: usize,
    /// Whether the disk is full, so that nothing is taken until there is room again.
    pub full: bool,
}

/// The counters behind [`Stats`], written by the ledger's thread.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    steps: AtomicU64,
    sales: AtomicU64,
    repeated: AtomicU64,
    sold_out: AtomicU64,
    conflicts: AtomicU64,
    full: AtomicBool,
}

impl Counters {
    pub(crate) fn count_commit(&self) {
        self.commits.fetch_add(1, Relaxed);
    }

    pub(crate) fn note_full(&self, full: bool) {
        self.full.store(full, Relaxed);
    }

    /// Counts what was answered. `wrote` tells whether the trip was written for it.
    pub(crate) fn count_outcome(&self, outcome: &Outcome, wrote: bool) {
        self.steps.fetch_add(1, Relaxed);
        let counter = match outcome {
            Outcome::SoldOut { .. } => &self.sold_out,
            Outcome::Stepped(Stepped { reply, .. }) => match reply {
                Reply::Reserved { repeated: true, .. } => &self.repeated,
                Reply::Reserved { .. } => &self.sales,
                Reply::Decided { .. } if wrote => &self.sales,
                Reply::Refused(Refusal::Conflict) => &self.conflicts,
                _ => return,
            },
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn read(&self, queued: usize) -> Stats {
        Stats {
            commits: self.commits.load(Relaxed),
            steps: self.steps.load(Relaxed),
            sales: self.sales.load(Relaxed),
            repeated: self.repeated.load(Relaxed),
            sold_out: self.sold_out.load(Relaxed),
            conflicts: self.conflicts.load(Relaxed),
            queued,
            full: self.full.load(Relaxed),
        }
    }
}
