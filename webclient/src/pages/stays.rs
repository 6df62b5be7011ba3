//! Stays: the form at `/hospedagem` and the results at `/hospedagens`.

use super::calendar::{Calendar, Wanted};
use super::error;
use super::form::{Filler, SearchForm};
use super::item::{Summary, stay_cents};
use super::results::{FilterBoxes, PeopleNotice, few_left, read_on};
use super::{Layout, Outcome, Step, Visit, page, see_other};
use crate::choice::Choice;
use crate::chosen::{Chosen, Standing};
use crate::daemons::{Daemon, DaemonError, Places};
use crate::filters::Cut;
use crate::format;
use crate::forms::{self, CHOSEN, FieldError, GO_ON, Pairs};
use crate::language::Lang;
use crate::queries::StayQuery;
use agencia_protocol::OfferId;
use agencia_protocol::request::Page;
use agencia_protocol::stay::{Stay, StaySearch, StaysFound};
use askama::Template;
use compact_str::CompactString;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "hospedagem.html")]
struct StayFormPage {
    lang: Lang,
    layout: Layout,
    form: SearchForm,
    summary: Option<Summary>,
    skip: String,
}

/// `/hospedagem`: the search form, filled from the chosen flights.
pub(crate) async fn form(visit: Visit) -> Outcome {
    let choice = match visit.choice(Step::Stays) {
        Ok(choice) => choice,
        Err(page) => return Ok(*page),
    };
    let (places, chosen) = tokio::join!(visit.places(Daemon::Stays), visit.look_up(&choice));
    let places = places?;
    let known = known(&chosen);
    let lang = visit.lang();
    let page_of = StayFormPage {
        lang,
        layout: Layout::new(&visit.frame, lang.t("stays-search-title"), Some(Step::Stays), &choice),
        skip: choice.without_stay().link("/passeio", vec![]),
        form: search_form(&visit, &places, &[], &choice, known),
        summary: Summary::new(lang, &choice, &chosen),
    };
    Ok(page(StatusCode::OK, &page_of))
}

/// What the form is filled with where nothing was typed.
#[derive(Default)]
struct Known {
    city: Option<String>,
    arrival: Option<String>,
    leaving: Option<String>,
}

/// What a chosen room, or else the chosen flights, say of where and when.
fn known(chosen: &Chosen) -> Known {
    if let Some(stay) = chosen.stay.as_ref().and_then(|standing| standing.record()) {
        return Known {
            city: Some(stay.city.to_string()),
            arrival: Some(stay.day.iso()),
            leaving: stay.leaves().map(|day| day.iso()),
        };
    }
    let outbound = chosen.outbound.as_ref().and_then(|standing| standing.record());
    let inbound = chosen.inbound.as_ref().and_then(|standing| standing.record());
    let airport = outbound.map(|flight| &flight.to).or(inbound.map(|flight| &flight.from));
    let city = airport.map(|airport| format::city_of(airport));
    let arrival = outbound.map(|flight| flight.arrival_day);
    let leaving = inbound.map(|flight| flight.day);
    Known {
        city: city.map(str::to_owned),
        arrival: arrival.map(|day| day.iso()),
        leaving: leaving
            .filter(|day| arrival.is_none_or(|arrival| arrival < *day))
            .map(|day| day.iso()),
    }
}

fn search_form(
    visit: &Visit,
    places: &Places,
    errors: &[FieldError],
    choice: &Choice,
    known: Known,
) -> SearchForm {
    let lang = visit.lang();
    let filler = Filler { visit, places, errors };
    let people = choice.people.unwrap_or_default().to_string();
    SearchForm {
        action: "/hospedagens",
        home: "/hospedagem",
        lang,
        legend: lang.t("where-and-when"),
        submit: lang.t("stays-search-submit"),
        inputs: vec![
            filler.city(known.city),
            filler.day("dataIda", lang.t("field-arrival-day"), known.arrival, true),
            filler.day("dataVolta", lang.t("field-leaving-day"), known.leaving, false),
            filler.people("numeroDePessoas", lang.t("field-people"), people),
        ],
        hidden: choice.pairs(),
    }
}

#[derive(Template)]
#[template(path = "hospedagens.html")]
struct StaysPage {
    lang: Lang,
    layout: Layout,
    city: String,
    days: String,
    nights: String,
    people: String,
    cards: Vec<StayCard>,
    /// The search from the next room on, for a button that keeps what is ticked.
    more: Option<String>,
    /// The same from the beginning, when this is not it.
    begin: Option<String>,
    change: String,
    skip: String,
    hidden: Pairs,
    notice: Option<PeopleNotice>,
    /// Whether Enter was pressed before something was picked.
    unpicked: bool,
    summary: Option<Summary>,
    calendar: Option<Calendar>,
    filter: FilterBoxes,
    /// Whether the filters have not looked at all that there is.
    partial: bool,
}

struct StayCard {
    id: OfferId,
    hotel: CompactString,
    address: CompactString,
    room: String,
    rooms: String,
    beds: String,
    breakfast: bool,
    price: String,
    /// What a night costs on average, in words.
    average: String,
    /// For all nights, when it is more than one.
    total: Option<String>,
    few_left: Option<String>,
    checked: bool,
}

impl StayCard {
    fn new(lang: Lang, stay: Stay, chosen: Option<&OfferId>) -> Option<Self> {
        let several = stay.nights.is_some_and(|nights| nights.count() > 1);
        let total = several.then(|| lang.money(stay_cents(&stay)));
        // Rounded up: nobody pays more than the page says.
        let average = lang.price(stay_cents(&stay).div_ceil(stay.night_count().into()));
        // The last one may always have been the only one: a hurry would be made up.
        let left = few_left(stay.available).filter(|left| *left > 1);
        let id = stay.id?;
        Some(Self {
            room: format!("{} {} {}", lang.t("fact-room"), lang.t("number"), stay.number),
            average: lang.with("average-night", &[("price", &average)]),
            few_left: left.map(|left| lang.n("rooms-left", left)),
            rooms: lang.n("rooms", stay.rooms),
            beds: lang.n("beds", stay.beds),
            breakfast: stay.breakfast,
            price: lang.price(stay.price.cents().into()),
            total,
            checked: chosen == Some(&id),
            hotel: stay.hotel,
            address: stay.address,
            id,
        })
    }
}

/// `/hospedagens`: the results.
pub(crate) async fn results(visit: Visit) -> Outcome {
    let choice = match visit.choice(Step::Stays) {
        Ok(choice) => choice,
        Err(page) => return Ok(*page),
    };
    let query = match StayQuery::read(&visit.fields) {
        Ok(query) => query,
        Err(errors) => return Ok(wrong(&visit, &choice, errors).await),
    };
    let lang = visit.lang();
    // The room that is looked for here does not say for how many the trip is.
    let people = choice.without_stay().for_people(query.people).people;
    let choice = Choice { people, ..choice };
    let wanted = Wanted { people: query.people, nights: Some(query.nights()) };
    let place = (query.city.as_str(), query.arrival);
    let calendar = Calendar::read(&visit, Daemon::Stays, place, wanted, |day| query.on(day));
    let (found, calendar, chosen) =
        tokio::join!(search(&visit, &query), calendar, visit.look_up(&choice));
    let Cut { offers: stays, more, partial } = match found {
        Ok(found) => found,
        Err(failure) => {
            let errors = error::fields_of(failure)?;
            return Ok(wrong(&visit, &choice, errors).await);
        }
    };
    let at = |after: Option<OfferId>| {
        let mut about = query.sorted();
        about.extend(after.map(|id| ("apos", id.to_string())));
        forms::button(&about)
    };
    let room = choice.stay.as_ref().map(|stay| &stay.id);
    let whole = more.is_none() && query.after.is_none();
    let kept =
        chosen.stay.as_ref().filter(|_| !whole).and_then(|stay| elsewhere(stay, &query, &stays));
    let cards: Vec<_> =
        kept.into_iter().chain(stays).filter_map(|stay| StayCard::new(lang, stay, room)).collect();
    let goes_on = visit.fields.has(GO_ON);
    if goes_on && room.is_some() {
        return Ok(see_other(&choice.link("/passeio", vec![])));
    }
    let rest = choice.without_stay();
    let mut hidden = [rest.pairs(), vec![forms::same(&query.pairs())]].concat();
    hidden.push(("noites", query.nights().to_string()));
    if room.is_some() && !cards.iter().any(|card| card.checked) {
        hidden.push((CHOSEN, forms::query(&choice.stay_pairs())));
    }
    let leaving = query.leaving.or_else(|| query.arrival.after(1)).map(|day| lang.day(day));
    let mut onward = query.pairs();
    onward.retain(|(name, _)| *name != "dataVolta");
    let page_of = StaysPage {
        lang,
        layout: Layout::new(&visit.frame, lang.t("stays-title"), Some(Step::Stays), &choice),
        city: query.city.as_str().to_owned(),
        days: lang.with(
            "days",
            &[("first", &lang.day(query.arrival)), ("last", &leaving.unwrap_or_default())],
        ),
        nights: lang.n("nights", query.nights().count()),
        people: lang.n("people", query.people.count()),
        cards,
        more: more.map(|last| at(Some(last))),
        begin: query.after.is_some().then(|| at(None)),
        change: choice.link("/hospedagem", query.pairs()),
        skip: rest.link("/passeio", onward),
        hidden,
        unpicked: goes_on,
        notice: PeopleNotice::new(lang, &choice, query.people, ("/hospedagens", query.about())),
        calendar,
        partial,
        filter: FilterBoxes::new(
            query.pairs(),
            &query.filters,
            vec![(lang.t("filter-room"), query.filters.room_checks(lang))],
        ),
        summary: Summary::new(lang, &rest, &Chosen { stay: None, ..chosen }),
    };
    Ok(page(StatusCode::OK, &page_of))
}

/// The room that was ticked on another part of this list: it is seen on every part.
fn elsewhere(chosen: &Standing<Stay>, query: &StayQuery, listed: &[Stay]) -> Option<Stay> {
    let Standing::OnSale(stay) = chosen else { return None };
    let same_search = stay.city == query.city.as_str()
        && stay.day == query.arrival
        && stay.night_count() == query.nights().count();
    let is_listed = listed.iter().any(|other| other.id == stay.id);
    (same_search && !is_listed).then(|| stay.clone())
}

async fn wrong(visit: &Visit, choice: &Choice, errors: Vec<FieldError>) -> warp::reply::Response {
    let places = visit.places(Daemon::Stays).await.unwrap_or_default();
    let form = search_form(visit, &places, &errors, choice, Known::default());
    error::invalid(&visit.frame, &errors, Step::Stays, choice, Some(form))
}

/// Searches.
async fn search(visit: &Visit, query: &StayQuery) -> Result<Cut<Stay>, DaemonError> {
    let (max, after) = (visit.site.settings.pages.offers_max, query.after.as_ref());
    let ask = |page: Page| {
        let request =
            StaySearch::new(query.city.clone(), query.arrival, query.leaving, query.people)
                .with_page(page);
        async move {
            let found = visit.read::<_, StaysFound>(Daemon::Stays, &request).await;
            found.map(|found| (found.stays, found.more))
        }
    };
    let begin = ask(query.filters.page(max, after.cloned())).await?;
    let (found, more) = read_on(&query.filters, begin, ask).await?;
    Ok(query.filters.cut(found, more, (max, after)))
}
