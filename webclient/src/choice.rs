//! What a visitor has chosen so far. It lives in the URL and nowhere else, so that any instance
//! serves any step, a restart loses nothing and no two visitors share a basket.

use crate::forms::{FieldError, Fields, Pairs, Reader, link};
use crate::texts::Wrong;
use agencia_protocol::{Nights, OfferId, People, TripId};

/// The most tours in one trip: what one daemon holds of it.
pub(crate) const TOURS_MAX: usize = agencia_protocol::trip::ITEMS_MAX;

/// The chosen offers, by id; all of them may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Who travels; nothing until the first search said it.
    pub(crate) people: Option<People>,
    pub(crate) outbound: Option<OfferId>,
    pub(crate) inbound: Option<OfferId>,
    pub(crate) stay: Option<ChosenStay>,
    /// Each once, in the order chosen.
    pub(crate) tours: Vec<OfferId>,
    /// The trip that is being changed, if it is not a new one.
    pub(crate) trip: Option<TripId>,
}

/// A room for some nights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChosenStay {
    /// The offer of the first night.
    pub(crate) id: OfferId,
    pub(crate) nights: Nights,
}

impl Choice {
    /// Reads `ida`, `volta`, `pessoas`, `hospedagem`, `noites`, every `passeio` and `viagem`.
    ///
    /// # Errors
    /// Every field that cannot be used.
    pub(crate) fn read(fields: &Fields) -> Result<Self, Vec<FieldError>> {
        let mut reader = Reader::new(fields);
        let people = reader.people("pessoas");
        let outbound = reader.offer("ida");
        let inbound = reader.offer("volta");
        let room = reader.offer("hospedagem");
        let nights = reader.nights("noites").or(Nights::new(1));
        let mut tours = Vec::new();
        for tour in reader.offers("passeio") {
            if !tours.contains(&tour) {
                tours.push(tour);
            }
        }
        if tours.len() > TOURS_MAX {
            reader.wrong("passeio", Wrong::TooManyTours(TOURS_MAX));
        }
        let stay = room.zip(nights).map(|(id, nights)| ChosenStay { id, nights });
        let trip = reader.trip("viagem");
        reader.finish(Some(Self { people, outbound, inbound, stay, tours, trip }))
    }

    /// The choice as it stands in a URL or in hidden inputs.
    pub(crate) fn pairs(&self) -> Pairs {
        let mut pairs = self.flight_pairs();
        pairs.extend(self.people.map(|people| ("pessoas", people.to_string())));
        pairs.extend(self.stay_pairs());
        pairs.extend(self.tours.iter().map(|id| ("passeio", id.to_string())));
        pairs.extend(self.trip.map(|trip| ("viagem", trip.to_string())));
        pairs
    }

    /// Its flights alone.
    pub(crate) fn flight_pairs(&self) -> Pairs {
        let there = self.outbound.as_ref().map(|id| ("ida", id.to_string()));
        let back = self.inbound.as_ref().map(|id| ("volta", id.to_string()));
        there.into_iter().chain(back).collect()
    }

    /// Its room alone.
    pub(crate) fn stay_pairs(&self) -> Pairs {
        let Some(ChosenStay { id, nights }) = &self.stay else { return Pairs::new() };
        vec![("hospedagem", id.to_string()), ("noites", nights.to_string())]
    }

    /// A link to a page, with this choice and what that page is about.
    pub(crate) fn link(&self, path: &str, about: Pairs) -> String {
        link(path, &[about, self.pairs()].concat())
    }

    /// Whether nothing is chosen.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_flights() && self.stay.is_none() && self.tours.is_empty()
    }

    /// Whether a flight is chosen.
    pub(crate) fn has_flights(&self) -> bool {
        self.outbound.is_some() || self.inbound.is_some()
    }

    /// The same without its flights.
    pub(crate) fn without_flights(&self) -> Self {
        Self { outbound: None, inbound: None, ..self.clone() }
    }

    /// The same without its room.
    pub(crate) fn without_stay(&self) -> Self {
        Self { stay: None, ..self.clone() }
    }

    /// The same without these tours.
    pub(crate) fn without_tours(&self, gone: impl Fn(&OfferId) -> bool) -> Self {
        let mut rest = self.clone();
        rest.tours.retain(|id| !gone(id));
        rest
    }

    /// The same for another trip, or a new one.
    pub(crate) fn of_trip(&self, trip: Option<TripId>) -> Self {
        Self { trip, ..self.clone() }
    }

    /// The same for so many people.
    pub(crate) fn with_people(&self, people: People) -> Self {
        Self { people: Some(people), ..self.clone() }
    }

    /// The same after a search for so many people. The first one says for how many the trip is;
    /// once anything is chosen a search is only a search: nobody is left behind by it, and nobody
    /// joins. What the search is about to replace is no longer in `self`.
    pub(crate) fn for_people(&self, searched: People) -> Self {
        match self.people {
            Some(_) if !self.is_empty() => self.clone(),
            _ => self.with_people(searched),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Choice, Vec<FieldError>> {
        Choice::read(&Fields::parse(query.as_bytes()))
    }

    #[test]
    fn a_choice_survives_its_url() {
        for query in [
            "",
            "ida=a&volta=b&pessoas=2&hospedagem=c&noites=3&passeio=d&passeio=e",
            "passeio=x&viagem=0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11",
        ] {
            let choice = read(query).unwrap();
            assert_eq!(
                link("/p", &choice.pairs()).trim_start_matches("/p").trim_start_matches('?'),
                query
            );
            assert_eq!(choice.is_empty(), query.is_empty());
        }
    }

    #[test]
    fn what_is_left_empty_is_not_chosen() {
        assert!(read("ida=&volta=&hospedagem=&noites=&passeio=").unwrap().is_empty());
    }

    #[test]
    fn a_tour_is_chosen_once_and_not_more_than_twenty() {
        assert_eq!(read("passeio=a&passeio=a").unwrap().tours.len(), 1);
        let tours = |count: usize| {
            (0..count).map(|n| format!("passeio=t{n}")).collect::<Vec<_>>().join("&")
        };
        assert!(read(&tours(TOURS_MAX)).is_ok());
        assert_eq!(read(&tours(TOURS_MAX + 1)).unwrap_err()[0].field, "passeio");
    }

    #[test]
    fn what_is_no_offer_is_named() {
        let fields: Vec<_> = read("ida=%3Cb%3E&pessoas=0&noites=999&passeio=%00")
            .unwrap_err()
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(fields, ["pessoas", "ida", "noites", "passeio"]);
    }

    #[test]
    fn what_is_chosen_says_for_how_many_the_trip_is() {
        let two = People::new(2).unwrap();
        let people = |query: &str| read(query).unwrap().for_people(two).people.unwrap().count();
        for chosen in ["ida=a", "volta=a", "hospedagem=a", "passeio=a"] {
            assert_eq!(people(&format!("{chosen}&pessoas=4")), 4, "{chosen}");
            assert_eq!(people(chosen), 2, "{chosen}");
        }
        assert_eq!(people("pessoas=4"), 2);
    }
}
