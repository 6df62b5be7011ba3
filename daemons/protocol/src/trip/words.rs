//! The words of a trip: states, outcomes, names, moments. Each is valid once it exists.

use super::{CONTACT_BYTES_MAX, NAME_BYTES_MAX, REASON_BYTES_MAX, VISITOR_BYTES_MAX};
use crate::name::OfferId;
use crate::scalar::{FromWire, Money, Nights, People, Unreadable, optional, or_default, required};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident, $expected:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $word,)*
                })
            }
        }

        impl FromWire for $name {
            const EXPECTED: &'static str = $expected;

            fn from_text(text: &str) -> Option<Self> {
                match text {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}
words! {
    /// Where a part of a trip is, as its daemon says it.
    PartState, "um estado, como segura" {
        /// The daemon knows nothing of the trip.
        None = "nenhuma",
        /// Units are taken until a deadline.
        Held = "segura",
        /// Units are taken until the anchor's outcome.
        Pinned = "fixa",
        /// Units are the traveller's.
        Confirmed = "confirmada",
        /// Nothing is taken, and nothing will be.
        Released = "solta",
        /// Answers to `decidir`, `alterar` and `cancelar`: the whole trip was decided against.
        Aborted = "desfeita",
        /// Answers to `decidir`, `alterar` and `cancelar`: the whole trip was cancelled.
        Cancelled = "cancelada",
    }

    /// What the anchor says of a whole trip.
    Outcome, "um desfecho, como confirmada" {
        /// Booked, for every part.
        Committed = "confirmada",
        /// Not booked, for no part.
        Aborted = "desfeita",
        /// Booked and then cancelled, for every part.
        Cancelled = "cancelada",
        /// Not decided yet.
        Undecided = "indecisa",
    }

    /// Why a trip was decided against.
    AbortReason, "um motivo, como prazo" {
        /// The anchor's own hold had expired.
        Expired = "expirada",
        /// The anchor's own hold had been let go.
        LetGo = "solta",
        /// The anchor knew nothing of the trip.
        Unknown = "nenhuma",
        /// No decision came in time.
        Deadline = "prazo",
        /// What a peer remembered after a backup was restored.
        Recovered = "recuperada",
    }
}

/// A daemon's name, that of its folder, its unit and its settings: 1 to 32 lower-case letters,
/// digits or hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DaemonName(Arc<str>);

impl DaemonName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromWire for DaemonName {
    const EXPECTED: &'static str = "o nome de um servidor, como voos";

    fn from_text(text: &str) -> Option<Self> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        ((1..=32).contains(&text.len()) && text.bytes().all(allowed)).then(|| Self(text.into()))
    }
}

/// A moment, in milliseconds of Unix time; on the wire RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The first millisecond of the year 10000: no timestamp reaches it.
    const END: i64 = 253_402_300_800_000;

    /// This many milliseconds after 1970-01-01; moved to the nearest end of 1970 to 9999.
    pub fn from_unix_millis(millis: i64) -> Self {
        Self(millis.clamp(0, Self::END - 1))
    }

    /// The milliseconds since 1970-01-01.
    pub fn unix_millis(self) -> i64 {
        self.0
    }

    /// The moment this much later.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        let millis = i64::try_from(time.as_millis()).unwrap_or(Self::END);
        Self::from_unix_millis(self.0.saturating_add(millis))
    }

    /// How long ago `earlier` was; nothing when it is to come.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&date.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromWire for Timestamp {
    const EXPECTED: &'static str = "um momento, como 2026-12-24T14:00:00Z";

    fn from_text(text: &str) -> Option<Self> {
        let millis = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
        (0..Self::END).contains(&millis).then_some(Self(millis))
    }
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $max:expr, $expected:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromWire for $name {
            const EXPECTED: &'static str = $expected;

            fn from_text(text: &str) -> Option<Self> {
                let text = text.trim();
                let plain = !text.is_empty() && !text.chars().any(char::is_control);
                (plain && text.len() <= $max).then(|| Self(text.into()))
            }
        }
    )*};
}
texts! {
    /// A first name, a surname or a document's number.
    PersonName, NAME_BYTES_MAX, "um texto de 1 a 100 bytes";
    /// How a traveller is reached.
    Contact, CONTACT_BYTES_MAX, "um contato de 1 a 200 bytes";
    /// Why an administrator settles a part by hand.
    Reason, REASON_BYTES_MAX, "um motivo de 1 a 500 bytes";
    /// Whoever leads a trip for somebody names them by this; it means nothing to anybody else.
    Visitor, VISITOR_BYTES_MAX, "um visitante de 1 a 64 bytes";
}

/// The IP address of a visitor, as whoever leads a trip for them saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address; an IPv4 address that is written as IPv6 is that IPv4 address.
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// The address.
    pub fn ip(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromWire for ClientAddress {
    const EXPECTED: &'static str = "um endereço IP, como 192.0.2.7";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::new)
    }
}

/// Which version of its items a part is; a later one replaces an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Revision(pub u32);

impl FromWire for Revision {
    const EXPECTED: &'static str = "uma revisão, de 0 a 4294967295";

    fn from_text(text: &str) -> Option<Self> {
        u32::from_text(text).map(Self)
    }

    fn from_number(number: u64) -> Option<Self> {
        u32::from_number(number).map(Self)
    }
}

/// Which life of its database a daemon lives: it grows with every restored backup. What was sealed
/// in an earlier life no longer counts once a peer has heard of the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Incarnation(pub u64);

impl FromWire for Incarnation {
    const EXPECTED: &'static str = "uma encarnação, um número inteiro";

    fn from_text(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok().map(Self)).flatten()
    }

    fn from_number(number: u64) -> Option<Self> {
        Some(Self(number))
    }
}

/// What a traveller gets back, in centavos of real, `9906,00R$`.
///
/// A whole trip may cost more than one [`Money`] can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Refund(pub u64);

impl fmt::Display for Refund {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{:02}R$", self.0 / 100, self.0 % 100)
    }
}

impl FromWire for Refund {
    const EXPECTED: &'static str = "um valor, como 9906,00R$";

    fn from_text(text: &str) -> Option<Self> {
        let (reais, cents) = text.strip_suffix("R$")?.split_once(',')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(reais) || !digits(cents) || cents.len() != 2 {
            return None;
        }
        let reais: u64 = reais.parse().ok()?;
        reais.checked_mul(100)?.checked_add(cents.parse().ok()?).map(Self)
    }
}

macro_rules! written_as_number {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }
    )*};
}
written_as_number!(Revision, Incarnation);

macro_rules! written_as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
written_as_text!(
    PartState,
    Outcome,
    AbortReason,
    DaemonName,
    Timestamp,
    PersonName,
    Contact,
    Reason,
    Refund,
    Visitor,
    ClientAddress
);

macro_rules! read_from_wire {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                required(deserializer)
            }
        }
        impl FromStr for $name {
            type Err = Unreadable;
            fn from_str(text: &str) -> Result<Self, Unreadable> {
                Self::from_text(text).ok_or(Unreadable(Self::EXPECTED))
            }
        }
    )*};
}
read_from_wire!(
    PartState,
    Outcome,
    AbortReason,
    DaemonName,
    Timestamp,
    PersonName,
    Contact,
    Reason,
    Refund,
    Revision,
    Incarnation,
    Visitor,
    ClientAddress
);

impl fmt::Display for DaemonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing that a trip takes from a daemon.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TripItem {
    /// The offer; for a stay, that of its first night.
    pub id: OfferId,
    /// How many units.
    #[serde(rename = "quantidade", default, deserialize_with = "or_default")]
    pub units: People,
    /// For a stay, how many nights in the same room.
    #[serde(
        rename = "noites",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub nights: Option<Nights>,
    /// The price of one unit that the traveller saw, for a stay that of all its nights; when it is
    /// another one, the hold is refused.
    #[serde(
        rename = "valor",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub price: Option<Money>,
}

/// Who travels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traveller {
    /// The first name.
    #[serde(rename = "nome")]
    pub name: PersonName,
    /// The surname, which with the locator opens a booking.
    #[serde(rename = "sobrenome")]
    pub surname: PersonName,
    /// The number of a document.
    #[serde(
        rename = "documento",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub document: Option<PersonName>,
}
