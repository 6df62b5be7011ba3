//! Stays: rooms last, so a traveller can stay in one for several nights.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};

use crate::reader::{RoomName, SUMMER, Stay, centavos, date, day};

fn nights_of_rooms() -> BTreeMap<RoomName<'static>, BTreeMap<NaiveDate, &'static Stay>> {
    let mut rooms: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for stay in &SUMMER.stays {
        let earlier = rooms.entry(stay.room()).or_default().insert(date(&stay.dia_entrada), stay);
        assert!(earlier.is_none(), "the same room twice on a night: {stay:?}");
    }
    rooms
}

#[test]
fn a_room_keeps_its_beds_and_breakfast_from_night_to_night_and_changes_its_price() {
    for (room, nights) in nights_of_rooms() {
        let lasting = |stay: &Stay| {
            (stay.qtd_quartos, stay.qtd_camas, stay.cafe_da_manha, stay.cidade.clone())
        };
        let facts: BTreeSet<_> = nights.values().map(|stay| lasting(stay)).collect();
        assert_eq!(facts.len(), 1, "{room:?}");
        let prices: BTreeSet<_> = nights.values().map(|stay| centavos(&stay.valor)).collect();
        // More than the seasons and weekdays alone would give.
        assert!(prices.len() > 20, "{room:?}: {prices:?}");
    }
}

#[test]
fn a_room_is_missing_on_a_few_nights_only() {
    let rooms = nights_of_rooms();
    for (room, nights) in &rooms {
        assert!((70..=90).contains(&nights.len()), "{room:?}: {} nights of 90", nights.len());
    }
    let missing: usize = rooms.values().map(|nights| 90 - nights.len()).sum();
    assert!(missing > rooms.len(), "more than a night a room: {missing}");
}

#[test]
fn every_city_has_stays_of_three_nights_for_one_two_and_four_people_from_any_night() {
    let mut first_nights: BTreeMap<&str, [BTreeSet<NaiveDate>; 3]> = BTreeMap::new();
    for nights in nights_of_rooms().values() {
        for (night, stay) in nights {
            if (1..3).all(|later| nights.contains_key(&(*night + Days::new(later)))) {
                let of_city = first_nights.entry(&stay.cidade).or_default();
                for (people, nights) in [1, 2, 4].into_iter().zip(of_city) {
                    if stay.qtd_camas >= people {
                        nights.insert(*night);
                    }
                }
            }
        }
    }
    assert_eq!(first_nights.len(), 33);
    let all: BTreeSet<_> = day("2026-12-01").iter_days().take(88).collect();
    for (city, of_city) in first_nights {
        for (people, nights) in [1, 2, 4].into_iter().zip(of_city) {
            assert_eq!(nights, all, "{city}, {people} people");
        }
    }
}

#[test]
fn a_city_has_twenty_to_forty_rooms_a_night_in_four_to_six_hotels() {
    let mut nights: BTreeMap<_, BTreeMap<&str, u32>> = BTreeMap::new();
    for stay in &SUMMER.stays {
        *nights
            .entry((&stay.cidade, &stay.dia_entrada))
            .or_default()
            .entry(&stay.nome)
            .or_default() += 1;
    }
    for (night, hotels) in nights {
        let rooms: u32 = hotels.values().sum();
        assert!(
            (18..=40).contains(&rooms) && (4..=6).contains(&hotels.len()),
            "{night:?}: {hotels:?}"
        );
        assert!(hotels.values().all(|rooms| *rooms <= 12), "{night:?}: {hotels:?}");
    }
}
