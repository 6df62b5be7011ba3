//! What a daemon answers when it does not answer what was asked.
//!
//! A *refusal* is a normal answer to a well-formed request (nothing left, price changed). A
//! *fault* is not, and never looks like one: after [`Code::Unknown`] the asker must ask again.

use serde::{Deserialize, Serialize};

/// The stable word of an error, the part that programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Code {
    /// The ten bytes are no header; the connection is closed.
    #[serde(rename = "cabecalho_invalido")]
    InvalidHeader,
    /// A frame of length 0; the connection is closed.
    #[serde(rename = "quadro_vazio")]
    EmptyFrame,
    /// A frame above the limit; the connection is closed.
    #[serde(rename = "quadro_grande")]
    FrameTooLarge,
    /// A header or body that did not arrive in time; the connection is closed.
    #[serde(rename = "prazo_vencido")]
    DeadlinePassed,
    /// The body is not one JSON object.
    #[serde(rename = "json_invalido")]
    InvalidJson,
    /// A field is missing, repeated or out of range; `campo` names it.
    #[serde(rename = "campo_invalido")]
    InvalidField,
    /// No daemon, or not this one, has such an action.
    #[serde(rename = "acao_desconhecida")]
    UnknownAction,

    /// Refusal: not enough units are left.
    #[serde(rename = "esgotado")]
    SoldOut,
    /// Refusal: the offer has begun, or was withdrawn.
    #[serde(rename = "encerrado")]
    Closed,
    /// Refusal: the price is no longer the one the traveller saw.
    #[serde(rename = "preco_mudou")]
    PriceChanged,
    /// Refusal: the hold has expired.
    #[serde(rename = "expirada")]
    Expired,
    /// Refusal: the same key was used for something else.
    #[serde(rename = "conflito")]
    Conflict,
    /// Refusal: the trip's id is too old to begin with.
    #[serde(rename = "antiga")]
    Stale,
    /// Refusal: the trip was decided against.
    #[serde(rename = "desfeita")]
    Aborted,
    /// Refusal: the asker may not ask this.
    #[serde(rename = "nao_autorizado")]
    Unauthorised,
    /// Refusal: the daemon is re-learning what a backup did not hold.
    #[serde(rename = "em_recuperacao")]
    Recovering,
    /// Refusal: too many connections or requests; try again.
    #[serde(rename = "ocupado")]
    Busy,

    /// Fault: whether it happened is not known; ask again.
    #[serde(rename = "desconhecido")]
    Unknown,
    /// Fault: the daemon is at fault; nothing happened.
    #[serde(rename = "interno")]
    Internal,
}

impl Code {
    /// Whether this is a normal answer to a well-formed request.
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Code::SoldOut
                | Code::Closed
                | Code::PriceChanged
                | Code::Expired
                | Code::Conflict
                | Code::Stale
                | Code::Aborted
                | Code::Unauthorised
                | Code::Recovering
                | Code::Busy
        )
    }
}

/// An error as it goes over the wire.
///
/// ```
/// use agencia_protocol::{Code, WireError};
/// let error = WireError::field("dataIda", "não é uma data");
/// assert_eq!(
///     serde_json::to_string(&error.reply()).unwrap(),
///     r#"{"erro":{"codigo":"campo_invalido","mensagem":"não é uma data","campo":"dataIda"}}"#
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct WireError {
    /// The stable word.
    #[serde(rename = "codigo")]
    pub code: Code,
    /// What a person reads, in Portuguese.
    #[serde(rename = "mensagem")]
    pub message: String,
    /// The field at fault, by its wire name; `itens[1].id` when it is nested.
    #[serde(rename = "campo", default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The offer at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl WireError {
    /// An error of this code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, id: None }
    }

    /// A field that is missing, repeated or out of range.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(Code::InvalidField, message) }
    }

    /// The same error, naming the offer it is about.
    #[must_use]
    pub fn about(self, id: impl ToString) -> Self {
        Self { id: Some(id.to_string()), ..self }
    }

    /// The reply that carries this error: `{"erro":{…}}`.
    pub fn reply(&self) -> ErrorReply<&WireError> {
        ErrorReply { error: self }
    }
}

/// The reply that carries an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReply<E = WireError> {
    /// What went wrong.
    #[serde(rename = "erro")]
    pub error: E,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_never_looks_like_a_refusal() {
        for fault in [Code::Unknown, Code::Internal, Code::InvalidJson, Code::InvalidField] {
            assert!(!fault.is_refusal(), "{fault:?}");
        }
        assert!(Code::SoldOut.is_refusal());
    }

    #[test]
    fn an_error_survives_the_wire() {
        let error = WireError::new(Code::SoldOut, "não há mais lugares").about("00ff");
        let text = serde_json::to_string(&error.reply()).unwrap();
        assert_eq!(
            text,
            r#"{"erro":{"codigo":"esgotado","mensagem":"não há mais lugares","id":"00ff"}}"#
        );
        let back: ErrorReply = serde_json::from_str(&text).unwrap();
        assert_eq!(back.error, error);
    }
}
