//! Tours: sights come and go from day to day, and some are free.

use std::collections::{BTreeMap, BTreeSet};

use crate::reader::{SUMMER, centavos};

#[test]
fn every_city_has_tours_every_day_but_no_sight_is_shown_every_day() {
    let mut days: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let mut days_of_sights: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for tour in &SUMMER.tours {
        days.entry(&tour.cidade).or_default().insert(&tour.dia);
        days_of_sights.entry((&tour.cidade, &tour.local)).or_default().insert(&tour.dia);
    }
    assert_eq!(days.len(), 33);
    assert!(days.iter().all(|(_, days)| days.len() == 90), "{days:?}");
    for (sight, days) in days_of_sights {
        assert!((50..90).contains(&days.len()), "{sight:?}: {} days of 90", days.len());
    }
}

#[test]
fn every_city_has_free_sights_and_paid_ones_and_a_sight_starts_once_or_twice_a_day() {
    let mut free: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let mut starts: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for tour in &SUMMER.tours {
        free.entry(&tour.cidade).or_default().insert(centavos(&tour.valor) == 0);
        let again = !starts
            .entry((&tour.cidade, &tour.local, &tour.dia))
            .or_default()
            .insert(&tour.horario);
        assert!(!again, "twice at one time: {tour:?}");
    }
    assert!(free.values().all(|free| free.len() == 2), "{free:?}");
    assert!(starts.values().all(|times| (1..=2).contains(&times.len())));
    assert!(starts.values().any(|times| times.len() == 2));
}

#[test]
fn a_tour_keeps_the_size_of_its_group() {
    let mut sizes: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for tour in &SUMMER.tours {
        sizes.entry((&tour.cidade, &tour.local, &tour.endereco)).or_default().insert(tour.vagas);
    }
    assert!(sizes.values().all(|sizes| sizes.len() == 1));
}
