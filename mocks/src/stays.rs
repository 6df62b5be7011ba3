//! Stays: the rooms of a place's hotels, which last, and what each costs on a night.

use std::io;

use chrono::NaiveDate;
use rand::{Rng, RngExt};
use serde::Serialize;

use crate::calendar::demand;
use crate::dice::{self, Topic};
use crate::format::{Day, Price};
use crate::place::{Hotel, Place};

/// How many rooms a place has in all, dealt evenly to its hotels.
const ROOMS: std::ops::RangeInclusive<usize> = 24..=38;
const ROOMS_A_FLOOR: usize = 4;
/// One room in so many is not on offer on a night.
const ABSENT_ONE_IN: u32 = 25;
/// The beds of an ordinary room: mostly two.
const BEDS: [u32; 10] = [1, 1, 2, 2, 2, 2, 2, 3, 3, 4];
/// The beds of the one apartment for a family or a group that every hotel has.
const APARTMENT_BEDS: std::ops::RangeInclusive<u32> = 4..=10;

/// One record of the stays' file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stay<'a> {
    dia_entrada: Day,
    numero: usize,
    qtd_quartos: u32,
    qtd_camas: u32,
    valor: Price,
    nome: &'a str,
    endereco: &'a str,
    cidade: &'a str,
    cafe_da_manha: bool,
    quartos: u32,
}

/// The rooms of a place, the same on every night.
pub(crate) struct Rooms<'a> {
    place: u32,
    seed: u64,
    city: &'a str,
    rooms: Vec<Room<'a>>,
}

struct Room<'a> {
    hotel: &'a Hotel,
    number: usize,
    beds: u32,
    breakfast: bool,
    price_reais: u32,
}

impl<'a> Rooms<'a> {
    pub(crate) fn of(place: &'a Place, number: u32, seed: u64) -> Self {
        let dice = &mut dice::lasting(seed, number, Topic::Rooms);
        let (total, hotels) = (dice.random_range(ROOMS), place.hotels.len());
        let mut rooms = Vec::with_capacity(total);
        for (index, hotel) in place.hotels.iter().enumerate() {
            let count = total / hotels + usize::from(index < total % hotels);
            furnish(hotel, count, dice, &mut rooms);
        }
        Self { place: number, seed, city: &place.city, rooms }
    }

    /// Hands over the rooms on offer on that night, hotel by hotel.
    pub(crate) fn on(
        &self,
        date: NaiveDate,
        mut offer: impl FnMut(&Stay<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let dice = &mut dice::daily(self.seed, self.place, Topic::Stays, date);
        let demand = demand(date);
        for room in &self.rooms {
            if dice.random_ratio(1, ABSENT_ONE_IN) {
                continue;
            }
            let centavos =
                room.price_reais * 100 * demand / 1_000 * dice.random_range(930..=1_080) / 1_000;
            offer(&Stay {
                dia_entrada: Day(date),
                numero: room.number,
                qtd_quartos: bedrooms(room.beds),
                qtd_camas: room.beds,
                valor: Price::reais(centavos / 100),
                nome: &room.hotel.name,
                endereco: &room.hotel.address,
                cidade: self.city,
                cafe_da_manha: room.breakfast,
                quartos: 1,
            })?;
        }
        Ok(())
    }
}

/// Adds a hotel's rooms: numbered by floor, the last of them an apartment.
fn furnish<'a>(hotel: &'a Hotel, count: usize, dice: &mut impl Rng, rooms: &mut Vec<Room<'a>>) {
    let double_reais = match hotel.stars {
        ..=2 => 150,
        3 => 230,
        4 => 350,
        _ => 590,
    } * dice.random_range(85..=120)
        / 100;
    let breakfast = hotel.stars > 2 || dice.random_ratio(1, 2);
    for index in 0..count {
        let beds = if index + 1 == count {
            dice.random_range(APARTMENT_BEDS)
        } else {
            BEDS[dice.random_range(0..BEDS.len())]
        };
        rooms.push(Room {
            hotel,
            number: (index / ROOMS_A_FLOOR + 1) * 100 + index % ROOMS_A_FLOOR + 1,
            beds,
            breakfast,
            price_reais: double_reais * (50 + 25 * beds) / 100,
        });
    }
}

/// How many rooms an apartment of so many beds has.
fn bedrooms(beds: u32) -> u32 {
    beds.div_ceil(3)
}
