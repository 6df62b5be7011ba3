//! Flights as they are found: both ways, read far enough that what is called the best is the best of
//! its whole list and not of the part that is shown.

use super::Visit;
use super::item::total;
use super::results::read_on;
use crate::daemons::{Daemon, DaemonError};
use crate::filters::{Cut, Listed, Sort};
use crate::language::{Key, Lang};
use crate::queries::FlightQuery;
use agencia_protocol::flight::{Flight, FlightSearch, FlightsFound};
use agencia_protocol::request::Page;
use agencia_protocol::{Limit, Money, OfferId, People};
use std::num::NonZeroU32;

/// The longest list that is read whole although no filter needs it: only then its quickest flight is
/// known, and which two go best together. Of a longer one the lowest price alone is asked for.
const WHOLE_MAX: u32 = 50;

/// Both ways of a search.
pub(super) struct Found {
    pub(super) outbound: List,
    pub(super) inbound: List,
    pub(super) pairs: Vec<Pair>,
}

/// What is shown of one way, and what is best of all of it.
pub(super) struct List {
    pub(super) cut: Cut<Flight>,
    pub(super) best: Best,
}

/// The least of a list, as far as it is known; of a single flight nothing is the best.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Best {
    cheapest: Option<Money>,
    minutes: Option<u32>,
}

/// Two flights that go well together.
pub(super) struct Pair {
    pub(super) name: Key,
    pub(super) outbound: Flight,
    pub(super) inbound: Flight,
}

impl Best {
    /// Of a whole list.
    fn of(flights: &[Flight]) -> Self {
        if flights.len() < 2 {
            return Self::default();
        }
        let minutes = flights.iter().map(Listed::minutes).min();
        Self {
            cheapest: flights.iter().map(|flight| flight.price).min(),
            // What says no duration is not quick.
            minutes: minutes.filter(|minutes| *minutes < u32::MAX),
        }
    }

    /// What is best about a flight.
    pub(super) fn say(self, lang: Lang, flight: &Flight) -> Option<&'static str> {
        let cheapest = self.cheapest == Some(flight.price);
        let quickest = self.minutes == Some(flight.minutes());
        match (cheapest, quickest) {
            (true, true) => Some(lang.t("best-both")),
            (true, false) => Some(lang.t("best-price")),
            (false, true) => Some(lang.t("best-duration")),
            (false, false) => None,
        }
    }
}

/// Searches. Each way is paged by itself: when one goes on, the other stays where it was.
///
/// # Errors
/// The first question that there is no answer to.
pub(super) async fn search(visit: &Visit, query: &FlightQuery) -> Result<Found, DaemonError> {
    let max = visit.site.settings.pages.offers_max;
    let filters = &query.filters;
    let ask = move |page: Page| {
        let request =
            FlightSearch::new(query.airport.clone(), query.outbound, query.inbound, query.people)
                .with_page(page);
        async move { visit.read::<_, FlightsFound>(Daemon::Flights, &request).await }
    };
    let read_max = max.get().max(WHOLE_MAX);
    let begin = match filters.needs_all() {
        true => filters.page(max, None),
        false => Page { limit: Limit::new(read_max), ..filters.page(max, None) },
    };
    let FlightsFound { outbound, inbound, more, .. } = ask(begin).await?;
    let out = |page| async move { ask(page).await.map(|found| (found.outbound, found.more)) };
    let into = |page| async move { ask(page).await.map(|found| (found.inbound, found.more)) };
    let (mut one, mut other) = tokio::try_join!(
        read_on(filters, (outbound, more), out),
        read_on(filters, (inbound, more), into)
    )?;
    for (flights, goes_on) in [&mut one, &mut other] {
        // Both ways share the word that there is more: a way that is shorter has none.
        *goes_on &= filters.needs_all() || flights.len() >= read_max as usize;
        flights.retain(|flight| flight.is_wanted(filters));
    }
    let begins = query.after_outbound.is_none() && query.after_inbound.is_none();
    let pairs = match begins && is_whole(&one) && is_whole(&other) {
        true => pairs(&one.0, &other.0, query.people),
        false => Vec::new(),
    };
    // Of a list that filters have cut short nothing is known.
    let is_long = !filters.needs_all() && (one.1 || other.1);
    let (there, back) = match is_long {
        true => {
            let page = Page { limit: Limit::new(1), after: None, order: Sort::Price.order() };
            let FlightsFound { outbound, inbound, .. } = ask(page).await?;
            (outbound.first().map(|first| first.price), inbound.first().map(|first| first.price))
        }
        false => (None, None),
    };
    let (after, other_after) = (query.after_outbound.as_ref(), query.after_inbound.as_ref());
    let (one, other) = tokio::try_join!(
        list(query, one, there, (max, after), out),
        list(query, other, back, (max, other_after), into)
    )?;
    Ok(Found { outbound: one, inbound: other, pairs })
}

/// What is shown of what was found of a way; where that is not all of it, the lowest price of all is
/// given, and `ask` answers its later parts.
async fn list<F>(
    query: &FlightQuery,
    (flights, goes_on): (Vec<Flight>, bool),
    lowest: Option<Money>,
    (max, after): (NonZeroU32, Option<&OfferId>),
    ask: impl Fn(Page) -> F,
) -> Result<List, DaemonError>
where
    F: Future<Output = Result<(Vec<Flight>, bool), DaemonError>>,
{
    let filters = &query.filters;
    if !goes_on {
        let best = Best::of(&flights);
        return Ok(List { cut: filters.part(flights, (max, after)), best });
    }
    let best = Best { cheapest: lowest, minutes: None };
    let (flights, more) = match after.filter(|_| !filters.needs_all()) {
        Some(after) => ask(filters.page(max, Some(after.clone()))).await?,
        None => (flights, true),
    };
    Ok(List { cut: filters.cut(flights, more, (max, after)), best })
}

fn is_whole((flights, goes_on): &(Vec<Flight>, bool)) -> bool {
    !goes_on && flights.len() <= WHOLE_MAX as usize
}

/// Two pairs of whole lists: the cheapest, and the one that takes the least time in the air, where that
/// is another. The way back leaves after the arrival.
fn pairs(there: &[Flight], back: &[Flight], people: People) -> Vec<Pair> {
    let all = there.iter().flat_map(|one| back.iter().map(move |other| (one, other)));
    let possible = |(one, other): &(&Flight, &Flight)| {
        (one.arrival_day, one.arrival) < (other.day, other.departure)
    };
    let cents =
        |(one, other): &(&Flight, &Flight)| total(people, one.price) + total(people, other.price);
    let minutes = |(one, other): &(&Flight, &Flight)| one.minutes().saturating_add(other.minutes());
    let all: Vec<_> = all.filter(possible).collect();
    let cheapest = all.iter().min_by_key(|pair| (cents(pair), minutes(pair)));
    let fastest = all.iter().min_by_key(|pair| (minutes(pair), cents(pair)));
    let other = fastest.filter(|best| cheapest.is_none_or(|cheap| minutes(best) < minutes(cheap)));
    let pair = |(one, other): &(&Flight, &Flight), name| Pair {
        name,
        outbound: (*one).clone(),
        inbound: (*other).clone(),
    };
    let cheapest = cheapest.map(|best| pair(best, Key("pair-cheapest")));
    cheapest.into_iter().chain(other.map(|best| pair(best, Key("pair-fastest")))).collect()
}
