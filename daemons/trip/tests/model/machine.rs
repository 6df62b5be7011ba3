//! Runs the production functions: [`Desk::step`], [`recovery`]. Every distinct call is made once
//! and its result kept; the same call always has the same result, because the functions are pure.

use crate::lives::backup;
use crate::mutant::Mutant;
use crate::normal::{without_reasons, without_times};
use crate::state::{Action, Clock, Event, Pick, State, Trip, acknowledgement};
use crate::world::{D, HOLD, OFFERS, WAITED, World, early, item, late, offer_of, sold};
use agencia_protocol::trip::{Incarnation, Outcome, PartState, Revision, Traveller};
use agencia_trip::receipt::ProofClaim;
use agencia_trip::row::{self, Row, SoldItem};
use agencia_trip::step::Decide;
use agencia_trip::{Command, Desk, Reply, Step, Units};
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

pub(crate) struct Machine {
    pub(crate) world: World,
    pub(crate) mutant: Mutant,
    known: RwLock<HashMap<Call, Effect>>,
}

/// Everything that a step depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Call {
    t: u8,
    d: u8,
    event: Event,
    row: u16,
    life: u8,
    fences: [u8; D],
    receipts: u32,
}

/// What a step does, in the numbers of the model.
#[derive(Clone, Copy)]
pub(crate) struct Effect {
    pub(crate) row: u16,
    /// What is left of it after a crash; the row itself unless a mutant forgets.
    pub(crate) durable: Option<u16>,
    units: [i8; OFFERS],
    /// Whether the units may not be there.
    may_fail: bool,
    receipts: u32,
    proofs: u32,
    acknowledged: u8,
    told: bool,
}

impl Machine {
    pub(crate) fn new(world: World, mutant: Mutant) -> Self {
        Self { world, mutant, known: RwLock::default() }
    }

    pub(crate) fn next(&self, state: &State, action: Action) -> Option<State> {
        match action {
            Action::Step(t, d, event) => self.step(state, t.into(), d.into(), event),
            Action::Crash(d) => Some(self.crash(state, d.into())),
            Action::Backup(d) => Some(backup(state, d.into())),
            Action::Restore(d) => self.restore(state, d.into()),
            Action::Recover(d, p) => Some(self.recover(state, d.into(), p.into())),
        }
    }

    pub(crate) fn step(&self, state: &State, t: usize, d: usize, event: Event) -> Option<State> {
        let daemon = &state.daemons[d];
        if daemon.recovering != 0 {
            return None;
        }
        let trip = &state.trips[t];
        let relevant = if matches!(event, Event::Decide(..)) { trip.receipts } else { 0 };
        let call = Call {
            t: u8::try_from(t).unwrap(),
            d: u8::try_from(d).unwrap(),
            event,
            row: trip.rows[d],
            life: daemon.life,
            fences: daemon.fences,
            receipts: relevant,
        };
        let effect = self.effect(call);
        let mut used = daemon.used;
        for (used, change) in used.iter_mut().zip(effect.units) {
            *used += change;
        }
        let capacity = i8::try_from(self.world.setup.capacity).unwrap();
        let sold_out = |(used, change): (&i8, &i8)| *change > 0 && *used > capacity;
        if effect.may_fail && used.iter().zip(&effect.units).any(sold_out) {
            return None;
        }
        let next = Trip {
            receipts: trip.receipts | effect.receipts,
            proofs: trip.proofs | effect.proofs,
            acknowledged: trip.acknowledged | self.heard(state, event, effect.acknowledged),
            told: trip.told | effect.told,
            ..*trip
        };
        let mut state_next = state.clone();
        let trip_next = &mut state_next.trips[t];
        *trip_next = next;
        trip_next.rows[d] = effect.row;
        trip_next.durable[d] = match effect.durable {
            Some(durable) => durable,
            // What a mutant has forgotten to write stays unwritten.
            None if effect.row == trip.rows[d] => trip.durable[d],
            None => effect.row,
        };
        state_next.daemons[d].used = used;
        // Where nothing was ever restored, every state says so itself.
        if daemon.life > 0 {
            let (before, after) = (self.recomputed(state, d), self.recomputed(&state_next, d));
            let taken = |(after, before): (&i8, &i8)| after > before && *after > capacity;
            state_next.oversold |= after.iter().zip(&before).any(taken);
        }
        (state_next != *state).then_some(state_next)
    }

    /// An answer to `aplicar` is heard by whoever sent it: by the anchor, if it did in this life.
    fn heard(&self, state: &State, event: Event, acknowledged: u8) -> u8 {
        let Event::Apply(proof) = event else { return 0 };
        let claim = self.world.proof_claim(0, proof);
        let life = state.daemons[self.world.daemon(&claim.anchor)].life;
        if claim.incarnation == Incarnation(life.into()) { acknowledged } else { 0 }
    }

    fn effect(&self, call: Call) -> Effect {
        if let Some(effect) = self.known.read().unwrap().get(&call) {
            return *effect;
        }
        let effect = self.compute(call);
        self.known.write().unwrap().insert(call, effect);
        effect
    }

    fn compute(&self, call: Call) -> Effect {
        let world = &self.world;
        let (t, d) = (usize::from(call.t), usize::from(call.d));
        let (command, now) = self.command(&call);
        let row = world.row(call.row);
        let fences = world.fences(&call.fences);
        let desk = Desk {
            name: &world.names[d],
            key: &world.key,
            incarnation: Incarnation(call.life.into()),
            fences: &fences,
            recovering: false,
            limits: &world.limits,
        };
        let result = self.mutant.step(&desk, world.trips[t], &row, &command, now, &world.parts[t]);
        let Step { row: next, units, reply } = result.step;
        let mut next = next.unwrap_or(row);
        if self.mutant == Mutant::None {
            next = without_reasons(next, world.setup.restores > 0);
        }
        next = without_times(next);
        let mut effect = Effect {
            row: world.row_number(&next),
            durable: result.durable.map(|row| world.row_number(&without_times(row))),
            units: [0; OFFERS],
            may_fail: matches!(units, Units::Swap { .. }),
            receipts: 0,
            proofs: 0,
            acknowledged: 0,
            told: matches!(
                reply,
                Reply::Decided { .. }
                    | Reply::Reserved { .. }
                    | Reply::Outcome { outcome: Outcome::Committed, .. }
            ),
        };
        move_units(&mut effect.units, &units);
        if let (Reply::Pin { receipt: Some(_), .. }, Command::Pin { revision, parts }) =
            (&reply, &command)
        {
            effect.receipts = world.receipt_bit(d, call.life, *revision, parts.digest());
        }
        let decided = |next: &Row| {
            let decision = next.decision.as_ref()?;
            let parts = decision.parts.as_ref().map_or([0; 32], |parts| *parts.digest());
            Some(world.proof_bit(&ProofClaim {
                trip: world.trips[t],
                anchor: world.names[d].clone(),
                incarnation: desk.incarnation,
                outcome: decision.outcome(),
                parts,
            }))
        };
        // Whoever asks is told, so a proof exists as soon as there is a decision; and where a
        // mutant answers without one, with its answer.
        effect.proofs = decided(&next).unwrap_or(0);
        if let Reply::Outcome { outcome, proof: Some(proof), .. } = &reply {
            let trip = world.trips[t];
            let claim =
                agencia_trip::receipt::open_proof(&world.key, trip, *outcome, proof).unwrap();
            effect.proofs |= world.proof_bit(&claim);
        }
        if let (Command::Apply { outcome, .. }, Reply::State(state)) = (&command, &reply) {
            effect.acknowledged = match (outcome, state) {
                (Outcome::Committed, PartState::Confirmed) => acknowledgement(d, false),
                (Outcome::Cancelled, PartState::Released) => acknowledgement(d, true),
                _ => 0,
            };
        }
        effect
    }

    /// The event as production sees it.
    fn command(&self, call: &Call) -> (Command, agencia_protocol::trip::Timestamp) {
        let world = &self.world;
        let (t, d) = (usize::from(call.t), usize::from(call.d));
        let at = |clock| if clock == Clock::Early { early() } else { late() };
        match call.event {
            Event::Hold(revision, offer, clock) => {
                let items = Arc::new([sold(&item(offer))]);
                let revision = Revision(revision.into());
                (Command::Hold { revision, items, time: HOLD }, at(clock))
            }
            Event::Extend(clock) => (Command::Extend { until: late().after(HOLD) }, at(clock)),
            Event::Reserve(v) => {
                let [(_, _, offer)] = world.setup.trips[t][usize::from(v)] else {
                    unreachable!("only one part is bought in one step")
                };
                let items = Arc::new([sold(&item(*offer))]);
                (Command::Reserve { items, locator: world.locator }, early())
            }
            Event::LetGo => (Command::LetGo, early()),
            Event::Expire => (Command::Expire, late()),
            Event::Pin(v, clock) => {
                let v = usize::from(v);
                let revision = world.setup.trips[t][v]
                    .iter()
                    .find(|(daemon, ..)| usize::from(*daemon) == d)
                    .map_or(0, |(_, revision, _)| *revision);
                let parts = world.parts[t][v].clone();
                (Command::Pin { revision: Revision(revision.into()), parts }, at(clock))
            }
            Event::Decide(v, clock, pick) => {
                let parts = world.parts[t][usize::from(v)].clone();
                let receipt = |name: &agencia_protocol::trip::DaemonName| {
                    let of = world.daemon(name);
                    let all = world.receipts(t, of, parts.digest(), call.receipts);
                    let picked = match pick {
                        Pick::First => all.into_iter().next(),
                        Pick::Last => all.into_iter().next_back(),
                    };
                    Some((name.clone(), picked?))
                };
                let receipts = parts.others().filter_map(receipt).collect();
                let decide = Decide {
                    parts: parts.clone(),
                    receipts,
                    travellers: Vec::<Traveller>::new(),
                    contact: None,
                    locator: world.locator,
                };
                (Command::Decide(Box::new(decide)), at(clock))
            }
            Event::Ask(clock) => (Command::AskOutcome { waited: Some(WAITED) }, at(clock)),
            Event::Apply(proof) => {
                let (outcome, proof) = world.proof(t, proof);
                (Command::Apply { outcome, proof, locator: Some(world.locator) }, early())
            }
            Event::Acknowledge(from, cancelled) => {
                let from = world.names[usize::from(from)].clone();
                let (outcome, state) = match cancelled {
                    false => (Outcome::Committed, PartState::Confirmed),
                    true => (Outcome::Cancelled, PartState::Released),
                };
                (Command::Acknowledge { from, outcome, state }, early())
            }
            Event::Cancel => (Command::Cancel { quote: world.quote(t, d) }, early()),
        }
    }

    fn crash(&self, state: &State, d: usize) -> State {
        let mut next = state.clone();
        for trip in &mut next.trips {
            trip.rows[d] = trip.durable[d];
        }
        next.daemons[d].used = self.recomputed(&next, d);
        next
    }

    /// The units that the parts of this daemon have.
    pub(crate) fn recomputed(&self, state: &State, d: usize) -> [i8; OFFERS] {
        self.units(state, d, row::State::has_units)
    }

    /// The units of those parts of this daemon.
    pub(crate) fn units(
        &self,
        state: &State,
        d: usize,
        counts: impl Fn(&row::State) -> bool,
    ) -> [i8; OFFERS] {
        let mut used = [0; OFFERS];
        for trip in &state.trips {
            let row = self.world.row(trip.rows[d]);
            if let Some(part) = row.part.filter(|part| counts(&part.state)) {
                part.items.iter().for_each(|item| used[offer_of(item)] += 1);
            }
        }
        used
    }

    pub(crate) fn write(&self, state: &mut State, t: usize, d: usize, step: Step) {
        if let Some(row) = step.row {
            let row = if self.mutant == Mutant::None { without_reasons(row, true) } else { row };
            let number = self.world.row_number(&without_times(row));
            state.trips[t].rows[d] = number;
            state.trips[t].durable[d] = number;
        }
        let mut change = [0; OFFERS];
        move_units(&mut change, &step.units);
        for (used, change) in state.daemons[d].used.iter_mut().zip(change) {
            *used += change;
        }
    }
}

fn move_units(change: &mut [i8; OFFERS], units: &Units) {
    let (free, take): (&[SoldItem], &[SoldItem]) = match units {
        Units::Stay => (&[], &[]),
        Units::Free(free) => (free, &[]),
        Units::Swap { free, take } | Units::Restore { free, take } => (free, take),
    };
    free.iter().for_each(|item| change[offer_of(item)] -= 1);
    take.iter().for_each(|item| change[offer_of(item)] += 1);
}
