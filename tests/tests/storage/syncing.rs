//! A sync that fails at the commit: nobody knows whether it was done. The daemon says so, ends,
//! and reads the truth when it is started again. And one that takes long.

use crate::trip::{Trip, check_audit};
use agencia_tests::faults::command::need_root;
use agencia_tests::faults::strace::{self, Strace};
use agencia_tests::trio::{Trio, place};
use agencia_tests::wire::code;
use agencia_tests::{Client, Daemon, Kind};
use serde_json::Value;

/// From now on, whichever call SQLite was built to use.
const FAILS: &str = "fdatasync,fsync:error=EIO";

/// Lets a daemon's syncs fail, sends it a message, and starts it again when it has ended: its
/// answer.
fn ask_failing<'a>(trio: &'a Trio, daemon: &mut Daemon<'a>, kind: Kind, message: &str) -> Value {
    let strace = Strace::attach(daemon.process_id(), FAILS);
    let mut client = Client::connect(trio.address(kind));
    let reply = client.ask(message);
    client.expect_end();
    drop(client);
    assert_eq!(daemon.wait().code(), Some(1));
    drop(strace);
    let said = daemon.lines().text();
    assert!(said.contains("livro.sqlite failed: check the disk"), "{said}");
    *daemon = trio.setup(kind).start();
    reply
}

#[test]
fn a_sync_that_fails_is_unknown_to_whoever_holds_and_the_daemon_reads_the_truth() {
    need_root(&[strace::NEEDS]);
    let trio = Trio::new(&[100], crate::TIMES);
    let [_flights, mut stays, _tours] = trio.start();
    let trip = Trip::new();
    let message = trip.hold_message(Kind::Stays);
    let reply = ask_failing(&trio, &mut stays, Kind::Stays, &message);
    assert_eq!(code(&reply), Some("desconhecido"), "{reply}");
    assert!(reply["erro"]["mensagem"].as_str().is_some_and(|text| text.contains("não se sabe")));
    // It was done or it was not; asked again, it is, and once.
    let mut client = trio.connect();
    let held = trip.hold(Kind::Stays, &mut client[place(Kind::Stays)]);
    assert_eq!(held["estado"], "segura", "{held}");
    check_audit(&mut client[place(Kind::Stays)], 1, 0, 0);
}

#[test]
fn a_sync_that_takes_long_is_told_to_whoever_runs_the_daemon() {
    need_root(&[strace::NEEDS]);
    let trio = Trio::new(&[100], crate::TIMES);
    let [_flights, stays, _tours] = trio.start();
    let micros = 1_100_000;
    let slow = format!("fdatasync,fsync:delay_enter={micros}");
    let _strace = Strace::attach(stays.process_id(), &slow);
    let held = Trip::new().hold(Kind::Stays, &mut trio.connect()[place(Kind::Stays)]);
    assert_eq!(held["estado"], "segura", "{held}");
    stays.lines().wait_for(" for 1 orders, and 0 more wait: is its disk slow?");
}

#[test]
fn a_sync_that_fails_at_the_commit_point_leaves_a_trip_booked_or_not_in_all_daemons() {
    need_root(&[strace::NEEDS]);
    let trio = Trio::new(&[100], crate::TIMES);
    let [mut flights, _stays, _tours] = trio.start();
    let mut trip = Trip::pinned(&mut trio.connect());
    let message = trip.decide_message();
    let reply = ask_failing(&trio, &mut flights, Kind::Flights, &message);
    assert_eq!(code(&reply), Some("desconhecido"), "{reply}");
    let mut clients = trio.connect();
    trip.decide(&mut clients[0]);
    let locator = trip.locator().to_owned();
    trip.decide(&mut clients[0]);
    assert_eq!(trip.locator(), locator, "one trip has one locator");
    for kind in [Kind::Stays, Kind::Tours] {
        trip.apply(kind, &mut clients[place(kind)]);
    }
    for client in &mut clients {
        check_audit(client, 0, 0, 1);
    }
}

#[test]
fn a_commit_syncs_its_bytes_without_the_time_of_the_file() {
    need_root(&[strace::NEEDS]);
    let trio = Trio::new(&[100], crate::TIMES);
    let [_flights, stays, _tours] = trio.start();
    let _strace = Strace::attach(stays.process_id(), "fsync:error=EIO");
    let held = Trip::new().hold(Kind::Stays, &mut trio.connect()[place(Kind::Stays)]);
    assert_eq!(held["estado"], "segura", "{held}");
}
