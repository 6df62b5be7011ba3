//! The values inside messages, a file for each kind; here, how all of them are read.
//!
//! Each has one spelling on the wire and is valid once it exists. Whole numbers may come as JSON
//! numbers or as strings of digits, because HTML forms send strings; for the same reason an
//! optional field that is the empty string counts as left out.

mod day;
mod time_of_day;
mod money;
mod place;
mod count;
mod order;

pub use count::{Limit, Nights, People};
pub use day::{Day, Month, iso_day, record_day};
pub use money::Money;
pub use order::Order;
pub use place::Place;
pub use time_of_day::TimeOfDay;

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A value that comes as JSON text, or as a JSON number, or as both.
pub(crate) trait FromWire: Sized {
    /// What the error says was expected, in Portuguese.
    const EXPECTED: &'static str;

    fn from_text(text: &str) -> Option<Self>;

    fn from_number(_: u64) -> Option<Self> {
        None
    }
}

/// The text is not what this type is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct Unreadable(pub(crate) &'static str);

struct WireVisitor<T>(PhantomData<T>);

impl<T: FromWire> Visitor<'_> for WireVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<T>, E> {
        if text.is_empty() {
            return Ok(None);
        }
        let unexpected = || E::invalid_value(Unexpected::Str(text), &self);
        T::from_text(text).ok_or_else(unexpected).map(Some)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<T>, E> {
        let unexpected = || E::invalid_value(Unexpected::Unsigned(number), &self);
        T::from_number(number).ok_or_else(unexpected).map(Some)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
}

pub(crate) fn optional<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromWire,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(WireVisitor(PhantomData))
}

pub(crate) fn required<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromWire,
    D: Deserializer<'de>,
{
    let missing = || D::Error::invalid_value(Unexpected::Other("nada"), &T::EXPECTED);
    optional(deserializer)?.ok_or_else(missing)
}

pub(crate) fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromWire + Default,
    D: Deserializer<'de>,
{
    Ok(optional(deserializer)?.unwrap_or_default())
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl FromWire for u32 {
    const EXPECTED: &'static str = "um número inteiro até 4294967295";

    fn from_text(text: &str) -> Option<Self> {
        digits(text)
    }

    fn from_number(number: u64) -> Option<Self> {
        Self::try_from(number).ok()
    }
}

/// Reads `true` or `false`, which a table's cell may also write as text or as `sim` or `não`.
pub(crate) fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Truth;
    impl Visitor<'_> for Truth {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true ou false")
        }

        fn visit_bool<E: Error>(self, truth: bool) -> Result<bool, E> {
            Ok(truth)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
            match text {
                "true" | "sim" | "Sim" => Ok(true),
                "false" | "não" | "Não" => Ok(false),
                _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
            }
        }
    }
    deserializer.deserialize_any(Truth)
}

/// Has values read wherever they stand: in JSON and as text.
macro_rules! read_from_wire {
    ($($name:ty),*) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::scalar::required(deserializer)
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::Unreadable;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::from_text(text).ok_or($crate::scalar::Unreadable(Self::EXPECTED))
            }
        }
    )*};
}
use read_from_wire;

/// Has values written as they are displayed.
macro_rules! written_as_displayed {
    ($($name:ty),*) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
use written_as_displayed;
