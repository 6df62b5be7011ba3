//! One purchase inside the transaction of its batch: everything is checked before anything is
//! written, so that a refusal leaves nothing of itself and needs no savepoint.

use super::{Draw, Fault, Guard, to_column};
use crate::ledger::CapacityOf;
use crate::{Outcome, Reservation, Sale, StoreError, Unit};
use agencia_protocol::{Locator, OfferKey, TripId};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

/// How many locators are drawn for one sale before it is given up. With half of the ten million
/// taken, this many draws fail once in 2^64 sales.
const DRAWS_MAX: u32 = 64;

/// The purchases of one transaction.
pub(super) struct Purchases<'a> {
    pub(super) connection: &'a Connection,
    pub(super) in_force: Option<&'a CapacityOf>,
    pub(super) letter: char,
    pub(super) draw: &'a mut Draw,
    pub(super) guard: Guard,
    /// The used units of each offer that has changed so far.
    pub(super) changed: BTreeMap<OfferKey, u32>,
}

/// Units that may be taken: the row as it will be, and by how much it grows.
struct Take {
    offer: OfferKey,
    capacity: u32,
    used: u32,
    count: u32,
}

/// A sale as it is kept.
struct Kept {
    id: i64,
    locator: Locator,
    record: String,
}

impl Purchases<'_> {
    /// Applies one reservation. The inner error concerns this one only; a fault is everyone's.
    pub(super) fn apply(
        &mut self,
        reservation: &Reservation,
    ) -> Result<Result<Outcome, StoreError>, Fault> {
        let wanted = reservation.wanted();
        if let Some(trip) = &reservation.trip
            && let Some(earlier) = self.sale_of(trip)?
        {
            return self.repetition(earlier, &wanted).map(Ok);
        }
        let mut takes = Vec::with_capacity(wanted.len());
        for (unit, count) in wanted {
            match self.take(unit, count)? {
                Some(take) => takes.push(take),
                None => return Ok(Ok(Outcome::SoldOut { offer: unit.offer })),
            }
        }
        let Some((id, locator)) = self.insert_sale(reservation)? else {
            return Ok(Err(StoreError::NoLocator { draws: DRAWS_MAX }));
        };
        for take in takes {
            self.write(id, &take)?;
        }
        let record = reservation.record.clone();
        Ok(Ok(Outcome::Sold(Sale { locator, record, repeated: false })))
    }

    fn sale_of(&self, trip: &TripId) -> Result<Option<Kept>, Fault> {
        self.connection
            .prepare_cached("select id, locator, record from sale where trip = ?1")?
            .query_row([trip.as_bytes()], |row| {
                let locator: String = row.get(1)?;
                let locator = locator.parse().map_err(|error| {
                    Fault::FromSqlConversionFailure(1, Type::Text, Box::new(error))
                })?;
                Ok(Kept { id: row.get(0)?, locator, record: row.get(2)? })
            })
            .optional()
    }

    /// The same purchase again is answered as it was; another one under the same name is refused.
    fn repetition(&self, earlier: Kept, wanted: &[(Unit, u64)]) -> Result<Outcome, Fault> {
        let mut statement = self
            .connection
            .prepare_cached("select offer, count from sale_unit where sale = ?1 order by offer")?;
        let taken: Vec<(i64, u64)> = statement
            .query_map([earlier.id], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut wanted: Vec<(i64, u64)> =
            wanted.iter().map(|(unit, count)| (to_column(unit.offer), *count)).collect();
        wanted.sort_unstable();
        if taken != wanted {
            return Ok(Outcome::Conflict);
        }
        let Kept { locator, record, .. } = earlier;
        Ok(Outcome::Sold(Sale { locator, record, repeated: true }))
    }

    /// Whether so many units may be taken, and what the offer's row will then be.
    fn take(&self, unit: Unit, count: u64) -> Result<Option<Take>, Fault> {
        let offer = unit.offer;
        let Some(capacity) = self.in_force.map_or(Some(unit.capacity), |of| of(offer)) else {
            return Ok(None);
        };
        let row = self
            .connection
            .prepare_cached("select capacity, used from unit where offer = ?1")?
            .query_row([to_column(offer)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (capacity, used): (u32, u32) = row.unwrap_or((capacity, 0));
        let free = match self.guard {
            Guard::Kept => capacity.saturating_sub(used),
            #[cfg(test)]
            Guard::TakenAway => u32::MAX - used,
        };
        let count = u32::try_from(count).ok().filter(|count| *count <= free);
        Ok(count.map(|count| Take { offer, capacity, used: used + count, count }))
    }

    /// Writes the sale under a locator that is free; nothing if none was found.
    fn insert_sale(&mut self, reservation: &Reservation) -> Result<Option<(i64, Locator)>, Fault> {
        let mut statement = self.connection.prepare_cached(
            "insert into sale (locator, trip, at, record) values (?1, ?2, ?3, ?4) \
             on conflict (locator) do nothing",
        )?;
        let trip = reservation.trip.as_ref().map(TripId::as_bytes);
        for _ in 0..DRAWS_MAX {
            let Some(locator) = Locator::new(self.letter, (self.draw)()) else { break };
            let values = (locator.as_str(), trip, reservation.at, &reservation.record);
            if statement.execute(values)? == 1 {
                return Ok(Some((self.connection.last_insert_rowid(), locator)));
            }
        }
        Ok(None)
    }

    fn write(&mut self, sale: i64, take: &Take) -> Result<(), Fault> {
        let offer = to_column(take.offer);
        self.connection
            .prepare_cached(
                "insert into unit (offer, capacity, used) values (?1, ?2, ?3) \
                 on conflict (offer) do update set used = excluded.used",
            )?
            .execute((offer, take.capacity, take.used))?;
        self.connection
            .prepare_cached("insert into sale_unit (sale, offer, count) values (?1, ?2, ?3)")?
            .execute((sale, offer, take.count))?;
        self.changed.insert(take.offer, take.used);
        Ok(())
    }
}
