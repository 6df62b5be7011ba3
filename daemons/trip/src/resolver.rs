//! What a daemon does by itself, and when: holds expire, pinned parts ask the anchor, anchors
//! repeat an outcome until it is acknowledged. For ever, with growing pauses.
//!
//! A schedule and nothing more: whoever has a clock and a connection asks it what is due.

use crate::decision::proof;
use crate::desk::Desk;
use crate::limits::Limits;
use crate::row::{Row, State};
use crate::step::Command;
use agencia_protocol::TripId;
use agencia_protocol::trip::{
    Apply, AskOutcome, DaemonName, Outcome, OutcomeReply, StateReply, Timestamp,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Something that a daemon has to do for a trip.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Task {
    /// Let the hold expire: [`Command::Expire`].
    Expire,
    /// Ask the anchor for the outcome.
    Ask {
        /// The anchor.
        anchor: DaemonName,
    },
    /// Tell a part the outcome.
    Tell {
        /// Whose part.
        daemon: DaemonName,
    },
}

/// Whom tasks wait for. Each lane moves by itself: a daemon that hangs holds up no expiry, and
/// nothing that waits for another daemon.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Nobody: the daemon does it alone.
    Own,
    /// This daemon.
    Peer(DaemonName),
}

/// What a row still needs: each task with the moment from which on it is due.
pub fn tasks(row: &Row, limits: &Limits) -> Vec<(Task, Timestamp)> {
    let part = row.part.as_ref().and_then(|part| match &part.state {
        State::Held { expires } => Some((Task::Expire, *expires)),
        _ => row.awaited().map(|parts| {
            let anchor = parts.anchor().clone();
            (Task::Ask { anchor }, part.since.after(limits.ask_first))
        }),
    });
    let outbox = row.decision.iter().flat_map(|decision| {
        let tell = |daemon: &DaemonName| (Task::Tell { daemon: daemon.clone() }, decision.at);
        decision.pending.iter().map(tell)
    });
    part.into_iter().chain(outbox).collect()
}

/// The question of a part that waits for its outcome; nothing when it does not.
pub fn question(trip: TripId, row: &Row, now: Timestamp) -> Option<AskOutcome> {
    let part = row.part.as_ref().filter(|_| row.awaited().is_some())?;
    let waited = now.since(part.since).as_secs();
    Some(AskOutcome::new(trip, Some(u32::try_from(waited).unwrap_or(u32::MAX))))
}

/// What the anchor's answer to the [`question`] means; nothing when it is not decided yet.
pub fn answer(reply: OutcomeReply) -> Option<Command> {
    let OutcomeReply { outcome, proof, locator } = reply;
    let proof = proof.filter(|_| outcome != Outcome::Undecided)?;
    Some(Command::Apply { outcome, proof, locator })
}

/// What the anchor tells a part; nothing when there is no decision.
pub fn telling(desk: &Desk<'_>, trip: TripId, row: &Row) -> Option<Apply> {
    let decision = row.decision.as_ref()?;
    let word = proof(desk, trip, decision);
    Some(Apply::new(trip, decision.outcome(), word, decision.locator))
}

/// What a part's answer to the [`telling`] means.
pub fn acknowledgement(from: DaemonName, told: &Apply, reply: StateReply) -> Command {
    Command::Acknowledge { from, outcome: told.outcome, state: reply.state }
}

/// Everything that a daemon has to do, in the order in which it is due.
///
/// It is kept by [`observe`](Self::observe)ing every row that was written, and built anew after a
/// start by observing every row that [is live](Row::is_live).
#[derive(Debug, Clone)]
pub struct Agenda {
    due: BTreeMap<Lane, Due>,
    of_trip: BTreeMap<TripId, BTreeMap<Task, Entry>>,
}

type Due = BTreeSet<(Timestamp, TripId, Task)>;

#[derive(Debug, Clone, Copy)]
struct Entry {
    at: Timestamp,
    /// The moment from which on the row asks for it; another one is another task.
    asked_for: Timestamp,
    /// The pause after the next attempt.
    pause: Duration,
}

impl Agenda {
    /// Nothing is to be done yet. There is a lane for each peer; a task for a daemon that is not
    /// among them waits for nobody, and is in the daemon's own.
    pub fn among(peers: impl IntoIterator<Item = DaemonName>) -> Self {
        let lanes = peers.into_iter().map(Lane::Peer).chain([Lane::Own]);
        Self { due: lanes.map(|lane| (lane, Due::new())).collect(), of_trip: BTreeMap::new() }
    }

    /// All lanes.
    pub fn lanes(&self) -> impl Iterator<Item = &Lane> {
        self.due.keys()
    }

    /// Takes up what this row needs, and drops what it no longer needs.
    pub fn observe(&mut self, trip: TripId, row: &Row, limits: &Limits) {
        let mut before = self.of_trip.remove(&trip).unwrap_or_default();
        let mut after = BTreeMap::new();
        for (task, at) in tasks(row, limits) {
            let fresh = Entry { at, asked_for: at, pause: limits.ask_first };
            let entry = match before.remove(&task) {
                Some(entry) if entry.asked_for == at => entry,
                Some(entry) => {
                    self.due_mut(&task).remove(&(entry.at, trip, task.clone()));
                    fresh
                }
                None => fresh,
            };
            self.due_mut(&task).insert((entry.at, trip, task.clone()));
            after.insert(task, entry);
        }
        for (task, entry) in before {
            self.due_mut(&task).remove(&(entry.at, trip, task));
        }
        if !after.is_empty() {
            self.of_trip.insert(trip, after);
        }
    }

    /// When something is due next in a lane.
    pub fn next(&self, lane: &Lane) -> Option<Timestamp> {
        self.due.get(lane)?.first().map(|(at, _, _)| *at)
    }

    /// Takes up to `max` tasks of a lane that are due. Each comes again after a pause, until the row that
    /// needs it no longer does; so whoever takes one may die over it.
    pub fn take_due(
        &mut self,
        lane: &Lane,
        now: Timestamp,
        max: usize,
        limits: &Limits,
    ) -> Vec<(TripId, Task)> {
        let mut taken = Vec::new();
        let Some(due) = self.due.get_mut(lane) else { return taken };
        while taken.len() < max {
            let Some((at, trip, task)) = due.first().cloned() else { break };
            if at > now {
                break;
            }
            due.pop_first();
            let entry = self.of_trip.get_mut(&trip).and_then(|tasks| tasks.get_mut(&task));
            if let Some(entry) = entry {
                entry.at = now.after(entry.pause);
                entry.pause = (entry.pause * 2).min(limits.ask_pause_max);
                due.insert((entry.at, trip, task.clone()));
            }
            taken.push((trip, task));
        }
        taken
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.due.values().map(Due::len).sum()
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.due.values().all(Due::is_empty)
    }

    fn due_mut(&mut self, task: &Task) -> &mut Due {
        let lane = match task {
            Task::Ask { anchor: peer } | Task::Tell { daemon: peer } => Lane::Peer(peer.clone()),
            Task::Expire => Lane::Own,
        };
        let lane = if self.due.contains_key(&lane) { lane } else { Lane::Own };
        self.due.entry(lane).or_default()
    }
}
