//! What daemons do for trips by themselves, whoever has died: holds expire, lost outcomes are
//! repeated, pinned parts are settled.
#![allow(clippy::unwrap_used, reason = "this is a test")]

mod support;

use agencia_protocol::trip::{Hold, Revision};
use serde_json::Value;
use std::time::{Duration, Instant};
use support::agency::*;
use support::{code, eventually};

fn tours_left(agency: &Agency) -> Value {
    let search = r#"{"cidade":"Bagé","dataIda":"2030-01-11"}"#;
    agency.connect("passeios").ask(search)["passeio"][0]["disponiveis"].clone()
}

#[test]
fn a_hold_expires_by_itself_and_its_units_can_be_found_again() {
    let agency = Agency::new();
    let trip = trip();
    let start = Instant::now();
    let held = agency.ask("passeios", Hold::new(trip, Revision(0), vec![item("t1")], 1));
    assert_eq!((&held["estado"], tours_left(&agency)), (&"segura".into(), 2.into()));
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
