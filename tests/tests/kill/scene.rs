//! Daemons of which one is killed in the middle of a trip, and what is done about it: it is started
//! again, and the same traveller, another one or nobody goes on. What was wanted and told is kept
//! for all trips together, because a kill may break a trip of before.
//!
//! A process that ends here by anything but SIGKILL fails the suite: a panic is no kill.

use crate::traveller::{Errand, Traveller};
use crate::web::{Visitor, Web, last_action};
use agencia_tests::books::{Books, Findings, Told, Trip};
use agencia_tests::faults::strace::Strace;
use agencia_tests::process::Signal;
use agencia_tests::trio::{Trio, place};
use agencia_tests::{Client, Daemon, Kind};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::thread;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long a traveller goes on asking a daemon that is gone.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long after the last word a daemon may still be about something of the trip's.
const AFTERWARDS: Duration = Duration::from_millis(400);
/// How often it is looked whether something has happened.
const LOOK: Duration = Duration::from_millis(2);

/// Whose end it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Victim {
    Daemon(Kind),
    Traveller,
    Web,
}

/// What happens after the kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The daemon is started again while the traveller still asks.
    GoOn,
    /// The traveller is gone, too, and somebody else finishes the trip.
    Finish,
    /// The traveller is gone, too, and the daemons are left to themselves.
    Leave,
}

/// Whether a process was killed; false when it has ended well.
///
/// # Panics
/// When it has ended by itself and not well, with what it wrote.
pub(crate) fn was_killed(status: ExitStatus, lines: &str) -> bool {
    if status.success() {
        return false;
    }
    let killed = status.signal() == Some(Signal::KILL.as_raw());
    assert!(killed, "a process ended by itself, {status}:\n{lines}");
    true
}

/// Three daemons and everything that was ever wanted of them.
pub(crate) struct Scene<'a> {
    trio: &'a Trio,
    daemons: [Option<Daemon<'a>>; 3],
    /// The one that is killed, and another one beside it.
    webs: [Web; 2],
    pub(crate) books: Books,
    random: ChaCha8Rng,
    pub(crate) kills: usize,
    /// How often the web client was killed at a call, by what it was to send or had sent last.
    pub(crate) web_kills: BTreeMap<(String, &'static str), usize>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(trio: &'a Trio, capacities: &[u32], random: ChaCha8Rng) -> Self {
        let daemons = trio.start().map(Some);
        let webs = [Web::start(trio), Web::start(trio)];
        let (books, web_kills) = (Books::new(capacities), BTreeMap::new());
        Self { trio, daemons, webs, books, random, kills: 0, web_kills }
    }

    /// One trip, in which the victim is killed at its `nth` call; whether it came to that.
    pub(crate) fn kill(
        &mut self,
        parts: &[(Kind, usize, u16)],
        victim: Victim,
        (call, nth): (&str, usize),
    ) -> bool {
        let tampering = format!("{call}:signal=SIGKILL:when={nth}");
        let then = self.draw_then();
        if victim == Victim::Web {
            return self.kill_web(call, &tampering, then);
        }
        let mut trip = Trip::new(Uuid::now_v7(), parts);
        let killed = match victim {
            Victim::Web => unreachable!("it is killed over its own trips"),
            Victim::Daemon(kind) => {
                self.kill_daemon(&mut trip, Errand::Book, kind, &tampering, then)
            }
            Victim::Traveller => {
                let (errand, tampering) = (Errand::Book, Some(&*tampering));
                let traveller = Traveller::start(self.trio, &trip, errand, PATIENCE, tampering);
                let (told, killed) = traveller.finish();
                trip.told = told;
                killed
            }
        };
        if killed && then == Then::Finish {
            self.finish(&mut trip, Errand::Book);
        }
        self.kills += usize::from(killed);
        self.books.trips.push(trip);
        killed
    }

    /// One trip that is booked and then cancelled, in which a daemon is killed at its `nth` call
    /// from then on; whether it came to that.
    pub(crate) fn kill_cancelling(
        &mut self,
        parts: &[(Kind, usize, u16)],
        kind: Kind,
        (call, nth): (&str, usize),
    ) -> bool {
        let tampering = format!("{call}:signal=SIGKILL:when={nth}");
        let then = self.draw_then();
        let mut trip = Trip::new(Uuid::now_v7(), parts);
        self.finish(&mut trip, Errand::Book);
        assert!(matches!(trip.told, Told::Booked(_)), "nobody was killed yet: {:?}", trip.told);
        trip.told = Told::Unknown;
        let killed = self.kill_daemon(&mut trip, Errand::Cancel, kind, &tampering, then);
        if killed && then == Then::Finish {
            self.finish(&mut trip, Errand::Cancel);
        }
        // Without a kill there is nothing that could keep it from being cancelled.
        assert!(killed || trip.told == Told::Cancelled, "{:?}", trip.told);
        self.kills += usize::from(killed);
        self.books.trips.push(trip);
        killed
    }

    fn draw_then(&mut self) -> Then {
        match self.random.random_range(0..3) {
            0 => Then::GoOn,
            1 => Then::Finish,
            _ => Then::Leave,
        }
    }

    fn kill_daemon(
        &mut self,
        trip: &mut Trip,
        errand: Errand,
        kind: Kind,
        tampering: &str,
        then: Then,
    ) -> bool {
        let id = self.daemon(kind).process_id();
        let strace = Strace::attach(id, tampering);
        let traveller = Traveller::start(self.trio, trip, errand, PATIENCE, None);
        let mut ended = None;
        let killed = loop {
            if self.daemon(kind).has_ended() {
                break true;
            }
            let now = Instant::now();
            if traveller.has_ended() && now > *ended.get_or_insert(now) + AFTERWARDS {
                break false;
            }
            thread::sleep(LOOK);
        };
        drop(strace);
        // A call of its own may have come between the last look and the end of what kills.
        let killed = killed || self.daemon(kind).has_ended();
        if killed && then != Then::GoOn {
            traveller.kill();
        }
        if killed {
            let mut daemon = self.daemons[place(kind)].take().expect("it has just ended");
            let status = daemon.wait();
            let lines = daemon.lines().text();
            assert!(was_killed(status, &lines), "{kind:?} stopped by itself:\n{lines}");
            drop(daemon);
            self.daemons[place(kind)] = Some(self.trio.setup(kind).start());
        }
        trip.told = traveller.finish().0;
        killed
    }

    fn kill_web(&mut self, call: &str, tampering: &str, then: Then) -> bool {
        let [web, other] = &mut self.webs;
        let mut visitor = Visitor::choosing(web);
        let mut trip = visitor.trip();
        let strace = Strace::attach_noting(web.process_id(), tampering, "sendto");
        let said = visitor.book(web);
        let sent = last_action(&strace.finish());
        // Whoever is not answered is so because of the kill, and of nothing else.
        let killed = said.is_err() || web.has_ended();
        if killed {
            let status = web.wait();
            let lines = web.lines().text();
            assert!(was_killed(status, &lines), "{said:?}, and the web client stopped:\n{lines}");
        }
        trip.told = said.unwrap_or(Told::Unknown);
        if killed {
            let told = match then {
                Then::GoOn => {
                    self.webs[0] = Web::start(self.trio);
                    visitor.go_on(&self.webs[0])
                }
                Then::Finish => visitor.go_on(other),
                Then::Leave => visitor.look(other),
            };
            trip.told = match (&trip.told, told) {
                (first, second) if *first == second => second,
                (Told::Unknown, told) => told,
                // Somebody who was told how it ended is told so again.
                (first, second) => panic!("first {first:?}, then {second:?}"),
            };
            if then != Then::GoOn {
                self.webs[0] = Web::start(self.trio);
            }
            self.kills += 1;
            let place = (call.to_owned(), sent.unwrap_or("nothing"));
            *self.web_kills.entry(place).or_default() += 1;
        }
        self.books.trips.push(trip);
        killed
    }

    /// Somebody else, who knows the same plan, does this to the end.
    fn finish(&mut self, trip: &mut Trip, errand: Errand) {
        let begun = Instant::now();
        let (told, _) = Traveller::start(self.trio, trip, errand, PATIENCE, None).finish();
        let (took, lines) = (begun.elapsed(), self.lines());
        assert_ne!(told, Told::Unknown, "all daemons are there, after {took:.1?}:\n{lines}");
        if let (Told::Booked(first), Told::Booked(second)) = (&trip.told, &told) {
            assert_eq!(first, second, "one trip has one locator");
        }
        assert!(
            trip.told == Told::Unknown
                || std::mem::discriminant(&trip.told) == std::mem::discriminant(&told),
            "first {:?}, then {told:?}",
            trip.told
        );
        trip.told = told;
    }

    /// What the daemons have said since they were started last.
    fn lines(&self) -> String {
        Kind::ALL.map(|kind| format!("{kind:?}: {}", self.daemon(kind).lines().text())).join("\n")
    }

    fn daemon(&self, kind: Kind) -> &Daemon<'a> {
        self.daemons[place(kind)].as_ref().expect("it is started again at once")
    }

    /// Compares the books with the daemons, once these had the time to settle everything.
    pub(crate) fn check(&self, time: Duration) -> Findings {
        let mut clients: [Client; 3] = self.trio.connect();
        let findings = self.books.check(&mut clients, Instant::now() + time);
        findings.expect_none();
        findings
    }

    /// Starts all daemons again: what is true must be on the disk.
    pub(crate) fn restart(&mut self) {
        for daemon in &mut self.daemons {
            *daemon = None;
        }
        self.daemons = self.trio.start().map(Some);
    }
}
