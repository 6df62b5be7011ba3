//! The durable ledger: what was sold, to whom it may never be sold again.
//!
//! One thread owns the database. It takes the purchases that have queued, applies them in one
//! transaction, commits, tells the [`Observer`] which units changed, and only then answers: an
//! answered purchase survives a power cut, and availability in memory is never ahead of the disk.
//! The crate knows no socket, no clock and no executor; SQL is in here and nowhere else.
//!
//! Read [`Ledger`] first, then `writer` (the thread) and `sqlite` (the database).
//!
//! ```
//! use agencia_protocol::OfferKey;
//! use agencia_store::{Ledger, LedgerOptions, Outcome, Reservation, Unit};
//!
//! # let folder = tempfile::tempdir()?;
//! let options = LedgerOptions {
//!     path: folder.path().join("voos.db"),
//!     locator_letter: 'V',
//!     queue_max: 1024,
//!     batch_max: 256,
//! };
//! let observer = Box::new(|changes: &[_]| println!("{changes:?}"));
//! let (ledger, thread) = Ledger::open(options, observer)?;
//!
//! let last_seat = Reservation {
//!     trip: None,
//!     units: vec![Unit { offer: OfferKey(7), capacity: 1 }],
//!     count: 1,
//!     record: r#"{"valor":"9906,00R$"}"#.to_owned(),
//!     at: 1_766_534_400_000,
//! };
//! let (first, second) = futures_lite::future::block_on(async {
//!     // Both are queued before either is awaited: they share a commit.
//!     let first = ledger.submit(last_seat.clone());
//!     let second = ledger.submit(last_seat);
//!     (first.await, second.await)
//! });
//! assert!(matches!(first?, Outcome::Sold(sale) if sale.locator.as_str().starts_with('V')));
//! assert!(matches!(second?, Outcome::SoldOut { offer: OfferKey(7) }));
//!
//! drop(ledger);
//! thread.wait()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ledger;
mod reservation;
mod writer;
mod sqlite;
mod stats;
mod error;

pub use error::{Cause, StoreError};
pub use ledger::{CapacityOf, Install, Ledger, LedgerOptions, LedgerThread, Observer};
pub use reservation::{Adopted, Audit, Outcome, Reservation, Sale, Unit, UnitChange};
pub use stats::Stats;

#[cfg(test)]
mod battery;
