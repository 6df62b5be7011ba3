//! Retention: what is no longer remembered, and the units that go with it.

use super::rows::{BOOKING, OVER, TOMBSTONE, trip_and_row};
use super::units::UnitsInForce;
use super::{Applied, Database, Fault, to_column};
use agencia_protocol::TripId;
use agencia_protocol::trip::Timestamp;
use agencia_trip::{Row, Units};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::time::Duration;

/// How many trips are forgotten in one transaction, so that no purchase waits long.
const FORGOTTEN_MAX: usize = 500;

/// What was forgotten in one transaction.
pub(crate) struct Forgotten {
    pub(crate) trips: usize,
    /// Whether there may be more.
    pub(crate) more: bool,
    pub(crate) applied: Applied,
}

impl Database {
    /// Forgets some of what is over: tombstones, and bookings that every part has acknowledged.
    /// Nothing while the ledger recovers, nor what was settled by hand. The units of a booking
    /// that is over are free, should its offer's id be used for another one.
    pub(crate) fn forget(&mut self, now: Timestamp) -> Result<Forgotten, Fault> {
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let mut units = UnitsInForce::new(&transaction, self.in_force.as_ref(), self.guard);
        let mut trips = Vec::new();
        let limits = &self.desk.limits;
        for (kind, retention) in
            [(TOMBSTONE, limits.tombstone), (BOOKING, limits.booking), (OVER, limits.booking)]
        {
            if !self.desk.life.recovering {
                let room = FORGOTTEN_MAX - trips.len();
                trips.extend(over(&transaction, kind, retention, now, room)?);
            }
        }
        let mut delete = transaction.prepare_cached("delete from trip where trip = ?1")?;
        for (trip, row) in &trips {
            delete.execute([trip.as_bytes()])?;
            let Some(part) = row.part.as_ref().filter(|part| part.state.has_units()) else {
                continue;
            };
            if let Ok(moves) = units.plan(&Units::Free(part.items.clone()))? {
                units.write(moves)?;
            }
        }
        drop(delete);
        let changes = units.changes();
        let unused = changes.iter().filter(|change| change.used == 0);
        for change in unused {
            let sql = "delete from unit where offer = ?1 and used = 0";
            transaction.prepare_cached(sql)?.execute([to_column(change.offer)])?;
        }
        transaction.commit()?;
        self.recent.clear();
        let applied = Applied { changes, ..Applied::default() };
        Ok(Forgotten { trips: trips.len(), more: trips.len() == FORGOTTEN_MAX, applied })
    }
}

fn over(
    connection: &Connection,
    kind: u8,
    retention: Duration,
    now: Timestamp,
    room: usize,
) -> Result<Vec<(TripId, Row)>, Fault> {
    let retention = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
    let latest = now.unix_millis().saturating_sub(retention);
    connection
        .prepare_cached(
            "select trip, row from trip \
             where kind = ?1 and over_at <= ?2 and live = 0 and forced = 0 limit ?3",
        )?
        .query_map(params![kind, latest, room], trip_and_row)?
        .collect()
}
