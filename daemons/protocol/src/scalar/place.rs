//! Names of places.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::fmt;

/// An airport or a city, by its name: 1 to 200 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Place<'a>(Cow<'a, str>);

impl<'a> Place<'a> {
    /// The place of this name, if it can be one.
    pub fn new(name: impl Into<Cow<'a, str>>) -> Option<Self> {
        let name = name.into();
        (1..=200).contains(&name.len()).then_some(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Place<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = Place<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("o nome de um lugar, de 1 a 200 bytes")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Place<'de>, E> {
                Place::new(name).ok_or_else(|| E::invalid_value(Unexpected::Str(name), &self))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Place<'de>, E> {
                let place = Place::new(name.to_owned());
                place.ok_or_else(|| E::invalid_value(Unexpected::Str(name), &self))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_name() {
        assert!(serde_json::from_str::<Place<'_>>("\"\"").is_err());
        assert!(Place::new("x".repeat(200)).is_some());
        assert!(Place::new("x".repeat(201)).is_none());
        let escaped = r#""Bag\u00e9 (RS)""#;
        assert_eq!(serde_json::from_str::<Place<'_>>(escaped).unwrap().as_str(), "Bagé (RS)");
    }
}
