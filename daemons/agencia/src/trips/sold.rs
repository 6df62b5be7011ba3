//! What was sold, in an operator's words: read off the record that the traveller saw. One function
//! for each product; which is whose stands in [`crate::programs`].

use crate::programs::Daemon;
use agencia_protocol::Day;
use agencia_protocol::flight::Flight;
use agencia_protocol::stay::Stay;
use agencia_protocol::tour::Tour;
use agencia_protocol::trip::{ConsultReply, DaemonName, TripItem};
use serde_json::Value;

/// An item that was sold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sold {
    /// The first and the last day on which it is used; none where the record was lost.
    pub(crate) days: Option<(Day, Day)>,
    /// For a stay, how many nights.
    pub(crate) nights: Option<u16>,
    /// The route, the hotel or the sight; without a record, the offer's id.
    pub(crate) place: String,
    /// The times, or the room.
    pub(crate) detail: String,
    /// How many seats, rooms or places.
    pub(crate) units: u32,
}

/// Reads a record.
pub(crate) type Read = fn(&Value, &TripItem) -> Option<Sold>;

impl Sold {
    /// Whether it is used on this day: a stay on its nights.
    pub(crate) fn is_on(&self, day: Day) -> bool {
        self.days.is_some_and(|(first, last)| (first..=last).contains(&day))
    }

    /// One line: `2 × Hotel, room 6, 2099-12-24, 2 nights`.
    pub(crate) fn line(&self) -> String {
        let mut line = format!("{} × {}", self.units, self.place);
        if !self.detail.is_empty() {
            line += &format!(", {}", self.detail);
        }
        if let Some((first, _)) = self.days {
            line += &format!(", {}", first.iso());
        }
        match self.nights {
            Some(1) => line + ", 1 night",
            Some(nights) => line + &format!(", {nights} nights"),
            None => line,
        }
    }
}

/// The items of a daemon's part.
pub(crate) fn items(daemon: &DaemonName, view: &ConsultReply<Value>) -> Vec<Sold> {
    let read = Daemon::named(daemon.as_str()).map(|daemon| daemon.sold);
    let item = |(at, asked): (usize, &TripItem)| {
        let record = view.items.get(at).unwrap_or(&Value::Null);
        let sold = read.and_then(|read| read(record, asked));
        let lost = || Sold { place: format!("offer {}", asked.id), ..Sold::default() };
        Sold { units: u32::from(asked.units.count()), ..sold.unwrap_or_else(lost) }
    };
    view.asked.iter().enumerate().map(item).collect()
}

pub(crate) fn flight(record: &Value, _: &TripItem) -> Option<Sold> {
    let flight: Flight = serde_json::from_value(record.clone()).ok()?;
    Some(Sold {
        days: Some((flight.day, flight.arrival_day)),
        place: format!("{} → {}", flight.from, flight.to),
        detail: format!("{}–{}", flight.departure, flight.arrival),
        ..Sold::default()
    })
}

pub(crate) fn stay(record: &Value, item: &TripItem) -> Option<Sold> {
    let stay: Stay = serde_json::from_value(record.clone()).ok()?;
    let nights = item.nights.map_or(1, |nights| nights.count());
    let last = stay.day.after(nights.saturating_sub(1)).unwrap_or(stay.day);
    Some(Sold {
        days: Some((stay.day, last)),
        nights: Some(nights),
        place: format!("{}, {}, {}", stay.hotel, stay.address, stay.city),
        detail: format!("room {}", stay.number),
        ..Sold::default()
    })
}

pub(crate) fn tour(record: &Value, _: &TripItem) -> Option<Sold> {
    let tour: Tour = serde_json::from_value(record.clone()).ok()?;
    Some(Sold {
        days: Some((tour.day, tour.day)),
        place: format!("{}, {}", tour.sight, tour.city),
        detail: tour.time.to_string(),
        ..Sold::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn view(state: &str, asked: Value, items: Value) -> ConsultReply<Value> {
        serde_json::from_value(json!({
            "viagem": "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11",
            "estado": state, "pedido": asked, "itens": items,
        }))
        .unwrap()
    }

    fn check(daemon: &str, asked: Value, record: Value, line: &str, on: &[&str], off: &[&str]) {
        let items =
            items(&daemon.parse().unwrap(), &view("confirmada", json!([asked]), json!([record])));
        assert_eq!(items[0].line(), line);
        for (days, expected) in [(on, true), (off, false)] {
            for day in days {
                assert_eq!(items[0].is_on(Day::from_iso(day).unwrap()), expected, "{day}");
            }
        }
    }

    #[test]
    fn each_product_is_read_off_its_record() {
        let flight = json!({"horarioIda":"23:00h","chegadaIda":"01:00h","valor":"906,00R$",
            "diaIda":"24/12/2099","diaChegada":"25/12/2099","deAeroporto":"Confins",
            "paraAeroporto":"Bagé"});
        check(
            "voos",
            json!({"id": "a", "quantidade": 2}),
            flight,
            "2 × Confins → Bagé, 23:00h–01:00h, 2099-12-24",
            &["2099-12-24", "2099-12-25"],
            &["2099-12-23", "2099-12-26"],
        );
        let stay = json!({"diaEntrada":"24/12/2099","numero":6,"qtdQuartos":1,"qtdCamas":2,
            "valor":"958,00R$","nome":"Hotel","endereco":"Rua 1","cidade":"Bagé (RS)",
            "cafeDaManha":true});
        check(
            "hospedagens",
            json!({"id": "b", "noites": 2}),
            stay,
            "1 × Hotel, Rua 1, Bagé (RS), room 6, 2099-12-24, 2 nights",
            &["2099-12-24", "2099-12-25"],
            &["2099-12-23", "2099-12-26"],
        );
        let tour = json!({"horario":"21:00h","valor":"0,00R$","dia":"24/12/2099",
            "local":"Praça","endereco":"Centro","cidade":"Bagé (RS)"});
        check(
            "passeios",
            json!({"id": "c"}),
            tour,
            "1 × Praça, Bagé (RS), 21:00h, 2099-12-24",
            &["2099-12-24"],
            &["2099-12-25"],
        );
    }

    #[test]
    fn a_record_that_was_lost_still_has_its_offer() {
        check("voos", json!({"id": "a"}), json!({}), "1 × offer a", &[], &["2099-12-24"]);
        check("carros", json!({"id": "a"}), json!({}), "1 × offer a", &[], &["2099-12-24"]);
    }
}
