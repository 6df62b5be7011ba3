//! What time it is, as an argument: nothing else in a daemon asks the system for the wall clock.

use agencia_catalog::Moment;
use agencia_protocol::Day;
use chrono::{DateTime, Timelike};
use chrono_tz::Tz;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

/// One reading of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The minute in the agency's time zone: it decides what is still sold.
    pub moment: Moment,
    /// Milliseconds of Unix time: it goes into the ledger.
    pub unix_millis: i64,
}

/// Tells the time. A connection asks it once for all requests that it read together.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Now;
}

/// The system's clock, seen from a time zone.
#[derive(Debug)]
pub struct SystemClock {
    zone: Tz,
    /// The last minute that was converted and its moment: offsets change on full minutes, so that
    /// the time zone's rules are read once a minute. Laid out as in [`pack`].
    converted: AtomicU64,
}

impl SystemClock {
    /// The clock of this time zone.
    pub fn new(zone: Tz) -> Self {
        Self { zone, converted: AtomicU64::new(u64::MAX) }
    }

    fn moment(&self, unix_minute: u32) -> Moment {
        let (minute, moment) = unpack(self.converted.load(Relaxed));
        if minute == unix_minute {
            return moment;
        }
        let moment = convert(self.zone, unix_minute);
        self.converted.store(pack(unix_minute, moment), Relaxed);
        moment
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        // A clock before 1970 is a clock that was never set: it reads as 1970.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let unix_minute = u32::try_from(since.as_secs() / 60).unwrap_or(u32::MAX);
        let unix_millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Now { moment: self.moment(unix_minute), unix_millis }
    }
}

/// ```text
///  63          32 31        16 15         0
///  +-------------+------------+-----------+
///  | Unix minute | day number | minute    |
///  +-------------+------------+-----------+
/// ```
fn pack(unix_minute: u32, moment: Moment) -> u64 {
    let local = u64::from(moment.day.number()) << 16 | u64::from(moment.minute);
    u64::from(unix_minute) << 32 | local
}

fn unpack(packed: u64) -> (u32, Moment) {
    let [a, b, c, d, day @ .., e, f] = packed.to_be_bytes();
    let day = Day::from_number(u16::from_be_bytes(day));
    let minute = u16::from_be_bytes([e, f]);
    (u32::from_be_bytes([a, b, c, d]), Moment { day, minute })
}

fn convert(zone: Tz, unix_minute: u32) -> Moment {
    let utc = DateTime::from_timestamp(i64::from(unix_minute) * 60, 0).unwrap_or_default();
    let local = utc.with_timezone(&zone).naive_local();
    let minute = local.hour() * 60 + local.minute();
    Moment {
        // Out of range is before 1970 or after 2149: nothing is on sale then.
        day: Day::from_date(local.date()).unwrap_or(Day::from_number(0)),
        minute: u16::try_from(minute).expect("a day has 1,440 minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(zone: Tz, utc: &str, day: &str, minute: u16) {
        let utc = DateTime::parse_from_rfc3339(utc).unwrap();
        let unix_minute = u32::try_from(utc.timestamp() / 60).unwrap();
        let expected = Moment { day: Day::from_iso(day).unwrap(), minute };
        let clock = SystemClock::new(zone);
        for round in ["converted", "remembered"] {
            assert_eq!(clock.moment(unix_minute), expected, "{utc}, {round}");
        }
    }

    #[test]
    fn the_moment_is_the_agencys_and_not_the_systems() {
        check(chrono_tz::America::Sao_Paulo, "2026-12-24T02:59:00Z", "2026-12-23", 23 * 60 + 59);
        check(chrono_tz::America::Sao_Paulo, "2026-12-24T03:00:00Z", "2026-12-24", 0);
        check(chrono_tz::America::Rio_Branco, "2026-12-24T03:00:00Z", "2026-12-23", 22 * 60);
        check(chrono_tz::UTC, "2026-12-24T03:00:00Z", "2026-12-24", 3 * 60);
    }

    #[test]
    fn a_minute_that_is_over_is_not_remembered() {
        let clock = SystemClock::new(chrono_tz::UTC);
        assert_eq!(clock.moment(1439).minute, 1439);
        let midnight = Moment { day: Day::from_number(1), minute: 0 };
        assert_eq!(clock.moment(1440), midnight);
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let moment = Moment { day: Day::from_number(65_000), minute: 1439 };
        assert_eq!(unpack(pack(0xdead_beef, moment)), (0xdead_beef, moment));
    }

    #[test]
    fn now_is_now() {
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let now = SystemClock::new(chrono_tz::UTC).now();
        assert!(u128::try_from(now.unix_millis).unwrap() >= before);
    }
}
