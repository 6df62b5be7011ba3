//! The rows of trips: read as they were written, with the columns that the indexes need.

use super::Fault;
use crate::options::ServiceDays;
use agencia_protocol::trip::TripItem;
use agencia_protocol::trip::{PartState, Timestamp};
use agencia_protocol::{Day, Locator, Nights, TripId};
use agencia_trip::Row;
use agencia_trip::row::{Decision, Part, Release, State};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

/// The milliseconds of a day.
const DAY_MILLIS: i64 = 24 * 3600 * 1000;

/// The trips of one transaction.
pub(super) struct Rows<'a> {
    connection: &'a Connection,
}

impl<'a> Rows<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self { connection }
    }

    /// What is kept of a trip.
    pub(super) fn find(&self, trip: TripId) -> Result<Option<Row>, Fault> {
        self.connection
            .prepare_cached("select row from trip where trip = ?1")?
            .query_row([trip.as_bytes()], |row| read(row.get_ref(0)?.as_bytes()?))
            .optional()
    }

    /// The trip that has this voucher.
    pub(super) fn find_locator(&self, locator: Locator) -> Result<Option<(TripId, Row)>, Fault> {
        self.connection
            .prepare_cached("select trip, row from trip where locator = ?1")?
            .query_row([locator.as_str()], trip_and_row)
            .optional()
    }

    /// Whose voucher this is.
    pub(super) fn owner(&self, locator: Locator) -> Result<Option<TripId>, Fault> {
        self.connection
            .prepare_cached("select trip from trip where locator = ?1")?
            .query_row([locator.as_str()], |row| Ok(trip_id(row.get(0)?)))
            .optional()
    }

    /// Every trip whose part is held.
    pub(super) fn held(&self) -> Result<Vec<(TripId, Row)>, Fault> {
        self.connection
            .prepare_cached("select trip, row from trip where live > 0 and live = 1")?
            .query_map([], trip_and_row)?
            .collect()
    }

    /// Writes a trip of which nothing was kept yet.
    pub(super) fn insert(
        &self,
        trip: TripId,
        row: &Row,
        days: &ServiceDays,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let sql = "insert into trip (trip, written, live, forced, shared, kind, first_day, \
                   over_at, locator, row) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        self.write(sql, trip, row, days, now)
    }

    /// Writes a trip of which something was kept.
    pub(super) fn update(
        &self,
        trip: TripId,
        row: &Row,
        days: &ServiceDays,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let sql = "update trip set written = ?2, live = ?3, forced = ?4, shared = ?5, kind = ?6, \
                   first_day = ?7, over_at = ?8, locator = ?9, row = ?10 where trip = ?1";
        self.write(sql, trip, row, days, now)
    }

    fn write(
        &self,
        sql: &str,
        trip: TripId,
        row: &Row,
        days: &ServiceDays,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let Columns { live, forced, shared, kind, first_day, over_at, locator } =
            Columns::of(row, days);
        let text = to_text(row)?;
        let values = params![
            trip.as_bytes(),
            now.unix_millis(),
            live,
            forced,
            shared,
            kind,
            first_day,
            over_at,
            locator.as_ref().map(Locator::as_str),
            text
        ];
        self.connection.prepare_cached(sql)?.execute(values).map(|_| ())
    }
}

/// What the indexes need of a row; `migrations/0001_ledger.sql` says what each is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    live: u8,
    forced: bool,
    shared: bool,
    kind: Option<u8>,
    first_day: Option<u16>,
    over_at: Option<i64>,
    locator: Option<Locator>,
}

impl Columns {
    fn of(row: &Row, days: &ServiceDays) -> Self {
        let part = row.part.as_ref();
        let decision = row.decision.as_ref();
        let kind = kind(row);
        let booked = part.filter(|_| matches!(kind, Some(BOOKING | OVER)));
        let days = booked.and_then(|part| days.of(&part.items));
        let over_at = match kind {
            None => None,
            Some(TOMBSTONE) => since(part, decision),
            Some(_) if days.is_some() => {
                let beyond = i64::from(nights_elsewhere(part, decision)) * DAY_MILLIS;
                days.as_ref().map(|days| end_of(*days.end()) + beyond)
            }
            Some(BOOKING) => None,
            Some(_) => since(part, decision),
        };
        Self {
            live: live(row),
            forced: part.is_some_and(|part| part.forced.is_some()),
            shared: is_shared(part, decision),
            kind,
            first_day: days.map(|days| days.start().number()),
            over_at,
            locator: decision.and_then(|decision| decision.locator),
        }
    }
}

/// A trip that was never booked.
pub(super) const TOMBSTONE: u8 = 0;
/// A trip whose part here is booked.
pub(super) const BOOKING: u8 = 1;
/// A trip that was booked and is not any more.
pub(super) const OVER: u8 = 2;

fn kind(row: &Row) -> Option<u8> {
    match row.part.as_ref().map(|part| &part.state) {
        Some(State::Held { .. } | State::Pinned { .. }) => None,
        Some(State::Confirmed { .. }) => Some(BOOKING),
        Some(State::Released { why: Release::Cancelled, .. }) => Some(OVER),
        Some(State::Released { .. }) | None if row.was_booked() => Some(OVER),
        Some(State::Released { .. }) | None => Some(TOMBSTONE),
    }
}

fn live(row: &Row) -> u8 {
    match row.state() {
        _ if !row.is_live() => 0,
        PartState::Held => 1,
        _ => 2,
    }
}

fn since(part: Option<&Part>, decision: Option<&Decision>) -> Option<i64> {
    let moments = [part.map(|part| part.since), decision.map(|decision| decision.at)];
    moments.into_iter().flatten().map(Timestamp::unix_millis).max()
}

/// How long the longest stay is that the anchor's decision is about, if it is another daemon's: on
/// which days that one is, only that daemon knows, and it begins when the traveller has arrived.
fn nights_elsewhere(part: Option<&Part>, decision: Option<&Decision>) -> u16 {
    let Some(parts) = decision.and_then(|decision| decision.parts.as_ref()) else { return 0 };
    let is_own = |item: &&TripItem| {
        part.is_some_and(|part| part.items.iter().any(|sold| sold.item == **item))
    };
    let others = parts.items().values().flatten().filter(|item| !is_own(item));
    others.filter_map(|item| item.nights).map(Nights::count).max().unwrap_or(0)
}

/// Whether it is known that other daemons have a part too.
fn is_shared(part: Option<&Part>, decision: Option<&Decision>) -> bool {
    let of_part = part.and_then(|part| part.state.parts());
    let of_decision = decision.and_then(|decision| decision.parts.as_ref());
    of_part.into_iter().chain(of_decision).any(|parts| parts.items().len() > 1)
}

/// When a day ends, as Unix time has days: the agency's own may end some hours later, which is
/// nothing beside the retention.
fn end_of(day: Day) -> i64 {
    (i64::from(day.number()) + 1) * DAY_MILLIS
}

/// When a day begins.
pub(super) fn begin_of(day: Day) -> i64 {
    i64::from(day.number()) * DAY_MILLIS
}

/// A row as it is written: the whole trip stands only once where part and decision agree on it.
#[derive(Serialize)]
struct Written<'a> {
    part: &'a Option<Part>,
    decision: Option<&'a Decision>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    same: bool,
}

/// A row as it is read. Nothing that [`Written`] always writes may be missing: a damaged row is
/// not an empty one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(deserialize_with = "Option::deserialize")]
    part: Option<Part>,
    #[serde(deserialize_with = "Option::deserialize")]
    decision: Option<Decision>,
    #[serde(default)]
    same: bool,
}

fn to_text(row: &Row) -> Result<String, Fault> {
    let of_part = row.part.as_ref().and_then(|part| part.state.parts());
    let of_decision = row.decision.as_ref().and_then(|decision| decision.parts.as_ref());
    let same = of_part.is_some() && of_part == of_decision;
    let shorter = row.decision.as_ref().filter(|_| same).map(|decision| {
        let parts = None;
        Decision { parts, ..decision.clone() }
    });
    let decision = shorter.as_ref().or(row.decision.as_ref());
    let written = Written { part: &row.part, decision, same };
    serde_json::to_string(&written).map_err(|error| Fault::ToSqlConversionFailure(error.into()))
}

/// Reads a row that [`to_text`] wrote.
pub(super) fn read(text: &[u8]) -> Result<Row, Fault> {
    let kept: Kept = serde_json::from_slice(text)
        .map_err(|error| Fault::FromSqlConversionFailure(0, Type::Text, error.into()))?;
    let Kept { part, mut decision, same } = kept;
    if same && let Some(decision) = &mut decision {
        decision.parts = part.as_ref().and_then(|part| part.state.parts()).cloned();
    }
    Ok(Row { part, decision })
}

/// The columns `trip` and `row`, in this order.
pub(super) fn trip_and_row(row: &rusqlite::Row<'_>) -> Result<(TripId, Row), Fault> {
    Ok((trip_id(row.get(0)?), read(row.get_ref(1)?.as_bytes()?)?))
}

fn trip_id(bytes: [u8; 16]) -> TripId {
    TripId::from_uuid(uuid::Uuid::from_bytes(bytes))
}
