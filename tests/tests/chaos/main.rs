//! Chaos: each daemon on a host of its own, travellers on a fourth, and faults that overlap.
//!
//! Hosts are network namespaces. They are cut off each other, daemons are frozen and killed, clocks
//! jump, disks fail, and a proxy before each daemon delays, repeats, loses and replays messages. What
//! goes wrong when comes from a seed (`AGENCIA_SEED`). In a pause after every round everything is
//! mended, pinned parts must settle in time, and the books are compared with the daemons.
//!
//! The first third of the rounds takes place a day earlier, as far as clocks and trips can tell: its
//! messages are a day old when they are replayed in the others.

mod fault;
mod stage;

use agencia_tests::Kind;
use agencia_tests::books::{Books, Findings, Trip};
use agencia_tests::faults::command::need_root;
use agencia_tests::faults::hosts::Way;
use agencia_tests::faults::{clock, hosts, strace};
use agencia_tests::load::{Load, Work};
use agencia_tests::seed::{is_soak, random, seed};
use agencia_tests::settling::{Settled, Settling};
use agencia_tests::trio::Times;
use fault::{Fault, WHATS, What};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stage::{Site, Stage};
use std::thread;
use std::time::{Duration, Instant};

/// The travellers' host.
pub(crate) const WEB: &str = "web";
/// When the anchor is cut off, once there are trips, and until when. Parts that were pinned at the cut
/// ask after 0.25 s, 0.5 s, 1 s, 2 s and then every 1.5 s; with pauses three times as long, after 4 s,
/// 8 s and 12.5 s: what is healed after 9 s is found then and not before.
const CUT_BEGINS: Duration = Duration::from_secs(1);
const CUT_ENDS: Duration = Duration::from_secs(10);
/// Some of the offers sell out.
const CAPACITIES: [u32; 8] = [60_000, 60_000, 60_000, 60_000, 3_000, 1_000, 200, 20];
/// A little more than a day: a trip of then may not begin now.
const YESTERDAY_SECS: i64 = -90_000;
/// How often it is looked whether a fault is due.
pub(crate) const LOOK: Duration = Duration::from_millis(5);
/// How often it is looked whether pinned parts have settled.
const LOOK_SETTLED: Duration = Duration::from_millis(20);
/// What a slow machine adds to a deadline.
const SLACK: Duration = Duration::from_secs(1);

/// A daemon's host.
pub(crate) fn host(kind: Kind) -> &'static str {
    match kind {
        Kind::Flights => "voo",
        Kind::Stays => "hos",
        Kind::Tours => "pas",
    }
}

/// How much of it: at least so many rounds, and further ones until there were so many faults and
/// trips. A machine that has other work takes longer; it does not do less.
struct Extent {
    rounds_min: usize,
    round: Duration,
    /// In each round.
    faults: usize,
    travellers: usize,
}

/// After how many rounds all of the books are compared, and not only what is new.
const ROUNDS_TOGETHER: usize = 6;
/// The fewest faults, of all rounds.
const FAULTS_MIN: usize = 300;
/// The fewest trips, of all rounds.
const TRIPS_MIN: usize = 10_000;
/// Of how many trips at least one is booked in the end.
const BOOKED_SHARE: usize = 10;
/// For how many booked trips at least one was cancelled.
const CANCELLED_SHARE: usize = 40;

impl Extent {
    fn of_this_run() -> Self {
        let (rounds_min, round) = match is_soak() {
            true => (60, Duration::from_secs(60)),
            false => (24, Duration::from_secs(5)),
        };
        Self { rounds_min, round, faults: 14, travellers: 24 }
    }
}

/// The daemons, the travellers and their books.
struct Chaos<'a> {
    stage: Stage<'a>,
    books: Books,
    random: ChaCha8Rng,
    /// As the daemons are expected to keep them.
    times: Times,
    settled: Settled,
}

impl<'a> Chaos<'a> {
    fn new(site: &'a Site, times: Times, random: ChaCha8Rng, ahead_secs: i64) -> Self {
        let stage = Stage::new(site, ahead_secs);
        Self { stage, books: Books::new(&CAPACITIES), random, times, settled: Settled::default() }
    }

    fn faults(&self) -> usize {
        self.stage.counts.values().sum()
    }

    /// One round: travellers book while faults begin and end; then all is mended.
    fn round(&mut self, extent: &Extent, together: bool, ahead_secs: i64) -> Findings {
        let faults = Fault::draw(&mut self.random, extent.faults, extent.round);
        let settled = self.strike(faults, extent, together, ahead_secs);
        let (trips, settled) = settled.unwrap_or_else(|late| panic!("not settled in time: {late}"));
        self.settled.parts += settled.parts;
        self.settled.longest = self.settled.longest.max(settled.longest);
        self.compare(trips)
    }

    /// Travellers book while these faults begin and end; then all is mended, and pinned parts settle
    /// in time.
    fn strike(
        &mut self,
        mut faults: Vec<Fault>,
        extent: &Extent,
        together: bool,
        ahead_secs: i64,
    ) -> Result<(Vec<Trip>, Settled), String> {
        let load = self.send_travellers(extent, together, ahead_secs);
        let begun = Instant::now();
        let mut active: Vec<Fault> = Vec::new();
        while begun.elapsed() < extent.round {
            let now = begun.elapsed();
            for fault in faults.extract_if(.., |fault| fault.begins <= now) {
                if self.stage.begin(&fault) {
                    active.push(fault);
                }
            }
            for fault in active.extract_if(.., |fault| fault.ends <= now) {
                self.stage.end(&fault);
            }
            self.stage.look_after();
            thread::sleep(LOOK);
        }
        self.stage.heal();
        let settled = self.settle(&load, ahead_secs);
        Ok((load.finish(), settled?))
    }

    fn send_travellers(&mut self, extent: &Extent, together: bool, ahead_secs: i64) -> Load {
        let site = self.stage.site;
        let hosts = site.hosts.clone();
        let work =
            Work { travellers: extent.travellers, together, ..Work::new(self.times.hold_secs) };
        let random = ChaCha8Rng::seed_from_u64(self.random.random());
        let load = Load::start(site.trio.addresses(), &CAPACITIES, work, random, move || {
            hosts.enter(WEB);
        });
        load.ahead.set(ahead_secs);
        load
    }

    /// Pinned parts settle within one back-off of the later of healing, which is now, and the anchor's
    /// deadline; the question that is under way at that moment may have to fail first. Those who
    /// travel still finish their trips meanwhile.
    fn settle(&self, load: &Load, ahead_secs: i64) -> Result<Settled, String> {
        let patience = Work::new(self.times.hold_secs).patience;
        let mut settling = Settling::begin(self.times, patience, ahead_secs);
        load.stop();
        let mut clients = self.stage.site.connect();
        while !settling.look(&mut clients)? || !load.is_over() {
            thread::sleep(LOOK_SETTLED);
        }
        Ok(settling.settled())
    }

    /// Compares what the last travellers were told with the daemons: holds may have to expire first.
    fn compare(&mut self, trips: Vec<Trip>) -> Findings {
        let new = trips.len();
        self.books.trips.extend(trips);
        let hold = Duration::from_secs(self.times.hold_secs.into());
        let back_off = Duration::from_secs_f64(self.times.ask_pause_secs_max);
        let due = Instant::now() + hold + back_off + SLACK;
        self.show_if_wrong(self.books.check_last(new, &mut self.stage.site.connect(), due))
    }

    /// Compares all of the books with the daemons: what was lost once stays lost.
    fn check_all(&self) -> Findings {
        self.show_if_wrong(
            self.books.check(&mut self.stage.site.connect(), Instant::now() + crate::SLACK),
        )
    }

    /// Shows what the daemons said, if something is wrong.
    fn show_if_wrong(&self, findings: Findings) -> Findings {
        if !findings.are_none() {
            self.stage.show_lines();
        }
        findings
    }
}

#[test]
fn no_fault_makes_half_a_trip_or_loses_or_oversells_one() {
    need();
    let (extent, times) = (Extent::of_this_run(), Times::of_this_run());
    let mut random = random(seed("chaos"));
    let begun = Instant::now();
    let site = Site::new(&CAPACITIES, times, &mut random);
    let mut chaos = Chaos::new(&site, times, random, YESTERDAY_SECS);
    let (mut round, mut yesterday) = (0, true);
    while round < extent.rounds_min
        || chaos.faults() < FAULTS_MIN
        || chaos.books.trips.len() < TRIPS_MIN
    {
        let third = round >= extent.rounds_min / 3 && chaos.books.trips.len() >= TRIPS_MIN / 3;
        if third && yesterday {
            yesterday = false;
            chaos.stage.set_day(0);
        }
        let ahead_secs = if yesterday { YESTERDAY_SECS } else { 0 };
        chaos.round(&extent, true, ahead_secs).expect_none();
        round += 1;
        if round % ROUNDS_TOGETHER == 0 {
            let (faults, trips) = (chaos.faults(), chaos.books.trips.len());
            let findings = chaos.check_all();
            findings.expect_none();
            let (booked, time) = (findings.booked, begun.elapsed());
            println!("{round} rounds, {time:.0?}: {faults} faults, {trips} trips, {booked} booked");
        }
    }
    let findings = chaos.check_all();
    findings.expect_none();
    let Findings { booked, cancelled, .. } = findings;
    let (faults, trips) = (chaos.faults(), chaos.books.trips.len());
    println!(
        "{faults} faults over {trips} trips, {booked} booked, {cancelled} cancelled, {} restarts, \
         {} messages more than once, of them {} of a day ago, {} parts pinned at the healing or \
         later and settled within {:.2?}, in {:.0?}: {:#?}",
        chaos.stage.restarts,
        chaos.stage.sent_again(),
        chaos.stage.sent_days_later(),
        chaos.settled.parts,
        chaos.settled.longest,
        begun.elapsed(),
        chaos.stage.counts
    );
    assert!(chaos.stage.sent_days_later() > 0, "nothing of a day ago was ever replayed");
    assert!(booked * BOOKED_SHARE > trips, "{booked} of {trips} trips booked: too few");
    assert!(cancelled * CANCELLED_SHARE > booked, "{cancelled} cancelled: too few");
    assert!(chaos.stage.counts.len() >= WHATS, "not every fault came: {:#?}", chaos.stage.counts);
}

#[test]
fn without_the_pin_half_a_trip_is_booked_and_that_is_noticed() {
    need();
    let (extent, times) = (Extent::of_this_run(), Times::QUICK);
    let mut random = random(seed("chaos, control"));
    let site = Site::new(&CAPACITIES, times, &mut random);
    let mut chaos = Chaos::new(&site, times, random, 0);
    let extent = Extent { round: Duration::from_secs(5), ..extent };
    let half = (0..10).find_map(|round| {
        let findings = chaos.round(&extent, false, 0);
        findings.half_booked.first().map(|half| (round, findings.half_booked.len(), half.clone()))
    });
    println!("{half:?}");
    assert!(half.is_some(), "no trip was half booked: this suite would not notice anything");
}

/// The anchor is cut off for so long that the pauses of those that ask it have become the longest
/// ones; then it is healed. Daemons that pause for no longer than they are set to settle in time.
#[test]
fn pinned_parts_settle_in_time_after_a_long_cut_and_with_longer_pauses_that_is_noticed() {
    need();
    let times = Times::QUICK;
    let settled = settle_after_a_cut(times, times).expect("in time");
    println!("{settled:.2?}");
    assert!(settled.parts > 0, "nothing was pinned when the anchor was cut off");
    let longer = Times { ask_pause_secs_max: 3.0 * times.ask_pause_secs_max, ..times };
    let late =
        settle_after_a_cut(longer, times).expect_err("pauses three times as long are noticed");
    println!("{late}");
}

/// What comes of daemons that keep some times and are expected to keep others.
fn settle_after_a_cut(kept: Times, expected: Times) -> Result<Settled, String> {
    let mut random = random(seed("chaos, a long cut"));
    let site = Site::new(&CAPACITIES, kept, &mut random);
    let mut chaos = Chaos::new(&site, expected, random, 0);
    let extent = Extent { round: CUT_ENDS, ..Extent::of_this_run() };
    let what = What::Cut { other: None, way: Way::Both, refused: false };
    let (daemon, begins) = (Kind::Flights, CUT_BEGINS);
    let cut = Fault { what, daemon, begins, ends: extent.round };
    let (trips, settled) = chaos.strike(vec![cut], &extent, true, 0)?;
    chaos.compare(trips).expect_none();
    Ok(settled)
}

fn need() {
    need_root(&[&hosts::NEEDS[..], &[strace::NEEDS, clock::NEEDS]].concat());
}
