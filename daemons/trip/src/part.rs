//! The part machine: `none → held → pinned → confirmed → released`.
//!
//! A held part ends by expiry or by request. A pinned part ends only by the anchor's outcome (and
//! by an administrator's hand). Released is the end: nothing that arrives late revives it.

use crate::desk::Desk;
use crate::receipt::{ProofClaim, ReceiptClaim};
use crate::row::{Forced, Part, Parts, Release, Row, SoldItem, State};
use crate::step::{Refusal, Reply, Step, Units};
use agencia_protocol::trip::{Outcome, PartState, Reason, Revision, Timestamp};
use agencia_protocol::{Locator, TripId};
use std::sync::Arc;
use std::time::Duration;

impl Part {
    /// A part that is first held now.
    pub(crate) fn held(
        revision: Revision,
        items: Arc<[SoldItem]>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Self {
        let state = State::Held { expires };
        Self { revision, items, first_held: now, state, since: now, locator: None, forced: None }
    }

    /// The mark of a part that is gone before it came.
    pub(crate) fn tombstone(why: Release, parts: Option<Arc<Parts>>, now: Timestamp) -> Self {
        let state = State::Released { why, parts };
        Self { state, ..Self::held(Revision::default(), Arc::new([]), now, now) }
    }

    pub(crate) fn moved(&self, state: State, now: Timestamp) -> Self {
        Self { state, since: now, ..self.clone() }
    }

    pub(crate) fn released(&self, why: Release, now: Timestamp) -> Self {
        let parts = self.state.parts().cloned();
        self.moved(State::Released { why, parts }, now)
    }

    /// Whether it is held and its deadline has not passed.
    pub(crate) fn is_held_at(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Held { expires } if now < expires)
    }

    /// The part as it is at this moment: a hold whose deadline has passed is released, whether or
    /// not its timer has fired.
    fn is_dead_hold(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Held { expires } if expires <= now)
    }
}

impl Row {
    pub(crate) fn with_part(&self, part: Part) -> Row {
        Row { part: Some(part), decision: self.decision.clone() }
    }

    fn part_reply(&self) -> Reply {
        let Some(part) = &self.part else { return Reply::State(PartState::None) };
        let expires = match part.state {
            State::Held { expires } => Some(expires),
            _ => None,
        };
        Reply::Part { state: self.state(), expires, items: part.items.clone() }
    }
}

fn over(why: Release) -> Refusal {
    match why {
        Release::Expired => Refusal::Expired,
        Release::LetGo | Release::Aborted | Release::Forced => Refusal::Aborted,
        Release::Cancelled => Refusal::Cancelled,
    }
}

/// `segurar`.
pub(crate) fn hold(
    desk: &Desk<'_>,
    trip: TripId,
    row: &Row,
    (revision, items, time): (Revision, &Arc<[SoldItem]>, Duration),
    now: Timestamp,
) -> Step {
    let time = time.min(desk.limits.hold_max);
    let Some(part) = &row.part else {
        if row.decision.is_some() {
            return Step::answer(Refusal::Aborted);
        }
        if let Err(refusal) = desk.check_age(trip, now) {
            return Step::answer(refusal);
        }
        let part = Part::held(revision, items.clone(), now.after(time), now);
        let units = Units::Swap { free: Arc::new([]), take: items.clone() };
        let row = row.with_part(part);
        let reply = row.part_reply();
        return Step::write(row, units, reply);
    };
    if part.is_dead_hold(now) {
        return expired(row, part, now, Refusal::Expired);
    }
    let same = revision == part.revision && same_purchase(items, &part.items);
    match &part.state {
        State::Released { why, .. } => Step::answer(over(*why)),
        _ if same => Step::answer(row.part_reply()),
        State::Held { expires } if revision > part.revision => {
            let latest = part.first_held.after(desk.limits.held_in_all_max);
            let expires = now.after(time).min(latest).max(*expires);
            let state = State::Held { expires };
            let next = Part { revision, items: items.clone(), ..part.moved(state, now) };
            let units = Units::Swap { free: part.items.clone(), take: items.clone() };
            let row = row.with_part(next);
            let reply = row.part_reply();
            Step::write(row, units, reply)
        }
        _ => Step::answer(Refusal::Conflict),
    }
}

fn same_purchase(one: &[SoldItem], other: &[SoldItem]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.item == other.item)
}

/// `prorrogar`.
pub(crate) fn extend(desk: &Desk<'_>, row: &Row, until: Timestamp, now: Timestamp) -> Step {
    let Some(part) = &row.part else { return Step::answer(Refusal::Expired) };
    if part.is_dead_hold(now) {
        return expired(row, part, now, Refusal::Expired);
    }
    match &part.state {
        State::Held { expires } => {
            let latest = part.first_held.after(desk.limits.held_in_all_max);
            let later = until.min(latest).max(*expires);
            if later == *expires {
                return Step::answer(row.part_reply());
            }
            let state = State::Held { expires: later };
            let row = row.with_part(Part { state, ..part.clone() });
            let reply = row.part_reply();
            Step::write(row, Units::Stay, reply)
        }
        State::Released { why, .. } => Step::answer(over(*why)),
        State::Pinned { .. } | State::Confirmed { .. } => Step::answer(row.part_reply()),
    }
}

/// `soltar`. A trip that was never held here is marked, so that a late `segurar` cannot begin it.
pub(crate) fn let_go(row: &Row, now: Timestamp) -> Step {
    let released = Reply::State(PartState::Released);
    match &row.part {
        None => {
            let part = Part::tombstone(Release::LetGo, None, now);
            Step::write(row.with_part(part), Units::Stay, released)
        }
        Some(part) if matches!(part.state, State::Held { .. }) => {
            let units = Units::Free(part.items.clone());
            Step::write(row.with_part(part.released(Release::LetGo, now)), units, released)
        }
        Some(_) => Step::answer(Reply::State(row.state())),
    }
}

/// The timer has fired. Only a hold can expire, and only when its deadline has passed.
pub(crate) fn expire(row: &Row, now: Timestamp) -> Step {
    match &row.part {
        Some(part) if part.is_dead_hold(now) => {
            expired(row, part, now, Reply::State(PartState::Released))
        }
        _ => Step::answer(Reply::State(row.state())),
    }
}

fn expired(row: &Row, part: &Part, now: Timestamp, reply: impl Into<Reply>) -> Step {
    let units = Units::Free(part.items.clone());
    Step::write(row.with_part(part.released(Release::Expired, now)), units, reply)
}

/// `fixar`.
pub(crate) fn pin(
    desk: &Desk<'_>,
    trip: TripId,
    row: &Row,
    (revision, parts): (Revision, &Arc<Parts>),
    now: Timestamp,
) -> Step {
    let Some(asked) = parts.items_of(desk.name).filter(|_| parts.anchor() != desk.name) else {
        return Step::answer(Refusal::NotAPart);
    };
    let Some(part) = &row.part else { return Step::answer(Refusal::Expired) };
    if part.is_dead_hold(now) {
        return expired(row, part, now, Refusal::Expired);
    }
    let receipt = || {
        let (daemon, incarnation) = (desk.name, desk.incarnation);
        let claim = ReceiptClaim { trip, daemon, incarnation, revision, parts: parts.digest() };
        Reply::Pin { state: PartState::Pinned, receipt: Some(claim.seal(desk.key)) }
    };
    match &part.state {
        State::Released { why, .. } => Step::answer(over(*why)),
        _ if revision != part.revision => Step::answer(Refusal::Conflict),
        State::Held { .. } if crate::row::same_items(&part.items, asked) => {
            let state = State::Pinned { parts: parts.clone() };
            Step::write(row.with_part(part.moved(state, now)), Units::Stay, receipt())
        }
        State::Pinned { parts: pinned } if pinned.digest() == parts.digest() => {
            Step::answer(receipt())
        }
        State::Confirmed { parts: confirmed } if confirmed.digest() == parts.digest() => {
            Step::answer(Reply::Pin { state: PartState::Confirmed, receipt: None })
        }
        _ => Step::answer(Refusal::Conflict),
    }
}

/// `aplicar`, with a proof that is genuine and of a life that still counts.
pub(crate) fn apply(
    row: &Row,
    claim: &ProofClaim,
    locator: Option<Locator>,
    now: Timestamp,
) -> Step {
    let outcome = claim.outcome;
    let Some(part) = &row.part else {
        return match outcome {
            Outcome::Aborted | Outcome::Cancelled => {
                let part = Part::tombstone(release(outcome), None, now);
                let released = Reply::State(PartState::Released);
                Step::write(row.with_part(part), Units::Stay, released)
            }
            _ => Step::answer(Reply::State(PartState::None)),
        };
    };
    let (parts, agreed) = match &part.state {
        State::Released { .. } => return reconcile(row, part, outcome),
        State::Held { .. } if outcome == Outcome::Committed => {
            return Step::answer(Reply::State(PartState::Held));
        }
        State::Held { .. } => return give_back(row, part, release(outcome), now),
        State::Pinned { parts } | State::Confirmed { parts } => {
            (parts, claim.parts == *parts.digest())
        }
    };
    if claim.anchor != *parts.anchor() {
        return Step::answer(Refusal::Conflict);
    }
    let pinned = matches!(part.state, State::Pinned { .. });
    match outcome {
        Outcome::Committed if agreed && pinned => {
            let state = State::Confirmed { parts: parts.clone() };
            let next = Part { locator, ..part.moved(state, now) };
            let reply = Reply::State(PartState::Confirmed);
            Step::write(row.with_part(next), Units::Stay, reply)
        }
        Outcome::Cancelled if agreed => give_back(row, part, Release::Cancelled, now),
        // The anchor decided, and not for these parts: nothing can ever be decided for them.
        Outcome::Committed | Outcome::Aborted | Outcome::Cancelled if pinned => {
            give_back(row, part, Release::Aborted, now)
        }
        Outcome::Committed if agreed => reconcile(row, part, outcome),
        _ => Step::answer(Refusal::Conflict),
    }
}

fn release(outcome: Outcome) -> Release {
    match outcome {
        Outcome::Cancelled => Release::Cancelled,
        _ => Release::Aborted,
    }
}

fn give_back(row: &Row, part: &Part, why: Release, now: Timestamp) -> Step {
    let next = Part { forced: None, ..part.released(why, now) };
    let units = Units::Free(part.items.clone());
    Step::write(row.with_part(next), units, Reply::State(PartState::Released))
}

/// A part that is already where it belongs: what was done by hand is now agreed with.
fn reconcile(row: &Row, part: &Part, outcome: Outcome) -> Step {
    let reply = Reply::State(row.state());
    let agreed = match part.state.name() {
        PartState::Confirmed => outcome == Outcome::Committed,
        _ => outcome != Outcome::Committed,
    };
    if part.forced.is_none() || !agreed {
        return Step::answer(reply);
    }
    Step::write(row.with_part(Part { forced: None, ..part.clone() }), Units::Stay, reply)
}

/// `forcar`: what only an administrator may do. It is kept as forced until an outcome agrees with
/// it. A part that is only held has none to wait for: nobody can book a trip without its pin.
pub(crate) fn force(row: &Row, state: PartState, reason: &Reason, now: Timestamp) -> Step {
    let Some(part) = &row.part else { return Step::answer(Reply::State(PartState::None)) };
    let was = row.state();
    let outcome_awaited = part.state.parts().is_some();
    let forced = outcome_awaited.then(|| Forced { was, at: now, reason: reason.clone() });
    match (&part.state, state) {
        (State::Pinned { parts }, PartState::Confirmed) => {
            let confirmed = State::Confirmed { parts: parts.clone() };
            let next = Part { forced, ..part.moved(confirmed, now) };
            Step::write(row.with_part(next), Units::Stay, Reply::State(state))
        }
        (_, PartState::Released) if part.state.has_units() => {
            let next = Part { forced, ..part.released(Release::Forced, now) };
            let units = Units::Free(part.items.clone());
            Step::write(row.with_part(next), units, Reply::State(state))
        }
        _ if was == state => Step::answer(Reply::State(was)),
        _ => Step::answer(Refusal::Conflict),
    }
}
