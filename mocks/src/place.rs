//! A place on offer, real or invented, and how far it is from home.

use std::sync::Arc;

use crate::{cities, towns};

/// Latitude and longitude of the home airport, in degrees.
const HOME: [f64; 2] = [-19.6244, -43.9719];
const EARTH_RADIUS_KM: f64 = 6_371.0;

/// Everything lasting about a place. Owns its names; records borrow them.
#[derive(Debug)]
pub(crate) struct Place {
    /// "Altamira (PA)".
    pub(crate) city: String,
    /// None for the home city: one does not fly there.
    pub(crate) airport: Option<Airport>,
    pub(crate) hotels: Vec<Hotel>,
    pub(crate) sights: Vec<Sight>,
}

#[derive(Debug)]
pub(crate) struct Airport {
    /// Ends in " - " and the city: the pages derive the city from it.
    pub(crate) name: String,
    /// From Confins, along the great circle.
    pub(crate) km: u32,
    /// There is no direct flight.
    pub(crate) connects: bool,
}

#[derive(Debug)]
pub(crate) struct Hotel {
    pub(crate) name: String,
    pub(crate) address: String,
    /// 2 to 5.
    pub(crate) stars: u32,
}

#[derive(Debug)]
pub(crate) struct Sight {
    pub(crate) name: String,
    pub(crate) address: String,
    /// 0 when free.
    pub(crate) price_reais: u32,
    /// The hours at which tours start.
    pub(crate) hours: Vec<u32>,
}

impl Place {
    /// The place with that number: the real ones come first, then the invented.
    pub(crate) fn numbered(number: u32, seed: u64) -> Arc<Self> {
        match cities::all().get(number as usize) {
            Some(city) => Arc::clone(city),
            None => Arc::new(towns::invent(number, seed)),
        }
    }

    /// How many places there are at that scale.
    pub(crate) fn count(scale: u32) -> u32 {
        let real = u32::try_from(cities::all().len()).expect("the table of cities is short");
        real * scale
    }
}

impl Airport {
    /// `proper_name` is the airport's without the city, `at` its latitude and longitude.
    pub(crate) fn new(proper_name: &str, city: &str, km: u32, connects: bool) -> Self {
        Self { name: format!("{proper_name} - {city}"), km, connects }
    }
}

/// Kilometres from Confins along the great circle.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a distance on Earth is positive and below 20,038 km"
)]
pub(crate) fn km_from_home(at: [f64; 2]) -> u32 {
    let [lat, lon] = at.map(f64::to_radians);
    let [home_lat, home_lon] = HOME.map(f64::to_radians);
    let chord = ((lat - home_lat) / 2.0).sin().powi(2)
        + home_lat.cos() * lat.cos() * ((lon - home_lon) / 2.0).sin().powi(2);
    (2.0 * EARTH_RADIUS_KM * chord.sqrt().asin()).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_aeronautical_charts() {
        for (city, published_km) in [
            ("Vitória (ES)", 392),
            ("São Paulo (SP)", 524),
            ("Brasília (DF)", 591),
            ("Porto Alegre (RS)", 1_363),
            ("Manaus (AM)", 2_540),
        ] {
            let place = cities::all().iter().find(|place| place.city == city).unwrap();
            let km = place.airport.as_ref().unwrap().km;
            assert!(km.abs_diff(published_km) <= published_km / 50, "{city}: {km} km");
        }
    }
}
