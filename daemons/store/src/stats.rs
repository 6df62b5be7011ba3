//! The ledger's counters since it was opened.

use crate::Outcome;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters since the ledger was opened, and its queue now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Transactions that wrote something and are durable.
    pub commits: u64,
    /// Purchases made.
    pub sales: u64,
    /// Repetitions of a purchase that had been made before.
    pub repeated: u64,
    /// Purchases refused because too few units were left.
    pub sold_out: u64,
    /// Purchases refused because their trip had bought something else.
    pub conflicts: u64,
    /// Requests that are queued and not yet taken up.
    pub queued: usize,
}

/// The counters behind [`Stats`], written by the ledger's thread.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    sales: AtomicU64,
    repeated: AtomicU64,
    sold_out: AtomicU64,
    conflicts: AtomicU64,
}

impl Counters {
    pub(crate) fn count_commit(&self) {
        self.commits.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_outcome(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Sold(sale) if sale.repeated => &self.repeated,
            Outcome::Sold(_) => &self.sales,
            Outcome::SoldOut { .. } => &self.sold_out,
            Outcome::Conflict => &self.conflicts,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn read(&self, queued: usize) -> Stats {
        Stats {
            commits: self.commits.load(Relaxed),
            sales: self.sales.load(Relaxed),
            repeated: self.repeated.load(Relaxed),
            sold_out: self.sold_out.load(Relaxed),
            conflicts: self.conflicts.load(Relaxed),
            queued,
        }
    }
}
