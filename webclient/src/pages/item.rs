//! A chosen or bought offer as the summary, the review and the voucher show it.

use crate::choice::Choice;
use crate::chosen::{Chosen, Standing};
use crate::format;
use crate::item_kind::ItemKind;
use crate::language::Lang;
use crate::trip::{Sold, SoldItem};
use agencia_protocol::flight::Flight;
use agencia_protocol::stay::Stay;
use agencia_protocol::tour::Tour;
use agencia_protocol::{Day, Money, People};

/// One offer.
pub(crate) struct Item {
    pub(crate) part: ItemKind,
    /// What it is: `Voo de ida`.
    pub(crate) kind: &'static str,
    /// What one calls it: the route, the hotel, the sight.
    pub(crate) title: String,
    /// What one must know, by name.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// How the price comes about: `2 × R$ 450,00`.
    pub(crate) sum: String,
    /// The price for everybody, in centavos.
    pub(crate) cents: u64,
    /// The first day of it, if that is known.
    pub(crate) day: Option<Day>,
}

impl Item {
    /// A flight for so many.
    pub(crate) fn flight(lang: Lang, part: ItemKind, flight: &Flight, people: People) -> Self {
        let duration =
            format::duration((flight.day, flight.departure), (flight.arrival_day, flight.arrival));
        let at =
            |day, time, airport| format!("{}, {}\n{airport}", lang.day(day), format::time(time));
        let mut facts = vec![
            (lang.t("fact-departure"), at(flight.day, flight.departure, &flight.from)),
            (lang.t("fact-arrival"), at(flight.arrival_day, flight.arrival, &flight.to)),
        ];
        facts.extend(duration.map(|duration| (lang.t("fact-duration"), duration)));
        Self {
            part,
            kind: part.name(lang),
            title: match part {
                ItemKind::Inbound => {
                    lang.with("from-city", &[("city", format::city_of(&flight.from))])
                }
                _ => lang.with("to-city", &[("city", format::city_of(&flight.to))]),
            },
            facts,
            sum: times(lang, people, flight.price),
            cents: total(people, flight.price),
            day: Some(flight.day),
        }
    }

    /// A room.
    pub(crate) fn stay(lang: Lang, stay: &Stay) -> Self {
        let mut facts = vec![(lang.t("fact-arrival"), lang.day(stay.day))];
        facts.extend(stay.leaves().map(|day| (lang.t("fact-leaving"), lang.day(day))));
        facts.extend([
            (
                lang.t("fact-room"),
                format!("{} {}, {}", lang.t("number"), stay.number, lang.n("beds", stay.beds)),
            ),
            (
                lang.t("fact-breakfast"),
                if stay.breakfast { lang.t("included") } else { lang.t("not-included") }.to_owned(),
            ),
            (lang.t("fact-city"), stay.city.to_string()),
            (lang.t("fact-address"), stay.address.to_string()),
        ]);
        Self {
            part: ItemKind::Stay,
            kind: ItemKind::Stay.name(lang),
            title: stay.hotel.to_string(),
            facts,
            sum: lang.n("nights", stay.night_count()),
            cents: stay_cents(stay),
            day: Some(stay.day),
        }
    }

    /// A tour for so many.
    pub(crate) fn tour(lang: Lang, tour: &Tour, people: People) -> Self {
        Self {
            part: ItemKind::Tour,
            kind: ItemKind::Tour.name(lang),
            title: tour.sight.to_string(),
            facts: vec![
                (
                    lang.t("fact-when"),
                    format!("{}, {}", lang.day(tour.day), format::time(tour.time)),
                ),
                (lang.t("fact-address"), tour.address.to_string()),
                (lang.t("fact-city"), tour.city.to_string()),
            ],
            sum: times(lang, people, tour.price),
            cents: total(people, tour.price),
            day: Some(tour.day),
        }
    }

    /// An item of a trip as it is held or was sold.
    pub(crate) fn of_trip(lang: Lang, SoldItem { part, asked, sold }: &SoldItem) -> Self {
        match sold {
            Sold::Flight(flight) => Self::flight(lang, *part, flight, asked.units),
            Sold::Stay(stay) => Self::stay(lang, stay),
            Sold::Tour(tour) => Self::tour(lang, tour, asked.units),
            Sold::Unread => Self {
                part: *part,
                kind: part.name(lang),
                title: lang.with("offer", &[("id", asked.id.as_str())]),
                facts: vec![(lang.t("fact-details"), lang.t("fact-unknown").to_owned())],
                sum: String::new(),
                cents: asked.price.map_or(0, |price| total(asked.units, price)),
                day: None,
            },
        }
    }

    /// The price as pages write it.
    pub(crate) fn price(&self, lang: &Lang) -> String {
        lang.price(self.cents)
    }

    /// Whether it is a flight.
    pub(crate) fn is_flight(&self) -> bool {
        matches!(self.part, ItemKind::Outbound | ItemKind::Inbound)
    }

    /// Whether it is a room.
    pub(crate) fn is_stay(&self) -> bool {
        self.part == ItemKind::Stay
    }
}

/// The price of all nights of a stay, in centavos.
pub(crate) fn stay_cents(stay: &Stay) -> u64 {
    stay.total.unwrap_or(stay.price).cents().into()
}

/// The price for so many, in centavos.
pub(crate) fn total(people: People, price: Money) -> u64 {
    u64::from(people.count()) * u64::from(price.cents())
}

fn times(lang: Lang, people: People, price: Money) -> String {
    match (people.count(), price.cents()) {
        (1, _) | (_, 0) => lang.n("people", people.count()),
        (_, cents) => {
            format!("{} × {}", lang.n("people", people.count()), lang.money(cents.into()))
        }
    }
}

/// The chosen offers that are known, in short, with the total so far.
pub(crate) struct Summary {
    pub(crate) items: Vec<Item>,
    pub(crate) total: String,
    pub(crate) review: String,
}

impl Summary {
    /// The summary of a choice; nothing when none of it is known.
    pub(crate) fn new(lang: Lang, choice: &Choice, chosen: &Chosen) -> Option<Self> {
        let people = choice.people.unwrap_or_default();
        let flight = |part| move |flight: &Flight| Item::flight(lang, part, flight, people);
        let mut items = Vec::new();
        items.extend(known(&chosen.outbound).map(flight(ItemKind::Outbound)));
        items.extend(known(&chosen.inbound).map(flight(ItemKind::Inbound)));
        items.extend(known(&chosen.stay).map(|stay| Item::stay(lang, stay)));
        for (_, tour) in &chosen.tours {
            items.extend(tour.record().map(|tour| Item::tour(lang, tour, people)));
        }
        let total = lang.money(items.iter().map(|item| item.cents).sum());
        let review = choice.link("/pacote", vec![]);
        (!items.is_empty()).then_some(Self { items, total, review })
    }
}

fn known<R>(standing: &Option<Standing<R>>) -> Option<&R> {
    standing.as_ref().and_then(Standing::record)
}
