//! What the three lists of results share: sorting, going on, and what is said of few units left.

use crate::choice::Choice;
use crate::forms::{Pairs, link};
use crate::language::Lang;
use agencia_protocol::request::Page;
use agencia_protocol::{Limit, OfferId, Order, People};
use std::num::NonZeroU32;

/// From how many units down a page says how many are left.
const FEW: u32 = 9;

/// A link that sorts a list.
pub(crate) struct SortLink {
    pub(crate) name: &'static str,
    pub(crate) href: String,
    pub(crate) current: bool,
}

/// The links that sort the results of this search.
pub(crate) fn sort_links(
    lang: Lang,
    path: &str,
    search: &Pairs,
    choice: &Choice,
    order: Order,
) -> Vec<SortLink> {
    let sort = |name, word: &str, by| {
        let about = [search.clone(), vec![("ordem", word.to_owned())], choice.pairs()].concat();
        SortLink { name, href: link(path, &about), current: order == by }
    };
    vec![
        sort(lang.t("sort-time"), "horario", Order::Time),
        sort(lang.t("sort-price"), "preco", Order::Price),
    ]
}

/// The word of an order in a URL; nothing for the one that needs none.
pub(crate) fn order_pair(order: Order) -> Option<(&'static str, String)> {
    (order == Order::Price).then(|| ("ordem", "preco".to_owned()))
}

/// The part of a list that a page shows.
pub(crate) fn part(offers_max: NonZeroU32, after: Option<OfferId>, order: Order) -> Page {
    Page { limit: Limit::new(offers_max.get()), after, order }
}

/// How many are left, when few are.
pub(crate) fn few_left(available: Option<u32>) -> Option<u32> {
    available.filter(|&left| left <= FEW)
}

/// What a page says when a search was for other people than the trip is.
pub(crate) struct PeopleNotice {
    pub(crate) text: String,
    /// The same search, with the whole trip for as many as were searched for.
    pub(crate) change: String,
    pub(crate) change_text: String,
}

impl PeopleNotice {
    /// The notice of this search, if the two differ.
    pub(crate) fn new(
        lang: Lang,
        choice: &Choice,
        searched: People,
        (path, search): (&str, Pairs),
    ) -> Option<Self> {
        let trip = choice.people.filter(|trip| *trip != searched)?;
        let change = choice.with_people(searched).link(path, search);
        let (trip, searched) = (lang.n("people", trip.count()), lang.n("people", searched.count()));
        let text = lang.with("people-notice", &[("trip", &trip), ("searched", &searched)]);
        let change_text = lang.with("people-notice-change", &[("searched", &searched)]);
        Some(Self { text, change, change_text })
    }
}
