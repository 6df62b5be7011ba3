//! Units taken and given back. What is to be taken is compared with the capacity first; the
//! database's own constraint has the last word.

use super::{Fault, Guard, to_column};
use crate::UnitChange;
use crate::options::CapacityOf;
use agencia_protocol::OfferKey;
use agencia_trip::Units;
use agencia_trip::row::SoldItem;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

/// The units of one transaction.
pub(super) struct UnitsInForce<'a> {
    connection: &'a Connection,
    in_force: Option<&'a CapacityOf>,
    guard: Guard,
    /// The used units of each offer that has changed so far.
    changed: BTreeMap<OfferKey, u32>,
}

/// An offer's row as it will be.
pub(super) struct Move {
    offer: OfferKey,
    capacity: u32,
    used: u32,
    oversold: u32,
}

/// An offer's row as it is.
#[derive(Clone, Copy, Default)]
struct Counter {
    capacity: u32,
    used: u32,
}

impl<'a> UnitsInForce<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        in_force: Option<&'a CapacityOf>,
        guard: Guard,
    ) -> Self {
        Self { connection, in_force, guard, changed: BTreeMap::new() }
    }

    /// Each offer that has changed, once, with its used units now.
    pub(super) fn changes(&self) -> Vec<UnitChange> {
        self.changed.iter().map(|(&offer, &used)| UnitChange { offer, used }).collect()
    }

    /// What is to be written; or the first offer of which there are too few.
    pub(super) fn plan(&self, units: &Units) -> Result<Result<Vec<Move>, OfferKey>, Fault> {
        let none: &[SoldItem] = &[];
        let (free, take, beyond) = match units {
            Units::Stay => return Ok(Ok(Vec::new())),
            Units::Free(free) => (&**free, none, false),
            Units::Swap { free, take } => (&**free, &**take, false),
            Units::Restore { free, take } => (&**free, &**take, true),
        };
        let mut moves = Vec::new();
        for (offer, growth) in growth(free, take) {
            let planned = match growth {
                0 => continue,
                1.. if beyond => self.beyond(offer, growth)?,
                1.. => match self.take(offer, growth)? {
                    Some(planned) => planned,
                    None => return Ok(Err(offer)),
                },
                _ => self.give_back(offer, growth)?,
            };
            moves.push(planned);
        }
        Ok(Ok(moves))
    }

    /// Writes what was planned.
    pub(super) fn write(&mut self, moves: Vec<Move>) -> Result<(), Fault> {
        for Move { offer, capacity, used, oversold } in moves {
            self.connection
                .prepare_cached(
                    "insert into unit (offer, capacity, used, oversold) values (?1, ?2, ?3, ?4) \
                     on conflict (offer) do update \
                     set used = excluded.used, oversold = excluded.oversold",
                )?
                .execute((to_column(offer), capacity, used, oversold))?;
            self.changed.insert(offer, used);
        }
        Ok(())
    }

    fn counter(&self, offer: OfferKey) -> Result<Option<Counter>, Fault> {
        self.connection
            .prepare_cached("select capacity, used from unit where offer = ?1")?
            .query_row([to_column(offer)], |row| {
                Ok(Counter { capacity: row.get(0)?, used: row.get(1)? })
            })
            .optional()
    }

    fn capacity_in_force(&self, offer: OfferKey) -> Option<u32> {
        self.in_force.and_then(|of| of(offer))
    }

    /// Takes units that are free; nothing when they are not.
    fn take(&self, offer: OfferKey, growth: i64) -> Result<Option<Move>, Fault> {
        let Some(in_force) = self.capacity_in_force(offer) else { return Ok(None) };
        let counter = self.counter(offer)?;
        let Counter { capacity, used } = counter.unwrap_or(Counter { capacity: in_force, used: 0 });
        let free = match self.guard {
            Guard::Kept => capacity.saturating_sub(used),
            #[cfg(test)]
            Guard::TakenAway => u32::MAX - used,
        };
        let count = u32::try_from(growth).ok().filter(|count| *count <= free);
        Ok(count.map(|count| Move { offer, capacity, used: used + count, oversold: 0 }))
    }

    /// Takes units whether or not they are free.
    fn beyond(&self, offer: OfferKey, growth: i64) -> Result<Move, Fault> {
        let counter = self.counter(offer)?;
        let unknown = || Counter { capacity: self.capacity_in_force(offer).unwrap_or(0), used: 0 };
        let Counter { capacity, used } = counter.unwrap_or_else(unknown);
        let used = used.saturating_add(u32::try_from(growth).unwrap_or(u32::MAX));
        Ok(Move { offer, capacity, used, oversold: used.saturating_sub(capacity) })
    }

    /// Gives units back. It cannot fail: where the counter is too low already, which an audit
    /// shows, it ends at zero.
    fn give_back(&self, offer: OfferKey, growth: i64) -> Result<Move, Fault> {
        let Counter { capacity, used } = self.counter(offer)?.unwrap_or_default();
        let count = u32::try_from(growth.unsigned_abs()).unwrap_or(u32::MAX);
        let used = used.saturating_sub(count);
        Ok(Move { offer, capacity, used, oversold: used.saturating_sub(capacity) })
    }
}

/// By how much each offer's used units grow, in the order in which the offers are taken. An offer
/// that is named twice counts twice.
fn growth(free: &[SoldItem], take: &[SoldItem]) -> Vec<(OfferKey, i64)> {
    let counts = |items: &'_ [SoldItem], sign: i64| {
        let each = |sold: &SoldItem| {
            let count = sign * i64::from(sold.item.units.count());
            sold.offers.iter().map(move |offer| (*offer, count)).collect::<Vec<_>>()
        };
        items.iter().flat_map(each).collect::<Vec<_>>()
    };
    let mut growth: Vec<(OfferKey, i64)> = Vec::new();
    let mut places: BTreeMap<OfferKey, usize> = BTreeMap::new();
    for (offer, count) in counts(take, 1).into_iter().chain(counts(free, -1)) {
        let place = *places.entry(offer).or_insert_with(|| {
            growth.push((offer, 0));
            growth.len() - 1
        });
        growth[place].1 += count;
    }
    growth
}
