//! The ledger on SQLite: one file, one connection, one transaction a batch.
//!
//! `synchronous=full` is what makes an answer survive a power cut: with `normal`, one
//! acknowledged row in twenty was lost in forty of them.

mod open;
mod purchase;
mod adoption;
mod audit;
#[cfg(test)]
mod tests;

use crate::ledger::CapacityOf;
use crate::{Outcome, Reservation, StoreError, UnitChange};
use agencia_protocol::OfferKey;
use purchase::Purchases;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};
use std::collections::BTreeMap;
use std::fs::File;

/// What the database said when it failed.
pub(crate) type Fault = rusqlite::Error;

/// Draws the five characters of a locator after its letter, as places in the alphabet.
pub(crate) type Draw = Box<dyn FnMut() -> [u8; 5] + Send>;

/// The open database, locked against a second one.
pub(crate) struct Database {
    // Dropped in this order: the lock goes when the database is closed.
    connection: Connection,
    in_force: Option<CapacityOf>,
    letter: char,
    draw: Draw,
    guard: Guard,
    _lock: File,
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

/// A batch that is durable.
pub(crate) struct Sold {
    /// One a reservation, in their order. The errors are those that concern one reservation only.
    pub(crate) outcomes: Vec<Result<Outcome, StoreError>>,
    /// Each offer that changed, once; empty when nothing was written.
    pub(crate) changes: Vec<UnitChange>,
}

impl Database {
    /// Applies a batch in one transaction and commits it.
    pub(crate) fn sell(&mut self, batch: &[Reservation]) -> Result<Sold, Fault> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut purchases = Purchases {
            connection: &transaction,
            in_force: self.in_force.as_ref(),
            letter: self.letter,
            draw: &mut self.draw,
            guard: self.guard,
            changed: BTreeMap::new(),
        };
        let outcomes =
            batch.iter().map(|reservation| purchases.apply(reservation)).collect::<Result<_, _>>();
        let (outcomes, changed) = (outcomes?, purchases.changed);
        transaction.commit()?;
        let changes = changed.into_iter().map(|(offer, used)| UnitChange { offer, used }).collect();
        Ok(Sold { outcomes, changes })
    }

    /// Has the files closed as they are, after a failure: what they hold is for the next start to
    /// read, and a disk that just failed is not written to again.
    pub(crate) fn leave_as_is(&self) {
        // It only sets a flag. Where it could not, closing tries a checkpoint, which is safe too.
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).ok();
    }
}

/// An offer's key as the database keeps it: the same 64 bits, read as a signed number.
fn to_column(offer: OfferKey) -> i64 {
    offer.0.cast_signed()
}

/// The offer of a column that [`to_column`] wrote.
fn from_column(column: i64) -> OfferKey {
    OfferKey(column.cast_unsigned())
}
