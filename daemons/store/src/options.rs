//! How a ledger is opened, and what it calls on its thread.

use crate::UnitChange;
use agencia_protocol::trip::DaemonName;
use agencia_protocol::{Day, OfferKey, TripId};
use agencia_trip::row::SoldItem;
use agencia_trip::{Key, Limits, Row};
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

/// Is told what changed, on the ledger's thread, after the commit and before the answers. Each
/// offer comes once, with its used units after the commit. It must be quick and must not wait for
/// the ledger.
pub type Observer = Box<dyn FnMut(&[UnitChange]) + Send>;

/// Tells how many units an inventory gives an offer; nothing if the offer is not in it.
pub type CapacityOf = Box<dyn Fn(OfferKey) -> Option<u32> + Send>;

/// Puts an inventory in force in memory, given the used units of every offer of which something
/// was ever taken, also of those that are not in it.
pub type Install = Box<dyn FnOnce(&[UnitChange]) + Send>;

/// How a ledger is opened. [`new`](Self::new) gives every limit a good value.
#[derive(Debug, Clone)]
pub struct LedgerOptions {
    /// The database file. It is created if missing; its folder must exist. Beside it lie its
    /// `-wal` and `-shm` files, a `.lock` file and the ballast.
    pub path: PathBuf,
    /// The first letter of every locator, one of
    /// [`LOCATOR_ALPHABET`](agencia_protocol::LOCATOR_ALPHABET).
    pub locator_letter: char,
    /// The daemon whose ledger it is.
    pub name: DaemonName,
    /// The key of the agency's daemons.
    pub key: Key,
    /// How long things may take.
    pub trip_limits: Limits,
    /// How many requests may wait; at least one.
    pub queue_max: usize,
    /// How many orders may share a commit; at least one.
    pub batch_max: usize,
    /// How many bytes are kept in reserve for when the disk is full, in the file `….lastro` beside
    /// the database; none with 0. They let decisions, outcomes and releases finish.
    pub ballast_bytes: u64,
    /// On which days an item is used.
    pub service_days: ServiceDays,
    /// Who follows the trips.
    pub follower: Follower,
}

impl LedgerOptions {
    /// The ledger of this daemon in this file.
    pub fn new(path: PathBuf, locator_letter: char, name: DaemonName, key: Key) -> Self {
        Self {
            path,
            locator_letter,
            name,
            key,
            trip_limits: Limits::default(),
            queue_max: 1024,
            batch_max: 256,
            ballast_bytes: 8 * 1024 * 1024,
            service_days: ServiceDays::default(),
            follower: Follower::default(),
        }
    }
}

/// Tells on which days an item is used, the first and the last, as far as that can be read off it.
/// A booking of which no item has a known day is kept for ever. By default no day is known.
#[derive(Clone, Default)]
pub struct ServiceDays(Option<Arc<OfItem>>);

type OfItem = dyn Fn(&SoldItem) -> Option<RangeInclusive<Day>> + Send + Sync;

impl ServiceDays {
    /// The days that this function tells.
    pub fn new(
        of: impl Fn(&SoldItem) -> Option<RangeInclusive<Day>> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(of)))
    }

    /// From the first day of any item to the last day of any.
    pub(crate) fn of(&self, items: &[SoldItem]) -> Option<RangeInclusive<Day>> {
        let of = self.0.as_deref()?;
        let both = |one: RangeInclusive<Day>, other: RangeInclusive<Day>| {
            *one.start().min(other.start())..=*one.end().max(other.end())
        };
        items.iter().filter_map(of).reduce(both)
    }
}

/// Is told every row that was written, in their order, on the ledger's thread, after the commit
/// and before the answers: whoever keeps timers for trips misses none, also when nobody waits for
/// the answer any more. It must be quick and must not wait for the ledger. By default nobody.
#[derive(Clone, Default)]
pub struct Follower(Option<Arc<Told>>);

type Told = dyn Fn(TripId, &Arc<Row>) + Send + Sync;

impl Follower {
    /// The one that is told like this.
    pub fn new(told: impl Fn(TripId, &Arc<Row>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(told)))
    }

    pub(crate) fn tell(&self, trip: TripId, row: &Arc<Row>) {
        if let Some(told) = &self.0 {
            told(trip, row);
        }
    }
}

impl fmt::Debug for ServiceDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServiceDays").finish_non_exhaustive()
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Follower").finish_non_exhaustive()
    }
}
