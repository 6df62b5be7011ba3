//! The ledger on SQLite: one file, one writing connection, one transaction a batch.
//!
//! `synchronous=full` is what makes an answer survive a power cut: with `normal`, one
//! acknowledged row in twenty was lost in forty of them.

mod open;
mod batch;
mod checkpoint;
mod rows;
mod recent;
mod units;
mod life;
mod adoption;
mod forget;
mod reading;
mod audit;
mod backup;
#[cfg(test)]
mod tests;

use crate::ballast::Ballast;
use crate::options::{CapacityOf, ServiceDays};
use crate::{Found, Life, Order, Outcome, StoreError, UnitChange};
use agencia_protocol::trip::{DaemonName, Timestamp};
use agencia_protocol::{Locator, OfferKey, TripId};
use agencia_trip::{Desk, Key, Limits, Row};
use checkpoint::Checkpointer;
use recent::Recent;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};
use std::fs::File;
use std::sync::Arc;

pub(crate) use backup::back_up;
pub use backup::{back_up_file, mark_restored};
pub(crate) use reading::Reader;

/// What the database said when it failed.
pub(crate) type Fault = rusqlite::Error;

/// Draws the five characters of a locator after its letter, as places in the alphabet.
pub(crate) type Draw = Box<dyn FnMut() -> [u8; 5] + Send>;

/// The open database, locked against a second one.
pub(crate) struct Database {
    // Dropped in this order: the writing connection is the last that is closed; the file must be open
    // for as long as SQLite has locks on it; the lock goes when the database is closed.
    checkpointer: Option<Checkpointer>,
    connection: Connection,
    file: Option<Arc<File>>,
    desk: OwnDesk,
    service_days: ServiceDays,
    in_force: Option<CapacityOf>,
    letter: char,
    draw: Draw,
    guard: Guard,
    recent: Recent,
    ballast: Ballast,
    _lock: File,
}

/// What the machines must know of this daemon.
struct OwnDesk {
    name: DaemonName,
    key: Key,
    limits: Limits,
    life: Life,
}

impl OwnDesk {
    fn desk(&self) -> Desk<'_> {
        Desk {
            name: &self.name,
            key: &self.key,
            incarnation: self.life.incarnation,
            fences: &self.life.fences,
            recovering: self.life.recovering,
            limits: &self.limits,
        }
    }
}

/// Whether units are compared with the capacity before they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// They are.
    Kept,
    /// They are not: the negative control of the tests, which must then oversell.
    #[cfg(test)]
    TakenAway,
}

/// One thing that is done in a batch.
#[derive(Debug)]
pub(crate) enum Task {
    Step { trip: TripId, order: Order, at: Timestamp },
    Read(Lookup),
}

/// How one trip is looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lookup {
    Trip(TripId),
    Locator(Locator),
}

/// What became of a task. The errors are those that concern one task only.
#[derive(Debug)]
pub(crate) enum Done {
    Stepped(Result<Outcome, StoreError>),
    Read(Result<Found, StoreError>),
}

/// A batch that is durable.
#[derive(Default)]
pub(crate) struct Applied {
    /// One a task, in their order.
    pub(crate) done: Vec<Done>,
    /// Each offer that changed, once.
    pub(crate) changes: Vec<UnitChange>,
    /// Every row that was written, in their order; empty when nothing was.
    pub(crate) rows: Vec<(TripId, Arc<Row>)>,
}

impl Database {
    /// The life of this database.
    pub(crate) fn life(&self) -> &Life {
        &self.desk.life
    }

    /// Whether the disk is full: nothing is taken until there is room again.
    pub(crate) fn is_full(&self) -> bool {
        self.ballast.is_spent()
    }

    /// Draws locators like this from now on.
    pub(crate) fn draw_from(&mut self, draw: Draw) {
        self.draw = draw;
    }

    /// Has the files closed as they are, after a failure: what they hold is for the next start to
    /// read, and a disk that just failed is not written to again.
    pub(crate) fn leave_as_is(&self) {
        if let Some(checkpointer) = &self.checkpointer {
            checkpointer.stop();
        }
        // It only sets a flag. Where it could not, closing tries a checkpoint, which is safe too.
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).ok();
    }
}

/// Whether there was no room. SQLite says so only when it could not write, never after the bytes
/// of a commit were there, so nothing of the transaction was done.
fn is_no_space(fault: &Fault) -> bool {
    fault.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

/// Whether a value was read and is none that was ever written.
pub(crate) fn is_illegible(fault: &Fault) -> bool {
    matches!(fault, Fault::FromSqlConversionFailure(..))
}

/// An offer's key as the database keeps it: the same 64 bits, read as a signed number.
fn to_column(offer: OfferKey) -> i64 {
    offer.0.cast_signed()
}

/// The offer of a column that [`to_column`] wrote.
fn from_column(column: i64) -> OfferKey {
    OfferKey(column.cast_unsigned())
}
