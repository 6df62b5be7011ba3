//! Flights: the form at `/` and the results at `/voos`.

use super::calendar::{Calendar, Wanted};
use super::error;
use super::form::{Filler, SearchForm};
use super::item::{Summary, total};
use super::results::{FilterForm, PeopleNotice, SortLink, few_left, sort_links};
use super::{Layout, Outcome, Step, Visit, page};
use crate::choice::Choice;
use crate::daemons::{Daemon, DaemonError, Places};
use crate::filters::{Cut, Listed, Sort};
use crate::format;
use crate::forms::{FieldError, Pairs};
use crate::language::Lang;
use crate::queries::FlightQuery;
use agencia_protocol::flight::{Flight, FlightSearch, FlightsFound};
use agencia_protocol::{OfferId, People};
use askama::Template;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "voo.html")]
struct FlightFormPage<'a> {
    lang: Lang,
    layout: Layout,
    form: SearchForm,
    home_airport: &'a str,
    skip: String,
    summary: Option<Summary>,
}

/// `/`: the search form.
pub(crate) async fn form(visit: Visit) -> Outcome {
    let choice = match visit.choice(Step::Flights) {
        Ok(choice) => choice,
        Err(page) => return Ok(*page),
    };
    let places = visit.places(Daemon::Flights).await?;
    // Who comes back to this step finds the search of what is chosen.
    let chosen = visit.look_up(&choice).await;
    let outbound = chosen.outbound.as_ref().and_then(|standing| standing.record());
    let inbound = chosen.inbound.as_ref().and_then(|standing| standing.record());
    let stay = chosen.stay.as_ref().and_then(|standing| standing.record());
    let known = Known {
        airport: outbound
            .map(|flight| flight.to.as_str())
            .or(inbound.map(|flight| flight.from.as_str()))
            .or(stay.and_then(|stay| places.airport_of(&stay.city))),
        outbound: outbound.map(|flight| flight.day.iso()),
        inbound: inbound.map(|flight| flight.day.iso()),
    };
    let lang = visit.lang();
    let page_of = FlightFormPage {
        lang,
        layout: Layout::new(
            &visit.frame,
            lang.t("flights-search-title"),
            Some(Step::Flights),
            &choice,
        ),
        skip: choice.without_flights().link("/hospedagem", vec![]),
        form: search_form(&visit, &places, &[], &choice, known),
        home_airport: &visit.site.settings.home_airport,
        summary: Summary::new(lang, &choice, &chosen),
    };
    Ok(page(StatusCode::OK, &page_of))
}

/// What the form is filled with where nothing was typed.
#[derive(Default)]
struct Known<'a> {
    airport: Option<&'a str>,
    outbound: Option<String>,
    inbound: Option<String>,
}

fn search_form(
    visit: &Visit,
    places: &Places,
    errors: &[FieldError],
    choice: &Choice,
    known: Known<'_>,
) -> SearchForm {
    let lang = visit.lang();
    let filler = Filler { visit, places, errors };
    let people = choice.people.unwrap_or_default().to_string();
    SearchForm {
        action: "/voos",
        home: "/",
        lang,
        legend: lang.t("flights-search-legend"),
        submit: lang.t("flights-search-submit"),
        inputs: vec![
            filler.place(
                "paraAeroporto",
                lang.t("field-airport"),
                known.airport.unwrap_or_default(),
            ),
            filler.day("dataIda", lang.t("field-outbound-day"), known.outbound, true),
            filler.day("dataVolta", lang.t("field-inbound-day"), known.inbound, false),
            filler.people("numeroPassagens", lang.t("field-seats"), people),
        ],
        hidden: choice.pairs().into_iter().filter(|(name, _)| *name != "pessoas").collect(),
    }
}

#[derive(Template)]
#[template(path = "voos.html")]
struct FlightsPage {
    lang: Lang,
    layout: Layout,
    airport: String,
    people: String,
    directions: Vec<Direction>,
    sorting: Vec<SortLink>,
    change: String,
    skip: String,
    notice: Option<PeopleNotice>,
    hidden: Pairs,
    calendar: Option<Calendar>,
    filter: FilterForm,
    pairs: Vec<FlightPair>,
    /// Whether the filters have not looked at all that there is.
    partial: bool,
    summary: Option<Summary>,
}

impl FlightsPage {
    /// Whether there is anything to filter.
    fn has_flights(&self) -> bool {
        self.directions.iter().any(|way| !way.cards.is_empty())
    }
}

/// Two flights that can be taken with one click.
struct FlightPair {
    name: &'static str,
    outbound: String,
    inbound: String,
    price: String,
    each: String,
    href: String,
}

/// One way: its flights, to choose one of.
struct Direction {
    /// The form field of the choice.
    name: &'static str,
    legend: &'static str,
    /// The choice of no flight this way.
    none: &'static str,
    /// That there is none.
    empty: &'static str,
    /// The link to more of them.
    go_on: &'static str,
    day: String,
    cards: Vec<FlightCard>,
    more: Option<String>,
    /// The beginning of the list, when this is not it.
    begin: Option<String>,
}

struct FlightCard {
    id: OfferId,
    departure: String,
    arrival: String,
    /// Said only when it arrives on another day.
    arrival_day: Option<String>,
    duration: Option<String>,
    from: String,
    to: String,
    price: String,
    /// For everybody, when it is more than one.
    total: Option<String>,
    few_left: Option<String>,
    /// What is best about it.
    best: Option<&'static str>,
    checked: bool,
}

impl FlightCard {
    fn new(lang: Lang, flight: Flight, people: People, chosen: Option<&OfferId>) -> Option<Self> {
        let id = flight.id?;
        let arrives = (flight.arrival_day, flight.arrival);
        Some(Self {
            departure: format::time(flight.departure),
            arrival: format::time(flight.arrival),
            arrival_day: (flight.arrival_day != flight.day).then(|| lang.day(flight.arrival_day)),
            duration: format::duration((flight.day, flight.departure), arrives),
            price: lang.price(flight.price.cents().into()),
            total: (people.count() > 1).then(|| lang.money(total(people, flight.price))),
            few_left: few_left(flight.available).map(|left| lang.n("seats-left", left)),
            best: None,
            checked: chosen == Some(&id),
            from: flight.from,
            to: flight.to,
            id,
        })
    }
}

/// `/voos`: the results.
pub(crate) async fn results(visit: Visit) -> Outcome {
    let choice = match visit.choice(Step::Flights) {
        Ok(choice) => choice,
        Err(page) => return Ok(*page),
    };
    let query = match FlightQuery::read(&visit.fields) {
        Ok(query) => query,
        Err(errors) => return Ok(wrong(&visit, &choice, errors).await),
    };
    let wanted = Wanted { people: query.people, nights: None };
    let place = (query.airport.as_str(), query.outbound);
    let other_day = |day| choice.link("/voos", query.on(day));
    let calendar = Calendar::read(&visit, Daemon::Flights, place, wanted, other_day);
    let kept = choice.without_flights();
    let (found, calendar, chosen) =
        tokio::join!(search(&visit, &query), calendar, visit.look_up(&kept));
    let (outbound, inbound) = match found {
        Ok(found) => found,
        Err(failure) => {
            let errors = error::fields_of(failure)?;
            return Ok(wrong(&visit, &choice, errors).await);
        }
    };
    let lang = visit.lang();
    // The flights that are looked for here are not yet anybody's.
    let rest = kept.for_people(query.people);
    let people = rest.people.unwrap_or(query.people);
    let begins = query.after_outbound.is_none() && query.after_inbound.is_none();
    let pairs = match begins {
        true => pairs(lang, &rest, &outbound, &inbound, people),
        false => Vec::new(),
    };
    let partial = outbound.partial || inbound.partial;
    let directions = [
        (Some((query.outbound, outbound)), "ida", lang.t("way-outbound"), &choice.outbound),
        (query.inbound.map(|day| (day, inbound)), "volta", lang.t("way-inbound"), &choice.inbound),
    ];
    let directions = directions.into_iter().filter_map(|(found, name, legend, chosen)| {
        let (day, Cut { offers, more, .. }) = found?;
        let at = |after| list_link(&query, &choice, name, after);
        let beginning = match name {
            "ida" => query.after_outbound.is_none(),
            _ => query.after_inbound.is_none(),
        };
        let [none, empty, go_on] = match name {
            "ida" => [
                lang.t("no-outbound"),
                lang.t("flights-none-outbound"),
                lang.t("flights-more-outbound"),
            ],
            _ => [
                lang.t("no-inbound"),
                lang.t("flights-none-inbound"),
                lang.t("flights-more-inbound"),
            ],
        };
        Some(Direction {
            name,
            legend,
            none,
            empty,
            go_on,
            day: lang.day(day),
            cards: cards(lang, offers, people, (chosen.as_ref(), beginning && more.is_none())),
            more: more.map(|last| at(Some(last))),
            begin: (!beginning).then(|| at(None)),
        })
    });
    let onward = vec![
        ("cidade", format::city_of(query.airport.as_str()).to_owned()),
        ("dataIda", query.outbound.iso()),
        ("dataVolta", query.inbound.map(|day| day.iso()).unwrap_or_default()),
    ];
    let whole = Choice { people: rest.people, ..choice.clone() };
    let page_of = FlightsPage {
        lang,
        layout: Layout::new(&visit.frame, lang.t("flights-title"), Some(Step::Flights), &choice),
        airport: query.airport.as_str().to_owned(),
        people: lang.n("people", query.people.count()),
        directions: directions.collect(),
        sorting: sort_links(
            lang,
            ("/voos", query.about()),
            &choice,
            (&[Sort::Time, Sort::Price, Sort::Duration], query.filters.sort()),
        ),
        change: choice.link("/", query.pairs()),
        skip: rest.link("/hospedagem", onward),
        notice: PeopleNotice::new(lang, &whole, query.people, ("/voos", query.about())),
        hidden: rest.pairs(),
        calendar,
        filter: FilterForm::new(
            ("/voos", query.pairs()),
            &query.filters,
            &choice,
            vec![(lang.t("filter-departure"), query.filters.period_checks(lang))],
        ),
        pairs,
        partial,
        summary: Summary::new(lang, &rest, &chosen),
    };
    Ok(page(StatusCode::OK, &page_of))
}

/// The page that says which fields are wrong, with the form as it was typed.
async fn wrong(visit: &Visit, choice: &Choice, errors: Vec<FieldError>) -> warp::reply::Response {
    // Without the list the name is typed: a second error would hide the first.
    let places = visit.places(Daemon::Flights).await.unwrap_or_default();
    let form = search_form(visit, &places, &errors, choice, Known::default());
    error::invalid(&visit.frame, &errors, Step::Flights, choice, Some(form))
}

/// The cards of a list, the best of which say so if it is the whole list.
fn cards(
    lang: Lang,
    flights: Vec<Flight>,
    people: People,
    (chosen, whole): (Option<&OfferId>, bool),
) -> Vec<FlightCard> {
    let cheapest = flights.iter().map(|flight| flight.price).min();
    let fastest = flights.iter().map(Listed::minutes).min();
    let several = whole && flights.len() > 1;
    let card = |flight: Flight| {
        let (price, minutes) = (Some(flight.price), Some(flight.minutes()));
        let mut card = FlightCard::new(lang, flight, people, chosen)?;
        card.best = match (price == cheapest, minutes == fastest) {
            _ if !several => None,
            (true, true) => Some(lang.t("best-both")),
            (true, _) => Some(lang.t("best-price")),
            (_, true) => Some(lang.t("best-duration")),
            _ => None,
        };
        Some(card)
    };
    flights.into_iter().filter_map(card).collect()
}

/// Pairs to pick at once, when both lists are whole: the cheapest, and the one that takes the least
/// time in the air. The way back leaves after the arrival.
fn pairs(
    lang: Lang,
    rest: &Choice,
    there: &Cut<Flight>,
    back: &Cut<Flight>,
    people: People,
) -> Vec<FlightPair> {
    if there.more.is_some() || back.more.is_some() {
        return Vec::new();
    }
    let all = there.offers.iter().flat_map(|one| back.offers.iter().map(move |other| (one, other)));
    let possible = |(one, other): &(&Flight, &Flight)| {
        (one.arrival_day, one.arrival) < (other.day, other.departure)
    };
    let cents =
        |(one, other): &(&Flight, &Flight)| total(people, one.price) + total(people, other.price);
    let minutes = |(one, other): &(&Flight, &Flight)| one.minutes().saturating_add(other.minutes());
    let all: Vec<_> = all.filter(possible).collect();
    let cheapest = all.iter().min_by_key(|pair| (cents(pair), minutes(pair)));
    let fastest = all.iter().min_by_key(|pair| (minutes(pair), cents(pair)));
    let pair = |pair: &(&Flight, &Flight), name| {
        let (one, other) = *pair;
        let hours = |flight: &Flight| {
            format!("{}–{}", format::time(flight.departure), format::time(flight.arrival))
        };
        let choice = Choice { outbound: one.id.clone(), inbound: other.id.clone(), ..rest.clone() };
        Some(FlightPair {
            name,
            outbound: hours(one),
            inbound: hours(other),
            price: lang.price(cents(pair)),
            each: lang.n("for-people", people.count()),
            href: one
                .id
                .as_ref()
                .zip(other.id.as_ref())
                .map(|_| choice.link("/hospedagem", vec![]))?,
        })
    };
    let mut found = Vec::new();
    found.extend(cheapest.and_then(|best| pair(best, lang.t("pair-cheapest"))));
    let other = fastest.filter(|best| cheapest.is_none_or(|cheap| minutes(best) < minutes(cheap)));
    found.extend(other.and_then(|best| pair(best, lang.t("pair-fastest"))));
    found
}

/// Searches. Each way is paged by itself: when one goes on, the other stays where it was.
async fn search(
    visit: &Visit,
    query: &FlightQuery,
) -> Result<(Cut<Flight>, Cut<Flight>), DaemonError> {
    let max = visit.site.settings.pages.offers_max;
    let ask = async |after: &Option<OfferId>| {
        let request =
            FlightSearch::new(query.airport.clone(), query.outbound, query.inbound, query.people)
                .with_page(query.filters.page(max, after.clone()));
        visit.read::<_, FlightsFound>(Daemon::Flights, &request).await
    };
    let cut = |flights: Vec<Flight>, more: bool, after: &Option<OfferId>| {
        query.filters.cut(flights, more, (max, after.as_ref()))
    };
    let (there, back) = (&query.after_outbound, &query.after_inbound);
    if there == back {
        let found = ask(&None).await?;
        return Ok((cut(found.outbound, found.more, there), cut(found.inbound, found.more, back)));
    }
    let (one, other) = tokio::join!(ask(there), ask(back));
    let (one, other) = (one?, other?);
    Ok((cut(one.outbound, one.more, there), cut(other.inbound, other.more, back)))
}

/// A link to the same search with one way's list going on after an offer.
fn list_link(query: &FlightQuery, choice: &Choice, name: &str, after: Option<OfferId>) -> String {
    let (outbound, inbound) = match name {
        "ida" => (after, query.after_inbound.clone()),
        _ => (query.after_outbound.clone(), after),
    };
    let mut about = query.about();
    about.extend(query.filters.sort_pair());
    about.extend(outbound.map(|id| ("aposIda", id.to_string())));
    about.extend(inbound.map(|id| ("aposVolta", id.to_string())));
    choice.link("/voos", about)
}
