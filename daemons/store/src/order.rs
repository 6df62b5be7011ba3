//! What is asked of the ledger for one trip, and what it answers, as plain values. Refusals are
//! among them: only a fault is a [`StoreError`](crate::StoreError).

use agencia_protocol::trip::{
    ByDaemon, Contact, DaemonName, Outcome as Verdict, PartState, Proof, Quote, Reason, Receipt,
    RecoveredTrip, Refund, Revision, Timestamp, Traveller,
};
use agencia_protocol::{Locator, OfferKey, TripId};
use agencia_trip::row::{Parts, SoldItem};
use agencia_trip::step::Decide;
use agencia_trip::{Command, Reply, Row};
use std::sync::Arc;
use std::time::Duration;

/// What is asked of a trip: a [`Command`] without what only the ledger can give, a free locator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// `segurar`: take the units of all items or of none.
    Hold {
        /// The version of the items.
        revision: Revision,
        /// The items, found in the catalog; at least one, each with at least one offer.
        items: Arc<[SoldItem]>,
        /// For how long.
        time: Duration,
    },
    /// `prorrogar`: move the deadline of the hold.
    Extend {
        /// Until when.
        until: Timestamp,
    },
    /// `soltar`: let the hold go, for good.
    LetGo,
    /// The hold's deadline may have passed: no message but the daemon's own timer.
    Expire,
    /// `fixar`: take the deadline off the hold.
    Pin {
        /// The version of the items.
        revision: Revision,
        /// The whole trip.
        parts: Arc<Parts>,
    },
    /// `decidir`: book the whole trip.
    Decide {
        /// The whole trip, as it was pinned.
        parts: Arc<Parts>,
        /// The other daemons' receipts.
        receipts: ByDaemon<Receipt>,
        /// Who travels.
        travellers: Vec<Traveller>,
        /// How they are reached.
        contact: Option<Contact>,
    },
    /// `reservar`: hold and book a trip of one part, in one step.
    Reserve {
        /// The items, found in the catalog; at least one, each with at least one offer.
        items: Arc<[SoldItem]>,
    },
    /// `desfecho`: how was it decided?
    AskOutcome {
        /// How long the asking daemon's part has been pinned; nothing when no daemon asks.
        waited: Option<Duration>,
    },
    /// `aplicar`: this is how it was decided.
    Apply {
        /// The outcome.
        outcome: Verdict,
        /// The anchor's word.
        proof: Proof,
        /// The voucher.
        locator: Option<Locator>,
    },
    /// A part's reply to `aplicar`, from the outbox.
    Acknowledge {
        /// Whose part.
        from: DaemonName,
        /// What it was told.
        outcome: Verdict,
        /// What it answered.
        state: PartState,
    },
    /// `cotar_cancelamento`, with what the policy gives back.
    Quote {
        /// What the traveller would get back of the part here.
        own: Refund,
        /// At the anchor, what every other daemon says of its part.
        shares: ByDaemon<Quote>,
    },
    /// `cancelar`: cancel the booked trip.
    Cancel {
        /// The quote.
        quote: Quote,
    },
    /// `alterar`: change the travellers of the booked trip.
    Alter {
        /// Who travels.
        travellers: Vec<Traveller>,
        /// How they are reached, if that changes.
        contact: Option<Contact>,
    },
    /// `forcar`: settle the part by hand.
    Force {
        /// Where it shall be: confirmed or released.
        state: PartState,
        /// Why.
        reason: Reason,
    },
    /// What a peer remembers of the trip, in answer to `recuperar`. The one order that is followed
    /// while the ledger [recovers](crate::Life::recovering), and only then.
    Learn {
        /// What the peer said.
        told: Box<RecoveredTrip>,
        /// The items of this daemon's part, as far as they can still be found in the catalog. One
        /// that is missing is kept without offers, so without units.
        found: Vec<SoldItem>,
    },
}

impl Order {
    /// Whether it would take units, and names none.
    pub(crate) fn takes_nothing(&self) -> bool {
        match self {
            Self::Hold { items, .. } | Self::Reserve { items } => {
                items.is_empty() || items.iter().any(|sold| sold.offers.is_empty())
            }
            _ => false,
        }
    }

    /// Whether a trip that is booked by it needs a locator.
    pub(crate) fn may_book(&self) -> bool {
        matches!(self, Self::Decide { .. } | Self::Reserve { .. })
    }

    /// The command for the machines, with this locator where one is needed; nothing when that is
    /// missing, and for what is no command.
    pub(crate) fn command(&self, locator: Option<Locator>) -> Option<Command> {
        Some(match self.clone() {
            Self::Hold { revision, items, time } => Command::Hold { revision, items, time },
            Self::Extend { until } => Command::Extend { until },
            Self::LetGo => Command::LetGo,
            Self::Expire => Command::Expire,
            Self::Pin { revision, parts } => Command::Pin { revision, parts },
            Self::Decide { parts, receipts, travellers, contact } => {
                let locator = locator?;
                Command::Decide(Box::new(Decide { parts, receipts, travellers, contact, locator }))
            }
            Self::Reserve { items } => Command::Reserve { items, locator: locator? },
            Self::AskOutcome { waited } => Command::AskOutcome { waited },
            Self::Apply { outcome, proof, locator } => Command::Apply { outcome, proof, locator },
            Self::Acknowledge { from, outcome, state } => {
                Command::Acknowledge { from, outcome, state }
            }
            Self::Quote { own, shares } => Command::Quote { own, shares },
            Self::Cancel { quote } => Command::Cancel { quote },
            Self::Alter { travellers, contact } => Command::Alter { travellers, contact },
            Self::Force { state, reason } => Command::Force { state, reason },
            Self::Learn { .. } => return None,
        })
    }
}

/// A command for whoever has one already, the daemon's resolver say; the ledger draws the locator
/// itself.
impl From<Command> for Order {
    fn from(command: Command) -> Self {
        match command {
            Command::Hold { revision, items, time } => Self::Hold { revision, items, time },
            Command::Extend { until } => Self::Extend { until },
            Command::LetGo => Self::LetGo,
            Command::Expire => Self::Expire,
            Command::Pin { revision, parts } => Self::Pin { revision, parts },
            Command::Decide(decide) => {
                let Decide { parts, receipts, travellers, contact, .. } = *decide;
                Self::Decide { parts, receipts, travellers, contact }
            }
            Command::Reserve { items, .. } => Self::Reserve { items },
            Command::AskOutcome { waited } => Self::AskOutcome { waited },
            Command::Apply { outcome, proof, locator } => Self::Apply { outcome, proof, locator },
            Command::Acknowledge { from, outcome, state } => {
                Self::Acknowledge { from, outcome, state }
            }
            Command::Quote { own, shares } => Self::Quote { own, shares },
            Command::Cancel { quote } => Self::Cancel { quote },
            Command::Alter { travellers, contact } => Self::Alter { travellers, contact },
            Command::Force { state, reason } => Self::Force { state, reason },
        }
    }
}

/// How an order ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The machines have answered, and what they changed is durable.
    Stepped(Stepped),
    /// Too few units were left of this offer, the first for which that is so, or it is no longer
    /// on sale. Nothing changed.
    SoldOut {
        /// The offer.
        offer: OfferKey,
    },
}

/// What the machines answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stepped {
    /// The reply.
    pub reply: Reply,
    /// What is kept of the trip after it.
    pub row: Arc<Row>,
}

/// The id of a trip that begins at this moment, for a purchase that was given none: a UUIDv7.
pub fn mint(at: Timestamp) -> TripId {
    let millis = u64::try_from(at.unix_millis()).unwrap_or(0);
    let random = rand::random();
    TripId::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}
