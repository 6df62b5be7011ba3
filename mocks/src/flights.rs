//! Flights between home and a place: the services an airport has, and which fly on a day.

use std::io;

use chrono::{Days, NaiveDate};
use rand::{Rng, RngExt};
use serde::Serialize;

use crate::calendar::demand;
use crate::dice::{self, Topic};
use crate::format::{Clock, Day, Price};
use crate::place::{Airport, Place};

/// The agency's own airport, to the letter of the report. Every flight leaves or reaches it.
pub const HOME_AIRPORT: &str = "Aeroporto Internacional de Confins - Tancredo Neves";

const CRUISE_KM_PER_HOUR: u32 = 780;
/// Taxiing, climb and approach.
const GROUND_MINUTES: u32 = 35;
/// The wait of a flight with a stop.
const CONNECTION_MINUTES: std::ops::RangeInclusive<u32> = 50..=150;
/// Timetables are in steps of five minutes.
const STEP_MINUTES: u32 = 5;
/// Morning, noon, afternoon and evening: each has one service, up to three hours later.
const WAVES: [u32; 4] = [6 * 60, 10 * 60 + 30, 15 * 60, 20 * 60 + 30];
const WAVE_STEPS: std::ops::Range<u32> = 0..36;
const FLIGHTS_A_DAY: std::ops::RangeInclusive<u32> = 2..=4;
/// From here on only jets fly; nearer, turboprops too.
const JETS_FROM_KM: u32 = 800;
const JET_SEATS: [u32; 3] = [118, 174, 186];
const TURBOPROP_SEATS: u32 = 70;
const BASE_FARE_CENTAVOS: u32 = 16_000;
const FARE_CENTAVOS_PER_KM: u32 = 29;
const DAY_MINUTES: u32 = 24 * 60;

/// One record of the flights' file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Flight<'a> {
    horario_ida: Clock,
    chegada_ida: Clock,
    valor: Price,
    dia_ida: Day,
    dia_chegada: Day,
    de_aeroporto: &'a str,
    para_aeroporto: &'a str,
    lugares: u32,
}

/// What flies between home and one airport, the same every day.
pub(crate) struct Timetable<'a> {
    place: u32,
    seed: u64,
    airport: Option<&'a Airport>,
    outbound: [Service; WAVES.len()],
    inbound: [Service; WAVES.len()],
}

struct Service {
    departs: u32,
    minutes: u32,
    seats: u32,
    fare_centavos: u32,
}

impl<'a> Timetable<'a> {
    pub(crate) fn of(place: &'a Place, number: u32, seed: u64) -> Self {
        let dice = &mut dice::lasting(seed, number, Topic::Timetable);
        let airport = place.airport.as_ref();
        let mut services = || WAVES.map(|wave| Service::draw(airport, wave, dice));
        Self { place: number, seed, airport, outbound: services(), inbound: services() }
    }

    /// Hands over the flights of that day, there and then back, each way by time.
    pub(crate) fn on(
        &self,
        date: NaiveDate,
        mut offer: impl FnMut(&Flight<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(airport) = self.airport else {
            return Ok(());
        };
        let dice = &mut dice::daily(self.seed, self.place, Topic::Flights, date);
        for (services, from, to) in [
            (&self.outbound, HOME_AIRPORT, airport.name.as_str()),
            (&self.inbound, airport.name.as_str(), HOME_AIRPORT),
        ] {
            // Draws `wanted` of the services and keeps their order (Knuth's selection sampling).
            let mut wanted = dice.random_range(FLIGHTS_A_DAY);
            for (service, left) in services.iter().zip((1..=4).rev()) {
                if dice.random_range(0..left) < wanted {
                    wanted -= 1;
                    offer(&service.flight(date, from, to, dice))?;
                }
            }
        }
        Ok(())
    }
}

impl Service {
    fn draw(airport: Option<&Airport>, wave: u32, dice: &mut impl Rng) -> Self {
        let km = airport.map_or(0, |airport| airport.km);
        let connects = airport.is_some_and(|airport| airport.connects);
        let stop = if connects { dice.random_range(CONNECTION_MINUTES) } else { 0 };
        let turboprop = km < JETS_FROM_KM && dice.random_ratio(1, 3);
        let jet = JET_SEATS[dice.random_range(0..JET_SEATS.len())];
        Self {
            departs: wave + dice.random_range(WAVE_STEPS) * STEP_MINUTES,
            minutes: (air_minutes(km) + stop).next_multiple_of(STEP_MINUTES),
            seats: if turboprop { TURBOPROP_SEATS } else { jet },
            fare_centavos: (BASE_FARE_CENTAVOS + km * FARE_CENTAVOS_PER_KM)
                * dice.random_range(850..=1_200)
                / 1_000,
        }
    }

    fn flight<'a>(
        &self,
        date: NaiveDate,
        from: &'a str,
        to: &'a str,
        dice: &mut impl Rng,
    ) -> Flight<'a> {
        let arrives = self.departs + self.minutes;
        let fare =
            self.fare_centavos * demand(date) / 1_000 * dice.random_range(900..=1_150) / 1_000;
        Flight {
            horario_ida: Clock(self.departs),
            chegada_ida: Clock(arrives % DAY_MINUTES),
            valor: Price(fare),
            dia_ida: Day(date),
            dia_chegada: Day(date + Days::new(u64::from(arrives / DAY_MINUTES))),
            de_aeroporto: from,
            para_aeroporto: to,
            lugares: self.seats,
        }
    }
}

/// The time from gate to gate without a stop.
fn air_minutes(km: u32) -> u32 {
    GROUND_MINUTES + km * 60 / CRUISE_KM_PER_HOUR
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes from departure to arrival of every flight of that place in a year.
    fn durations(number: u32) -> (Option<(u32, bool)>, Vec<i64>) {
        let place = Place::numbered(number, 1);
        let timetable = Timetable::of(&place, number, 1);
        let start: NaiveDate = "2026-12-01".parse().unwrap();
        let mut durations = Vec::new();
        for date in start.iter_days().take(365) {
            timetable
                .on(date, |flight| {
                    let days = (flight.dia_chegada.0 - flight.dia_ida.0).num_days();
                    let minutes = i64::from(flight.chegada_ida.0) - i64::from(flight.horario_ida.0);
                    durations.push(days * i64::from(DAY_MINUTES) + minutes);
                    Ok(())
                })
                .unwrap();
        }
        let way = place.airport.as_ref().map(|airport| (airport.km, airport.connects));
        (way, durations)
    }

    #[test]
    fn every_flight_takes_the_time_of_its_distance_and_of_its_stop() {
        for number in 0..Place::count(2) {
            let (way, durations) = durations(number);
            let Some((km, connects)) = way else {
                assert!(durations.is_empty(), "flights from home to home");
                continue;
            };
            let direct = f64::from(km) / 780.0 * 60.0 + 35.0;
            let (least, most) = if connects {
                (direct + 45.0, direct + 160.0)
            } else {
                (direct - 5.0, direct + 5.0)
            };
            for minutes in durations {
                #[expect(clippy::cast_precision_loss, reason = "minutes of a day are exact")]
                let minutes = minutes as f64;
                assert!(
                    (least..=most).contains(&minutes),
                    "place {number}: {minutes} min for {km} km"
                );
            }
        }
    }
}
