//! The real places, read once from the table that is part of the program.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::place::{Airport, Hotel, Place, Sight, km_from_home};

/// All real places in the table's order.
pub(crate) fn all() -> &'static [Arc<Place>] {
    static CITIES: LazyLock<Vec<Arc<Place>>> = LazyLock::new(|| {
        let table: Table = toml::from_str(include_str!("../data/cities.toml"))
            .expect("the embedded table of cities is well formed");
        table.place.into_iter().map(|row| Arc::new(row.into_place())).collect()
    });
    &CITIES
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    place: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    city: String,
    r#in: Option<String>,
    airport: Option<String>,
    at: Option<[f64; 2]>,
    #[serde(default)]
    connects: bool,
    hotels: Vec<HotelRow>,
    sights: Vec<SightRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HotelRow {
    name: String,
    street: String,
    stars: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SightRow {
    name: String,
    street: Option<String>,
    r#in: Option<String>,
    price: u32,
    hours: Vec<u32>,
}

impl Row {
    fn into_place(self) -> Place {
        let (town, uf) = self
            .city
            .strip_suffix(')')
            .and_then(|city| city.rsplit_once(" ("))
            .expect("a city of the table is \"Name (UF)\"");
        let town = self.r#in.as_deref().unwrap_or(town);
        let hotels = self.hotels.into_iter().map(|hotel| Hotel {
            name: hotel.name,
            address: format!("{}, {town} - {uf}", hotel.street),
            stars: hotel.stars,
        });
        let sights = self.sights.into_iter().map(|sight| {
            let town = sight.r#in.as_deref().unwrap_or(town);
            Sight {
                name: sight.name,
                address: match sight.street {
                    Some(street) => format!("{street}, {town} - {uf}"),
                    None => format!("{town} - {uf}"),
                },
                price_reais: sight.price,
                hours: sight.hours,
            }
        });
        let (hotels, sights) = (hotels.collect(), sights.collect());
        let airport = self
            .airport
            .zip(self.at)
            .map(|(name, at)| Airport::new(&name, &self.city, km_from_home(at), self.connects));
        Place { airport, hotels, sights, city: self.city }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn only_the_home_city_has_no_airport() {
        let without: Vec<_> =
            all().iter().filter(|place| place.airport.is_none()).map(|place| &place.city).collect();
        assert_eq!(without, ["Belo Horizonte (MG)"]);
    }

    #[test]
    fn every_place_has_four_to_six_hotels_and_five_to_eight_sights_some_of_them_free() {
        for place in all() {
            assert!((4..=6).contains(&place.hotels.len()), "{}", place.city);
            assert!((5..=8).contains(&place.sights.len()), "{}", place.city);
            assert!(place.sights.iter().any(|sight| sight.price_reais == 0), "{}", place.city);
            assert!(place.sights.iter().any(|sight| sight.price_reais > 0), "{}", place.city);
        }
    }

    #[test]
    fn no_hotel_or_sight_is_there_twice_and_every_row_is_in_range() {
        for place in all() {
            let hotels: HashSet<_> = place.hotels.iter().map(|hotel| &hotel.address).collect();
            let sights: HashSet<_> = place.sights.iter().map(|sight| &sight.name).collect();
            assert_eq!(
                (hotels.len(), sights.len()),
                (place.hotels.len(), place.sights.len()),
                "{}",
                place.city
            );
            assert!(
                place.hotels.iter().all(|hotel| (2..=5).contains(&hotel.stars)),
                "{}",
                place.city
            );
            for sight in &place.sights {
                assert!((1..=2).contains(&sight.hours.len()), "{}", sight.name);
                assert!(
                    sight.hours.is_sorted_by(|a, b| a < b)
                        && sight.hours.iter().all(|hour| *hour < 24)
                );
            }
        }
    }

    #[test]
    fn the_addresses_are_written_as_in_the_report() {
        let altamira = all().iter().find(|place| place.city == "Altamira (PA)").unwrap();
        let hotel =
            altamira.hotels.iter().find(|hotel| hotel.name == "Amazon Xingu Hotel").unwrap();
        assert_eq!(hotel.address, "Av. Djalma Dutra, 2081 - Centro, Altamira - PA");
        let sight =
            altamira.sights.iter().find(|sight| sight.name == "Cachoeira do Rio Curuá").unwrap();
        assert_eq!(sight.address, "Altamira - PA");
        assert_eq!(
            altamira.airport.as_ref().unwrap().name,
            "Aeroporto de Altamira - Altamira (PA)"
        );
    }
}
