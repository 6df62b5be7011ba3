//! What is asked of the ledger and what it answers, as plain values. Refusals are among them:
//! only a fault is a [`StoreError`](crate::StoreError).

use agencia_protocol::{Locator, OfferKey, TripId};

/// A one-step purchase: so many units of each of these offers, all of them or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The trip that buys, if the buyer named one. It makes a repetition recognisable: the same
    /// trip is never sold to twice.
    pub trip: Option<TripId>,
    /// What is taken; for a stay one offer a night. An offer that is named twice is taken twice.
    pub units: Vec<Unit>,
    /// How many units of each.
    pub count: u32,
    /// The offer as sold, a JSON object. It is kept as given and comes back in [`Sale::record`].
    pub record: String,
    /// When, in milliseconds of Unix time; the ledger has no clock of its own.
    pub at: i64,
}

impl Reservation {
    /// Each offer once, in the order in which they were named, with the units to take of it.
    pub(crate) fn wanted(&self) -> Vec<(Unit, u64)> {
        let mut wanted: Vec<(Unit, u64)> = Vec::with_capacity(self.units.len());
        for unit in &self.units {
            match wanted.iter_mut().find(|(earlier, _)| earlier.offer == unit.offer) {
                Some((_, count)) => *count += u64::from(self.count),
                None => wanted.push((*unit, u64::from(self.count))),
            }
        }
        wanted
    }

    /// Whether it takes nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.units.is_empty() || self.count == 0
    }
}

/// One offer of a [`Reservation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// The offer.
    pub offer: OfferKey,
    /// How many units it has in all, as the catalog says. It counts only for the first sale of an
    /// offer in a ledger that has [adopted](crate::Ledger::adopt) no inventory yet; otherwise the
    /// inventory in force decides.
    pub capacity: u32,
}

/// How a purchase ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is the buyer's, durably.
    Sold(Sale),
    /// Too few units were left of this offer, the first of the reservation for which that is so,
    /// or it is no longer on sale. Nothing was taken.
    SoldOut {
        /// The offer.
        offer: OfferKey,
    },
    /// The same trip already bought something else. Nothing was taken.
    Conflict,
}

/// A purchase that is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The code on the voucher.
    pub locator: Locator,
    /// The record of the first request: what the traveller saw when it was sold.
    pub record: String,
    /// Whether it had been bought before, by the same trip; nothing more was taken now.
    pub repeated: bool,
}

/// One unit-count change that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitChange {
    /// The offer.
    pub offer: OfferKey,
    /// Its used units now.
    pub used: u32,
}

/// How the adoption of an inventory ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopted {
    /// It is in force.
    Adopted {
        /// How many offers have sold units but are not in it. Their sales are kept.
        withdrawn: u64,
    },
    /// It gives an offer fewer units than were sold of it. The old one stays in force.
    BelowSold {
        /// The offer.
        offer: OfferKey,
        /// The units that the new inventory gives it.
        capacity: u32,
        /// The units that are sold.
        used: u32,
    },
}

/// The ledger's books, added up twice: from the counters and from the sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audit {
    /// The capacity of every offer of which something was ever sold.
    pub capacity: u64,
    /// The used units of those offers, by their counters.
    pub used: u64,
    /// The same, added up from the sales.
    pub recomputed: u64,
    /// Whether both agree for every offer, and none is above its capacity.
    pub consistent: bool,
}
