//! Readiness is told when there is something to be ready for, and never otherwise.

use agencia_tests::inventory::file_of;
use agencia_tests::{Kind, Setup};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

const HEALTH: &str = r#"{"action":"saude"}"#;

#[test]
fn readiness_comes_with_a_status_of_counts() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 3, 1);
        let daemon = setup.start();
        let status = daemon.notices.wait_for("STATUS=").expect("a status");
        assert!(status.contains("3 offers"), "{status}");
        assert_eq!(daemon.connect().ask(HEALTH)["pronto"], true);
    }
}

#[test]
fn a_daemon_is_not_ready_before_its_inventory_is_loaded() {
    for kind in Kind::ALL {
        let setup = Setup::new(kind, &[]);
        let path = setup.path().join("inventory.json");
        std::fs::remove_file(&path).expect("it was written");
        let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo of coreutils");
        assert!(made.success());
        let daemon = setup.launch();
        // Opening a FIFO waits for the other side: from here on the daemon is reading.
        let mut fifo = std::fs::File::options().write(true).open(&path).expect("the FIFO");
        let early = daemon.notices.heard();
        assert!(!early.contains(&"READY=1".to_owned()), "{early:?}");
        // Whoever connects meanwhile waits, and is not refused.
        let mut client = daemon.connect();
        client.send(kind.search(""));
        std::io::Write::write_all(&mut fifo, file_of(&[kind.offer(1)]).as_bytes())
            .expect("the daemon reads");
        drop(fifo);
        assert!(daemon.notices.wait_for("READY=1").is_some());
        assert_eq!(client.read()[kind.list()].as_array().map(Vec::len), Some(1));
    }
}

/// Starts what cannot start: it must end by itself with this code, never be ready, and say this.
fn check_fails(setup: &Setup, code: i32, says: &[&str]) {
    let mut daemon = setup.launch();
    let status = daemon.wait();
    let text = daemon.lines().text();
    assert_eq!(status.code(), Some(code), "{text}");
    assert_eq!(daemon.notices.wait_for("READY=1"), None);
    for part in says {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
    assert_eq!(text.lines().filter(|line| line.contains(says[0])).count(), 1, "once: {text}");
    assert!(daemon.notices.heard().iter().any(|line| line.starts_with("STATUS=")), "for systemctl");
}

#[test]
fn a_taken_port_is_told_by_name() {
    for kind in Kind::ALL {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = taken.local_addr().expect("it is bound").to_string();
        let setup = Setup::of(kind, 1, 1).at(None).flag("--listen").flag(&address);
        check_fails(&setup, 1, &[&address, "taken", "--listen"]);
    }
}

#[test]
fn without_an_inventory_a_daemon_says_where_it_should_be() {
    let setup = Setup::new(Kind::Stays, &[]);
    let path = setup.path().join("inventory.json");
    std::fs::remove_file(&path).expect("it was written");
    check_fails(&setup, 1, &[&path.display().to_string(), "agencia-mocks"]);
}

#[test]
fn an_inventory_that_is_wrong_is_told_by_file_record_and_field() {
    let setup = Setup::of(Kind::Tours, 1, 1);
    let wrong = agencia_tests::inventory::with(Kind::Tours.offer(1), [("dia", "2099".into())]);
    setup.write("inventory.json", &file_of(&[Kind::Tours.offer(0), wrong]));
    let path = setup.path().join("inventory.json").display().to_string();
    check_fails(&setup, 1, &[&path, "record 2", "\"dia\""]);
}

#[test]
fn an_inventory_below_what_is_sold_does_not_start() {
    let kind = Kind::Flights;
    let setup = Setup::of(kind, 1, 5);
    let id = {
        let daemon = setup.start();
        let id = daemon.ids().remove(0);
        let body = format!(r#"{{"action":"reservar","id":"{id}","quantidade":3}}"#);
        assert!(daemon.connect().ask(body)["localizador"].is_string());
        id
    };
    setup.write("inventory.json", &file_of(&[kind.offer_of(0, 2)]));
    check_fails(&setup, 1, &[&id, "3 are sold"]);
}

#[test]
fn a_ledger_that_is_none_does_not_start_and_is_not_touched() {
    let setup = Setup::of(Kind::Flights, 1, 5);
    std::fs::create_dir(setup.path().join("state")).expect("nobody else makes it");
    let garbage = "not a database, but somebody's file".repeat(200);
    setup.write("state/livro.sqlite", &garbage);
    check_fails(&setup, 1, &["livro.sqlite"]);
    let kept = std::fs::read_to_string(setup.path().join("state/livro.sqlite"));
    assert_eq!(kept.expect("it is still there"), garbage);
}

#[test]
fn a_daemon_that_is_handed_nothing_binds_what_its_settings_say() {
    let setup = Setup::of(Kind::Tours, 1, 1).at(None);
    setup.settings("listen = [\"127.0.0.1:0\", \"127.0.0.1:0\"]");
    let daemon = setup.start();
    let listening = |line: &String| line.contains("Listening for connections on 127.0.0.1:");
    daemon.lines().wait_until(|lines| lines.iter().filter(|line| listening(line)).count() == 2);
    assert_eq!(daemon.connect().ask(HEALTH)["pronto"], true);
}

#[test]
fn only_one_daemon_has_a_ledger() {
    let setup = Setup::of(Kind::Tours, 1, 1);
    let first = setup.start();
    check_fails(&setup, 1, &["livro.sqlite"]);
    assert_eq!(first.connect().ask(HEALTH)["pronto"], true);
}

#[test]
fn the_watchdog_is_fed_when_it_asks() {
    // Systemd's unit says WatchdogSec=0.2.
    let setup = Setup::of(Kind::Tours, 1, 1).variable("WATCHDOG_USEC", "200000");
    let daemon = setup.start();
    assert!(daemon.notices.wait_for("WATCHDOG=1").is_some());
}
