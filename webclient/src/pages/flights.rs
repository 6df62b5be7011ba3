//! Flights: the form at `/` and the results at `/voos`.

use super::error;
use super::form::{Filler, SearchForm};
use super::item::total;
use super::results::{self, PeopleNotice, SortLink, few_left, order_pair, sort_links};
use super::{Layout, Outcome, Step, Visit, page};
use crate::choice::Choice;
use crate::daemons::{Daemon, DaemonError, Places};
use crate::format;
use crate::forms::{FieldError, FlightQuery, Pairs};
use crate::language::Lang;
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
}

/// `/`: the search form.
pub(crate) async fn form(visit: Visit) -> Outcome {
    let choice = match Choice::read(&visit.fields) {
        Ok(choice) => choice,
        Err(errors) => {
            return Ok(error::invalid(
                &visit.frame,
                &errors,
                Step::Flights,
                &Choice::default(),
                None,
            ));
        }
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
            checked: chosen == Some(&id),
            from: flight.from,
            to: flight.to,
            id,
        })
    }
}

/// `/voos`: the results.
pub(crate) async fn results(visit: Visit) -> Outcome {
    let choice = match Choice::read(&visit.fields) {
        Ok(choice) => choice,
        Err(errors) => {
            return Ok(error::invalid(
                &visit.frame,
                &errors,
                Step::Flights,
                &Choice::default(),
                None,
            ));
        }
    };
    let query = match FlightQuery::read(&visit.fields) {
        Ok(query) => query,
        Err(errors) => return Ok(wrong(&visit, &choice, errors).await),
    };
    let (outbound, inbound) = match search(&visit, &query).await {
        Ok(found) => found,
        Err(failure) => {
            let errors = error::fields_of(failure)?;
            return Ok(wrong(&visit, &choice, errors).await);
        }
    };
    let lang = visit.lang();
    // The flights that are looked for here are not yet anybody's.
    let rest = choice.without_flights().for_people(query.people);
    let people = rest.people.unwrap_or(query.people);
    let directions = [
        (Some((query.outbound, outbound)), "ida", lang.t("way-outbound"), &choice.outbound),
        (query.inbound.map(|day| (day, inbound)), "volta", lang.t("way-inbound"), &choice.inbound),
    ];
    let directions = directions.into_iter().filter_map(|(found, name, legend, chosen)| {
        let (day, Cut { flights, more }) = found?;
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
            more: more.map(|last| at(Some(last))),
            begin: (!beginning).then(|| at(None)),
            cards: flights
                .into_iter()
                .filter_map(|flight| FlightCard::new(lang, flight, people, chosen.as_ref()))
                .collect(),
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
        sorting: sort_links(lang, "/voos", &query.pairs(), &choice, query.order),
        change: choice.link("/", query.pairs()),
        skip: rest.link("/hospedagem", onward),
        notice: PeopleNotice::new(lang, &whole, query.people, ("/voos", query.pairs())),
        hidden: rest.pairs(),
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

/// One way's flights, and the last of them when there are more.
struct Cut {
    flights: Vec<Flight>,
    more: Option<OfferId>,
}

/// Searches. Each way is paged by itself: when one goes on, the other stays where it was.
async fn search(visit: &Visit, query: &FlightQuery) -> Result<(Cut, Cut), DaemonError> {
    let limit = visit.site.settings.pages.offers_max;
    let ask = async |after: &Option<OfferId>| {
        let request =
            FlightSearch::new(query.airport.clone(), query.outbound, query.inbound, query.people)
                .with_page(results::part(limit, after.clone(), query.order));
        visit.read::<_, FlightsFound>(Daemon::Flights, &request).await
    };
    let cut = |flights: Vec<Flight>, more: bool| {
        let full = flights.len() >= limit.get() as usize;
        let last = flights.last().and_then(|flight| flight.id.clone());
        Cut { flights, more: last.filter(|_| more && full) }
    };
    if query.after_outbound == query.after_inbound {
        let found = ask(&None).await?;
        return Ok((cut(found.outbound, found.more), cut(found.inbound, found.more)));
    }
    let (there, back) = tokio::join!(ask(&query.after_outbound), ask(&query.after_inbound));
    let (there, back) = (there?, back?);
    Ok((cut(there.outbound, there.more), cut(back.inbound, back.more)))
}

/// A link to the same search with one way's list going on after an offer.
fn list_link(query: &FlightQuery, choice: &Choice, name: &str, after: Option<OfferId>) -> String {
    let (outbound, inbound) = match name {
        "ida" => (after, query.after_inbound.clone()),
        _ => (query.after_outbound.clone(), after),
    };
    let mut about = query.pairs();
    about.extend(order_pair(query.order));
    about.extend(outbound.map(|id| ("aposIda", id.to_string())));
    about.extend(inbound.map(|id| ("aposVolta", id.to_string())));
    choice.link("/voos", about)
}
