//! What of a choice is not held: which item, why, and what could be had instead.
//!
//! Why a part was refused is known only to whoever was answered so; it travels in the address of
//! the page, as a word out of a closed list.

use super::Visit;
use super::item::{Item, stay_cents, total};
use super::review::{Searches, changed, trouble};
use super::trip::path;
use crate::choice::{Choice, ChosenStay};
use crate::chosen::Standing;
use crate::daemons::Daemon;
use crate::format;
use crate::forms::{Fields, Pairs, link};
use crate::item_kind::ItemKind;
use crate::language::Key;
use crate::texts;
use crate::trip::{Led, SoldItem};
use agencia_protocol::flight::{Flight, FlightSearch, FlightsFound};
use agencia_protocol::request::Page;
use agencia_protocol::stay::{Stay, StaySearch, StaysFound};
use agencia_protocol::tour::{Tour, TourSearch, ToursFound};
use agencia_protocol::trip::TripItem;
use agencia_protocol::{Code, Limit, Money, OfferId, Order, People, Place};
use agencia_trip::driver::Ending;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

/// The field of the address that says what was refused: `DAEMON:WORD` or `DAEMON:WORD:OFFER`.
const REFUSED: &str = "recusado";

/// The word for a daemon that said nothing.
const SILENT: &str = "semresposta";

/// The field of the address that says which price was seen of an offer that has another one now:
/// `OFFER:PRICE`.
const SEEN: &str = "antes";

/// How many offers are shown instead of one.
const ALTERNATIVES_MAX: usize = 3;

/// How many missing parts have their own ways on; of more the review tells, which says all of it once.
const WAYS_ON_MAX: usize = 4;

/// The prices that were seen of offers that have another one now, as they stand in an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen(Vec<(OfferId, Money)>);

impl Seen {
    /// The prices with which these offers were asked for, of those whose price has changed.
    pub(crate) fn of_changed(refusals: &Refusals, asked: impl Iterator<Item = TripItem>) -> Self {
        let is_changed = |item: &TripItem| {
            let mut about =
                refusals.0.iter().filter(|refusal| refusal.id.as_ref() == Some(&item.id));
            about.any(|refusal| refusal.code == Some(Code::PriceChanged))
        };
        let changed = asked.filter(is_changed);
        Self(changed.filter_map(|item| Some((item.id, item.price?))).collect())
    }

    /// Reads what an address says; what is no price is left out.
    pub(crate) fn read(fields: &Fields) -> Self {
        let read = |text: &str| {
            let (id, price) = text.rsplit_once(':')?;
            Some((id.parse().ok()?, Money::from_record(price)?))
        };
        Self(fields.all(SEEN).filter_map(read).collect())
    }

    /// The prices as they stand in an address.
    pub(crate) fn pairs(&self) -> Pairs {
        self.0.iter().map(|(id, price)| (SEEN, format!("{id}:{price}"))).collect()
    }

    /// The price that was seen of an offer, for a stay that of all its nights.
    pub(crate) fn of(&self, id: &OfferId) -> Option<Money> {
        self.0.iter().find(|(of, _)| of == id).map(|(_, price)| *price)
    }
}

/// What was refused, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Refusals(Vec<Refusal>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal {
    daemon: Daemon,
    /// Nothing when it did not answer.
    code: Option<Code>,
    id: Option<OfferId>,
}

impl Refusals {
    /// What the daemons refused to hold, or did not say that they hold.
    pub(crate) fn of(led: &Led) -> Self {
        let mut refusals = Vec::new();
        if let Ending::Held { refused, .. } = &led.ending {
            for (name, refused) in refused {
                let Some(daemon) = Daemon::named(name.as_str()) else { continue };
                let id = refused.id.as_ref().and_then(|id| id.parse().ok());
                refusals.push(Refusal { daemon, code: Some(refused.code), id });
            }
        }
        let unheard = led.unheard.iter();
        refusals.extend(unheard.map(|&(daemon, code)| Refusal { daemon, code, id: None }));
        Self(refusals)
    }

    /// Reads what an address says; what is no refusal is left out.
    pub(crate) fn read(fields: &Fields) -> Self {
        let read = |text: &str| {
            let mut words = text.splitn(3, ':');
            let daemon = Daemon::named(words.next()?)?;
            let code = match words.next()? {
                SILENT => None,
                word => {
                    let word: StrDeserializer<'_, Error> = word.into_deserializer();
                    Some(Code::deserialize(word).ok()?)
                }
            };
            Some(Refusal { daemon, code, id: words.next().and_then(|id| id.parse().ok()) })
        };
        Self(fields.all(REFUSED).filter_map(read).collect())
    }

    /// The refusals as they stand in an address.
    pub(crate) fn pairs(&self) -> Pairs {
        let pair = |Refusal { daemon, code, id }: &Refusal| {
            let word = code.and_then(|code| serde_json::to_value(code).ok());
            let word = word.as_ref().and_then(|word| word.as_str()).unwrap_or(SILENT);
            let id = id.as_ref().map(|id| format!(":{id}")).unwrap_or_default();
            (REFUSED, format!("{}:{word}{id}", daemon.name()))
        };
        self.0.iter().map(pair).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The daemon that takes nothing from this host but searches, if one said so.
    pub(crate) fn unauthorised(&self) -> Option<Daemon> {
        let is = |refusal: &&Refusal| refusal.code == Some(Code::Unauthorised);
        self.0.iter().find(is).map(|refusal| refusal.daemon)
    }

    /// Why an item is not held, and whether it is this item's fault.
    fn why(&self, part: ItemKind, id: &OfferId) -> Option<(Key, bool)> {
        let Refusal { code, id: about, .. } =
            self.0.iter().find(|refusal| refusal.daemon == part.daemon())?;
        if about.as_ref().is_some_and(|about| about != id) {
            return Some((texts::BECAUSE_OF_ANOTHER, false));
        }
        Some(match code {
            None => (texts::HOLD_UNHEARD, false),
            Some(code) => (texts::refusal(*code), is_for_good(*code)),
        })
    }
}

/// Whether asking for the same again is of no use.
fn is_for_good(code: Code) -> bool {
    matches!(code, Code::SoldOut | Code::Closed | Code::InvalidField)
}

/// An item that is not held.
pub(crate) struct Missing {
    pub(crate) kind: &'static str,
    /// The offer, as far as it is known.
    pub(crate) item: Option<Item>,
    /// Nothing when the page has said it of all.
    pub(crate) reason: Option<&'static str>,
    /// What its price was and is, when that has changed.
    pub(crate) was: Option<String>,
    /// The same offer again, where that may help.
    pub(crate) again: Option<String>,
    pub(crate) again_text: &'static str,
    /// The search for another one.
    pub(crate) search: Option<String>,
    /// The trip without it; nothing when nothing would be left.
    pub(crate) without: Option<String>,
    pub(crate) without_text: String,
    pub(crate) instead: Vec<Alternative>,
}

impl Missing {
    fn without_ways_on(self) -> Self {
        Self { again: None, search: None, without: None, ..self }
    }

    /// Whether only the review leads on from it.
    pub(crate) fn needs_review(&self) -> bool {
        self.again.is_none() && self.search.is_none()
    }
}

/// An offer that could be taken instead.
pub(crate) struct Alternative {
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) price: String,
    /// The review of the trip with it.
    pub(crate) href: String,
}

/// What is wanted and what is held.
pub(crate) struct Gap<'a> {
    pub(crate) visit: &'a Visit,
    /// The choice of the address, with its trip.
    pub(crate) wanted: Choice,
    /// The same of what is held.
    pub(crate) held: Choice,
    pub(crate) refusals: Refusals,
    pub(crate) seen: Seen,
}

impl Gap<'_> {
    /// What is wanted and not held.
    pub(crate) async fn missing(&self) -> Vec<Missing> {
        let (wanted, held) = (&self.wanted, &self.held);
        let lacking = Choice {
            outbound: wanted.outbound.clone().filter(|_| wanted.outbound != held.outbound),
            inbound: wanted.inbound.clone().filter(|_| wanted.inbound != held.inbound),
            stay: wanted.stay.clone().filter(|_| wanted.stay != held.stay),
            tours: wanted.without_tours(|tour| held.tours.contains(tour)).tours,
            ..wanted.clone()
        };
        if lacking.is_empty() {
            return Vec::new();
        }
        let lang = self.visit.lang();
        let chosen = self.visit.look_up(&lacking).await;
        let people = wanted.people.unwrap_or_default();
        let searches = Searches { choice: wanted, chosen: &chosen };
        let mut missing = Vec::new();
        for (part, id, standing) in [
            (ItemKind::Outbound, &lacking.outbound, &chosen.outbound),
            (ItemKind::Inbound, &lacking.inbound, &chosen.inbound),
        ] {
            let (Some(id), Some(standing)) = (id, standing) else { continue };
            let item = standing.record().map(|flight| Item::flight(lang, part, flight, people));
            let instead = match standing.record() {
                Some(flight) => self.other_flights(part, flight, people).await,
                None => Vec::new(),
            };
            let old = self.seen.of(id).map(|old| total(people, old));
            let reason = self.reason(part, id, standing);
            missing.push(self.one(
                (part, id),
                (item, old),
                reason,
                searches.flights().link(wanted),
                instead,
            ));
        }
        if let (Some(stay), Some(standing)) = (&lacking.stay, &chosen.stay) {
            let instead = match standing.record() {
                Some(record) => self.other_stays(stay, record, people).await,
                None => Vec::new(),
            };
            let item = standing.record().map(|stay| Item::stay(lang, stay));
            let reason = self.reason(ItemKind::Stay, &stay.id, standing);
            let old = self.seen.of(&stay.id).map(|old| old.cents().into());
            let search = searches.stay().link(wanted);
            let of = (ItemKind::Stay, &stay.id);
            missing.push(self.one(of, (item, old), reason, search, instead));
        }
        for (id, standing) in &chosen.tours {
            let has_ways_on = missing.len() < WAYS_ON_MAX;
            let instead = match standing.record().filter(|_| has_ways_on) {
                Some(tour) => self.other_tours(id, tour, people).await,
                None => Vec::new(),
            };
            let item = standing.record().map(|tour| Item::tour(lang, tour, people));
            let reason = self.reason(ItemKind::Tour, id, standing);
            let search = searches.tour(standing.record()).link(wanted);
            let old = self.seen.of(id).map(|old| total(people, old));
            let one = self.one((ItemKind::Tour, id), (item, old), reason, search, instead);
            missing.push(if has_ways_on { one } else { one.without_ways_on() });
        }
        missing
    }

    fn reason<R>(&self, part: ItemKind, id: &OfferId, standing: &Standing<R>) -> (Key, bool) {
        self.refusals.why(part, id).unwrap_or(match standing {
            Standing::OnSale(_) => (texts::NOT_HELD, false),
            other => (trouble(other).unwrap_or(texts::NOT_HELD), true),
        })
    }

    fn one(
        &self,
        (part, id): (ItemKind, &OfferId),
        (item, old): (Option<Item>, Option<u64>),
        (reason, for_good): (Key, bool),
        search: String,
        instead: Vec<Alternative>,
    ) -> Missing {
        // Whoever goes on is told the old price there as well, before the click that counts.
        let again = (!for_good).then(|| self.wanted.link("/pacote", self.seen.pairs()));
        // Another offer is of no use where this one can still be had.
        let instead = if for_good { instead } else { Vec::new() };
        let without = self.without(part, id);
        let lang = self.visit.lang();
        let was = item.as_ref().zip(old).and_then(|(item, old)| changed(lang, old, item.cents));
        let again_text = match was.is_some() {
            true => lang.t("missing-new-price"),
            false => lang.t("missing-again"),
        };
        let without_text = lang.with("missing-without", &[("part", part.name(lang))]);
        Missing {
            kind: part.name(lang),
            item,
            reason: Some(lang.say(reason)),
            was,
            again,
            again_text,
            search: Some(search),
            without,
            without_text,
            instead,
        }
    }

    /// The trip without an item: its page, when all the rest is held, else its review.
    fn without(&self, part: ItemKind, id: &OfferId) -> Option<String> {
        let mut rest = self.wanted.clone();
        match part {
            ItemKind::Outbound => rest.outbound = self.held.outbound.clone(),
            ItemKind::Inbound => rest.inbound = self.held.inbound.clone(),
            ItemKind::Stay => rest.stay = self.held.stay.clone(),
            ItemKind::Tour => rest.tours.retain(|tour| tour != id),
        }
        if rest.is_empty() {
            return None;
        }
        let held = &self.held;
        let tours_are_held = rest.tours.len() == held.tours.len()
            && rest.tours.iter().all(|tour| held.tours.contains(tour));
        let is_held = tours_are_held
            && (&rest.outbound, &rest.inbound, &rest.stay)
                == (&held.outbound, &held.inbound, &held.stay);
        Some(match (is_held, rest.trip) {
            (true, Some(trip)) => link(&path(trip), &rest.of_trip(None).pairs()),
            _ => rest.link("/pacote", vec![]),
        })
    }

    fn page() -> Page {
        // One more, because what is missing may be among them.
        let limit = u32::try_from(ALTERNATIVES_MAX + 1).ok().and_then(Limit::new);
        Page { limit, after: None, order: Order::Price }
    }

    async fn other_flights(
        &self,
        part: ItemKind,
        flight: &Flight,
        people: People,
    ) -> Vec<Alternative> {
        let airport = if part == ItemKind::Inbound { &flight.from } else { &flight.to };
        let Some(airport) = Place::new(airport.clone()) else { return Vec::new() };
        let back = (part == ItemKind::Inbound).then_some(flight.day);
        let search = FlightSearch::new(airport, flight.day, back, people).with_page(Self::page());
        let found = self.visit.read::<_, FlightsFound>(Daemon::Flights, &search).await;
        let Ok(found) = found else { return Vec::new() };
        let flights = if part == ItemKind::Inbound { found.inbound } else { found.outbound };
        let others = flights.into_iter().filter(|other| other.id != flight.id);
        let alternative = |flight: Flight| {
            let lang = self.visit.lang();
            let id = Some(flight.id.clone()?);
            let choice = match part {
                ItemKind::Inbound => Choice { inbound: id, ..self.wanted.clone() },
                _ => Choice { outbound: id, ..self.wanted.clone() },
            };
            let Item { title, cents, .. } = Item::flight(lang, part, &flight, people);
            let (day, leaves) = (lang.day(flight.day), format::time(flight.departure));
            let detail = format!("{day}, {leaves}–{}", format::time(flight.arrival));
            Some(self.alternative(title, detail, cents, &choice))
        };
        others.filter_map(alternative).take(ALTERNATIVES_MAX).collect()
    }

    async fn other_stays(
        &self,
        chosen: &ChosenStay,
        stay: &Stay,
        people: People,
    ) -> Vec<Alternative> {
        let Some(city) = Place::new(stay.city.clone()) else { return Vec::new() };
        let leaving = stay.day.after(chosen.nights.count());
        let search = StaySearch::new(city, stay.day, leaving, people).with_page(Self::page());
        let found = self.visit.read::<_, StaysFound>(Daemon::Stays, &search).await;
        let Ok(found) = found else { return Vec::new() };
        let others = found.stays.into_iter().filter(|other| other.id != stay.id);
        let alternative = |stay: Stay| {
            let lang = self.visit.lang();
            let room = ChosenStay { id: stay.id.clone()?, nights: chosen.nights };
            let choice = Choice { stay: Some(room), ..self.wanted.clone() };
            let beds = lang.n("beds", stay.beds);
            let detail =
                format!("{} {} {}, {beds}", lang.t("fact-room"), lang.t("number"), stay.number);
            Some(self.alternative(stay.hotel.to_string(), detail, stay_cents(&stay), &choice))
        };
        others.filter_map(alternative).take(ALTERNATIVES_MAX).collect()
    }

    async fn other_tours(&self, id: &OfferId, tour: &Tour, people: People) -> Vec<Alternative> {
        let Some(city) = Place::new(tour.city.clone()) else { return Vec::new() };
        let search = TourSearch::new(city, tour.day, people).with_page(Self::page());
        let found = self.visit.read::<_, ToursFound>(Daemon::Tours, &search).await;
        let Ok(found) = found else { return Vec::new() };
        let is_wanted =
            |other: &Tour| other.id.as_ref().is_some_and(|other| self.wanted.tours.contains(other));
        let others = found.tours.into_iter().filter(|other| !is_wanted(other));
        let alternative = |tour: Tour| {
            let lang = self.visit.lang();
            let other = tour.id.clone()?;
            let mut choice = self.wanted.clone();
            for chosen in choice.tours.iter_mut().filter(|chosen| *chosen == id) {
                *chosen = other.clone();
            }
            let Item { title, cents, .. } = Item::tour(lang, &tour, people);
            let detail = format!("{}, {}", lang.day(tour.day), format::time(tour.time));
            Some(self.alternative(title, detail, cents, &choice))
        };
        others.filter_map(alternative).take(ALTERNATIVES_MAX).collect()
    }

    fn alternative(
        &self,
        title: String,
        detail: String,
        cents: u64,
        choice: &Choice,
    ) -> Alternative {
        let href = choice.link("/pacote", vec![]);
        let lang = self.visit.lang();
        Alternative { title, detail, price: lang.price(cents), href }
    }
}

/// The choice that these items are.
pub(crate) fn choice_of(items: &[SoldItem], people: Option<People>) -> Choice {
    let mut choice = Choice { people, ..Choice::default() };
    for SoldItem { part, asked, .. } in items {
        let id = asked.id.clone();
        match part {
            ItemKind::Outbound => choice.outbound = Some(id),
            ItemKind::Inbound => choice.inbound = Some(id),
            ItemKind::Stay => choice.stay = asked.nights.map(|nights| ChosenStay { id, nights }),
            ItemKind::Tour => choice.tours.push(id),
        }
        // A room is for as many as sleep in it; the rest is by the head.
        if *part != ItemKind::Stay {
            choice.people = Some(asked.units);
        }
    }
    choice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_survive_their_address_and_nothing_else_is_one() {
        let text = "recusado=voos:esgotado:ida1&recusado=hospedagens:semresposta\
                    &recusado=passeios:preco_mudou:a:b";
        let refusals = Refusals::read(&Fields::parse(text.as_bytes()));
        assert_eq!(refusals.0.len(), 3);
        assert_eq!(refusals.0[2].id.as_ref().map(OfferId::as_str), Some("a:b"));
        let again = link("", &refusals.pairs());
        assert_eq!(
            Refusals::read(&Fields::parse(again.trim_start_matches('?').as_bytes())),
            refusals
        );
        for wrong in ["", "voos", "carros:esgotado", "voos:nada", "voos:<b>", ":::"] {
            let fields = Fields::parse(format!("recusado={wrong}").as_bytes());
            assert!(Refusals::read(&fields).is_empty(), "{wrong}");
        }
    }

    #[test]
    fn prices_that_were_seen_survive_their_address_and_nothing_else_is_one() {
        let item = |id: &str, price: &str| TripItem {
            id: id.parse().unwrap(),
            units: People::default(),
            nights: None,
            price: Money::from_record(price),
        };
        let refused = b"recusado=passeios:preco_mudou:a:b&recusado=voos:esgotado:ida1";
        let refusals = Refusals::read(&Fields::parse(refused));
        let asked = [item("a:b", "35,00R$"), item("ida1", "9,00R$"), item("x", "1,00R$")];
        let seen = Seen::of_changed(&refusals, asked.into_iter());
        let again = link("", &seen.pairs());
        let read = Seen::read(&Fields::parse(again.trim_start_matches('?').as_bytes()));
        assert_eq!(read, seen);
        let price = |id: &str| read.of(&id.parse().unwrap()).map(Money::cents);
        assert_eq!((price("a:b"), price("ida1"), price("x")), (Some(3_500), None, None));
        for wrong in ["", "a", "a:1", "a:-1,00R$", ":1,00R$"] {
            let fields = Fields::parse(format!("antes={wrong}").as_bytes());
            assert_eq!(Seen::read(&fields), Seen::default(), "{wrong}");
        }
    }

    #[test]
    fn only_the_offer_that_was_refused_is_at_fault() {
        let refusals = Refusals::read(&Fields::parse(b"recusado=passeios:esgotado:orla"));
        let why = |part, id: &str| refusals.why(part, &id.parse().unwrap());
        assert_eq!(why(ItemKind::Tour, "orla"), Some((texts::refusal(Code::SoldOut), true)));
        assert_eq!(why(ItemKind::Tour, "mercado"), Some((texts::BECAUSE_OF_ANOTHER, false)));
        assert_eq!(why(ItemKind::Stay, "orla"), None);
    }
}
