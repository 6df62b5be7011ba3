//! The rows that were used last, so that a step of a trip need not read what the step before it has
//! written a moment ago.

use super::Fault;
use super::rows::Rows;
use agencia_protocol::TripId;
use agencia_trip::Row;
use hashlink::LruCache;
use std::collections::HashMap;
use std::sync::Arc;

/// How many rows are kept: more than there are trips that are booked at one time. Each is some
/// hundreds of bytes, which it shares with whatever else follows its trip.
const ROWS_MAX: usize = 4096;

/// Rows as they are durable. One that a transaction uses is not among them until it is committed:
/// where that fails, it is read again.
pub(super) struct Recent(LruCache<TripId, Arc<Row>>);

impl Recent {
    /// None yet.
    pub(super) fn new() -> Self {
        Self(LruCache::new(ROWS_MAX))
    }

    /// Keeps what a transaction that is committed has used.
    pub(super) fn keep(&mut self, used: Used) {
        for (trip, row) in used {
            self.0.insert(trip, row);
        }
    }

    /// Rows are written past the steps.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// The rows that a transaction has read or written, as they are now in it.
pub(super) type Used = HashMap<TripId, Arc<Row>>;

/// The rows of one transaction that applies steps.
pub(super) struct Working<'a> {
    rows: Rows<'a>,
    recent: &'a mut Recent,
    used: Used,
}

impl<'a> Working<'a> {
    pub(super) fn new(rows: Rows<'a>, recent: &'a mut Recent) -> Self {
        Self { rows, recent, used: Used::new() }
    }

    /// What is kept of a trip.
    pub(super) fn find(&mut self, trip: TripId) -> Result<Option<Arc<Row>>, Fault> {
        if let Some(row) = self.used.get(&trip) {
            return Ok(Some(row.clone()));
        }
        let row = match self.recent.0.remove(&trip) {
            Some(row) => Some(row),
            None => self.rows.find(trip)?.map(Arc::new),
        };
        if let Some(row) = &row {
            self.used.insert(trip, row.clone());
        }
        Ok(row)
    }

    /// Follows a row that was written.
    pub(super) fn wrote(&mut self, trip: TripId, row: &Arc<Row>) {
        self.used.insert(trip, row.clone());
    }

    /// The rows past which nothing is remembered.
    pub(super) fn on_disk(&self) -> &Rows<'a> {
        &self.rows
    }

    /// What is to be kept once the transaction is committed.
    pub(super) fn used(self) -> Used {
        self.used
    }
}
