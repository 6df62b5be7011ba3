//! Whether pinned parts settle in time, once everything is mended.
//!
//! A part asks its anchor again within the longest pause, and from the decision's deadline on the
//! answer settles it. So each must be settled one pause and one question after the later of healing
//! and its own deadline. When a part was pinned is not read from the daemons, whose clocks are made to
//! jump, but from the trip's id and from when the part was seen first.

use crate::trio::{Times, place};
use crate::{Client, Kind};
use serde_json::json;
use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// How many answers of daemons settling a part takes: a question, the anchor's commit, the answer,
/// the part's own commit.
const ANSWERS_TO_SETTLE: u32 = 4;

/// The pinned parts of three daemons since everything was mended.
#[derive(Debug)]
pub struct Settling {
    healed: Instant,
    /// Whether nobody has looked yet.
    first: bool,
    times: Times,
    /// How far the trips' ids are ahead of this machine's clock.
    ahead_secs: i64,
    /// For how long somebody leads a trip after its id was made: it is pinned by then.
    led: Duration,
    /// From when on each has to settle within a pause and a question, and when it was seen last.
    pinned: HashMap<(usize, Uuid), (Instant, Instant)>,
    /// The longest that all daemons took over one answer each: a machine that has other work is given
    /// the time that it takes.
    longest: Duration,
}

/// What came of pinned parts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settled {
    /// How many were seen.
    pub parts: usize,
    /// The longest that one was seen after the later of healing and its deadline.
    pub longest: Duration,
}

impl Settling {
    /// Everything has just been mended. Daemons are expected to keep these times; trips were led for so
    /// long after their ids were made, by a clock that is so far ahead.
    pub fn begin(times: Times, led: Duration, ahead_secs: i64) -> Self {
        let (healed, pinned) = (Instant::now(), HashMap::new());
        Self { healed, first: true, times, ahead_secs, led, pinned, longest: Duration::ZERO }
    }

    /// Looks at all daemons. Answers whether nothing is pinned any more.
    ///
    /// # Errors
    /// The part that is still pinned and should not be.
    pub fn look(&mut self, clients: &mut [Client; 3]) -> Result<bool, String> {
        let asked = Instant::now();
        let listed = Kind::ALL.map(|kind| pinned(&mut clients[place(kind)]));
        self.longest = self.longest.max(asked.elapsed());
        let question = self.times.peer_connect_secs + self.times.peer_reply_secs;
        let back_off = Duration::from_secs_f64(self.times.ask_pause_secs_max + question);
        let allowed = back_off + ANSWERS_TO_SETTLE * self.longest;
        let mut free = true;
        for (kind, trips) in Kind::ALL.into_iter().zip(listed) {
            for trip in trips {
                free = false;
                let since = self.settles_since(trip, asked);
                let (since, seen) =
                    self.pinned.entry((place(kind), trip)).or_insert((since, asked));
                *seen = asked;
                let late = asked.saturating_duration_since(*since);
                if late > allowed {
                    let name = kind.name();
                    return Err(format!(
                        "{trip} is pinned in {name} after {late:.2?} of {allowed:.2?}"
                    ));
                }
            }
        }
        self.first = false;
        Ok(free)
    }

    /// The later of healing and the deadline of a part that is pinned now, for the first time that
    /// anybody looks.
    fn settles_since(&self, trip: Uuid, now: Instant) -> Instant {
        let pinned = match self.first {
            true => now.min(self.moment_of(trip, now) + self.led),
            // Somebody leads it still, or an old message has come again.
            false => now,
        };
        self.healed.max(pinned + Duration::from_secs_f64(self.times.decision_secs))
    }

    /// When the id of a trip was made.
    fn moment_of(&self, trip: Uuid, now: Instant) -> Instant {
        let (secs, nanos) = trip.get_timestamp().expect("a UUIDv7").to_unix();
        let made = Duration::new(secs.saturating_add_signed(-self.ahead_secs), nanos);
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
        now.checked_sub(wall.saturating_sub(made)).unwrap_or(now)
    }

    /// What came of all parts that were seen.
    pub fn settled(&self) -> Settled {
        let took = self.pinned.values().map(|(since, seen)| seen.saturating_duration_since(*since));
        Settled { parts: self.pinned.len(), longest: took.max().unwrap_or_default() }
    }
}

/// The trips that have a pinned part in a daemon.
fn pinned(client: &mut Client) -> Vec<Uuid> {
    let mut found = Vec::new();
    let mut after = None::<String>;
    loop {
        let mut ask = json!({"action": "listar", "filtro": "duvida"});
        if let Some(after) = after {
            ask["apos"] = json!(after);
        }
        let page = client.ask(ask.to_string());
        let trips = page["viagens"].as_array().unwrap_or_else(|| panic!("{page}"));
        let id = |trip: &serde_json::Value| trip["viagem"].as_str().unwrap_or_default().to_owned();
        let is_pinned = trips.iter().filter(|trip| trip["estado"] == "fixa");
        found.extend(is_pinned.map(|trip| id(trip).parse::<Uuid>().expect("a trip has an id")));
        after = trips.last().map(id).filter(|_| page["mais"] == true);
        if after.is_none() {
            return found;
        }
    }
}
