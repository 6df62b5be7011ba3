//! `agencia search`: what a traveller would find.

use crate::ask::{Known, Places, asking};
use crate::cli::{OrderOption, PageOptions, Search, SearchWhat};
use crate::error::CommandError;
use crate::programs::Daemon;
use crate::table::{Column, print, table};
use agencia_client::{Answer, Deadlines};
use agencia_protocol::flight::{self, Flight, FlightSearch, FlightsFound};
use agencia_protocol::request::Page;
use agencia_protocol::stay::{self, Stay, StaySearch, StaysFound};
use agencia_protocol::tour::{self, Tour, TourSearch, ToursFound};
use agencia_protocol::{OfferId, Order};
use comfy_table::Table;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::process::ExitCode;

pub(crate) fn run(search: Search, places: Places<'_>) -> Result<ExitCode, CommandError> {
    let known = Known::load(places)?;
    match search.what {
        SearchWhat::Passagem { to, date, back, page } => {
            let search = FlightSearch::new(to, date, back, page.people).with_page(part(&page));
            show(&known, flight::SEARCH, &search, page.json, flights)
        }
        SearchWhat::Hospedar { city, date, back, page } => {
            let search = StaySearch::new(city, date, back, page.people).with_page(part(&page));
            show(&known, stay::SEARCH, &search, page.json, stays)
        }
        SearchWhat::Passeio { city, date, page } => {
            let search = TourSearch::new(city, date, page.people).with_page(part(&page));
            show(&known, tour::SEARCH, &search, page.json, tours)
        }
    }
}

fn part(options: &PageOptions) -> Page {
    let order = match options.order {
        OrderOption::Time => Order::Time,
        OrderOption::Price => Order::Price,
    };
    Page { limit: options.limit, after: options.after.clone(), order }
}

/// Asks the daemon of this search and prints what it found: the list, and whether there is more.
fn show<Q: Serialize, R: Serialize + DeserializeOwned>(
    known: &Known,
    action: &str,
    search: &Q,
    json: bool,
    list: fn(R) -> (Table, bool),
) -> Result<ExitCode, CommandError> {
    let peer = known.named(Daemon::searching(action).name)?;
    let answer: Answer<R> =
        asking(async |spawn| known.pool(peer, Deadlines::default(), spawn).read(search).await)?;
    if json {
        let text = serde_json::to_string(&answer.value);
        print(&text.map_err(|error| CommandError::Output(error.into()))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (table, more) = list(answer.value);
    if table.row_count() == 0 {
        print(&"nothing found")?;
    } else {
        print(&table)?;
    }
    if more {
        print(&"there is more: go on with --after ID, or ask for more with --limit N")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn flights(found: FlightsFound) -> (Table, bool) {
    const COLUMNS: [Column; 8] = [
        ("", false),
        ("departs", true),
        ("arrives", true),
        ("from", false),
        ("to", false),
        ("price", true),
        ("left", true),
        ("id", false),
    ];
    let row = |leg: &str, flight: Flight| {
        vec![
            leg.to_owned(),
            format!("{} {}", flight.day.iso(), flight.departure),
            format!("{} {}", flight.arrival_day.iso(), flight.arrival),
            flight.from.into(),
            flight.to.into(),
            flight.price.to_string(),
            left(flight.available),
            id(flight.id),
        ]
    };
    let out = found.outbound.into_iter().map(|flight| row("out", flight));
    let back = found.inbound.into_iter().map(|flight| row("back", flight));
    (table(&COLUMNS, out.chain(back)), found.more)
}

fn stays(found: StaysFound) -> (Table, bool) {
    const COLUMNS: [Column; 9] = [
        ("hotel", false),
        ("address", false),
        ("room", true),
        ("rooms", true),
        ("beds", true),
        ("breakfast", false),
        ("price", true),
        ("left", true),
        ("id", false),
    ];
    let row = |stay: Stay| {
        vec![
            stay.hotel.into(),
            stay.address.into(),
            stay.number.to_string(),
            stay.rooms.to_string(),
            stay.beds.to_string(),
            if stay.breakfast { "yes" } else { "no" }.to_owned(),
            stay.total.unwrap_or(stay.price).to_string(),
            left(stay.available),
            id(stay.id),
        ]
    };
    (table(&COLUMNS, found.stays.into_iter().map(row)), found.more)
}

fn tours(found: ToursFound) -> (Table, bool) {
    const COLUMNS: [Column; 6] = [
        ("time", true),
        ("sight", false),
        ("address", false),
        ("price", true),
        ("left", true),
        ("id", false),
    ];
    let row = |tour: Tour| {
        vec![
            tour.time.to_string(),
            tour.sight.into(),
            tour.address.into(),
            tour.price.to_string(),
            left(tour.available),
            id(tour.id),
        ]
    };
    (table(&COLUMNS, found.tours.into_iter().map(row)), found.more)
}

fn left(units: Option<u32>) -> String {
    units.map(|units| units.to_string()).unwrap_or_default()
}

fn id(id: Option<OfferId>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
