//! `POST /pacote`: has every part of a choice held, and leads to the trip's page. Nothing is
//! bought here; what is refused is said there.

use super::error;
use super::missing::{Refusals, Seen};
use super::trip::path;
use super::{Frame, Outcome, Step, Visit, see_other};
use crate::choice::Choice;
use crate::daemons::Daemon;
use crate::forms::{FieldError, Fields, Reader, link};
use crate::owner::HELD_COOKIE;
use crate::texts;
use crate::trip::{Known, Leader, Led, Order, Prices};
use agencia_protocol::trip::{DaemonName, LetGo, PartState, Revision};
use agencia_protocol::{Code, TripId};
use agencia_trip::driver::{Driver, Ending, Goal, Plan};
use std::time::Duration;
use tokio::time::Instant;
use warp::http::header;

/// The first version of a trip.
const FIRST: Revision = Revision(1);

/// Holds what the review showed.
pub(crate) async fn hold(visit: Visit) -> Outcome {
    let choice = match visit.choice(Step::Review) {
        Ok(choice) => choice,
        Err(page) => return Ok(*page),
    };
    // What the form is about is not what its page's links are about.
    let links = choice.of_trip(None);
    // Whoever changes the language of a page that says what is wrong comes back to the review.
    let frame = &Frame { here: links.link("/pacote", vec![]), ..visit.frame.clone() };
    let form = match Form::read(&choice, &visit.fields) {
        Ok(form) => form,
        Err(errors) => return Ok(error::invalid(frame, &errors, Step::Review, &links, None)),
    };
    let before = form.before;
    if !visit.owns(form.order.trip) || before.is_some_and(|before| !visit.owns(before)) {
        let stranger = [FieldError::new("viagem", texts::OLD_REVIEW)];
        return Ok(error::invalid(frame, &stranger, Step::Review, &links, None));
    }
    let leader = visit.leader();
    if let Some(before) = before {
        let known = visit.consult(before).await;
        let_go(&leader, before, held(&known)).await;
    }
    // Only a trip that was changed can have more than is wanted now.
    let had: Vec<_> = match form.order.revision > FIRST {
        true => held(&visit.consult(form.order.trip).await).collect(),
        false => Vec::new(),
    };
    let plan = form.order.plan(visit.site.daemons.order(), leader.settings.hold_secs);
    let led = leader.hold(Driver::new(plan.clone(), Goal::Hold)).await;
    let refusals = Refusals::of(&led);
    if let Some(daemon) = refusals.unauthorised() {
        // What the others hold would lie idle: this host can book nothing with it.
        let others = plan.parts.iter().filter_map(|part| Daemon::named(part.daemon.as_str()));
        let_go(&leader, form.order.trip, others.filter(|other| *other != daemon)).await;
        return Ok(error::search_only(frame));
    }
    if refusals.is_empty() {
        let wanted = |daemon: Daemon| is_part(&plan, &daemon.wire_name());
        let left_out = had.into_iter().filter(|daemon| !wanted(*daemon));
        let_go(&leader, form.order.trip, left_out).await;
    }
    // The trip stands for something newer: what it is, its page says.
    if was_changed_since(&led) {
        return Ok(see_other(&path(form.order.trip)));
    }
    let asked = plan.parts.iter().flat_map(|part| part.items.clone());
    let seen = Seen::of_changed(&refusals, asked);
    let query = [links.pairs(), refusals.pairs(), seen.pairs()].concat();
    let mut response = see_other(&link(&path(form.order.trip), &query));
    let (trip, secs) = (form.order.trip.to_string(), leader.settings.hold_secs);
    let cookie = frame.encrypted.cookie_for(HELD_COOKIE, &trip, secs);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

fn is_part(plan: &Plan, daemon: &DaemonName) -> bool {
    plan.parts.iter().any(|part| part.daemon == *daemon)
}

fn was_changed_since(led: &Led) -> bool {
    match &led.ending {
        Ending::Held { refused, .. } => {
            refused.values().any(|refused| refused.code == Code::Conflict)
        }
        _ => false,
    }
}

/// The daemons where a trip has something held, as far as anybody says.
pub(super) fn held(known: &[Known]) -> impl Iterator<Item = Daemon> {
    let is_held =
        |known: &&Known| known.view.as_ref().is_some_and(|view| view.state == PartState::Held);
    known.iter().filter(is_held).map(|known| known.daemon)
}

/// Lets holds go. Whoever does not hear it lets them expire.
pub(super) async fn let_go(
    leader: &Leader<'_>,
    trip: TripId,
    daemons: impl Iterator<Item = Daemon>,
) {
    let wanted: Vec<_> = daemons.collect();
    if wanted.is_empty() {
        return;
    }
    let message = LetGo::new(trip).into();
    let due = Instant::now() + Duration::from_millis(leader.settings.lead_millis.get());
    leader
        .daemons
        .each(|daemon| {
            let (message, is_wanted) = (&message, wanted.contains(&daemon));
            async move {
                if is_wanted {
                    leader.ask(daemon, message, due).await;
                }
            }
        })
        .await;
}

/// What the review's form says.
struct Form {
    order: Order,
    /// The trip that is let go first.
    before: Option<TripId>,
}

impl Form {
    /// # Errors
    /// An empty choice, and what is missing or is not what a review has.
    fn read(choice: &Choice, fields: &Fields) -> Result<Self, Vec<FieldError>> {
        if choice.is_empty() {
            return Err(vec![FieldError::new("pacote", texts::NOTHING_CHOSEN)]);
        }
        let mut reader = Reader::new(fields);
        let revision = reader.revision("revisao");
        if choice.trip.is_none() || revision.is_none() && fields.first("revisao").is_empty() {
            reader.wrong("viagem", texts::OLD_REVIEW);
        }
        let before = reader.trip("anterior");
        let (trip, revision) = reader.finish(Some((choice.trip, revision)))?;
        let prices = Prices::read(choice, fields)?;
        match trip.zip(revision) {
            Some(version) => Ok(Self { order: Order::new(version, choice, &prices), before }),
            None => Err(vec![FieldError::new("viagem", texts::OLD_REVIEW)]),
        }
    }
}
