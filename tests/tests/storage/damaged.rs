//! A damaged database: the daemon does not start, changes nothing, and says what to restore.

use crate::trip::Trip;
use agencia_tests::Kind;
use agencia_tests::trio::Trio;
use std::fs;
use std::path::Path;

/// A page of SQLite.
const PAGE: usize = 4096;

/// Overwrites part of a file.
fn damage(ledger: &Path, from: usize, length: usize) {
    let mut bytes = fs::read(ledger).expect("a daemon was there");
    let length = length.min(bytes.len().saturating_sub(from));
    assert!(length > 0, "the file has only {} bytes", bytes.len());
    bytes[from..from + length].fill(0xff);
    fs::write(ledger, bytes).expect("the file can be written");
}

/// A daemon with a booking, stopped well, whose ledger is damaged then.
fn check_refused(from: usize, length: usize) {
    let trio = Trio::new(&[100], crate::TIMES);
    let daemons = trio.start();
    let mut clients = trio.connect();
    Trip::decided(&mut clients);
    drop(clients);
    for daemon in daemons {
        daemon.finish();
    }
    let ledger = trio.ledger(Kind::Flights);
    damage(&ledger, from, length);
    let before = fs::read(&ledger).expect("it is there");

    let mut daemon = trio.setup(Kind::Flights).launch();
    assert_eq!(daemon.wait().code(), Some(1));
    assert_eq!(daemon.notices.wait_for("READY=1"), None, "it does not serve");
    let said = daemon.lines().text();
    let named = format!("the ledger {} is damaged", ledger.display());
    assert!(said.contains(&named), "{said}");
    assert!(said.contains("put the last backup in force with agencia restore"), "{said}");
    assert!(fs::read(&ledger).expect("it is there") == before, "what may be saved is left alone");
}

#[test]
fn a_ledger_with_a_damaged_header_is_refused() {
    check_refused(0, 100);
}

#[test]
fn a_ledger_with_damaged_pages_is_refused() {
    check_refused(PAGE, 8 * PAGE);
}
