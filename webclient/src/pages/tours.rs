//! Tours: the form at `/passeio` and the results at `/passeios`.

use super::calendar::{Calendar, Wanted};
use super::error;
use super::form::{Filler, SearchForm};
use super::item::{Summary, total};
use super::results::{FilterBoxes, PeopleNotice, SortButton, few_left, read_on, sort_buttons};
use super::{Layout, Outcome, Step, Visit, page, see_other};
use crate::choice::Choice;
use crate::chosen::Chosen;
use crate::daemons::{Daemon, DaemonError, Places};
use crate::filters::{Cut, Sort};
use crate::format;
use crate::forms::{self, FieldError, GO_ON, Pairs};
use crate::language::Lang;
use crate::queries::TourQuery;
use agencia_protocol::request::Page;
use agencia_protocol::stay::Stay;
use agencia_protocol::tour::{Tour, TourSearch, ToursFound};
use agencia_protocol::{Day, OfferId, People};
use askama::Template;
use compact_str::CompactString;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "passeio.html")]
struct TourFormPage {
    lang: Lang,
    layout: Layout,
    form: SearchForm,
    summary: Option<Summary>,
    skip: String,
}

/// `/passeio`: the search form, filled from the chosen room or flights.
pub(crate) async fn form(visit: Visit) -> Outcome {
    let choice = match visit.choice(Step::Tours) {
        Ok(choice) => choice,
        Err(page) => return Ok(*page),
    };
    let (places, chosen) = tokio::join!(visit.places(Daemon::Tours), visit.look_up(&choice));
    let places = places?;
    let lang = visit.lang();
    let page_of = TourFormPage {
        lang,
        layout: Layout::new(&visit.frame, lang.t("tours-search-title"), Some(Step::Tours), &choice),
        skip: choice.link("/pacote", vec![]),
        form: search_form(&visit, &places, &[], &choice, known(&chosen)),
        summary: Summary::new(lang, &choice, &chosen),
    };
    Ok(page(StatusCode::OK, &page_of))
}

/// The minute of a day after which nobody who arrives goes on a tour at once.
const NOON: u16 = 12 * 60;

/// What the form is filled with where nothing was typed.
#[derive(Default)]
struct Known {
    city: Option<String>,
    day: Option<String>,
}

/// The room's city and first day, or else where and when the flight arrives; the day after where that
/// is late and the trip goes on.
fn known(chosen: &Chosen) -> Known {
    let stay = chosen.stay.as_ref().and_then(|standing| standing.record());
    let outbound = chosen.outbound.as_ref().and_then(|standing| standing.record());
    let inbound = chosen.inbound.as_ref().and_then(|standing| standing.record());
    let there = outbound.map(|flight| &flight.to).or(inbound.map(|flight| &flight.from));
    let arrives = |day: Day| {
        outbound.is_some_and(|flight| flight.arrival_day == day && flight.arrival.minute() > NOON)
    };
    let last = inbound.map(|flight| flight.day).or(stay.and_then(Stay::leaves));
    let first = stay.map(|stay| stay.day).or(outbound.map(|flight| flight.arrival_day));
    let next =
        |day: Day| day.after(1).filter(|next| arrives(day) && last.is_none_or(|last| *next < last));
    Known {
        city: stay
            .map(|stay| stay.city.to_string())
            .or(there.map(|airport| format::city_of(airport).to_owned())),
        day: first.map(|day| next(day).unwrap_or(day).iso()),
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
        action: "/passeios",
        home: "/passeio",
        lang,
        legend: lang.t("where-and-when"),
        submit: lang.t("tours-search-submit"),
        inputs: vec![
            filler.city(known.city),
            filler.day("dataIda", lang.t("field-tour-day"), known.day, true),
            filler.people("numeroDePessoas", lang.t("field-people"), people),
        ],
        hidden: choice.pairs(),
    }
}

#[derive(Template)]
#[template(path = "passeios.html")]
struct ToursPage {
    lang: Lang,
    layout: Layout,
    city: String,
    day: String,
    people: String,
    cards: Vec<TourCard>,
    /// The search from the next tour on, for a button that keeps what is ticked.
    more: Option<String>,
    /// The same from the beginning, when this is not it.
    begin: Option<String>,
    sorting: Vec<SortButton>,
    change: String,
    skip: String,
    hidden: Pairs,
    notice: Option<PeopleNotice>,
    summary: Option<Summary>,
    calendar: Option<Calendar>,
    filter: FilterBoxes,
    /// Whether the filters have not looked at all that there is.
    partial: bool,
}

struct TourCard {
    id: OfferId,
    time: String,
    sight: CompactString,
    address: CompactString,
    price: String,
    /// For everybody, when it is more than one and costs something.
    total: Option<String>,
    few_left: Option<String>,
    checked: bool,
}

impl TourCard {
    fn new(lang: Lang, tour: Tour, people: People, chosen: &[OfferId]) -> Option<Self> {
        let id = tour.id?;
        let several = people.count() > 1 && tour.price.cents() > 0;
        Some(Self {
            time: format::time(tour.time),
            price: lang.price(tour.price.cents().into()),
            total: several.then(|| lang.money(total(people, tour.price))),
            few_left: few_left(tour.available).map(|left| lang.n("places-left", left)),
            checked: chosen.contains(&id),
            sight: tour.sight,
            address: tour.address,
            id,
        })
    }
}

/// `/passeios`: the results.
pub(crate) async fn results(visit: Visit) -> Outcome {
    let choice = match visit.choice(Step::Tours) {
        Ok(choice) => choice,
        Err(page) => return Ok(*page),
    };
    let query = match TourQuery::read(&visit.fields) {
        Ok(query) => query,
        Err(errors) => return Ok(wrong(&visit, &choice, errors).await),
    };
    let lang = visit.lang();
    let choice = choice.for_people(query.people);
    let wanted = Wanted { people: query.people, nights: None };
    let place = (query.city.as_str(), query.day);
    let calendar = Calendar::read(&visit, Daemon::Tours, place, wanted, |day| query.on(day));
    let (found, calendar, chosen) =
        tokio::join!(search(&visit, &query), calendar, visit.look_up(&choice));
    let Cut { offers: tours, more, partial } = match found {
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
    let people = choice.people.unwrap_or(query.people);
    let card = |tour| TourCard::new(lang, tour, people, &choice.tours);
    let cards: Vec<_> = tours.into_iter().filter_map(card).collect();
    if visit.fields.has(GO_ON) && !cards.is_empty() {
        return Ok(see_other(&choice.link("/pacote", vec![])));
    }
    // Tours of other days or cities stay chosen; those on this page say it by their boxes.
    let elsewhere = choice.without_tours(|id| cards.iter().any(|card| card.id == *id));
    let mut others = chosen;
    others.tours.retain(|(id, _)| elsewhere.tours.contains(id));
    let page_of = ToursPage {
        lang,
        layout: Layout::new(&visit.frame, lang.t("tours-title"), Some(Step::Tours), &choice),
        city: query.city.as_str().to_owned(),
        day: lang.day(query.day),
        people: lang.n("people", query.people.count()),
        more: more.map(|last| at(Some(last))),
        begin: query.after.is_some().then(|| at(None)),
        sorting: sort_buttons(
            lang,
            query.about(),
            (&[Sort::Time, Sort::Price], query.filters.sort()),
        ),
        change: choice.link("/passeio", query.pairs()),
        skip: elsewhere.link("/pacote", vec![]),
        hidden: [elsewhere.pairs(), vec![forms::same(&query.pairs())]].concat(),
        notice: PeopleNotice::new(lang, &choice, query.people, ("/passeios", query.about())),
        calendar,
        partial,
        filter: FilterBoxes::new(
            query.pairs(),
            &query.filters,
            vec![
                (lang.t("filter-time"), query.filters.period_checks(lang)),
                (lang.t("sort-price"), vec![query.filters.free_check(lang)]),
            ],
        ),
        summary: Summary::new(lang, &elsewhere, &others),
        cards,
    };
    Ok(page(StatusCode::OK, &page_of))
}

async fn wrong(visit: &Visit, choice: &Choice, errors: Vec<FieldError>) -> warp::reply::Response {
    let places = visit.places(Daemon::Tours).await.unwrap_or_default();
    let form = search_form(visit, &places, &errors, choice, Known::default());
    error::invalid(&visit.frame, &errors, Step::Tours, choice, Some(form))
}

/// Searches.
async fn search(visit: &Visit, query: &TourQuery) -> Result<Cut<Tour>, DaemonError> {
    let (max, after) = (visit.site.settings.pages.offers_max, query.after.as_ref());
    let ask = |page: Page| {
        let request = TourSearch::new(query.city.clone(), query.day, query.people).with_page(page);
        async move {
            let found = visit.read::<_, ToursFound>(Daemon::Tours, &request).await;
            found.map(|found| (found.tours, found.more))
        }
    };
    let begin = ask(query.filters.page(max, after.cloned())).await?;
    let (found, more) = read_on(&query.filters, begin, ask).await?;
    Ok(query.filters.cut(found, more, (max, after)))
}
