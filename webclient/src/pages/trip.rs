//! `/viagem/ID`: how a trip stands, on any instance, from what the daemons say and the address.
//! It takes nothing, lets nothing go and claims nothing that no daemon has said.

use super::access::{self, Pass};
use super::extend::{self, Extended};
use super::item::Item;
use super::missing::{Gap, Missing, Refusals, Seen, choice_of};
use super::terms::{Terms, terms};
use super::travellers::TravellersForm;
use super::voucher::Qr;
use super::{Frame, Layout, Outcome, Step, Visit, error, page};
use crate::choice::Choice;
use crate::daemons::Daemon;
use crate::forms::Pairs;
use crate::language::{Key, Lang};
use crate::trip::{self, Known, SoldItem, Standing, Stranger};
use crate::{assets, texts};
use agencia_protocol::trip::{AbortReason, Timestamp};
use agencia_protocol::{Day, TripId};
use agencia_trip::driver::PlannedPart;
use askama::Template;
use chrono::{DateTime, Utc};
use warp::http::StatusCode;
use warp::http::header::{self, HeaderValue};
use warp::reply::Response;

/// The field of an address that says how often its page has asked again by itself.
const TRIES: &str = "tentativa";

/// How often a page asks again by itself while something is not known yet.
const TRIES_MAX: u32 = 10;

/// After how many seconds it does so first; each time it waits twice as long, up to a minute.
const FIRST_WAIT_SECS: u32 = 3;
const WAIT_SECS_MAX: u32 = 60;

/// The seconds to wait after so many tries; nothing when that was enough.
fn wait_secs(tries: u32) -> Option<u32> {
    let doubled = FIRST_WAIT_SECS.saturating_mul(2_u32.saturating_pow(tries));
    (tries < TRIES_MAX).then(|| doubled.min(WAIT_SECS_MAX))
}

/// The address of a trip's page.
pub(crate) fn path(trip: TripId) -> String {
    format!("/viagem/{trip}")
}

#[derive(Template)]
#[template(path = "viagem.html")]
struct TripPage {
    lang: Lang,
    layout: Layout,
    heading: &'static str,
    lead: &'static str,
    /// What is to be said before everything else.
    notice: Option<String>,
    /// Whether nobody knows yet: the page asks again.
    waits: bool,
    /// Whether it does so by itself.
    asks: &'static str,
    /// The same page, from the first try on.
    ask_now: String,
    /// That daemons say nothing, and which.
    unheard: Option<String>,
    locator: Option<String>,
    deadline: Option<Deadline>,
    missing: Vec<Missing>,
    /// What the list of items is called.
    items_are: &'static str,
    items: Vec<Item>,
    /// What is said of the parts that these pages do not know.
    strangers: Vec<String>,
    /// What cancelling gives back.
    terms: Vec<Terms>,
    total: String,
    /// What the total is called.
    total_is: &'static str,
    refund: Option<String>,
    form: Option<TravellersForm>,
    /// The value of the button that asks for more time, and hidden inputs of its form, where no other
    /// form can have it.
    extend: Option<(String, Pairs)>,
    /// The page without what its address says.
    path: String,
    /// Hidden inputs of the form that lets everything go, and where it is sent.
    give_up: Option<(String, Pairs)>,
    travellers: Vec<String>,
    contact: Option<String>,
    /// Where the names are changed.
    alter: Option<String>,
    cancel: Option<String>,
    /// What opens the trip on a phone.
    qr: Option<Qr>,
    /// The trip for a calendar.
    agenda: Option<String>,
    /// Whether all of it is printed on one sheet of A4.
    fits_one_sheet: bool,
    /// Whether the voucher is one no more.
    cancelled: bool,
    /// The review of the same items.
    again: Option<String>,
    script: &'static str,
}

impl TripPage {
    /// Says what is missing for one and the same reason once.
    fn say_once(&mut self) {
        let [first, others @ ..] = self.missing.as_mut_slice() else { return };
        let is_same = |other: &Missing| other.was.is_none() && other.reason == first.reason;
        if !others.is_empty() && first.was.is_none() && others.iter().all(is_same) {
            self.notice = first.reason.map(ToOwned::to_owned);
            for part in &mut self.missing {
                part.reason = None;
            }
        }
    }
}

/// The field of the address that says that its visitor has let the trip go, and its value.
pub(super) const LET_GO: &str = "solta";
pub(super) const YES: &str = "sim";

/// What is printed on one sheet of A4 for sure: what the browser's test prints, and as many names.
const SHEET_ITEMS_MAX: usize = 4;
const SHEET_TRAVELLERS_MAX: usize = 9;

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
        let lang = visit.lang();
        let local = at.with_timezone(&zone);
        let clock = match local.date_naive() == now.date_naive() {
            true => local.format("%H:%M").to_string(),
            false => {
                let day = Day::from_date(local.date_naive()).map(|day| lang.day(day));
                format!("{}, {}", day.unwrap_or_default(), local.format("%H:%M"))
            }
        };
        let left = lang.time_left(left_secs);
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
    let asked = match visit.choice(Step::Trip) {
        Ok(choice) => choice,
        Err(page) => return *page,
    };
    let standing = trip::standing(known);
    if standing == Standing::Nothing && asked.is_empty() {
        return access::unknown(&visit.frame);
    }
    let is_known = !matches!(standing, Standing::Silent | Standing::Undecided { .. });
    if !is_known && trip::is_refused(known) {
        // Asking again is of no use.
        return error::search_only(&visit.frame);
    }
    let of_items = PageOf { visit, pass, known, items: trip::items(known, &standing) };
    let choices = Choices::new(&of_items, asked);
    let mut page_of = of_items.start(&standing);
    let (mut form, status) = (None, unusable.as_ref().map(|sent| sent.status));
    if let Some(sent) = unusable {
        page_of.notice = sent.notice.map(ToOwned::to_owned);
        form = sent.form;
    }
    match standing {
        Standing::Held { parts, deadline, .. } => {
            page_of.terms = of_items.terms(&page_of);
            of_items.tell_held(&mut page_of, choices, (deadline, &parts), form).await;
        }
        Standing::Nothing => {
            page_of.again = choices.review();
            page_of.layout = Layout::new(&visit.frame, page_of.heading, None, &choices.wanted);
            page_of.missing = choices.missing(visit).await;
            page_of.say_once();
        }
        Standing::Booked { .. } => {
            page_of.terms = of_items.terms(&page_of);
            of_items.tell_voucher(&mut page_of);
        }
        Standing::NotBooked { reason, .. } => {
            // Nobody keeps why what was only held is held no more, but whoever let it go is told so.
            if reason.is_none() && visit.fields.first(LET_GO) == YES {
                page_of.lead = visit.lang().say(texts::abort_reason(Some(AbortReason::LetGo)));
            }
            page_of.again = choices.review();
        }
        Standing::Silent | Standing::Undecided { .. } | Standing::Cancelled { .. } => {}
    }
    respond(visit, page_of, status)
}

/// What a trip has, and what it is to have.
struct Choices {
    held: Choice,
    wanted: Choice,
}

impl Choices {
    /// What is asked for by the address is wanted; without that, what is there.
    fn new(of_items: &PageOf<'_>, asked: Choice) -> Self {
        let trip = Some(of_items.pass.trip);
        let held = choice_of(&of_items.items, asked.people).of_trip(trip);
        let wanted = match asked.is_empty() {
            true => held.clone(),
            false => Choice { people: held.people.or(asked.people), ..asked }.of_trip(trip),
        };
        Self { held, wanted }
    }

    /// The review of what is wanted, if that is anything.
    fn review(&self) -> Option<String> {
        (!self.wanted.is_empty()).then(|| self.wanted.link("/pacote", vec![]))
    }

    /// What is missing of what is wanted.
    async fn missing(self, visit: &Visit) -> Vec<Missing> {
        let (refusals, seen) = (Refusals::read(&visit.fields), Seen::read(&visit.fields));
        Gap { visit, wanted: self.wanted, held: self.held, refusals, seen }.missing().await
    }
}

/// The page as it is sent, with its status unless what was sent has another one.
fn respond(visit: &Visit, mut page_of: TripPage, unusable: Option<StatusCode>) -> Response {
    let tries = visit.fields.first(TRIES).parse().unwrap_or(0);
    page_of.asks = match wait_secs(tries) {
        Some(_) => visit.lang().t("asks-again"),
        None => visit.lang().t("asks-no-more"),
    };
    let status = match page_of.waits && page_of.items.is_empty() {
        // Nothing can be said.
        true => StatusCode::SERVICE_UNAVAILABLE,
        false => StatusCode::OK,
    };
    let mut response = page(unusable.unwrap_or(status), &page_of);
    if page_of.waits {
        ask_again(&mut response, &visit.frame, tries);
    }
    response
}

/// Has a page asked for again by itself, unless that was done often enough.
fn ask_again(response: &mut Response, frame: &Frame, tries: u32) {
    let unavailable = response.status() == StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    if let Some(secs) = wait_secs(tries) {
        let next = frame.here_with(TRIES, Some(&(tries + 1).to_string()));
        // A path and an encoded query.
        let refresh = HeaderValue::try_from(format!("{secs}; url={next}"));
        headers.insert(header::REFRESH, refresh.expect("links are printable ASCII"));
    }
    if unavailable {
        headers.insert(header::RETRY_AFTER, wait_secs(tries).unwrap_or(WAIT_SECS_MAX).into());
    }
}

/// What every state of a trip's page is made from.
struct PageOf<'a> {
    visit: &'a Visit,
    pass: &'a Pass,
    known: &'a [Known],
    items: Vec<SoldItem>,
}

impl PageOf<'_> {
    /// The page of a trip that stands like this, with all that needs no further question.
    fn start(&self, standing: &Standing) -> TripPage {
        let frame = &self.visit.frame;
        let (lang, says) = (frame.lang, says(standing));
        let items: Vec<_> = self.items.iter().map(|item| Item::of_trip(lang, item)).collect();
        let strangers: Vec<_> = trip::strangers(self.known)
            .iter()
            .map(|Stranger { name, items }| {
                let count = lang.n("items-of", *items as u64);
                lang.with("stranger", &[("daemon", name.as_str()), ("items", &count)])
            })
            .collect();
        let total_is = match strangers.is_empty() {
            true => lang.say(says.total_is),
            false => lang.t("total-known"),
        };
        let mut page_of = TripPage {
            lang,
            // Whatever is decided is not chosen again: no way back into it.
            layout: Layout::new(
                frame,
                lang.say(says.heading),
                Some(match standing {
                    Standing::NotBooked { .. } | Standing::Cancelled { .. } => Step::Over,
                    _ => Step::Voucher,
                }),
                &self.choice(),
            ),
            heading: lang.say(says.heading),
            lead: lang.say(says.lead),
            notice: None,
            waits: says.waits,
            asks: "",
            ask_now: frame.here_with(TRIES, None),
            unheard: unheard(lang, self.known),
            locator: None,
            deadline: None,
            missing: Vec::new(),
            items_are: lang.say(says.items_are),
            total: lang.money(items.iter().map(|item| item.cents).sum()),
            total_is,
            strangers,
            terms: Vec::new(),
            items,
            refund: None,
            form: None,
            extend: None,
            path: path(self.pass.trip),
            give_up: None,
            travellers: Vec::new(),
            contact: None,
            alter: None,
            cancel: None,
            qr: None,
            agenda: None,
            fits_one_sheet: false,
            cancelled: matches!(standing, Standing::Cancelled { .. }),
            again: None,
            script: assets::url("contagem.js"),
        };
        match standing {
            Standing::Booked { anchor, .. } => {
                self.tell_travellers(&mut page_of);
                page_of.alter = anchor.map(|_| self.pass.link("/alterar"));
                // What a part gives back that nobody here can ask is not made up.
                let whole = anchor.filter(|_| page_of.strangers.is_empty());
                page_of.cancel = whole.map(|_| self.pass.link("/cancelar"));
            }
            Standing::Cancelled { refund, .. } => {
                page_of.refund = refund.map(|refund| lang.money(refund.0));
                self.tell_travellers(&mut page_of);
            }
            _ => {}
        }
        page_of
    }

    /// Says of a trip that is held until when, what is missing, and who travels.
    async fn tell_held(
        &self,
        page_of: &mut TripPage,
        choices: Choices,
        (deadline, parts): (Option<Timestamp>, &[PlannedPart]),
        form: Option<TravellersForm>,
    ) {
        let (visit, lang) = (self.visit, self.visit.lang());
        page_of.deadline = deadline.map(|at| Deadline::new(visit, at));
        let extended = Extended::read(&visit.fields);
        if let Some((extended, deadline)) = extended.zip(page_of.deadline.as_ref()) {
            page_of.notice = Some(extended.say(lang, &deadline.clock));
        }
        let until = deadline.filter(|_| extended != Some(Extended::ToTheEnd));
        let until = until.map(|at| at.unix_millis().to_string());
        page_of.give_up = Some((self.pass.link("/desistir"), self.pass.pairs()));
        page_of.again = Some(choices.wanted.link("/pacote", vec![]));
        let wanted = choices.wanted.clone();
        page_of.missing = choices.missing(visit).await;
        if page_of.missing.is_empty() {
            let empty = || TravellersForm::empty(lang, self.pass, parts, self.people(&wanted));
            // The button sends what was typed, which would else be gone.
            let mut form = form.unwrap_or_else(empty);
            form.extend = until;
            page_of.form = Some(form);
        } else {
            page_of.extend = until.map(|until| (until, extend::address(visit, self.pass)));
            page_of.heading = lang.t("partly-held-title");
            page_of.lead = lang.t("partly-held");
        }
        page_of.layout = Layout::new(&visit.frame, page_of.heading, Some(Step::Trip), &wanted);
    }

    /// Makes a booked trip's page a voucher.
    fn tell_voucher(&self, page_of: &mut TripPage) {
        // Whoever scans it has no cookie here: a token opens this trip, and nothing else.
        let opened = Pass::opened(self.visit, self.pass.trip);
        page_of.qr = Qr::new(&self.visit.frame.absolute(&opened.link("")));
        page_of.agenda = Some(self.pass.link("/agenda.ics"));
        page_of.fits_one_sheet = page_of.items.len() <= SHEET_ITEMS_MAX
            && page_of.travellers.len() <= SHEET_TRAVELLERS_MAX;
    }

    /// What cancelling gives back, by the policies that were told when the parts were held.
    fn terms(&self, page_of: &TripPage) -> Vec<Terms> {
        let policy = |daemon: Daemon| {
            let known = self.known.iter().find(|known| known.daemon == daemon)?;
            known.view.as_ref()?.policy.as_deref()
        };
        let items: Vec<_> = page_of.items.iter().collect();
        terms(self.visit.lang(), self.visit.today(), &items, policy)
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

/// Which daemons say nothing; where another one does, what is shown is its word.
fn unheard(lang: Lang, known: &[Known]) -> Option<String> {
    let silent = known.iter().filter(|known| known.view.is_none());
    let servers: Vec<_> = silent
        .map(|known| {
            let product = lang.say(texts::product(known.daemon));
            lang.with("server-of", &[("product", product)])
        })
        .collect();
    let products = [("products", &*servers.join(", "))];
    let said = match servers.len() < known.len() {
        true => lang.with("trip-unheard", &products),
        false => lang.with("trip-unheard-all", &products),
    };
    (!servers.is_empty()).then_some(said)
}

/// What a page says first.
struct Says {
    heading: Key,
    lead: Key,
    items_are: Key,
    total_is: Key,
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
    let total = Key("total");
    match standing {
        Standing::Nothing => {
            says(Key("trip-nothing-title"), Key("trip-nothing"), Key("trip-items"), total, false)
        }
        Standing::Silent => {
            says(Key("trip-silent-title"), Key("trip-silent"), Key("trip-items"), total, true)
        }
        Standing::Held { .. } => {
            says(Key("trip-held-title"), Key("trip-held"), Key("trip-held-items"), total, false)
        }
        Standing::Undecided { begun: false, .. } => {
            says(Key("trip-unsure-title"), Key("trip-unsure"), Key("trip-items"), total, true)
        }
        Standing::Undecided { .. } => {
            says(Key("trip-undecided-title"), Key("trip-undecided"), Key("trip-items"), total, true)
        }
        Standing::Booked { settled: true, .. } => says(
            Key("trip-booked-title"),
            Key("trip-booked"),
            Key("trip-booked-items"),
            total,
            false,
        ),
        Standing::Booked { settled: false, .. } => says(
            Key("trip-settling-title"),
            Key("trip-settling"),
            Key("trip-booked-items"),
            total,
            true,
        ),
        Standing::Cancelled { settled, .. } => says(
            Key("trip-cancelled-title"),
            Key("trip-cancelled"),
            Key("trip-cancelled-items"),
            Key("total-was"),
            !settled,
        ),
        Standing::NotBooked { reason, .. } => says(
            Key("trip-not-booked-title"),
            texts::abort_reason(*reason),
            Key("trip-chosen-items"),
            total,
            false,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_asks_again_ever_later_and_not_for_ever() {
        let waits: Vec<_> = (0..TRIES_MAX).filter_map(wait_secs).collect();
        assert_eq!(waits, [3, 6, 12, 24, 48, 60, 60, 60, 60, 60]);
        assert_eq!((wait_secs(TRIES_MAX), wait_secs(u32::MAX)), (None, None));
    }
}
