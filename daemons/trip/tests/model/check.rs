//! What must be so in every state, and the checker.

use crate::machine::Machine;
use crate::mutant::Mutant;
use crate::state::{Action, Clock, Event, State, actions};
use crate::world::{D, Setup, World};
use agencia_protocol::trip::{Outcome, PartState};
use agencia_trip::resolver::{self, Task};
use agencia_trip::row::{self, Row};
use stateright::{Checker, HasDiscoveries, Model, Property};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) struct TripModel {
    pub(crate) machine: Arc<Machine>,
}

impl Model for TripModel {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(&self.machine.world)]
    }

    fn actions(&self, state: &State, into: &mut Vec<Action>) {
        actions(&self.machine.world, state, into);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = self.machine.next(state, action)?;
        self.machine.canonical(&mut next);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(CAPACITY, |model, state| model.machine.within_capacity(state)),
            Property::always(COUNTERS, |model, state| model.machine.counters_agree(state)),
            Property::always(ALL_OR_NOTHING, |model, state| model.machine.is_whole(state)),
            Property::always(COMMITTED, |model, state| model.machine.confirmed_is_committed(state)),
            Property::always(KEPT, |model, state| model.machine.told_is_kept(state)),
            Property::always(HEALS, |model, state| model.machine.heals(state)),
            Property::sometimes(BOOKED, |model, state| {
                model.machine.rows(state).any(|(_, _, row)| {
                    row.decision
                        .is_some_and(|d| d.outcome() == Outcome::Committed && d.pending.is_empty())
                })
            }),
        ]
    }
}

pub(crate) const CAPACITY: &str = "never over capacity";
pub(crate) const COUNTERS: &str = "the counters agree with the parts";
pub(crate) const ALL_OR_NOTHING: &str = "no trip both confirmed and released unless cancelled";
pub(crate) const COMMITTED: &str = "confirmed only if committed";
pub(crate) const KEPT: &str = "an acknowledged commit is never lost";
pub(crate) const HEALS: &str = "recovery ends with all or nothing, nothing held or pinned";
/// What must be so in some state.
const BOOKED: &str = "a trip is booked";

impl Machine {
    fn rows<'a>(&'a self, state: &'a State) -> impl Iterator<Item = (usize, usize, Row)> + 'a {
        let used = 0..self.world.setup.trips.len();
        used.flat_map(|t| (0..D).map(move |d| (t, d)))
            .filter(|(t, d)| state.trips[*t].rows[*d] != 0)
            .map(|(t, d)| (t, d, self.world.row(state.trips[t].rows[d])))
    }

    /// Trips that may be booked in the same ways are interchangeable; they stand side by side.
    pub(crate) fn canonical(&self, state: &mut State) {
        if self.world.setup.restores > 0 {
            return;
        }
        let mut first = 0;
        for alike in self.world.setup.trips.chunk_by(|one, other| one == other) {
            state.trips[first..first + alike.len()].sort_unstable();
            first += alike.len();
        }
    }

    /// A restored daemon has the units of the holds and the pinned parts in its backup, and learns
    /// what was sold instead of them. The holds end with its recovery and the pinned parts as soon as
    /// their anchor is asked; until then their units are promised to nobody, and no step takes more.
    fn within_capacity(&self, state: &State) -> bool {
        let capacity = i8::try_from(self.world.setup.capacity).unwrap();
        !state.oversold
            && (0..D).all(|d| {
                let daemon = &state.daemons[d];
                let promised = |part: &row::State| match part {
                    row::State::Held { .. } => daemon.recovering == 0,
                    row::State::Pinned { .. } => daemon.life == 0,
                    row::State::Confirmed { .. } => true,
                    row::State::Released { .. } => false,
                };
                let used = self.units(state, d, promised);
                used.iter().all(|used| (0..=capacity).contains(used))
            })
    }

    /// A mutant's lies may upset the counters; it must be caught by what they lead to.
    fn counters_agree(&self, state: &State) -> bool {
        let agree = |d: usize| self.recomputed(state, d) == state.daemons[d].used;
        self.mutant != Mutant::None || (0..D).all(agree)
    }

    fn decision(&self, state: &State, t: usize, anchor: usize) -> Option<row::Decision> {
        self.world.row(state.trips[t].rows[anchor]).decision
    }

    fn is_whole(&self, state: &State) -> bool {
        self.rows(state).all(|(t, _, row)| {
            let Some(row::State::Confirmed { parts }) = row.part.map(|part| part.state) else {
                return true;
            };
            // Who was released because of a cancellation has the anchor's word for it.
            let released = |d: usize| {
                let part = self.world.row(state.trips[t].rows[d]).part;
                matches!(part.map(|part| part.state), Some(row::State::Released { why, .. })
                    if why != row::Release::Cancelled)
            };
            !parts.items().keys().any(|name| released(self.world.daemon(name)))
        })
    }

    fn confirmed_is_committed(&self, state: &State) -> bool {
        self.rows(state).all(|(t, _, row)| {
            let Some(row::State::Confirmed { parts }) = row.part.map(|part| part.state) else {
                return true;
            };
            let anchor = self.world.daemon(parts.anchor());
            let decision = self.decision(state, t, anchor);
            // An anchor that is learning what it decided has not learned it yet.
            state.daemons[anchor].recovering != 0
                || decision.is_some_and(|decision| {
                    decision.outcome() != Outcome::Aborted
                        && decision.parts.is_some_and(|decided| decided.digest() == parts.digest())
                })
        })
    }

    fn told_is_kept(&self, state: &State) -> bool {
        let recovering = state.daemons.iter().any(|daemon| daemon.recovering != 0);
        let kept = |t: usize| {
            (0..D).any(|d| {
                self.decision(state, t, d).is_some_and(|d| d.outcome() != Outcome::Aborted)
            })
        };
        let mut trips = state.trips.iter().enumerate();
        recovering || trips.all(|(t, trip)| !trip.told || kept(t))
    }

    /// Every driver is dead for good, every message arrives: what the daemons do by themselves
    /// must end with all or nothing.
    fn heals(&self, state: &State) -> bool {
        let mut state = state.clone();
        for _ in 0..16 {
            for d in 0..D {
                for p in crate::world::bits(state.daemons[d].recovering.into()) {
                    if state.daemons[d].recovering & (1 << p) != 0 {
                        state = self.recover(&state, d, p.into());
                    }
                }
            }
        }
        if state.daemons.iter().any(|daemon| daemon.recovering != 0) {
            return false;
        }
        for _ in 0..8 {
            let before = state.clone();
            self.daemons_work(&mut state);
            if before == state {
                break;
            }
        }
        let settled = self.rows(&state).all(|(_, _, row)| !row.is_live());
        settled
            && self.is_settled_whole(&state)
            && self.within_capacity(&state)
            && self.counters_agree(&state)
            && self.told_is_kept(&state)
    }

    fn daemons_work(&self, state: &mut State) {
        for t in 0..self.world.setup.trips.len() {
            for d in 0..D {
                let row = self.world.row(state.trips[t].rows[d]);
                for (task, _) in resolver::tasks(&row, &self.world.limits) {
                    match task {
                        Task::Expire => self.happen(state, t, d, Event::Expire),
                        Task::Ask { anchor } => self.ask(state, t, d, self.world.daemon(&anchor)),
                        Task::Tell { daemon } => self.tell(state, t, d, self.world.daemon(&daemon)),
                    }
                }
            }
        }
    }

    fn happen(&self, state: &mut State, t: usize, d: usize, event: Event) {
        if let Some(next) = self.step(state, t, d, event) {
            *state = next;
        }
    }

    /// A pinned part asks, and applies what it hears.
    fn ask(&self, state: &mut State, t: usize, d: usize, anchor: usize) {
        let before = std::mem::take(&mut state.trips[t].proofs);
        self.happen(state, t, anchor, Event::Ask(Clock::Early));
        let heard = std::mem::replace(&mut state.trips[t].proofs, before);
        for proof in crate::world::bits(heard) {
            self.happen(state, t, d, Event::Apply(proof));
        }
    }

    /// The outbox tells a part, and takes its answer.
    fn tell(&self, state: &mut State, t: usize, anchor: usize, d: usize) {
        let Some(decision) = self.decision(state, t, anchor) else { return };
        let before = std::mem::take(&mut state.trips[t].proofs);
        // The anchor's word on what is written, as `desfecho` gives it too.
        self.happen(state, t, anchor, Event::Ask(Clock::Early));
        let heard = std::mem::replace(&mut state.trips[t].proofs, before);
        for proof in crate::world::bits(heard) {
            self.happen(state, t, d, Event::Apply(proof));
        }
        let state_of_part = self.world.row(state.trips[t].rows[d]).state();
        let (cancelled, wanted) = match decision.outcome() {
            Outcome::Cancelled => (true, PartState::Released),
            _ => (false, PartState::Confirmed),
        };
        if state_of_part == wanted {
            let from = u8::try_from(d).unwrap();
            self.happen(state, t, anchor, Event::Acknowledge(from, cancelled));
        }
    }

    fn is_settled_whole(&self, state: &State) -> bool {
        let rows = |t: usize, d: usize| self.world.row(state.trips[t].rows[d]);
        (0..self.world.setup.trips.len()).all(|t| {
            (0..D).all(|d| match rows(t, d).part.map(|part| part.state) {
                Some(row::State::Confirmed { parts }) => {
                    let decision = self.decision(state, t, self.world.daemon(parts.anchor()));
                    decision.is_some_and(|decision| decision.outcome() == Outcome::Committed)
                }
                _ => true,
            }) && (0..D).all(|d| match rows(t, d).decision {
                Some(decision) if decision.outcome() == Outcome::Committed => {
                    let parts = decision.parts.expect("a commit has parts");
                    parts.items().keys().all(|name| {
                        let part = rows(t, self.world.daemon(name)).part.map(|part| part.state);
                        matches!(part, Some(row::State::Confirmed { parts: whole })
                            if whole.digest() == parts.digest())
                    })
                }
                _ => true,
            })
        })
    }
}

/// How far a check goes.
#[derive(Clone, Copy)]
pub(crate) enum Extent {
    Whole,
    States(usize),
}

/// Checks a setup and tells what was found: the properties that do not hold.
pub(crate) fn check(name: &str, setup: Setup, mutant: Mutant, extent: Extent) -> Vec<&'static str> {
    let began = Instant::now();
    let machine = Arc::new(Machine::new(World::new(setup), mutant));
    let mut builder = TripModel { machine: machine.clone() }
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyFailures);
    if let Extent::States(count) = extent {
        builder = builder.target_state_count(count);
    }
    let checker = builder.spawn_bfs().join();
    let took = began.elapsed();
    let mut broken = Vec::new();
    for (property, path) in checker.discoveries() {
        if property == BOOKED {
            continue;
        }
        broken.push(property);
        if mutant == Mutant::None {
            let state = path.last_state().clone();
            let events: Vec<_> =
                path.into_actions().iter().map(|action| format!("{action:?}")).collect();
            println!("{property}:\n{}\n{}", events.join("\n"), machine.shown(&state));
        } else {
            println!("{name}: {property}: after {} events", path.into_actions().len());
        }
    }
    println!(
        "{name}: {} states, {} of them different, depth {}, {:.1} s",
        checker.state_count(),
        checker.unique_state_count(),
        checker.max_depth(),
        took.max(Duration::from_millis(1)).as_secs_f64(),
    );
    // A model in which nothing is ever sold breaks no rule either. What is broken may be found first.
    let booked = checker.discoveries().contains_key(BOOKED);
    assert!(booked || !broken.is_empty(), "{name}: no trip is ever booked");
    broken
}

impl Machine {
    fn shown(&self, state: &State) -> String {
        let row = |(t, d, row): (usize, usize, Row)| {
            let part = row.part.map(|part| part.state);
            let why = match &part {
                Some(row::State::Released { why, .. }) => format!("{why:?}"),
                part => format!("{:?}", part.as_ref().map(row::State::name)),
            };
            let verdict = row.decision.map(|decision| (decision.verdict, decision.pending));
            format!("trip {t}, daemon {d}: {why}, {verdict:?}\n")
        };
        let rows: String = self.rows(state).map(row).collect();
        format!("{rows}{:?}", state.daemons)
    }
}
