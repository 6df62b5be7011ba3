//! The agenda: what is due when, with pauses that double up to a limit, for ever.

use crate::desk::{Office, early, late};
use agencia_protocol::trip::{Outcome, PartState};
use agencia_trip::resolver::{Agenda, Lane, Task, question};
use agencia_trip::{Command, Row};
use std::time::Duration;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn agenda() -> Agenda {
    Agenda::among(["voos", "hospedagens"].map(|name| name.parse().unwrap()))
}

fn peer(name: &str) -> Lane {
    Lane::Peer(name.parse().unwrap())
}

#[test]
fn a_pinned_part_asks_after_five_seconds_and_then_ever_more_seldom() {
    let office = Office::of("hospedagens");
    let pinned = office.after(&[office.hold(1, "x1"), office.pin()]);
    let mut agenda = agenda();
    agenda.observe(office.trip, &pinned, &office.limits);
    let mut asked = Vec::new();
    while asked.len() < 7 {
        let now = agenda.next(&peer("voos")).unwrap();
        let due = agenda.take_due(&peer("voos"), now, 10, &office.limits);
        let anchor = "voos".parse().unwrap();
        assert_eq!(due, [(office.trip, Task::Ask { anchor })]);
        let question = question(office.trip, &pinned, now).unwrap();
        asked.push(u64::from(question.waited_secs.unwrap()));
        // Observing the row again does not begin the pauses anew.
        agenda.observe(office.trip, &pinned, &office.limits);
    }
    assert_eq!(asked, [5, 10, 20, 40, 70, 100, 130]);
    let told = office.apply("voos", Outcome::Aborted, *office.parts.digest());
    let released = office.desk().step(office.trip, &pinned, &told, early()).row.unwrap();
    agenda.observe(office.trip, &released, &office.limits);
    assert!(agenda.is_empty());
}

#[test]
fn a_hold_expires_when_its_deadline_comes_and_a_later_deadline_is_a_later_task() {
    let office = Office::of("voos");
    let held = office.after(&[office.hold(1, "x1")]);
    let mut agenda = agenda();
    agenda.observe(office.trip, &held, &office.limits);
    assert_eq!(agenda.next(&Lane::Own), Some(late()));
    assert_eq!(agenda.take_due(&Lane::Own, early(), 10, &office.limits), []);
    let until = late().after(secs(60));
    let extended = office.desk().step(office.trip, &held, &Command::Extend { until }, early());
    agenda.observe(office.trip, &extended.row.unwrap(), &office.limits);
    assert_eq!((agenda.next(&Lane::Own), agenda.len()), (Some(until), 1));
    assert_eq!(agenda.take_due(&Lane::Own, late(), 10, &office.limits), []);
    assert_eq!(agenda.take_due(&peer("hospedagens"), until, 10, &office.limits), []);
    assert_eq!(
        agenda.take_due(&Lane::Own, until, 10, &office.limits),
        [(office.trip, Task::Expire)]
    );
    agenda.observe(office.trip, &Row::default(), &office.limits);
    assert!(agenda.is_empty());
}

#[test]
fn an_outbox_is_worked_off_at_once_until_it_is_acknowledged_and_again_after_a_cancellation() {
    let office = Office::of("voos");
    let receipt = office.receipt("hospedagens", 0);
    let booked = office.after(&[office.hold(1, "x1"), office.decide(&[("hospedagens", receipt)])]);
    let mut agenda = agenda();
    agenda.observe(office.trip, &booked, &office.limits);
    let tell = (office.trip, Task::Tell { daemon: "hospedagens".parse().unwrap() });
    assert_eq!(
        agenda.take_due(&peer("hospedagens"), early(), 10, &office.limits),
        std::slice::from_ref(&tell)
    );
    assert_eq!(agenda.next(&peer("hospedagens")), Some(early().after(secs(5))));
    let acknowledge = Command::Acknowledge {
        from: "hospedagens".parse().unwrap(),
        outcome: Outcome::Committed,
        state: PartState::Confirmed,
    };
    let told = office.desk().step(office.trip, &booked, &acknowledge, early()).row.unwrap();
    agenda.observe(office.trip, &told, &office.limits);
    assert!(agenda.is_empty());
    let cancel = Command::Cancel { quote: office.quote() };
    let cancelled = office.desk().step(office.trip, &told, &cancel, early()).row.unwrap();
    agenda.observe(office.trip, &cancelled, &office.limits);
    assert_eq!(agenda.take_due(&peer("hospedagens"), early(), 10, &office.limits), [tell]);
}

#[test]
fn no_more_is_taken_at_once_than_is_asked_for() {
    let office = Office::of("voos");
    let held = office.after(&[office.hold(1, "x1")]);
    let mut agenda = agenda();
    for n in 0..5 {
        let trip = crate::desk::trip_minted(early().after(secs(n)));
        agenda.observe(trip, &held, &office.limits);
    }
    assert_eq!(agenda.take_due(&Lane::Own, late(), 2, &office.limits).len(), 2);
    assert_eq!(agenda.take_due(&Lane::Own, late(), 10, &office.limits).len(), 3);
}

#[test]
fn what_was_settled_by_hand_asks_until_it_is_agreed_with() {
    let office = Office::of("hospedagens");
    let force = |state| Command::Force { state, reason: "x".parse().unwrap() };
    let forced = |state| office.after(&[office.hold(1, "x1"), office.pin(), force(state)]);
    for (state, agrees) in
        [(PartState::Released, Outcome::Aborted), (PartState::Confirmed, Outcome::Committed)]
    {
        let row = forced(state);
        let mut agenda = agenda();
        agenda.observe(office.trip, &row, &office.limits);
        let due = early().after(secs(5));
        assert_eq!(agenda.next(&peer("voos")), Some(due));
        assert!(row.is_live() && question(office.trip, &row, due).is_some());
        let told = office.apply("voos", agrees, *office.parts.digest());
        let agreed = office.desk().step(office.trip, &row, &told, due).row.unwrap();
        agenda.observe(office.trip, &agreed, &office.limits);
        assert!(agenda.is_empty() && !agreed.is_live());
    }
}

/// No trip can be booked without the pin of this part, so that nothing can disagree with it.
#[test]
fn a_hold_that_is_released_by_hand_has_nothing_to_wait_for() {
    let office = Office::of("hospedagens");
    let force = Command::Force { state: PartState::Released, reason: "x".parse().unwrap() };
    let row = office.after(&[office.hold(1, "x1"), force]);
    assert!(!row.is_live() && row.part.unwrap().forced.is_none());
}

/// The anchor has nobody to ask about its own part: the cancellation agrees with it.
#[test]
fn what_an_anchor_released_by_hand_is_shown_until_the_trip_is_cancelled() {
    let office = Office::of("voos");
    let receipt = office.receipt("hospedagens", 0);
    let force = Command::Force { state: PartState::Released, reason: "x".parse().unwrap() };
    let decide = office.decide(&[("hospedagens", receipt)]);
    let row = office.after(&[office.hold(1, "x1"), decide, force]);
    assert!(row.awaited().is_none() && row.part.as_ref().unwrap().forced.is_some());
    let cancel = Command::Cancel { quote: office.quote() };
    let cancelled = office.desk().step(office.trip, &row, &cancel, early()).row.unwrap();
    assert!(cancelled.part.unwrap().forced.is_none());
}

#[test]
fn a_task_for_a_daemon_that_is_no_peer_waits_for_nobody() {
    let office = Office::of("hospedagens");
    let pinned = office.after(&[office.hold(1, "x1"), office.pin()]);
    let mut agenda = Agenda::among([]);
    agenda.observe(office.trip, &pinned, &office.limits);
    assert_eq!(agenda.next(&Lane::Own), Some(early().after(secs(5))));
    assert_eq!(agenda.lanes().collect::<Vec<_>>(), [&Lane::Own]);
}
