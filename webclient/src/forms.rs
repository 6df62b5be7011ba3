//! What a visitor typed, read into searches: every field is valid or named in an error.

use crate::filters::{Filters, Sort};
use crate::language::Key;
use crate::texts::{self, Wrong};
use agencia_protocol::trip::{Contact, PersonName, Revision};
use agencia_protocol::{Day, Locator, Money, Nights, OfferId, People, Place, TripId};

/// The names and values of a query or of a posted form, in order, as they were typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`; there is no text that is not some form.
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of this name without the space around it; empty when there is none.
    pub(crate) fn first(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// All values of this name that are not empty.
    pub(crate) fn all<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let named = self.0.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

impl From<Vec<(String, String)>> for Fields {
    fn from(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }
}

/// Names and values that go into a URL or into hidden inputs.
pub(crate) type Pairs = Vec<(&'static str, String)>;

/// A link to `path` with these.
pub(crate) fn link(path: &str, pairs: &[(&'static str, String)]) -> String {
    if pairs.is_empty() {
        return path.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{path}?{query}")
}

/// A field that cannot be used, by its wire name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The field's name on the wire.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl FieldError {
    /// This field is wrong for this reason.
    pub(crate) fn new(field: &str, wrong: impl Into<Wrong>) -> Self {
        Self { field: field.to_owned(), wrong: wrong.into() }
    }
}

/// Reads fields one by one and remembers all that is wrong, so that a visitor is told everything
/// at once.
pub(crate) struct Reader<'a> {
    fields: &'a Fields,
    errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    /// A reader of these fields.
    pub(crate) fn new(fields: &'a Fields) -> Self {
        Self { fields, errors: Vec::new() }
    }

    /// The value that `read` makes of a field; nothing when it is left out or wrong.
    fn optional<T>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
        wrong: Key,
    ) -> Option<T> {
        let text = self.fields.first(name);
        if text.is_empty() {
            return None;
        }
        let value = read(text);
        if value.is_none() {
            self.wrong(name, wrong);
        }
        value
    }

    fn required<T>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
        wrong: Key,
    ) -> Option<T> {
        if self.fields.first(name).is_empty() {
            self.wrong(name, texts::MISSING);
        }
        self.optional(name, read, wrong)
    }

    /// Notes that a field is wrong.
    pub(crate) fn wrong(&mut self, name: &str, wrong: impl Into<Wrong>) {
        self.errors.push(FieldError::new(name, wrong));
    }

    fn place(&mut self, name: &str) -> Option<Place<'static>> {
        self.required(name, |text| Place::new(text.to_owned()), texts::NOT_A_PLACE)
    }

    fn day(&mut self, name: &str) -> Option<Day> {
        self.required(name, read_day, texts::NOT_A_DAY)
    }

    fn optional_day(&mut self, name: &str) -> Option<Day> {
        self.optional(name, read_day, texts::NOT_A_DAY)
    }

    /// A number of people, if there is one.
    pub(crate) fn people(&mut self, name: &str) -> Option<People> {
        self.optional(name, |text| text.parse().ok(), texts::NOT_PEOPLE)
    }

    /// A number of nights, if there is one.
    pub(crate) fn nights(&mut self, name: &str) -> Option<Nights> {
        self.optional(name, |text| text.parse().ok(), texts::NOT_NIGHTS)
    }

    /// An offer, if there is one.
    pub(crate) fn offer(&mut self, name: &str) -> Option<OfferId> {
        self.optional(name, |text| text.parse().ok(), texts::NOT_AN_OFFER)
    }

    /// All offers of this name.
    pub(crate) fn offers(&mut self, name: &str) -> Vec<OfferId> {
        self.all(name, texts::NOT_AN_OFFER)
    }

    /// All prices of this name.
    pub(crate) fn prices(&mut self, name: &str) -> Vec<Money> {
        let read: Vec<_> = self.fields.all(name).map(Money::from_record).collect();
        if read.iter().any(Option::is_none) {
            self.wrong(name, texts::OLD_REVIEW);
        }
        read.into_iter().flatten().collect()
    }

    /// A trip, if there is one.
    pub(crate) fn trip(&mut self, name: &str) -> Option<TripId> {
        self.optional(name, |text| text.parse().ok(), texts::OLD_REVIEW)
    }

    /// A version of a trip, if there is one.
    pub(crate) fn revision(&mut self, name: &str) -> Option<Revision> {
        self.optional(name, |text| text.parse().ok(), texts::OLD_REVIEW)
    }

    /// A voucher's locator.
    pub(crate) fn locator(&mut self, name: &str) -> Option<Locator> {
        self.required(name, |text| text.parse().ok(), texts::NOT_A_LOCATOR)
    }

    /// A person's name.
    pub(crate) fn name(&mut self, name: &str) -> Option<PersonName> {
        self.required(name, |text| text.parse().ok(), texts::NOT_A_NAME)
    }

    /// A person's name or a document's number, if there is one.
    pub(crate) fn optional_name(&mut self, name: &str) -> Option<PersonName> {
        self.optional(name, |text| text.parse().ok(), texts::NOT_A_NAME)
    }

    /// How somebody is reached, if they say it.
    pub(crate) fn contact(&mut self, name: &str) -> Option<Contact> {
        self.optional(name, |text| text.parse().ok(), texts::NOT_A_CONTACT)
    }

    fn all<T: std::str::FromStr>(&mut self, name: &str, wrong: Key) -> Vec<T> {
        let read: Vec<_> = self.fields.all(name).map(|text| text.parse().ok()).collect();
        if read.iter().any(Option::is_none) {
            self.wrong(name, wrong);
        }
        read.into_iter().flatten().collect()
    }

    fn filters(&mut self) -> Filters {
        self.optional("ordem", Sort::named, texts::NOT_AN_ORDER);
        Filters::read(self.fields)
    }

    /// What was read, if nothing was wrong.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(self.errors),
        }
    }
}

/// A day as browsers send it, or as people in Brazil write it where there is no date picker.
fn read_day(text: &str) -> Option<Day> {
    Day::from_iso(text).or_else(|| Day::from_record(text))
}

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

    /// The same search on another day, for as long; filters and order stay.
    pub(crate) fn on(&self, day: Day) -> Pairs {
        let later = i32::from(day.number()) - i32::from(self.outbound.number());
        // The way back stays where it is, as long as it is one.
        let inbound = self.inbound.and_then(|back| match back < day {
            true => shift(back, later),
            false => Some(back),
        });
        let other = Self { outbound: day, inbound, ..self.clone() };
        other.about().into_iter().chain(self.filters.sort_pair()).collect()
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

    /// The same search on another day, for as many nights; filters stay.
    pub(crate) fn on(&self, day: Day) -> Pairs {
        let later = i32::from(day.number()) - i32::from(self.arrival.number());
        let leaving = self.leaving.and_then(|leaving| shift(leaving, later));
        Self { arrival: day, leaving, ..self.clone() }.about()
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

    /// The same search on another day; filters and order stay.
    pub(crate) fn on(&self, day: Day) -> Pairs {
        let other = Self { day, ..self.clone() };
        other.about().into_iter().chain(self.filters.sort_pair()).collect()
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
