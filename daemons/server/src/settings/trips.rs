//! How trips are booked: how long things may take, and what a cancellation gives back.

use super::value;
use agencia_trip::Limits;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The most rules that a refund policy may have.
const RULES_MAX: usize = 16;

/// How trips are booked. In the files times are seconds, 0.001 to 86,400, with fractions, or whole
/// days. Safety depends on none of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trips {
    /// The longest hold.
    #[serde(rename = "hold_secs_max", with = "value::secs")]
    pub hold_max: Duration,
    /// How long after the first hold a part may still be held.
    #[serde(rename = "held_in_all_secs_max", with = "value::secs")]
    pub held_in_all_max: Duration,
    /// How old a trip's id may be when it begins.
    #[serde(rename = "age_secs_max", with = "value::secs")]
    pub age_max: Duration,
    /// How long a pinned part waits before the anchor must decide for it.
    #[serde(rename = "decision_secs", with = "value::secs")]
    pub decision: Duration,
    /// When a pinned part asks its anchor first, and an outcome is repeated first; the pauses
    /// after that double.
    #[serde(rename = "ask_first_secs", with = "value::secs")]
    pub ask_first: Duration,
    /// The longest pause between two such messages.
    #[serde(rename = "ask_pause_secs_max", with = "value::secs")]
    pub ask_pause_max: Duration,
    /// How long a refund that was quoted is kept up.
    #[serde(rename = "quote_secs", with = "value::secs")]
    pub quote: Duration,
    /// For how long wrong guesses of a surname are counted.
    #[serde(rename = "guess_secs", with = "value::secs")]
    pub guess: Duration,
    /// How long what was let go, expired or decided against is remembered, in days. At least two,
    /// so that it outlives the oldest trip that may still begin.
    #[serde(deserialize_with = "value::whole::<_, _, 2, 3_650>")]
    pub tombstone_days: u16,
    /// How long after the last day of service a booking is remembered, in days.
    #[serde(deserialize_with = "value::whole::<_, _, 2, 3_650>")]
    pub booking_days: u16,
    /// The pause between two times that what need not be remembered is forgotten.
    #[serde(rename = "forget_secs", with = "value::secs")]
    pub forget: Duration,
    /// What cancelling gives back of this daemon's part of a trip: the rule with the most days that
    /// are still left. Nothing when none is.
    #[serde(deserialize_with = "value::list::<_, _, RULES_MAX>")]
    pub refunds: Vec<RefundRule>,
}

/// From so many days before the first day of service on, a cancellation gives back so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundRule {
    /// How many days must be left, 0 to 3,650.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 3_650>")]
    pub days: u16,
    /// How much of the price is given back, 0 to 100.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 100>")]
    pub percent: u8,
}

impl Default for Trips {
    fn default() -> Self {
        let Limits {
            hold_max,
            held_in_all_max,
            trip_age_max,
            decision_deadline,
            ask_first,
            ask_pause_max,
            quote_valid,
            tombstone: _,
            booking: _,
        } = Limits::default();
        Self {
            hold_max,
            held_in_all_max,
            age_max: trip_age_max,
            decision: decision_deadline,
            ask_first,
            ask_pause_max,
            quote: quote_valid,
            guess: Duration::from_secs(15 * 60),
            tombstone_days: 30,
            booking_days: 90,
            forget: Duration::from_secs(3_600),
            refunds: vec![
                RefundRule { days: 7, percent: 100 },
                RefundRule { days: 2, percent: 50 },
            ],
        }
    }
}

impl Trips {
    /// What cancelling gives back, as travellers are told it: the most days first.
    pub(crate) fn policy(&self) -> Vec<agencia_protocol::trip::RefundRule> {
        let rule = |&RefundRule { days, percent }: &_| agencia_protocol::trip::RefundRule {
            days,
            percent,
        };
        let mut rules: Vec<_> = self.refunds.iter().map(rule).collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.days));
        rules
    }

    /// The times of the trip protocol.
    pub(crate) fn limits(&self) -> Limits {
        let days = |days: u16| Duration::from_secs(u64::from(days) * 24 * 3_600);
        Limits {
            hold_max: self.hold_max,
            held_in_all_max: self.held_in_all_max,
            trip_age_max: self.age_max,
            decision_deadline: self.decision,
            ask_first: self.ask_first,
            ask_pause_max: self.ask_pause_max,
            quote_valid: self.quote,
            tombstone: days(self.tombstone_days),
            booking: days(self.booking_days),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_protocol() {
        assert_eq!(Trips::default().limits(), Limits::default());
    }
}
