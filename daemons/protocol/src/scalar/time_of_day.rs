//! Times of the day.

use super::{FromWire, digits, read_from_wire, written_as_displayed};
use std::fmt;

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

read_from_wire!(TimeOfDay);
written_as_displayed!(TimeOfDay);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let read = TimeOfDay::from_record(text).map(|value| value.to_string());
        assert_eq!(read.as_deref(), expected, "{text:?}");
    }

    #[test]
    fn a_time_keeps_its_spelling() {
        for text in ["14:00h", "0:00h", "06:00h", "23:59h"] {
            check(text, Some(text));
        }
        for text in ["24:00h", "12:60h", "12:5h", "012:05h", "12:05", ":05h", "-1:00h", ""] {
            check(text, None);
        }
        assert_eq!(TimeOfDay::from_record("6:00h"), TimeOfDay::from_record("06:00h"));
    }
}
