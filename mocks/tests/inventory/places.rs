//! The places are the real ones, and invented ones beyond them.

use std::collections::BTreeSet;

use agencia_mocks::{HOME_AIRPORT, Plan};

use crate::reader::{Inventory, city_of, read, week};

const HOME_CITY: &str = "Belo Horizonte (MG)";

const CAPITALS: [&str; 27] = [
    "Rio Branco (AC)",
    "Maceió (AL)",
    "Macapá (AP)",
    "Manaus (AM)",
    "Salvador (BA)",
    "Fortaleza (CE)",
    "Brasília (DF)",
    "Vitória (ES)",
    "Goiânia (GO)",
    "São Luís (MA)",
    "Cuiabá (MT)",
    "Campo Grande (MS)",
    "Belo Horizonte (MG)",
    "Belém (PA)",
    "João Pessoa (PB)",
    "Curitiba (PR)",
    "Recife (PE)",
    "Teresina (PI)",
    "Rio de Janeiro (RJ)",
    "Natal (RN)",
    "Porto Alegre (RS)",
    "Porto Velho (RO)",
    "Boa Vista (RR)",
    "Florianópolis (SC)",
    "São Paulo (SP)",
    "Aracaju (SE)",
    "Palmas (TO)",
];

/// With these the report's system was tried.
const TRIED: [&str; 11] = [
    "Altamira (PA)",
    "Bacacheri (PR)",
    "Bagé (RS)",
    "Boa Vista (RR)",
    "Campo Grande (MS)",
    "Cruzeiro do Sul (AC)",
    "Goiânia (GO)",
    "Imperatriz (MA)",
    "Joinville (SC)",
    "Macapá (AP)",
    "Palmas (TO)",
];

fn destinations(inventory: &Inventory) -> BTreeSet<&str> {
    let there = inventory.flights.iter().map(|flight| flight.para_aeroporto.as_str());
    there.filter(|airport| *airport != HOME_AIRPORT).collect()
}

fn cities_with_stays(inventory: &Inventory) -> BTreeSet<&str> {
    inventory.stays.iter().map(|stay| stay.cidade.as_str()).collect()
}

fn cities_with_tours(inventory: &Inventory) -> BTreeSet<&str> {
    inventory.tours.iter().map(|tour| tour.cidade.as_str()).collect()
}

#[test]
fn all_capitals_and_all_cities_of_the_report_have_flights_stays_and_tours() {
    let inventory = read(&week());
    let expected: BTreeSet<_> = CAPITALS.into_iter().chain(TRIED).collect();
    assert_eq!(expected.len(), 33);
    assert_eq!(cities_with_stays(&inventory), expected);
    assert_eq!(cities_with_tours(&inventory), expected);
    let reached: BTreeSet<_> = destinations(&inventory).into_iter().map(city_of).collect();
    let expected: BTreeSet<_> = expected.into_iter().filter(|city| *city != HOME_CITY).collect();
    assert_eq!(reached, expected, "all but home, where one already is");
}

#[test]
fn every_airport_ends_in_its_city_and_state() {
    let inventory = read(&Plan { scale: 3, ..week() });
    let cities = cities_with_stays(&inventory);
    let airports = destinations(&inventory);
    assert_eq!(airports.len(), cities.len() - 1);
    for airport in airports {
        let city = city_of(airport);
        assert!(cities.contains(city), "{airport}: there is no {city}");
        let (name, uf) = city.strip_suffix(')').unwrap().rsplit_once(" (").unwrap();
        assert!(
            !name.is_empty()
                && uf.len() == 2
                && uf.chars().all(|letter| letter.is_ascii_uppercase()),
            "{airport}"
        );
    }
}

#[test]
fn every_flight_leaves_or_reaches_home_and_as_many_places_are_left_as_reached() {
    let inventory = read(&week());
    for flight in &inventory.flights {
        assert!(
            (flight.de_aeroporto == HOME_AIRPORT) != (flight.para_aeroporto == HOME_AIRPORT),
            "{flight:?}"
        );
    }
    let left = inventory.flights.iter().map(|flight| flight.de_aeroporto.as_str());
    let left: BTreeSet<_> = left.filter(|airport| *airport != HOME_AIRPORT).collect();
    assert_eq!(left, destinations(&inventory));
}

#[test]
fn the_offers_of_the_report_are_there() {
    let inventory = read(&week());
    assert!(
        inventory
            .flights
            .iter()
            .any(|flight| flight.para_aeroporto == "Aeroporto de Altamira - Altamira (PA)")
    );
    assert!(inventory.stays.iter().any(|stay| {
        stay.room().0 == "Amazon Xingu Hotel"
            && stay.endereco == "Av. Djalma Dutra, 2081 - Centro, Altamira - PA"
    }));
    assert!(inventory.tours.iter().any(|tour| {
        tour.local == "Cachoeira do Rio Curuá"
            && tour.endereco == "Altamira - PA"
            && tour.valor == "0,00R$"
    }));
}

#[test]
fn the_scale_multiplies_places_and_not_the_offers_of_a_place() {
    let [one, four] = [1, 4].map(|scale| read(&Plan { scale, ..week() }));
    assert_eq!(cities_with_stays(&four).len(), 4 * 33);
    assert_eq!(cities_with_tours(&four).len(), 4 * 33);
    assert_eq!(destinations(&four).len(), 4 * 33 - 1);
    for (kind, one, four) in [
        ("flights", one.flights.len(), four.flights.len()),
        ("stays", one.stays.len(), four.stays.len()),
        ("tours", one.tours.len(), four.tours.len()),
    ] {
        assert!((4 * one).abs_diff(four) < 4 * one / 10, "{kind}: {one} and {four}");
    }
}
