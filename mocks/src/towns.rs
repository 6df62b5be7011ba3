//! Invented towns, for inventory larger than Brazil.
//!
//! A town is computed from its number and the seed each time it is needed and never stored,
//! so that a plan of a thousand times the real places costs no memory.

use std::sync::LazyLock;

use rand::seq::{IndexedRandom, index};
use rand::{Rng, RngExt};
use serde::Deserialize;

use crate::dice::{self, Topic};
use crate::place::{Airport, Hotel, Place, Sight, km_from_home};

/// Walks all names once before any comes back, and far apart from one town to the next: a
/// prime that does not divide their number.
const STRIDE: u64 = 50_021;
/// An invented town at least this far away has no direct flight.
const CONNECTS_FROM_KM: u32 = 900;
/// How far a town may lie from the middle of its state, in hundredths of a degree.
const SPREAD: i32 = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    heads: Vec<String>,
    tails: Vec<String>,
    states: Vec<State>,
    airports: Vec<String>,
    hotels: Vec<String>,
    streets: Vec<String>,
    districts: Vec<String>,
    sights: Vec<SightPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    uf: String,
    at: [f64; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SightPart {
    name: String,
    price: u32,
    hours: Vec<u32>,
}

static PARTS: LazyLock<Parts> = LazyLock::new(|| {
    toml::from_str(include_str!("../data/towns.toml"))
        .expect("the embedded parts of towns are well formed")
});

/// The town with that number: no other number has its name in the same state, up to the
/// largest scale.
pub(crate) fn invent(number: u32, seed: u64) -> Place {
    let (name, state) = name(number, seed);
    let dice = &mut dice::lasting(seed, number, Topic::Town);
    let city = format!("{name} ({})", state.uf);
    let at =
        state.at.map(|degrees| degrees + f64::from(dice.random_range(-SPREAD..=SPREAD)) / 100.0);
    let km = km_from_home(at);
    let airport = fill(pick(&PARTS.airports, dice), &name);
    Place {
        airport: Some(Airport::new(&airport, &city, km, km >= CONNECTS_FROM_KM)),
        hotels: hotels(&name, &state.uf, dice),
        sights: sights(&name, &state.uf, dice),
        city,
    }
}

fn name(number: u32, seed: u64) -> (String, &'static State) {
    let (heads, tails, states) = (PARTS.heads.len(), PARTS.tails.len(), PARTS.states.len());
    let names = (heads * tails * states) as u64;
    let code = (u64::from(number) * STRIDE + seed % names) % names;
    let code = usize::try_from(code).expect("smaller than the number of names");
    let (head, rest) = (code % heads, code / heads);
    let (tail, state) = (rest % tails, rest / tails);
    (format!("{} {}", PARTS.heads[head], PARTS.tails[tail]), &PARTS.states[state])
}

fn hotels(town: &str, uf: &str, dice: &mut impl Rng) -> Vec<Hotel> {
    let count = dice.random_range(4..=6);
    index::sample(dice, PARTS.hotels.len(), count)
        .into_iter()
        .map(|pattern| Hotel {
            name: fill(&PARTS.hotels[pattern], town),
            address: format!(
                "{}, {} - {}, {town} - {uf}",
                pick(&PARTS.streets, dice),
                dice.random_range(20..3_000),
                pick(&PARTS.districts, dice),
            ),
            stars: dice.random_range(2..=4),
        })
        .collect()
}

fn sights(town: &str, uf: &str, dice: &mut impl Rng) -> Vec<Sight> {
    let count = dice.random_range(5..=8);
    index::sample(dice, PARTS.sights.len(), count)
        .into_iter()
        .map(|part| {
            let SightPart { name, price, hours } = &PARTS.sights[part];
            Sight {
                name: fill(name, town),
                address: format!("{}, {town} - {uf}", pick(&PARTS.streets, dice)),
                price_reais: *price,
                hours: hours.clone(),
            }
        })
        .collect()
}

fn pick<'a>(choices: &'a [String], dice: &mut impl Rng) -> &'a str {
    choices.choose(dice).expect("no list of parts is empty")
}

fn fill(pattern: &str, town: &str) -> String {
    pattern.replace("{}", town)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{SCALE_MAX, cities};

    #[test]
    fn the_largest_scale_has_no_two_places_of_the_same_name() {
        let mut seen: HashSet<String> =
            cities::all().iter().map(|place| place.city.clone()).collect();
        let real = u32::try_from(seen.len()).unwrap();
        for number in real..Place::count(SCALE_MAX) {
            let (name, state) = name(number, u64::MAX);
            assert!(seen.insert(format!("{name} ({})", state.uf)), "{name} twice");
        }
    }

    #[test]
    fn a_town_has_what_a_city_has() {
        for number in 33..533 {
            let town = invent(number, 7);
            assert!((4..=6).contains(&town.hotels.len()) && (5..=8).contains(&town.sights.len()));
            let names: HashSet<_> = town.hotels.iter().map(|hotel| &hotel.name).collect();
            assert_eq!(names.len(), town.hotels.len(), "{}: two hotels of one name", town.city);
            let airport = town.airport.unwrap();
            assert!(airport.name.ends_with(&format!(" - {}", town.city)));
            assert!((100..4_000).contains(&airport.km), "{}: {} km", town.city, airport.km);
        }
    }

    #[test]
    fn another_seed_invents_other_towns() {
        assert_eq!(invent(40, 1).city, invent(40, 1).city);
        assert_ne!(invent(40, 1).city, invent(40, 2).city);
    }
}
