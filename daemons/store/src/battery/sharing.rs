//! The queue and the batch: who shares a commit, who hears of it and when.

use super::*;
use crate::{Ledger, LedgerThread, Observer, Order, Outcome, StoreError, UnitChange};
use futures_lite::future::block_on;
use std::sync::{Arc, Mutex, mpsc};

/// Opens a place with an inventory, and with this observer.
fn observed(open: Open<'_>, limits: Limits, observer: Observer) -> (Ledger, LedgerThread) {
    let (ledger, thread) = open(limits, observer);
    adopt(&ledger, Box::new(|_| Some(1000)));
    (ledger, thread)
}

pub(crate) fn what_has_queued_shares_a_commit(open: Open<'_>) {
    let (observer, stopped, go) = stopping();
    let (ledger, thread) = observed(open, Limits { batch_max: 100, ..USUAL }, observer);
    let queue = |number| ledger.step(trip(number), purchase(&[0], 1), at(0));
    let mut answers = vec![queue(0)];
    stopped.recv().unwrap();
    answers.extend((1..=101).map(queue));
    drop(go);
    for answer in answers {
        bought(block_on(answer).unwrap());
    }
    // The first by itself, then a full batch, then the one that was past it.
    assert_eq!((ledger.stats().commits, ledger.stats().sales), (3, 102));
    end(ledger, thread);
}

pub(crate) fn the_queue_is_full_at_its_limit_and_not_before(open: Open<'_>) {
    let (observer, stopped, go) = stopping();
    let (ledger, thread) = observed(open, Limits { queue_max: 3, ..USUAL }, observer);
    let queue = |number| ledger.step(trip(number), purchase(&[0], 1), at(0));
    let mut answers = vec![queue(0)];
    stopped.recv().unwrap();
    answers.extend((1..=3).map(queue));
    assert_eq!(ledger.stats().queued, 3);
    let past = queue(4);
    let lookup = ledger.row(trip(0));
    drop(go);
    assert!(matches!(block_on(past), Err(StoreError::Busy)));
    assert!(matches!(block_on(lookup), Err(StoreError::Busy)));
    for answer in answers {
        bought(block_on(answer).unwrap());
    }
    consistent_at(&ledger, 0, 0, 4);
    end(ledger, thread);
}

pub(crate) fn the_queue_is_served_after_the_last_handle_is_gone(open: Open<'_>) {
    let (observer, stopped, go) = stopping();
    let (ledger, thread) = observed(open, USUAL, observer);
    let queue = |number| ledger.step(trip(number), purchase(&[0], 1), at(0));
    let first = queue(0);
    stopped.recv().unwrap();
    let last = queue(1);
    let ended = thread.ended();
    drop(ledger);
    drop(go);
    block_on(ended);
    thread.wait().unwrap();
    for answer in [first, last] {
        bought(block_on(answer).unwrap());
    }
}

pub(crate) fn an_order_is_followed_although_nobody_waits(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    drop(ledger.step(trip(1), hold_one(1), at(0)));
    assert!(row(&ledger, 1).is_some());
    end(ledger, thread);
}

pub(crate) fn the_observer_hears_final_counts_before_the_answer(open: Open<'_>) {
    let seen: Arc<Mutex<Vec<Vec<UnitChange>>>> = Arc::default();
    let writes = seen.clone();
    let (entered, is_entered) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let observer = Box::new(move |changes: &[UnitChange]| {
        entered.send(()).unwrap();
        wait.recv().ok();
        writes.lock().unwrap().push(changes.to_vec());
    });
    let (ledger, thread) = open(USUAL, observer);
    adopt(&ledger, Box::new(|_| Some(2)));
    let first = ledger.step(trip(0), purchase(&[9], 1), at(0));
    is_entered.recv().unwrap();
    let batch = [(1, &[1, 2][..]), (2, &[2]), (3, &[2]), (4, &[9])]
        .map(|(number, offers)| ledger.step(trip(number), purchase(offers, 1), at(0)));
    drop(go);
    block_on(first).unwrap();
    let outcomes = batch.map(|answer| block_on(answer).unwrap());
    assert_eq!(outcomes[2], sold_out(2));
    // No waiting here: it was heard before the answer.
    let expected = vec![vec![change(9, 1)], vec![change(1, 1), change(2, 2), change(9, 2)]];
    assert_eq!(*seen.lock().unwrap(), expected);
    // A refusal changes nothing and is not heard; what is given back is.
    assert_eq!(ask(&ledger, 5, purchase(&[2], 1)), sold_out(2));
    ask(&ledger, 6, hold_one(5));
    ask(&ledger, 6, Order::LetGo);
    assert_eq!(seen.lock().unwrap()[2..], [vec![change(5, 1)], vec![change(5, 0)]]);
    end(ledger, thread);
}

pub(crate) fn a_batch_sees_what_it_has_done_so_far(open: Open<'_>) {
    let (observer, stopped, go) = stopping();
    let (ledger, thread) = open(USUAL, observer);
    adopt(&ledger, Box::new(|_| Some(1)));
    let first = ledger.step(trip(0), purchase(&[0], 1), at(0));
    stopped.recv().unwrap();
    // All in one commit: held, seen, wanted by another, let go, had by the other.
    let held = ledger.step(trip(1), hold_one(1), at(0));
    let seen = ledger.row(trip(1));
    let refused = ledger.step(trip(2), hold_one(1), at(0));
    let let_go = ledger.step(trip(1), Order::LetGo, at(0));
    let had = ledger.step(trip(2), hold_one(1), at(0));
    drop(go);
    block_on(async {
        first.await.unwrap();
        let held = held.await.unwrap();
        let Outcome::Stepped(held) = held else { panic!("{held:?}") };
        assert_eq!(seen.await.unwrap(), Some(held.row));
        assert_eq!(refused.await.unwrap(), sold_out(1));
        reply(let_go.await.unwrap());
        reply(had.await.unwrap());
    });
    assert_eq!(ledger.stats().commits, 2);
    consistent_at(&ledger, 1, 0, 1);
    end(ledger, thread);
}

pub(crate) fn a_panic_leaves_nobody_waiting(open: Open<'_>) {
    let (ledger, thread) = observed(open, USUAL, Box::new(|_| panic!("the observer panics")));
    let answer = try_at(&ledger, 1, purchase(&[1], 999), 0);
    assert!(matches!(answer, Err(StoreError::Unknown)));
    assert!(matches!(thread.wait(), Err(StoreError::Panicked { .. })));
    assert!(matches!(block_on(ledger.audit()), Err(StoreError::Closed)));
    assert!(matches!(block_on(ledger.life()), Err(StoreError::Closed)));
    let (ledger, thread) = on_sale(open, 999);
    // It was durable before anyone was told.
    assert_eq!(ask(&ledger, 2, purchase(&[1], 1)), sold_out(1));
    end(ledger, thread);
}
