//! The trips for which something is still to be done, in memory: what is due when, who holds how
//! much. The ledger tells every row that it has written, in their order and on its own thread, so
//! that nothing here depends on anybody waiting for an answer.

use super::holders::{HoldLimits, Holders};
use agencia_protocol::request::TripCounts;
use agencia_protocol::trip::{Hold, PartState, Timestamp};
use agencia_protocol::{TripId, WireError};
use agencia_trip::resolver::{Agenda, Task};
use agencia_trip::row::State;
use agencia_trip::{Limits, Row};
use async_channel::{Receiver, Sender};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is live, shared by the ledger's thread, the connections and the resolver.
#[derive(Debug)]
pub(crate) struct Live {
    limits: Limits,
    state: Mutex<LiveState>,
    /// At most one message: something is due earlier than before.
    earlier: (Sender<()>, Receiver<()>),
}

#[derive(Debug)]
struct LiveState {
    agenda: Agenda,
    rows: HashMap<TripId, Arc<Row>>,
    holders: Holders,
}

impl Live {
    pub(crate) fn new(limits: Limits, holds: HoldLimits) -> Self {
        let (agenda, rows) = Default::default();
        let holders = Holders::new(holds);
        let state = Mutex::new(LiveState { agenda, rows, holders });
        Self { limits, state, earlier: async_channel::bounded(1) }
    }

    /// Follows a row that was written, or that was read at the start.
    pub(crate) fn follow(&self, trip: TripId, row: &Arc<Row>) {
        let mut state = self.state();
        let before = state.agenda.next();
        state.agenda.observe(trip, row, &self.limits);
        match row.state() {
            PartState::Held | PartState::Pinned => state.holders.holds(trip),
            _ => state.holders.remove(trip),
        }
        match row.is_live() {
            true => state.rows.insert(trip, row.clone()),
            false => state.rows.remove(&trip),
        };
        let after = state.agenda.next();
        drop(state);
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            // A full channel says it already.
            self.earlier.0.try_send(()).ok();
        }
    }

    /// Counts a trip that wants to be held.
    ///
    /// # Errors
    /// `ocupado`, when too much is held already.
    pub(crate) fn admit(self: &Arc<Self>, hold: &Hold) -> Result<Admission, WireError> {
        self.state().holders.admit(hold)?;
        Ok(Admission { live: self.clone(), trip: hold.trip })
    }

    /// What is kept of a trip for which something is still to be done.
    pub(crate) fn row(&self, trip: TripId) -> Option<Arc<Row>> {
        self.state().rows.get(&trip).cloned()
    }

    /// Takes what is due.
    pub(crate) fn take_due(&self, now: Timestamp, max: usize) -> Vec<(TripId, Task)> {
        self.state().agenda.take_due(now, max, &self.limits)
    }

    /// How long it takes until something is due.
    pub(crate) fn next_in(&self, now: Timestamp) -> Option<Duration> {
        self.state().agenda.next().map(|due| due.since(now))
    }

    /// Ready when something is due earlier than before.
    pub(crate) async fn is_earlier(&self) {
        // The channel is never closed: this owns both ends.
        self.earlier.1.recv().await.ok();
    }

    /// The latest moment that a live row knows of. Where the clock was set back while the daemon
    /// was down, that is in the future.
    pub(crate) fn latest(&self) -> Option<Timestamp> {
        let state = self.state();
        let moments = state.rows.values().flat_map(|row| {
            let part = row.part.iter().map(|part| part.since);
            part.chain(row.decision.iter().map(|decision| decision.at))
        });
        moments.max()
    }

    /// How many unsettled trips are how far.
    pub(crate) fn counts(&self, now: Timestamp) -> TripCounts {
        let state = self.state();
        let mut counts = TripCounts::default();
        for row in state.rows.values() {
            match row.part.as_ref().map(|part| (&part.state, part.since)) {
                Some((State::Held { .. }, _)) => counts.held += 1,
                Some((State::Pinned { .. }, since)) => {
                    counts.pinned += 1;
                    let late = now.since(since) > self.limits.decision_deadline;
                    counts.in_doubt += u64::from(late);
                }
                _ => {}
            }
            let pending = |decision: &agencia_trip::row::Decision| !decision.pending.is_empty();
            counts.pending += u64::from(row.decision.as_ref().is_some_and(pending));
        }
        counts
    }

    fn state(&self) -> MutexGuard<'_, LiveState> {
        // What a panic left is still one consistent row after another.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among what may be held, taken before it is known whether it will be held. It is given
/// back when this is dropped and nothing is held.
#[derive(Debug)]
pub(crate) struct Admission {
    live: Arc<Live>,
    trip: TripId,
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut state = self.live.state();
        let part = state.rows.get(&self.trip).map(|row| row.state());
        if !matches!(part, Some(PartState::Held | PartState::Pinned)) {
            state.holders.remove(self.trip);
        }
    }
}
