//! Counts, each within its own limits.

use super::{FromWire, Unreadable, digits, required};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident($inner:ty), $low:literal..=$high:literal, $default:literal, $expected:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name($inner);

        impl $name {
            /// This many, if it is in range.
            pub fn new(count: $inner) -> Option<Self> {
                ($low..=$high).contains(&count).then_some(Self(count))
            }

            /// The number.
            pub fn count(self) -> $inner {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self($default)
            }
        }

        impl FromWire for $name {
            const EXPECTED: &'static str = $expected;

            fn from_text(text: &str) -> Option<Self> {
                Self::from_number(digits(text)?)
            }

            fn from_number(number: u64) -> Option<Self> {
                <$inner>::try_from(number).ok().and_then(Self::new)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                required(deserializer)
            }
        }

        impl std::str::FromStr for $name {
            type Err = Unreadable;

            fn from_str(text: &str) -> Result<Self, Unreadable> {
                Self::from_text(text).ok_or(Unreadable(Self::EXPECTED))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
counts! {
    /// People, and so the seats, rooms or places that are asked for at once: 1 to 999.
    People(u16), 1..=999, 1, "um número de 1 a 999";
    /// The nights of a stay: 1 to 365.
    Nights(u16), 1..=365, 1, "um número de noites de 1 a 365";
    /// How many offers a list may have: 1 to 1,000,000, cut to the daemon's own ceiling.
    Limit(u32), 1..=1_000_000, 1000, "um limite de 1 a 1000000";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_one_to_999_and_may_be_digits() {
        for (json, expected) in [
            ("1", Some(1)),
            ("\"12\"", Some(12)),
            ("999", Some(999)),
            ("0", None),
            ("1000", None),
            ("1000000", None),
            ("-1", None),
            ("1.0", None),
            ("\"1.0\"", None),
            ("\"+1\"", None),
            ("true", None),
            ("\"\"", None),
            ("null", None),
        ] {
            let people = serde_json::from_str::<People>(json).ok().map(People::count);
            assert_eq!(people, expected, "{json}");
        }
    }
}
