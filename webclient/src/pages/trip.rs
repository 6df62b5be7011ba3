//! `/viagem/ID`: how a trip stands, on any instance, from what the daemons say and the address.
//! It takes nothing, lets nothing go and claims nothing that no daemon has said.

use super::access::{self, Pass};
use super::item::Item;
use super::missing::{Gap, Missing, Refusals, choice_of};
use super::travellers::TravellersForm;
use super::{Layout, Outcome, Step, Visit, error, page};
use crate::choice::Choice;
use crate::forms::Pairs;
use crate::trip::{self, Known, SoldItem, Standing};
use crate::{assets, format, texts};
use agencia_protocol::TripId;
use agencia_protocol::trip::Timestamp;
use askama::Template;
use chrono::{DateTime, Utc};
use warp::http::StatusCode;
use warp::http::header::{self, HeaderValue};
use warp::reply::Response;

/// Seconds after which a page asks again while something is not known yet.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("3");

/// The address of a trip's page.
pub(crate) fn path(trip: TripId) -> String {
    format!("/viagem/{trip}")
}

#[derive(Template)]
#[template(path = "viagem.html")]
struct TripPage {
    layout: Layout,
    heading: &'static str,
    lead: &'static str,
    /// What is to be said before everything else.
    notice: Option<&'static str>,
    /// Whether nobody knows yet: the page asks again by itself.
    waits: bool,
    /// The daemons that say nothing.
    silent: Vec<&'static str>,
    locator: Option<String>,
    deadline: Option<Deadline>,
    missing: Vec<Missing>,
    /// What the list of items is called.
    items_are: &'static str,
    items: Vec<Item>,
    total: String,
    /// What the total is called.
    total_is: &'static str,
    refund: Option<String>,
    form: Option<TravellersForm>,
    /// Hidden inputs of the form that lets everything go, and where it is sent.
    give_up: Option<(String, Pairs)>,
    travellers: Vec<String>,
    contact: Option<String>,
    cancel: Option<String>,
    /// The review of the same items.
    again: Option<String>,
    script: &'static str,
}

/// When a hold ends.
struct Deadline {
    clock: String,
    left: String,
    left_secs: i64,
    unix_millis: i64,
}

impl Deadline {
    fn new(visit: &Visit, at: Timestamp) -> Self {
        let now = visit.now();
        let zone = now.timezone();
        let at = DateTime::<Utc>::from_timestamp_millis(at.unix_millis()).unwrap_or_default();
        let left_secs = (at - now.with_timezone(&Utc)).num_seconds().max(0);
        let local = at.with_timezone(&zone);
        let clock = match local.date_naive() == now.date_naive() {
            true => local.format("%H:%M").to_string(),
            false => local.format("%H:%M de %d/%m/%Y").to_string(),
        };
        let left = format::time_left(left_secs);
        Self { clock, left, left_secs, unix_millis: at.timestamp_millis() }
    }
}

/// What a visitor has sent that cannot be used, shown with the page.
pub(super) struct Unusable {
    pub(super) status: StatusCode,
    pub(super) notice: Option<&'static str>,
    pub(super) form: Option<TravellersForm>,
}

/// The page.
pub(crate) async fn show(visit: Visit, pass: Pass) -> Outcome {
    let known = visit.consult(pass.trip).await;
    Ok(render(&visit, &pass, &known, None).await)
}

/// The page of a trip of which this is known.
pub(super) async fn render(
    visit: &Visit,
    pass: &Pass,
    known: &[Known],
    unusable: Option<Unusable>,
) -> Response {
    let asked = match Choice::read(&visit.fields) {
        Ok(choice) => choice,
        Err(errors) => return error::invalid(&errors, Step::Trip, &Choice::default(), None),
    };
    let standing = trip::standing(known);
    if standing == Standing::Nothing && asked.is_empty() {
        return access::unknown();
    }
    let items = trip::items(known, &standing);
    let held = choice_of(&items, asked.people).of_trip(Some(pass.trip));
    let wanted = match asked.is_empty() {
        true => held.clone(),
        false => Choice { people: held.people.or(asked.people), ..asked }.of_trip(Some(pass.trip)),
    };
    let of_items = PageOf { pass, known, items };
    let mut page_of = of_items.start(&standing);
    match standing {
        Standing::Held { parts, deadline, .. } => {
            let refusals = Refusals::read(&visit.fields);
            let gap = Gap { visit, wanted: wanted.clone(), held, refusals };
            page_of.missing = gap.missing().await;
            page_of.deadline = deadline.map(|at| Deadline::new(visit, at));
            page_of.give_up = Some((pass.link("/desistir"), pass.pairs()));
            page_of.again = Some(wanted.link("/pacote", vec![]));
            if page_of.missing.is_empty() {
                let form = || TravellersForm::empty(pass, &parts, of_items.people(&wanted));
                page_of.form =
                    Some(unusable.as_ref().and_then(|sent| sent.form.clone()).unwrap_or_else(form));
            } else {
                page_of.heading = "Falta um pedaço da sua viagem";
                page_of.lead = "O que está abaixo em “Reservado” continua seu até o prazo. \
                    Escolha como seguir.";
            }
            page_of.layout = Layout::new(page_of.heading, Some(Step::Trip), &wanted);
        }
        Standing::Nothing => {
            let refusals = Refusals::read(&visit.fields);
            let gap = Gap { visit, wanted: wanted.clone(), held, refusals };
            page_of.missing = gap.missing().await;
            page_of.layout = Layout::new(page_of.heading, Some(Step::Trip), &wanted);
        }
        Standing::NotBooked { .. } => {
            page_of.again = (!wanted.is_empty()).then(|| wanted.link("/pacote", vec![]));
        }
        _ => {}
    }
    if let Some(sent) = &unusable {
        page_of.notice = sent.notice;
    }
    let status = match (unusable, page_of.waits && page_of.items.is_empty()) {
        (Some(sent), _) => sent.status,
        // Nothing can be said.
        (None, true) => StatusCode::SERVICE_UNAVAILABLE,
        (None, false) => StatusCode::OK,
    };
    let mut response = page(status, &page_of);
    if page_of.waits {
        let headers = response.headers_mut();
        headers.insert(header::REFRESH, ASK_AGAIN);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, ASK_AGAIN);
        }
    }
    response
}

/// What every state of a trip's page is made from.
struct PageOf<'a> {
    pass: &'a Pass,
    known: &'a [Known],
    items: Vec<SoldItem>,
}

impl PageOf<'_> {
    /// The page of a trip that stands like this, with all that needs no further question.
    fn start(&self, standing: &Standing) -> TripPage {
        let says = says(standing);
        let items: Vec<_> = self.items.iter().map(Item::of_trip).collect();
        let silent = self.known.iter().filter(|known| known.view.is_none());
        let mut page_of = TripPage {
            // Whatever is decided is not chosen again: no way back into it.
            layout: Layout::new(says.heading, Some(Step::Voucher), &self.choice()),
            heading: says.heading,
            lead: says.lead,
            notice: None,
            waits: says.waits,
            silent: silent.map(|known| texts::product(known.daemon)).collect(),
            locator: None,
            deadline: None,
            missing: Vec::new(),
            items_are: says.items_are,
            total: format::money(items.iter().map(|item| item.cents).sum()),
            total_is: says.total_is,
            items,
            refund: None,
            form: None,
            give_up: None,
            travellers: Vec::new(),
            contact: None,
            cancel: None,
            again: None,
            script: assets::url("contagem.js"),
        };
        match standing {
            Standing::Booked { anchor, .. } => {
                self.tell_travellers(&mut page_of);
                page_of.cancel = anchor.map(|_| self.pass.link("/cancelar"));
            }
            Standing::Cancelled { refund, .. } => {
                page_of.refund = refund.map(|refund| format::money(refund.0));
                self.tell_travellers(&mut page_of);
            }
            _ => {}
        }
        page_of
    }

    fn tell_travellers(&self, page_of: &mut TripPage) {
        let views = || self.known.iter().filter_map(|known| known.view.as_ref());
        page_of.locator = views().find_map(|view| view.locator).map(|locator| locator.to_string());
        if let Some(view) = views().find(|view| view.decision.is_some()) {
            let name = |traveller: &agencia_protocol::trip::Traveller| {
                format!("{} {}", traveller.name, traveller.surname)
            };
            page_of.travellers = view.travellers.iter().map(name).collect();
            page_of.contact = view.contact.as_ref().map(ToString::to_string);
        }
    }

    fn choice(&self) -> Choice {
        choice_of(&self.items, None).of_trip(Some(self.pass.trip))
    }

    /// How many travel, as far as the items or else the address tell.
    fn people(&self, wanted: &Choice) -> u16 {
        self.choice().people.or(wanted.people).unwrap_or_default().count()
    }
}

/// What a page says first.
struct Says {
    heading: &'static str,
    lead: &'static str,
    items_are: &'static str,
    total_is: &'static str,
    waits: bool,
}

fn says(standing: &Standing) -> Says {
    let says = |heading, lead, items_are, total_is, waits| Says {
        heading,
        lead,
        items_are,
        total_is,
        waits,
    };
    match standing {
        Standing::Nothing => says(
            "Nada foi reservado",
            "Nenhum item desta viagem pôde ser reservado, e nada foi cobrado. Escolha como seguir.",
            "Itens",
            "Total",
            false,
        ),
        Standing::Silent => says(
            "Não conseguimos consultar sua viagem agora",
            "Esta página pergunta de novo sozinha. Sua viagem está como você a deixou.",
            "Itens",
            "Total",
            true,
        ),
        Standing::Held { .. } => says(
            "Tudo reservado. Quem viaja?",
            "Preencha os nomes e confirme: só então a viagem é comprada, inteira ou nada.",
            "Reservado",
            "Total",
            false,
        ),
        Standing::Undecided { .. } => says(
            "Ainda não sabemos como ficou sua viagem",
            "Os servidores estão acertando entre si. Esta página pergunta de novo sozinha: não é \
             preciso comprar outra vez.",
            "Itens desta viagem",
            "Total",
            true,
        ),
        Standing::Booked { settled: true, .. } => says(
            "Boa viagem!",
            "Tudo foi comprado. Guarde o localizador: com ele e um sobrenome você abre esta \
             viagem em qualquer lugar.",
            "Sua viagem",
            "Total",
            false,
        ),
        Standing::Booked { settled: false, .. } => says(
            "Comprado. Estamos avisando todos.",
            "Sua viagem está comprada, inteira. Falta um servidor registrar isso, o que acontece \
             sozinho.",
            "Sua viagem",
            "Total",
            true,
        ),
        Standing::Cancelled { settled, .. } => says(
            "Viagem cancelada",
            "A viagem foi cancelada inteira: nada mais está reservado para ela.",
            "O que foi cancelado",
            "Valia",
            !settled,
        ),
        Standing::NotBooked { reason, .. } => says(
            "A viagem não foi comprada",
            texts::abort_reason(*reason),
            "O que estava escolhido",
            "Total",
            false,
        ),
    }
}
