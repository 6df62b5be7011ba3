//! The review at `/pacote`: everything chosen, read again, and the form that holds it. It mints the
//! trip's id and takes nothing.

use super::item::{Item, stay_cents, total};
use super::missing::Seen;
use super::terms::{Terms, terms};
use super::trip::path;
use super::{Layout, Outcome, Step, Visit, error, page};
use crate::choice::Choice;
use crate::chosen::{Chosen, Standing};
use crate::daemons::{Daemon, DaemonError};
use crate::fit;
use crate::forms::{self, Pairs};
use crate::item_kind::ItemKind;
use crate::language::{Key, Lang};
use crate::owner::{COOKIE, VisitorId};
use crate::trip::{Known, Prices, View};
use agencia_protocol::flight::Flight;
use agencia_protocol::stay::Stay;
use agencia_protocol::tour::Tour;
use agencia_protocol::trip::{PartState, Revision};
use agencia_protocol::{OfferId, TripId};
use askama::Template;
use std::time::Duration;
use warp::http::StatusCode;
use warp::http::header;

/// How old the id of a trip that nobody has heard of may be: a page that lay open for longer gets
/// a new one, because daemons take none that is a day old.
const UNHEARD_AGE_MAX: Duration = Duration::from_secs(3600);

#[derive(Template)]
#[template(path = "pacote.html")]
struct ReviewPage {
    lang: Lang,
    layout: Layout,
    lines: Vec<Line>,
    /// All that is chosen: the buttons of the lines are of one form, because an address for each of
    /// them would say all of it again.
    hidden: Pairs,
    /// What does not fit together.
    misfits: Vec<String>,
    total: String,
    people: String,
    /// What is to be held, unless a part of it is gone.
    confirm: Option<Pairs>,
    /// Whether a trip that is held already is being changed.
    changes: bool,
    /// The trip that has some of this held, when the visitor came back from it.
    held: Option<String>,
    /// The trip that the links were about, when it was decided meanwhile: this one is another.
    decided: Option<String>,
    /// What cancelling would give back.
    terms: Vec<Terms>,
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
    /// That it had another price when it was seen, and what it was.
    was: Option<String>,
    /// The search for another one.
    change: Search,
    /// What is taken out of the choice by who does not want it.
    remove: String,
}

/// `GET /pacote`: takes nothing.
pub(crate) async fn show(visit: Visit) -> Outcome {
    let choice = match visit.choice(Step::Review) {
        Ok(choice) => choice,
        Err(page) => return Ok(*page),
    };
    let lang = visit.lang();
    let mut chosen = visit.look_up(&choice).await;
    // Without a price there is nothing to hold.
    if let Some(failure) = chosen.failure {
        return Err(failure);
    }
    let visitor = visit.visitor.unwrap_or_else(VisitorId::random);
    let now = (visit.site.clock)();
    let named = choice.trip.filter(|trip| visit.owns(*trip));
    let old = match named {
        Some(trip) => match Old::new(trip, visit.consult(trip).await) {
            Ok(old) => Some(old),
            // Whoever consults logs what is not answered.
            Err(failure) => return Ok(error::unavailable_as_logged(&visit, &failure)),
        },
        None => held_already(&visit, &choice).await,
    };
    let held = old.as_ref().filter(|_| named.is_none()).map(|old| path(old.trip));
    let decided = old.as_ref().filter(|old| old.decided).map(|old| path(old.trip));
    if let Some(old) = old.as_ref().filter(|old| !old.decided) {
        chosen.count_as_free(choice.people.unwrap_or_default(), |daemon, id| old.units(daemon, id));
    }
    let hold = Hold::new(old, &choice, || visit.site.seals.mint(visitor, now), now);
    // The links of this page are about the same trip, or about a new one.
    let choice = choice.of_trip(hold.links);
    let lines = lines(lang, &choice, &chosen, &Seen::read(&visit.fields));
    let on_sale = lines.iter().filter(|line| line.trouble.is_none());
    let cents = on_sale.filter_map(|line| line.item.as_ref()).map(|item| item.cents).sum();
    let whole = !lines.is_empty() && lines.iter().all(|line| line.trouble.is_none());
    let mut missing = Vec::new();
    if !choice.has_flights() {
        missing.push((lang.t("choose-flight"), choice.link("/", vec![])));
    }
    if choice.stay.is_none() {
        missing.push((lang.t("choose-stay"), choice.link("/hospedagem", vec![])));
    }
    let more_tours =
        if choice.tours.is_empty() { lang.t("choose-tour") } else { lang.t("choose-more-tours") };
    missing.push((more_tours, choice.link("/passeio", vec![])));
    let people = choice.people.unwrap_or_default().count();
    let items: Vec<_> = lines.iter().filter_map(|line| line.item.as_ref()).collect();
    let terms = terms(lang, visit.today(), &items, |daemon| chosen.policy(daemon));
    let page_of = ReviewPage {
        lang,
        layout: Layout::new(&visit.frame, lang.t("review-title"), Some(Step::Review), &choice),
        lines,
        hidden: choice.pairs(),
        misfits: fit::misfits(lang, &chosen, choice.people.unwrap_or_default()),
        total: lang.money(cents),
        terms,
        people: lang.n("people", people),
        confirm: whole.then(|| Prices::of(&chosen)).flatten().map(|prices| {
            [hold.pairs(), choice.of_trip(None).pairs(), prices.pairs(&choice)].concat()
        }),
        changes: hold.links.is_some(),
        held,
        decided,
        missing,
    };
    let mut response = page(StatusCode::OK, &page_of);
    if visit.visitor.is_none() {
        let cookie = visit.frame.encrypted.cookie(COOKIE, &visitor.to_string());
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The trip that this visitor's browser has had held last, when it still has some of this choice. Whoever
/// goes back from it would else find their own units sold out, or hold them twice.
async fn held_already(visit: &Visit, choice: &Choice) -> Option<Old> {
    let trip = visit.held.filter(|trip| visit.owns(*trip))?;
    // Where a daemon does not say, the review is that of a new trip.
    let old = Old::new(trip, visit.consult(trip).await).ok().filter(|old| !old.decided)?;
    let flights = choice.outbound.iter().chain(&choice.inbound).map(|id| (Daemon::Flights, id));
    let stay = choice.stay.iter().map(|stay| (Daemon::Stays, &stay.id));
    let tours = choice.tours.iter().map(|id| (Daemon::Tours, id));
    let mut all = flights.chain(stay).chain(tours);
    all.any(|(daemon, id)| old.units(daemon, id) > 0).then_some(old)
}

/// What is known of the trip that is being changed.
struct Old {
    trip: TripId,
    known: Vec<(Daemon, View)>,
    /// Whether it was decided, or is about to be: then it is no longer changed.
    decided: bool,
}

impl Old {
    /// # Errors
    /// When a daemon does not say what it knows: what is held there must not be forgotten.
    fn new(trip: TripId, known: Vec<Known>) -> Result<Self, DaemonError> {
        let mut views = Vec::new();
        for Known { daemon, view, failure } in known {
            match (view, failure) {
                (Some(view), _) => views.push((daemon, view)),
                (None, Some(failure)) => return Err(failure),
                (None, None) => {}
            }
        }
        let is_final = |state| matches!(state, PartState::Pinned | PartState::Confirmed);
        let decided = views.iter().any(|(_, view)| view.decision.is_some() || is_final(view.state));
        Ok(Self { trip, known: views, decided })
    }

    /// Whether it can take all of a choice.
    fn takes(&self, choice: &Choice) -> bool {
        let wanted = |daemon: Daemon| match daemon {
            Daemon::Flights => choice.has_flights(),
            Daemon::Stays => choice.stay.is_some(),
            Daemon::Tours => !choice.tours.is_empty(),
        };
        let open = |view: &View| matches!(view.state, PartState::None | PartState::Held);
        !self.decided && self.known.iter().all(|(daemon, view)| !wanted(*daemon) || open(view))
    }

    /// How many units of an offer it has itself: to its own traveller they are free.
    fn units(&self, daemon: Daemon, id: &OfferId) -> u32 {
        let held = self.known.iter().find(|(of, _)| *of == daemon).map(|(_, view)| view);
        let held = held.filter(|view| view.state == PartState::Held);
        let items = held.into_iter().flat_map(|view| &view.items);
        items
            .filter(|item| item.asked.id == *id)
            .map(|item| u32::from(item.asked.units.count()))
            .sum()
    }

    fn has(&self, state: PartState) -> bool {
        self.known.iter().any(|(_, view)| view.state == state)
    }
}

/// Which trip the form is for.
struct Hold {
    trip: TripId,
    revision: Revision,
    /// The trip that is let go first, because it cannot take what is wanted now.
    before: Option<TripId>,
    /// The trip that the page's links are about.
    links: Option<TripId>,
}

impl Hold {
    fn new(
        old: Option<Old>,
        choice: &Choice,
        mint: impl Fn() -> TripId,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Self {
        let fresh = |before: Option<TripId>| Self {
            trip: mint(),
            revision: Revision(1),
            before,
            links: before,
        };
        let Some(old) = old else { return fresh(None) };
        let is_unheard = old.known.iter().all(|(_, view)| view.state == PartState::None);
        if is_unheard && age(old.trip, now) > UNHEARD_AGE_MAX {
            return fresh(None);
        }
        if !old.takes(choice) {
            // What was decided is not let go; what is only held would lie idle.
            let idle = !old.decided && old.has(PartState::Held);
            return fresh(idle.then_some(old.trip));
        }
        let highest = old.known.iter().map(|(_, view)| view.revision).max().unwrap_or_default();
        let revision = Revision(highest.0.saturating_add(1));
        Self { trip: old.trip, revision, before: None, links: Some(old.trip) }
    }

    /// The form's hidden inputs.
    fn pairs(&self) -> Pairs {
        let mut pairs =
            vec![("viagem", self.trip.to_string()), ("revisao", self.revision.to_string())];
        pairs.extend(self.before.map(|trip| ("anterior", trip.to_string())));
        pairs
    }
}

/// How long ago an id was minted.
fn age(trip: TripId, now: chrono::DateTime<chrono::Utc>) -> Duration {
    let minted = agencia_trip::minted_at(trip).map_or(0, |at| at.unix_millis());
    let millis = now.timestamp_millis().saturating_sub(minted);
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

fn lines(lang: Lang, choice: &Choice, chosen: &Chosen, seen: &Seen) -> Vec<Line> {
    let people = choice.people.unwrap_or_default();
    let searches = Searches { choice, chosen };
    let mut lines = Vec::new();
    let flights = [(&chosen.outbound, ItemKind::Outbound), (&chosen.inbound, ItemKind::Inbound)];
    for (standing, part) in flights {
        let Some(standing) = standing else { continue };
        let own = match part {
            ItemKind::Outbound => Choice { inbound: None, ..choice.clone() },
            _ => Choice { outbound: None, ..choice.clone() },
        };
        let item = standing.record().map(|flight| Item::flight(lang, part, flight, people));
        let was = standing.record().and_then(|flight| {
            let old = seen.of(flight.id.as_ref()?)?;
            changed(lang, total(people, old), total(people, flight.price))
        });
        let one =
            line(lang, part, item, trouble(standing), searches.flights(), &own.flight_pairs());
        lines.push(Line { was, ..one });
    }
    if let (Some(standing), Some(chosen)) = (&chosen.stay, &choice.stay) {
        let item = standing.record().map(|stay| Item::stay(lang, stay));
        let was = standing
            .record()
            .and_then(|stay| changed(lang, seen.of(&chosen.id)?.cents().into(), stay_cents(stay)));
        let (search, own) = (searches.stay(), choice.stay_pairs());
        let one = line(lang, ItemKind::Stay, item, trouble(standing), search, &own);
        lines.push(Line { was, ..one });
    }
    for (id, standing) in &chosen.tours {
        let item = standing.record().map(|tour| Item::tour(lang, tour, people));
        let was = standing
            .record()
            .and_then(|tour| changed(lang, total(people, seen.of(id)?), total(people, tour.price)));
        let own = [("passeio", id.to_string())];
        let search = searches.tour(standing.record());
        let one = line(lang, ItemKind::Tour, item, trouble(standing), search, &own);
        lines.push(Line { was, ..one });
    }
    lines
}

/// That a price is another one now, if it is.
pub(super) fn changed(lang: Lang, old: u64, new: u64) -> Option<String> {
    let words = [("old", &*lang.price(old)), ("new", &*lang.price(new))];
    (old != new).then(|| lang.with("price-was", &words))
}

fn line(
    lang: Lang,
    part: ItemKind,
    item: Option<Item>,
    trouble: Option<Key>,
    change: Search,
    own: &[(&'static str, String)],
) -> Line {
    let trouble = trouble.map(|key| lang.say(key));
    let remove = forms::query(own);
    Line { kind: part.name(lang), item, trouble, was: None, change, remove }
}

/// Why an offer cannot be had now.
pub(super) fn trouble<R>(standing: &Standing<R>) -> Option<Key> {
    match standing {
        Standing::OnSale(_) => None,
        Standing::SoldOut(_) => Some(Key("gone-sold-out")),
        Standing::Gone => Some(Key("gone")),
        Standing::Unread => Some(Key("gone-unread")),
    }
}

/// A search that an offer came from.
pub(super) struct Search {
    path: &'static str,
    about: Pairs,
}

impl Search {
    /// The link to it with a choice that travels along.
    pub(super) fn link(self, choice: &Choice) -> String {
        choice.link(self.path, self.about)
    }

    /// What a button says of it, whose form has the choice.
    fn query(&self) -> String {
        forms::query(&self.about)
    }
}

/// The searches that the chosen offers came from, as far as their records tell.
pub(super) struct Searches<'a> {
    pub(super) choice: &'a Choice,
    pub(super) chosen: &'a Chosen,
}

impl Searches<'_> {
    /// The search for flights.
    pub(super) fn flights(&self) -> Search {
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
            return Search { path: "/", about: vec![] };
        };
        let mut about = vec![("paraAeroporto", airport.to_string()), ("dataIda", day.iso())];
        about.extend(inbound.map(|flight| ("dataVolta", flight.day.iso())));
        about.push(("numeroPassagens", self.people()));
        Search { path: "/voos", about }
    }

    /// The search for a room.
    pub(super) fn stay(&self) -> Search {
        let record: Option<&Stay> = self.chosen.stay.as_ref().and_then(Standing::record);
        let Some(stay) = record else { return Search { path: "/hospedagem", about: vec![] } };
        let leaving = stay.leaves().map(|day| day.iso());
        let about = vec![
            ("cidade", stay.city.to_string()),
            ("dataIda", stay.day.iso()),
            ("dataVolta", leaving.unwrap_or_default()),
            ("numeroDePessoas", self.people()),
        ];
        Search { path: "/hospedagens", about }
    }

    /// The search for a tour.
    pub(super) fn tour(&self, tour: Option<&Tour>) -> Search {
        let Some(tour) = tour else { return Search { path: "/passeio", about: vec![] } };
        let about = vec![
            ("cidade", tour.city.to_string()),
            ("dataIda", tour.day.iso()),
            ("numeroDePessoas", self.people()),
        ];
        Search { path: "/passeios", about }
    }

    fn people(&self) -> String {
        self.choice.people.unwrap_or_default().to_string()
    }
}
