//! A state of the model, and what can happen next.
//!
//! The network is not a queue but a set of facts: a message that can have been sent may arrive now,
//! later, twice, or never. Whoever drives a trip is not in it either, but all drivers at once: any
//! message that needs no seal may arrive at any moment, any other as soon as its seals exist. So
//! every loss, repetition, reordering and death of every possible driver is a path.

use crate::world::{D, OFFERS, T, World, bits};

/// What there is, at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) trips: [Trip; T],
    pub(crate) daemons: [Daemon; D],
    pub(crate) restores_left: u8,
    /// A step took units of an offer that had no more.
    pub(crate) oversold: bool,
}

/// A trip, by the numbers of its rows and of the seals that exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Trip {
    /// What each daemon keeps.
    pub(crate) rows: [u16; D],
    /// What is left of it after a crash.
    pub(crate) durable: [u16; D],
    pub(crate) receipts: u32,
    pub(crate) proofs: u32,
    /// Parts that have answered `aplicar`: bit d for a commit, bit 4 + d for a cancellation.
    pub(crate) acknowledged: u8,
    /// Somebody was told that it is booked.
    pub(crate) told: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Daemon {
    /// The counters of taken units.
    pub(crate) used: [i8; OFFERS],
    pub(crate) life: u8,
    /// The earliest lives that count.
    pub(crate) fences: [u8; D],
    /// The peers that have not answered `recuperar` yet, a bit each; zero when not recovering.
    pub(crate) recovering: u8,
    pub(crate) backup: Option<Box<Backup>>,
}

/// A copy of a daemon's database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Backup {
    pub(crate) rows: [u16; T],
    pub(crate) used: [i8; OFFERS],
    pub(crate) life: u8,
    pub(crate) fences: [u8; D],
}

impl State {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            trips: [Trip::default(); T],
            daemons: [const { None::<()> }; D].map(|_| Daemon::default()),
            restores_left: world.setup.restores,
            oversold: false,
        }
    }
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Something that concerns one trip in one daemon.
    Step(u8, u8, Event),
    /// The daemon's process dies and comes back.
    Crash(u8),
    /// A copy is made of the daemon's database.
    Backup(u8),
    /// The daemon's database is replaced by the copy.
    Restore(u8),
    /// A recovering daemon gets the answer of a peer.
    Recover(u8, u8),
}

/// Something that concerns one trip in one daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// `segurar` (revision, offer), before or after the deadline of what is held.
    Hold(u8, u8, Clock),
    /// `prorrogar`, before or after the hold's deadline.
    Extend(Clock),
    /// `reservar` of a variant that is one part.
    Reserve(u8),
    /// `soltar`.
    LetGo,
    /// The hold's timer fires.
    Expire,
    /// `fixar` of a variant, before or after the hold's deadline.
    Pin(u8, Clock),
    /// `decidir` of a variant, with the first or the last receipts that exist.
    Decide(u8, Clock, Pick),
    /// `desfecho`, from a daemon whose part has been pinned for long enough, before or after the
    /// deadline of the anchor's own hold.
    Ask(Clock),
    /// `aplicar` with the proof of this number.
    Apply(u16),
    /// The part of this daemon has answered `aplicar` of a commit, or of a cancellation.
    Acknowledge(u8, bool),
    /// `cancelar`.
    Cancel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Clock {
    Early,
    Late,
}

/// Which of several receipts of one daemon, of several lives, a driver still has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pick {
    First,
    Last,
}

/// Everything that can happen in this state. What would change nothing is in it too.
pub(crate) fn actions(world: &World, state: &State, actions: &mut Vec<Action>) {
    let small = |number: usize| u8::try_from(number).unwrap();
    let setup = &world.setup;
    for (t, variants) in setup.trips.iter().enumerate() {
        let trip = &state.trips[t];
        for d in 0..D {
            let mut step = |event| actions.push(Action::Step(small(t), small(d), event));
            let mut holds: Vec<(u8, u8)> = Vec::new();
            let mut anchors = false;
            for (v, variant) in variants.iter().enumerate() {
                let Some((_, revision, offer)) =
                    variant.iter().find(|(daemon, ..)| usize::from(*daemon) == d)
                else {
                    continue;
                };
                if !holds.contains(&(*revision, *offer)) {
                    holds.push((*revision, *offer));
                }
                if usize::from(variant[0].0) == d {
                    anchors = true;
                    if variant.len() == 1 {
                        step(Event::Reserve(small(v)));
                    }
                    for pick in [Pick::First, Pick::Last] {
                        if pick == Pick::First || setup.restores > 0 {
                            step(Event::Decide(small(v), Clock::Early, pick));
                        }
                    }
                    step(Event::Decide(small(v), Clock::Late, Pick::First));
                } else {
                    step(Event::Pin(small(v), Clock::Early));
                    step(Event::Pin(small(v), Clock::Late));
                }
            }
            if holds.is_empty() {
                continue;
            }
            for clock in [Clock::Early, Clock::Late] {
                for (revision, offer) in &holds {
                    step(Event::Hold(*revision, *offer, clock));
                }
                step(Event::Extend(clock));
            }
            step(Event::LetGo);
            step(Event::Expire);
            if anchors {
                // Only a daemon whose part was pinned asks so.
                if trip.receipts != 0 {
                    step(Event::Ask(Clock::Early));
                    step(Event::Ask(Clock::Late));
                }
                if setup.cancellation {
                    step(Event::Cancel);
                }
                for from in (0..D).filter(|from| *from != d) {
                    for cancelled in [false, true] {
                        if trip.acknowledged & acknowledgement(from, cancelled) != 0 {
                            step(Event::Acknowledge(small(from), cancelled));
                        }
                    }
                }
            }
            for proof in bits(trip.proofs) {
                step(Event::Apply(proof));
            }
        }
    }
    for d in 0..D {
        let daemon = &state.daemons[d];
        if state.trips.iter().any(|trip| trip.rows[d] != trip.durable[d]) {
            actions.push(Action::Crash(small(d)));
        }
        if state.restores_left > 0 && daemon.backup.is_none() {
            actions.push(Action::Backup(small(d)));
        }
        if state.restores_left > 0 && daemon.backup.is_some() {
            actions.push(Action::Restore(small(d)));
        }
        for p in bits(daemon.recovering.into()) {
            actions.push(Action::Recover(small(d), u8::try_from(p).unwrap()));
        }
    }
}

/// The bit of a part's answer to `aplicar`.
pub(crate) fn acknowledgement(d: usize, cancelled: bool) -> u8 {
    1 << (d + if cancelled { 4 } else { 0 })
}
