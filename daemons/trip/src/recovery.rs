//! After a backup was restored: what was decided since then is learned again from the peers.
//!
//! A restored daemon begins a new life (`Incarnation`) and is in recovery until every peer has
//! answered `recuperar`: it refuses every command, and answers the peers' `recuperar`. A peer that
//! answers counts no receipt and no proof of an earlier life from then on, so nothing that the
//! backup does not know can be decided after the peer has told all it knows.
//!
//! What nobody else had heard of is lost with the disk: a trip of one part, or a decision that had
//! reached no other part. The latter ends as an abort everywhere, all or nothing as before.

use crate::desk::Desk;
use crate::row::{
    Decision, Fences, Part, Parts, Release, Row, SoldItem, State, Verdict, same_items,
};
use crate::step::{Reply, Step, Units};
use agencia_protocol::TripId;
use agencia_protocol::trip::{
    AbortReason, DaemonName, Incarnation, Outcome, RECOVERED_MAX, Recover, RecoverReply,
    RecoveredTrip, Revision, Timestamp, TripItem,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How far a restored daemon has come. It may be begun anew at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    daemon: DaemonName,
    incarnation: Incarnation,
    peers: BTreeSet<DaemonName>,
    /// Peers that still have something to tell, and after which trip they go on.
    asked: BTreeMap<DaemonName, Option<TripId>>,
}

/// What a peer's answer changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// These trips are to be [learned](learn), durably, before the next page is asked for.
    Learn(Vec<RecoveredTrip>),
    /// A peer had heard of a later life already: this one is to be kept, durably, before anyone is
    /// asked anew.
    BeginAgain(Incarnation),
}

impl Recovery {
    /// A recovery in this life of this daemon. The life must be above that in the backup; the
    /// milliseconds of Unix time at the restore are a good one.
    pub fn begin(
        daemon: DaemonName,
        incarnation: Incarnation,
        peers: impl IntoIterator<Item = DaemonName>,
    ) -> Self {
        let peers: BTreeSet<_> = peers.into_iter().filter(|peer| *peer != daemon).collect();
        let mut recovery = Self { daemon, incarnation, peers, asked: BTreeMap::new() };
        recovery.begin_again();
        recovery
    }

    /// What is to be asked, and whom; each again until it is answered.
    pub fn requests(&self) -> impl Iterator<Item = (&DaemonName, Recover)> {
        self.asked.iter().map(|(peer, after)| {
            (peer, Recover::new(self.daemon.clone(), self.incarnation, *after))
        })
    }

    /// A recovery that goes on: of its peers, these have not told everything yet.
    #[must_use]
    pub fn with_unanswered(mut self, unanswered: impl IntoIterator<Item = DaemonName>) -> Self {
        self.asked = unanswered.into_iter().map(|peer| (peer, None)).collect();
        self
    }

    /// The peers that have not told everything yet.
    pub fn unanswered(&self) -> impl Iterator<Item = &DaemonName> {
        self.asked.keys()
    }

    /// Everyone is asked again, from the first page on.
    fn begin_again(&mut self) {
        self.asked = self.peers.iter().map(|peer| (peer.clone(), None)).collect();
    }

    /// Takes a peer's page. The peer's own life is kept as a fence: a restored daemon may have
    /// forgotten that the peer was once restored too.
    ///
    /// What was decided in a life that is over may be known to some peers only, and may go on
    /// spreading among those that have not heard that it is over. So everyone is asked again when
    /// a peer turns out to live anew, and a peer that has not heard of a life that is known here
    /// is asked again until it has: whoever lives it is about to tell. Until then asking once in a
    /// while is enough.
    pub fn answered(
        &mut self,
        peer: &DaemonName,
        page: &RecoverReply,
        fences: &mut Fences,
    ) -> Progress {
        if page.known > self.incarnation {
            self.incarnation = Incarnation(page.known.0.saturating_add(1));
            self.begin_again();
            return Progress::BeginAgain(self.incarnation);
        }
        let has_heard = |(daemon, life): (&DaemonName, Incarnation)| {
            *daemon == self.daemon
                || daemon == peer
                || page.lives.get(daemon).is_some_and(|heard| *heard >= life)
        };
        if fences.raise(peer, page.incarnation) {
            self.begin_again();
        } else if !fences.iter().all(has_heard) {
            self.asked.insert(peer.clone(), None);
        } else if let Some(after) = self.asked.get_mut(peer) {
            match page.trips.last() {
                Some(last) if page.more => *after = Some(last.trip),
                _ => {
                    self.asked.remove(peer);
                }
            }
        }
        Progress::Learn(page.trips.clone())
    }

    /// Whether every peer has told everything. Then every row is [finished](finish), the mark of
    /// the recovery is removed, and the daemon works as before.
    pub fn is_over(&self) -> bool {
        self.asked.is_empty()
    }
}

/// Answers `recuperar`, also while this daemon has a recovery of its own, which then asks everyone
/// again. `rows` are the trips after the one that the page goes on after, in the order of their
/// ids. The fences, which may have changed, must be durable before the answer is sent.
pub fn answer<'a>(
    desk: &Desk<'_>,
    own: Option<&mut Recovery>,
    fences: &mut Fences,
    asked: &Recover,
    rows: impl IntoIterator<Item = (TripId, &'a Row)>,
) -> RecoverReply {
    if fences.raise(&asked.daemon, asked.incarnation)
        && let Some(own) = own
    {
        own.begin_again();
    }
    let mut trips = Vec::new();
    let mut more = false;
    for (trip, row) in rows {
        // A trip has at most two reports; a page ends between trips.
        if trips.len() + 2 > RECOVERED_MAX {
            more = true;
            break;
        }
        trips.extend(report(desk.name, &asked.daemon, trip, row));
    }
    let lives = fences.iter().map(|(daemon, life)| (daemon.clone(), life)).collect();
    let (incarnation, known) = (desk.incarnation, fences.of(&asked.daemon));
    RecoverReply { incarnation, known, lives, trips, more }
}

/// What this daemon knows of a trip in which the asker has a part: its decision, and its part
/// where that stands for another decision.
fn report(
    own: &DaemonName,
    asker: &DaemonName,
    trip: TripId,
    row: &Row,
) -> impl Iterator<Item = RecoveredTrip> {
    let decided = row.decision.as_ref().and_then(|decision| {
        Some((decision.parts.as_ref()?, decision.outcome(), decision.locator))
    });
    let part = row.part.as_ref().and_then(|part| {
        let parts = part.state.parts().filter(|parts| parts.anchor() != own)?;
        let outcome = match part.state {
            // What an administrator did proves nothing.
            _ if part.forced.is_some() => Outcome::Undecided,
            State::Confirmed { .. } => Outcome::Committed,
            State::Released { why: Release::Aborted, .. } => Outcome::Aborted,
            State::Released { why: Release::Cancelled, .. } => Outcome::Cancelled,
            _ => Outcome::Undecided,
        };
        Some((parts, outcome, part.locator))
    });
    let of_asker = move |(parts, outcome, locator): (&Arc<Parts>, Outcome, _)| {
        parts.items_of(asker)?;
        let (anchor, parts) = (parts.anchor().clone(), parts.items().clone());
        Some(RecoveredTrip { trip, anchor, parts, outcome, locator })
    };
    decided.into_iter().chain(part).filter_map(of_asker).collect::<Vec<_>>().into_iter()
}

/// Learns what a peer knows of a trip. `found` finds an item in the catalog again, as far as it can
/// still be found. Learning the same twice changes nothing, and the order does not matter.
pub fn learn(
    desk: &Desk<'_>,
    row: &Row,
    told: &RecoveredTrip,
    found: &dyn Fn(&TripItem) -> SoldItem,
    now: Timestamp,
) -> Step {
    let parts = Arc::new(Parts::new(told.anchor.clone(), told.parts.clone()));
    let unchanged = Step::answer(Reply::State(row.state()));
    let Some(asked) = parts.items_of(desk.name) else { return unchanged };
    let decision = match told.anchor == *desk.name {
        true => learned_decision(row.decision.as_ref(), &parts, told, now),
        false => None,
    };
    let part = learned_part(row.part.as_ref(), &parts, told, now);
    if decision.is_none() && part.is_none() {
        return unchanged;
    }
    let mut next = row.clone();
    next.decision = decision.or(next.decision);
    let held = row.part.as_ref().filter(|part| part.state.has_units());
    let none: Arc<[SoldItem]> = Arc::new([]);
    let before = held.map_or(none.clone(), |part| part.items.clone());
    let units = match part {
        None => Units::Stay,
        Some(mut part) if part.state.has_units() => {
            if !same_items(&before, asked) {
                part.items = asked.iter().map(found).collect();
            }
            let take = part.items.clone();
            next.part = Some(part);
            if same_items(&before, asked) {
                Units::Stay
            } else {
                Units::Restore { free: before, take }
            }
        }
        Some(part) => {
            next.part = Some(part);
            if before.is_empty() { Units::Stay } else { Units::Free(before) }
        }
    };
    let reply = Reply::State(next.state());
    Step::write(next, units, reply)
}

/// The decision that a part remembers, where this daemon is the anchor that forgot it. A commit
/// outweighs an abort: the part that was released stood for other items, which were never booked.
fn learned_decision(
    known: Option<&Decision>,
    parts: &Arc<Parts>,
    told: &RecoveredTrip,
    now: Timestamp,
) -> Option<Decision> {
    let rank = |outcome| match outcome {
        Outcome::Undecided => 0,
        Outcome::Aborted => 1,
        Outcome::Committed => 2,
        Outcome::Cancelled => 3,
    };
    let before = known.map_or(Outcome::Undecided, Decision::outcome);
    if rank(told.outcome) <= rank(before) {
        let known = known.filter(|known| known.locator.is_none() && told.locator.is_some())?;
        return Some(Decision { locator: told.locator, ..known.clone() });
    }
    let others = || parts.others().cloned().collect();
    let (verdict, pending) = match told.outcome {
        Outcome::Committed => (Verdict::Committed, others()),
        Outcome::Cancelled => (Verdict::Cancelled { refund: None }, others()),
        _ => (Verdict::Aborted { reason: AbortReason::Recovered }, BTreeSet::new()),
    };
    Some(match known.filter(|known| known.outcome() == Outcome::Committed) {
        Some(known) => Decision { verdict, at: now, pending, ..known.clone() },
        None => Decision {
            verdict,
            at: now,
            parts: Some(parts.clone()),
            locator: told.locator,
            travellers: Vec::new(),
            contact: None,
            pending,
        },
    })
}

/// Where the own part is, by what the peer knows; nothing when that changes nothing. Its items
/// are those that it had.
fn learned_part(
    known: Option<&Part>,
    parts: &Arc<Parts>,
    told: &RecoveredTrip,
    now: Timestamp,
) -> Option<Part> {
    let state = match told.outcome {
        Outcome::Undecided => return None,
        Outcome::Committed => State::Confirmed { parts: parts.clone() },
        Outcome::Aborted => State::Released { why: Release::Aborted, parts: Some(parts.clone()) },
        Outcome::Cancelled => {
            State::Released { why: Release::Cancelled, parts: Some(parts.clone()) }
        }
    };
    let none: Arc<[SoldItem]> = Arc::new([]);
    let fresh = || Part::held(Revision::default(), none.clone(), now, now);
    let same = |pinned: &Arc<Parts>| pinned.digest() == parts.digest();
    let base = match known.map(|part| (part, &part.state)) {
        None => fresh(),
        Some((part, State::Held { .. })) => part.clone(),
        Some((part, State::Pinned { parts })) if same(parts) => part.clone(),
        Some((part, State::Confirmed { parts }))
            if same(parts) && told.outcome == Outcome::Cancelled =>
        {
            part.clone()
        }
        // Learned a moment ago from a part that stood for other items.
        Some((_, State::Released { why: Release::Aborted, parts: Some(parts) }))
            if !same(parts) && told.outcome == Outcome::Committed =>
        {
            fresh()
        }
        Some(_) => return None,
    };
    let locator = told.locator.or(base.locator);
    Some(Part { state, since: now, locator, ..base })
}

/// The last step, for every row: holds of before the restore are over.
pub fn finish(row: &Row, now: Timestamp) -> Step {
    let reply = Reply::State(row.state());
    match &row.part {
        Some(part) if matches!(part.state, State::Held { .. }) => {
            let units = Units::Free(part.items.clone());
            let part = part.released(Release::Expired, now);
            Step::write(
                row.with_part(part),
                units,
                Reply::State(agencia_protocol::trip::PartState::Released),
            )
        }
        _ => Step::answer(reply),
    }
}
