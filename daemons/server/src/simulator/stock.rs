//! What is on sale: few units of everything, so that trips compete, and rooms over several nights.
//! Inventories change by import, as an operator's do: prices, units, offers that are withdrawn. What
//! is sold of them is never kept here; that is for the daemons to know.

use super::random::Random;
use agencia_protocol::trip::{DaemonName, TripItem};
use agencia_protocol::{Money, Nights, OfferId, OfferKey, People};
use std::collections::{BTreeMap, BTreeSet};

/// The daemons in the order in which they are anchors.
pub(super) const NAMES: [&str; 3] = ["voos", "hospedagens", "passeios"];

/// The name of a daemon by its place.
pub(super) fn name(daemon: usize) -> DaemonName {
    NAMES[daemon].parse().expect("a name")
}

/// The place of a daemon by its name.
pub(super) fn place(name: &DaemonName) -> usize {
    NAMES.iter().position(|known| *known == name.as_str()).expect("one of three")
}

/// What each daemon sells: offers, by what is withdrawn together. Those of a stay are the nights
/// of one room.
pub(super) const OFFERS: [&[&[&str]]; 3] = [
    &[&["f1"], &["f2"]],
    &[&["a1", "a2", "a3"], &["b1", "b2", "b3"]],
    &[&["t1"], &["t2"], &["t3"]],
];

/// The offers of a daemon.
pub(super) fn offers_of(daemon: usize) -> impl Iterator<Item = &'static str> {
    OFFERS[daemon].iter().flat_map(|together| together.iter().copied())
}

pub(super) fn key(id: &str) -> OfferKey {
    id.parse::<OfferId>().expect("an id").key()
}

/// An inventory of one daemon.
#[derive(Clone)]
pub(super) struct Stock {
    daemon: usize,
    /// The units of every offer that is on sale.
    pub(super) units: BTreeMap<&'static str, u16>,
    /// The price of everything, in reais.
    price: u32,
    withdrawn: BTreeSet<&'static str>,
}

impl Stock {
    pub(super) fn new(daemon: usize, random: &mut Random) -> Self {
        let units = offers_of(daemon).map(|id| (id, random.between(1, 2))).collect();
        Self { daemon, units, price: 10, withdrawn: BTreeSet::new() }
    }

    /// The next inventory: other prices, a unit more or less, an offer that is sold no more. What
    /// was withdrawn once stays so.
    pub(super) fn next(&self, random: &mut Random) -> Self {
        let mut next = self.clone();
        if random.one_in(3) {
            next.price += 1;
        }
        for units in next.units.values_mut() {
            match random.below(4) {
                0 if *units < 3 => *units += 1,
                1 if *units > 1 => *units -= 1,
                _ => {}
            }
        }
        if random.one_in(6) && next.withdrawn.is_empty() {
            let together = random.pick(OFFERS[self.daemon]);
            for id in *together {
                next.units.remove(id);
                next.withdrawn.insert(id);
            }
        }
        next
    }

    /// The same with room for whatever was sold.
    pub(super) fn with_room(&self) -> Self {
        let mut next = self.clone();
        next.units.values_mut().for_each(|units| *units = 4);
        next
    }

    pub(super) fn price(&self, nights: u32) -> Money {
        Money::from_cents(self.price * 100 * nights)
    }

    /// The inventory file.
    pub(super) fn text(&self) -> String {
        let record = |(id, units): (&&str, &u16)| self.record(id, *units);
        let records: Vec<_> = self.units.iter().map(record).collect();
        format!("[{}]", records.join(",\n"))
    }

    fn record(&self, id: &str, units: u16) -> String {
        let price = self.price;
        match self.daemon {
            0 => format!(
                r#"{{"horarioIda":"14:00h","chegadaIda":"16:00h","valor":"{price},00R$",
                "diaIda":"10/03/2030","diaChegada":"10/03/2030","paraAeroporto":"Bagé","id":"{id}",
                "deAeroporto":"Aeroporto Internacional de Confins - Tancredo Neves",
                "lugares":{units}}}"#
            ),
            1 => {
                let (room, night) = id.split_at(1);
                format!(
                    r#"{{"diaEntrada":"1{night}/03/2030","numero":1,"qtdQuartos":1,"qtdCamas":2,
                    "valor":"{price},00R$","id":"{id}","nome":"Hotel {room}","endereco":"Rua A",
                    "cidade":"Bagé","cafeDaManha":true,"quartos":{units}}}"#
                )
            }
            _ => format!(
                r#"{{"horario":"10:00h","valor":"{price},00R$","dia":"11/03/2030",
                "local":"Museu {id}","endereco":"Rua B","cidade":"Bagé","id":"{id}",
                "vagas":{units}}}"#
            ),
        }
    }
}

/// Searches that find everything on sale in a daemon, one a day.
pub(super) fn searches(daemon: usize) -> Vec<String> {
    match daemon {
        0 => vec![r#"{"action":"passagem","paraAeroporto":"Bagé","dataIda":"2030-03-10"}"#.into()],
        1 => (11..14)
            .map(|day| {
                let dates =
                    format!(r#""dataIda":"2030-03-{day}","dataVolta":"2030-03-{}""#, day + 1);
                format!(r#"{{"action":"hospedar","cidade":"Bagé","numeroDePessoas":1,{dates}}}"#)
            })
            .collect(),
        _ => vec![r#"{"cidade":"Bagé","dataIda":"2030-03-11"}"#.into()],
    }
}

/// What a traveller may want of a daemon: one item, seldom two.
pub(super) fn wanted(daemon: usize, stock: &Stock, random: &mut Random) -> Vec<TripItem> {
    let mut items = vec![item(daemon, stock, random)];
    if random.one_in(6) {
        let other = item(daemon, stock, random);
        if other.id != items[0].id {
            items.push(other);
        }
    }
    items
}

fn item(daemon: usize, stock: &Stock, random: &mut Random) -> TripItem {
    let together = random.pick(OFFERS[daemon]);
    let first = random.below(together.len());
    let nights = match daemon {
        1 => Some(random.between(1, u16::try_from(together.len() - first).expect("three nights"))),
        _ => None,
    };
    let seen = random.one_in(3).then(|| stock.price(nights.unwrap_or(1).into()));
    TripItem {
        id: together[first].parse().expect("an id"),
        units: People::new(if random.one_in(8) { 2 } else { 1 }).expect("some"),
        nights: nights.map(|nights| Nights::new(nights).expect("some")),
        price: seen,
    }
}
