//! What the model is about: three daemons, some trips, their keys and names, and the tables that
//! let a state of the model be a handful of small numbers instead of rows, receipts and proofs.

use agencia_protocol::trip::{
    ByDaemon, DaemonName, Incarnation, Outcome, Proof, Quote, Receipt, Refund, Revision, Timestamp,
    TripItem,
};
use agencia_protocol::{Locator, OfferKey, TripId};
use agencia_trip::receipt::{ProofClaim, QuoteClaim, Quoted, ReceiptClaim};
use agencia_trip::row::{Digest, Parts, Row, SoldItem};
use agencia_trip::{Fences, Key, Limits};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, RwLock};
use std::time::Duration;

/// Daemons.
pub(crate) const D: usize = 3;
/// The most trips of any model.
pub(crate) const T: usize = 3;
/// Offers of a daemon.
pub(crate) const OFFERS: usize = 2;

/// Before any hold expires.
pub(crate) fn early() -> Timestamp {
    Timestamp::from_unix_millis(1_800_000_000_000)
}
/// For how long everything is held.
pub(crate) const HOLD: Duration = Duration::from_secs(600);
/// How long a part has been pinned when its daemon may cause an abort.
pub(crate) const WAITED: Duration = Duration::from_secs(10);

/// After every hold has expired.
pub(crate) fn late() -> Timestamp {
    early().after(HOLD)
}

/// One way to book a trip: which daemon sells which version of its part. The first is the anchor.
pub(crate) type Variant = &'static [(u8, u8, u8)];

/// What a model is run with.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// The ways in which each trip may be booked; each entry is (daemon, revision, offer).
    pub(crate) trips: Vec<&'static [Variant]>,
    /// Units of every offer.
    pub(crate) capacity: u8,
    /// Whether booked trips may be cancelled.
    pub(crate) cancellation: bool,
    /// How many times a daemon may be restored from a backup.
    pub(crate) restores: u8,
}

/// The tables.
pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) names: [DaemonName; D],
    pub(crate) trips: [TripId; T],
    pub(crate) key: Key,
    pub(crate) limits: Limits,
    pub(crate) locator: Locator,
    /// For each trip and variant, the whole trip.
    pub(crate) parts: Vec<Vec<Arc<Parts>>>,
    rows: Table<Row>,
    receipts: Table<(DaemonName, Incarnation, Revision, Digest)>,
    proofs: Table<(DaemonName, Incarnation, Outcome, Digest)>,
}

/// Values by small numbers.
struct Table<V>(RwLock<(Vec<V>, HashMap<V, u16>)>);

impl<V: Clone + Eq + Hash> Table<V> {
    fn new() -> Self {
        Self(RwLock::new((Vec::new(), HashMap::new())))
    }

    fn number(&self, value: &V) -> u16 {
        if let Some(number) = self.0.read().unwrap().1.get(value) {
            return *number;
        }
        let (values, numbers) = &mut *self.0.write().unwrap();
        *numbers.entry(value.clone()).or_insert_with(|| {
            values.push(value.clone());
            u16::try_from(values.len() - 1).unwrap()
        })
    }

    fn value(&self, number: u16) -> V {
        self.0.read().unwrap().0[usize::from(number)].clone()
    }
}

pub(crate) fn item(offer: u8) -> TripItem {
    let id = format!("{offer:016x}").parse().unwrap();
    TripItem { id, units: 1_u16.to_string().parse().unwrap(), nights: None, price: None }
}

pub(crate) fn sold(asked: &TripItem) -> SoldItem {
    SoldItem { item: asked.clone(), offers: vec![asked.id.key()], record: "{}".to_owned() }
}

/// The offer of this item, as a place in the counters.
pub(crate) fn offer_of(item: &SoldItem) -> usize {
    let OfferKey(number) = item.offers[0];
    usize::try_from(number).unwrap()
}

impl World {
    pub(crate) fn new(setup: Setup) -> Self {
        let names: [DaemonName; D] =
            ["voos", "hospedagens", "passeios"].map(|name| name.parse().unwrap());
        let trips = [1_u64, 2, 3].map(|random| {
            let minted = uuid::Uuid::from_u64_pair(
                (u64::try_from(early().unix_millis()).unwrap() << 16) | 0x7000,
                (1 << 63) | random,
            );
            TripId::from_uuid(minted)
        });
        let whole = |variant: &Variant| {
            let items: ByDaemon<Vec<TripItem>> = variant
                .iter()
                .map(|(daemon, _, offer)| (names[usize::from(*daemon)].clone(), vec![item(*offer)]))
                .collect();
            Arc::new(Parts::new(names[usize::from(variant[0].0)].clone(), items))
        };
        let parts =
            setup.trips.iter().map(|variants| variants.iter().map(whole).collect()).collect();
        let world = Self {
            parts,
            setup,
            names,
            trips,
            key: Key::new([7; 32]),
            limits: Limits { hold_max: HOLD, ..Limits::default() },
            locator: Locator::new('V', [0; 5]).unwrap(),
            rows: Table::new(),
            receipts: Table::new(),
            proofs: Table::new(),
        };
        assert_eq!(world.row_number(&Row::default()), 0, "no row is number zero");
        world
    }

    pub(crate) fn daemon(&self, name: &DaemonName) -> usize {
        self.names.iter().position(|known| known == name).unwrap()
    }

    pub(crate) fn row(&self, number: u16) -> Row {
        self.rows.value(number)
    }

    pub(crate) fn row_number(&self, row: &Row) -> u16 {
        self.rows.number(row)
    }

    /// The bit of a receipt of this daemon among those of its trip.
    pub(crate) fn receipt_bit(
        &self,
        d: usize,
        life: u8,
        revision: Revision,
        parts: &Digest,
    ) -> u32 {
        let life = Incarnation(life.into());
        1 << self.receipts.number(&(self.names[d].clone(), life, revision, *parts))
    }

    /// The receipts of this daemon for these parts, of those in the mask.
    pub(crate) fn receipts(&self, t: usize, d: usize, parts: &Digest, mask: u32) -> Vec<Receipt> {
        let seal = |number: u16| {
            let (daemon, incarnation, revision, digest) = self.receipts.value(number);
            let ours = daemon == self.names[d] && digest == *parts;
            let claim =
                ReceiptClaim { trip: self.trips[t], daemon: &daemon, incarnation, revision, parts };
            ours.then(|| claim.seal(&self.key))
        };
        bits(mask).filter_map(seal).collect()
    }

    /// The bit of this proof among those of its trip.
    pub(crate) fn proof_bit(&self, claim: &ProofClaim) -> u32 {
        let ProofClaim { anchor, incarnation, outcome, parts, .. } = claim;
        1 << self.proofs.number(&(anchor.clone(), *incarnation, *outcome, *parts))
    }

    /// The proof of this number.
    pub(crate) fn proof(&self, t: usize, number: u16) -> (Outcome, Proof) {
        let claim = self.proof_claim(t, number);
        (claim.outcome, claim.seal(&self.key))
    }

    pub(crate) fn proof_claim(&self, t: usize, number: u16) -> ProofClaim {
        let (anchor, incarnation, outcome, parts) = self.proofs.value(number);
        ProofClaim { trip: self.trips[t], anchor, incarnation, outcome, parts }
    }

    pub(crate) fn quote(&self, t: usize, anchor: usize) -> Quote {
        let (trip, of, daemon) = (self.trips[t], Quoted::Trip, &self.names[anchor]);
        let (refund, expires) = (Refund(1), late().after(HOLD));
        QuoteClaim { trip, of, daemon, refund, expires }.seal(&self.key)
    }

    pub(crate) fn fences(&self, lives: &[u8; D]) -> Fences {
        let mut fences = Fences::default();
        for (name, life) in self.names.iter().zip(lives) {
            fences.raise(name, Incarnation((*life).into()));
        }
        fences
    }
}

/// The numbers of the bits that are set.
pub(crate) fn bits(mask: u32) -> impl Iterator<Item = u16> {
    (0..32).filter(move |bit| mask & (1 << bit) != 0)
}
