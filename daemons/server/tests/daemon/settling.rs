//! What daemons do for trips by themselves, whoever has died: holds expire, lost outcomes are
//! repeated, pinned parts are settled.

use crate::support::agency::*;
use crate::support::{PATIENCE, code, eventually};
use agencia_protocol::TripId;
use agencia_protocol::trip::{Hold, LetGo, Pin, Revision};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What a search says is left; what has nothing left is not listed.
fn tours_left(agency: &Agency) -> u64 {
    let search = r#"{"cidade":"Bagé","dataIda":"2030-01-11"}"#;
    let found = agency.connect("passeios").ask(search);
    found["passeio"][0]["disponiveis"].as_u64().unwrap_or(0)
}

#[test]
fn a_hold_expires_by_itself_and_its_units_can_be_found_again() {
    let agency = Agency::new();
    let trip = trip();
    let start = Instant::now();
    let held = agency.ask("passeios", Hold::new(trip, Revision(0), vec![item("t1")], 1));
    assert_eq!((&held["estado"], tours_left(&agency)), (&"segura".into(), 2));
    // Nothing but searches is asked for meanwhile.
    eventually("the place is free again", || tours_left(&agency) == 3);
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(agency.state("passeios", trip), "solta");
    assert_eq!(code(&agency.ask("passeios", hold(trip, "t1"))), "expirada");
}

#[test]
fn a_hold_that_expired_while_its_daemon_was_down_is_let_go_at_its_start() {
    let mut agency = Agency::new();
    let trip = trip();
    agency.ask("passeios", Hold::new(trip, Revision(0), vec![item("t1")], 1));
    agency.stop("passeios");
    agency.start("passeios");
    // What was held is still held, and then it is not.
    eventually("the place is free again", || tours_left(&agency) == 3);
    agency.wait_for("passeios", trip, "solta");
}

#[test]
fn an_outcome_that_nobody_applies_is_told_by_the_anchor() {
    let agency = Agency::new();
    let trip = trip();
    let decide = pinned(&agency, trip);
    assert_eq!(agency.ask("voos", decide)["estado"], "confirmada");
    agency.wait_for("hospedagens", trip, "confirmada");
    agency.wait_for("passeios", trip, "confirmada");
    eventually("everyone has acknowledged", || pending(&agency) == 0);
    agency.check_settled([1, 1, 1]);
}

fn pending(agency: &Agency) -> Value {
    agency.connect("voos").ask(r#"{"action":"saude"}"#)["viagens"]["pendentes"].clone()
}

#[test]
fn pinned_parts_whose_driver_has_died_are_let_go_after_the_anchors_deadline() {
    let agency = Agency::with(hasty);
    let trip = trip();
    let start = Instant::now();
    let decide = pinned(&agency, trip);
    agency.wait_for("hospedagens", trip, "solta");
    agency.wait_for("passeios", trip, "solta");
    assert!(start.elapsed() >= Duration::from_millis(500));
    // The anchor has written the abort first: who decides now comes too late.
    assert_eq!(agency.state("voos", trip), "solta");
    assert_eq!(agency.ask("voos", decide)["estado"], "desfeita");
    agency.check_settled([0, 0, 0]);
}

#[test]
fn parts_wait_for_an_anchor_that_is_down_and_are_settled_when_it_is_back() {
    let mut agency = Agency::with(hasty);
    let trip = trip();
    hold_all(&agency, trip);
    agency.stop("voos");
    pin_all(&agency, trip);
    // Longer than the deadline: a pinned part leaves only by the anchor's word.
    eventually("they are in doubt", || {
        let health = agency.connect("passeios").ask(r#"{"action":"saude"}"#);
        health["viagens"]["emDuvida"] == 1
    });
    for name in &NAMES[1..] {
        assert_eq!(agency.state(name, trip), "fixa");
    }
    agency.start("voos");
    agency.wait_for("hospedagens", trip, "solta");
    agency.wait_for("passeios", trip, "solta");
    agency.check_settled([0, 0, 0]);
}

#[test]
fn a_part_that_was_down_learns_the_outcome_when_it_is_back() {
    let mut agency = Agency::new();
    let trip = trip();
    let decide = pinned(&agency, trip);
    agency.stop("passeios");
    assert_eq!(agency.ask("voos", decide)["estado"], "confirmada");
    agency.wait_for("hospedagens", trip, "confirmada");
    assert_eq!(pending(&agency), 1);
    // The anchor's outbox outlives the anchor.
    agency.stop("voos");
    agency.start("voos");
    agency.start("passeios");
    agency.wait_for("passeios", trip, "confirmada");
    eventually("everyone has acknowledged", || pending(&agency) == 0);
    agency.check_settled([1, 1, 1]);
}

#[test]
fn many_trips_are_settled_also_one_at_a_time() {
    let agency = Agency::with(|_, limits| limits.settling_max = 1);
    let trips = [trip(), trip(), trip()];
    for trip in trips {
        let held = agency.ask("passeios", Hold::new(trip, Revision(0), vec![item("t1")], 1));
        assert_eq!(held["estado"], "segura", "{held}");
    }
    eventually("all places are free again", || tours_left(&agency) == 3);
}

/// Somebody in a daemon's place who takes every connection and never answers.
fn silent(agency: &Agency, name: &str) -> std::net::TcpListener {
    std::net::TcpListener::bind(agency.address(name)).unwrap()
}

#[test]
fn a_peer_that_never_answers_is_asked_again_and_others_are_settled_meanwhile() {
    let mut agency = Agency::with(|_, limits| limits.settling_max = 1);
    agency.change_deadlines(|deadlines| deadlines.peer_reply = Duration::from_millis(200));
    let (stuck, other) = (trip(), trip());
    hold_all(&agency, stuck);
    agency.stop("voos");
    let silent = silent(&agency, "voos");
    pin_all(&agency, stuck);
    let (asked, are_asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in silent.incoming() {
            let asked = asked.clone();
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = std::io::Read::read(&mut stream, &mut bytes) {
                    let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
                    if text.contains("desfecho") && asked.send(()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    for _ in 0..6 {
        are_asked.recv_timeout(PATIENCE).unwrap();
    }
    agency.ask("passeios", Hold::new(other, Revision(0), vec![item("t1")], 1));
    agency.wait_for("passeios", other, "solta");
    assert_eq!(agency.state("passeios", stuck), "fixa");
}

/// An agency in which every turn of the stays and of the tours waits for flights that hang, for longer
/// than a test waits; with the trip, and the connections on which they have asked.
fn stuck() -> (Agency, TripId, Vec<std::io::Result<std::net::TcpStream>>) {
    let mut agency = Agency::with(|_, limits| limits.settling_max = 1);
    agency.change_deadlines(|deadlines| deadlines.peer_reply = 10 * PATIENCE);
    let stuck = trip();
    hold_all(&agency, stuck);
    agency.stop("voos");
    let silent = silent(&agency, "voos");
    pin_all(&agency, stuck);
    let asked = silent.incoming().take(2).collect();
    (agency, stuck, asked)
}

#[test]
fn a_hold_expires_although_every_turn_waits_for_an_anchor_that_hangs() {
    let (agency, stuck, asked) = stuck();
    let other = trip();
    agency.ask("passeios", Hold::new(other, Revision(0), vec![item("t1")], 1));
    agency.wait_for("passeios", other, "solta");
    assert_eq!((agency.state("passeios", stuck), asked.len()), ("fixa".into(), 2));
}

/// Each daemon that is waited for has its own turns.
#[test]
fn a_trip_is_settled_with_one_anchor_although_every_turn_waits_for_another_that_hangs() {
    let (agency, stuck, asked) = stuck();
    // The stays decide this one, and have nothing of it.
    let other = trip();
    agency.ask("passeios", Hold::new(other, Revision(0), vec![item("t1")], 60));
    let parts: BTreeMap<_, _> = [("hospedagens", "s1"), ("passeios", "t1")]
        .map(|(name, id)| (name.parse().unwrap(), vec![item(id)]))
        .into();
    let anchor = "hospedagens".parse().unwrap();
    let pinned = agency.ask("passeios", Pin::new(other, Revision(0), anchor, parts));
    assert_eq!(pinned["estado"], "fixa", "{pinned}");
    agency.wait_for("passeios", other, "solta");
    assert_eq!((agency.state("passeios", stuck), asked.len()), ("fixa".into(), 2));
}

#[test]
fn what_was_let_go_long_ago_is_forgotten() {
    let agency = Agency::with(|trips, _| {
        trips.forget = Duration::from_millis(20);
        trips.tombstone_days = 2;
    });
    let old = trip();
    agency.ask("passeios", LetGo::new(old));
    assert_eq!(agency.state("passeios", old), "solta");
    agency.travel(Duration::from_secs(3 * 24 * 3_600));
    agency.wait_for("passeios", old, "nenhuma");
}

#[test]
fn a_hold_lasts_no_longer_when_the_clock_is_set_back_while_the_daemon_is_down() {
    let mut agency = Agency::new();
    let year = Duration::from_secs(365 * 24 * 3_600);
    agency.travel(year);
    agency.stop("passeios");
    agency.start("passeios");
    let ahead = agency.trip();
    agency.ask("passeios", Hold::new(ahead, Revision(0), vec![item("t1")], 1));
    assert_eq!(tours_left(&agency), 2);
    agency.stop("passeios");
    agency.travel(Duration::ZERO);
    agency.start("passeios");
    eventually("the place is free again", || tours_left(&agency) == 3);
    // And a hold of now lasts as long as it should.
    let now = agency.trip();
    assert_eq!(agency.ask("passeios", hold(now, "t1"))["estado"], "segura");
    assert_eq!(agency.state("passeios", now), "segura");
}

#[test]
fn a_hold_that_is_revised_after_the_clock_was_set_back_lasts_no_longer_either() {
    let mut agency = Agency::new();
    agency.travel(Duration::from_secs(365 * 24 * 3_600));
    agency.stop("passeios");
    agency.start("passeios");
    let trip = agency.trip();
    agency.ask("passeios", Hold::new(trip, Revision(0), vec![item("t1")], 5));
    agency.stop("passeios");
    agency.travel(Duration::ZERO);
    agency.start("passeios");
    let revised = Hold::new(trip, Revision(1), vec![item("t1")], 5);
    assert_eq!(agency.ask("passeios", revised)["estado"], "segura");
    assert_eq!(tours_left(&agency), 2);
    eventually("the place is free again", || tours_left(&agency) == 3);
}

#[test]
fn a_daemon_that_settles_trips_stops_at_once() {
    let mut agency = Agency::new();
    let trip = trip();
    let _ = pinned(&agency, trip);
    agency.stop("voos");
    let start = Instant::now();
    agency.stop("hospedagens");
    agency.stop("passeios");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
