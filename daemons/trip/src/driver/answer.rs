//! What a daemon answered, read from the wire.

use crate::step::{Refusal, Reply};
use agencia_protocol::trip::{
    DecideReply, Outcome, PartReply, PartState, PinReply, Receipt, StateReply, Timestamp,
    TripMessage,
};
use agencia_protocol::{Code, ErrorReply, WireError, parse_object};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A daemon's answer, as far as a driver cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To `segurar`: where the part is, and until when it is held.
    Part(PartState, Option<Timestamp>),
    /// To `fixar`.
    Pin(PartState, Option<Receipt>),
    /// To `decidir`.
    Decided(DecideReply),
    /// To `soltar` and `aplicar`.
    State(PartState),
    /// A refusal, or a fault.
    Error(WireError),
}

impl Answer {
    /// Reads the reply to this message.
    ///
    /// # Errors
    /// When the reply is neither what the message asks for nor an error.
    pub fn read(message: &TripMessage, body: &[u8]) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Envelope {
            erro: Option<IgnoredAny>,
        }
        if parse_object::<Envelope>(body)?.erro.is_some() {
            return Ok(Self::Error(parse_object::<ErrorReply>(body)?.error));
        }
        Ok(match message {
            TripMessage::Hold(_) | TripMessage::Extend(_) => {
                let PartReply::<IgnoredAny> { state, expires, .. } = parse_object(body)?;
                Self::Part(state, expires)
            }
            TripMessage::Pin(_) => {
                let PinReply { state, receipt } = parse_object(body)?;
                Self::Pin(state, receipt)
            }
            TripMessage::Decide(_) => Self::Decided(parse_object(body)?),
            _ => Self::State(parse_object::<StateReply>(body)?.state),
        })
    }
}

/// A daemon's reply where no wire lies between it and the driver.
impl From<&Reply> for Answer {
    fn from(reply: &Reply) -> Self {
        match reply {
            Reply::Part { state, expires, .. } => Self::Part(*state, *expires),
            Reply::Pin { state, receipt } => Self::Pin(*state, receipt.clone()),
            Reply::Decided { outcome, locator, proof } => {
                let state = match outcome {
                    Outcome::Cancelled => PartState::Cancelled,
                    _ => PartState::Confirmed,
                };
                let proof = Some(proof.clone());
                Self::Decided(DecideReply { state, locator: *locator, proof, reason: None })
            }
            Reply::NotDecided(reason) => {
                let (state, reason) = (PartState::Aborted, Some(*reason));
                Self::Decided(DecideReply { state, locator: None, proof: None, reason })
            }
            Reply::State(state) => Self::State(*state),
            Reply::Refused(refusal) => Self::Error(refusal.error()),
            Reply::Reserved { .. } | Reply::Outcome { .. } | Reply::Quoted { .. } => {
                Self::Error(Refusal::Conflict.error())
            }
            Reply::Cancelled(_) => Self::State(PartState::Cancelled),
        }
    }
}

/// Whether asking again is of no use. A fault is no answer, nor is a daemon that is busy.
pub(super) fn is_final(code: Code) -> bool {
    !matches!(code, Code::Busy | Code::Recovering | Code::Unknown | Code::Internal)
        && !matches!(code, Code::DeadlinePassed)
}
