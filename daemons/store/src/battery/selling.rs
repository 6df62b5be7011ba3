//! Purchases in one step: the last seat, all or nothing, repetitions.

use super::*;
use crate::{Order, Outcome, StoreError};
use agencia_trip::Refusal;
use futures_lite::future::block_on;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

/// Two hundred buyers want the last seat at once; tells how many got it.
pub(crate) fn buyers_of_the_last_seat(open: Open<'_>) -> u32 {
    const BUYERS: u32 = 200;
    let (ledger, thread) = on_sale(open, 1);
    let start = Arc::new(Barrier::new(usize::try_from(BUYERS).unwrap()));
    let winners = Arc::new(AtomicU32::new(0));
    let buyers: Vec<_> = (0..BUYERS)
        .map(|buyer| {
            let (ledger, start, winners) = (ledger.clone(), start.clone(), winners.clone());
            std::thread::spawn(move || {
                // Every other one holds first.
                let order = if buyer % 2 == 0 { purchase(&[1], 1) } else { hold_one(1) };
                start.wait();
                match ask(&ledger, buyer, order) {
                    Outcome::Stepped(_) => winners.fetch_add(1, Ordering::SeqCst),
                    other => {
                        assert_eq!(other, sold_out(1));
                        0
                    }
                }
            })
        })
        .collect();
    for buyer in buyers {
        buyer.join().unwrap();
    }
    end(ledger, thread);
    winners.load(Ordering::SeqCst)
}

pub(crate) fn the_last_seat_is_sold_once(open: Open<'_>) {
    assert_eq!(buyers_of_the_last_seat(open), 1);
    let (ledger, thread) = on_sale(open, 1);
    let audit = audit(&ledger);
    assert_eq!((audit.held + audit.confirmed, audit.free, audit.consistent), (1, 0, true));
    end(ledger, thread);
}

pub(crate) fn what_was_sold_is_there_after_a_restart(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 2);
    let (locator, repeated) = bought(ask(&ledger, 1, purchase(&[1, u64::MAX], 2)));
    assert!(!repeated);
    let before = row(&ledger, 1).unwrap();
    end(ledger, thread);
    let (ledger, thread) = on_sale(open, 2);
    assert_eq!(row(&ledger, 1), Some(before));
    assert_eq!(ask(&ledger, 2, purchase(&[u64::MAX], 1)), sold_out(u64::MAX));
    assert_eq!(bought(ask(&ledger, 1, purchase(&[1, u64::MAX], 2))), (locator, true));
    consistent_at(&ledger, 0, 0, 4);
    end(ledger, thread);
}

pub(crate) fn several_nights_are_all_taken_or_none(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    buy(&ledger, 1, &[2]);
    assert_eq!(ask(&ledger, 2, purchase(&[1, 2, 3], 1)), sold_out(2));
    assert_eq!(row(&ledger, 2), None);
    consistent_at(&ledger, 0, 0, 1);
    buy(&ledger, 3, &[1]);
    buy(&ledger, 4, &[3]);
    // In one commit with others, a refusal leaves nothing either and fails none of them.
    let nights = [(5, &[4, 5]), (6, &[5, 6]), (7, &[6, 7])];
    let answers: Vec<_> =
        nights.map(|(number, nights)| ledger.step(trip(number), purchase(nights, 1), at(0))).into();
    let outcomes: Vec<_> = answers.into_iter().map(|a| block_on(a).unwrap()).collect();
    assert_eq!(outcomes[1], sold_out(5));
    bought(outcomes[0].clone());
    bought(outcomes[2].clone());
    end(ledger, thread);
}

pub(crate) fn several_items_are_all_taken_or_none(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    buy(&ledger, 1, &[2]);
    assert_eq!(ask(&ledger, 2, hold(0, items(&[&[1], &[2], &[3]]))), sold_out(2));
    consistent_at(&ledger, 0, 0, 1);
    ask(&ledger, 2, hold(0, items(&[&[1], &[3]])));
    consistent_at(&ledger, 2, 0, 1);
    end(ledger, thread);
}

pub(crate) fn the_capacity_is_the_limit(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 3);
    assert_eq!(ask(&ledger, 1, purchase(&[1], 4)), sold_out(1));
    bought(ask(&ledger, 1, purchase(&[1], 3)));
    assert_eq!(ask(&ledger, 2, purchase(&[1], 1)), sold_out(1));
    // Named twice it is taken twice.
    assert_eq!(ask(&ledger, 3, purchase(&[2, 2], 2)), sold_out(2));
    bought(ask(&ledger, 4, purchase(&[2, 2], 1)));
    assert_eq!(ask(&ledger, 5, hold(0, items(&[&[2], &[2]]))), sold_out(2));
    consistent_at(&ledger, 0, 0, 5);
    end(ledger, thread);
}

pub(crate) fn nothing_is_on_sale_without_an_inventory(open: Open<'_>) {
    let (ledger, thread) = open(USUAL, quiet());
    assert_eq!(ask(&ledger, 1, purchase(&[1], 1)), sold_out(1));
    end(ledger, thread);
}

pub(crate) fn a_purchase_of_nothing_is_an_error(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let mut empty = sold(&[1], 1);
    empty.offers.clear();
    for nothing in [
        hold(0, [].into()),
        Order::Reserve { items: [].into() },
        Order::Reserve { items: [sold(&[1], 1), empty].into() },
    ] {
        assert!(matches!(try_at(&ledger, 1, nothing, 0), Err(StoreError::Empty)));
    }
    end(ledger, thread);
}

pub(crate) fn a_repetition_buys_nothing_more(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 5);
    let (locator, repeated) = bought(ask(&ledger, 1, purchase(&[1, 2], 1)));
    assert!(!repeated);
    assert_eq!(bought(ask(&ledger, 1, purchase(&[1, 2], 1))), (locator, true));
    // Both in one batch.
    let twice = [(); 2].map(|()| ledger.step(trip(2), purchase(&[3], 2), at(0)));
    let [first, again] = twice.map(|answer| bought(block_on(answer).unwrap()));
    assert_eq!(again, (first.0, true));
    consistent_at(&ledger, 0, 0, 4);
    assert_eq!((ledger.stats().sales, ledger.stats().repeated), (2, 2));
    end(ledger, thread);
}

pub(crate) fn another_purchase_of_the_same_trip_is_a_conflict(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 9);
    bought(ask(&ledger, 1, purchase(&[1], 2)));
    for other in [purchase(&[1], 1), purchase(&[2], 2), purchase(&[1, 2], 2)] {
        assert_eq!(reply(ask(&ledger, 1, other)), refused(Refusal::Conflict));
    }
    consistent_at(&ledger, 0, 0, 2);
    assert_eq!(ledger.stats().conflicts, 3);
    end(ledger, thread);
}

pub(crate) fn a_refused_trip_may_try_again(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    assert_eq!(ask(&ledger, 1, purchase(&[1], 2)), sold_out(1));
    bought(ask(&ledger, 1, purchase(&[2], 1)));
    end(ledger, thread);
}

pub(crate) fn every_voucher_is_another_one(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1000);
    let vouchers: std::collections::BTreeSet<_> =
        (0..300).map(|number| buy(&ledger, number, &[1])).collect();
    assert_eq!(vouchers.len(), 300);
    end(ledger, thread);
}
