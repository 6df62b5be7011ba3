//! Flights: the form at `/` and the results at `/voos`.

use super::best::{Best, Found, List, Pair, search};
use super::calendar::{AROUND, Calendar, Cell, Wanted};
use super::error;
use super::form::{Filler, SearchForm};
use super::item::{Summary, total};
use super::results::{FilterBoxes, PeopleNotice, SortButton, few_left, sort_buttons};
use super::{Layout, Outcome, Step, Visit, page, see_other};
use crate::choice::Choice;
use crate::chosen::{Chosen, Standing};
use crate::daemons::{Daemon, DaemonError, Places};
use crate::filters::{Cut, Sort};
use crate::format;
use crate::forms::{self, CHOSEN, FieldError, Fields, GO_ON, Pairs};
use crate::language::Lang;
use crate::queries::{FlightQuery, shift};
use agencia_protocol::flight::{Flight, FlightSearch, FlightsFound};
use agencia_protocol::request::Page;
use agencia_protocol::{Day, Limit, Money, OfferId, People};
use askama::Template;
use compact_str::CompactString;
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
    sorting: Vec<SortButton>,
    change: String,
    skip: String,
    notice: Option<PeopleNotice>,
    /// Whether Enter was pressed before something was picked.
    unpicked: bool,
    hidden: Pairs,
    calendar: Option<Calendar>,
    filter: FilterBoxes,
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

    /// Whether something was said of every way that has flights.
    fn is_picked(&self, fields: &Fields) -> bool {
        let mut ways = self.directions.iter().filter(|way| !way.cards.is_empty());
        self.has_flights() && ways.all(|way| fields.has(way.name))
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
    /// Whether it was said that none is taken.
    none_checked: bool,
    /// Days around that have a flight, when this one has none.
    near: Vec<Cell>,
    /// The search from the next flight on, for a button that keeps what is ticked.
    more: Option<String>,
    /// The search from the beginning of the list, when this is not it.
    begin: Option<String>,
}

/// What a direction is made of.
struct Way<'a> {
    day: Day,
    found: List,
    /// Whether it is the way there.
    is_outbound: bool,
    chosen: Option<&'a OfferId>,
    standing: Option<&'a Standing<Flight>>,
}

impl Direction {
    fn new(asked: &Asked<'_>, way: Way<'_>, near: Vec<Cell>) -> Self {
        let Asked { visit, query, people, .. } = *asked;
        let lang = visit.lang();
        let Way { day, found: List { cut, best }, is_outbound, chosen, standing } = way;
        let Cut { offers, more, .. } = cut;
        let (name, legend, none, empty, go_on, after) = match is_outbound {
            true => (
                "ida",
                lang.t("way-outbound"),
                lang.t("no-outbound"),
                lang.t("flights-none-outbound"),
                lang.t("flights-more-outbound"),
                &query.after_outbound,
            ),
            false => (
                "volta",
                lang.t("way-inbound"),
                lang.t("no-inbound"),
                lang.t("flights-none-inbound"),
                lang.t("flights-more-inbound"),
                &query.after_inbound,
            ),
        };
        let at = |after| asked.after(is_outbound, after);
        let whole = after.is_none() && more.is_none();
        // What was ticked on another part of this list is seen on every part.
        let elsewhere = standing.filter(|_| !whole).and_then(|standing| match standing {
            Standing::OnSale(flight) => Some(flight),
            _ => None,
        });
        let elsewhere = elsewhere.filter(|flight| {
            let airport = if is_outbound { &flight.to } else { &flight.from };
            let listed = offers.iter().any(|offer| offer.id == flight.id);
            airport == query.airport.as_str() && flight.day == day && !listed
        });
        let kept =
            elsewhere.and_then(|flight| FlightCard::new(lang, flight.clone(), people, chosen));
        Self {
            name,
            legend,
            none,
            empty,
            go_on,
            day: lang.day(day),
            near,
            none_checked: chosen.is_none() && visit.fields.has(name),
            more: more.map(|last| at(Some(last))),
            begin: after.is_some().then(|| at(None)),
            cards: kept.into_iter().chain(cards(lang, offers, people, (chosen, best))).collect(),
        }
    }
}

struct FlightCard {
    id: OfferId,
    departure: String,
    arrival: String,
    /// Said only when it arrives on another day.
    arrival_day: Option<String>,
    duration: Option<String>,
    from: CompactString,
    to: CompactString,
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

/// A list that is asked for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    visit: &'a Visit,
    query: &'a FlightQuery,
    choice: &'a Choice,
    /// The choice without its flights: those that are looked for here are not yet anybody's.
    rest: &'a Choice,
    people: People,
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
    let rest = &choice.without_flights().for_people(query.people);
    let people = rest.people.unwrap_or(query.people);
    let asked = Asked { visit: &visit, query: &query, choice: &choice, rest, people };
    let whole = asked.whole();
    let (found, calendar, chosen) =
        tokio::join!(search(&visit, &query), asked.calendar(), visit.look_up(&whole));
    let found = match found {
        Ok(found) => found,
        Err(failure) => {
            let errors = error::fields_of(failure)?;
            return Ok(wrong(&visit, &choice, errors).await);
        }
    };
    let mut page_of = asked.page(found, calendar, chosen).await;
    if visit.fields.has(GO_ON) {
        if page_of.is_picked(&visit.fields) {
            return Ok(see_other(&whole.link("/hospedagem", vec![])));
        }
        page_of.unpicked = true;
    }
    Ok(page(StatusCode::OK, &page_of))
}

impl Asked<'_> {
    /// All that is chosen, for as many as travel.
    fn whole(&self) -> Choice {
        Choice { people: self.rest.people, ..self.choice.clone() }
    }

    /// The same search with one way's list going on after an offer, for a button.
    fn after(&self, is_outbound: bool, after: Option<OfferId>) -> String {
        let query = self.query;
        let (outbound, inbound) = match is_outbound {
            true => (after, query.after_inbound.clone()),
            false => (query.after_outbound.clone(), after),
        };
        let mut about = query.sorted();
        about.extend(outbound.map(|id| ("aposIda", id.to_string())));
        about.extend(inbound.map(|id| ("aposVolta", id.to_string())));
        forms::button(&about)
    }

    async fn calendar(&self) -> Option<Calendar> {
        let query = self.query;
        let wanted = Wanted { people: query.people, nights: None };
        let place = (query.airport.as_str(), query.outbound);
        Calendar::read(self.visit, Daemon::Flights, place, wanted, |day| query.on(day)).await
    }

    async fn page(
        &self,
        Found { outbound, inbound, pairs }: Found,
        calendar: Option<Calendar>,
        chosen: Chosen,
    ) -> FlightsPage {
        let Asked { visit, query, choice, rest, people } = *self;
        let lang = visit.lang();
        let pairs = pairs.into_iter().filter_map(|pair| FlightPair::new(lang, rest, pair, people));
        let pairs = pairs.collect();
        let partial = outbound.cut.partial || inbound.cut.partial;
        let directions = self.directions(outbound, inbound, &chosen).await;
        let ids = || directions.iter().flat_map(|way| &way.cards).map(|card| &card.id);
        let chosen_ids = choice.outbound.iter().chain(&choice.inbound);
        let mut hidden = [rest.pairs(), vec![forms::same(&query.pairs())]].concat();
        if chosen_ids.into_iter().any(|chosen| !ids().any(|id| id == chosen)) {
            hidden.push((CHOSEN, forms::query(&choice.flight_pairs())));
        }
        let search = query.pairs();
        FlightsPage {
            lang,
            layout: Layout::new(&visit.frame, lang.t("flights-title"), Some(Step::Flights), choice),
            airport: query.airport.as_str().to_owned(),
            people: lang.n("people", query.people.count()),
            directions,
            sorting: sort_buttons(
                lang,
                query.about(),
                (&[Sort::Time, Sort::Price, Sort::Duration], query.filters.sort()),
            ),
            change: choice.link("/", search.clone()),
            skip: rest.link("/hospedagem", self.onward()),
            unpicked: false,
            notice: PeopleNotice::new(lang, &self.whole(), query.people, ("/voos", query.about())),
            hidden,
            calendar,
            filter: FilterBoxes::new(
                search,
                &query.filters,
                vec![(lang.t("filter-departure"), query.filters.period_checks(lang))],
            ),
            pairs,
            partial,
            summary: Summary::new(lang, rest, &Chosen { outbound: None, inbound: None, ..chosen }),
        }
    }

    /// The ways that were searched for, and days around the way back where that has nothing.
    async fn directions(&self, outbound: List, inbound: List, chosen: &Chosen) -> Vec<Direction> {
        let there = Way {
            day: self.query.outbound,
            found: outbound,
            is_outbound: true,
            chosen: self.choice.outbound.as_ref(),
            standing: chosen.outbound.as_ref(),
        };
        let mut directions = vec![Direction::new(self, there, Vec::new())];
        if let Some(day) = self.query.inbound {
            let near = match inbound.cut.offers.is_empty() {
                true => self.days_back(day).await,
                false => Vec::new(),
            };
            let back = Way {
                day,
                found: inbound,
                is_outbound: false,
                chosen: self.choice.inbound.as_ref(),
                standing: chosen.inbound.as_ref(),
            };
            directions.push(Direction::new(self, back, near));
        }
        directions
    }

    /// What the search for a room is filled with where no flight is chosen.
    fn onward(&self) -> Pairs {
        let query = self.query;
        vec![
            ("cidade", format::city_of(query.airport.as_str()).to_owned()),
            ("dataIda", query.outbound.iso()),
            ("dataVolta", query.inbound.map(|day| day.iso()).unwrap_or_default()),
        ]
    }

    /// Days around the one of the way back with their lowest prices, when something flies on one of
    /// them. Calendars tell of the way there alone: every day is searched.
    async fn days_back(&self, current: Day) -> Vec<Cell> {
        let Asked { visit, query, .. } = *self;
        // What filters left out is not on another day.
        if query.filters.any() || query.after_inbound.is_some() {
            return Vec::new();
        }
        let today = visit.today();
        let on = |day| {
            let other = FlightQuery { inbound: Some(day), ..query.clone() };
            other.sorted()
        };
        let mut days = Vec::new();
        let around = (-AROUND..=AROUND).filter_map(|by| shift(current, by));
        for day in around.filter(|day| *day >= query.outbound) {
            let over = today.is_some_and(|today| day < today);
            let price = match over || day == current {
                true => None,
                false => match self.lowest_back(day).await {
                    Ok(price) => price,
                    Err(failure) => {
                        log::debug!("voos told no prices of days: {}", failure.error);
                        return Vec::new();
                    }
                },
            };
            days.push(Cell::new(visit.lang(), day, current, price, on));
        }
        if days.iter().all(|day| day.price.is_none()) {
            days.clear();
        }
        days
    }

    /// The lowest price of a way back on this day.
    async fn lowest_back(&self, day: Day) -> Result<Option<Money>, DaemonError> {
        let FlightQuery { airport, outbound, people, .. } = self.query;
        let page = Page { limit: Limit::new(1), after: None, order: Sort::Price.order() };
        let request = FlightSearch::new(airport.clone(), *outbound, Some(day), *people);
        let found =
            self.visit.read::<_, FlightsFound>(Daemon::Flights, &request.with_page(page)).await?;
        Ok(found.inbound.first().map(|flight| flight.price))
    }
}

/// The page that says which fields are wrong, with the form as it was typed.
async fn wrong(visit: &Visit, choice: &Choice, errors: Vec<FieldError>) -> warp::reply::Response {
    // Without the list the name is typed: a second error would hide the first.
    let places = visit.places(Daemon::Flights).await.unwrap_or_default();
    let form = search_form(visit, &places, &errors, choice, Known::default());
    error::invalid(&visit.frame, &errors, Step::Flights, choice, Some(form))
}

/// The cards of a list, the best of which say so.
fn cards(
    lang: Lang,
    flights: Vec<Flight>,
    people: People,
    (chosen, best): (Option<&OfferId>, Best),
) -> impl Iterator<Item = FlightCard> {
    flights.into_iter().filter_map(move |flight| {
        let best = best.say(lang, &flight);
        Some(FlightCard { best, ..FlightCard::new(lang, flight, people, chosen)? })
    })
}

impl FlightPair {
    /// A pair as it is shown; `rest` is chosen already.
    fn new(lang: Lang, rest: &Choice, pair: Pair, people: People) -> Option<Self> {
        let Pair { name, outbound, inbound } = pair;
        let hours = |flight: &Flight| {
            format!("{}–{}", format::time(flight.departure), format::time(flight.arrival))
        };
        let price = total(people, outbound.price) + total(people, inbound.price);
        let (there, back) = (hours(&outbound), hours(&inbound));
        let (one, other) = (outbound.id?, inbound.id?);
        let choice = Choice { outbound: Some(one), inbound: Some(other), ..rest.clone() };
        Some(Self {
            name: lang.say(name),
            outbound: there,
            inbound: back,
            price: lang.price(price),
            each: lang.n("for-people", people.count()),
            href: choice.link("/hospedagem", vec![]),
        })
    }
}
