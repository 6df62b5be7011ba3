//! Booking a trip on the wire: the messages between whoever leads a trip and the daemons, and
//! between the daemons, each with its reply.
//!
//! | `action` | message | reply |
//! |---|---|---|
//! | `segurar` | [`Hold`] | [`PartReply`] |
//! | `prorrogar` | [`Extend`] | [`PartReply`] |
//! | `soltar` | [`LetGo`] | [`StateReply`] |
//! | `fixar` | [`Pin`] | [`PinReply`] |
//! | `decidir` | [`Decide`] | [`DecideReply`] |
//! | `desfecho` | [`AskOutcome`] | [`OutcomeReply`] |
//! | `aplicar` | [`Apply`] | [`StateReply`] |
//! | `cotar_cancelamento` | [`QuoteCancellation`] | [`QuoteReply`] |
//! | `cancelar` | [`Cancel`] | [`CancelReply`] |
//! | `alterar` | [`Alter`] | [`StateReply`] |
//! | `consultar` | [`Consult`] | [`ConsultReply`] |
//! | `recuperar` | [`Recover`] | [`RecoverReply`] |
//! | `auditar` | [`Audit`] | [`AuditReply`] |
//! | `listar` | [`List`] | [`ListReply`] |
//! | `forcar` | [`Force`] | [`StateReply`] |
//!
//! Every message but `recuperar`, `auditar` and `listar` names its trip, the idempotency key. A
//! message with a key that is unknown or comes twice is refused: what is decided here must not
//! depend on which of two values a parser keeps. Replies are read tolerantly, so that a daemon may
//! say more.

mod words;
mod seal;
mod message;
mod reply;
mod policy;
mod list;
mod strict;

pub use list::{LISTED_MAX, ListFilter, ListReply, ListedTrip};
pub use message::{
    Alter, Apply, AskOutcome, Audit, Cancel, Consult, ConsultBy, Decide, Extend, Force, Hold,
    LetGo, List, Pin, QuoteCancellation, Recover, TripMessage,
};
pub use policy::{POLICY_FIELD, RefundRule};
pub use reply::{
    AuditReply, CancelReply, ConsultReply, DecideReply, DecisionView, ForcedView, OutcomeReply,
    PartReply, PinReply, QuoteReply, RecoverReply, RecoveredTrip, StateReply,
};
pub use seal::{Proof, Quote, Receipt};
pub use strict::ByDaemon;
pub use words::{
    AbortReason, ClientAddress, Contact, DaemonName, Incarnation, Outcome, PartState, PersonName,
    Reason, Refund, Revision, Timestamp, Traveller, TripItem, Visitor,
};

/// The most items of one part: what one daemon sells to one trip.
pub const ITEMS_MAX: usize = 20;

/// The most daemons a trip can have parts in.
pub const PARTS_MAX: usize = 8;

/// The most travellers that are named in one trip; a larger group names those who lead it.
pub const TRAVELLERS_MAX: usize = 100;

/// The longest first name, surname or document, in bytes.
pub const NAME_BYTES_MAX: usize = 100;

/// The longest contact (a telephone number, an e-mail address), in bytes.
pub const CONTACT_BYTES_MAX: usize = 200;

/// The longest reason that an administrator gives, in bytes.
pub const REASON_BYTES_MAX: usize = 500;

/// The longest name of a visitor, in bytes.
pub const VISITOR_BYTES_MAX: usize = 64;

/// The longest hold that can be asked for, in seconds; the daemon's own ceiling is lower.
pub const HOLD_SECS_MAX: u32 = 86_400;

/// The most trips in one page of `recuperar`.
pub const RECOVERED_MAX: usize = 100;

#[cfg(test)]
mod tests;
