//! Who acts in the tests: purchases, trips, and the daemons around the ledger.

use super::{Open, USUAL};
use crate::{
    Adopted, Audit, CapacityOf, Ledger, LedgerThread, Observer, Order, Outcome, ServiceDays,
    StoreError, UnitChange,
};
use agencia_protocol::trip::{
    ByDaemon, DaemonName, Incarnation, Outcome as Verdict, Proof, Receipt, Refund, Revision,
    Timestamp, Traveller,
};
use agencia_protocol::{Day, Locator, Nights, OfferId, OfferKey, People, TripId};
use agencia_trip::receipt::{ProofClaim, ReceiptClaim};
use agencia_trip::row::{Parts, SoldItem};
use agencia_trip::{Key, Refusal, Reply, Row};
use futures_lite::future::block_on;
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// A Christmas Eve at midnight, and its number.
pub(crate) const NOW: i64 = 1_766_534_400_000;
pub(crate) const TODAY: u16 = 20_446;

pub(crate) fn at(secs: i64) -> Timestamp {
    Timestamp::from_unix_millis(NOW + secs * 1000)
}

/// The trip with this number, begun a second before the tests.
pub(crate) fn trip(number: u32) -> TripId {
    let mut random = [0; 10];
    random[6..].copy_from_slice(&number.to_be_bytes());
    let begun = u64::try_from(NOW - 1000).unwrap();
    TripId::from_uuid(uuid::Builder::from_unix_timestamp_millis(begun, &random).into_uuid())
}

/// The flights: the daemon whose ledger is tested.
pub(crate) fn flights() -> DaemonName {
    "voos".parse().unwrap()
}

/// Another daemon, after the flights or before them in the order of anchors, as a test needs.
pub(crate) fn stays() -> DaemonName {
    "hospedagens".parse().unwrap()
}

pub(crate) fn key() -> Key {
    Key::new([7; 32])
}

/// Each offer is used on the day that is so many after today.
pub(crate) fn service_days() -> ServiceDays {
    ServiceDays::new(|sold| {
        let day = |offer: &OfferKey| u16::try_from(offer.0).ok().map(|after| TODAY + after);
        let first = sold.offers.iter().filter_map(day).min()?;
        let last = sold.offers.iter().filter_map(day).max()?;
        Some(Day::from_number(first)..=Day::from_number(last))
    })
}

/// So many units of an item that consists of these offers.
pub(crate) fn sold(offers: &[u64], count: u16) -> SoldItem {
    let nights = u16::try_from(offers.len()).unwrap();
    SoldItem {
        item: agencia_protocol::trip::TripItem {
            id: OfferId::from_key(OfferKey(offers[0])),
            units: People::new(count).unwrap(),
            nights: if nights > 1 { Nights::new(nights) } else { None },
            price: None,
        },
        offers: offers.iter().copied().map(OfferKey).collect(),
        record: format!(r#"{{"sold":{offers:?}}}"#),
    }
}

pub(crate) fn items(of: &[&[u64]]) -> Arc<[SoldItem]> {
    of.iter().map(|offers| sold(offers, 1)).collect()
}

/// A purchase of one item.
pub(crate) fn purchase(offers: &[u64], count: u16) -> Order {
    Order::Reserve { items: [sold(offers, count)].into() }
}

/// A hold of five minutes.
pub(crate) fn hold(revision: u32, items: Arc<[SoldItem]>) -> Order {
    Order::Hold { revision: Revision(revision), items, time: Duration::from_secs(300) }
}

pub(crate) fn quote(own: Refund) -> Order {
    Order::Quote { own, shares: ByDaemon::new() }
}

pub(crate) fn hold_one(offer: u64) -> Order {
    hold(0, items(&[&[offer]]))
}

/// A trip of a flight, and of a stay in the other daemon.
pub(crate) fn parts(anchor: DaemonName, flights_items: &[SoldItem]) -> Arc<Parts> {
    let own = flights_items.iter().map(|sold| sold.item.clone()).collect();
    let other = vec![sold(&[77], 1).item];
    Arc::new(Parts::new(anchor, [(flights(), own), (stays(), other)].into()))
}

pub(crate) fn pin(revision: u32, parts: &Arc<Parts>) -> Order {
    Order::Pin { revision: Revision(revision), parts: parts.clone() }
}

/// The receipt of the other daemon, in this life of it.
pub(crate) fn receipts(number: u32, parts: &Parts, incarnation: u64) -> ByDaemon<Receipt> {
    let (daemon, incarnation) = (stays(), Incarnation(incarnation));
    let (trip, revision) = (trip(number), Revision(0));
    let claim =
        ReceiptClaim { trip, daemon: &daemon, incarnation, revision, parts: parts.digest() };
    [(daemon.clone(), claim.seal(&key()))].into()
}

pub(crate) fn travellers() -> Vec<Traveller> {
    let (name, surname) = ("Ana".parse().unwrap(), "Lima".parse().unwrap());
    vec![Traveller { name, surname, document: None }]
}

pub(crate) fn decide(number: u32, parts: &Arc<Parts>) -> Order {
    Order::Decide {
        parts: parts.clone(),
        receipts: receipts(number, parts, 0),
        travellers: travellers(),
        contact: None,
    }
}

/// The word of the other daemon, where it is the anchor.
pub(crate) fn proof(number: u32, parts: &Parts, outcome: Verdict) -> Proof {
    let (anchor, incarnation, parts) = (stays(), Incarnation(0), *parts.digest());
    ProofClaim { trip: trip(number), anchor, incarnation, outcome, parts }.seal(&key())
}

pub(crate) fn apply(number: u32, parts: &Parts, outcome: Verdict) -> Order {
    let locator = (outcome == Verdict::Committed).then(|| Locator::new('H', [1; 5]).unwrap());
    Order::Apply { outcome, proof: proof(number, parts, outcome), locator }
}

pub(crate) fn quiet() -> Observer {
    Box::new(|_| {})
}

/// Opens a place with this many units of every offer on sale.
pub(crate) fn on_sale(open: Open<'_>, units: u32) -> (Ledger, LedgerThread) {
    let (ledger, thread) = open(USUAL, quiet());
    adopt(&ledger, Box::new(move |_| Some(units)));
    (ledger, thread)
}

pub(crate) fn end(ledger: Ledger, thread: LedgerThread) {
    drop(ledger);
    thread.wait().unwrap();
}

/// Asks something of a trip at the usual moment.
pub(crate) fn ask(ledger: &Ledger, number: u32, order: Order) -> Outcome {
    ask_at(ledger, number, order, 0)
}

pub(crate) fn ask_at(ledger: &Ledger, number: u32, order: Order, secs: i64) -> Outcome {
    try_at(ledger, number, order, secs).unwrap()
}

pub(crate) fn try_at(
    ledger: &Ledger,
    number: u32,
    order: Order,
    secs: i64,
) -> Result<Outcome, StoreError> {
    block_on(ledger.step(trip(number), order, at(secs)))
}

/// What the machines replied.
pub(crate) fn reply(outcome: Outcome) -> Reply {
    match outcome {
        Outcome::Stepped(stepped) => stepped.reply,
        sold_out @ Outcome::SoldOut { .. } => panic!("{sold_out:?}"),
    }
}

pub(crate) fn refused(refusal: Refusal) -> Reply {
    Reply::Refused(refusal)
}

/// The locator of a purchase that was made, and whether it had been made before.
pub(crate) fn bought(outcome: Outcome) -> (Locator, bool) {
    match reply(outcome) {
        Reply::Reserved { locator: Some(locator), repeated, .. } => (locator, repeated),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn buy(ledger: &Ledger, number: u32, offers: &[u64]) -> Locator {
    bought(ask(ledger, number, purchase(offers, 1))).0
}

pub(crate) fn sold_out(offer: u64) -> Outcome {
    Outcome::SoldOut { offer: OfferKey(offer) }
}

pub(crate) fn change(offer: u64, used: u32) -> UnitChange {
    UnitChange { offer: OfferKey(offer), used }
}

pub(crate) fn row(ledger: &Ledger, number: u32) -> Option<Arc<Row>> {
    block_on(ledger.row(trip(number))).unwrap()
}

/// Adopts an inventory and tells with what it was installed, if it was.
pub(crate) fn adopt(
    ledger: &Ledger,
    capacity_of: CapacityOf,
) -> (Adopted, Option<Vec<UnitChange>>) {
    let (installed, read) = mpsc::channel();
    let install = Box::new(move |used: &[UnitChange]| installed.send(used.to_vec()).unwrap());
    (block_on(ledger.adopt(capacity_of, install)).unwrap(), read.recv().ok())
}

pub(crate) fn audit(ledger: &Ledger) -> Audit {
    block_on(ledger.audit()).unwrap()
}

/// Checks that the books add up to these held, pinned and confirmed units.
pub(crate) fn consistent_at(ledger: &Ledger, held: u64, pinned: u64, confirmed: u64) {
    let audit = audit(ledger);
    assert!(audit.consistent, "{audit:?}");
    assert_eq!((audit.held, audit.pinned, audit.confirmed), (held, pinned, confirmed), "{audit:?}");
    assert_eq!(audit.capacity - audit.free, held + pinned + confirmed);
}

/// Makes the ledger's thread stop in its observer, in the middle of the first commit, until the
/// returned sender is dropped or sends; every later call goes through at once after a drop.
pub(crate) fn stopping() -> (Observer, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (stopped, is_stopped) = mpsc::channel();
    let (go, wait) = mpsc::channel();
    let observer = Box::new(move |_: &[UnitChange]| {
        stopped.send(()).ok();
        wait.recv().ok();
    });
    (observer, is_stopped, go)
}
