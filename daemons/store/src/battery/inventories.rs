//! Putting inventories in force over what is held, pinned and confirmed.

use super::*;
use crate::{Adopted, UnitChange};
use agencia_protocol::OfferKey;
use agencia_protocol::trip::Outcome as Verdict;
use futures_lite::future::block_on;
use std::sync::{Arc, Mutex, mpsc};

pub(crate) fn an_inventory_below_what_is_used_is_refused(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 5);
    bought(ask(&ledger, 1, purchase(&[1], 3)));
    // Held, pinned and confirmed count alike.
    let all = items(&[&[2]]);
    ask(&ledger, 2, hold(0, all.clone()));
    ask(&ledger, 3, hold(0, all.clone()));
    ask(&ledger, 3, pin(0, &parts(stays(), &all)));
    bought(ask(&ledger, 4, purchase(&[2], 1)));
    let less = |offer: OfferKey| Some(if offer.0 == 2 { 2 } else { 9 });
    let expected = Adopted::BelowSold { offer: OfferKey(2), capacity: 2, used: 3 };
    assert_eq!(adopt(&ledger, Box::new(less)), (expected, None));
    // The old capacities stay, of the other offers too.
    assert_eq!(ask(&ledger, 5, purchase(&[1], 3)), sold_out(1));
    bought(ask(&ledger, 6, purchase(&[2], 2)));
    end(ledger, thread);
}

pub(crate) fn an_inventory_is_put_in_force(open: Open<'_>) {
    let (ledger, thread) = open(USUAL, quiet());
    assert_eq!(adopt(&ledger, Box::new(|_| None)).1, Some(vec![]));
    adopt(&ledger, Box::new(|_| Some(5)));
    for (number, offer) in [(1, 1), (2, 2), (3, 3)] {
        bought(ask(&ledger, number, purchase(&[offer], 3)));
    }
    let new = |offer: OfferKey| match offer.0 {
        1 => Some(3),
        2 => Some(6),
        4 => Some(1),
        _ => None,
    };
    let (adopted, installed) = adopt(&ledger, Box::new(new));
    assert_eq!(adopted, Adopted::Adopted { withdrawn: 1 });
    assert_eq!(installed, Some(vec![change(1, 3), change(2, 3), change(3, 3)]));
    assert_eq!(ask(&ledger, 11, purchase(&[1], 1)), sold_out(1));
    bought(ask(&ledger, 12, purchase(&[2], 3)));
    assert_eq!(ask(&ledger, 13, purchase(&[3], 1)), sold_out(3));
    assert_eq!(ask(&ledger, 14, purchase(&[4], 2)), sold_out(4));
    assert_eq!(ask(&ledger, 15, purchase(&[5], 1)), sold_out(5));
    consistent_at(&ledger, 0, 0, 12);
    // A withdrawn offer is kept: it comes back with what was sold of it.
    adopt(&ledger, Box::new(|_| Some(9)));
    assert_eq!(ask(&ledger, 16, purchase(&[3], 7)), sold_out(3));
    bought(ask(&ledger, 17, purchase(&[3], 6)));
    end(ledger, thread);
}

pub(crate) fn a_hold_of_a_withdrawn_offer_is_kept(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 5);
    let both = items(&[&[1], &[2]]);
    ask(&ledger, 1, hold(0, both.clone()));
    adopt(&ledger, Box::new(|offer| (offer.0 != 1).then_some(5)));
    // It may be kept in a revision, and given back; more of it is not had.
    ask(&ledger, 1, hold(1, items(&[&[1], &[3]])));
    let more = [sold(&[1], 2)].into();
    assert_eq!(ask(&ledger, 1, hold(2, more)), sold_out(1));
    let all = items(&[&[1], &[3]]);
    let whole = parts(stays(), &all);
    ask(&ledger, 1, pin(1, &whole));
    consistent_at(&ledger, 0, 2, 0);
    ask(&ledger, 1, apply(1, &whole, Verdict::Aborted));
    consistent_at(&ledger, 0, 0, 0);
    end(ledger, thread);
}

pub(crate) fn no_commit_falls_between_two_inventories(open: Open<'_>) {
    let order: Arc<Mutex<Vec<String>>> = Arc::default();
    let (observed, installed) = (order.clone(), order.clone());
    let (entered, is_entered) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let observer = Box::new(move |changes: &[UnitChange]| {
        observed.lock().unwrap().push(format!("used {}", changes[0].used));
        entered.send(()).ok();
        wait.recv().ok();
    });
    let (ledger, thread) = open(USUAL, observer);
    adopt(&ledger, Box::new(|_| Some(9)));
    let queue = |number| ledger.step(trip(number), purchase(&[1], 1), at(0));
    let first = queue(1);
    is_entered.recv().unwrap();
    let before = queue(2);
    let install = Box::new(move |used: &[UnitChange]| {
        installed.lock().unwrap().push(format!("installed {}", used[0].used));
    });
    let mut adoption = Box::pin(ledger.adopt(Box::new(|_| Some(9)), install));
    // Polled once, it is in the queue, between the two purchases.
    assert!(block_on(futures_lite::future::poll_once(&mut adoption)).is_none());
    let after = queue(3);
    drop(go);
    block_on(async {
        adoption.await.unwrap();
        for purchase in [first, before, after] {
            purchase.await.unwrap();
        }
    });
    assert_eq!(*order.lock().unwrap(), ["used 1", "used 2", "installed 2", "used 3"]);
    end(ledger, thread);
}
