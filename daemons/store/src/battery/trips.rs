//! Every order a trip knows: what it answers, what it leaves behind, and that a repetition changes
//! nothing.

use super::*;
use crate::{Follower, Order, Outcome};
use agencia_protocol::trip::{AbortReason, Outcome as Verdict, PartState, Refund, Traveller};
use agencia_trip::{Refusal, Reply};
use futures_lite::future::block_on;
use std::time::Duration;

/// Asks the same twice: the second time nothing changes and the same is answered.
fn twice(ledger: &Ledger, number: u32, order: Order, secs: i64) -> Reply {
    let first = reply(ask_at(ledger, number, order.clone(), secs));
    let after = row(ledger, number);
    let commits = ledger.stats().commits;
    assert_eq!(reply(ask_at(ledger, number, order, secs + 1)), first);
    assert_eq!((row(ledger, number), ledger.stats().commits), (after, commits));
    first
}

fn is_held(reply: &Reply, until: i64) {
    assert!(
        matches!(reply, Reply::Part { state: PartState::Held, expires: Some(expires), .. }
            if *expires == at(until)),
        "{reply:?}"
    );
}

pub(crate) fn a_hold_is_extended_and_let_go(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    is_held(&twice(&ledger, 1, hold_one(1), 0), 300);
    is_held(&twice(&ledger, 1, Order::Extend { until: at(400) }, 10), 400);
    assert_eq!(ask(&ledger, 2, hold_one(1)), sold_out(1));
    assert_eq!(twice(&ledger, 1, Order::LetGo, 20), Reply::State(PartState::Released));
    assert_eq!(twice(&ledger, 1, hold_one(1), 30), refused(Refusal::Aborted));
    is_held(&reply(ask(&ledger, 2, hold_one(1))), 300);
    consistent_at(&ledger, 1, 0, 0);
    end(ledger, thread);
}

pub(crate) fn a_hold_expires_at_its_deadline_and_not_before(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    ask(&ledger, 1, hold_one(1));
    let before = row(&ledger, 1);
    ask_at(&ledger, 1, Order::Expire, 299);
    assert_eq!(row(&ledger, 1), before);
    ask_at(&ledger, 1, Order::Expire, 300);
    assert_eq!(row(&ledger, 1).unwrap().state(), PartState::Released);
    consistent_at(&ledger, 0, 0, 0);
    // Another order finds the deadline passed as well, and gives the units back.
    ask(&ledger, 2, hold_one(1));
    let late = Order::Extend { until: at(600) };
    assert_eq!(reply(ask_at(&ledger, 2, late, 300)), refused(Refusal::Expired));
    consistent_at(&ledger, 0, 0, 0);
    end(ledger, thread);
}

pub(crate) fn a_revision_replaces_the_items_or_nothing(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    ask(&ledger, 1, hold(0, items(&[&[1], &[2]])));
    // It keeps one, gives one back and takes another.
    is_held(&twice(&ledger, 1, hold(1, items(&[&[2], &[3]])), 10), 310);
    consistent_at(&ledger, 2, 0, 0);
    buy(&ledger, 2, &[1]);
    let before = row(&ledger, 1);
    assert_eq!(ask(&ledger, 1, hold(2, items(&[&[4], &[1]]))), sold_out(1));
    assert_eq!(row(&ledger, 1), before);
    assert_eq!(reply(ask(&ledger, 1, hold(1, items(&[&[4]])))), refused(Refusal::Conflict));
    assert_eq!(reply(ask(&ledger, 1, hold(0, items(&[&[1]])))), refused(Refusal::Conflict));
    consistent_at(&ledger, 2, 0, 1);
    buy(&ledger, 3, &[4]);
    end(ledger, thread);
}

pub(crate) fn a_part_is_pinned_and_then_confirmed_or_released(open: Open<'_>) {
    for outcome in [Verdict::Committed, Verdict::Aborted, Verdict::Cancelled] {
        let base = outcome as u32 * 10;
        let (ledger, thread) = on_sale(open, 9);
        let all = items(&[&[u64::from(base)]]);
        let whole = parts(stays(), &all);
        let number = base + 1;
        ask(&ledger, number, hold(0, all));
        let pinned = twice(&ledger, number, pin(0, &whole), 1);
        assert!(
            matches!(pinned, Reply::Pin { state: PartState::Pinned, receipt: Some(_) }),
            "{pinned:?}"
        );
        // It waits for its outcome for as long as that takes.
        assert_eq!(twice(&ledger, number, Order::Expire, 9999), Reply::State(PartState::Pinned));
        assert_eq!(twice(&ledger, number, Order::LetGo, 9999), Reply::State(PartState::Pinned));
        let state = match outcome {
            Verdict::Committed => PartState::Confirmed,
            _ => PartState::Released,
        };
        let applied = twice(&ledger, number, apply(number, &whole, outcome), 9999);
        assert_eq!(applied, Reply::State(state));
        let audit = audit(&ledger);
        assert_eq!((audit.pinned, audit.consistent), (0, true));
        end(ledger, thread);
    }
}

pub(crate) fn a_trip_is_decided_and_acknowledged(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let all = items(&[&[1]]);
    let whole = parts(flights(), &all);
    ask(&ledger, 1, hold(0, all));
    let undecided = Reply::Outcome { outcome: Verdict::Undecided, proof: None, locator: None };
    let outcome = |waited| Order::AskOutcome { waited };
    assert_eq!(twice(&ledger, 1, outcome(None), 1), undecided);
    assert_eq!(twice(&ledger, 1, outcome(Some(Duration::from_secs(9))), 1), undecided);
    let decided = twice(&ledger, 1, decide(1, &whole), 2);
    let Reply::Decided { outcome: Verdict::Committed, locator: Some(locator), .. } = decided else {
        panic!("{decided:?}")
    };
    assert_eq!(block_on(ledger.find(locator)).unwrap().map(|(trip, _)| trip), Some(trip(1)));
    consistent_at(&ledger, 0, 0, 1);
    assert_eq!(ledger.stats().sales, 1);
    let told = twice(&ledger, 1, outcome(Some(Duration::from_secs(60))), 3);
    assert!(
        matches!(told, Reply::Outcome { outcome: Verdict::Committed, proof: Some(_), .. }),
        "{told:?}"
    );
    assert!(row(&ledger, 1).unwrap().is_live());
    let (from, outcome, state) = (stays(), Verdict::Committed, PartState::Confirmed);
    twice(&ledger, 1, Order::Acknowledge { from, outcome, state }, 4);
    assert!(!row(&ledger, 1).unwrap().is_live());
    end(ledger, thread);
}

pub(crate) fn a_trip_without_its_hold_or_receipts_is_not_decided(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let all = items(&[&[1]]);
    let whole = parts(flights(), &all);
    let never = Reply::NotDecided(AbortReason::Unknown);
    assert_eq!(twice(&ledger, 1, decide(1, &whole), 0), never);
    ask(&ledger, 2, hold(0, all.clone()));
    let foreign = Order::Decide {
        parts: whole.clone(),
        receipts: receipts(1, &whole, 0),
        travellers: travellers(),
        contact: None,
    };
    assert_eq!(twice(&ledger, 2, foreign, 1), refused(Refusal::NotGenuine));
    let late = Reply::NotDecided(AbortReason::Expired);
    assert_eq!(twice(&ledger, 2, decide(2, &whole), 300), late);
    consistent_at(&ledger, 0, 0, 0);
    // A daemon that has waited long enough ends what nobody decides.
    ask_at(&ledger, 3, hold(0, all), 300);
    let waited = Order::AskOutcome { waited: Some(Duration::from_secs(10)) };
    let told = twice(&ledger, 3, waited, 310);
    assert!(matches!(told, Reply::Outcome { outcome: Verdict::Aborted, .. }), "{told:?}");
    consistent_at(&ledger, 0, 0, 0);
    end(ledger, thread);
}

pub(crate) fn a_booking_is_altered_quoted_and_cancelled(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let locator = buy(&ledger, 1, &[1]);
    let rui = Traveller { name: "Rui".parse().unwrap(), ..travellers().remove(0) };
    let contact = Some("rui@example.org".parse().unwrap());
    let alter = Order::Alter { travellers: vec![rui.clone()], contact };
    assert_eq!(twice(&ledger, 1, alter, 1), Reply::State(PartState::Confirmed));
    let decision = row(&ledger, 1).unwrap().decision.clone().unwrap();
    assert_eq!((decision.travellers, decision.locator), (vec![rui], Some(locator)));
    let quoted = reply(ask_at(&ledger, 1, quote(Refund(500)), 2));
    let Reply::Quoted { quote, .. } = quoted else { panic!("{quoted:?}") };
    let cancelled = twice(&ledger, 1, Order::Cancel { quote }, 3);
    assert!(matches!(cancelled, Reply::Cancelled(_)), "{cancelled:?}");
    consistent_at(&ledger, 0, 0, 0);
    // Its voucher still finds it, and what it had is sold again.
    assert_eq!(block_on(ledger.find(locator)).unwrap().map(|(trip, _)| trip), Some(trip(1)));
    assert_ne!(buy(&ledger, 2, &[1]), locator);
    end(ledger, thread);
}

pub(crate) fn a_part_is_settled_by_hand(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let all = items(&[&[1]]);
    let whole = parts(stays(), &all);
    ask(&ledger, 1, hold(0, all));
    ask(&ledger, 1, pin(0, &whole));
    let reason: agencia_protocol::trip::Reason = "the hotel burnt down".parse().unwrap();
    let force = Order::Force { state: PartState::Released, reason };
    assert_eq!(twice(&ledger, 1, force, 1), Reply::State(PartState::Released));
    consistent_at(&ledger, 0, 0, 0);
    buy(&ledger, 2, &[1]);
    end(ledger, thread);
}

pub(crate) fn what_is_refused_is_not_kept(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let all = items(&[&[1]]);
    let whole = parts(stays(), &all);
    let until = at(1);
    assert_eq!(twice(&ledger, 1, Order::Extend { until }, 0), refused(Refusal::Expired));
    assert_eq!(twice(&ledger, 1, pin(0, &whole), 0), refused(Refusal::Expired));
    let (travellers, contact) = (travellers(), None);
    let alter = Order::Alter { travellers, contact };
    assert_eq!(twice(&ledger, 1, alter, 0), refused(Refusal::NotBooked));
    let other = apply(2, &whole, Verdict::Committed);
    assert_eq!(twice(&ledger, 1, other, 0), refused(Refusal::NotGenuine));
    // Over a day later the same id begins nothing any more.
    assert_eq!(twice(&ledger, 1, hold(0, all), 86_401), refused(Refusal::Stale));
    assert_eq!((row(&ledger, 1), ledger.stats().commits), (None, 0));
    end(ledger, thread);
}

/// A follower is given when the ledger is opened, so this test brings a way to do that.
pub(crate) fn the_follower_hears_every_row_before_the_answer(
    open: &dyn Fn(Follower) -> (Ledger, crate::LedgerThread),
) {
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let hears = heard.clone();
    let follower = Follower::new(move |trip, row| hears.lock().unwrap().push((trip, row.clone())));
    let (ledger, thread) = open(follower);
    adopt(&ledger, Box::new(|_| Some(1)));
    let mut expected = Vec::new();
    for order in [hold_one(1), Order::Extend { until: at(600) }, Order::LetGo, Order::LetGo] {
        let Outcome::Stepped(stepped) = ask(&ledger, 1, order) else { panic!("it was free") };
        expected.push((trip(1), stepped.row));
        expected.dedup();
        assert_eq!(*heard.lock().unwrap(), expected);
    }
    assert_eq!(expected.len(), 3);
    end(ledger, thread);
}
