//! How many unsettled trips are how far, kept up to date row by row: whoever asks for the counts,
//! which anybody may, makes nobody go through all the trips.

use super::live::LiveRow;
use agencia_protocol::TripId;
use agencia_protocol::request::TripCounts;
use agencia_protocol::trip::Timestamp;
use agencia_trip::row::State;
use std::collections::BTreeSet;
use std::time::Duration;

#[derive(Debug, Default)]
pub(super) struct Tally {
    held: u64,
    pending: u64,
    /// Since when, by the clock, and which.
    pinned: BTreeSet<(Timestamp, TripId)>,
}

impl Tally {
    pub(super) fn add(&mut self, trip: TripId, live: &LiveRow) {
        self.held += u64::from(is_held(live));
        self.pending += u64::from(is_pending(live));
        self.pinned.extend(pinned_since(live).map(|since| (since, trip)));
    }

    /// Takes away what was added for this very row.
    pub(super) fn take(&mut self, trip: TripId, live: &LiveRow) {
        self.held -= u64::from(is_held(live));
        self.pending -= u64::from(is_pending(live));
        if let Some(since) = pinned_since(live) {
            self.pinned.remove(&(since, trip));
        }
    }

    /// What is pinned for longer than `deadline` is in doubt.
    pub(super) fn counts(&self, now: Timestamp, deadline: Duration) -> TripCounts {
        let is_late = |(since, _): &&(Timestamp, TripId)| now.since(*since) > deadline;
        TripCounts {
            held: self.held,
            pinned: self.pinned.len() as u64,
            in_doubt: self.pinned.iter().take_while(is_late).count() as u64,
            pending: self.pending,
            ..TripCounts::default()
        }
    }
}

fn is_held(live: &LiveRow) -> bool {
    live.row.part.as_ref().is_some_and(|part| matches!(part.state, State::Held { .. }))
}

fn is_pending(live: &LiveRow) -> bool {
    live.row.decision.as_ref().is_some_and(|decision| !decision.pending.is_empty())
}

fn pinned_since(live: &LiveRow) -> Option<Timestamp> {
    let part = live.row.part.as_ref()?;
    matches!(part.state, State::Pinned { .. }).then(|| live.by_the_clock(part.since))
}
