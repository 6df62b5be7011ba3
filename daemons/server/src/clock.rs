//! What time it is, as an argument: nothing else in a daemon asks the system for the wall clock.

use agencia_catalog::Moment;
use agencia_protocol::Day;
use agencia_protocol::trip::Timestamp;
use chrono::{DateTime, Timelike};
use chrono_tz::Tz;
use smol::Timer;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// One reading of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The minute in the agency's time zone: it decides what is still sold.
    pub moment: Moment,
    /// Milliseconds of Unix time, as steady as the machine: it goes into the ledger, and the
    /// deadlines of trips are counted in it.
    pub unix_millis: i64,
}

impl Now {
    /// The moment, as trips have it.
    pub(crate) fn timestamp(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.unix_millis)
    }
}

/// Tells the time, and waits. A connection asks it once for all requests that it read together.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Now;

    /// Ready after so much time: what the daemon does by itself waits like this between two
    /// attempts. The system's timer, unless whoever owns the clock has another.
    fn pause(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            Timer::after(time).await;
        })
    }
}

/// How far the wall clock may be ahead before the steady one follows it: further than clocks are
/// corrected, not as far as one that was never set is behind.
const FOLLOWED_FROM_MILLIS: i64 = 3_600_000;

/// The system's clock, seen from a time zone.
///
/// A trip's deadline must not move when somebody sets the clock, so [`Now::unix_millis`] is the
/// wall clock of the start plus the time that has passed since. Only when the wall clock turns out
/// to be hours ahead, because it was first set after the start or the machine has slept, is that
/// followed.
#[derive(Debug)]
pub struct SystemClock {
    zone: Tz,
    started: Instant,
    /// The steady clock's reading at the start.
    steady_start: AtomicI64,
    /// The last minute that was converted and its moment: offsets change on full minutes, so that
    /// the time zone's rules are read once a minute. Laid out as in [`pack`].
    converted: AtomicU64,
}

impl SystemClock {
    /// The clock of this time zone.
    pub fn new(zone: Tz) -> Self {
        let steady_start = AtomicI64::new(millis(since_1970()));
        let (started, converted) = (Instant::now(), AtomicU64::new(u64::MAX));
        Self { zone, started, steady_start, converted }
    }

    /// The steady clock, when the wall clock says this and so much time has passed.
    fn steady(&self, wall: i64, passed: Duration) -> i64 {
        let passed = millis(passed);
        let steady = self.steady_start.load(Relaxed).saturating_add(passed);
        if wall.saturating_sub(steady) <= FOLLOWED_FROM_MILLIS {
            return steady;
        }
        self.steady_start.fetch_max(wall - passed, Relaxed);
        wall
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
        let since = since_1970();
        let unix_minute = u32::try_from(since.as_secs() / 60).unwrap_or(u32::MAX);
        let unix_millis = self.steady(millis(since), self.started.elapsed());
        Now { moment: self.moment(unix_minute), unix_millis }
    }
}

/// A clock before 1970 is a clock that was never set: it reads as 1970.
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
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
    fn a_clock_that_is_set_moves_no_deadline_unless_it_was_hours_behind() {
        let clock = SystemClock::new(chrono_tz::UTC);
        let start = clock.steady_start.load(Relaxed);
        let second = Duration::from_secs(1);
        let far = FOLLOWED_FROM_MILLIS;
        for (wall, passed, expected) in [
            (start, Duration::ZERO, start),
            (start - 10 * far, second, start + 1_000),
            (start + 1_000 + far, second, start + 1_000),
            (start + 1_001 + far, second, start + 1_001 + far),
            // From then on it goes on from there.
            (start, 2 * second, start + 2_001 + far),
        ] {
            assert_eq!(clock.steady(wall, passed), expected);
        }
    }

    #[test]
    fn now_is_now() {
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let now = SystemClock::new(chrono_tz::UTC).now();
        assert!(u128::try_from(now.unix_millis).unwrap() >= before);
    }
}
