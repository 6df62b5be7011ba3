//! The world of one seed: three daemons, a network, travellers, and one queue of what happens
//! when. Everything happens in one thread, one after the other, so that a seed has one history.

use super::books::{self, TripBook};
use super::core;
use super::coverage::Coverage;
use super::faults::Fault;
use super::house::{Death, House};
use super::mutation::Mutation;
use super::network::Network;
use super::random::Random;
use super::script::Step;
use super::stock::{self, NAMES};
use super::time::Time;
use super::trace::Trace;
use super::traveller::Lead;
use crate::peers::Courier;
use agencia_client::{ClientError, Peer};
use agencia_protocol::trip::TripMessage;
use agencia_trip::row::State;
use async_channel::Sender;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One thing that happens.
pub(super) enum Event {
    /// A request arrives at a daemon.
    Arrive {
        to: usize,
        call: u64,
        bytes: Arc<[u8]>,
    },
    /// A reply arrives at whoever asked, which was sent after so many restores.
    Return {
        call: u64,
        bytes: Arc<[u8]>,
        restores: u64,
    },
    /// Whoever asked waits no longer.
    GiveUp {
        call: u64,
    },
    /// A ledger takes a turn.
    Turn {
        daemon: usize,
    },
    /// A traveller's instance sends what is not answered.
    Tick {
        lead: usize,
        tick: u64,
    },
    /// A traveller's instance dies.
    Die {
        lead: usize,
    },
    Step(usize, Step),
    Fault(Fault),
}

/// Who waits for a reply.
pub(super) enum Caller {
    Lead { lead: usize, to: usize, message: Option<TripMessage> },
    Daemon { daemon: usize, to: usize, answer: Sender<Result<Vec<u8>, ClientError>> },
}

/// A traveller's instance.
pub(super) struct Instance {
    pub(super) book: usize,
    pub(super) plan: usize,
    pub(super) node: usize,
    pub(super) lead: Lead,
    pub(super) alive: bool,
    pub(super) pause: i64,
    pub(super) tries: u32,
    pub(super) tick: u64,
    pub(super) told: bool,
    /// How many restores there had been when the oldest reply was sent that it has heard.
    pub(super) heard_since: u64,
}

/// What daemons have sent and answered since somebody last looked.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) calls: Vec<Call>,
    pub(super) replies: Vec<(u64, Vec<u8>)>,
    pub(super) imported: Vec<(usize, u64, bool)>,
}

pub(super) struct Call {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) body: Vec<u8>,
    pub(super) answer: Sender<Result<Vec<u8>, ClientError>>,
}

pub(super) struct World {
    pub(super) random: Random,
    pub(super) time: Time,
    pub(super) houses: [House; 3],
    pub(super) network: Network,
    pub(super) instances: Vec<Instance>,
    pub(super) books: Vec<TripBook>,
    pub(super) doomed: [Option<Death>; 3],
    /// How often a database was replaced by a backup.
    pub(super) restores: u64,
    /// The longest time that a commit takes.
    pub(super) commit_millis: i64,
    /// For how long a daemon waits for another one, as it is shipped.
    pub(super) patience_millis: i64,
    pub(super) mutation: Mutation,
    pub(super) coverage: Coverage,
    pub(super) trace: Trace,
    /// Whether the storm is over: nothing fails any more.
    pub(super) healed: bool,
    /// Every request that was ever sent to a daemon.
    pub(super) sent: Vec<(usize, Arc<[u8]>)>,
    events: BTreeMap<(i64, u64), Event>,
    scheduled: u64,
    pub(super) callers: BTreeMap<u64, Caller>,
    pub(super) calls: u64,
    turning: [bool; 3],
    pub(super) outbox: Arc<Mutex<Outbox>>,
}

impl World {
    pub(super) fn new(seed: u64, folder: &Path, mutation: Mutation, traced: bool) -> World {
        let mut random = Random::new(seed);
        let time = Time::default();
        let houses = [0, 1, 2].map(|daemon| House::new(daemon, folder, random.branch()));
        let network = Network::new(random.branch());
        let mut world = World {
            commit_millis: *random.pick(&[2, 2, 20, 3_000]),
            patience_millis: core::patience_millis(),
            random,
            trace: Trace::new(traced, time.clone()),
            time,
            houses,
            network,
            instances: Vec::new(),
            books: Vec::new(),
            doomed: [None; 3],
            restores: 0,
            mutation,
            coverage: Coverage::default(),
            healed: false,
            sent: Vec::new(),
            events: BTreeMap::new(),
            scheduled: 0,
            callers: BTreeMap::new(),
            calls: 0,
            turning: [false; 3],
            outbox: Arc::default(),
        };
        for daemon in 0..3 {
            world.start(daemon);
        }
        world
    }

    pub(super) fn now(&self) -> i64 {
        self.time.now()
    }

    pub(super) fn schedule(&mut self, after: i64, event: Event) {
        self.scheduled += 1;
        self.events.insert((self.now() + after.max(0), self.scheduled), event);
    }

    /// Drops what is to come of these kinds.
    pub(super) fn unschedule(&mut self, which: impl Fn(&Event) -> bool) {
        self.events.retain(|_, event| !which(event));
    }

    /// Lets happen what happens next.
    ///
    /// # Errors
    /// What must never be so and is.
    pub(super) fn happen(&mut self) -> Result<(), String> {
        let event = self.events.first_key_value().map(|((at, _), _)| *at);
        let pause = self.time.next();
        let now = self.now();
        match (event, pause) {
            (Some(at), pause) if pause.is_none_or(|due| at <= due) => {
                self.time.move_to(at.max(now));
                let Some((_, event)) = self.events.pop_first() else { return Ok(()) };
                self.let_happen(event)?;
            }
            (_, Some(due)) => self.time.move_to(due.max(now)),
            (_, None) => return Err("nothing happens any more".to_owned()),
        }
        self.run()
    }

    fn let_happen(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Arrive { to, call, bytes } => self.arrive(to, call, bytes),
            Event::Return { call, bytes, restores } => self.returned(call, &bytes, restores)?,
            Event::GiveUp { call } => self.give_up(call),
            Event::Turn { daemon } => self.turn(daemon),
            Event::Tick { lead, tick } => self.tick(lead, tick),
            Event::Die { lead } => {
                self.coverage.count("instances that died");
                self.instances[lead].alive = false;
            }
            Event::Step(book, step) => self.step(book, step),
            Event::Fault(fault) => self.fault(fault)?,
        }
        Ok(())
    }

    /// Lets every daemon do what it can do now, and looks at what came of it.
    fn run(&mut self) -> Result<(), String> {
        loop {
            let mut ran = false;
            for house in &self.houses {
                let Some(life) = &house.life else { continue };
                while life.executor.try_tick() {
                    ran = true;
                }
            }
            if !ran {
                break;
            }
        }
        let Outbox { calls, replies, imported } = std::mem::take(&mut *lock(&self.outbox));
        for call in calls {
            self.send_call(call);
        }
        for (call, bytes) in replies {
            self.send_reply(call, bytes);
        }
        for (daemon, life, taken) in imported {
            if self.houses[daemon].lives == life {
                self.import_ended(daemon, taken);
            }
        }
        for (daemon, name) in NAMES.iter().enumerate() {
            let Some(life) = &self.houses[daemon].life else { continue };
            let recovering = life.core.ledger().recovering();
            let is_asked = life.ledger.is_asked();
            if self.houses[daemon].recovering && !recovering {
                self.coverage.count("recoveries that ended");
                self.trace.line(|| format!("{name} has recovered"));
            }
            self.houses[daemon].recovering = recovering;
            if is_asked && !self.turning[daemon] {
                self.turning[daemon] = true;
                let longest = if self.healed { 2 } else { self.commit_millis };
                let after = self.random.between(0, longest);
                self.schedule(after, Event::Turn { daemon });
            }
            self.check_news(daemon)?;
        }
        Ok(())
    }

    /// Looks at what a daemon has committed since.
    fn check_news(&mut self, daemon: usize) -> Result<(), String> {
        let commits = self.houses[daemon].watched().commits;
        let house = &mut self.houses[daemon];
        if house.checked == commits {
            return Ok(());
        }
        house.checked = commits;
        self.settle_phantoms(daemon);
        self.check_moment(daemon)
    }

    /// Once a daemon has recovered, what its backup has brought back is excused only as long as
    /// nobody can know better: pinned, it waits for its anchor; confirmed, no disk may know of the
    /// cancellation. Everything else counts like any other trip from then on.
    fn settle_phantoms(&mut self, daemon: usize) {
        if self.houses[daemon].recovering {
            return;
        }
        let mut phantoms = std::mem::take(&mut self.houses[daemon].phantoms);
        phantoms.retain(|trip| {
            let row = self.houses[daemon].watched().rows.get(trip).cloned();
            match row.as_ref().and_then(|row| row.part.as_ref()).map(|part| &part.state) {
                Some(State::Pinned { .. }) => true,
                Some(State::Confirmed { .. }) => !self.houses.iter().any(|house| {
                    house.watched().rows.get(trip).is_some_and(|row| books::knows_cancelled(row))
                }),
                _ => false,
            }
        });
        self.houses[daemon].phantoms = phantoms;
    }

    /// What must be so at every moment.
    ///
    /// # Errors
    /// What is not so.
    pub(super) fn check_moment(&self, daemon: usize) -> Result<(), String> {
        self.houses[daemon].check_units()?;
        for book in &self.books {
            books::check_trip(&self.houses, book.trip)?;
        }
        Ok(())
    }

    pub(super) fn start(&mut self, daemon: usize) {
        if self.houses[daemon].life.is_some() {
            return;
        }
        let before = self.houses[daemon].watched().rows.clone();
        let restored = std::mem::take(&mut self.houses[daemon].is_replaced);
        let courier = self.courier(daemon);
        let deaf = self.mutation == Mutation::DeafCatalog;
        let time = self.time.clone();
        let made_room = self.houses[daemon].start(&time, courier, !deaf);
        self.trace.line(|| format!("{} starts", NAMES[daemon]));
        if made_room {
            self.coverage.count("inventories below what a backup holds");
        }
        if restored {
            self.houses[daemon].note_phantoms(&before);
        }
        if restored {
            self.excuse(None);
        }
    }

    /// Excuses what is lost with a disk, of one trip or of all.
    pub(super) fn excuse(&mut self, only: Option<usize>) {
        // Of one that was replaced and has not started, it is not known yet what it knows.
        if self.houses.iter().any(|house| house.is_replaced) {
            return;
        }
        let books = self.books.iter_mut().enumerate();
        for (_, book) in books.filter(|(place, _)| only.is_none_or(|only| only == *place)) {
            let excused = book.excuse(&self.houses);
            self.coverage.add("told things that no disk knows", excused);
        }
    }

    fn courier(&self, from: usize) -> Courier {
        let outbox = self.outbox.clone();
        Arc::new(move |to, body| {
            let to = stock::place(to);
            let (answer, answers) = async_channel::bounded(1);
            lock(&outbox).calls.push(Call { from, to, body, answer });
            Box::pin(async move {
                let lost = || ClientError::Lost { peer: peer(to) };
                answers.recv().await.unwrap_or_else(|_| Err(lost()))
            })
        })
    }

    pub(super) fn kill(&mut self, daemon: usize, death: Death) {
        if self.houses[daemon].life.is_none() {
            return;
        }
        self.trace.line(|| format!("{} dies: {death:?}", NAMES[daemon]));
        self.coverage.count(match death {
            Death::BeforeCommit => "deaths before a commit",
            Death::AfterCommit => "deaths after a commit",
            Death::Torn => "deaths in a commit",
        });
        let forgetful = self.mutation == Mutation::ForgetLastCommit;
        if self.houses[daemon].kill(death, forgetful) {
            self.coverage.count("commits that were cut in the middle");
        }
        self.doomed[daemon] = None;
        self.houses[daemon].settle_import();
        self.callers.retain(|_, caller| match caller {
            Caller::Daemon { daemon: of, .. } => *of != daemon,
            Caller::Lead { .. } => true,
        });
    }

    fn turn(&mut self, daemon: usize) {
        self.turning[daemon] = false;
        match self.doomed[daemon].take() {
            Some(death) if self.houses[daemon].life.is_some() => {
                self.kill(daemon, death);
                self.restart_later(daemon);
            }
            _ => self.houses[daemon].turn(),
        }
    }

    /// Whether nothing is left to do, anywhere.
    pub(super) fn is_quiet(&self) -> bool {
        let settled = |house: &House| {
            let Some(life) = &house.life else { return false };
            !house.recovering
                && !life.ledger.is_asked()
                && house.watched().rows.values().all(|row| !row.is_live())
        };
        let traffic = |event: &Event| matches!(event, Event::Arrive { .. } | Event::Return { .. });
        self.houses.iter().all(settled) && !self.events.values().any(traffic)
    }

    /// Begins to put the staged inventory of a daemon in force.
    pub(super) fn import(&mut self, daemon: usize) {
        let Some(life) = &self.houses[daemon].life else { return };
        let (imported, outbox) = (life.core.import(), self.outbox.clone());
        let number = self.houses[daemon].lives;
        let done = async move {
            let taken = imported.await;
            lock(&outbox).imported.push((daemon, number, taken));
        };
        life.executor.spawn(done).detach();
    }

    fn import_ended(&mut self, daemon: usize, taken: bool) {
        self.coverage.count(if taken { "imports" } else { "imports that were refused" });
        self.trace.line(|| format!("{}: an import is taken: {taken}", NAMES[daemon]));
        self.houses[daemon].settle_import();
    }
}

pub(super) fn lock(outbox: &Mutex<Outbox>) -> MutexGuard<'_, Outbox> {
    outbox.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn peer(daemon: usize) -> Peer {
    let port = 5050 + u16::try_from(daemon).expect("one of three");
    Peer { name: NAMES[daemon].to_owned(), address: ([127, 0, 0, 1], port).into() }
}
