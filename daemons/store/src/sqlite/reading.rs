//! A second connection that only reads, so that lists and sums hold no purchase up. Every read is
//! as of one moment, and sees everything that was answered before it was asked for.

use super::Fault;
use super::rows::{BOOKING, begin_of, trip_and_row};
use crate::{Filter, Life};
use agencia_protocol::TripId;
use agencia_protocol::trip::{DaemonName, RECOVERED_MAX, Recover, RecoverReply};
use agencia_trip::{Desk, Key, Limits, Row, recovery};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use std::path::Path;

/// The connection that only reads.
pub(crate) struct Reader {
    pub(super) connection: Connection,
}

impl Reader {
    /// Opens a database that the ledger has open too.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        Ok(Self { connection })
    }

    /// Every trip for which something is still to be done.
    pub(crate) fn live(&self) -> Result<Vec<(TripId, Row)>, Fault> {
        self.connection
            .prepare_cached("select trip, row from trip where live > 0 order by trip")?
            .query_map([], trip_and_row)?
            .collect()
    }

    /// Trips in the order of their ids.
    pub(crate) fn page(
        &self,
        filter: &Filter,
        after: Option<TripId>,
        limit: usize,
    ) -> Result<Vec<(TripId, Row)>, Fault> {
        let (condition, values) = condition(filter);
        let sql =
            format!("select trip, row from trip where trip > ? and {condition} order by trip");
        let start = after.map_or(Vec::new(), |trip| trip.as_bytes().to_vec());
        let values = std::iter::once(Value::Blob(start)).chain(values);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let shown = |found: &Result<(TripId, Row), Fault>| match (found, filter) {
            (Ok((_, row)), Filter::WithPartOf { daemon, .. }) => has_part_of(row, daemon),
            _ => true,
        };
        let rows = statement.query_map(params_from_iter(values), trip_and_row)?;
        rows.filter(shown).take(limit).collect()
    }

    /// Answers `recuperar`. The asking daemon's life must be a fence already.
    pub(crate) fn answer_recovery(
        &self,
        (name, key, limits, life): (&DaemonName, &Key, &Limits, &Life),
        asked: &Recover,
    ) -> Result<RecoverReply, Fault> {
        let since = agencia_protocol::trip::Timestamp::from_unix_millis(0);
        let filter = Filter::WithPartOf { daemon: asked.daemon.clone(), since };
        let (incarnation, recovering) = (life.incarnation, life.recovering);
        let desk = Desk { name, key, incarnation, fences: &life.fences, recovering, limits };
        let mut after = asked.after;
        loop {
            let rows = self.page(&filter, after, RECOVERED_MAX)?;
            let further = rows.len() == RECOVERED_MAX;
            let last = rows.last().map(|(trip, _)| *trip);
            let told = rows.iter().map(|(trip, row)| (*trip, row));
            // What a new fence means for a recovery of its own, the daemon sees to.
            let mut page = recovery::answer(&desk, None, &mut life.fences.clone(), asked, told);
            if page.trips.is_empty() && further {
                // There was nothing to tell about these; a page must not end in the middle.
                after = last;
                continue;
            }
            page.more |= further;
            return Ok(page);
        }
    }
}

/// What a filter asks of the columns, with the values of its parameters.
fn condition(filter: &Filter) -> (&'static str, Vec<Value>) {
    match filter {
        Filter::All => ("true", Vec::new()),
        Filter::Bookings { day: None } => ("kind = ?", vec![i64::from(BOOKING).into()]),
        Filter::Bookings { day: Some(day) } => (
            "kind = ? and over_at > ? and first_day <= ?",
            vec![i64::from(BOOKING).into(), begin_of(*day).into(), i64::from(day.number()).into()],
        ),
        Filter::InDoubt => ("live > 0 and live = 2", Vec::new()),
        Filter::Forced => ("forced > 0", Vec::new()),
        Filter::WithPartOf { since, .. } => {
            ("shared > 0 and written >= ?", vec![since.unix_millis().into()])
        }
    }
}

fn has_part_of(row: &Row, daemon: &DaemonName) -> bool {
    let of_part = row.part.as_ref().and_then(|part| part.state.parts());
    let of_decision = row.decision.as_ref().and_then(|decision| decision.parts.as_ref());
    of_part.into_iter().chain(of_decision).any(|parts| parts.items_of(daemon).is_some())
}
