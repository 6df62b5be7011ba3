//! Tours: which of a place's sights are shown on a day, at what hour and price.

use std::io;

use chrono::NaiveDate;
use rand::RngExt;
use serde::Serialize;

use crate::calendar::demand;
use crate::dice::{self, Topic};
use crate::format::{Clock, Day, Price};
use crate::place::{Place, Sight};

/// A sight is shown on so many days of ten.
const SHOWN_OF_TEN: u32 = 8;
/// The people of a group, in steps of four.
const GROUP_FOURS: std::ops::RangeInclusive<u32> = 2..=10;

/// One record of the tours' file.
#[derive(Debug, Serialize)]
pub(crate) struct Tour<'a> {
    horario: Clock,
    valor: Price,
    dia: Day,
    local: &'a str,
    endereco: &'a str,
    cidade: &'a str,
    vagas: u32,
}

/// The sights of a place and the size of the group for each.
pub(crate) struct Programme<'a> {
    place: u32,
    seed: u64,
    city: &'a str,
    groups: Vec<(&'a Sight, u32)>,
}

impl<'a> Programme<'a> {
    pub(crate) fn of(place: &'a Place, number: u32, seed: u64) -> Self {
        let dice = &mut dice::lasting(seed, number, Topic::Groups);
        let mut group = || dice.random_range(GROUP_FOURS) * 4;
        Self {
            place: number,
            seed,
            city: &place.city,
            groups: place.sights.iter().map(|sight| (sight, group())).collect(),
        }
    }

    /// Hands over the tours of that day, sight by sight.
    pub(crate) fn on(
        &self,
        date: NaiveDate,
        mut offer: impl FnMut(&Tour<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let dice = &mut dice::daily(self.seed, self.place, Topic::Tours, date);
        // A ticket follows the season half as much as a bed or a seat.
        let factor = (1_000 + demand(date)) / 2;
        for (sight, places) in &self.groups {
            if !dice.random_ratio(SHOWN_OF_TEN, 10) {
                continue;
            }
            for hour in &sight.hours {
                offer(&Tour {
                    horario: Clock(hour * 60),
                    valor: Price::reais((sight.price_reais * factor + 500) / 1_000),
                    dia: Day(date),
                    local: &sight.name,
                    endereco: &sight.address,
                    cidade: self.city,
                    vagas: *places,
                })?;
            }
        }
        Ok(())
    }
}
