//! What depends on the moment: the age of a trip, the deadline of a hold, the validity of a quote.
//! Each at its limit and one past it.

use crate::desk::{HOLD, Office, early, late, trip_minted};
use agencia_protocol::TripId;
use agencia_protocol::trip::{PartState, Refund, Timestamp};
use agencia_trip::receipt::Quoted;
use agencia_trip::row::State;
use agencia_trip::{Command, Refusal, Reply, Row, Step};
use std::time::Duration;

const MILLI: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_secs(86_400);

fn before(moment: Timestamp, time: Duration) -> Timestamp {
    Timestamp::from_unix_millis(moment.unix_millis() - i64::try_from(time.as_millis()).unwrap())
}

fn held_from(trip: TripId, now: Timestamp) -> Reply {
    let office = Office::of("voos");
    office.desk().step(trip, &Row::default(), &office.hold(1, "x1"), now).reply
}

#[test]
fn a_trip_begins_within_a_day_of_its_id() {
    let check = |minted: Timestamp, refusal: Option<Refusal>| {
        let reply = held_from(trip_minted(minted), early());
        match refusal {
            None => assert!(matches!(reply, Reply::Part { state: PartState::Held, .. })),
            Some(refusal) => assert_eq!(reply, Reply::Refused(refusal)),
        }
    };
    check(early(), None);
    check(before(early(), DAY), None);
    check(before(early(), DAY + MILLI), Some(Refusal::Stale));
    check(early().after(DAY), None);
    check(early().after(DAY + MILLI), Some(Refusal::NotAnId));
    let version_4 = "0190a5ee-7c1e-4c53-8b51-9a2d0e8f7b11".parse().unwrap();
    assert_eq!(held_from(version_4, early()), Reply::Refused(Refusal::NotAnId));
}

fn expiry(step: &Step) -> Timestamp {
    match &step.reply {
        Reply::Part { expires: Some(expires), .. } => *expires,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hold_lasts_until_its_deadline_and_not_a_millisecond_longer() {
    let office = Office::of("hospedagens");
    let held = office.after(&[office.hold(1, "x1")]);
    let step = |now| office.desk().step(office.trip, &held, &office.pin(), now).reply;
    assert!(matches!(step(before(late(), MILLI)), Reply::Pin { .. }));
    assert_eq!(step(late()), Reply::Refused(Refusal::Expired));
}

#[test]
fn a_hold_is_cut_to_the_ceiling_and_extended_up_to_half_an_hour_in_all() {
    let office = Office::of("voos");
    let day_long = match office.hold(1, "x1") {
        Command::Hold { revision, items, .. } => Command::Hold { revision, items, time: DAY },
        other => other,
    };
    let first = office.desk().step(office.trip, &Row::default(), &day_long, early());
    assert_eq!(expiry(&first), early().after(office.limits.hold_max));
    let row = first.row.unwrap();
    let extend = |until| {
        let step = office.desk().step(office.trip, &row, &Command::Extend { until }, early());
        expiry(&step)
    };
    let ceiling = early().after(office.limits.held_in_all_max);
    assert_eq!(extend(before(ceiling, MILLI)), before(ceiling, MILLI));
    assert_eq!(extend(ceiling), ceiling);
    assert_eq!(extend(ceiling.after(MILLI)), ceiling);
    // Extending never shortens.
    assert_eq!(extend(early()), early().after(office.limits.hold_max));
}

#[test]
fn a_newer_revision_does_not_outlive_the_ceiling_of_the_first_hold() {
    let office = Office::of("voos");
    let row = office.after(&[office.hold(1, "x1")]);
    let now = before(late(), MILLI);
    let again = office.desk().step(office.trip, &row, &office.hold(2, "x2"), now);
    assert_eq!(expiry(&again), now.after(HOLD));
    let part = again.row.unwrap().part.unwrap();
    assert_eq!(part.first_held, early());
    assert!(matches!(part.state, State::Held { .. }));
}

#[test]
fn a_quote_is_kept_up_until_it_expires() {
    let office = Office::of("voos");
    let receipt = office.receipt("hospedagens", 0);
    let row = office.after(&[office.hold(1, "x1"), office.decide(&[("hospedagens", receipt)])]);
    let ask = |until| {
        let share = office.quote_of(Quoted::Share, "hospedagens", until);
        let command = office.ask_quote(&[("hospedagens", share)]);
        office.desk().step(office.trip, &row, &command, early()).reply
    };
    let valid = early().after(office.limits.quote_valid);
    let Reply::Quoted { refund, quote, expires } = ask(valid.after(HOLD)) else {
        panic!("not quoted")
    };
    assert_eq!((refund, expires), (Refund(12), valid), "its own share and the other");
    // No longer than the share that it is made of.
    let expiry = |until| match ask(until) {
        Reply::Quoted { expires, .. } => Ok(expires),
        other => Err(other),
    };
    assert_eq!(expiry(early()), Ok(early()));
    assert_eq!(expiry(before(early(), MILLI)), Err(Reply::Refused(Refusal::QuoteExpired)));
    let cancel = |now| {
        let command = Command::Cancel { quote: quote.clone() };
        office.desk().step(office.trip, &row, &command, now).reply
    };
    assert!(matches!(cancel(expires), Reply::Cancelled(_)));
    assert_eq!(cancel(expires.after(MILLI)), Reply::Refused(Refusal::QuoteExpired));
}
