//! A daemon as the machines see it: its name, its key, its life, its limits. One function leads
//! every command to its machine.

use crate::limits::Limits;
use crate::receipt::{Key, ProofClaim, open_proof};
use crate::row::{Fences, Row};
use crate::step::{Command, Refusal, Reply, Step};
use crate::{decision, part};
use agencia_protocol::TripId;
use agencia_protocol::trip::{DaemonName, Incarnation, Outcome, Proof, Timestamp};

/// A daemon as the machines see it.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// Its name.
    pub name: &'a DaemonName,
    /// The key of the agency's daemons.
    pub key: &'a Key,
    /// Its own life, which begins anew with every restored backup.
    pub incarnation: Incarnation,
    /// Which lives of its peers still count.
    pub fences: &'a Fences,
    /// Whether its database was restored and its peers have not all answered yet.
    pub recovering: bool,
    /// How long things may take.
    pub limits: &'a Limits,
}

impl Desk<'_> {
    /// What becomes of a command. While the daemon recovers, every command is refused: it does not
    /// know yet what it has promised.
    pub fn step(&self, trip: TripId, row: &Row, command: &Command, now: Timestamp) -> Step {
        if self.recovering {
            return Step::answer(Refusal::Recovering);
        }
        match command {
            Command::Hold { revision, items, time } => {
                part::hold(self, trip, row, (*revision, items, *time), now)
            }
            Command::Extend { until } => part::extend(self, row, *until, now),
            Command::LetGo => part::let_go(row, now),
            Command::Expire => part::expire(row, now),
            Command::Pin { revision, parts } => part::pin(self, trip, row, (*revision, parts), now),
            Command::Decide(decide) => decision::decide(self, trip, row, decide, now),
            Command::Reserve { items, locator } => {
                decision::reserve(self, trip, row, (items, *locator), now)
            }
            Command::AskOutcome { waited } => decision::ask_outcome(self, trip, row, *waited, now),
            Command::Apply { outcome, proof, locator } => match self.open(trip, *outcome, proof) {
                // The anchor knows its own decision better than any word on it, which may be of a
                // life that a restored backup has forgotten.
                Ok(claim) if claim.anchor == *self.name => Step::answer(Reply::State(row.state())),
                Ok(claim) => part::apply(row, &claim, *locator, now),
                Err(refusal) => Step::answer(refusal),
            },
            Command::Acknowledge { from, outcome, state } => {
                decision::acknowledge(row, (from, *outcome, *state))
            }
            Command::Quote { own, shares } => decision::quote(self, trip, row, (*own, shares), now),
            Command::Cancel { quote } => decision::cancel(self, trip, row, quote, now),
            Command::Alter { travellers, contact } => {
                decision::alter(row, travellers, contact.as_ref())
            }
            Command::Force { state, reason } => part::force(row, *state, reason, now),
        }
    }

    /// Whether a trip may begin now, by the moment that its id carries.
    pub(crate) fn check_age(&self, trip: TripId, now: Timestamp) -> Result<(), Refusal> {
        let Some(minted) = minted_at(trip) else { return Err(Refusal::NotAnId) };
        if now.since(minted) > self.limits.trip_age_max {
            return Err(Refusal::Stale);
        }
        // An id of a day to come would outlive its own tombstone.
        if minted.since(now) > self.limits.trip_age_max {
            return Err(Refusal::NotAnId);
        }
        Ok(())
    }

    fn open(&self, trip: TripId, outcome: Outcome, proof: &Proof) -> Result<ProofClaim, Refusal> {
        open_proof(self.key, trip, outcome, proof)
            .filter(|claim| claim.incarnation >= self.fences.of(&claim.anchor))
            .ok_or(Refusal::NotGenuine)
    }
}

/// The moment that a UUIDv7 carries; nothing for another UUID.
pub fn minted_at(trip: TripId) -> Option<Timestamp> {
    let bytes = trip.as_bytes();
    if bytes[6] >> 4 != 7 || bytes[8] >> 6 != 0b10 {
        return None;
    }
    let millis = bytes[..6].iter().fold(0_i64, |millis, byte| (millis << 8) | i64::from(*byte));
    Some(Timestamp::from_unix_millis(millis))
}
