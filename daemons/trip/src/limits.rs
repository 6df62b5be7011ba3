//! How long things may take. Every one is a setting of the daemon; safety depends on none.

use std::time::Duration;

/// The times of the trip protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest hold, whatever `segurar` asks for.
    pub hold_max: Duration,
    /// How long after the first hold a part may still be held, whatever `prorrogar` asks for.
    pub held_in_all_max: Duration,
    /// How old a trip's id may be when it begins; a tombstone must outlive it.
    pub trip_age_max: Duration,
    /// How long a pinned part waits before the anchor must decide for it.
    pub decision_deadline: Duration,
    /// When a daemon with a pinned part asks the anchor first, and how long an anchor waits before
    /// it repeats an outcome; from then on the pause doubles.
    pub ask_first: Duration,
    /// The longest pause between two such messages.
    pub ask_pause_max: Duration,
    /// How long a refund that was quoted is kept up.
    pub quote_valid: Duration,
    /// How long what was let go, expired or was decided against is remembered.
    pub tombstone: Duration,
    /// How long after the last day of service a booking is remembered.
    pub booking: Duration,
}

const HOUR: Duration = Duration::from_secs(3600);

impl Default for Limits {
    fn default() -> Self {
        Self {
            hold_max: Duration::from_secs(15 * 60),
            held_in_all_max: Duration::from_secs(30 * 60),
            trip_age_max: 24 * HOUR,
            decision_deadline: Duration::from_secs(10),
            ask_first: Duration::from_secs(5),
            ask_pause_max: Duration::from_secs(30),
            quote_valid: Duration::from_secs(15 * 60),
            tombstone: 30 * 24 * HOUR,
            booking: 90 * 24 * HOUR,
        }
    }
}
