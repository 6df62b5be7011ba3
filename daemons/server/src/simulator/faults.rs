//! The storm: what fails, and when. And the calm after it, in which everything must settle by what
//! the daemons do themselves, and the day after, when every message comes once more. It plans and
//! compares; it never repairs anything but what it broke.

use super::books;
use super::house::Death;
use super::mutation::Mutation;
use super::stock::{self, NAMES};
use super::world::{Event, World};
use agencia_protocol::frame::{self, Decoder};
use agencia_protocol::parse_object;
use agencia_protocol::trip::{Audit, AuditReply, TripMessage};
use serde::Deserialize;
use std::sync::atomic::Ordering::Relaxed;

/// Something that fails, or is done to a daemon.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    Kill(usize, Death),
    /// It dies at its next turn.
    Doom(usize, Death),
    Start(usize),
    BackUp(usize),
    Restore(Vec<usize>),
    Partition,
    HealPartitions,
    Clock(usize, i64),
    Import(usize),
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// In how much of simulated time everything must have settled.
const CALM_MILLIS_MAX: i64 = 6 * HOUR;

/// How far a daemon's clock may go from the truth: tombstones outlive the oldest trip that may
/// begin by more than this.
const AHEAD_MAX: i64 = 8 * DAY;

impl World {
    /// Plans what fails.
    pub(super) fn plan_faults(&mut self, storm: i64) {
        let (restores, clocks) = (self.random.one_in(3), self.random.one_in(2));
        if restores {
            self.plan_restores(storm);
        }
        if clocks {
            for daemon in 0..3 {
                self.set_clock_anew(daemon);
            }
        }
        for _ in 0..self.random.between(0, 10) {
            let at = self.random.between(0, storm + 30_000);
            if let Some(fault) = self.any_fault(clocks) {
                self.schedule(at, Event::Fault(fault));
            }
        }
    }

    /// Backups, of every daemon at another moment, and what is put in force of them.
    fn plan_restores(&mut self, storm: i64) {
        for daemon in 0..3 {
            for _ in 0..self.random.between(1, 2) {
                let at = self.random.between(0, storm);
                self.schedule(at, Event::Fault(Fault::BackUp(daemon)));
            }
        }
        for _ in 0..self.random.between(1, 3) {
            let at = self.random.between(storm / 4, storm + 30_000);
            let first = self.random.below(3);
            let daemons = self.some_daemons(first);
            self.schedule(at, Event::Fault(Fault::Restore(daemons)));
        }
    }

    fn any_fault(&mut self, clocks: bool) -> Option<Fault> {
        let daemon = self.random.below(3);
        let death =
            *self.random.pick(&[Death::BeforeCommit, Death::AfterCommit, Death::Torn, Death::Torn]);
        Some(match self.random.below(16) {
            0..3 => Fault::Kill(daemon, death),
            3..8 => Fault::Doom(daemon, death),
            8..11 => Fault::Partition,
            11 if clocks => {
                let by = match self.random.below(3) {
                    0 => -self.random.between(0, 10 * MINUTE),
                    1 => self.random.between(0, 10 * MINUTE),
                    _ => self.random.between(0, DAY),
                };
                Fault::Clock(daemon, by)
            }
            12..15 => Fault::Import(daemon),
            _ => return None,
        })
    }

    fn some_daemons(&mut self, first: usize) -> Vec<usize> {
        let mut daemons = vec![first];
        for other in (0..3).filter(|other| *other != first) {
            if self.random.one_in(3) {
                daemons.push(other);
            }
        }
        daemons
    }

    /// A daemon's clock after its host was started: right to the minute, or hours off, or days.
    fn set_clock_anew(&mut self, daemon: usize) {
        let off = *self.random.pick(&[MINUTE, MINUTE, 3 * HOUR, AHEAD_MAX / 2]);
        let ahead = self.random.between(-off, off);
        self.houses[daemon].ahead.store(ahead, Relaxed);
        self.coverage.count("clocks set");
    }

    pub(super) fn fault(&mut self, fault: Fault) -> Result<(), String> {
        self.trace.line(|| format!("{fault:?}"));
        match fault {
            Fault::Kill(daemon, death) => {
                self.kill(daemon, death);
                self.restart_later(daemon);
            }
            Fault::Doom(daemon, death) => self.doomed[daemon] = Some(death),
            Fault::Start(daemon) => self.start(daemon),
            Fault::BackUp(daemon) => self.back_up(daemon),
            Fault::Restore(daemons) => {
                let restored = daemons.into_iter().filter(|daemon| self.restore(*daemon)).count();
                match restored {
                    2 => self.coverage.count("restores of two daemons at once"),
                    3 => self.coverage.count("restores of all daemons at once"),
                    _ => {}
                }
            }
            Fault::Partition => {
                self.coverage.count("partitions");
                self.network.partition();
                let after = self.random.between(1_000, 2 * MINUTE);
                self.schedule(after, Event::Fault(Fault::HealPartitions));
            }
            Fault::HealPartitions => self.network.heal_partitions(),
            Fault::Clock(daemon, by) => {
                self.coverage.count("clocks set");
                let ahead = &self.houses[daemon].ahead;
                ahead.store((ahead.load(Relaxed) + by).clamp(-AHEAD_MAX, AHEAD_MAX), Relaxed);
            }
            Fault::Import(daemon) => {
                if self.houses[daemon].life.is_some() && self.houses[daemon].stage() {
                    self.import(daemon);
                }
            }
        }
        Ok(())
    }

    pub(super) fn restart_later(&mut self, daemon: usize) {
        let longest = *self.random.pick(&[500, 5_000, 60_000]);
        let after = self.random.between(50, longest);
        self.schedule(after, Event::Fault(Fault::Start(daemon)));
        if self.random.one_in(6) {
            self.set_clock_anew(daemon);
        }
    }

    fn back_up(&mut self, daemon: usize) {
        self.coverage.count("backups");
        let house = &mut self.houses[daemon];
        if self.mutation == Mutation::RestoreWithoutMark {
            return house.copy_files();
        }
        if house.life.is_none() {
            return house.back_up_closed();
        }
        let path = house.next_backup();
        let Some(life) = &house.life else { return };
        let ledger = life.core.ledger();
        let done = async move {
            // One that is cut off by the daemon's end is no backup.
            ledger.backup(path).await.ok();
        };
        life.executor.spawn(done).detach();
    }

    fn restore(&mut self, daemon: usize) -> bool {
        self.kill(daemon, Death::BeforeCommit);
        self.restart_later(daemon);
        // The administrator's clock may be behind; but where the disk is gone, nothing else tells
        // which lives there were.
        let gone = self.random.one_in(3);
        let behind = if gone { 0 } else { self.random.between(0, HOUR) };
        let now = self.now() - behind;
        let marked = self.mutation != Mutation::RestoreWithoutMark;
        let number = self.restores + 1;
        let restored = self.houses[daemon].restore(number, now, gone, marked);
        if restored {
            self.restores = number;
            self.trace.line(|| format!("{} is restored", NAMES[daemon]));
            self.coverage.count("restores");
        }
        restored
    }

    /// Ends the storm: every traveller's instance is dead, everything that is down starts, every
    /// message arrives. What the daemons do by themselves must settle everything.
    ///
    /// # Errors
    /// What must not be so and is.
    pub(super) fn calm(&mut self) -> Result<(), String> {
        self.trace.line(|| "the storm is over".to_owned());
        self.healed = true;
        self.unschedule(|event| {
            matches!(
                event,
                Event::Tick { .. } | Event::Die { .. } | Event::Step(..) | Event::Fault(_)
            )
        });
        for instance in &mut self.instances {
            instance.alive = false;
        }
        self.network.heal();
        self.doomed = [None; 3];
        for daemon in 0..3 {
            self.start(daemon);
        }
        self.settle().map(|_| ())
    }

    /// Lets the daemons work until nothing is left to do. Answers how every trip has ended.
    fn settle(&mut self) -> Result<Vec<&'static str>, String> {
        let until = self.now() + CALM_MILLIS_MAX;
        loop {
            self.happen()?;
            if self.is_quiet() {
                break;
            }
            if self.now() > until {
                return Err(format!("after {CALM_MILLIS_MAX} ms of calm: {}", self.unsettled()));
            }
        }
        self.check_everything()
    }

    fn unsettled(&self) -> String {
        let of = |daemon: usize| {
            let house = &self.houses[daemon];
            let rows = house.watched().rows.clone();
            let live = rows.iter().filter(|(_, row)| row.is_live());
            let live: Vec<_> = live.map(|(trip, row)| format!("{trip} {row:?}")).collect();
            format!("{} recovering: {}, {live:?}", NAMES[daemon], house.recovering)
        };
        (0..3).map(of).collect::<Vec<_>>().join("; ")
    }

    /// A day later every message comes once more, in any order, to whoever it was for.
    ///
    /// # Errors
    /// As [`calm`](Self::calm).
    pub(super) fn a_day_later(&mut self) -> Result<(), String> {
        self.trace.line(|| "a day later".to_owned());
        for house in &self.houses {
            house.ahead.fetch_add(25 * HOUR, Relaxed);
        }
        let sent = std::mem::take(&mut self.sent);
        for (to, bytes) in sent {
            if self.random.one_in(4) {
                continue;
            }
            self.coverage.count("messages of a day ago");
            let after = self.random.between(0, 2_000);
            self.schedule(after, Event::Arrive { to, call: 0, bytes });
        }
        for ending in self.settle()? {
            self.coverage.count(ending);
        }
        Ok(())
    }

    fn check_everything(&mut self) -> Result<Vec<&'static str>, String> {
        let mut endings = Vec::new();
        for daemon in 0..3 {
            self.check_moment(daemon)?;
            self.check_ledger(daemon)?;
            self.check_search(daemon)?;
        }
        for book in &self.books {
            endings.push(books::check_settled(&self.houses, book)?);
        }
        Ok(endings)
    }

    /// The ledger's own sums: nothing held or pinned, and consistent unless a backup has brought
    /// back what was cancelled after it and nobody else has heard of that.
    fn check_ledger(&mut self, daemon: usize) -> Result<(), String> {
        let reply = self.ask_now(daemon, &TripMessage::from(Audit::new()))?;
        let audit: AuditReply = parse_object(&reply).map_err(|error| error.to_string())?;
        let house = &self.houses[daemon];
        let watched = house.watched();
        let lost = |trip| self.books.iter().any(|book| book.trip == trip && book.was_lost);
        let rows = &watched.rows;
        let has_units = |trip| {
            let part = rows.get(trip).and_then(|row| row.part.as_ref());
            part.is_some_and(|part| part.state.has_units())
        };
        for trip in house.phantoms.iter().filter(|trip| has_units(trip)) {
            let wanted = self.books.iter().find(|book| book.trip == *trip);
            if !lost(*trip) && wanted.is_some_and(|book| book.cancelled) {
                return Err(format!("{trip} is back from a backup, and somebody knows better"));
            }
        }
        let excused = house.phantoms.iter().any(|trip| has_units(trip) && lost(*trip));
        let used: u64 = watched.used.values().map(|used| u64::from(*used)).sum();
        let settled = audit.held == 0 && audit.pinned == 0 && audit.confirmed == used;
        match settled && (audit.consistent || excused) {
            true => Ok(()),
            false => Err(format!("{}: {audit:?}, and {used} are used", NAMES[daemon])),
        }
    }

    /// What a search finds is what is free.
    fn check_search(&mut self, daemon: usize) -> Result<(), String> {
        #[derive(Deserialize)]
        struct Listed {
            id: String,
            disponiveis: u32,
        }
        #[derive(Deserialize)]
        struct Found {
            #[serde(alias = "ida", alias = "hospedagens", alias = "passeio")]
            offers: Vec<Listed>,
        }
        let mut found = Vec::new();
        for search in stock::searches(daemon) {
            let reply = self.answer_now(daemon, search.as_bytes())?;
            let shown = String::from_utf8_lossy(&reply).into_owned();
            let reply: Found = parse_object(&reply).map_err(|error| format!("{error}: {shown}"))?;
            found.extend(reply.offers.into_iter().map(|offer| (offer.id, offer.disponiveis)));
        }
        found.sort();
        let house = &self.houses[daemon];
        let used = house.watched().recomputed(&Default::default());
        let free = |(id, units): (&&str, &u16)| {
            let used = used.get(&stock::key(id)).copied().unwrap_or(0);
            let left = u32::from(*units).saturating_sub(used);
            (left > 0).then(|| ((*id).to_owned(), left))
        };
        let expected: Vec<_> = house.stock.units.iter().filter_map(free).collect();
        match found == expected {
            true => Ok(()),
            false => Err(format!("{}: found {found:?}, free are {expected:?}", NAMES[daemon])),
        }
    }

    fn ask_now(&mut self, daemon: usize, message: &TripMessage) -> Result<Vec<u8>, String> {
        self.answer_now(daemon, &serde_json::to_vec(message).expect("a message is JSON"))
    }

    /// Asks a daemon without a network in between.
    fn answer_now(&mut self, daemon: usize, body: &[u8]) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        frame::encode(body, &mut bytes);
        let life = self.houses[daemon].life.as_mut().ok_or("it is down")?;
        let reply = super::core::run(&mut life.ledger, life.core.answer(bytes));
        let mut decoder = Decoder::new(1_000_000);
        decoder.feed(&reply);
        let body = decoder.next_frame().map_err(|error| error.to_string())?;
        Ok(body.ok_or("half a frame came back")?.to_vec())
    }
}
