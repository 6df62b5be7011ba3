//! What is read out of the ledger: pages of trips, sums, the life of its database.

use agencia_protocol::trip::{DaemonName, Incarnation, Timestamp};
use agencia_protocol::{Day, OfferKey};
use agencia_trip::Fences;

/// Which trips a [page](crate::Ledger::page) shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Every trip that is remembered.
    All,
    /// Those whose part is booked here.
    Bookings {
        /// Only those with service on this day.
        day: Option<Day>,
    },
    /// Those with a part that waits for its outcome, pinned or settled by hand, or with an outcome
    /// that some part has not acknowledged.
    InDoubt,
    /// Those that an administrator settled by hand and no outcome has agreed with.
    Forced,
    /// Those in which this daemon has a part, as far as it is known here.
    WithPartOf {
        /// The daemon.
        daemon: DaemonName,
        /// Only what was written at this moment or later.
        since: Timestamp,
    },
}

/// One unit-count change that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitChange {
    /// The offer.
    pub offer: OfferKey,
    /// Its used units now: held, pinned and confirmed.
    pub used: u32,
}

/// How the adoption of an inventory ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopted {
    /// It is in force.
    Adopted {
        /// How many offers have used units but are not in it. Their trips are kept.
        withdrawn: u64,
    },
    /// It takes units from an offer that are used. The old one stays in force.
    BelowSold {
        /// The offer.
        offer: OfferKey,
        /// The units that the new inventory gives it.
        capacity: u32,
        /// The units that are held, pinned or confirmed.
        used: u32,
    },
}

/// The ledger's books: sums over all offers of which something was ever taken, the used units
/// added up again from the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audit {
    /// All units.
    pub capacity: u64,
    /// Those that nobody has.
    pub free: u64,
    /// Those of held parts.
    pub held: u64,
    /// Those of pinned parts.
    pub pinned: u64,
    /// Those of confirmed parts.
    pub confirmed: u64,
    /// By how much offers are above their capacity, after a recovery.
    pub oversold: u64,
    /// Whether the counters agree with the parts for every offer, and none is above its capacity.
    pub consistent: bool,
}

/// The life of the ledger's database, and which lives of its peers count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Life {
    /// Which life: it begins anew when a backup is put in force.
    pub incarnation: Incarnation,
    /// Whether it is being learned from the peers what the backup did not hold.
    pub recovering: bool,
    /// The earliest life of each peer whose seals still count.
    pub fences: Fences,
}
