//! A restored daemon: what it refuses, how it asks page by page, what it learns.

use crate::desk::{Office, early, sold, trip_minted};
use agencia_protocol::TripId;
use agencia_protocol::trip::{
    ByDaemon, DaemonName, Incarnation, Outcome, PartState, RECOVERED_MAX, Recover, RecoverReply,
    RecoveredTrip,
};
use agencia_trip::recovery::{Progress, Recovery, answer, finish, learn};
use agencia_trip::{Command, Desk, Fences, Refusal, Reply, Row, Units};
use std::time::Duration;

fn name(name: &str) -> DaemonName {
    name.parse().unwrap()
}

#[test]
fn a_recovering_daemon_refuses_every_command() {
    let office = Office::of("hospedagens");
    let desk = Desk { recovering: true, ..office.desk() };
    for (_, row) in office.part_rows() {
        for (_, command) in office.part_commands().into_iter().chain(office.anchor_commands()) {
            let step = desk.step(office.trip, &row, &command, early());
            assert_eq!(step, agencia_trip::Step::answer(Refusal::Recovering));
        }
    }
}

fn page(incarnation: u64, known: u64, trips: Vec<RecoveredTrip>, more: bool) -> RecoverReply {
    let (incarnation, known) = (Incarnation(incarnation), Incarnation(known));
    RecoverReply { incarnation, known, lives: ByDaemon::new(), trips, more }
}

fn told(office: &Office, trip: TripId, outcome: Outcome) -> RecoveredTrip {
    let (anchor, parts) = (office.parts.anchor().clone(), office.parts.items().clone());
    RecoveredTrip { trip, anchor, parts, outcome, locator: Some(office.locator) }
}

#[test]
fn it_is_over_when_every_peer_has_told_everything() {
    let office = Office::of("voos");
    let peers = ["voos", "hospedagens", "passeios"].map(name);
    let mut recovery = Recovery::begin(name("voos"), Incarnation(5), peers);
    let mut fences = Fences::default();
    assert_eq!(recovery.requests().count(), 2);
    let first = vec![told(&office, office.trip, Outcome::Committed)];
    recovery.answered(&name("passeios"), &page(0, 5, first, true), &mut fences);
    let (_, again) = recovery.requests().find(|(peer, _)| peer.as_str() == "passeios").unwrap();
    assert_eq!(again.after, Some(office.trip));
    recovery.answered(&name("passeios"), &page(0, 5, Vec::new(), false), &mut fences);
    assert!(!recovery.is_over());
    recovery.answered(&name("hospedagens"), &page(0, 5, Vec::new(), false), &mut fences);
    assert!(recovery.is_over());
}

#[test]
fn it_begins_again_when_a_peer_knows_a_later_life_or_has_begun_one() {
    let peers = ["hospedagens", "passeios"].map(name);
    let mut recovery = Recovery::begin(name("voos"), Incarnation(5), peers);
    let mut fences = Fences::default();
    recovery.answered(&name("passeios"), &page(0, 5, Vec::new(), false), &mut fences);
    let progress =
        recovery.answered(&name("hospedagens"), &page(0, 9, Vec::new(), false), &mut fences);
    assert_eq!(progress, Progress::BeginAgain(Incarnation(10)));
    assert!(recovery.requests().all(|(_, asked)| asked.incarnation == Incarnation(10)));
    assert_eq!(recovery.unanswered().count(), 2);

    recovery.answered(&name("passeios"), &page(0, 10, Vec::new(), false), &mut fences);
    assert_eq!(recovery.unanswered().count(), 1);
    recovery.answered(&name("hospedagens"), &page(3, 10, Vec::new(), false), &mut fences);
    assert_eq!(recovery.unanswered().count(), 2, "everyone is asked again");
    assert_eq!(fences.of(&name("hospedagens")), Incarnation(3));

    recovery.answered(&name("hospedagens"), &page(3, 10, Vec::new(), false), &mut fences);
    let asked = Recover::new(name("passeios"), Incarnation(2), None);
    let office = Office::of("voos");
    answer(&office.desk(), Some(&mut recovery), &mut fences, &asked, []);
    assert_eq!(recovery.unanswered().count(), 2, "and when a peer asks in a new life");
}

/// A peer that has not heard that an anchor lives anew may still take that anchor's old word.
#[test]
fn a_peer_that_has_not_heard_of_a_new_life_is_asked_again_until_it_has() {
    let mut recovery = Recovery::begin(name("hospedagens"), Incarnation(1), [name("passeios")]);
    let mut fences = Fences::default();
    fences.raise(&name("voos"), Incarnation(1));
    recovery.answered(&name("passeios"), &page(0, 1, Vec::new(), false), &mut fences);
    assert!(!recovery.is_over());
    let heard = RecoverReply {
        lives: [(name("voos"), Incarnation(1))].into(),
        ..page(0, 1, Vec::new(), false)
    };
    recovery.answered(&name("passeios"), &heard, &mut fences);
    assert!(recovery.is_over());
}

#[test]
fn a_page_ends_at_its_limit() {
    let office = Office::of("hospedagens");
    let pinned = office.after(&[office.hold(1, "x1"), office.pin()]);
    let trips: Vec<TripId> =
        (0..200).map(|n| trip_minted(early().after(Duration::from_secs(n)))).collect();
    let mut fences = Fences::default();
    let asked = Recover::new(name("voos"), Incarnation(1), None);
    let rows = trips.iter().map(|trip| (*trip, &pinned));
    let page = answer(&office.desk(), None, &mut fences, &asked, rows);
    assert!(page.more && page.trips.len() <= RECOVERED_MAX);
    assert_eq!(fences.of(&name("voos")), Incarnation(1));
    // A daemon that has no part in them hears of none.
    let asked = Recover::new(name("passeios"), Incarnation(1), None);
    let rows = trips.iter().take(50).map(|trip| (*trip, &pinned));
    let page = answer(&office.desk(), None, &mut fences, &asked, rows);
    assert_eq!((page.trips.len(), page.more), (0, false));
}

/// From every state a backup may hold, with every outcome a peer may tell: once and twice.
#[test]
fn what_a_peer_tells_is_learned_once() {
    let part = Office::of("hospedagens");
    let check = |row: &Row, outcome, state: PartState, units: &Units| {
        let told = told(&part, part.trip, outcome);
        let step = learn(&part.desk(), row, &told, &sold, early());
        let after = step.row.clone().unwrap_or_else(|| row.clone());
        assert_eq!((after.state(), &step.units), (state, units), "{row:?} {outcome}");
        let again = learn(&part.desk(), &after, &told, &sold, early());
        assert_eq!((again.row, again.units), (None, Units::Stay));
    };
    let rows = part.part_rows();
    let row = |name: &str| rows.iter().find(|(known, _)| *known == name).unwrap().1.clone();
    let items = row("held").part.unwrap().items;
    let taken = Units::Restore { free: std::sync::Arc::new([]), take: items.clone() };
    let freed = Units::Free(items);
    check(&row("none"), Outcome::Committed, PartState::Confirmed, &taken);
    check(&row("none"), Outcome::Aborted, PartState::Released, &Units::Stay);
    check(&row("none"), Outcome::Cancelled, PartState::Released, &Units::Stay);
    check(&row("none"), Outcome::Undecided, PartState::None, &Units::Stay);
    check(&row("held"), Outcome::Committed, PartState::Confirmed, &Units::Stay);
    check(&row("held"), Outcome::Aborted, PartState::Released, &freed);
    check(&row("pinned"), Outcome::Committed, PartState::Confirmed, &Units::Stay);
    check(&row("pinned"), Outcome::Cancelled, PartState::Released, &freed);
    check(&row("confirmed"), Outcome::Cancelled, PartState::Released, &freed);
    check(&row("confirmed"), Outcome::Committed, PartState::Confirmed, &Units::Stay);
    check(&row("cancelled"), Outcome::Committed, PartState::Released, &Units::Stay);
}

#[test]
fn an_anchor_learns_its_own_decision_and_tells_it_again() {
    let office = Office::of("voos");
    let told = told(&office, office.trip, Outcome::Committed);
    let row = learn(&office.desk(), &Row::default(), &told, &sold, early()).row.unwrap();
    let decision = row.decision.unwrap();
    assert_eq!(decision.outcome(), Outcome::Committed);
    assert_eq!(decision.locator, Some(office.locator));
    assert_eq!(decision.pending, [name("hospedagens")].into());
    assert_eq!(row.part.unwrap().state.name(), PartState::Confirmed);
}

#[test]
fn holds_of_before_the_restore_are_over_and_nothing_else_is() {
    let office = Office::of("hospedagens");
    for (state, row) in office.part_rows() {
        let step = finish(&row, early());
        let held = row.state() == PartState::Held;
        assert_eq!(step.row.is_some(), held, "{state}");
        assert_eq!(matches!(step.units, Units::Free(_)), held, "{state}");
    }
}

/// What was done by hand is shown until the anchor's outcome agrees with it.
#[test]
fn what_was_forced_is_kept_until_it_is_agreed_with() {
    let office = Office::of("hospedagens");
    let force = Command::Force { state: PartState::Released, reason: "x".parse().unwrap() };
    let forced = office.after(&[office.hold(1, "x1"), office.pin(), force]);
    let shown = |outcome| {
        let told = office.apply("voos", outcome, *office.parts.digest());
        let step = office.desk().step(office.trip, &forced, &told, early());
        assert_eq!(step.reply, Reply::State(PartState::Released));
        step.row.unwrap_or_else(|| forced.clone()).part.unwrap().forced.is_some()
    };
    assert!(forced.part.as_ref().unwrap().forced.is_some());
    assert!(shown(Outcome::Committed));
    assert!(!shown(Outcome::Aborted));
}
