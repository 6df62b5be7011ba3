//! The values inside messages: days, times, money, counts.
//!
//! Each has one spelling on the wire and is valid once it exists. Whole numbers may come as JSON
//! numbers or as strings of digits, because HTML forms send strings; for the same reason an
//! optional field that is the empty string counts as left out.

use chrono::{Datelike, NaiveDate};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
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

/// A calendar day from 1970-01-01 to 2149-06-06, two bytes in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(u16);

const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a real day");

impl Day {
    /// The day of this date, if it is in range.
    pub fn from_date(date: NaiveDate) -> Option<Self> {
        u16::try_from(date.signed_duration_since(EPOCH).num_days()).ok().map(Self)
    }

    /// Reads `2026-12-24`.
    pub fn from_iso(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        Self::from_parts(text.get(0..4)?, text.get(5..7)?, text.get(8..10)?)
    }

    /// Reads `24/12/2026`.
    pub fn from_record(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[2] != b'/' || bytes[5] != b'/' {
            return None;
        }
        Self::from_parts(text.get(6..10)?, text.get(3..5)?, text.get(0..2)?)
    }

    fn from_parts(year: &str, month: &str, day: &str) -> Option<Self> {
        let date = NaiveDate::from_ymd_opt(digits(year)?, digits(month)?, digits(day)?)?;
        Self::from_date(date)
    }

    /// The date.
    pub fn date(self) -> NaiveDate {
        EPOCH + chrono::Days::new(self.0.into())
    }

    /// The day after `nights` nights, if it is in range.
    pub fn after(self, nights: u16) -> Option<Self> {
        self.0.checked_add(nights).map(Self)
    }

    /// How many nights lie between this day and a later one; nothing when it is not later.
    pub fn nights_until(self, later: Day) -> Option<Nights> {
        later.0.checked_sub(self.0).and_then(Nights::new)
    }

    /// Its year, month and day of the month.
    pub fn parts(self) -> (u32, u32, u32) {
        let date = self.date();
        (date.year().unsigned_abs(), date.month(), date.day())
    }

    /// The days since 1970-01-01.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The day with this number of days since 1970-01-01.
    pub fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// `2026-12-24`.
    pub fn iso(self) -> String {
        self.date().format("%Y-%m-%d").to_string()
    }

    /// `24/12/2026`, as records write it.
    pub fn record(self) -> String {
        let date = self.date();
        format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year())
    }
}

macro_rules! day_spelling {
    ($(#[$doc:meta])* $module:ident, $wrapper:ident, $read:path, $write:path, $expected:literal) => {
        $(#[$doc])*
        pub mod $module {
            use super::{Day, FromWire};
            use serde::{Deserializer, Serializer};

            struct $wrapper(Day);

            impl FromWire for $wrapper {
                const EXPECTED: &'static str = $expected;
                fn from_text(text: &str) -> Option<Self> {
                    $read(text).map(Self)
                }
            }

            /// Writes the day.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn serialize<S: Serializer>(day: &Day, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&$write(*day))
            }

            /// Reads the day.
            ///
            /// # Errors
            /// When the text is not a day that exists.
            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
                super::required::<$wrapper, D>(deserializer).map(|day| day.0)
            }

            /// The same for a field that may be left out, `null` or the empty string.
            pub mod optional {
                use super::{$wrapper, Day};
                use serde::{Deserializer, Serializer};

                /// Writes the day.
                ///
                /// # Errors
                /// Those of the serializer.
                pub fn serialize<S: Serializer>(
                    day: &Option<Day>,
                    serializer: S,
                ) -> Result<S::Ok, S::Error> {
                    match day {
                        Some(day) => serializer.serialize_str(&$write(*day)),
                        None => serializer.serialize_none(),
                    }
                }

                /// Reads the day.
                ///
                /// # Errors
                /// When there is a text and it is not a day that exists.
                pub fn deserialize<'de, D: Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Option<Day>, D::Error> {
                    let day = super::super::optional::<$wrapper, D>(deserializer)?;
                    Ok(day.map(|day| day.0))
                }
            }
        }
    };
}
day_spelling!(
    /// A [`Day`] as requests write it, `2026-12-24`; for `#[serde(with = …)]`.
    iso_day, IsoDay, Day::from_iso, Day::iso, "uma data que exista, como 2026-12-24"
);
day_spelling!(
    /// A [`Day`] as records write it, `24/12/2026`; for `#[serde(with = …)]`.
    record_day, RecordDay, Day::from_record, Day::record, "uma data que exista, como 24/12/2026"
);

/// A month, `2026-12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(Day);

impl Month {
    /// The month this day is in.
    pub fn of(day: Day) -> Self {
        let first = day.date().with_day(1).and_then(Day::from_date);
        Self(first.expect("the first of a month that a day of it is in"))
    }

    /// Its days, first to last.
    pub fn days(self) -> impl Iterator<Item = Day> {
        let month = self.0.date().month();
        (0..31).filter_map(move |n| self.0.after(n)).take_while(move |d| d.date().month() == month)
    }

    /// Its first day.
    pub fn first(self) -> Day {
        self.0
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.date().format("%Y-%m"))
    }
}

impl FromWire for Month {
    const EXPECTED: &'static str = "um mês, como 2026-12";

    fn from_text(text: &str) -> Option<Self> {
        (text.len() == 7).then(|| Day::from_iso(&format!("{text}-01"))).flatten().map(Self)
    }
}

/// A minute of the day, `14:00h`. The report writes both `6:00h` and `06:00h`; a time keeps the
/// spelling it came with, and compares by what it means.
#[derive(Debug, Clone, Copy)]
pub struct TimeOfDay(u16);

/// Set in a [`TimeOfDay`] whose hour has one digit.
const UNPADDED: u16 = 1 << 15;

impl TimeOfDay {
    /// The time of this minute of the day; nothing from 24:00 on.
    pub fn from_minute(minute: u16) -> Option<Self> {
        (minute < 24 * 60).then_some(Self(minute))
    }

    /// The minutes since midnight.
    pub fn minute(self) -> u16 {
        self.0 & !UNPADDED
    }

    /// Whether its hour is written with two digits.
    pub fn has_padded_hour(self) -> bool {
        self.0 & UNPADDED == 0
    }

    /// Reads `14:00h` or `6:00h`.
    pub fn from_record(text: &str) -> Option<Self> {
        let (hour, minute) = text.strip_suffix('h')?.split_once(':')?;
        if hour.is_empty() || hour.len() > 2 || minute.len() != 2 {
            return None;
        }
        let (hours, minutes): (u16, u16) = (digits(hour)?, digits(minute)?);
        if hours > 23 || minutes > 59 {
            return None;
        }
        let unpadded = if hour.len() == 1 { UNPADDED } else { 0 };
        Some(Self((hours * 60 + minutes) | unpadded))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute) = (self.minute() / 60, self.minute() % 60);
        match self.0 & UNPADDED {
            0 => write!(f, "{hour:02}:{minute:02}h"),
            _ => write!(f, "{hour}:{minute:02}h"),
        }
    }
}

impl PartialEq for TimeOfDay {
    fn eq(&self, other: &Self) -> bool {
        self.minute() == other.minute()
    }
}

impl Eq for TimeOfDay {}

impl PartialOrd for TimeOfDay {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TimeOfDay {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.minute().cmp(&other.minute())
    }
}

impl FromWire for TimeOfDay {
    const EXPECTED: &'static str = "um horário, como 14:00h";

    fn from_text(text: &str) -> Option<Self> {
        Self::from_record(text)
    }
}

/// An amount in centavos of real, `9906,00R$`; at most R$ 42.949.672,95.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Money(u32);

impl Money {
    /// The amount of so many centavos.
    pub fn from_cents(cents: u32) -> Self {
        Self(cents)
    }

    /// The centavos.
    pub fn cents(self) -> u32 {
        self.0
    }

    /// The sum, or nothing above the limit.
    pub fn checked_add(self, other: Money) -> Option<Money> {
        self.0.checked_add(other.0).map(Self)
    }

    /// So many times the amount, or nothing above the limit.
    pub fn checked_mul(self, times: u32) -> Option<Money> {
        self.0.checked_mul(times).map(Self)
    }

    /// Reads `9906,00R$`.
    pub fn from_record(text: &str) -> Option<Self> {
        let (reais, cents) = text.strip_suffix("R$")?.split_once(',')?;
        let spelled_once = reais == "0" || !reais.starts_with('0');
        if reais.is_empty() || !spelled_once || cents.len() != 2 {
            return None;
        }
        let reais: u32 = digits(reais)?;
        reais.checked_mul(100)?.checked_add(digits(cents)?).map(Self)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{:02}R$", self.0 / 100, self.0 % 100)
    }
}

impl FromWire for Money {
    const EXPECTED: &'static str = "um valor, como 9906,00R$";

    fn from_text(text: &str) -> Option<Self> {
        Self::from_record(text)
    }
}

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

/// How a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Order {
    /// By time of day, then price.
    #[default]
    #[serde(rename = "horario")]
    Time,
    /// By price, then time of day.
    #[serde(rename = "preco")]
    Price,
}

impl FromWire for Order {
    const EXPECTED: &'static str = "horario ou preco";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "horario" => Some(Order::Time),
            "preco" => Some(Order::Price),
            _ => None,
        }
    }
}

macro_rules! read_from_wire {
    ($($name:ty),*) => {$(
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
    )*};
}
read_from_wire!(Month, TimeOfDay, Money, Order);

macro_rules! written_as_displayed {
    ($($name:ty),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
written_as_displayed!(Month, TimeOfDay, Money);

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: FromWire + fmt::Display>(text: &str, expected: Option<&str>) {
        let read = T::from_text(text).map(|value| value.to_string());
        assert_eq!(read.as_deref(), expected, "{text:?}");
    }

    #[test]
    fn days_exist() {
        for (text, expected) in [
            ("2026-12-24", Some("24/12/2026")),
            ("2024-02-29", Some("29/02/2024")),
            ("2021-02-29", None),
            ("2021-02-30", None),
            ("2021-2-3", None),
            ("+021-02-03", None),
            ("1969-12-31", None),
            ("2149-06-06", Some("06/06/2149")),
            ("2149-06-07", None),
            ("24/12/2026", None),
            ("2026-12-24 ", None),
            ("2é26-12-4", None),
        ] {
            assert_eq!(Day::from_iso(text).map(Day::record).as_deref(), expected, "{text:?}");
        }
        assert_eq!(Day::from_record("04/11/2020").map(Day::iso).as_deref(), Some("2020-11-04"));
        assert_eq!(Day::from_record("4/11/2020"), None);
    }

    #[test]
    fn a_time_keeps_its_spelling() {
        for text in ["14:00h", "0:00h", "06:00h", "23:59h"] {
            check::<TimeOfDay>(text, Some(text));
        }
        for text in ["24:00h", "12:60h", "12:5h", "012:05h", "12:05", ":05h", "-1:00h", ""] {
            check::<TimeOfDay>(text, None);
        }
        assert_eq!(TimeOfDay::from_record("6:00h"), TimeOfDay::from_record("06:00h"));
    }

    #[test]
    fn money_has_one_spelling() {
        for text in ["9906,00R$", "0,00R$", "0,05R$", "42949672,95R$"] {
            check::<Money>(text, Some(text));
        }
        for text in
            ["42949672,96R$", "9.906,00R$", "9906R$", "9906,0R$", "00,00R$", "-1,00R$", "1,00"]
        {
            check::<Money>(text, None);
        }
    }

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

    #[test]
    fn a_month_has_its_days() {
        let month: Month = "2024-02".parse().unwrap();
        assert_eq!(month.days().count(), 29);
        assert_eq!(month.to_string(), "2024-02");
        assert!("2024-13".parse::<Month>().is_err());
        assert!("2024-2".parse::<Month>().is_err());
    }

    #[test]
    fn a_place_has_a_name() {
        assert!(serde_json::from_str::<Place<'_>>("\"\"").is_err());
        assert!(Place::new("x".repeat(200)).is_some());
        assert!(Place::new("x".repeat(201)).is_none());
        let escaped = r#""Bag\u00e9 (RS)""#;
        assert_eq!(serde_json::from_str::<Place<'_>>(escaped).unwrap().as_str(), "Bagé (RS)");
    }
}
