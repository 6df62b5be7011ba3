//! Lives, fences, and what is learned again after a restore.

use super::*;
use crate::{Filter, Order};
use agencia_protocol::trip::{
    Incarnation, Outcome as Verdict, PartState, RECOVERED_MAX, Recover, RecoveredTrip,
};
use agencia_trip::row::Parts;
use agencia_trip::{Refusal, Reply};
use futures_lite::future::block_on;

pub(crate) fn fences_only_rise_and_are_kept(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let raise = |life| block_on(ledger.raise_fence(stays(), Incarnation(life))).unwrap();
    assert_eq!([raise(5), raise(4), raise(5), raise(6)], [true, false, false, true]);
    // What the other daemon sealed in an earlier life counts no more.
    let all = items(&[&[1]]);
    let whole = parts(flights(), &all);
    ask(&ledger, 1, hold(0, all));
    assert_eq!(reply(ask(&ledger, 1, decide(1, &whole))), refused(Refusal::NotGenuine));
    end(ledger, thread);
    let (ledger, thread) = on_sale(open, 1);
    let life = block_on(ledger.life()).unwrap();
    assert_eq!(life.fences.of(&stays()), Incarnation(6));
    assert_eq!((life.incarnation, life.recovering), (Incarnation(0), false));
    let receipts = receipts(1, &whole, 6);
    let (travellers, contact) = (travellers(), None);
    let now = Order::Decide { parts: whole, receipts, travellers, contact };
    assert!(matches!(reply(ask(&ledger, 1, now)), Reply::Decided { .. }));
    end(ledger, thread);
}

pub(crate) fn a_later_life_is_taken_and_kept(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let begin = |life| block_on(ledger.begin_life(Incarnation(life))).unwrap();
    assert_eq!([begin(7), begin(7), begin(3)], [true, false, false]);
    end(ledger, thread);
    let (ledger, thread) = on_sale(open, 1);
    assert_eq!(block_on(ledger.life()).unwrap().incarnation, Incarnation(7));
    end(ledger, thread);
}

fn told(number: u32, whole: &Parts, outcome: Verdict) -> RecoveredTrip {
    RecoveredTrip {
        trip: trip(number),
        anchor: whole.anchor().clone(),
        parts: whole.items().clone(),
        outcome,
        locator: agencia_protocol::Locator::new('V', [3; 5]),
    }
}

fn learn(number: u32, whole: &Parts, outcome: Verdict, found: &[&[u64]]) -> Order {
    let told = Box::new(told(number, whole, outcome));
    Order::Learn { told, found: items(found).to_vec() }
}

pub(crate) fn nothing_is_learned_by_a_ledger_that_does_not_recover(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let whole = parts(flights(), &items(&[&[1]]));
    let order = learn(1, &whole, Verdict::Committed, &[&[1]]);
    assert_eq!(reply(ask(&ledger, 1, order)), refused(Refusal::Conflict));
    assert_eq!(row(&ledger, 1), None);
    end(ledger, thread);
}

/// `restore` marks the place, which is closed, as restored from a backup.
pub(crate) fn what_the_peers_remember_is_learned_again(open: Open<'_>, restore: &dyn Fn()) {
    let (ledger, thread) = on_sale(open, 1);
    ask(&ledger, 1, hold_one(1));
    buy(&ledger, 2, &[2]);
    end(ledger, thread);
    restore();
    let (ledger, thread) = on_sale(open, 1);
    assert!(ledger.recovering());
    for order in [hold_one(3), Order::LetGo, Order::Expire, purchase(&[3], 1)] {
        assert_eq!(reply(ask(&ledger, 3, order)), refused(Refusal::Recovering));
    }
    // Sold twice: what was cancelled after the backup, and what was booked instead.
    let whole = parts(flights(), &items(&[&[2]]));
    let order = learn(4, &whole, Verdict::Committed, &[&[2]]);
    assert_eq!(reply(ask(&ledger, 4, order.clone())), Reply::State(PartState::Confirmed));
    assert_eq!(reply(ask(&ledger, 4, order)), Reply::State(PartState::Confirmed));
    let sums = audit(&ledger);
    assert_eq!((sums.held, sums.confirmed, sums.oversold, sums.consistent), (1, 2, 1, false));
    // One that is no longer in the catalog has no units, and the voucher stays with its owner.
    let whole = parts(flights(), &items(&[&[5]]));
    ask(&ledger, 5, learn(5, &whole, Verdict::Committed, &[]));
    let voucher = agencia_protocol::Locator::new('V', [3; 5]).unwrap();
    let decision = row(&ledger, 5).unwrap().decision.clone().unwrap();
    assert_eq!((decision.locator, decision.outcome()), (None, Verdict::Committed));
    assert_eq!(block_on(ledger.find(voucher)).unwrap().map(|(trip, _)| trip), Some(trip(4)));
    // The mark outlives a restart, also under an inventory with that oversold offer.
    end(ledger, thread);
    let (ledger, thread) = on_sale(open, 1);
    assert!(ledger.recovering());
    assert_eq!(block_on(ledger.forget(at(100_000_000))).unwrap(), 0);
    // What was read a moment ago is not what is there afterwards: holds of before are over.
    assert_eq!(row(&ledger, 1).unwrap().state(), PartState::Held);
    block_on(ledger.finish_recovery(at(1))).unwrap();
    assert!(!ledger.recovering());
    assert_eq!(row(&ledger, 1).unwrap().state(), PartState::Released);
    assert_eq!(audit(&ledger).held, 0);
    assert_eq!(ask(&ledger, 6, hold_one(2)), sold_out(2));
    let (state, reason) = (PartState::Released, "sold twice".parse().unwrap());
    ask(&ledger, 4, Order::Force { state, reason });
    consistent_at(&ledger, 0, 0, 1);
    assert_eq!(ask(&ledger, 6, hold_one(2)), sold_out(2));
    end(ledger, thread);
}

/// Of an offer with one unit the backup holds or pins it, and somebody else bought it since.
pub(crate) fn units_of_before_the_restore_are_promised_to_nobody(
    open: Open<'_>,
    restore: &dyn Fn(),
) {
    let (ledger, thread) = on_sale(open, 1);
    ask(&ledger, 1, hold_one(1));
    let pinned = parts(stays(), &items(&[&[2]]));
    ask(&ledger, 2, hold_one(2));
    ask(&ledger, 2, pin(0, &pinned));
    end(ledger, thread);
    restore();
    let (ledger, thread) = on_sale(open, 1);
    for (number, offer) in [(3, 1), (4, 2)] {
        let whole = parts(flights(), &items(&[&[offer]]));
        ask(&ledger, number, learn(number, &whole, Verdict::Committed, &[&[offer]]));
    }
    let sums = audit(&ledger);
    assert_eq!((sums.held, sums.pinned, sums.confirmed, sums.oversold), (1, 1, 2, 2));
    // The hold ends with the recovery; the pinned part waits for its anchor.
    block_on(ledger.finish_recovery(at(1))).unwrap();
    let sums = audit(&ledger);
    assert_eq!((sums.held, sums.pinned, sums.confirmed, sums.oversold), (0, 1, 2, 1));
    for offer in [1, 2] {
        assert_eq!(ask(&ledger, 5, hold_one(offer)), sold_out(offer));
    }
    ask(&ledger, 2, apply(2, &pinned, Verdict::Aborted));
    consistent_at(&ledger, 0, 0, 2);
    assert_eq!(audit(&ledger).oversold, 0);
    end(ledger, thread);
}

pub(crate) fn each_restore_is_another_life(open: Open<'_>, restore: &dyn Fn()) {
    let life = || {
        let (ledger, thread) = on_sale(open, 1);
        let life = block_on(ledger.life()).unwrap().incarnation;
        end(ledger, thread);
        life
    };
    let first = life();
    restore();
    let second = life();
    restore();
    assert!(first < second && second < life());
}

pub(crate) fn a_peer_that_recovers_is_told_everything_once(open: Open<'_>) {
    const TRIPS: u32 = 250;
    let (ledger, thread) = on_sale(open, 1000);
    let all = items(&[&[1]]);
    let whole = parts(flights(), &all);
    let mut answers = Vec::new();
    for number in 0..TRIPS {
        answers.push(ledger.step(trip(number), hold(0, all.clone()), at(0)));
        answers.push(ledger.step(trip(number), decide(number, &whole), at(0)));
        // One that is not theirs.
        answers.push(ledger.step(trip(TRIPS + number), purchase(&[1], 1), at(0)));
    }
    for answer in answers {
        block_on(answer).unwrap();
    }
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let asked = Recover::new(stays(), Incarnation(9), after);
        let page = block_on(ledger.answer_recovery(asked)).unwrap();
        assert_eq!((page.incarnation, page.known), (Incarnation(0), Incarnation(9)));
        assert!(page.trips.len() <= RECOVERED_MAX);
        seen.extend(page.trips.iter().map(|told| number(&told.trip)));
        after = page.trips.last().map(|told| told.trip);
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, (0..TRIPS).collect::<Vec<_>>());
    // From then on its earlier life counts no more.
    assert_eq!(block_on(ledger.life()).unwrap().fences.of(&stays()), Incarnation(9));
    assert_eq!(block_on(ledger.page(Filter::All, None, 9999)).unwrap().len(), 500);
    end(ledger, thread);
}
