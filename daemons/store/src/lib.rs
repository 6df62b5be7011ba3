//! The durable ledger: what was sold, to whom it may never be sold again.
//!
//! It keeps one row for each trip and a counter for each offer of which something was taken. One
//! thread owns the database. It takes the orders that have queued, has `agencia-trip`'s machines
//! answer them over the rows as they are by then, writes rows and counters in one transaction,
//! commits, tells the [`Observer`] which units changed and the [`Follower`] which trips, and only
//! then answers: what was answered survives a power cut, and availability in memory is never ahead
//! of the disk. The crate knows no socket, no clock and no executor; SQL is in here and nowhere
//! else.
//!
//! Read [`Ledger`] first, then `writer` (the thread), `sqlite` (the database) and `reader` (lists
//! and backups).
//!
//! ```
//! use agencia_protocol::OfferKey;
//! use agencia_protocol::trip::{Timestamp, TripItem};
//! use agencia_store::{Ledger, LedgerOptions, Order, Outcome, mint};
//! use agencia_trip::row::SoldItem;
//! use agencia_trip::{Key, Reply};
//!
//! # let folder = tempfile::tempdir()?;
//! let path = folder.path().join("voos.db");
//! let options = LedgerOptions::new(path, 'V', "voos".parse()?, Key::new([7; 32]));
//! let observer = Box::new(|changes: &[_]| println!("{changes:?}"));
//! let (ledger, thread) = Ledger::open(options, observer)?;
//! let now = Timestamp::from_unix_millis(1_766_534_400_000);
//! let last_seat = Order::Reserve {
//!     items: [SoldItem {
//!         item: TripItem { id: "AD4021".parse()?, units: Default::default(), nights: None, price: None },
//!         offers: vec![OfferKey(7)],
//!         record: r#"{"valor":"9906,00R$"}"#.to_owned(),
//!     }]
//!     .into(),
//! };
//! let (first, second) = futures_lite::future::block_on(async {
//!     ledger.adopt(Box::new(|_| Some(1)), Box::new(|_| {})).await?;
//!     // Both are queued before either is awaited: they share a commit.
//!     let first = ledger.step(mint(now), last_seat.clone(), now);
//!     let second = ledger.step(mint(now), last_seat, now);
//!     Ok::<_, agencia_store::StoreError>((first.await?, second.await?))
//! })?;
//! let Outcome::Stepped(first) = first else { panic!("there was a seat") };
//! assert!(matches!(first.reply, Reply::Reserved { repeated: false, .. }));
//! assert_eq!(second, Outcome::SoldOut { offer: OfferKey(7) });
//!
//! drop(ledger);
//! thread.wait()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ledger;
mod order;
mod options;
mod books;
mod writer;
mod turned;
mod reader;
mod sqlite;
mod ballast;
mod stats;
mod error;

pub use books::{Adopted, Audit, Filter, Life, UnitChange};
pub use error::{Cause, StoreError};
pub use ledger::{Found, Ledger, LedgerThread};
pub use options::{CapacityOf, Follower, Install, LedgerOptions, Observer, ServiceDays};
pub use order::{Order, Outcome, Stepped, mint};
pub use sqlite::{back_up_file, mark_restored};
pub use stats::Stats;
pub use turned::TurnedLedger;

#[cfg(test)]
mod battery;
