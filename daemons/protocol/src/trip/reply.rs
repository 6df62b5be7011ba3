//! The replies, as a daemon writes them and whoever asked reads them.
//!
//! `R` is the record of an item as it was sold: the client's own type for its product, or whatever
//! serialises as one JSON object.

use super::words::{
    AbortReason, Contact, DaemonName, Incarnation, Outcome, PartState, Reason, Refund, Revision,
    Timestamp, Traveller, TripItem,
};
use super::{ByDaemon, Proof, Quote, Receipt};
use crate::name::{Locator, TripId};
use crate::scalar::optional;
use serde::{Deserialize, Serialize};

/// The reply to `segurar` and `prorrogar`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartReply<R> {
    /// Where the part is.
    #[serde(rename = "estado")]
    pub state: PartState,
    /// Until when it is held, if it is.
    #[serde(
        rename = "expira",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires: Option<Timestamp>,
    /// The items as sold.
    #[serde(rename = "itens", default = "Vec::new")]
    pub items: Vec<R>,
}

/// The reply to `soltar`, `aplicar`, `alterar` and `forcar`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateReply {
    /// Where the part, or for `alterar` the trip, is.
    #[serde(rename = "estado")]
    pub state: PartState,
}

/// The reply to `fixar`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinReply {
    /// `fixa`, or what came after it.
    #[serde(rename = "estado")]
    pub state: PartState,
    /// The daemon's word, while the part is pinned.
    #[serde(
        rename = "recibo",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub receipt: Option<Receipt>,
}

/// The reply to `decidir`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideReply {
    /// `confirmada`, `desfeita` or `cancelada`.
    #[serde(rename = "estado")]
    pub state: PartState,
    /// The voucher of a trip that was booked.
    #[serde(
        rename = "localizador",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub locator: Option<Locator>,
    /// The anchor's word, for `aplicar`.
    #[serde(
        rename = "prova",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub proof: Option<Proof>,
    /// Why it was not booked.
    #[serde(rename = "motivo", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<AbortReason>,
}

/// The reply to `desfecho`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeReply {
    /// The outcome.
    #[serde(rename = "desfecho")]
    pub outcome: Outcome,
    /// The anchor's word on it; none while it is undecided.
    #[serde(
        rename = "prova",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub proof: Option<Proof>,
    /// The voucher, so that the part can show it and remembers it for the anchor.
    #[serde(
        rename = "localizador",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub locator: Option<Locator>,
}

/// The reply to `cotar_cancelamento`: of the anchor about the whole trip, of any other daemon about
/// its part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteReply {
    /// What the traveller would get back.
    #[serde(rename = "reembolso")]
    pub refund: Refund,
    /// Until when the quote is kept up.
    #[serde(rename = "expira")]
    pub expires: Timestamp,
    /// The quote.
    #[serde(rename = "cotacao")]
    pub quote: Quote,
}

/// The reply to `cancelar`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelReply {
    /// `cancelada`.
    #[serde(rename = "estado")]
    pub state: PartState,
    /// The anchor's word, for `aplicar`.
    #[serde(rename = "prova")]
    pub proof: Proof,
}

/// The reply to `consultar`: what one daemon knows of a trip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsultReply<R> {
    /// The trip.
    #[serde(rename = "viagem")]
    pub trip: TripId,
    /// Where this daemon's part is.
    #[serde(rename = "estado")]
    pub state: PartState,
    /// The version of its items.
    #[serde(
        rename = "revisao",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub revision: Option<Revision>,
    /// Its items, as they were asked for.
    #[serde(rename = "pedido", default = "Vec::new")]
    pub asked: Vec<TripItem>,
    /// Its items, as sold.
    #[serde(rename = "itens", default = "Vec::new")]
    pub items: Vec<R>,
    /// Until when it is held, if it is.
    #[serde(
        rename = "expira",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires: Option<Timestamp>,
    /// The daemon that decides, once that is known here.
    #[serde(
        rename = "ancora",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub anchor: Option<DaemonName>,
    /// The whole trip, once it is known here.
    #[serde(rename = "partes", default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<ByDaemon<Vec<TripItem>>>,
    /// The decision, if this daemon has one.
    #[serde(rename = "decisao", default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionView>,
    /// The voucher, once it is known here.
    #[serde(
        rename = "localizador",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub locator: Option<Locator>,
    /// Who travels; only for whoever may know.
    #[serde(rename = "viajantes", default, skip_serializing_if = "Option::is_none")]
    pub travellers: Option<Vec<Traveller>>,
    /// How they are reached; only for whoever may know.
    #[serde(
        rename = "contato",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub contact: Option<Contact>,
    /// What an administrator did by hand and no outcome has agreed with yet.
    #[serde(rename = "forcada", default, skip_serializing_if = "Option::is_none")]
    pub forced: Option<ForcedView>,
}

/// A decision, as `consultar` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionView {
    /// The outcome; never `indecisa`.
    #[serde(rename = "desfecho")]
    pub outcome: Outcome,
    /// When it was written.
    #[serde(rename = "quando")]
    pub at: Timestamp,
    /// Why a trip was not booked.
    #[serde(rename = "motivo", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<AbortReason>,
    /// What a cancelled trip gave back.
    #[serde(
        rename = "reembolso",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub refund: Option<Refund>,
    /// The daemons that have not acknowledged it yet.
    #[serde(rename = "pendentes", default = "Vec::new")]
    pub pending: Vec<DaemonName>,
}

/// What an administrator did by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForcedView {
    /// Where the part was before.
    #[serde(rename = "era")]
    pub was: PartState,
    /// When.
    #[serde(rename = "quando")]
    pub at: Timestamp,
    /// Why.
    #[serde(rename = "motivo")]
    pub reason: Reason,
}

/// The reply to `recuperar`: one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoverReply {
    /// The life of the daemon that answers.
    #[serde(rename = "encarnacao")]
    pub incarnation: Incarnation,
    /// The latest life of the asking daemon that the answering one has heard of. When it is above
    /// the one that was named, the asking daemon must take a still higher one and ask anew.
    #[serde(rename = "conhecida")]
    pub known: Incarnation,
    /// The lives of other daemons that the answering one has heard of. What they sealed in earlier
    /// ones can no longer change what it says here.
    #[serde(rename = "vidas", default, skip_serializing_if = "ByDaemon::is_empty")]
    pub lives: ByDaemon<Incarnation>,
    /// The trips in which the asker has a part, in the order of their ids.
    #[serde(rename = "viagens")]
    pub trips: Vec<RecoveredTrip>,
    /// Whether the list was cut.
    #[serde(rename = "mais", default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// A trip as a peer knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveredTrip {
    /// The trip.
    #[serde(rename = "viagem")]
    pub trip: TripId,
    /// The daemon that decides.
    #[serde(rename = "ancora")]
    pub anchor: DaemonName,
    /// The whole trip.
    #[serde(rename = "partes")]
    pub parts: ByDaemon<Vec<TripItem>>,
    /// How it was decided, as far as the peer has heard.
    #[serde(rename = "desfecho")]
    pub outcome: Outcome,
    /// The voucher, if the peer knows it.
    #[serde(
        rename = "localizador",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub locator: Option<Locator>,
}

/// The reply to `auditar`: sums over all units, recomputed from the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditReply {
    /// All units of the offers of which something was ever taken.
    #[serde(rename = "capacidade")]
    pub capacity: u64,
    /// Those that nobody has.
    #[serde(rename = "livres")]
    pub free: u64,
    /// Those of held parts.
    #[serde(rename = "seguras")]
    pub held: u64,
    /// Those of pinned parts.
    #[serde(rename = "fixas")]
    pub pinned: u64,
    /// Those of confirmed parts.
    #[serde(rename = "confirmadas")]
    pub confirmed: u64,
    /// Whether the counters agree for every offer, and none is above its capacity.
    #[serde(rename = "consistente")]
    pub consistent: bool,
}
