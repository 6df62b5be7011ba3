//! Chance that can be repeated: one independent stream for each thing that is decided.

use chrono::{Datelike, NaiveDate};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a stream decides. Its number is part of the seed: never renumber.
#[derive(Clone, Copy)]
pub(crate) enum Topic {
    /// The name, place, hotels and sights of an invented town.
    Town = 1,
    /// The services that an airport has every day.
    Timetable = 2,
    /// The rooms of the hotels of a place.
    Rooms = 3,
    /// The sizes of the groups of a place's tours.
    Groups = 4,
    /// The flights of one day.
    Flights = 5,
    /// The rooms free on one night, and their prices.
    Stays = 6,
    /// The tours of one day.
    Tours = 7,
}

/// The stream for a place's lasting facts.
pub(crate) fn lasting(seed: u64, place: u32, topic: Topic) -> ChaCha8Rng {
    stream(seed, place, topic, 0)
}

/// The stream for what a place offers on a day.
pub(crate) fn daily(seed: u64, place: u32, topic: Topic, date: NaiveDate) -> ChaCha8Rng {
    stream(seed, place, topic, date.num_days_from_ce())
}

fn stream(seed: u64, place: u32, topic: Topic, day: i32) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..12].copy_from_slice(&place.to_le_bytes());
    key[12..16].copy_from_slice(&day.to_le_bytes());
    key[16] = topic as u8;
    ChaCha8Rng::from_seed(key)
}
