//! Offers in memory: what a daemon searches.
//!
//! A catalog is built once from an inventory file and never changes but for the units left,
//! which are atomics that the ledger's thread writes after each commit. A new inventory is a new
//! catalog. It knows no socket, no disk but the inventory file, and no clock: *now* is an argument.
//!
//! Read [`Product`] first: it is all that a kind of product must say of itself.

mod product;
mod view;
mod catalog;
mod build;
mod inventory;
mod known_fields;
mod index;
mod texts;
mod json;
mod reply_cache;

pub use build::Identity;
pub use catalog::{Catalog, OfferIndex};
pub use inventory::{InventoryError, estimate_records, is_csv, read_records};
pub use json::{List, Name, Object};
pub use product::{Listing, Moment, Product};
pub use texts::{TextId, Texts};
pub use view::{Choice, ChosenUnit, Found, Hit, Limits, View, sold_out};
