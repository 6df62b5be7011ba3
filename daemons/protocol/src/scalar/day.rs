//! Days and months.

use super::{FromWire, Nights, digits, optional, read_from_wire, required, written_as_displayed};
use chrono::{Datelike, NaiveDate};
use std::fmt;

/// A calendar day from 1970-01-01 to 2149-06-06, two bytes in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(u16);

impl Day {
    /// The day of this date, if it is in range.
    pub fn from_date(date: NaiveDate) -> Option<Self> {
        u16::try_from(date.to_epoch_days()).ok().map(Self)
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
        NaiveDate::from_epoch_days(self.0.into()).expect("a date of four digits")
    }

    /// The day after `nights` nights, if it is in range.
    pub fn after(self, nights: u16) -> Option<Self> {
        self.0.checked_add(nights).map(Self)
    }

    /// How many nights lie between this day and a later one; nothing when it is not later.
    pub fn nights_until(self, later: Day) -> Option<Nights> {
        later.0.checked_sub(self.0).and_then(Nights::new)
    }

    /// The two digits of the day of the month, of the month, and of both halves of the year.
    pub fn digits(self) -> [[u8; 2]; 4] {
        DIGITS[usize::from(self.0)]
    }

    /// The days since 1970-01-01.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The day with this number of days since 1970-01-01.
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// `2026-12-24`.
    pub fn iso(self) -> String {
        let [[d, e], [m, n], [y, z], [v, w]] = self.digits();
        text([y, z, v, w, b'-', m, n, b'-', d, e])
    }

    /// `24/12/2026`, as records write it.
    pub fn record(self) -> String {
        let [[d, e], [m, n], [y, z], [v, w]] = self.digits();
        text([d, e, b'/', m, n, b'/', y, z, v, w])
    }
}

fn text(digits: [u8; 10]) -> String {
    String::from_utf8_lossy(&digits).into_owned()
}

/// [`Day::digits`] of every day that there is. Every record of a list has a day or two, and a division
/// by the calendar costs as much as all of its texts; of the half megabyte only the pages with the
/// days on sale are ever read.
static DIGITS: [[[u8; 2]; 4]; 1 << 16] = {
    const fn pair(number: u16) -> [u8; 2] {
        [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
    }
    let mut digits = [[[0; 2]; 4]; 1 << 16];
    let (mut year, mut month, mut day) = (1970, 1, 1);
    let mut number = 0;
    while number < digits.len() {
        digits[number] = [pair(day), pair(month), pair(year / 100), pair(year % 100)];
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            2 => 28 + is_leap as u16,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (year, month, day) = match (month, day == last) {
            (12, true) => (year + 1, 1, 1),
            (_, true) => (year, month + 1, 1),
            (_, false) => (year, month, day + 1),
        };
        number += 1;
    }
    digits
};

macro_rules! day_spelling {
    ($(#[$doc:meta])* $module:ident, $wrapper:ident, $read:path, $write:path, $expected:literal) => {
        $(#[$doc])*
        pub mod $module {
            use super::{Day, FromWire, required};
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
                required::<$wrapper, D>(deserializer).map(|day| day.0)
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

read_from_wire!(Month);
written_as_displayed!(Month);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_of_every_day_are_those_of_the_calendar() {
        for number in 0..=u16::MAX {
            let day = Day::from_number(number);
            assert_eq!(day.iso(), day.date().format("%Y-%m-%d").to_string());
            assert_eq!(day.record(), day.date().format("%d/%m/%Y").to_string());
        }
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
    fn a_month_has_its_days() {
        let month: Month = "2024-02".parse().unwrap();
        assert_eq!(month.days().count(), 29);
        assert_eq!(month.to_string(), "2024-02");
        assert!("2024-13".parse::<Month>().is_err());
        assert!("2024-2".parse::<Month>().is_err());
    }
}
