//! What is forgotten, when, and what is not.

use super::*;
use crate::{Filter, Order};
use agencia_protocol::trip::{Outcome as Verdict, PartState, Refund, Timestamp};
use agencia_trip::Reply;
use agencia_trip::row::Parts;
use futures_lite::future::block_on;
use std::sync::Arc;

const DAY: i64 = 24 * 3600;

fn forget(ledger: &Ledger, when: Timestamp) -> u64 {
    block_on(ledger.forget(when)).unwrap()
}

/// A millisecond before.
fn before(when: Timestamp) -> Timestamp {
    Timestamp::from_unix_millis(when.unix_millis() - 1)
}

fn check_forgotten_at(ledger: &Ledger, number: u32, limit: Timestamp) {
    assert_eq!(forget(ledger, before(limit)), 0);
    assert!(row(ledger, number).is_some());
    assert_eq!(forget(ledger, limit), 1);
    assert_eq!(row(ledger, number), None);
    assert_eq!(forget(ledger, limit), 0);
}

pub(crate) fn tombstones_are_kept_for_thirty_days(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    ask_at(&ledger, 1, Order::LetGo, 5);
    check_forgotten_at(&ledger, 1, at(5 + 30 * DAY));
    let all = items(&[&[1]]);
    ask_at(&ledger, 2, hold(0, all.clone()), 5);
    ask_at(&ledger, 2, Order::Expire, 305);
    check_forgotten_at(&ledger, 2, at(305 + 30 * DAY));
    ask_at(&ledger, 3, decide(3, &parts(flights(), &all)), 7);
    check_forgotten_at(&ledger, 3, at(7 + 30 * DAY));
    end(ledger, thread);
}

pub(crate) fn bookings_are_kept_for_ninety_days_after_their_last_day(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    buy(&ledger, 1, &[2, 3, 4]);
    consistent_at(&ledger, 0, 0, 3);
    // The day with number 4 ends five days after today began.
    check_forgotten_at(&ledger, 1, at((5 + 90) * DAY));
    // What it had is free, should the offers' ids be used again.
    consistent_at(&ledger, 0, 0, 0);
    assert_eq!(adopt(&ledger, Box::new(|_| Some(1))).1, Some(vec![]));
    let all = items(&[&[4]]);
    let whole = parts(stays(), &all);
    ask(&ledger, 2, hold(0, all));
    ask(&ledger, 2, pin(0, &whole));
    ask(&ledger, 2, apply(2, &whole, Verdict::Committed));
    check_forgotten_at(&ledger, 2, at((5 + 90) * DAY));
    end(ledger, thread);
}

/// The anchor does not know on which days another daemon's stay is: it begins with its own last
/// day at the latest.
pub(crate) fn a_decision_is_kept_for_ninety_days_after_a_stay_elsewhere(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let all = items(&[&[4]]);
    let own = all.iter().map(|sold| sold.item.clone()).collect();
    let stay = vec![sold(&[7, 8, 9], 1).item];
    let whole = Arc::new(Parts::new(flights(), [(flights(), own), (stays(), stay)].into()));
    ask(&ledger, 1, hold(0, all));
    ask(&ledger, 1, decide(1, &whole));
    let (from, outcome, state) = (stays(), Verdict::Committed, PartState::Confirmed);
    ask(&ledger, 1, Order::Acknowledge { from, outcome, state });
    check_forgotten_at(&ledger, 1, at((5 + 3 + 90) * DAY));
    end(ledger, thread);
}

pub(crate) fn a_booking_is_kept_until_every_part_has_acknowledged(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let all = items(&[&[4]]);
    ask(&ledger, 1, hold(0, all.clone()));
    ask(&ledger, 1, decide(1, &parts(flights(), &all)));
    assert_eq!(forget(&ledger, at(1000 * DAY)), 0);
    let (from, outcome, state) = (stays(), Verdict::Committed, PartState::Confirmed);
    ask(&ledger, 1, Order::Acknowledge { from, outcome, state });
    check_forgotten_at(&ledger, 1, at((5 + 90) * DAY));
    end(ledger, thread);
}

pub(crate) fn a_cancelled_booking_is_kept_as_long_as_it_would_have_been(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let voucher = buy(&ledger, 1, &[4]);
    let quoted = reply(ask(&ledger, 1, quote(Refund(1))));
    let Reply::Quoted { quote, .. } = quoted else { panic!("{quoted:?}") };
    ask(&ledger, 1, Order::Cancel { quote });
    check_forgotten_at(&ledger, 1, at((5 + 90) * DAY));
    assert_eq!(block_on(ledger.find(voucher)).unwrap(), None);
    end(ledger, thread);
}

pub(crate) fn what_is_not_over_is_never_forgotten(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 9);
    let all = items(&[&[1]]);
    let whole = parts(stays(), &all);
    for number in 1..=3 {
        ask(&ledger, number, hold(0, all.clone()));
    }
    ask(&ledger, 2, pin(0, &whole));
    ask(&ledger, 3, pin(0, &whole));
    let (state, reason) = (PartState::Released, "by hand".parse().unwrap());
    ask(&ledger, 3, Order::Force { state, reason });
    // No day is known of an offer with this number.
    buy(&ledger, 4, &[u64::MAX]);
    let before = block_on(ledger.page(Filter::All, None, 9)).unwrap();
    assert_eq!(forget(&ledger, at(10_000 * DAY)), 0);
    assert_eq!(block_on(ledger.page(Filter::All, None, 9)).unwrap(), before);
    end(ledger, thread);
}

pub(crate) fn more_than_one_transaction_of_trips_is_forgotten(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let gone: Vec<_> =
        (0..1001).map(|number| ledger.step(trip(number), Order::LetGo, at(0))).collect();
    for answer in gone {
        block_on(answer).unwrap();
    }
    assert_eq!(forget(&ledger, at(30 * DAY)), 1001);
    end(ledger, thread);
}
