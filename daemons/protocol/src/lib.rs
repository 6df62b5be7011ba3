//! The wire of Agência: frames, messages, errors and the Portuguese names.
//!
//! Everything that two processes must agree on stands here once, so that a daemon, the web
//! client and a test read the same words. It knows no socket, no clock and no executor: bytes
//! come in as slices and go out into buffers that the caller owns.
//!
//! Read [`frame`] first, then [`request`] and one product, [`flight`] for example.

pub mod frame;
pub mod error;
pub mod request;
pub mod flight;
pub mod stay;
pub mod tour;
pub mod trip;
mod object;
mod scalar;
mod name;

pub use error::{Code, ErrorReply, WireError};
pub use name::{LOCATOR_ALPHABET, Locator, OfferId, OfferKey, TripId};
pub use object::parse_object;
pub use scalar::{
    Day, Limit, Money, Month, Nights, Order, People, Place, TimeOfDay, Unreadable, iso_day,
    record_day,
};
