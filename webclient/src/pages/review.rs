//! The review at `/pacote`: everything chosen, read again, and the form that buys it.

use super::error;
use super::item::Item;
use super::{Layout, Outcome, Step, Visit, page};
use crate::booking::{self, Part};
use crate::choice::Choice;
use crate::chosen::{Chosen, Standing};
use crate::format;
use crate::forms::{Pairs, link};
use agencia_protocol::Nights;
use agencia_protocol::flight::Flight;
use agencia_protocol::stay::Stay;
use agencia_protocol::tour::Tour;
use askama::Template;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "pacote.html")]
struct ReviewPage {
    layout: Layout,
    lines: Vec<Line>,
    total: String,
    people: String,
    /// The purchase, unless a part of it is gone.
    confirm: Option<Pairs>,
    /// Links to what is not chosen yet.
    missing: Vec<(&'static str, String)>,
}

/// One chosen offer.
struct Line {
    kind: &'static str,
    /// The offer; nothing when it is gone.
    item: Option<Item>,
    /// Why it cannot be bought.
    trouble: Option<&'static str>,
    /// The search for another one.
    change: String,
    /// The same review without it.
    remove: String,
}

/// `GET /pacote`: takes nothing.
pub(crate) async fn show(visit: Visit) -> Outcome {
    let choice = match Choice::read(&visit.fields) {
        Ok(choice) => choice,
        Err(errors) => return Ok(error::invalid(&errors, Step::Review, &Choice::default(), None)),
    };
    let chosen = visit.look_up(&choice).await;
    // Without a price there is nothing to confirm.
    if let Some(failure) = chosen.failure {
        return Err(failure);
    }
    let lines = lines(&choice, &chosen);
    let on_sale = lines.iter().filter(|line| line.trouble.is_none());
    let cents = on_sale.filter_map(|line| line.item.as_ref()).map(|item| item.cents).sum();
    let whole = !lines.is_empty() && lines.iter().all(|line| line.trouble.is_none());
    let mut missing = Vec::new();
    if !choice.has_flights() {
        missing.push(("Escolher voo", choice.link("/", vec![])));
    }
    if choice.stay.is_none() {
        missing.push(("Escolher hospedagem", choice.link("/hospedagem", vec![])));
    }
    let more_tours =
        if choice.tours.is_empty() { "Escolher passeio" } else { "Escolher mais passeios" };
    missing.push((more_tours, choice.link("/passeio", vec![])));
    let people = choice.people.unwrap_or_default().count();
    let page_of = ReviewPage {
        layout: Layout::new("Revise o seu pacote", Some(Step::Review), &choice),
        lines,
        total: format::money(cents),
        people: format::count(people, "pessoa", "pessoas"),
        confirm: whole.then(|| booking::mint(&choice)),
        missing,
    };
    Ok(page(StatusCode::OK, &page_of))
}

fn lines(choice: &Choice, chosen: &Chosen) -> Vec<Line> {
    let people = choice.people.unwrap_or_default();
    let searches = Searches { choice, chosen };
    let mut lines = Vec::new();
    let flights = [(&chosen.outbound, Part::Outbound), (&chosen.inbound, Part::Inbound)];
    for (standing, part) in flights {
        let Some(standing) = standing else { continue };
        let mut without = choice.clone();
        match part {
            Part::Outbound => without.outbound = None,
            _ => without.inbound = None,
        }
        let item = standing.record().map(|flight| Item::flight(part, flight, people));
        lines.push(line(part, item, trouble(standing), searches.flights(), &without));
    }
    if let Some(standing) = &chosen.stay {
        let item = standing.record().map(Item::stay);
        lines.push(line(
            Part::Stay,
            item,
            trouble(standing),
            searches.stay(),
            &choice.without_stay(),
        ));
    }
    for (id, standing) in &chosen.tours {
        let item = standing.record().map(|tour| Item::tour(tour, people));
        let without = choice.without_tours(|tour| tour == id);
        lines.push(line(
            Part::Tour,
            item,
            trouble(standing),
            searches.tour(standing.record()),
            &without,
        ));
    }
    lines
}

fn line(
    part: Part,
    item: Option<Item>,
    trouble: Option<&'static str>,
    change: String,
    without: &Choice,
) -> Line {
    let kind = match part {
        Part::Outbound => "Voo de ida",
        Part::Inbound => "Voo de volta",
        Part::Stay => "Hospedagem",
        Part::Tour => "Passeio",
    };
    Line { kind, item, trouble, change, remove: without.link("/pacote", vec![]) }
}

fn trouble<R>(standing: &Standing<R>) -> Option<&'static str> {
    match standing {
        Standing::OnSale(_) => None,
        Standing::SoldOut(_) => Some("Esgotou: não há mais vagas para todos."),
        Standing::Gone => Some("Esta oferta não está mais à venda."),
        Standing::Unread => Some("Não foi possível consultar esta oferta agora."),
    }
}

/// Links to the searches that the chosen offers came from, as far as their records tell. The rest
/// of the choice travels along.
pub(super) struct Searches<'a> {
    pub(super) choice: &'a Choice,
    pub(super) chosen: &'a Chosen,
}

impl Searches<'_> {
    /// The search for flights.
    pub(super) fn flights(&self) -> String {
        let record = |standing: &Option<Standing<Flight>>| {
            standing.as_ref().and_then(Standing::record).cloned()
        };
        let (outbound, inbound) = (record(&self.chosen.outbound), record(&self.chosen.inbound));
        let airport = outbound
            .as_ref()
            .map(|flight| &flight.to)
            .or(inbound.as_ref().map(|flight| &flight.from));
        let (Some(airport), Some(day)) =
            (airport, outbound.as_ref().or(inbound.as_ref()).map(|flight| flight.day))
        else {
            return self.choice.link("/", vec![]);
        };
        let mut about = vec![("paraAeroporto", airport.clone()), ("dataIda", day.iso())];
        about.extend(inbound.map(|flight| ("dataVolta", flight.day.iso())));
        about.push(("numeroPassagens", self.people()));
        self.choice.link("/voos", about)
    }

    /// The search for a room.
    pub(super) fn stay(&self) -> String {
        let record: Option<&Stay> = self.chosen.stay.as_ref().and_then(Standing::record);
        let Some(stay) = record else { return self.choice.link("/hospedagem", vec![]) };
        let nights = stay.nights.map_or(1, Nights::count);
        let leaving = stay.day.after(nights).map(|day| day.iso());
        let about = vec![
            ("cidade", stay.city.clone()),
            ("dataIda", stay.day.iso()),
            ("dataVolta", leaving.unwrap_or_default()),
            ("numeroDePessoas", self.people()),
        ];
        self.choice.link("/hospedagens", about)
    }

    /// The search for a tour.
    pub(super) fn tour(&self, tour: Option<&Tour>) -> String {
        let Some(tour) = tour else { return self.choice.link("/passeio", vec![]) };
        let about = vec![
            ("cidade", tour.city.clone()),
            ("dataIda", tour.day.iso()),
            ("numeroDePessoas", self.people()),
        ];
        self.choice.link("/passeios", about)
    }

    fn people(&self) -> String {
        self.choice.people.unwrap_or_default().to_string()
    }
}

/// A link to the review of a choice.
pub(super) fn of(choice: &Choice) -> String {
    link("/pacote", &choice.pairs())
}
