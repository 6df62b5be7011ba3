//! Values of settings, parsed into types that hold only what is allowed. The errors say what is.

use agencia_protocol::LOCATOR_ALPHABET;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The shortest and the longest time, in seconds.
const SECS: std::ops::RangeInclusive<f64> = 0.001..=86_400.0;

/// Reads a whole number of a range.
pub(super) fn whole<'de, T, D, const MIN: u64, const MAX: u64>(
    deserializer: D,
) -> Result<T, D::Error>
where
    T: TryFrom<u64>,
    D: Deserializer<'de>,
{
    struct Whole<T, const MIN: u64, const MAX: u64>(PhantomData<T>);

    impl<T: TryFrom<u64>, const MIN: u64, const MAX: u64> Visitor<'_> for Whole<T, MIN, MAX> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a whole number from {MIN} to {MAX}")
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
            u64::try_from(number)
                .ok()
                .filter(|number| (MIN..=MAX).contains(number))
                .and_then(|number| T::try_from(number).ok())
                .ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
        }
    }
    deserializer.deserialize_any(Whole::<T, MIN, MAX>(PhantomData))
}

/// Reads a list that is not longer than `MAX`.
pub(super) fn list<'de, T, D, const MAX: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let list = Vec::<T>::deserialize(deserializer)?;
    match list.len() {
        length if length > MAX => {
            Err(D::Error::invalid_length(length, &format!("at most {MAX}").as_str()))
        }
        _ => Ok(list),
    }
}

/// A time in seconds.
pub(super) mod secs {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(
        time: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time.subsec_nanos() {
            0 => time.as_secs().serialize(serializer),
            _ => time.as_secs_f64().serialize(serializer),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        deserializer.deserialize_any(Secs)
    }

    struct Secs;

    impl Visitor<'_> for Secs {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "seconds from {} to {}, fractions allowed", SECS.start(), SECS.end())
        }

        fn visit_f64<E: Error>(self, secs: f64) -> Result<Duration, E> {
            if !SECS.contains(&secs) {
                return Err(E::invalid_value(Unexpected::Float(secs), &self));
            }
            Ok(Duration::from_secs_f64(secs))
        }

        fn visit_i64<E: Error>(self, secs: i64) -> Result<Duration, E> {
            let in_range = u32::try_from(secs).ok().filter(|&secs| SECS.contains(&secs.into()));
            in_range
                .map(|secs| Duration::from_secs(secs.into()))
                .ok_or_else(|| E::invalid_value(Unexpected::Signed(secs), &self))
        }
    }
}

/// Reads a text that means something.
fn text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &expected))
}

pub(super) fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    text(deserializer, "a path", |text| (!text.is_empty()).then(|| text.into()))
}

pub(super) fn locator_letter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<char, D::Error> {
    const EXPECTED: &str = "one letter of ACDEFGHJKMNPQRTUVWXY34679";
    text(deserializer, EXPECTED, |text| match text.as_bytes() {
        [letter] if LOCATOR_ALPHABET.contains(letter) => Some(char::from(*letter)),
        _ => None,
    })
}

pub(super) fn addresses<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<SocketAddr>, D::Error> {
    #[derive(Deserialize)]
    struct Address(#[serde(deserialize_with = "address")] SocketAddr);

    fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
        const EXPECTED: &str = "an IP address and a port, like 127.0.0.1:5050 or [::1]:5050";
        text(deserializer, EXPECTED, |text| text.parse().ok())
    }

    let addresses = Vec::<Address>::deserialize(deserializer)?;
    if addresses.is_empty() {
        return Err(D::Error::invalid_length(0, &"at least one address"));
    }
    Ok(addresses.into_iter().map(|Address(address)| address).collect())
}

/// A time zone of the IANA database.
pub(super) mod time_zone {
    use super::*;
    use chrono_tz::{TZ_VARIANTS, Tz};

    pub(in super::super) fn serialize<S: Serializer>(
        zone: &Tz,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        zone.name().serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Tz, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| {
            let names = TZ_VARIANTS.iter().map(|zone| zone.name());
            let nearest = super::super::layers::nearest(&text, names).unwrap_or("UTC");
            let expected = format!("a time zone of the IANA database, perhaps {nearest}");
            D::Error::invalid_value(Unexpected::Str(&text), &expected.as_str())
        })
    }
}

/// What is logged.
pub(super) mod level {
    use super::*;
    use log::LevelFilter;

    pub(in super::super) fn serialize<S: Serializer>(
        level: &LevelFilter,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        level.as_str().to_ascii_lowercase().serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<LevelFilter, D::Error> {
        const EXPECTED: &str = "one of off, error, warn, info, debug, trace";
        text(deserializer, EXPECTED, |text| text.parse().ok())
    }
}
