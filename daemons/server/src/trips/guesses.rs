//! How often somebody may guess wrong. Whoever knows neither a trip's id nor a traveller's surname
//! must not find out by trying.

use agencia_protocol::trip::ClientAddress;
use agencia_protocol::{Code, Locator, WireError};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many locators, and how many addresses, are remembered; the one that has guessed least
/// recently is forgotten for the next.
const REMEMBERED_MAX: usize = 10_000;

/// Visitors who count as one: an address, or the first 64 bits of one of IPv6, within which
/// whoever has one address has them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Neighbourhood(IpAddr);

impl From<ClientAddress> for Neighbourhood {
    fn from(address: ClientAddress) -> Self {
        Self(match address.ip() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::from([a, b, c, d, 0, 0, 0, 0])
            }
        })
    }
}

/// Counts wrong guesses, by locator and by where they come from.
#[derive(Debug)]
pub(crate) struct Guesses {
    memory: Mutex<Memory>,
    per_locator_max: u32,
    per_address_max: u32,
    counted_for: Duration,
}

#[derive(Debug, Default)]
struct Memory {
    locators: Tally<Locator>,
    addresses: Tally<Neighbourhood>,
}

impl Guesses {
    pub(crate) fn new(per_locator_max: u32, per_address_max: u32, counted_for: Duration) -> Self {
        Self { memory: Mutex::default(), per_locator_max, per_address_max, counted_for }
    }

    /// Counts a guess, if it may be made; without an address only the locator counts.
    ///
    /// # Errors
    /// `ocupado`, whether or not the guess would be right.
    pub(crate) fn guess(
        &self,
        locator: Locator,
        address: Option<ClientAddress>,
        now: Instant,
    ) -> Result<(), WireError> {
        let mut memory = self.memory();
        let by_locator = memory.locators.count(&locator, now, self.counted_for);
        let by_address = address
            .map_or(0, |address| memory.addresses.count(&address.into(), now, self.counted_for));
        if by_locator >= self.per_locator_max || by_address >= self.per_address_max {
            let message = "houve tentativas demais; tente de novo mais tarde";
            return Err(WireError::new(Code::Busy, message));
        }
        memory.locators.add(locator, now, self.counted_for);
        if let Some(address) = address {
            memory.addresses.add(address.into(), now, self.counted_for);
        }
        Ok(())
    }

    /// Counts a guess no more, because it was right.
    pub(crate) fn was_right(&self, locator: Locator, address: Option<ClientAddress>) {
        let mut memory = self.memory();
        memory.locators.take(&locator);
        if let Some(address) = address {
            memory.addresses.take(&address.into());
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Guesses by whom they are counted for: how many since the first that still counts, and when that
/// and the last one were.
#[derive(Debug)]
struct Tally<K>(HashMap<K, (u32, Instant, Instant)>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq + Copy> Tally<K> {
    fn count(&self, key: &K, now: Instant, counted_for: Duration) -> u32 {
        match self.0.get(key) {
            Some((count, first, _)) if now.duration_since(*first) < counted_for => *count,
            _ => 0,
        }
    }

    fn add(&mut self, key: K, now: Instant, counted_for: Duration) {
        let count = self.count(&key, now, counted_for);
        if self.0.len() >= REMEMBERED_MAX && !self.0.contains_key(&key) {
            let oldest = self.0.iter().min_by_key(|(_, (_, _, last))| *last).map(|(key, _)| *key);
            if let Some(oldest) = oldest {
                self.0.remove(&oldest);
            }
        }
        let entry = self.0.entry(key).or_insert((0, now, now));
        let first = if count == 0 { now } else { entry.1 };
        *entry = (count.saturating_add(1), first, now);
    }

    fn take(&mut self, key: &K) {
        if let Some((count, ..)) = self.0.get_mut(key) {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn locator(text: &str) -> Locator {
        text.parse().unwrap()
    }

    fn address(text: &str) -> Option<ClientAddress> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_locator_is_closed_at_its_limit_and_opens_again() {
        let (guesses, now) = (Guesses::new(2, 100, MINUTE), Instant::now());
        let mine = locator("VA9AAE");
        for _ in 0..2 {
            guesses.guess(mine, None, now).unwrap();
        }
        assert_eq!(guesses.guess(mine, None, now).unwrap_err().code, Code::Busy);
        guesses.guess(locator("VA9AAF"), None, now).unwrap();
        guesses.guess(mine, None, now + MINUTE - Duration::from_secs(1)).unwrap_err();
        // The next window begins with its own first guess.
        guesses.guess(mine, None, now + MINUTE).unwrap();
        guesses.guess(mine, None, now + MINUTE).unwrap();
        guesses.guess(mine, None, now + MINUTE + MINUTE / 2).unwrap_err();
    }

    #[test]
    fn an_address_is_closed_at_its_limit_whatever_locators_it_tries() {
        let (guesses, now) = (Guesses::new(100, 3, MINUTE), Instant::now());
        for text in ["VA9AAC", "VA9AAD", "VA9AAE"] {
            guesses.guess(locator(text), address("192.0.2.7"), now).unwrap();
        }
        guesses.guess(locator("VA9AAF"), address("192.0.2.7"), now).unwrap_err();
        guesses.guess(locator("VA9AAF"), address("::ffff:192.0.2.7"), now).unwrap_err();
        guesses.guess(locator("VA9AAF"), address("192.0.2.8"), now).unwrap();
        guesses.guess(locator("VA9AAF"), None, now).unwrap();
    }

    #[test]
    fn a_guess_that_was_right_counts_neither_for_its_locator_nor_for_its_address() {
        let (guesses, now) = (Guesses::new(1, 1, MINUTE), Instant::now());
        let (mine, here) = (locator("VA9AAE"), address("192.0.2.7"));
        for _ in 0..9 {
            guesses.guess(mine, here, now).unwrap();
            guesses.was_right(mine, here);
        }
    }

    #[test]
    fn the_addresses_of_one_network_of_ipv6_count_as_one() {
        let of = |text: &str| Neighbourhood::from(text.parse::<ClientAddress>().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    }

    #[test]
    fn only_so_many_are_remembered_and_the_least_recent_is_forgotten_first() {
        let mut tally = Tally::default();
        let now = Instant::now();
        for number in 0..=REMEMBERED_MAX as u64 {
            tally.add(number, now + Duration::from_millis(number), MINUTE);
        }
        assert_eq!(tally.0.len(), REMEMBERED_MAX);
        assert!(!tally.0.contains_key(&0) && tally.0.contains_key(&1));
    }
}
