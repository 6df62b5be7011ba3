//! After a backup was put in force: a daemon learns from the others what was decided since, and
//! promises nothing before.

use crate::support::agency::*;
use crate::support::{code, eventually};
use agencia_protocol::trip::{Consult, Incarnation, Recover};
use serde_json::Value;
use std::fs;

const HEALTH: &str = r#"{"action":"saude"}"#;

/// Copies a daemon's ledger aside while the daemon is down.
fn back_up(agency: &mut Agency, name: &'static str) {
    agency.stop(name);
    fs::copy(agency.ledger(name), agency.path(&format!("{name}.backup"))).unwrap();
    agency.start(name);
}

/// Stops a daemon and puts its backup in force.
fn restore(agency: &mut Agency, name: &'static str) {
    agency.stop(name);
    let ledger = agency.ledger(name);
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(format!("{}{suffix}", ledger.display())).ok();
    }
    fs::copy(agency.path(&format!("{name}.backup")), &ledger).unwrap();
    agencia_store::mark_restored(&ledger, Ticking::at(), None).unwrap();
}

fn is_recovering(agency: &Agency, name: &str) -> bool {
    agency.connect(name).ask(HEALTH)["emRecuperacao"] == true
}

fn recovered(agency: &Agency, name: &str) {
    eventually("it has recovered", || !is_recovering(agency, name));
}

#[test]
fn an_anchor_and_a_part_learn_again_what_their_backups_did_not_hold() {
    for name in ["voos", "passeios"] {
        let mut agency = Agency::new();
        back_up(&mut agency, name);
        let (trip, locator) = booked(&agency);
        restore(&mut agency, name);
        agency.start(name);
        recovered(&agency, name);
        assert_eq!(agency.state(name, trip), "confirmada", "{name}");
        let shown = agency.ask(name, Consult::by_trip(trip));
        assert_eq!(shown["localizador"], locator, "{name}: {shown}");
        // The record is found in the catalog again, and its unit is taken.
        assert!(shown["itens"][0]["valor"].is_string(), "{name}: {shown}");
        agency.check_settled([1, 1, 1]);
    }
}

#[test]
fn all_three_are_restored_from_different_moments_and_learn_from_each_other() {
    let mut agency = Agency::new();
    // The anchor's is of before the trip, the stays' of when it was pinned; in that of the tours
    // alone it is booked.
    back_up(&mut agency, "voos");
    let trip = trip();
    let decide = pinned(&agency, trip);
    back_up(&mut agency, "hospedagens");
    let decided = agency.ask("voos", decide);
    for name in &NAMES[1..] {
        agency.wait_for(name, trip, "confirmada");
    }
    back_up(&mut agency, "passeios");
    for name in NAMES {
        restore(&mut agency, name);
    }
    for name in NAMES {
        agency.start(name);
    }
    for name in NAMES {
        recovered(&agency, name);
    }
    for name in NAMES {
        agency.wait_for(name, trip, "confirmada");
    }
    let shown = agency.ask("voos", Consult::by_trip(trip));
    assert_eq!(shown["localizador"], decided["localizador"], "{shown}");
    agency.check_settled([1, 1, 1]);
}

#[test]
fn nothing_is_promised_before_every_peer_has_answered_and_searches_go_on() {
    let mut agency = Agency::new();
    back_up(&mut agency, "passeios");
    let (trip, _) = booked(&agency);
    restore(&mut agency, "passeios");
    // One peer is down: what it knows is not known.
    agency.stop("hospedagens");
    agency.start("passeios");
    let mut client = agency.connect("passeios");
    eventually("the other peer has told what it knows", || {
        agency.state("passeios", trip) == "confirmada"
    });
    assert!(is_recovering(&agency, "passeios"));
    for refused in [
        agency.ask("passeios", hold(self::trip(), "t1")),
        client.ask(r#"{"action":"reservar","id":"t1"}"#),
    ] {
        assert_eq!(code(&refused), "em_recuperacao", "{refused}");
    }
    let search = r#"{"cidade":"Bagé","dataIda":"2030-01-11"}"#;
    assert_eq!(client.ask(search)["passeio"][0]["disponiveis"], 2);
    agency.start("hospedagens");
    recovered(&agency, "passeios");
    assert_eq!(agency.ask("passeios", hold(self::trip(), "t1"))["estado"], "segura");
}

#[test]
fn a_trip_that_only_the_lost_disk_had_decided_ends_as_nothing_everywhere() {
    let mut agency = Agency::with(hasty);
    let trip = trip();
    hold_all(&agency, trip);
    back_up(&mut agency, "voos");
    // Decided while the parts were down: nobody else has heard of it.
    let decide = pin_all(&agency, trip);
    agency.stop("hospedagens");
    agency.stop("passeios");
    let decided = agency.ask("voos", decide.clone());
    restore(&mut agency, "voos");
    for name in NAMES {
        agency.start(name);
    }
    recovered(&agency, "voos");
    for name in NAMES {
        agency.wait_for(name, trip, "solta");
    }
    // Neither the receipts nor the proof of before the restore count any more.
    assert_eq!(agency.ask("voos", decide)["estado"], "desfeita");
    if decided["prova"].is_string() {
        let applied = agency.ask("passeios", apply(trip, &decided));
        assert_ne!(applied["estado"], Value::from("confirmada"));
    }
    agency.check_settled([0, 0, 0]);
}

#[test]
fn only_a_daemon_of_the_agency_is_told_what_is_known() {
    let agency = Agency::new();
    let (trip, _) = booked(&agency);
    let asked = |name| Recover::new(daemon(name), Incarnation(0), None);
    let told = agency.ask("voos", asked("passeios"));
    assert_eq!(told["viagens"][0]["viagem"], trip.to_string(), "{told}");
    assert_eq!(told["viagens"][0]["desfecho"], "confirmada");
    assert_eq!(code(&agency.ask("voos", asked("carros"))), "nao_autorizado");
}
