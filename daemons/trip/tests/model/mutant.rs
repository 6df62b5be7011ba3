//! What the protocol would be if one of its rules were missing. Each mutant wraps the production
//! functions, which know nothing of it: it lies to them about what they see, or loses what they
//! say.

use agencia_protocol::TripId;
use agencia_protocol::trip::{Outcome, PartState, Timestamp};
use agencia_trip::receipt::{ReceiptClaim, open_proof};
use agencia_trip::row::{Part, Parts, Release, Row, State};
use agencia_trip::step::Decide;
use agencia_trip::{Command, Desk, Reply, Step, Units};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// Production as it is.
    None,
    /// A hold is confirmed when the outcome comes, if it is still there: there is no pin.
    PlainHoldConfirm,
    /// The anchor books without having seen every receipt.
    DecideWithoutAllPins,
    /// `fixar` takes up a hold whose units were given back already.
    PinRevivesExpired,
    /// A pinned part expires like a held one.
    PinnedMayExpire,
    /// The anchor answers before its decision is on the disk.
    VolatileDecision,
    /// The anchor books although its own hold is over.
    CommitIgnoresDeadHold,
    /// The anchor says "not booked" to a waiting part without writing it.
    AbortWithoutTombstone,
    /// The anchor cancels and tells nobody.
    CancelWithoutOutbox,
    /// A restored daemon goes on as if nothing had happened.
    RestoreWithoutRecovery,
    /// What a daemon sealed before it was restored still counts.
    OldSealsCount,
}

/// A step, and what is left of it after a crash where that differs.
pub(crate) struct Mutated {
    pub(crate) step: Step,
    pub(crate) durable: Option<Row>,
}

impl Mutant {
    pub(crate) fn step(
        self,
        desk: &Desk<'_>,
        trip: TripId,
        row: &Row,
        command: &Command,
        now: Timestamp,
        known: &[Arc<Parts>],
    ) -> Mutated {
        let real = |row: &Row, command: &Command| desk.step(trip, row, command, now);
        let held = State::Held { expires: now.after(desk.limits.hold_max) };
        let step = match (self, command) {
            (Self::PlainHoldConfirm, Command::Pin { .. }) => {
                let step = real(row, command);
                match step.reply {
                    Reply::Pin { receipt: Some(_), .. } => Step { row: None, ..step },
                    _ => step,
                }
            }
            (Self::PlainHoldConfirm, Command::Apply { outcome, proof, .. })
                if row.state() == PartState::Held =>
            {
                let claim = open_proof(desk.key, trip, *outcome, proof);
                let booked = claim.filter(|_| *outcome == Outcome::Committed);
                // Without a pin the part must know the whole trip from elsewhere.
                let whole = booked
                    .and_then(|claim| known.iter().find(|parts| *parts.digest() == claim.parts));
                match whole.cloned() {
                    Some(parts) => real(&with_state(row, State::Pinned { parts }), command),
                    None => real(row, command),
                }
            }
            (Self::DecideWithoutAllPins, Command::Decide(decide)) => {
                real(row, &Command::Decide(Box::new(with_forged_receipts(desk, trip, decide))))
            }
            (Self::PinRevivesExpired, Command::Pin { .. }) if is_expired(row) => {
                real(&with_state(row, held), command)
            }
            (Self::PinnedMayExpire, Command::Expire) if row.state() == PartState::Pinned => {
                real(&with_state(row, State::Held { expires: now }), command)
            }
            (Self::VolatileDecision, Command::Decide(_)) => {
                let step = real(row, command);
                let booked = matches!(step.reply, Reply::Decided { .. }) && step.row.is_some();
                return Mutated { step, durable: booked.then(|| row.clone()) };
            }
            (Self::CommitIgnoresDeadHold, Command::Decide(_))
                if row.part.as_ref().is_some_and(|part| !part.state.has_units()) =>
            {
                real(&with_state(row, held), command)
            }
            (Self::AbortWithoutTombstone, Command::AskOutcome { .. }) => {
                Step { row: None, units: Units::Stay, ..real(row, command) }
            }
            (Self::CancelWithoutOutbox, Command::Cancel { .. }) => {
                let mut step = real(row, command);
                if let (Reply::Cancelled(_), Some(Row { decision: Some(decision), .. })) =
                    (&step.reply, &mut step.row)
                {
                    decision.pending.clear();
                }
                step
            }
            _ => real(row, command),
        };
        Mutated { step, durable: None }
    }
}

fn is_expired(row: &Row) -> bool {
    let expired = |part: &Part| matches!(part.state, State::Released { why: Release::Expired, .. });
    row.part.as_ref().is_some_and(expired)
}

fn with_state(row: &Row, state: State) -> Row {
    let part = row.part.clone().map(|part| Part { state, ..part });
    Row { part, decision: row.decision.clone() }
}

fn with_forged_receipts(desk: &Desk<'_>, trip: TripId, decide: &Decide) -> Decide {
    let mut decide = decide.clone();
    for daemon in decide.parts.others() {
        let claim = ReceiptClaim {
            trip,
            daemon,
            incarnation: desk.fences.of(daemon),
            revision: Default::default(),
            parts: decide.parts.digest(),
        };
        decide.receipts.insert(daemon.clone(), claim.seal(desk.key));
    }
    decide
}
