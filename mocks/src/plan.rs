//! What to make: the days, the places and the seed, with the limits of each.

use chrono::{Days, NaiveDate};

/// The longest plan, in days: ten years.
pub const DAYS_MAX: u32 = 3_660;
/// The largest scale: about 33 thousand places.
pub const SCALE_MAX: u32 = 1_000;
/// The seed when none is given: the port of the first daemon.
pub const SEED_DEFAULT: u64 = 5050;

/// The days when none are given: half a year.
pub(crate) const DAYS_DEFAULT: u32 = 180;
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a day that exists");
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2178, 12, 31).expect("a day that exists");

/// Which inventory to make. Two equal plans make the same bytes.
///
/// The limits are checked when the plan is used, and by [`Plan::check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The first day with offers.
    pub from: NaiveDate,
    /// How many days have offers: 1 to [`DAYS_MAX`].
    pub days: u32,
    /// How many times the real places there are: 1 to [`SCALE_MAX`]. The places beyond the
    /// real ones are invented; the offers of a place do not grow.
    pub scale: u32,
    /// What all chance is drawn from.
    pub seed: u64,
}

impl Plan {
    /// The real places, for half a year from that day on, with the default seed.
    pub fn starting(from: NaiveDate) -> Self {
        Self { from, days: DAYS_DEFAULT, scale: 1, seed: SEED_DEFAULT }
    }

    /// Tells whether the plan is within its limits.
    ///
    /// # Errors
    ///
    /// The first limit that is broken, in words for the person who typed it.
    pub fn check(&self) -> Result<(), PlanError> {
        if !(1..=DAYS_MAX).contains(&self.days) {
            return Err(PlanError::Days(self.days));
        }
        if !(1..=SCALE_MAX).contains(&self.scale) {
            return Err(PlanError::Scale(self.scale));
        }
        if self.from < FIRST_DAY {
            return Err(PlanError::TooEarly(self.from));
        }
        match self.from.checked_add_days(Days::new(u64::from(self.days) - 1)) {
            Some(last) if last <= LAST_DAY => Ok(()),
            _ => Err(PlanError::TooLate { from: self.from, days: self.days }),
        }
    }

    pub(crate) fn dates(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        self.from.iter_days().zip(0..self.days).map(|(date, _)| date)
    }
}

/// A limit that a plan breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No day, or more than [`DAYS_MAX`].
    #[error("days must be 1 to {DAYS_MAX}, not {0}")]
    Days(u32),
    /// No place, or more than [`SCALE_MAX`] times the real ones.
    #[error("scale must be 1 to {SCALE_MAX}, not {0}")]
    Scale(u32),
    /// The plan begins before the first day that the daemons keep.
    #[error("the first day must not be before {FIRST_DAY}, but is {0}")]
    TooEarly(NaiveDate),
    /// The plan ends after the last day that the daemons keep.
    #[error("the last day must not be after {LAST_DAY}, but {days} days from {from} go beyond it")]
    TooLate {
        /// The plan's first day.
        from: NaiveDate,
        /// The plan's length.
        days: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_limit_holds_at_its_edge_and_not_one_past_it() {
        let plan = Plan::starting(day("2026-12-01"));
        let check = |days, scale| Plan { days, scale, ..plan }.check();
        assert_eq!(check(1, 1), Ok(()));
        assert_eq!(check(DAYS_MAX, SCALE_MAX), Ok(()));
        assert_eq!(check(0, 1), Err(PlanError::Days(0)));
        assert_eq!(check(DAYS_MAX + 1, 1), Err(PlanError::Days(DAYS_MAX + 1)));
        assert_eq!(check(1, 0), Err(PlanError::Scale(0)));
        assert_eq!(check(1, SCALE_MAX + 1), Err(PlanError::Scale(SCALE_MAX + 1)));
    }

    #[test]
    fn the_days_lie_between_2000_and_2178() {
        let check = |from: &str, days| Plan { days, ..Plan::starting(day(from)) }.check();
        assert_eq!(check("2000-01-01", 1), Ok(()));
        assert!(matches!(check("1999-12-31", 9), Err(PlanError::TooEarly(_))));
        assert_eq!(check("2178-12-31", 1), Ok(()));
        assert!(matches!(check("2178-12-31", 2), Err(PlanError::TooLate { .. })));
        assert!(matches!(check("+262142-12-31", 2), Err(PlanError::TooLate { .. })));
    }
}
