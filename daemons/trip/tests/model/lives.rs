//! Backups, restores and recoveries, on the production functions of [`recovery`].

use crate::machine::Machine;
use crate::mutant::Mutant;
use crate::state::{Backup, Daemon, State};
use crate::world::{D, T, bits, early, sold};
use agencia_protocol::trip::{Incarnation, Outcome};
use agencia_trip::recovery::{self, Progress, Recovery};
use agencia_trip::row::{self, Release, Row};
use agencia_trip::{Desk, Fences};

impl Machine {
    pub(crate) fn restore(&self, state: &State, d: usize) -> Option<State> {
        let mut next = state.clone();
        let backup = next.daemons[d].backup.take()?;
        next.restores_left -= 1;
        for (trip, row) in next.trips.iter_mut().zip(backup.rows) {
            trip.rows[d] = row;
            trip.durable[d] = row;
        }
        // Whoever waited for an answer to `aplicar` is gone with its connections.
        for (trip, variants) in next.trips.iter_mut().zip(&self.world.setup.trips) {
            if variants.iter().any(|variant| usize::from(variant[0].0) == d) {
                trip.acknowledged = 0;
            }
        }
        let daemon = &mut next.daemons[d];
        daemon.used = backup.used;
        daemon.fences = backup.fences;
        if self.mutant == Mutant::RestoreWithoutRecovery {
            daemon.life = backup.life;
        } else {
            // Each restore mints a later life than any before it, as its clock would.
            daemon.life += 1;
            let peers = (0..D).filter(|p| *p != d).fold(0, |mask, p| mask | (1 << p));
            daemon.recovering = peers;
        }
        self.forget_what_nobody_knows(&mut next);
        Some(next)
    }

    /// A booking that only the lost database knew of is lost with it, and may be.
    fn forget_what_nobody_knows(&self, state: &mut State) {
        for trip in &mut state.trips {
            let known = trip.rows.iter().any(|row| {
                let row = self.world.row(*row);
                let decided = row.decision.is_some_and(|decision| {
                    matches!(decision.outcome(), Outcome::Committed | Outcome::Cancelled)
                });
                let part = row.part.is_some_and(|part| match part.state {
                    row::State::Confirmed { .. } => true,
                    row::State::Released { why, .. } => why == Release::Cancelled,
                    _ => false,
                });
                decided || part
            });
            trip.told &= known;
        }
    }

    /// The daemon asks the peer, gets its page, and learns it.
    pub(crate) fn recover(&self, state: &State, d: usize, p: usize) -> State {
        let world = &self.world;
        let mut next = state.clone();
        let mut peer_fences = world.fences(&state.daemons[p].fences);
        let mut own_fences = world.fences(&state.daemons[d].fences);
        let (mut own, mut peer) = (self.recovery(state, d), self.recovery(state, p));
        let (_, asked) = own
            .requests()
            .find(|(name, _)| **name == world.names[p])
            .expect("only who has not answered is asked");
        let rows: Vec<Row> = state.trips.iter().map(|trip| world.row(trip.rows[p])).collect();
        let before = peer_fences.clone();
        let page = recovery::answer(
            &self.desk(state, p, &before),
            (state.daemons[p].recovering != 0).then_some(&mut peer),
            &mut peer_fences,
            &asked,
            world.trips.iter().copied().zip(&rows),
        );
        let progress = own.answered(&world.names[p], &page, &mut own_fences);
        let Progress::Learn(trips) = progress else { panic!("each restore mints a later life") };
        if self.mutant != Mutant::OldSealsCount {
            let life =
                |fences: &Fences, of: usize| u8::try_from(fences.of(&world.names[of]).0).unwrap();
            next.daemons[p].fences[d] = life(&peer_fences, d);
            next.daemons[d].fences[p] = life(&own_fences, p);
        }
        next.daemons[p].recovering = self.unanswered(&peer, state.daemons[p].recovering);
        next.daemons[d].recovering = self.unanswered(&own, state.daemons[d].recovering);
        let desk = self.desk(state, d, &own_fences);
        for told in trips {
            let t = world.trips.iter().position(|trip| *trip == told.trip).unwrap();
            let row = world.row(next.trips[t].rows[d]);
            let step = recovery::learn(&desk, &row, &told, &sold, early());
            self.write(&mut next, t, d, step);
        }
        if next.daemons[d].recovering == 0 {
            for t in 0..T {
                let row = world.row(next.trips[t].rows[d]);
                self.write(&mut next, t, d, recovery::finish(&row, early()));
            }
        }
        next
    }

    fn desk<'a>(&'a self, state: &State, d: usize, fences: &'a Fences) -> Desk<'a> {
        Desk {
            name: &self.world.names[d],
            key: &self.world.key,
            incarnation: Incarnation(state.daemons[d].life.into()),
            fences,
            recovering: state.daemons[d].recovering != 0,
            limits: &self.world.limits,
        }
    }

    /// The recovery of this daemon, as far as it has come.
    fn recovery(&self, state: &State, d: usize) -> Recovery {
        let names = &self.world.names;
        let Daemon { life, recovering, .. } = state.daemons[d];
        let left = bits(recovering.into()).map(|p| names[usize::from(p)].clone());
        Recovery::begin(names[d].clone(), Incarnation(life.into()), names.iter().cloned())
            .with_unanswered(left)
    }

    fn unanswered(&self, recovery: &Recovery, before: u8) -> u8 {
        if before == 0 {
            return 0;
        }
        recovery.unanswered().fold(0, |mask, peer| mask | (1 << self.world.daemon(peer)))
    }
}

/// A copy of this daemon's database.
pub(crate) fn backup(state: &State, d: usize) -> State {
    let mut next = state.clone();
    let daemon = &state.daemons[d];
    next.daemons[d].backup = Some(Box::new(Backup {
        rows: [0, 1, 2].map(|t| state.trips[t].durable[d]),
        used: daemon.used,
        life: daemon.life,
        fences: daemon.fences,
    }));
    next
}
