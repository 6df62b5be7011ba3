//! When Brazilians travel, as a factor on prices.
//!
//! Whole numbers only: floating point could round differently on another machine, and the
//! same plan must give the same bytes everywhere.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// How dear a day is, in thousandths of an ordinary day's price.
pub(crate) fn demand(date: NaiveDate) -> u32 {
    season(date) * weekday(date.weekday()) / 1_000
}

fn weekday(day: Weekday) -> u32 {
    match day {
        Weekday::Mon | Weekday::Thu => 1_000,
        Weekday::Tue | Weekday::Wed => 940,
        Weekday::Fri | Weekday::Sat => 1_180,
        Weekday::Sun => 1_120,
    }
}

/// Christmas to the end of January, carnival, and the school holidays of July.
fn season(date: NaiveDate) -> u32 {
    match (date.month(), date.day()) {
        _ if is_carnival(date) => 1_500,
        (12, 15..) | (1, _) => 1_450,
        (7, _) => 1_300,
        _ => 1_000,
    }
}

/// From the Friday before to Ash Wednesday, 46 days before Easter.
fn is_carnival(date: NaiveDate) -> bool {
    let Some(easter) = easter(date.year()) else {
        return false;
    };
    (easter - Days::new(51)..=easter - Days::new(46)).contains(&date)
}

/// The Gregorian computus (Meeus, Jones and Butcher).
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(n / 31).ok()?, u32::try_from(n % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn carnival_is_where_the_almanac_has_it() {
        for (friday, ash_wednesday) in [
            ("2024-02-09", "2024-02-14"),
            ("2026-02-13", "2026-02-18"),
            ("2027-02-05", "2027-02-10"),
        ] {
            let (first, last) = (day(friday), day(ash_wednesday));
            assert!(is_carnival(first) && is_carnival(last));
            assert!(!is_carnival(first - Days::new(1)) && !is_carnival(last + Days::new(1)));
        }
    }

    #[test]
    fn the_high_season_begins_and_ends_on_its_days() {
        for (date, expected) in [
            ("2026-12-14", 1_000),
            ("2026-12-15", 1_450),
            ("2027-01-31", 1_450),
            ("2027-02-01", 1_000),
            ("2026-06-30", 1_000),
            ("2026-07-01", 1_300),
            ("2026-07-31", 1_300),
            ("2026-08-01", 1_000),
        ] {
            assert_eq!(season(day(date)), expected, "{date}");
        }
    }

    #[test]
    fn friday_to_sunday_is_dearer_than_the_days_between() {
        for weekend in [Weekday::Fri, Weekday::Sat, Weekday::Sun] {
            for working_day in [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu] {
                assert!(weekday(weekend) > weekday(working_day));
            }
        }
    }
}
