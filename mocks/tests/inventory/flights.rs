//! Flights: how many, how long, and right about midnight.

use std::collections::BTreeMap;

use agencia_mocks::HOME_AIRPORT;
use chrono::Days;

use crate::reader::{SUMMER, city_of, date};

#[test]
fn each_way_has_two_to_four_flights_a_day_at_different_times() {
    let mut flights: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for flight in &SUMMER.flights {
        let way = (&flight.de_aeroporto, &flight.para_aeroporto, date(&flight.dia_ida));
        flights.entry(way).or_default().push(flight.departure());
    }
    assert_eq!(flights.len(), 32 * 2 * 90);
    for (way, times) in &flights {
        assert!((2..=4).contains(&times.len()), "{way:?}: {times:?}");
        assert!(times.is_sorted_by(|a, b| a < b), "{way:?}: {times:?}");
    }
    for count in 2..=4 {
        assert!(flights.values().any(|times| times.len() == count), "never {count} flights");
    }
}

#[test]
fn a_flight_arrives_after_it_left_also_past_midnight() {
    let mut overnight = 0;
    for flight in &SUMMER.flights {
        let minutes = (flight.arrival() - flight.departure()).num_minutes();
        assert!((30..12 * 60).contains(&minutes), "{flight:?}");
        if flight.dia_chegada != flight.dia_ida {
            overnight += 1;
            assert_eq!(
                date(&flight.dia_chegada),
                date(&flight.dia_ida) + Days::new(1),
                "{flight:?}"
            );
            assert!(flight.chegada_ida < flight.horario_ida, "{flight:?}");
        }
    }
    assert!(overnight > 100, "{overnight} flights past midnight");
}

/// What airlines publish for these routes, from gate to gate; the last two have a stop.
#[test]
fn the_flight_times_are_those_that_travellers_know() {
    for (city, shortest, longest) in [
        ("Vitória (ES)", 55, 75),
        ("Rio de Janeiro (RJ)", 50, 75),
        ("São Paulo (SP)", 65, 85),
        ("Brasília (DF)", 70, 90),
        ("Salvador (BA)", 90, 115),
        ("Porto Alegre (RS)", 130, 150),
        ("Manaus (AM)", 210, 245),
        ("Altamira (PA)", 230, 350),
        ("Cruzeiro do Sul (AC)", 320, 460),
    ] {
        for flight in &SUMMER.flights {
            let there = if flight.de_aeroporto == HOME_AIRPORT {
                &flight.para_aeroporto
            } else {
                &flight.de_aeroporto
            };
            if city_of(there) == city {
                let minutes = (flight.arrival() - flight.departure()).num_minutes();
                assert!((shortest..=longest).contains(&minutes), "{minutes} min: {flight:?}");
            }
        }
    }
}
