//! Whether the parts of a trip fit each other. What does not is said, and forbids nothing: a
//! traveller may well want to arrive a day before the hotel.

use crate::chosen::{Chosen, Standing};
use crate::format;
use crate::language::Lang;
use agencia_protocol::flight::Flight;
use agencia_protocol::stay::Stay;
use agencia_protocol::tour::Tour;
use agencia_protocol::{Day, People};

/// What a traveller should look at again, in words.
pub(crate) fn misfits(lang: Lang, chosen: &Chosen, people: People) -> Vec<String> {
    let trip = Trip {
        lang,
        outbound: chosen.outbound.as_ref().and_then(Standing::record),
        inbound: chosen.inbound.as_ref().and_then(Standing::record),
        stay: chosen.stay.as_ref().and_then(Standing::record),
        people,
    };
    let mut found = trip.of_flights();
    found.extend(trip.stay.into_iter().flat_map(|stay| trip.of_stay(stay)));
    let tours: Vec<_> = chosen.tours.iter().filter_map(|(_, standing)| standing.record()).collect();
    for (number, tour) in tours.iter().enumerate() {
        let (before, after) = (&tours[..number], &tours[number + 1..]);
        found.extend(trip.of_tour(tour, (before, after)));
    }
    found
}

/// What is chosen and known, tours aside.
struct Trip<'a> {
    lang: Lang,
    outbound: Option<&'a Flight>,
    inbound: Option<&'a Flight>,
    stay: Option<&'a Stay>,
    people: People,
}

impl Trip<'_> {
    /// The city that the flights are about.
    fn flown_to(&self) -> Option<&str> {
        let there = self.outbound.map(|flight| &flight.to);
        there.or(self.inbound.map(|flight| &flight.from)).map(|airport| format::city_of(airport))
    }

    fn of_flights(&self) -> Vec<String> {
        let (Some(there), Some(back)) = (self.outbound, self.inbound) else { return Vec::new() };
        let mut found = Vec::new();
        if (back.day, back.departure) < (there.arrival_day, there.arrival) {
            found.push(self.lang.t("misfit-return").to_owned());
        }
        if there.to != back.from {
            let airports = [("there", there.to.as_str()), ("back", back.from.as_str())];
            found.push(self.lang.with("misfit-airports", &airports));
        }
        found
    }

    fn of_stay(&self, stay: &Stay) -> Vec<String> {
        let (lang, people) = (self.lang, self.people.count());
        let mut found = Vec::new();
        if stay.beds < u32::from(people) {
            let (beds, people) = (lang.n("beds", stay.beds), lang.n("people", people));
            found.push(lang.with("misfit-beds", &[("beds", &*beds), ("people", &*people)]));
        }
        if let Some(city) = self.flown_to().filter(|city| *city != stay.city) {
            found.push(lang.with("misfit-city", &[("hotel", &stay.city), ("flight", city)]));
        }
        let days = |stay: Day, flight: Day| [lang.day(stay), lang.day(flight)];
        let arrives = self.outbound.map(|flight| flight.arrival_day);
        if let Some(day) = arrives.filter(|day| *day != stay.day) {
            let [stay, flight] = &days(stay.day, day);
            found.push(lang.with("misfit-arrival", &[("stay", stay), ("flight", flight)]));
        }
        if let (Some(leaving), Some(back)) = (stay.leaves(), self.inbound)
            && leaving != back.day
        {
            let [stay, flight] = &days(leaving, back.day);
            found.push(lang.with("misfit-leaving", &[("stay", stay), ("flight", flight)]));
        }
        found
    }

    /// A tour, after those that were looked at.
    fn of_tour(&self, tour: &Tour, (before, after): (&[&Tour], &[&Tour])) -> Vec<String> {
        let lang = self.lang;
        let mut found = Vec::new();
        let begins = (tour.day, tour.time);
        let is_same = |other: &&&Tour| (other.day, other.time) == begins;
        let others: Vec<_> = before.iter().filter(is_same).map(|other| &*other.sight).collect();
        // However many begin together, it is said once: with the last of them.
        if !others.is_empty() && !after.iter().any(|other| is_same(&other)) {
            let sights = [("tour", &*tour.sight), ("other", &others.join(", "))];
            found.push(lang.with("misfit-tours", &sights));
        }
        let there = self.stay.map(|stay| stay.city.as_str()).or(self.flown_to());
        if there.is_some_and(|city| city != tour.city) {
            let words = [("tour", tour.sight.as_str()), ("city", tour.city.as_str())];
            found.push(lang.with("misfit-tour-city", &words));
        }
        let early = self.outbound.is_some_and(|there| begins < (there.arrival_day, there.arrival))
            || self.stay.is_some_and(|stay| tour.day < stay.day);
        let late = self.inbound.is_some_and(|back| begins >= (back.day, back.departure))
            || self.stay.and_then(Stay::leaves).is_some_and(|leaving| tour.day > leaving);
        let when = lang.day(tour.day);
        let words = [("tour", tour.sight.as_str()), ("day", when.as_str())];
        match (early, late) {
            (true, _) => found.push(lang.with("misfit-tour-early", &words)),
            (_, true) => found.push(lang.with("misfit-tour-late", &words)),
            _ => {}
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn flight(days: (&str, &str), hours: (&str, &str), to: &str) -> Standing<Flight> {
        let value = json!({"horarioIda": hours.0, "chegadaIda": hours.1, "valor": "1,00R$",
            "diaIda": days.0, "diaChegada": days.1, "deAeroporto": to, "paraAeroporto": to});
        Standing::OnSale(serde_json::from_value(value).unwrap())
    }

    fn stay(day: &str, nights: u16, city: &str) -> Standing<Stay> {
        let mut value = json!({"diaEntrada": day, "numero": 1, "qtdQuartos": 1, "qtdCamas": 2,
            "valor": "1,00R$", "nome": "H", "endereco": "E", "cidade": city, "cafeDaManha": true});
        if nights > 1 {
            value["noites"] = nights.into();
            value["valorTotal"] = "2,00R$".into();
        }
        Standing::OnSale(serde_json::from_value(value).unwrap())
    }

    fn tour_in(city: &str) -> Standing<Tour> {
        let Standing::OnSale(tour) = tour("05/11/2027", "09:00h") else { unreachable!() };
        Standing::OnSale(Tour { city: city.into(), ..tour })
    }

    fn tour(day: &str, time: &str) -> Standing<Tour> {
        let value: Value = json!({"horario": time, "valor": "1,00R$", "dia": day, "local": "Orla",
            "endereco": "E", "cidade": "C"});
        Standing::OnSale(serde_json::from_value(value).unwrap())
    }

    /// A trip from the 4th to the 7th that fits.
    fn whole() -> Chosen {
        Chosen {
            outbound: Some(flight(("04/11/2027", "04/11/2027"), ("10:00h", "14:00h"), "A - C")),
            inbound: Some(flight(("07/11/2027", "07/11/2027"), ("12:00h", "16:00h"), "A - C")),
            stay: Some(stay("04/11/2027", 3, "C")),
            tours: vec![("t".parse().unwrap(), tour("05/11/2027", "09:00h"))],
            policies: Vec::new(),
            failure: None,
        }
    }

    fn check(change: impl Fn(&mut Chosen), expected: &[&str]) {
        let mut chosen = whole();
        change(&mut chosen);
        let people = People::new(2).unwrap();
        let found = misfits(Lang::English, &chosen, people);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (text, part) in found.iter().zip(expected) {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn what_fits_is_not_mentioned_and_what_does_not_is_named() {
        check(|_| {}, &[]);
        check(|trip| trip.stay = Some(stay("05/11/2027", 2, "C")), &["Fri, 5 Nov 2027"]);
        check(|trip| trip.stay = Some(stay("04/11/2027", 2, "C")), &["Sat, 6 Nov 2027"]);
        check(|trip| trip.stay = Some(stay("04/11/2027", 3, "D")), &["D", "Orla is in C"]);
        check(|trip| trip.tours[0].1 = tour_in("D"), &["Orla is in D"]);
        check(
            |trip| trip.tours.push(("u".parse().unwrap(), tour("05/11/2027", "09:00h"))),
            &["at the same time"],
        );
        let nine = |id: &str| (id.parse().unwrap(), tour("05/11/2027", "09:00h"));
        check(|trip| trip.tours.extend(["u", "v"].map(nine)), &["Orla, Orla and Orla begin"]);
        let back = |from| flight(("07/11/2027", "07/11/2027"), ("12:00h", "16:00h"), from);
        check(|trip| trip.inbound = Some(back("B - C")), &["B - C"]);
        let few_beds = |trip: &mut Chosen| {
            if let Some(Standing::OnSale(stay)) = &mut trip.stay {
                stay.beds = 1;
            }
        };
        check(few_beds, &["1 bed"]);
        let tours = |day: &str, time: &str| vec![("t".parse().unwrap(), tour(day, time))];
        check(|trip| trip.tours = tours("04/11/2027", "13:59h"), &["Orla"]);
        check(|trip| trip.tours = tours("04/11/2027", "14:00h"), &[]);
        check(|trip| trip.tours = tours("07/11/2027", "11:59h"), &[]);
        check(|trip| trip.tours = tours("07/11/2027", "12:00h"), &["Orla"]);
        check(
            |trip| {
                *trip = Chosen { stay: None, tours: Vec::new(), ..whole() };
                trip.inbound =
                    Some(flight(("04/11/2027", "04/11/2027"), ("13:00h", "15:00h"), "A - C"));
            },
            &["before"],
        );
        check(|trip| *trip = Chosen { outbound: None, inbound: None, ..whole() }, &[]);
    }
}
