//! The life of the database: which one it is, whether it recovers, and which lives of its peers
//! still count.

use super::{Database, Fault};
use crate::Life;
use agencia_protocol::trip::{DaemonName, Incarnation};
use agencia_trip::Fences;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension};

impl Database {
    /// Makes every earlier life of this daemon count no more. Answers whether that is new.
    pub(crate) fn raise_fence(
        &mut self,
        daemon: &DaemonName,
        incarnation: Incarnation,
    ) -> Result<bool, Fault> {
        let mut fences = self.desk.life.fences.clone();
        if !fences.raise(daemon, incarnation) {
            return Ok(false);
        }
        self.connection
            .prepare_cached(
                "insert into fence (daemon, incarnation) values (?1, ?2) \
                 on conflict (daemon) do update set incarnation = excluded.incarnation",
            )?
            .execute((daemon.as_str(), to_number(incarnation)))?;
        self.desk.life.fences = fences;
        Ok(true)
    }

    /// Begins this life, if it is later than the one that is lived. Answers whether it is.
    pub(crate) fn begin_life(&mut self, incarnation: Incarnation) -> Result<bool, Fault> {
        if incarnation <= self.desk.life.incarnation {
            return Ok(false);
        }
        self.connection.execute("update life set incarnation = ?1", [to_number(incarnation)])?;
        self.desk.life.incarnation = incarnation;
        Ok(true)
    }
}

/// Reads the life of a database.
pub(super) fn read(connection: &Connection) -> Result<Life, Fault> {
    let (incarnation, recovering) =
        connection.query_row("select incarnation, recovering from life", [], |row| {
            Ok((from_number(row.get(0)?), row.get(1)?))
        })?;
    let mut fences = Fences::default();
    let mut statement = connection.prepare("select daemon, incarnation from fence")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let daemon: String = row.get(0)?;
        let daemon = daemon
            .parse()
            .map_err(|error| Fault::FromSqlConversionFailure(0, Type::Text, Box::new(error)))?;
        fences.raise(&daemon, from_number(row.get(1)?));
    }
    Ok(Life { incarnation, recovering, fences })
}

/// Whether the database is a backup that was not put in force.
pub(super) fn is_copy(connection: &Connection) -> Result<bool, Fault> {
    let copy = connection.query_row("select copy from life", [], |row| row.get(0)).optional()?;
    Ok(copy.unwrap_or(false))
}

/// Removes the mark of the recovery.
pub(super) fn end_recovery(connection: &Connection) -> Result<(), Fault> {
    connection.execute("update life set recovering = 0", []).map(|_| ())
}

/// Marks a backup as one.
pub(super) fn mark_copy(connection: &Connection) -> Result<(), Fault> {
    connection.execute("update life set copy = 1", []).map(|_| ())
}

/// Begins a new life, in recovery: at least this one, and later than the one in the backup.
pub(super) fn mark_restored(
    connection: &Connection,
    least: Incarnation,
) -> Result<Incarnation, Fault> {
    let sql = "update life set incarnation = max(incarnation + 1, ?1), recovering = 1, copy = 0 \
               returning incarnation";
    connection.query_row(sql, [to_number(least)], |row| row.get(0)).map(from_number)
}

/// A life as the database keeps it. Lives are moments in milliseconds; none is near the end.
fn to_number(incarnation: Incarnation) -> i64 {
    i64::try_from(incarnation.0).unwrap_or(i64::MAX)
}

fn from_number(column: i64) -> Incarnation {
    Incarnation(u64::try_from(column).unwrap_or(0))
}
