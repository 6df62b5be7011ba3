//! Three daemons on three hosts, a fourth host for the travellers, and the faults that strike them.

use crate::fault::{Fault, What};
use crate::{WEB, host};
use agencia_tests::faults::clock::Clock;
use agencia_tests::faults::hosts::Hosts;
use agencia_tests::faults::proxy::Proxy;
use agencia_tests::faults::strace::Strace;
use agencia_tests::process::Signal;
use agencia_tests::trio::{Times, Trio, place};
use agencia_tests::{Client, Daemon, Kind};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

/// How long daemons may take to come back: one that ends finishes its connections first.
const HEAL: Duration = Duration::from_secs(60);

/// What the daemons need to run, and does not run by itself.
pub(crate) struct Site {
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) trio: Trio,
    clocks: [Clock; 3],
    proxies: [Proxy; 3],
}

impl Site {
    pub(crate) fn new(capacities: &[u32], times: Times, random: &mut ChaCha8Rng) -> Self {
        let names: Vec<_> = Kind::ALL.into_iter().map(host).chain([WEB]).collect();
        let hosts = Arc::new(Hosts::new(&names));
        let addresses =
            Kind::ALL.map(|kind| SocketAddr::from((hosts.address(host(kind)), port(kind))));
        let mut trio = Trio::at(capacities, times, addresses, None);
        let clocks = Kind::ALL.map(|kind| Clock::new(trio.setup(kind).path()));
        for (kind, clock) in Kind::ALL.into_iter().zip(&clocks) {
            let space = hosts.name_space(host(kind));
            trio.change(kind, |setup| {
                let listen = format!("127.0.0.1:{}", port(kind));
                let setup = setup.under(&["ip", "netns", "exec", &space]).at(None);
                clock.govern(setup.flag("--listen").flag(listen))
            });
        }
        let proxies = Kind::ALL.map(|kind| {
            let random = ChaCha8Rng::seed_from_u64(random.random());
            Proxy::start(&hosts, host(kind), port(kind), random)
        });
        Self { hosts, trio, clocks, proxies }
    }

    /// Connections from the travellers' host.
    pub(crate) fn connect(&self) -> [Client; 3] {
        let hosts = self.hosts.clone();
        let addresses = self.trio.addresses().map(|(_, address)| address);
        let entered = thread::spawn(move || {
            hosts.enter(WEB);
            addresses.map(Client::connect)
        });
        entered.join().expect("all daemons can be reached")
    }
}

/// The site with its daemons running.
pub(crate) struct Stage<'a> {
    pub(crate) site: &'a Site,
    daemons: [Daemon<'a>; 3],
    /// Each with the fault that it is.
    straces: [Option<(Fault, Strace)>; 3],
    frozen: [u32; 3],
    /// How far all clocks are ahead when none has jumped.
    ahead_secs: i64,
    /// How many faults of each kind there were.
    pub(crate) counts: BTreeMap<&'static str, usize>,
    pub(crate) restarts: usize,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(site: &'a Site, ahead_secs: i64) -> Self {
        site.clocks.iter().for_each(|clock| clock.set(ahead_secs));
        let daemons = site.trio.start();
        let (straces, counts) = (Default::default(), BTreeMap::new());
        Self { site, daemons, straces, frozen: [0; 3], ahead_secs, counts, restarts: 0 }
    }

    /// Sets all clocks at once to another day, which is no fault.
    pub(crate) fn set_day(&mut self, ahead_secs: i64) {
        self.ahead_secs = ahead_secs;
        self.site.clocks.iter().for_each(|clock| clock.set(ahead_secs));
        self.site.proxies.iter().for_each(Proxy::next_day);
    }

    /// Starts again whoever has ended, as systemd does.
    pub(crate) fn look_after(&mut self) {
        for kind in Kind::ALL {
            let at = place(kind);
            if self.daemons[at].has_ended() {
                // It detaches, or has ended with it.
                self.straces[at] = None;
                self.frozen[at] = 0;
                let mut ended =
                    std::mem::replace(&mut self.daemons[at], self.site.trio.setup(kind).launch());
                check_end(&mut ended);
                self.restarts += 1;
            }
        }
    }

    /// Lets a fault begin. Answers whether it did: what it strikes may be gone or be struck already.
    pub(crate) fn begin(&mut self, fault: &Fault) -> bool {
        let at = place(fault.daemon);
        let mischief = self.site.proxies[at].mischief();
        match fault.what {
            What::Cut { other, way, refused } => {
                self.site.hosts.cut(host(fault.daemon), other, way, refused);
            }
            What::Freeze | What::Kill if self.daemons[at].has_ended() => return false,
            What::Freeze => {
                self.frozen[at] += 1;
                self.signal(at, Signal::STOP);
            }
            What::Kill => self.signal(at, Signal::KILL),
            What::Jump { secs } => self.site.clocks[at].set(self.ahead_secs + secs),
            // Whichever of them SQLite was built to use.
            What::SyncFails if self.inject(fault, "fdatasync,fsync:error=EIO:when=1") => {}
            What::DiskFull if self.inject(fault, "pwrite64:error=ENOSPC") => {}
            // Only one can tamper with a process at a time; and one that has ended has no calls.
            What::SyncFails | What::DiskFull => return false,
            What::Repeat { percent } => mischief.repeated.store(percent, Relaxed),
            What::Delay { percent } => mischief.delayed.store(percent, Relaxed),
            What::Lose { requests, replies } => {
                mischief.requests_lost.store(requests, Relaxed);
                mischief.replies_lost.store(replies, Relaxed);
            }
            What::Replay { count } => {
                if !self.site.proxies[at].replay(count) {
                    return false;
                }
            }
        }
        *self.counts.entry(fault.what.name()).or_default() += 1;
        true
    }

    /// Lets a fault end that has begun.
    pub(crate) fn end(&mut self, fault: &Fault) {
        let at = place(fault.daemon);
        let mischief = self.site.proxies[at].mischief();
        match fault.what {
            // Those of other faults go with it.
            What::Cut { .. } => self.site.hosts.heal(host(fault.daemon)),
            What::Freeze => {
                self.frozen[at] = self.frozen[at].saturating_sub(1);
                if self.frozen[at] == 0 {
                    self.signal(at, Signal::CONT);
                }
            }
            What::Jump { .. } => self.site.clocks[at].set(self.ahead_secs),
            // The daemon may have been started again meanwhile, and be struck by another one.
            What::SyncFails | What::DiskFull => {
                drop(self.straces[at].take_if(|(of, _)| of == fault))
            }
            What::Repeat { .. } => mischief.repeated.store(0, Relaxed),
            What::Delay { .. } => mischief.delayed.store(0, Relaxed),
            What::Lose { .. } => {
                mischief.requests_lost.store(0, Relaxed);
                mischief.replies_lost.store(0, Relaxed);
            }
            What::Kill | What::Replay { .. } => {}
        }
    }

    /// Mends everything, whatever is still wrong.
    ///
    /// A disk that failed just before ends its daemon only now: it is mended when all answer from their
    /// ledgers.
    pub(crate) fn heal(&mut self) {
        for kind in Kind::ALL {
            let at = place(kind);
            self.site.hosts.heal(host(kind));
            self.site.proxies[at].mischief().stop();
            self.frozen[at] = 0;
            self.signal(at, Signal::CONT);
            self.straces[at] = None;
            self.site.clocks[at].set(self.ahead_secs);
        }
        let due = Instant::now() + HEAL;
        loop {
            self.look_after();
            let ask = r#"{"action":"listar","filtro":"duvida"}"#;
            let answers = |mut client: Client| {
                client.try_ask(ask).is_ok_and(|reply| reply["viagens"].is_array())
            };
            if self.site.connect().map(answers) == [true; 3] {
                break;
            }
            assert!(Instant::now() < due, "a daemon does not answer");
            thread::sleep(crate::LOOK);
        }
        for daemon in &self.daemons {
            assert!(daemon.notices.wait_for("READY=1").is_some(), "{}", daemon.lines().text());
            check_lines(daemon);
        }
    }

    /// How many messages reached a daemon more than once.
    pub(crate) fn sent_again(&self) -> u64 {
        self.site.proxies.iter().map(Proxy::sent_again).sum()
    }

    /// How many of them were of an earlier day.
    pub(crate) fn sent_days_later(&self) -> u64 {
        self.site.proxies.iter().map(Proxy::sent_days_later).sum()
    }

    /// Prints what the daemons have said since they were started last.
    pub(crate) fn show_lines(&self) {
        for (kind, daemon) in Kind::ALL.into_iter().zip(&self.daemons) {
            println!("{}:\n{}", kind.name(), daemon.lines().text());
        }
    }

    fn signal(&self, at: usize, signal: Signal) {
        if !self.daemons[at].has_ended() {
            self.daemons[at].signal(signal);
        }
    }

    fn inject(&mut self, fault: &Fault, tampering: &str) -> bool {
        let at = place(fault.daemon);
        // What is stopped would not let itself be attached to in time.
        let free = self.straces[at].is_none() && self.frozen[at] == 0;
        if !free || self.daemons[at].has_ended() {
            return false;
        }
        let strace = Strace::try_attach(self.daemons[at].process_id(), tampering);
        self.straces[at] = strace.map(|strace| (*fault, strace));
        self.straces[at].is_some()
    }
}

/// A daemon ends because it is killed, or by itself when it cannot know what is on its disk; never
/// in any other way, and never in a panic.
fn check_end(daemon: &mut Daemon<'_>) {
    let status = daemon.wait();
    check_lines(daemon);
    let killed = status.signal() == Some(Signal::KILL.as_raw());
    let gave_up = status.code() == Some(1);
    assert!(killed || gave_up, "a daemon ended, {status}:\n{}", daemon.lines().text());
}

/// Also a panic that a daemon outlives is one.
fn check_lines(daemon: &Daemon<'_>) {
    let text = daemon.lines().text();
    assert!(!text.contains("panicked at"), "a daemon panicked:\n{text}");
}

fn port(kind: Kind) -> u16 {
    match kind {
        Kind::Flights => 5050,
        Kind::Stays => 5051,
        Kind::Tours => 5052,
    }
}
