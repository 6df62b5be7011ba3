//! The searches that a visitor's fields make: every one is valid, or all that is wrong is named. Each
//! stands in a URL as it was read.

use crate::filters::Filters;
use crate::forms::{FieldError, Fields, Pairs, Reader};
use crate::texts;
use agencia_protocol::{Day, Nights, OfferId, People, Place};

/// The day so many days later or earlier.
pub(crate) fn shift(day: Day, by: i32) -> Option<Day> {
    u16::try_from(i32::from(day.number()) + by).ok().map(Day::from_number)
}

/// A search for flights.
#[derive(Debug, Clone)]
pub(crate) struct FlightQuery {
    pub(crate) airport: Place<'static>,
    pub(crate) outbound: Day,
    pub(crate) inbound: Option<Day>,
    pub(crate) people: People,
    pub(crate) filters: Filters,
    /// The outbound flight after which the list goes on.
    pub(crate) after_outbound: Option<OfferId>,
    /// The same for the way back.
    pub(crate) after_inbound: Option<OfferId>,
}

impl FlightQuery {
    /// Reads the search.
    ///
    /// # Errors
    /// Every field that cannot be used.
    pub(crate) fn read(fields: &Fields) -> Result<Self, Vec<FieldError>> {
        let mut reader = Reader::new(fields);
        let airport = reader.place("paraAeroporto");
        let outbound = reader.day("dataIda");
        let inbound = reader.optional_day("dataVolta");
        let people = reader.people("numeroPassagens").unwrap_or_default();
        let filters = reader.filters();
        let after_outbound = reader.offer("aposIda");
        let after_inbound = reader.offer("aposVolta");
        if outbound.zip(inbound).is_some_and(|(outbound, inbound)| inbound < outbound) {
            reader.wrong("dataVolta", texts::RETURN_TOO_EARLY);
        }
        let query = airport.zip(outbound).map(|(airport, outbound)| Self {
            airport,
            outbound,
            inbound,
            people,
            filters,
            after_outbound,
            after_inbound,
        });
        reader.finish(query)
    }

    /// The same with its filters.
    pub(crate) fn about(&self) -> Pairs {
        [self.pairs(), self.filters.pairs()].concat()
    }

    /// The same with its order, too.
    pub(crate) fn sorted(&self) -> Pairs {
        self.about().into_iter().chain(self.filters.sort_pair()).collect()
    }

    /// The same search on another day, for as long; filters and order stay.
    pub(crate) fn on(&self, day: Day) -> Pairs {
        let later = i32::from(day.number()) - i32::from(self.outbound.number());
        // The way back stays where it is, as long as it is one.
        let inbound = self.inbound.and_then(|back| match back < day {
            true => shift(back, later),
            false => Some(back),
        });
        Self { outbound: day, inbound, ..self.clone() }.sorted()
    }

    /// The search as it stands in a URL, at the beginning of its lists.
    pub(crate) fn pairs(&self) -> Pairs {
        let mut pairs = vec![
            ("paraAeroporto", self.airport.as_str().to_owned()),
            ("dataIda", self.outbound.iso()),
        ];
        pairs.extend(self.inbound.map(|day| ("dataVolta", day.iso())));
        pairs.push(("numeroPassagens", self.people.to_string()));
        pairs
    }
}

/// A search for stays.
#[derive(Debug, Clone)]
pub(crate) struct StayQuery {
    pub(crate) city: Place<'static>,
    pub(crate) arrival: Day,
    pub(crate) leaving: Option<Day>,
    pub(crate) people: People,
    pub(crate) filters: Filters,
    pub(crate) after: Option<OfferId>,
}

impl StayQuery {
    /// Reads the search.
    ///
    /// # Errors
    /// Every field that cannot be used.
    pub(crate) fn read(fields: &Fields) -> Result<Self, Vec<FieldError>> {
        let mut reader = Reader::new(fields);
        let city = reader.place("cidade");
        let arrival = reader.day("dataIda");
        let leaving = reader.optional_day("dataVolta");
        let people = reader.people("numeroDePessoas").unwrap_or_default();
        let filters = reader.filters();
        let after = reader.offer("apos");
        if let Some((arrival, leaving)) = arrival.zip(leaving) {
            match arrival.nights_until(leaving) {
                None if leaving > arrival => reader.wrong("dataVolta", texts::NOT_NIGHTS),
                None => reader.wrong("dataVolta", texts::NO_NIGHT),
                Some(_) => {}
            }
        }
        let query = city.zip(arrival).map(|(city, arrival)| Self {
            city,
            arrival,
            leaving,
            people,
            filters,
            after,
        });
        reader.finish(query)
    }

    /// The nights searched for.
    pub(crate) fn nights(&self) -> Nights {
        let nights = self.leaving.and_then(|leaving| self.arrival.nights_until(leaving));
        nights.or(Nights::new(1)).expect("one night is a number of nights")
    }

    /// The same with its filters.
    pub(crate) fn about(&self) -> Pairs {
        [self.pairs(), self.filters.pairs()].concat()
    }

    /// The same with its order, too.
    pub(crate) fn sorted(&self) -> Pairs {
        self.about().into_iter().chain(self.filters.sort_pair()).collect()
    }

    /// The same search on another day, for as many nights; filters stay.
    pub(crate) fn on(&self, day: Day) -> Pairs {
        let later = i32::from(day.number()) - i32::from(self.arrival.number());
        let leaving = self.leaving.and_then(|leaving| shift(leaving, later));
        Self { arrival: day, leaving, ..self.clone() }.sorted()
    }

    /// The search as it stands in a URL, at the beginning of its list.
    pub(crate) fn pairs(&self) -> Pairs {
        let mut pairs =
            vec![("cidade", self.city.as_str().to_owned()), ("dataIda", self.arrival.iso())];
        pairs.extend(self.leaving.map(|day| ("dataVolta", day.iso())));
        pairs.push(("numeroDePessoas", self.people.to_string()));
        pairs
    }
}

/// A search for tours.
#[derive(Debug, Clone)]
pub(crate) struct TourQuery {
    pub(crate) city: Place<'static>,
    pub(crate) day: Day,
    pub(crate) people: People,
    pub(crate) filters: Filters,
    pub(crate) after: Option<OfferId>,
}

impl TourQuery {
    /// Reads the search.
    ///
    /// # Errors
    /// Every field that cannot be used.
    pub(crate) fn read(fields: &Fields) -> Result<Self, Vec<FieldError>> {
        let mut reader = Reader::new(fields);
        let city = reader.place("cidade");
        let day = reader.day("dataIda");
        let people = reader.people("numeroDePessoas").unwrap_or_default();
        let filters = reader.filters();
        let after = reader.offer("apos");
        let query = city.zip(day).map(|(city, day)| Self { city, day, people, filters, after });
        reader.finish(query)
    }

    /// The same with its filters.
    pub(crate) fn about(&self) -> Pairs {
        [self.pairs(), self.filters.pairs()].concat()
    }

    /// The same with its order, too.
    pub(crate) fn sorted(&self) -> Pairs {
        self.about().into_iter().chain(self.filters.sort_pair()).collect()
    }

    /// The same search on another day; filters and order stay.
    pub(crate) fn on(&self, day: Day) -> Pairs {
        Self { day, ..self.clone() }.sorted()
    }

    /// The search as it stands in a URL, at the beginning of its list.
    pub(crate) fn pairs(&self) -> Pairs {
        vec![
            ("cidade", self.city.as_str().to_owned()),
            ("dataIda", self.day.iso()),
            ("numeroDePessoas", self.people.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::link;

    fn wrong<T>(read: Result<T, Vec<FieldError>>) -> Vec<String> {
        let errors = read.err().unwrap_or_default();
        errors.into_iter().map(|error| error.field).collect()
    }

    fn check_flights(query: &str, expected: &[&str]) {
        assert_eq!(wrong(FlightQuery::read(&Fields::parse(query.as_bytes()))), expected, "{query}");
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        check_flights("", &["paraAeroporto", "dataIda"]);
        check_flights("paraAeroporto=X&dataIda=2026-12-24", &[]);
        check_flights("paraAeroporto=X&dataIda=2021-02-30", &["dataIda"]);
        check_flights("paraAeroporto=X&dataIda=24%2F12%2F2026", &[]);
        check_flights(
            "paraAeroporto=+&dataIda=x&dataVolta=y&numeroPassagens=0",
            &["paraAeroporto", "dataIda", "dataVolta", "numeroPassagens"],
        );
        check_flights("paraAeroporto=X&dataIda=2026-12-24&dataVolta=2026-12-23", &["dataVolta"]);
        check_flights("paraAeroporto=X&dataIda=2026-12-24&dataVolta=2026-12-24", &[]);
        check_flights(
            "paraAeroporto=X&dataIda=2026-12-24&ordem=nome&aposIda=%3C",
            &["ordem", "aposIda"],
        );
    }

    #[test]
    fn a_stay_is_at_least_one_night() {
        let check = |query: &str, expected: &[&str]| {
            assert_eq!(
                wrong(StayQuery::read(&Fields::parse(query.as_bytes()))),
                expected,
                "{query}"
            );
        };
        check("cidade=X&dataIda=2026-12-24&dataVolta=2026-12-24", &["dataVolta"]);
        check("cidade=X&dataIda=2026-12-24&dataVolta=2026-12-23", &["dataVolta"]);
        check("cidade=X&dataIda=2026-12-24&dataVolta=2027-12-25", &["dataVolta"]);
        check("cidade=X&dataIda=2026-12-24&dataVolta=2026-12-25", &[]);
        check("cidade=X&dataIda=2026-12-24&dataVolta=", &[]);
        check("cidade=X&dataIda=2026-12-24&numeroDePessoas=1000000", &["numeroDePessoas"]);
    }

    #[test]
    fn a_search_survives_its_url() {
        let text = "paraAeroporto=S%C3%A3o+%26+%3Cb%3E&dataIda=2026-12-24&dataVolta=2026-12-27&numeroPassagens=2";
        let query = FlightQuery::read(&Fields::parse(text.as_bytes())).unwrap();
        assert_eq!(query.airport.as_str(), "São & <b>");
        assert_eq!(link("/voos", &query.pairs()), format!("/voos?{text}"));
    }
}
