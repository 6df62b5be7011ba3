//! How the report writes a time, a day and a price. Nothing is allocated on the way.

use chrono::{Datelike, NaiveDate};
use serde::{Serialize, Serializer};

/// Minutes after midnight, written "06:00h".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock(pub(crate) u32);

/// A day, written "04/11/2020".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day(pub(crate) NaiveDate);

/// Centavos, written in reais as "9906,00R$".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price(pub(crate) u32);

impl Price {
    pub(crate) fn reais(reais: u32) -> Self {
        Self(reais * 100)
    }
}

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:02}:{:02}h", self.0 / 60, self.0 % 60))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(date) = self;
        serializer.collect_str(&format_args!(
            "{:02}/{:02}/{:04}",
            date.day(),
            date.month(),
            date.year()
        ))
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{},{:02}R$", self.0 / 100, self.0 % 100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: impl Serialize, expected: &str) {
        assert_eq!(serde_json::to_string(&value).unwrap(), format!("\"{expected}\""));
    }

    #[test]
    fn times_have_two_digit_hours_and_an_h() {
        check(Clock(0), "00:00h");
        check(Clock(6 * 60), "06:00h");
        check(Clock(23 * 60 + 55), "23:55h");
    }

    #[test]
    fn days_are_day_month_year() {
        check(Day("2020-11-04".parse().unwrap()), "04/11/2020");
    }

    #[test]
    fn prices_have_a_comma_two_decimals_and_no_thousands_separator() {
        check(Price(0), "0,00R$");
        check(Price(7), "0,07R$");
        check(Price::reais(9_906), "9906,00R$");
        check(Price(123_456_789), "1234567,89R$");
    }
}
