//! Replies as the wire has them.

use crate::row::SoldItem;
use crate::step::Reply;
use agencia_protocol::trip::{
    CancelReply, DecideReply, Outcome, OutcomeReply, PartReply, PartState, PinReply, QuoteReply,
    StateReply,
};
use agencia_protocol::{Locator, WireError};
use serde_json::value::RawValue;

/// What a daemon answers: the reply's JSON object, or an error.
///
/// # Errors
/// The refusal, as the wire says it.
pub(crate) fn written(reply: &Reply) -> Result<Vec<u8>, WireError> {
    let json = match reply {
        Reply::Part { state, expires, items } => {
            let items = items.iter().map(record).collect();
            serde_json::to_vec(&PartReply { state: *state, expires: *expires, items })
        }
        Reply::State(state) => serde_json::to_vec(&StateReply { state: *state }),
        Reply::Pin { state, receipt } => {
            serde_json::to_vec(&PinReply { state: *state, receipt: receipt.clone() })
        }
        Reply::Decided { outcome, locator, proof } => {
            let state = match outcome {
                Outcome::Cancelled => PartState::Cancelled,
                _ => PartState::Confirmed,
            };
            let proof = Some(proof.clone());
            serde_json::to_vec(&DecideReply { state, locator: *locator, proof, reason: None })
        }
        Reply::NotDecided(reason) => {
            let (state, reason) = (PartState::Aborted, Some(*reason));
            serde_json::to_vec(&DecideReply { state, locator: None, proof: None, reason })
        }
        Reply::Reserved { locator, items, .. } => serde_json::to_vec(&Bought {
            items: items.iter().map(record).collect(),
            locator: *locator,
        }),
        Reply::Outcome { outcome, proof, locator } => {
            let (outcome, proof, locator) = (*outcome, proof.clone(), *locator);
            serde_json::to_vec(&OutcomeReply { outcome, proof, locator })
        }
        Reply::Quoted { refund, expires, quote } => {
            let (refund, expires, quote) = (*refund, *expires, quote.clone());
            serde_json::to_vec(&QuoteReply { refund, expires, quote })
        }
        Reply::Cancelled(proof) => {
            let (state, proof) = (PartState::Cancelled, proof.clone());
            serde_json::to_vec(&CancelReply { state, proof })
        }
        Reply::Refused(refusal) => return Err(refusal.error()),
    };
    Ok(json.expect("plain data is JSON"))
}

/// What `reservar` bought; the daemon's own reply to it shows its one record.
#[derive(serde::Serialize)]
struct Bought {
    #[serde(rename = "itens")]
    items: Vec<Box<RawValue>>,
    #[serde(rename = "localizador")]
    locator: Option<Locator>,
}

/// The record as it was sold. One that is lost with a backup is an empty object.
fn record(item: &SoldItem) -> Box<RawValue> {
    let raw = RawValue::from_string(item.record.clone());
    raw.or_else(|_| RawValue::from_string("{}".to_owned())).expect("an empty object is JSON")
}

impl Reply {
    /// The reply as the wire has it: one JSON object.
    ///
    /// # Errors
    /// The refusal, as the wire says it.
    pub fn to_json(&self) -> Result<Vec<u8>, WireError> {
        written(self)
    }
}
