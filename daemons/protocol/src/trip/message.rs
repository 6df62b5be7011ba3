//! The messages, as whoever sends them writes them and a daemon reads them.

use super::list::ListFilter;
use super::strict::{list, lists, map};
use super::words::{
    ClientAddress, Contact, DaemonName, Incarnation, Outcome, PartState, PersonName, Reason,
    Revision, Timestamp, Traveller, TripItem, Visitor,
};
use super::{ByDaemon, HOLD_SECS_MAX, ITEMS_MAX, PARTS_MAX, Proof, Quote, Receipt, TRAVELLERS_MAX};
use crate::error::WireError;
use crate::name::{Locator, TripId};
use crate::object::parse_object;
use crate::scalar::{Day, Limit, iso_day, optional, required};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// The word that stands in a message's `action`.
trait Named {
    const ACTION: &'static str;
}

/// The field `action`, whose value the type already tells.
struct Action<T>(PhantomData<fn() -> T>);

impl<T> Clone for Action<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Action<T> {}
impl<T> PartialEq for Action<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl<T> Eq for Action<T> {}
impl<T: Named> fmt::Debug for Action<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::ACTION)
    }
}
impl<T: Named> Serialize for Action<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(T::ACTION)
    }
}
impl<'de, T> Deserialize<'de> for Action<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(PhantomData))
    }
}

macro_rules! messages {
    ($(
        $(#[$doc:meta])*
        $action:literal $name:ident { $($(#[$attribute:meta])* $field:ident: $kind:ty,)* }
        $(of $({ $(#[$beside_attribute:meta])* $beside:ident: $beside_kind:ty })*)?
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $name {
                action: Action<$name>,
                $($(#[$attribute])* pub $field: $kind,)*
                $($(
                    $(#[$beside_attribute])*
                    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
                    pub $beside: Option<$beside_kind>,
                )*)?
            }

            impl Named for $name {
                const ACTION: &'static str = $action;
            }

            impl $name {
                /// The message with these fields, in the order in which they stand here. For whom it
                /// is sent, where it can say that, is left out.
                #[allow(clippy::new_without_default, reason = "only one message has no field")]
                pub fn new($($field: $kind),*) -> Self {
                    Self { action: Action(PhantomData), $($field,)* $($($beside: None,)*)? }
                }
            }

            impl From<$name> for TripMessage {
                fn from(message: $name) -> Self {
                    TripMessage::$name(message)
                }
            }
        )*

        /// Any message of a trip.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        #[allow(missing_docs, reason = "each variant is its message")]
        pub enum TripMessage {
            $($name($name),)*
        }

        impl TripMessage {
            /// The word that stands in its `action`.
            pub fn action(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $action,)*
                }
            }

            fn read(action: &str, body: &[u8]) -> Option<Result<Self, WireError>> {
                match action {
                    $($action => Some(parse_object(body).map(Self::$name)),)*
                    _ => None,
                }
            }
        }
    };
}

messages! {
    /// Takes the units of all items or of none, until a deadline.
    "segurar" Hold {
        /// The trip, a UUIDv7.
        #[serde(rename = "viagem")]
        trip: TripId,
        /// Which version of the items this is; a higher one replaces the items.
        #[serde(rename = "revisao")]
        revision: Revision,
        /// 1 to [`ITEMS_MAX`].
        #[serde(rename = "itens", deserialize_with = "list::<1, ITEMS_MAX, _, _>")]
        items: Vec<TripItem>,
        /// For how long, 1 to [`HOLD_SECS_MAX`]; cut to the daemon's own ceiling.
        #[serde(rename = "validade", deserialize_with = "required")]
        hold_secs: u32,
    } of {
        /// Whose hold it is, so that nobody holds too much; every trip counts by itself without.
        #[serde(rename = "visitante")]
        visitor: Visitor
    } {
        /// The address that the visitor came from.
        #[serde(rename = "endereco")]
        address: ClientAddress
    }

    /// Moves the deadline of a hold; it is cut to the daemon's ceiling after the first hold.
    "prorrogar" Extend {
        /// The trip.
        #[serde(rename = "viagem")]
        trip: TripId,
        /// Until when.
        #[serde(rename = "ate")]
        until: Timestamp,
    }

    /// Lets a hold go. It is final: the part is never held again.
    "soltar" LetGo {
        /// The trip.
        #[serde(rename = "viagem")]
        trip: TripId,
    }

    /// Takes the deadline off a hold: from now on only the anchor's outcome ends it.
    "fixar" Pin {
        /// The trip.
        #[serde(rename = "viagem")]
        trip: TripId,
        /// The version of this daemon's items.
        #[serde(rename = "revisao")]
        revision: Revision,
        /// The daemon that decides.
        #[serde(rename = "ancora")]
        anchor: DaemonName,
        /// The whole trip: at most [`PARTS_MAX`] daemons, each with its items.
        #[serde(rename = "partes", deserialize_with = "lists::<PARTS_MAX, ITEMS_MAX, _, _>")]
        parts: ByDaemon<Vec<TripItem>>,
    }

    /// Asks the anchor to decide: booked, or not booked.
    "decidir" Decide {
        /// The trip.
        #[serde(rename = "viagem")]
        trip: TripId,
        /// The whole trip, exactly as it was pinned.
        #[serde(rename = "partes", deserialize_with = "lists::<PARTS_MAX, ITEMS_MAX, _, _>")]
        parts: ByDaemon<Vec<TripItem>>,
        /// The receipt of every daemon but the anchor; empty for a trip of one part.
        #[serde(rename = "recibos", deserialize_with = "map::<0, PARTS_MAX, _, _>")]
        receipts: ByDaemon<Receipt>,
        /// 1 to [`TRAVELLERS_MAX`].
        #[serde(rename = "viajantes", deserialize_with = "list::<1, TRAVELLERS_MAX, _, _>")]
        travellers: Vec<Traveller>,
        /// How they are reached.
        #[serde(rename = "contato", default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
        contact: Option<Contact>,
    }

    /// Asks the anchor how a trip was decided.
    "desfecho" AskOutcome {
        /// The trip.
        #[serde(rename = "viagem")]
        trip: TripId,
        /// For how many seconds the asking daemon's part has been pinned; only daemons say it, and
        /// only so does a trip that nobody decides end.
        #[serde(rename = "espera", default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
        waited_secs: Option<u32>,
    }

    /// Tells a part how its trip was decided.
    "aplicar" Apply {
        /// The trip.
        #[serde(rename = "viagem")]
        trip: TripId,
        /// The outcome; never `indecisa`.
        #[serde(rename = "desfecho")]
        outcome: Outcome,
        /// The anchor's word on it.
        #[serde(rename = "prova")]
        proof: Proof,
        /// The voucher, so that the part can show it and remembers it for the anchor.
        #[serde(rename = "localizador", default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
        locator: Option<Locator>,
    }

    /// Asks a daemon what cancelling its part would give back, and the anchor what cancelling the
    /// whole trip would.
    "cotar_cancelamento" QuoteCancellation {
        /// The trip.
        #[serde(rename = "viagem")]
        trip: TripId,
        /// To the anchor, the quote of every other part: it adds them up, with its own.
        #[serde(rename = "cotacoes", default, deserialize_with = "map::<0, PARTS_MAX, _, _>", skip_serializing_if = "ByDaemon::is_empty")]
        quotes: ByDaemon<Quote>,
    }

    /// Cancels a booked trip, for the refund that was quoted.
    "cancelar" Cancel {
        /// The trip.
        #[serde(rename = "viagem")]
        trip: TripId,
        /// The quote.
        #[serde(rename = "cotacao")]
        quote: Quote,
    }

    /// Changes the travellers of a booked trip.
    "alterar" Alter {
        /// The trip.
        #[serde(rename = "viagem")]
        trip: TripId,
        /// 1 to [`TRAVELLERS_MAX`]; they replace those that were named before.
        #[serde(rename = "viajantes", deserialize_with = "list::<1, TRAVELLERS_MAX, _, _>")]
        travellers: Vec<Traveller>,
        /// The contact; without it, the one that was given before stays.
        #[serde(rename = "contato", default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
        contact: Option<Contact>,
    }

    /// Asks what a daemon knows of a trip; see [`Consult::by`].
    "consultar" Consult {
        /// The trip.
        #[serde(rename = "viagem", default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
        trip: Option<TripId>,
        /// Or the voucher,
        #[serde(rename = "localizador", default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
        locator: Option<Locator>,
        /// with the surname of one of the travellers.
        #[serde(rename = "sobrenome", default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
        surname: Option<PersonName>,
    } of {
        /// The address that the visitor came from, who may guess only so often.
        #[serde(rename = "endereco")]
        address: ClientAddress
    }

    /// A daemon whose database was restored asks a peer what it missed.
    "recuperar" Recover {
        /// Who asks.
        #[serde(rename = "servidor")]
        daemon: DaemonName,
        /// The life that it has begun: what it sealed in an earlier one no longer counts.
        #[serde(rename = "encarnacao")]
        incarnation: Incarnation,
        /// The trip after which the page goes on; the first page without it.
        #[serde(rename = "desde", default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
        after: Option<TripId>,
    }

    /// Adds up all parts and compares them with the counters.
    "auditar" Audit {}

    /// An administrator lists trips, a page at a time.
    "listar" List {
        /// Which.
        #[serde(rename = "filtro")]
        filter: ListFilter,
        /// Of bookings, only those with service on this day.
        #[serde(rename = "dia", default, with = "iso_day::optional", skip_serializing_if = "Option::is_none")]
        day: Option<Day>,
        /// Only the one with this voucher.
        #[serde(rename = "localizador", default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
        locator: Option<Locator>,
        /// The trip after which the page goes on; the first page without it.
        #[serde(rename = "apos", default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
        after: Option<TripId>,
        /// How many; see [`List::page_max`].
        #[serde(rename = "limite", default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
        limit: Option<Limit>,
    }

    /// Settles a part by hand. An administrator's last resort, kept and shown until the anchor's
    /// outcome agrees with it.
    "forcar" Force {
        /// The trip.
        #[serde(rename = "viagem")]
        trip: TripId,
        /// `confirmada` or `solta`.
        #[serde(rename = "estado")]
        state: PartState,
        /// Why.
        #[serde(rename = "motivo")]
        reason: Reason,
    }
}

/// How a trip is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsultBy {
    /// By its id.
    Trip(TripId),
    /// By what stands on the voucher.
    Voucher(Locator, PersonName),
}

impl Consult {
    /// The message that looks a trip up like this.
    pub fn by_trip(trip: TripId) -> Self {
        Self::new(Some(trip), None, None)
    }

    /// The message that looks a trip up like this.
    pub fn by_voucher(locator: Locator, surname: PersonName) -> Self {
        Self::new(None, Some(locator), Some(surname))
    }

    /// How the trip is looked up.
    ///
    /// # Errors
    /// When neither, or both, or half a voucher is named.
    pub fn by(&self) -> Result<ConsultBy, WireError> {
        match (&self.trip, &self.locator, &self.surname) {
            (Some(trip), None, None) => Ok(ConsultBy::Trip(*trip)),
            (None, Some(locator), Some(surname)) => {
                Ok(ConsultBy::Voucher(*locator, surname.clone()))
            }
            (None, Some(_), None) => {
                Err(WireError::field("sobrenome", "o localizador pede também o sobrenome"))
            }
            _ => Err(WireError::field("viagem", "diga a viagem, ou o localizador e o sobrenome")),
        }
    }
}

impl TripMessage {
    /// Reads the body of a request that names this action; nothing when the action is not one of
    /// a trip's.
    ///
    /// # Errors
    /// [`Code::InvalidJson`](crate::Code::InvalidJson), and
    /// [`Code::InvalidField`](crate::Code::InvalidField) naming the field.
    pub fn parse(action: &str, body: &[u8]) -> Option<Result<Self, WireError>> {
        Some(Self::read(action, body)?.and_then(|message| {
            message.check()?;
            Ok(message)
        }))
    }

    /// What the types of single fields do not say.
    fn check(&self) -> Result<(), WireError> {
        match self {
            Self::Hold(hold) if !(1..=HOLD_SECS_MAX).contains(&hold.hold_secs) => {
                let message = format!("a validade vai de 1 a {HOLD_SECS_MAX} segundos");
                Err(WireError::field("validade", message))
            }
            Self::Pin(pin) if !pin.parts.contains_key(&pin.anchor) => {
                Err(WireError::field("ancora", "a âncora tem de ser uma das partes"))
            }
            Self::Apply(apply) if apply.outcome == Outcome::Undecided => {
                Err(WireError::field("desfecho", "só um desfecho decidido se aplica"))
            }
            Self::Force(force)
                if !matches!(force.state, PartState::Confirmed | PartState::Released) =>
            {
                Err(WireError::field("estado", "só se força confirmada ou solta"))
            }
            Self::Consult(consult) => consult.by().map(|_| ()),
            _ => Ok(()),
        }
    }

    /// The trip it is about, if it names one.
    pub fn trip(&self) -> Option<TripId> {
        match self {
            Self::Hold(message) => Some(message.trip),
            Self::Extend(message) => Some(message.trip),
            Self::LetGo(message) => Some(message.trip),
            Self::Pin(message) => Some(message.trip),
            Self::Decide(message) => Some(message.trip),
            Self::AskOutcome(message) => Some(message.trip),
            Self::Apply(message) => Some(message.trip),
            Self::QuoteCancellation(message) => Some(message.trip),
            Self::Cancel(message) => Some(message.trip),
            Self::Alter(message) => Some(message.trip),
            Self::Consult(message) => message.trip,
            Self::Force(message) => Some(message.trip),
            Self::Recover(_) | Self::Audit(_) | Self::List(_) => None,
        }
    }
}
