//! What the machines are told and what they answer.
//!
//! A [`Command`] meets a [`Row`] at a moment and becomes a [`Step`]: the row as it will be, what
//! happens to the units, and the reply. Whoever keeps the rows writes the row and moves the units
//! in one transaction and replies after it is durable. A step is pure, so it may be thrown away
//! and computed again (with another locator, say).

use crate::row::{Parts, Row, SoldItem};
use agencia_protocol::trip::{
    AbortReason, ByDaemon, Contact, DaemonName, Outcome, PartState, Proof, Quote, Reason, Receipt,
    Refund, Revision, Timestamp, Traveller,
};
use agencia_protocol::{Code, Locator, WireError};
use std::sync::Arc;
use std::time::Duration;

/// What a daemon is asked to do to one trip.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Command {
    /// `segurar`: take the units of all items or of none.
    Hold {
        /// The version of the items.
        revision: Revision,
        /// The items, found in the catalog.
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
    Decide(Box<Decide>),
    /// `reservar`: hold and book a trip of one part, in one step.
    Reserve {
        /// The items, found in the catalog.
        items: Arc<[SoldItem]>,
        /// The voucher that it shall have, not yet used here.
        locator: Locator,
    },
    /// `desfecho`: how was it decided?
    AskOutcome {
        /// How long the asking daemon's part has been pinned; nothing when no daemon asks.
        waited: Option<Duration>,
    },
    /// `aplicar`: this is how it was decided.
    Apply {
        /// The outcome.
        outcome: Outcome,
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
        outcome: Outcome,
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
}

/// What `decidir` brings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decide {
    /// The whole trip, as it was pinned.
    pub parts: Arc<Parts>,
    /// The other daemons' receipts.
    pub receipts: ByDaemon<Receipt>,
    /// Who travels.
    pub travellers: Vec<Traveller>,
    /// How they are reached.
    pub contact: Option<Contact>,
    /// The voucher that the trip shall have, not yet used here.
    pub locator: Locator,
}

/// What becomes of a command. The row and the units change together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The row as it will be; nothing when it stays as it is.
    pub row: Option<Row>,
    /// What happens to the units.
    pub units: Units,
    /// The answer, to be given when the row is durable.
    pub reply: Reply,
}

impl Step {
    /// Nothing changes.
    pub fn answer(reply: impl Into<Reply>) -> Self {
        Self { row: None, units: Units::Stay, reply: reply.into() }
    }

    /// The row changes.
    pub fn write(row: Row, units: Units, reply: impl Into<Reply>) -> Self {
        Self { row: Some(row), units, reply: reply.into() }
    }
}

/// What happens to the units of a trip's items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Units {
    /// Nothing.
    Stay,
    /// These are given back. It cannot fail.
    Free(Arc<[SoldItem]>),
    /// `free` are given back and `take` are taken. When they cannot all be had the whole step is
    /// void: nothing changes and the answer is that they are sold out.
    Swap {
        /// What is given back first; it may be what is taken again.
        free: Arc<[SoldItem]>,
        /// What is taken.
        take: Arc<[SoldItem]>,
    },
    /// `free` are given back and `take` are taken because a peer remembers that they were sold,
    /// even if that is more than there are: a restored backup may still hold what was cancelled
    /// after it. The audit shows it.
    Restore {
        /// What is given back first.
        free: Arc<[SoldItem]>,
        /// What is taken, come what may.
        take: Arc<[SoldItem]>,
    },
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// To `segurar` and `prorrogar`.
    Part {
        /// Where the part is.
        state: PartState,
        /// Until when it is held.
        expires: Option<Timestamp>,
        /// Its items as sold.
        items: Arc<[SoldItem]>,
    },
    /// To `soltar`, `aplicar`, `alterar`, `forcar`, and to the daemon itself.
    State(PartState),
    /// To `fixar`.
    Pin {
        /// Where the part is.
        state: PartState,
        /// The receipt, while it is pinned.
        receipt: Option<Receipt>,
    },
    /// To `decidir`, when the trip is booked or was cancelled after it.
    Decided {
        /// Committed or cancelled.
        outcome: Outcome,
        /// The voucher.
        locator: Option<Locator>,
        /// The anchor's word.
        proof: Proof,
    },
    /// To `decidir`, when the trip is decided against.
    NotDecided(AbortReason),
    /// To `reservar`.
    Reserved {
        /// The voucher.
        locator: Option<Locator>,
        /// The items as they were sold.
        items: Arc<[SoldItem]>,
        /// Whether it had been bought before, by the same trip.
        repeated: bool,
    },
    /// To `desfecho`.
    Outcome {
        /// The outcome.
        outcome: Outcome,
        /// The anchor's word, once it is decided.
        proof: Option<Proof>,
        /// The voucher of a booked trip.
        locator: Option<Locator>,
    },
    /// To `cotar_cancelamento`.
    Quoted {
        /// What the traveller would get back.
        refund: Refund,
        /// Until when.
        expires: Timestamp,
        /// The daemon's word.
        quote: Quote,
    },
    /// To `cancelar`.
    Cancelled(Proof),
    /// A normal no.
    Refused(Refusal),
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Why a well-formed message is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The hold has expired, or there is none.
    Expired,
    /// The part was let go, or the trip was decided against.
    Aborted,
    /// The trip was booked and then cancelled.
    Cancelled,
    /// The same trip already stands for something else here.
    Conflict,
    /// The trip's id is too old to begin with.
    Stale,
    /// The trip's id is no UUIDv7, or of a day to come.
    NotAnId,
    /// A receipt, a proof or a quote is not genuine, or was sealed before its daemon was restored.
    NotGenuine,
    /// A quote is no longer kept up.
    QuoteExpired,
    /// The anchor was not given the quote of each of the other parts, or another daemon was.
    WrongShares,
    /// There is no booked trip here.
    NotBooked,
    /// The anchor was asked to pin its own part, or the daemon has no part in the trip.
    NotAPart,
    /// The daemon is learning from its peers what a backup did not hold.
    Recovering,
}

impl Refusal {
    /// The refusal as it goes over the wire.
    pub fn error(self) -> WireError {
        let (code, message) = match self {
            Self::Expired => (Code::Expired, "a reserva temporária expirou ou não existe"),
            Self::Aborted => (Code::Aborted, "esta viagem foi desfeita"),
            Self::Cancelled => (Code::Aborted, "esta viagem foi cancelada"),
            Self::Conflict => (Code::Conflict, "esta viagem já tem outra coisa aqui"),
            Self::Stale => (Code::Stale, "esta viagem começou há mais de um dia; comece outra"),
            Self::NotAnId => {
                return WireError::field("viagem", "a viagem deve ser um UUIDv7 de agora");
            }
            Self::NotGenuine => (Code::Unauthorised, "o recibo, a prova ou a cotação não vale"),
            Self::QuoteExpired => (Code::Expired, "a cotação expirou; peça outra"),
            Self::WrongShares => {
                let message = "são aqui as cotações de todas as outras partes da viagem, e só elas";
                return WireError::field("cotacoes", message);
            }
            Self::NotBooked => (Code::Conflict, "esta viagem não está reservada aqui"),
            Self::NotAPart => {
                return WireError::field("partes", "este servidor não é uma das partes a fixar");
            }
            Self::Recovering => {
                (Code::Recovering, "este servidor está recuperando um backup; tente daqui a pouco")
            }
        };
        WireError::new(code, message)
    }
}
