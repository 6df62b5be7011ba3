//! Booking a trip as pure state machines: all of it or nothing, whatever dies.
//!
//! A trip has a part in each of some daemons; one of them, the anchor, decides for all. Every
//! machine here takes what is kept of a trip, a message and the moment, and says what is to be
//! kept, what happens to the units, and the reply. It knows no socket, thread, clock, random number
//! or disk: the store applies a [`Step`] in its transaction, the web client runs a
//! [`driver::Driver`], a daemon works off its [`resolver::Agenda`].
//!
//! ```text
//!           segurar          fixar            aplicar: confirmada      aplicar: cancelada
//!  nenhuma ─────────▶ segura ───────▶ fixa ───────────────▶ confirmada ────────────┐
//!     │ soltar           │ soltar,      │ aplicar: desfeita,     ▲                   ▼
//!     │                  │ expiry       │ cancelada              │                 solta
//!     └──────────────────┴──────────────┴────────────────────────┼─────────────────▶
//!                        └──────────────── decidir, at the anchor ┘
//!
//!  the anchor:   none ──decidir──▶ committed ──cancelar──▶ cancelled
//!                  └──decidir without its own hold, desfecho past its deadline──▶ aborted
//! ```
//!
//! Read [`row`] (what is kept), [`step`] (what is said), then the machines in the order of the
//! modules. `tests/model` runs them through every order of events.

pub mod row;
pub mod step;
mod desk;
mod part;
mod decision;
pub mod driver;
pub mod resolver;
pub mod recovery;
pub mod receipt;
mod wire;
mod limits;

pub use desk::{Desk, minted_at};
pub use limits::Limits;
pub use receipt::Key;
pub use row::{Fences, Row};
pub use step::{Command, Refusal, Reply, Step, Units};
