//! What daemons sign, as everybody else carries it: opaque text. Only daemons have the key.

use crate::scalar::{FromWire, Unreadable, required};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The longest sealed text, in bytes.
const SEAL_BYTES_MAX: usize = 256;

macro_rules! seals {
    ($($(#[$doc:meta])* $name:ident, $expected:literal;)*) => {$(
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
                let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
                let length = 1..=SEAL_BYTES_MAX;
                let sealed = length.contains(&text.len()) && text.bytes().all(allowed);
                sealed.then(|| Self(text.into()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

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
seals! {
    /// A daemon's word that its part is pinned: `REVISION.INCARNATION.MAC`.
    Receipt, "um recibo";
    /// The anchor's word on the outcome: `ANCHOR.INCARNATION.PARTS.MAC`.
    Proof, "uma prova";
    /// The anchor's word on a refund: `CENTAVOS.EXPIRY.MAC`.
    Quote, "uma cotação";
}
