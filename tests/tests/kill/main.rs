//! SIGKILL at every step of a trip: at each write, sync, send and receive of each of three daemons,
//! of the web client and of a process that leads trips as it does, one after the other, until a
//! whole trip passes without reaching the next one. A process that is killed at a system call does
//! not carry it out.
//!
//! After each kill the daemon is started again, and the same traveller goes on, another one finishes
//! the trip, or the daemons settle it among themselves; which of these comes from a seed
//! (`AGENCIA_SEED`). The books are compared with the daemons after every series of kills.

mod traveller;
mod web;
mod scene;

use agencia_tests::Kind;
use agencia_tests::books::Findings;
use agencia_tests::faults::command::need_root;
use agencia_tests::faults::strace;
use agencia_tests::seed::{is_soak, random, seed};
use agencia_tests::trio::{Times, Trio};
use scene::{Scene, Victim, was_killed};
use std::process::Command;
use std::time::{Duration, Instant};

/// Deadlines are those of a quick run also in the longer form, which kills in more trips: how long a
/// part waits has no influence on where a process can be killed.
pub(crate) const TIMES: Times = Times::QUICK;
/// A hold, the decision's deadline, the longest pause, and what a slow machine adds.
const SETTLED: Duration = Duration::from_secs(12);
/// The most kills of one series: what a daemon does beside the trip could go on for ever.
const SERIES_MAX: usize = 80;
/// Series that come to no end, by the victim and the call: nothing is known beyond the last one.
const ENDLESS: [(Victim, &str); 0] = [];
/// How often, at most, its series are gone through once more when a place was passed over.
const WEB_ROUNDS_MORE: usize = 2;
/// The fewest kills of the web client.
const WEB_KILLS_MIN: usize = 70;
/// The fewest kills of one daemon while a trip is cancelled.
const CANCELLING_KILLS_MIN: usize = 15;
/// The fewest kills of all series together.
const KILLS_MIN: usize = 400;
/// Of how many trips at least one is booked in the end. Of those that are sold out none is.
const BOOKED_SHARE: usize = 10;
/// The first offer does not sell out; of the second there is one unit, which nobody gets.
const CAPACITIES: [u32; 2] = [60_000, 1];

const DAEMON_CALLS: [&str; 6] = ["fdatasync", "fsync", "pwrite64", "write", "sendto", "recvfrom"];
const TRAVELLER_CALLS: [&str; 4] = ["connect", "sendto", "recvfrom", "write"];
/// `writev` answers the visitor. One thread takes visitors in and one does all the rest: each counts
/// its own calls.
const WEB_CALLS: [&str; 5] = ["accept4", "sendto", "recvfrom", "write", "writev"];

/// A trip that can be booked, and two that cannot: the last part, or the anchor's, is sold out.
const BOOKED: [(Kind, usize, u16); 3] =
    [(Kind::Flights, 0, 1), (Kind::Stays, 0, 2), (Kind::Tours, 0, 1)];
const TOUR_SOLD_OUT: [(Kind, usize, u16); 3] =
    [(Kind::Flights, 0, 1), (Kind::Stays, 0, 2), (Kind::Tours, 1, 2)];
const FLIGHT_SOLD_OUT: [(Kind, usize, u16); 3] =
    [(Kind::Flights, 1, 2), (Kind::Stays, 0, 2), (Kind::Tours, 0, 1)];

#[test]
fn a_trip_is_all_or_nothing_wherever_a_process_is_killed() {
    need_root(&[strace::NEEDS]);
    let seed = seed("kill");
    let begun = Instant::now();
    let trio = Trio::new(&CAPACITIES, TIMES);
    let mut scene = Scene::new(&trio, &CAPACITIES, random(seed));
    let rounds = if is_soak() { 5 } else { 1 };
    for _ in 0..rounds {
        series(&mut scene, "booked", &BOOKED);
        series(&mut scene, "tour sold out", &TOUR_SOLD_OUT);
        if is_soak() {
            series(&mut scene, "flight sold out", &FLIGHT_SOLD_OUT);
        }
    }
    for _ in 0..rounds {
        cancelled_series(&mut scene, &BOOKED);
    }
    let by_hand = scene.kills;
    for round in 0..rounds + WEB_ROUNDS_MORE {
        // Calls need not come in the same order in every trip: one may have been passed over.
        if round < rounds || web_place_left(&scene).is_some() {
            series_of(&mut scene, "by web", &BOOKED, Victim::Web, &WEB_CALLS);
        }
    }
    println!("the web client was killed at {:?}", scene.web_kills);
    assert_eq!(web_place_left(&scene), None, "the web client was never killed there");
    let web_kills = scene.kills - by_hand;
    assert!(web_kills >= WEB_KILLS_MIN, "the web client was hardly killed: {web_kills} times");
    scene.restart();
    let Findings { booked, cancelled, .. } = scene.check(SETTLED);
    let (kills, trips, took) = (scene.kills, scene.books.trips.len(), begun.elapsed());
    println!("{kills} kills in {trips} trips, {booked} booked, {cancelled} cancelled, {took:.0?}");
    assert!(booked * BOOKED_SHARE > trips, "{booked} of {trips} trips booked: too few");
    assert!(kills >= KILLS_MIN, "only {kills} places to kill at: too few to tell anything");
}

#[test]
fn nothing_but_sigkill_counts_as_a_kill() {
    let run = |script: &str| Command::new("sh").args(["-c", script]).status().expect("a shell");
    assert!(was_killed(run("kill -KILL $$"), ""));
    assert!(!was_killed(run("true"), ""));
    // An error, a panic, and a signal that is not the one of the suite.
    for end in ["exit 1", "exit 101", "kill -ABRT $$"] {
        let counted = std::panic::catch_unwind(|| was_killed(run(end), "its last words"));
        let panic = counted.expect_err(end);
        let said = panic.downcast_ref::<String>().expect("a text");
        assert!(said.contains("its last words"), "{end}: {said}");
    }
}

/// A message of a trip at which the web client was not killed, or at whose answer.
fn web_place_left(scene: &Scene<'_>) -> Option<(&'static str, &'static str)> {
    let of_call = |call| web::ACTIONS.map(|action| (call, action));
    let is_left =
        |&(call, action): &(&str, _)| !scene.web_kills.contains_key(&(call.to_owned(), action));
    ["sendto", "recvfrom"].into_iter().flat_map(of_call).find(is_left)
}

/// Kills every victim at every call of this trip.
fn series(scene: &mut Scene<'_>, name: &str, parts: &[(Kind, usize, u16)]) {
    let daemons = Kind::ALL.map(|kind| (Victim::Daemon(kind), &DAEMON_CALLS[..]));
    for (victim, calls) in daemons.into_iter().chain([(Victim::Traveller, &TRAVELLER_CALLS[..])]) {
        series_of(scene, name, parts, victim, calls);
    }
}

/// Books the trip, cancels it, and kills the anchor, or a daemon that is told, at every call of the
/// cancelling: from `cotar_cancelamento` to the answer of the last one that it is told to.
fn cancelled_series(scene: &mut Scene<'_>, parts: &[(Kind, usize, u16)]) {
    for kind in [Kind::Flights, Kind::Stays] {
        let mut all = 0;
        for call in DAEMON_CALLS {
            let kill = |nth: &usize| scene.kill_cancelling(parts, kind, (call, *nth));
            let places = (1..=SERIES_MAX).take_while(kill).count();
            println!("cancelled: {kind:?} killed at each of {places} {call}");
            assert!(places < SERIES_MAX, "cancelled: {kind:?} was not killed at every {call}");
            scene.check(SETTLED);
            all += places;
        }
        assert!(all >= CANCELLING_KILLS_MIN, "{kind:?} was hardly killed: {all} times");
    }
}

/// Kills one victim at every one of these calls.
fn series_of(
    scene: &mut Scene<'_>,
    name: &str,
    parts: &[(Kind, usize, u16)],
    victim: Victim,
    calls: &[&str],
) {
    for call in calls {
        let places =
            (1..=SERIES_MAX).take_while(|nth| scene.kill(parts, victim, (call, *nth))).count();
        println!("{name}: {victim:?} killed at each of {places} {call}");
        let all = places < SERIES_MAX || ENDLESS.contains(&(victim, *call));
        assert!(all, "{name}: {victim:?} was not killed at every {call}: raise SERIES_MAX");
        scene.check(SETTLED);
    }
}
