//! What every ledger must do, whatever keeps it: tests over a way to open one, so that a second
//! backend runs the same ones. Each is given a place where nothing was sold yet.

mod model;

use crate::{
    Adopted, CapacityOf, Ledger, LedgerThread, Observer, Outcome, Reservation, Sale, StoreError,
    Unit, UnitChange,
};
use agencia_protocol::{OfferKey, TripId};
use futures_lite::future::block_on;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};

pub(crate) use model::random_sequences_equal_a_simple_model;

/// The limits under which a test wants its ledger.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) queue_max: usize,
    pub(crate) batch_max: usize,
}

pub(crate) const USUAL: Limits = Limits { queue_max: 1024, batch_max: 256 };

/// Opens the ledger of one place; again and again it is the same place.
pub(crate) type Open<'a> = &'a dyn Fn(Limits, Observer) -> (Ledger, LedgerThread);

/// Runs a test on a place where nothing was sold yet.
pub(crate) type OnANewPlace<'a> = &'a dyn Fn(&dyn Fn(Open<'_>));

pub(crate) fn quiet() -> Observer {
    Box::new(|_| {})
}

pub(crate) fn end(ledger: Ledger, thread: LedgerThread) {
    drop(ledger);
    thread.wait().unwrap();
}

/// A purchase by nobody in particular.
pub(crate) fn purchase(offers: &[u64], capacity: u32, count: u32) -> Reservation {
    let units = offers.iter().map(|&offer| Unit { offer: OfferKey(offer), capacity }).collect();
    let record = format!(r#"{{"sold":{offers:?}}}"#);
    Reservation { trip: None, units, count, record, at: 1_766_534_400_000 }
}

pub(crate) fn by_trip(number: u128, reservation: Reservation) -> Reservation {
    let trip = Some(TripId::from_uuid(uuid::Uuid::from_u128(number)));
    Reservation { trip, ..reservation }
}

pub(crate) fn buy(ledger: &Ledger, reservation: Reservation) -> Outcome {
    block_on(ledger.reserve(reservation)).unwrap()
}

pub(crate) fn bought(ledger: &Ledger, reservation: Reservation) -> Sale {
    match buy(ledger, reservation) {
        Outcome::Sold(sale) => sale,
        refused => panic!("{refused:?}"),
    }
}

fn sold_out(offer: u64) -> Outcome {
    Outcome::SoldOut { offer: OfferKey(offer) }
}

fn change(offer: u64, used: u32) -> UnitChange {
    UnitChange { offer: OfferKey(offer), used }
}

/// Adopts an inventory and tells with what it was installed, if it was.
fn adopt(ledger: &Ledger, capacity_of: CapacityOf) -> (Adopted, Option<Vec<UnitChange>>) {
    let (installed, read) = mpsc::channel();
    let install = Box::new(move |used: &[UnitChange]| installed.send(used.to_vec()).unwrap());
    (block_on(ledger.adopt(capacity_of, install)).unwrap(), read.recv().ok())
}

fn consistent_at(ledger: &Ledger, used: u64) {
    let audit = block_on(ledger.audit()).unwrap();
    assert!(audit.consistent, "{audit:?}");
    assert_eq!((audit.used, audit.recomputed), (used, used));
}

/// Makes the ledger's thread stop in its observer, in the middle of the first commit, until the
/// returned sender is dropped or sends; every later call goes through at once after a drop.
fn stopping() -> (Observer, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (stopped, is_stopped) = mpsc::channel();
    let (go, wait) = mpsc::channel();
    let observer = Box::new(move |_: &[UnitChange]| {
        stopped.send(()).ok();
        wait.recv().ok();
    });
    (observer, is_stopped, go)
}

/// Two hundred buyers want the last seat at once; tells how many got it.
pub(crate) fn buyers_of_the_last_seat(open: Open<'_>) -> u32 {
    const BUYERS: usize = 200;
    let (ledger, thread) = open(USUAL, quiet());
    let (start, winners) = (Arc::new(Barrier::new(BUYERS)), Arc::new(AtomicU32::new(0)));
    let buyers: Vec<_> = (0..BUYERS)
        .map(|_| {
            let (ledger, start, winners) = (ledger.clone(), start.clone(), winners.clone());
            std::thread::spawn(move || {
                start.wait();
                match buy(&ledger, purchase(&[1], 1, 1)) {
                    Outcome::Sold(_) => winners.fetch_add(1, Ordering::SeqCst),
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
    let (ledger, thread) = open(USUAL, quiet());
    consistent_at(&ledger, 1);
    end(ledger, thread);
}

pub(crate) fn what_was_sold_is_there_after_a_restart(open: Open<'_>) {
    let (ledger, thread) = open(USUAL, quiet());
    let sale = bought(&ledger, by_trip(1, purchase(&[1, u64::MAX], 2, 2)));
    end(ledger, thread);
    let (ledger, thread) = open(USUAL, quiet());
    assert_eq!(buy(&ledger, purchase(&[u64::MAX], 2, 1)), sold_out(u64::MAX));
    let again = bought(&ledger, by_trip(1, purchase(&[1, u64::MAX], 2, 2)));
    assert_eq!(again, Sale { repeated: true, ..sale });
    consistent_at(&ledger, 4);
    end(ledger, thread);
}

pub(crate) fn several_nights_are_all_taken_or_none(open: Open<'_>) {
    let (ledger, thread) = open(USUAL, quiet());
    bought(&ledger, purchase(&[2], 1, 1));
    assert_eq!(buy(&ledger, purchase(&[1, 2, 3], 1, 1)), sold_out(2));
    consistent_at(&ledger, 1);
    bought(&ledger, purchase(&[1], 1, 1));
    bought(&ledger, purchase(&[3], 1, 1));
    // In one commit with others, a refusal leaves nothing either and fails none of them.
    let nights = [&[4, 5][..], &[5, 6], &[6, 7]];
    let answers: Vec<_> = nights.map(|n| ledger.submit(purchase(n, 1, 1))).into();
    let outcomes: Vec<_> = answers.into_iter().map(|a| block_on(a).unwrap()).collect();
    assert!(matches!(outcomes[0], Outcome::Sold(_)));
    assert_eq!(outcomes[1], sold_out(5));
    assert!(matches!(outcomes[2], Outcome::Sold(_)));
    end(ledger, thread);
}

pub(crate) fn the_capacity_is_the_limit(open: Open<'_>) {
    let (ledger, thread) = open(USUAL, quiet());
    assert_eq!(buy(&ledger, purchase(&[1], 3, 4)), sold_out(1));
    bought(&ledger, purchase(&[1], 3, 3));
    assert_eq!(buy(&ledger, purchase(&[1], 3, 1)), sold_out(1));
    // Named twice it is taken twice.
    assert_eq!(buy(&ledger, purchase(&[2, 2], 3, 2)), sold_out(2));
    bought(&ledger, purchase(&[2, 2], 4, 2));
    bought(&ledger, purchase(&[3], u32::MAX, u32::MAX));
    assert_eq!(buy(&ledger, purchase(&[3, 3], u32::MAX, u32::MAX)), sold_out(3));
    consistent_at(&ledger, 7 + u64::from(u32::MAX));
    end(ledger, thread);
}

pub(crate) fn a_purchase_of_nothing_is_an_error(open: Open<'_>) {
    let (ledger, thread) = open(USUAL, quiet());
    for nothing in [purchase(&[], 1, 1), purchase(&[1], 1, 0)] {
        assert!(matches!(block_on(ledger.reserve(nothing)), Err(StoreError::Empty)));
    }
    end(ledger, thread);
}

pub(crate) fn a_repetition_buys_nothing_more(open: Open<'_>) {
    let (ledger, thread) = open(USUAL, quiet());
    let first = bought(&ledger, by_trip(1, purchase(&[1, 2], 1, 1)));
    assert!(!first.repeated);
    // The nights in another order and another record are the same purchase, as first sold.
    let again = Reservation { record: "{}".to_owned(), ..purchase(&[2, 1], 1, 1) };
    let again = bought(&ledger, by_trip(1, again));
    assert_eq!(again, Sale { repeated: true, ..first });
    // Both in one batch.
    let twice = [(); 2].map(|()| ledger.submit(by_trip(2, purchase(&[3], 5, 2))));
    let [first, again] = twice.map(|answer| match block_on(answer).unwrap() {
        Outcome::Sold(sale) => sale,
        refused => panic!("{refused:?}"),
    });
    assert_eq!(again, Sale { repeated: true, ..first });
    consistent_at(&ledger, 4);
    assert_eq!((ledger.stats().sales, ledger.stats().repeated), (2, 2));
    end(ledger, thread);
}

pub(crate) fn another_purchase_of_the_same_trip_is_a_conflict(open: Open<'_>) {
    let (ledger, thread) = open(USUAL, quiet());
    bought(&ledger, by_trip(1, purchase(&[1], 9, 2)));
    for other in [purchase(&[1], 9, 1), purchase(&[2], 9, 2), purchase(&[1, 2], 9, 2)] {
        assert_eq!(buy(&ledger, by_trip(1, other)), Outcome::Conflict);
    }
    consistent_at(&ledger, 2);
    end(ledger, thread);
}

pub(crate) fn a_refused_trip_may_try_again(open: Open<'_>) {
    let (ledger, thread) = open(USUAL, quiet());
    assert_eq!(buy(&ledger, by_trip(1, purchase(&[1], 1, 2))), sold_out(1));
    bought(&ledger, by_trip(1, purchase(&[2], 1, 1)));
    end(ledger, thread);
}

pub(crate) fn what_has_queued_shares_a_commit(open: Open<'_>) {
    let (observer, stopped, go) = stopping();
    let (ledger, thread) = open(Limits { batch_max: 100, ..USUAL }, observer);
    let mut answers = vec![ledger.submit(purchase(&[0], 1000, 1))];
    stopped.recv().unwrap();
    answers.extend((1..=100).map(|_| ledger.submit(purchase(&[0], 1000, 1))));
    answers.push(ledger.submit(purchase(&[0], 1000, 1)));
    drop(go);
    for answer in answers {
        assert!(matches!(block_on(answer).unwrap(), Outcome::Sold(_)));
    }
    // The first by itself, then a full batch, then the one that was past it.
    assert_eq!((ledger.stats().commits, ledger.stats().sales), (3, 102));
    end(ledger, thread);
}

pub(crate) fn the_queue_is_full_at_its_limit_and_not_before(open: Open<'_>) {
    let (observer, stopped, go) = stopping();
    let (ledger, thread) = open(Limits { queue_max: 3, ..USUAL }, observer);
    let mut answers = vec![ledger.submit(purchase(&[0], 100, 1))];
    stopped.recv().unwrap();
    answers.extend((0..3).map(|_| ledger.submit(purchase(&[0], 100, 1))));
    assert_eq!(ledger.stats().queued, 3);
    let past = ledger.submit(purchase(&[0], 100, 1));
    drop(go);
    assert!(matches!(block_on(past), Err(StoreError::Busy)));
    for answer in answers {
        assert!(matches!(block_on(answer).unwrap(), Outcome::Sold(_)));
    }
    consistent_at(&ledger, 4);
    end(ledger, thread);
}

pub(crate) fn the_queue_is_served_after_the_last_handle_is_gone(open: Open<'_>) {
    let (observer, stopped, go) = stopping();
    let (ledger, thread) = open(USUAL, observer);
    let first = ledger.submit(purchase(&[0], 100, 1));
    stopped.recv().unwrap();
    let last = ledger.submit(purchase(&[0], 100, 1));
    let ended = thread.ended();
    drop(ledger);
    drop(go);
    block_on(ended);
    thread.wait().unwrap();
    for answer in [first, last] {
        assert!(matches!(block_on(answer).unwrap(), Outcome::Sold(_)));
    }
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
    let first = ledger.submit(purchase(&[9], 9, 1));
    is_entered.recv().unwrap();
    let batch = [&[1, 2][..], &[2], &[2], &[9]].map(|o| ledger.submit(purchase(o, 2, 1)));
    drop(go);
    block_on(first).unwrap();
    let outcomes = batch.map(|answer| block_on(answer).unwrap());
    assert_eq!(outcomes[2], sold_out(2));
    // No waiting here: it was heard before the answer.
    let expected = vec![vec![change(9, 1)], vec![change(1, 1), change(2, 2), change(9, 2)]];
    assert_eq!(*seen.lock().unwrap(), expected);
    // A refusal changes nothing and is not heard.
    assert_eq!(buy(&ledger, purchase(&[2], 2, 1)), sold_out(2));
    assert_eq!(seen.lock().unwrap().len(), 2);
    end(ledger, thread);
}

pub(crate) fn an_inventory_below_what_is_sold_is_refused(open: Open<'_>) {
    let (ledger, thread) = open(USUAL, quiet());
    bought(&ledger, purchase(&[1], 5, 3));
    bought(&ledger, purchase(&[2], 5, 3));
    let less = |offer: OfferKey| Some(if offer.0 == 2 { 2 } else { 9 });
    let expected = Adopted::BelowSold { offer: OfferKey(2), capacity: 2, used: 3 };
    assert_eq!(adopt(&ledger, Box::new(less)), (expected, None));
    // The old capacities stay, of the other offers too.
    assert_eq!(buy(&ledger, purchase(&[1], 9, 3)), sold_out(1));
    bought(&ledger, purchase(&[2], 5, 2));
    end(ledger, thread);
}

pub(crate) fn an_inventory_is_put_in_force(open: Open<'_>) {
    let (ledger, thread) = open(USUAL, quiet());
    assert_eq!(adopt(&ledger, Box::new(|_| None)).1, Some(vec![]));
    adopt(&ledger, Box::new(|_| Some(5)));
    for offer in 1..=3 {
        bought(&ledger, purchase(&[offer], 5, 3));
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
    // What was queued under the old inventory is judged by the new one.
    assert_eq!(buy(&ledger, purchase(&[1], 5, 1)), sold_out(1));
    bought(&ledger, purchase(&[2], 5, 3));
    assert_eq!(buy(&ledger, purchase(&[3], 5, 1)), sold_out(3));
    assert_eq!(buy(&ledger, purchase(&[4], 5, 2)), sold_out(4));
    assert_eq!(buy(&ledger, purchase(&[5], 5, 1)), sold_out(5));
    consistent_at(&ledger, 12);
    // A withdrawn offer is kept: it comes back with what was sold of it.
    adopt(&ledger, Box::new(|_| Some(9)));
    assert_eq!(buy(&ledger, purchase(&[3], 9, 7)), sold_out(3));
    bought(&ledger, purchase(&[3], 9, 6));
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
    let first = ledger.submit(purchase(&[1], 9, 1));
    is_entered.recv().unwrap();
    let before = ledger.submit(purchase(&[1], 9, 1));
    let install = Box::new(move |used: &[UnitChange]| {
        installed.lock().unwrap().push(format!("installed {}", used[0].used));
    });
    let mut adoption = Box::pin(ledger.adopt(Box::new(|_| Some(9)), install));
    // Polled once, it is in the queue, between the two purchases.
    assert!(block_on(futures_lite::future::poll_once(&mut adoption)).is_none());
    let after = ledger.submit(purchase(&[1], 9, 1));
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

pub(crate) fn a_panic_leaves_nobody_waiting(open: Open<'_>) {
    let (ledger, thread) = open(USUAL, Box::new(|_| panic!("the observer panics")));
    let answer = block_on(ledger.reserve(purchase(&[1], 1, 1)));
    assert!(matches!(answer, Err(StoreError::Unknown)));
    assert!(matches!(thread.wait(), Err(StoreError::Panicked { .. })));
    assert!(matches!(block_on(ledger.audit()), Err(StoreError::Closed)));
    let (ledger, thread) = open(USUAL, quiet());
    // It was durable before anyone was told.
    assert_eq!(buy(&ledger, purchase(&[1], 1, 1)), sold_out(1));
    end(ledger, thread);
}
