//! The trips for which something is still to be done, in memory: what is due when, who holds how
//! much. The ledger tells every row that it has written, in their order and on its own thread, so
//! that nothing here depends on anybody waiting for an answer.

use super::holders::{HoldLimits, Holders};
use super::tally::Tally;
use crate::clock::Clock;
use agencia_protocol::request::TripCounts;
use agencia_protocol::trip::{DaemonName, Hold, Timestamp};
use agencia_protocol::{TripId, WireError};
use agencia_trip::resolver::{Agenda, Lane, Task};
use agencia_trip::row::{Part, State};
use agencia_trip::{Limits, Row};
use async_channel::{Receiver, Sender};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is live, shared by the ledger's thread, the connections and the resolver.
pub(crate) struct Live {
    limits: Limits,
    clock: Arc<dyn Clock>,
    state: Mutex<LiveState>,
    /// Of each lane, at most one message: something is due earlier than before.
    earlier: BTreeMap<Lane, (Sender<()>, Receiver<()>)>,
}

struct LiveState {
    agenda: Agenda,
    rows: HashMap<TripId, LiveRow>,
    holders: Holders,
    tally: Tally,
}

/// What is kept of a trip for which something is still to be done.
#[derive(Debug, Clone)]
pub(crate) struct LiveRow {
    pub(crate) row: Arc<Row>,
    /// How far the row's moments are ahead of the clock: after the clock was set back while the
    /// daemon was down, they are. What the row needs is due when its own time has come, so that a
    /// hold never lasts longer than it was taken for and what was due is still due.
    ahead: Duration,
}

impl LiveRow {
    /// The row's own time, when the clock says this.
    pub(crate) fn time(&self, now: Timestamp) -> Timestamp {
        now.after(self.ahead)
    }

    /// A moment of the row's, by the clock.
    pub(super) fn by_the_clock(&self, moment: Timestamp) -> Timestamp {
        earlier(moment, self.ahead)
    }
}

impl Live {
    pub(crate) fn new(
        limits: Limits,
        holds: HoldLimits,
        clock: Arc<dyn Clock>,
        peers: impl IntoIterator<Item = DaemonName>,
    ) -> Self {
        let agenda = Agenda::among(peers);
        let heard = |lane: &Lane| (lane.clone(), async_channel::bounded(1));
        let earlier = agenda.lanes().map(heard).collect();
        let (rows, tally) = Default::default();
        let holders = Holders::new(holds);
        Self {
            limits,
            clock,
            state: Mutex::new(LiveState { agenda, rows, holders, tally }),
            earlier,
        }
    }

    /// Whom there is something to wait for.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = &Lane> {
        self.earlier.keys()
    }

    /// The moment that tasks are due by.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now().timestamp()
    }

    /// Follows a row that was written, or that was read at the start.
    pub(crate) fn follow(&self, trip: TripId, row: &Arc<Row>) {
        let ahead = latest(row).map_or(Duration::ZERO, |latest| latest.since(self.now()));
        let mut state = self.state();
        let before: Vec<_> = self.lanes().map(|lane| state.agenda.next(lane)).collect();
        match ahead.is_zero() {
            true => state.agenda.observe(trip, row, &self.limits),
            false => state.agenda.observe(trip, &moved_back(row, ahead), &self.limits),
        }
        match units_held(row) {
            Some(units) => state.holders.holds(trip, units),
            None => state.holders.remove(trip),
        }
        if let Some(over) = state.rows.remove(&trip) {
            state.tally.take(trip, &over);
        }
        if row.is_live() {
            let live = LiveRow { row: row.clone(), ahead };
            state.tally.add(trip, &live);
            state.rows.insert(trip, live);
        }
        let after: Vec<_> = self.lanes().map(|lane| state.agenda.next(lane)).collect();
        drop(state);
        let earlier = self.earlier.values();
        for ((before, after), (earlier, _)) in before.into_iter().zip(after).zip(earlier) {
            if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
                // A full channel says it already.
                earlier.try_send(()).ok();
            }
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
    pub(crate) fn row(&self, trip: TripId) -> Option<LiveRow> {
        self.state().rows.get(&trip).cloned()
    }

    /// Waits.
    pub(crate) async fn pause(&self, time: Duration) {
        self.clock.pause(time).await;
    }

    /// Takes what is due in a lane.
    pub(crate) fn take_due(&self, lane: &Lane, max: usize) -> Vec<(TripId, Task)> {
        let now = self.now();
        self.state().agenda.take_due(lane, now, max, &self.limits)
    }

    /// How long it takes until something is due in a lane.
    pub(crate) fn next_in(&self, lane: &Lane) -> Option<Duration> {
        let now = self.now();
        self.state().agenda.next(lane).map(|due| due.since(now))
    }

    /// Ready when something is due earlier than before in a lane.
    pub(crate) async fn is_earlier(&self, lane: &Lane) {
        // The channel is never closed: this owns both ends.
        self.earlier[lane].1.recv().await.ok();
    }

    /// How many unsettled trips are how far.
    pub(crate) fn counts(&self) -> TripCounts {
        let now = self.now();
        self.state().tally.counts(now, self.limits.decision_deadline)
    }

    fn state(&self) -> MutexGuard<'_, LiveState> {
        // What a panic left is still one consistent row after another.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The latest moment that a row knows of, deadlines aside.
fn latest(row: &Row) -> Option<Timestamp> {
    let part = row.part.iter().map(|part| part.since);
    part.chain(row.decision.iter().map(|decision| decision.at)).max()
}

fn earlier(moment: Timestamp, by: Duration) -> Timestamp {
    let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_unix_millis(moment.unix_millis().saturating_sub(millis))
}

/// The row with every moment so much earlier.
fn moved_back(row: &Row, by: Duration) -> Row {
    let earlier = |moment: &mut Timestamp| *moment = earlier(*moment, by);
    let mut row = row.clone();
    if let Some(part) = &mut row.part {
        earlier(&mut part.since);
        if let State::Held { expires } = &mut part.state {
            earlier(expires);
        }
    }
    if let Some(decision) = &mut row.decision {
        earlier(&mut decision.at);
    }
    row
}

/// A place among what may be held, taken before it is known whether it will be held. It is given
/// back when this is dropped and nothing is held.
pub(crate) struct Admission {
    live: Arc<Live>,
    trip: TripId,
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut state = self.live.state();
        let held = state.rows.get(&self.trip).and_then(|live| units_held(&live.row));
        state.holders.answered(self.trip, held);
    }
}

/// How many units wait for a decision; nothing where none can.
fn units_held(row: &Row) -> Option<u64> {
    let waits = |part: &&Part| matches!(part.state, State::Held { .. } | State::Pinned { .. });
    let part = row.part.as_ref().filter(waits)?;
    Some(part.items.iter().map(|sold| u64::from(sold.item.units.count())).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;
    use crate::trips::holders::Held;
    use agencia_catalog::Moment;
    use agencia_protocol::trip::{Outcome, Revision};
    use agencia_trip::row::{Decision, Parts, Verdict};
    use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

    const NOW: i64 = 1_900_000_000_000;
    const SECOND: i64 = 1_000;

    #[derive(Clone)]
    struct Settable(Arc<AtomicI64>);

    impl Clock for Settable {
        fn now(&self) -> Now {
            Now { moment: Moment::first(), unix_millis: self.0.load(Relaxed) }
        }
    }

    fn live() -> (Arc<Live>, Settable) {
        let clock = Settable(Arc::new(AtomicI64::new(NOW)));
        let one = Held { trips: 1, units: 1 };
        let holds = HoldLimits { trips_max: 1, per_visitor_max: one, per_address_max: one };
        let peers = ["voos".parse().unwrap()];
        (Arc::new(Live::new(Limits::default(), holds, Arc::new(clock.clone()), peers)), clock)
    }

    fn trip(number: u128) -> TripId {
        TripId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis)
    }

    fn part(since: i64, state: State) -> Arc<Row> {
        let part = Part {
            revision: Revision(0),
            items: Arc::new([]),
            first_held: at(since),
            state,
            since: at(since),
            locator: None,
            forced: None,
        };
        Arc::new(Row { part: Some(part), decision: None })
    }

    fn held(since: i64, secs: i64) -> Arc<Row> {
        part(since, State::Held { expires: at(since + secs * SECOND) })
    }

    fn parts() -> Arc<Parts> {
        Arc::new(Parts::new("voos".parse().unwrap(), Default::default()))
    }

    fn released(since: i64) -> Arc<Row> {
        let why = agencia_trip::row::Release::LetGo;
        part(since, State::Released { why, parts: None })
    }

    #[test]
    fn a_hold_is_due_at_its_deadline_and_not_after_it_is_gone() {
        let (live, clock) = live();
        live.follow(trip(1), &held(NOW, 60));
        assert_eq!(
            (live.next_in(&Lane::Own), live.take_due(&Lane::Own, 9)),
            (Some(Duration::from_secs(60)), vec![])
        );
        clock.0.store(NOW + 60 * SECOND, Relaxed);
        assert_eq!(live.take_due(&Lane::Own, 9), [(trip(1), Task::Expire)]);
        live.follow(trip(1), &released(NOW + 60 * SECOND));
        assert!(live.next_in(&Lane::Own).is_none() && live.row(trip(1)).is_none());
    }

    #[test]
    fn a_clock_that_was_set_back_lengthens_no_hold_and_no_wait() {
        let (live, clock) = live();
        let year = 365 * 24 * 3_600 * SECOND;
        live.follow(trip(1), &held(NOW + year, 60));
        assert_eq!(live.next_in(&Lane::Own), Some(Duration::from_secs(60)));
        let row = live.row(trip(1)).unwrap();
        // When it is due its own deadline has come.
        clock.0.store(NOW + 60 * SECOND, Relaxed);
        assert_eq!(live.take_due(&Lane::Own, 9), [(trip(1), Task::Expire)]);
        assert_eq!(row.time(live.now()), at(NOW + year + 60 * SECOND));
        // A hold of now is not due for that.
        live.follow(trip(2), &held(NOW + 60 * SECOND, 60));
        assert_eq!(live.take_due(&Lane::Own, 9), []);

        live.follow(trip(3), &part(NOW + year, State::Pinned { parts: parts() }));
        clock.0.store(NOW + 66 * SECOND, Relaxed);
        let due =
            |lane| live.take_due(lane, 9).into_iter().map(|(trip, _)| trip).collect::<Vec<_>>();
        assert_eq!(live.lanes().map(due).collect::<Vec<_>>(), [[trip(1)], [trip(3)]]);
    }

    #[test]
    fn the_resolver_hears_only_of_what_is_due_earlier() {
        let (live, _) = live();
        let heard = || {
            futures_lite::future::block_on(futures_lite::future::poll_once(
                live.is_earlier(&Lane::Own),
            ))
        };
        live.follow(trip(1), &held(NOW, 60));
        assert!(heard().is_some());
        live.follow(trip(2), &held(NOW, 61));
        assert!(heard().is_none());
        live.follow(trip(3), &held(NOW, 59));
        assert!(heard().is_some());
    }

    #[test]
    fn a_place_is_given_back_unless_something_is_held() {
        let (live, _) = live();
        let hold = |number| Hold::new(trip(number), Revision(0), Vec::new(), 60);
        let refused = live.admit(&hold(1)).unwrap();
        assert!(live.admit(&hold(2)).is_err());
        drop(refused);
        let taken = live.admit(&hold(2)).unwrap();
        live.follow(trip(2), &held(NOW, 60));
        drop(taken);
        assert!(live.admit(&hold(1)).is_err());
        // What is pinned is still held; what is let go is not.
        live.follow(trip(2), &part(NOW, State::Pinned { parts: parts() }));
        assert!(live.admit(&hold(1)).is_err());
        live.follow(trip(2), &released(NOW));
        live.admit(&hold(1)).unwrap();
    }

    #[test]
    fn what_is_unsettled_is_counted_and_what_is_late_is_in_doubt() {
        let (live, clock) = live();
        live.follow(trip(1), &held(NOW, 60));
        live.follow(trip(2), &part(NOW, State::Pinned { parts: parts() }));
        let mut decided = Row::clone(&part(NOW, State::Confirmed { parts: parts() }));
        decided.decision = Some(Decision {
            verdict: Verdict::Committed,
            at: at(NOW),
            parts: Some(parts()),
            locator: None,
            travellers: Vec::new(),
            contact: None,
            pending: ["passeios".parse().unwrap()].into(),
        });
        assert_eq!(decided.decision.as_ref().unwrap().outcome(), Outcome::Committed);
        live.follow(trip(3), &Arc::new(decided));
        let expected = TripCounts { held: 1, pinned: 1, pending: 1, ..TripCounts::default() };
        assert_eq!(live.counts(), expected);
        clock.0.store(NOW + 10 * SECOND, Relaxed);
        assert_eq!(live.counts().in_doubt, 0);
        clock.0.store(NOW + 10 * SECOND + 1, Relaxed);
        assert_eq!(live.counts().in_doubt, 1);
    }
}
