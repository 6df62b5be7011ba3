//! The anchor's machine: `none → committed | aborted`, later `committed → cancelled`.
//!
//! The decision and the anchor's own part change in one transaction; that is the commit point.
//! No decision counts as an abort, but before anyone is told so the abort is written, so that a
//! `decidir` that is still on its way finds it.

use crate::desk::Desk;
use crate::receipt::{NO_PARTS, ProofClaim, QuoteClaim, Quoted, open_quote, open_receipt};
use crate::row::{Decision, Part, Parts, Release, Row, SoldItem, State, Verdict, same_items};
use crate::step::{Decide, Refusal, Reply, Step, Units};
use agencia_protocol::trip::{
    AbortReason, ByDaemon, Contact, DaemonName, Outcome, PartState, Proof, Quote, Refund, Revision,
    Timestamp, Traveller,
};
use agencia_protocol::{Locator, TripId};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The anchor's word on its decision.
pub(crate) fn proof(desk: &Desk<'_>, trip: TripId, decision: &Decision) -> Proof {
    let parts = decision.parts.as_ref().map_or(NO_PARTS, |parts| *parts.digest());
    let (anchor, outcome) = (desk.name.clone(), decision.outcome());
    let claim = ProofClaim { trip, anchor, incarnation: desk.incarnation, outcome, parts };
    claim.seal(desk.key)
}

fn decided(desk: &Desk<'_>, trip: TripId, decision: &Decision) -> Reply {
    match decision.verdict {
        Verdict::Aborted { reason } => Reply::NotDecided(reason),
        Verdict::Committed | Verdict::Cancelled { .. } => Reply::Decided {
            outcome: decision.outcome(),
            locator: decision.locator,
            proof: proof(desk, trip, decision),
        },
    }
}

/// `decidir`.
pub(crate) fn decide(
    desk: &Desk<'_>,
    trip: TripId,
    row: &Row,
    decide: &Decide,
    now: Timestamp,
) -> Step {
    let parts = &decide.parts;
    if let Some(decision) = &row.decision {
        return Step::answer(decided(desk, trip, decision));
    }
    let Some(asked) = parts.items_of(desk.name).filter(|_| parts.anchor() == desk.name) else {
        return Step::answer(Refusal::NotAPart);
    };
    let reason = match &row.part {
        None => AbortReason::Unknown,
        Some(part) if part.is_held_at(now) => {
            if !same_items(&part.items, asked) {
                return Step::answer(Refusal::Conflict);
            }
            if !receipts_are_genuine(desk, trip, parts, &decide.receipts) {
                return Step::answer(Refusal::NotGenuine);
            }
            return commit(desk, trip, part, decide, now);
        }
        Some(Part { state: State::Held { .. }, .. }) => AbortReason::Expired,
        Some(Part { state: State::Released { why: Release::Expired, .. }, .. }) => {
            AbortReason::Expired
        }
        Some(Part { state: State::Released { .. }, .. }) => AbortReason::LetGo,
        // The part stands for another decision, of another anchor.
        Some(_) => return Step::answer(Refusal::Conflict),
    };
    abort(row, Some(parts.clone()), reason, now, |_| Reply::NotDecided(reason))
}

/// Whether every other daemon has said that its part of exactly this trip is pinned, in a life
/// that still counts.
fn receipts_are_genuine(
    desk: &Desk<'_>,
    trip: TripId,
    parts: &Parts,
    receipts: &ByDaemon<agencia_protocol::trip::Receipt>,
) -> bool {
    parts.others().all(|daemon| {
        let receipt = receipts.get(daemon);
        let claim = receipt
            .and_then(|receipt| open_receipt(desk.key, trip, daemon, parts.digest(), receipt));
        claim.is_some_and(|claim| claim.incarnation >= desk.fences.of(daemon))
    })
}

fn commit(desk: &Desk<'_>, trip: TripId, part: &Part, decide: &Decide, now: Timestamp) -> Step {
    let Decide { parts, travellers, contact, locator, .. } = decide;
    let decision = Decision {
        verdict: Verdict::Committed,
        at: now,
        parts: Some(parts.clone()),
        locator: Some(*locator),
        travellers: travellers.clone(),
        contact: contact.clone(),
        pending: parts.others().cloned().collect(),
    };
    let reply = decided(desk, trip, &decision);
    let state = State::Confirmed { parts: parts.clone() };
    let part = Part { locator: Some(*locator), ..part.moved(state, now) };
    let row = Row { part: Some(part), decision: Some(decision) };
    Step::write(row, Units::Stay, reply)
}

/// Writes the abort, and gives back the anchor's own hold.
fn abort(
    row: &Row,
    parts: Option<Arc<Parts>>,
    reason: AbortReason,
    now: Timestamp,
    reply: impl FnOnce(&Decision) -> Reply,
) -> Step {
    let decision = Decision {
        verdict: Verdict::Aborted { reason },
        at: now,
        parts,
        locator: None,
        travellers: Vec::new(),
        contact: None,
        // Whoever is pinned asks, and an anchor that has forgotten the trip says the same again.
        pending: BTreeSet::new(),
    };
    let reply = reply(&decision);
    let (part, units) = match &row.part {
        Some(part) if matches!(part.state, State::Held { .. }) => {
            (Some(part.released(Release::Aborted, now)), Units::Free(part.items.clone()))
        }
        part => (part.clone(), Units::Stay),
    };
    Step::write(Row { part, decision: Some(decision) }, units, reply)
}

/// `reservar`: hold and decide a trip of one part, in one step.
pub(crate) fn reserve(
    desk: &Desk<'_>,
    trip: TripId,
    row: &Row,
    (items, locator): (&Arc<[SoldItem]>, Locator),
    now: Timestamp,
) -> Step {
    let asked: Vec<_> = items.iter().map(|sold| sold.item.clone()).collect();
    match (&row.part, &row.decision) {
        (None, None) => {}
        (Some(part), Some(decision)) => {
            return Step::answer(match decision.verdict {
                _ if !same_items(&part.items, &asked) => Reply::Refused(Refusal::Conflict),
                Verdict::Committed => Reply::Reserved {
                    locator: decision.locator,
                    items: part.items.clone(),
                    repeated: true,
                },
                Verdict::Aborted { .. } => Reply::Refused(Refusal::Aborted),
                Verdict::Cancelled { .. } => Reply::Refused(Refusal::Cancelled),
            });
        }
        (None, Some(_)) => return Step::answer(Refusal::Aborted),
        (Some(part), None) if matches!(part.state, State::Released { .. }) => {
            return Step::answer(Refusal::Aborted);
        }
        (Some(_), None) => return Step::answer(Refusal::Conflict),
    }
    if desk.check_age(trip, now) == Err(Refusal::Stale) {
        return Step::answer(Refusal::Stale);
    }
    let parts = Arc::new(Parts::new(desk.name.clone(), [(desk.name.clone(), asked)].into()));
    let part = Part::held(Revision::default(), items.clone(), now, now);
    let (travellers, receipts, contact) = (Vec::new(), ByDaemon::new(), None);
    let decide = Decide { parts, receipts, travellers, contact, locator };
    let Step { row, .. } = commit(desk, trip, &part, &decide, now);
    let units = Units::Swap { free: Arc::new([]), take: items.clone() };
    let reply = Reply::Reserved { locator: Some(locator), items: items.clone(), repeated: false };
    Step { row, units, reply }
}

/// `desfecho`. With `waited` a daemon asks, and may cause the abort that nobody else may.
pub(crate) fn ask_outcome(
    desk: &Desk<'_>,
    trip: TripId,
    row: &Row,
    waited: Option<Duration>,
    now: Timestamp,
) -> Step {
    let told = |decision: &Decision| Reply::Outcome {
        outcome: decision.outcome(),
        proof: Some(proof(desk, trip, decision)),
        locator: decision.locator,
    };
    if let Some(decision) = &row.decision {
        return Step::answer(told(decision));
    }
    let undecided = Reply::Outcome { outcome: Outcome::Undecided, proof: None, locator: None };
    let Some(waited) = waited else { return Step::answer(undecided) };
    let reason = match &row.part {
        None => AbortReason::Unknown,
        Some(part) if part.is_held_at(now) => {
            if waited < desk.limits.decision_deadline {
                return Step::answer(undecided);
            }
            AbortReason::Deadline
        }
        Some(Part { state: State::Held { .. }, .. }) => AbortReason::Expired,
        Some(Part { state: State::Released { why: Release::Expired, .. }, .. }) => {
            AbortReason::Expired
        }
        Some(Part { state: State::Released { .. }, .. }) => AbortReason::LetGo,
        // Pinned for another anchor: for the parts that are asked about it was never held.
        Some(_) => AbortReason::Unknown,
    };
    abort(row, None, reason, now, told)
}

/// A part has answered `aplicar`.
pub(crate) fn acknowledge(
    row: &Row,
    (from, outcome, state): (&DaemonName, Outcome, PartState),
) -> Step {
    let settled = match outcome {
        Outcome::Committed => state == PartState::Confirmed,
        Outcome::Aborted | Outcome::Cancelled => state == PartState::Released,
        Outcome::Undecided => false,
    };
    let reply = Reply::State(row.state());
    match &row.decision {
        // An acknowledgement of the commit does not acknowledge the cancellation after it.
        Some(decision)
            if settled && decision.outcome() == outcome && decision.pending.contains(from) =>
        {
            let mut decision = decision.clone();
            decision.pending.remove(from);
            let row = Row { decision: Some(decision), ..row.clone() };
            Step::write(row, Units::Stay, reply)
        }
        _ => Step::answer(reply),
    }
}

fn booked(row: &Row) -> Result<&Decision, Refusal> {
    match &row.decision {
        Some(decision) => match decision.verdict {
            Verdict::Committed => Ok(decision),
            Verdict::Aborted { .. } => Err(Refusal::Aborted),
            Verdict::Cancelled { .. } => Err(Refusal::Cancelled),
        },
        None => Err(Refusal::NotBooked),
    }
}

/// `cotar_cancelamento`: the anchor adds the other daemons' shares to its own, and the sum is kept
/// up for no longer than any of them.
pub(crate) fn quote(
    desk: &Desk<'_>,
    trip: TripId,
    row: &Row,
    (own, shares): (Refund, &ByDaemon<Quote>),
    now: Timestamp,
) -> Step {
    let valid = now.after(desk.limits.quote_valid);
    let quoted = |of, refund, expires| {
        let quote = QuoteClaim { trip, of, daemon: desk.name, refund, expires }.seal(desk.key);
        Step::answer(Reply::Quoted { refund, expires, quote })
    };
    if is_booked_elsewhere(row) {
        return match shares.is_empty() {
            true => quoted(Quoted::Share, own, valid),
            false => Step::answer(Refusal::WrongShares),
        };
    }
    let decision = match booked(row) {
        Ok(decision) => decision,
        Err(refusal) => return Step::answer(refusal),
    };
    let others: BTreeSet<_> = decision.parts.iter().flat_map(|parts| parts.others()).collect();
    if !others.iter().copied().eq(shares.keys()) {
        return Step::answer(Refusal::WrongShares);
    }
    let (mut refund, mut expires) = (own, valid);
    for (daemon, share) in shares {
        let Some(claim) = open_quote(desk.key, (trip, Quoted::Share), daemon, share) else {
            return Step::answer(Refusal::NotGenuine);
        };
        if claim.expires < now {
            return Step::answer(Refusal::QuoteExpired);
        }
        refund = Refund(refund.0.saturating_add(claim.refund.0));
        expires = expires.min(claim.expires);
    }
    quoted(Quoted::Trip, refund, expires)
}

/// Whether the part stands for a trip that another daemon decides, and may have booked: an
/// administrator who has settled it by hand has not cancelled it.
fn is_booked_elsewhere(row: &Row) -> bool {
    let state = row.part.as_ref().map(|part| &part.state);
    row.decision.is_none()
        && matches!(
            state,
            Some(
                State::Pinned { .. }
                    | State::Confirmed { .. }
                    | State::Released { why: Release::Forced, .. }
            )
        )
}

/// `cancelar`.
pub(crate) fn cancel(
    desk: &Desk<'_>,
    trip: TripId,
    row: &Row,
    quote: &Quote,
    now: Timestamp,
) -> Step {
    let decision = match (booked(row), &row.decision) {
        (Ok(decision), _) => decision,
        // The same cancellation again.
        (Err(Refusal::Cancelled), Some(decision)) => {
            return Step::answer(Reply::Cancelled(proof(desk, trip, decision)));
        }
        (Err(refusal), _) => return Step::answer(refusal),
    };
    let Some(claim) = open_quote(desk.key, (trip, Quoted::Trip), desk.name, quote) else {
        return Step::answer(Refusal::NotGenuine);
    };
    if claim.expires < now {
        return Step::answer(Refusal::QuoteExpired);
    }
    let pending: BTreeSet<_> =
        decision.parts.iter().flat_map(|parts| parts.others().cloned()).collect();
    let verdict = Verdict::Cancelled { refund: Some(claim.refund) };
    let decision = Decision { verdict, at: now, pending, ..decision.clone() };
    let reply = Reply::Cancelled(proof(desk, trip, &decision));
    let (part, units) = match &row.part {
        Some(part) if part.state.has_units() => {
            (Some(part.released(Release::Cancelled, now)), Units::Free(part.items.clone()))
        }
        part => (part.clone(), Units::Stay),
    };
    // Whatever was released by hand before is as it should be now.
    let part = part.map(|part| Part { forced: None, ..part });
    Step::write(Row { part, decision: Some(decision) }, units, reply)
}

/// `alterar`.
pub(crate) fn alter(row: &Row, travellers: &[Traveller], contact: Option<&Contact>) -> Step {
    let decision = match booked(row) {
        Ok(decision) => decision,
        Err(refusal) => return Step::answer(refusal),
    };
    let contact = contact.or(decision.contact.as_ref()).cloned();
    let decision = Decision { travellers: travellers.to_vec(), contact, ..decision.clone() };
    let row = Row { decision: Some(decision), ..row.clone() };
    Step::write(row, Units::Stay, Reply::State(PartState::Confirmed))
}
