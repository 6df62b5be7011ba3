//! The battery on SQLite, its negative control, and what only SQLite can show: a copy of its
//! files, its constraint, its settings and its rows.

mod refusals;
mod failures;

use super::{Database, Guard};
use crate::battery::{self, Limits, Open, USUAL, bought, buy, by_trip, end, purchase, quiet};
use crate::{Ledger, LedgerOptions, LedgerThread, Observer, Outcome, Sale, StoreError};
use futures_lite::future::block_on;
use rusqlite::Connection;
use std::path::{Path, PathBuf};

fn options(path: &Path, limits: Limits) -> LedgerOptions {
    let Limits { queue_max, batch_max } = limits;
    LedgerOptions { path: path.to_owned(), locator_letter: 'V', queue_max, batch_max }
}

fn open(path: &Path) -> Result<(Ledger, LedgerThread), StoreError> {
    Ledger::open(options(path, USUAL), quiet())
}

fn new_place(test: &dyn Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    test(&folder.path().join("ledger.db"));
}

/// A ledger whose database was tampered with before its thread started.
fn tampered(path: &Path, tamper: impl FnOnce(&mut Database)) -> (Ledger, LedgerThread) {
    let mut database = Database::open(path, 'V').unwrap();
    tamper(&mut database);
    Ledger::start(database, options(path, USUAL), quiet()).unwrap()
}

fn on_a_new_place(test: &dyn Fn(Open<'_>)) {
    new_place(&|path| {
        test(&|limits: Limits, observer: Observer| {
            Ledger::open(options(path, limits), observer).unwrap()
        });
    });
}

macro_rules! battery {
    ($($test:ident)*) => {$(
        #[test]
        fn $test() {
            on_a_new_place(&|open| battery::$test(open));
        }
    )*};
}
battery! {
    what_was_sold_is_there_after_a_restart
    the_last_seat_is_sold_once
    several_nights_are_all_taken_or_none
    the_capacity_is_the_limit
    a_purchase_of_nothing_is_an_error
    a_repetition_buys_nothing_more
    another_purchase_of_the_same_trip_is_a_conflict
    a_refused_trip_may_try_again
    what_has_queued_shares_a_commit
    the_queue_is_full_at_its_limit_and_not_before
    the_queue_is_served_after_the_last_handle_is_gone
    the_observer_hears_final_counts_before_the_answer
    an_inventory_below_what_is_sold_is_refused
    an_inventory_is_put_in_force
    no_commit_falls_between_two_inventories
    a_panic_leaves_nobody_waiting
}

#[test]
fn random_sequences_equal_a_simple_model() {
    battery::random_sequences_equal_a_simple_model(&on_a_new_place);
}

/// The negative control: without the check and the constraint, the same buyers oversell.
#[test]
fn without_its_guard_the_last_seat_is_sold_to_everyone() {
    new_place(&|path| {
        let unguarded = |_: Limits, _: Observer| {
            tampered(path, |database| {
                database.guard = Guard::TakenAway;
                let pragma = ("ignore_check_constraints", true);
                database.connection.pragma_update(None, pragma.0, pragma.1).unwrap();
            })
        };
        assert_eq!(battery::buyers_of_the_last_seat(&unguarded), 200);
    });
}

/// The second guard: a sale above the capacity that slips past the check fails in the database.
#[test]
fn the_constraint_stops_what_the_check_lets_through() {
    new_place(&|path| {
        let (ledger, thread) = tampered(path, |database| database.guard = Guard::TakenAway);
        let answer = block_on(ledger.reserve(purchase(&[1], 1, 2)));
        assert!(matches!(answer, Err(StoreError::Unknown)), "{answer:?}");
        assert!(matches!(thread.wait(), Err(StoreError::Storage { .. })));
        drop(ledger);
        let (ledger, thread) = open(path).unwrap();
        assert_eq!(block_on(ledger.audit()).unwrap().used, 0);
        end(ledger, thread);
    });
}

/// What is on disk when the answer arrives is all there is after a power cut.
#[test]
fn a_sale_is_on_disk_before_it_is_answered() {
    new_place(&|path| {
        let (ledger, thread) = open(path).unwrap();
        let copy = path.with_file_name("copy.db");
        for trip in 0..20 {
            let sale = bought(&ledger, by_trip(trip, purchase(&[1], 100, 1)));
            for suffix in ["", "-wal"] {
                std::fs::copy(with_suffix(path, suffix), with_suffix(&copy, suffix)).unwrap();
            }
            let (copied, copied_thread) = open(&copy).unwrap();
            let again = bought(&copied, by_trip(trip, purchase(&[1], 100, 1)));
            assert_eq!(again, Sale { repeated: true, ..sale });
            end(copied, copied_thread);
        }
        end(ledger, thread);
    });
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[test]
fn durability_is_set_as_designed() {
    new_place(&|path| {
        let database = Database::open(path, 'V').unwrap();
        let check = |pragma: &str, expected: &str| {
            let sql = format!("select cast({pragma} as text) from pragma_{pragma}");
            let value: String = database.connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert_eq!(value, expected, "{pragma}");
        };
        check("journal_mode", "wal");
        check("synchronous", "2");
        check("foreign_keys", "1");
    });
}

#[test]
fn a_taken_locator_is_drawn_again_up_to_a_limit() {
    new_place(&|path| {
        let mut draws = 0_u32;
        // The first 64 draws after the first sale are all taken; then one is free.
        let (ledger, thread) = tampered(path, |database| {
            database.draw = Box::new(move || {
                draws += 1;
                [if draws <= 65 + 63 { 0 } else { 1 }, 0, 0, 0, 0]
            });
        });
        assert_eq!(bought(&ledger, purchase(&[1], 9, 1)).locator.as_str(), "VAAAAA");
        let answer = block_on(ledger.reserve(purchase(&[1], 9, 1)));
        assert!(matches!(answer, Err(StoreError::NoLocator { draws: 64 })), "{answer:?}");
        assert_eq!(bought(&ledger, purchase(&[1], 9, 1)).locator.as_str(), "VCAAAA");
        let audit = block_on(ledger.audit()).unwrap();
        assert_eq!((audit.used, audit.consistent), (2, true));
        end(ledger, thread);
    });
}

#[test]
fn an_audit_finds_a_counter_that_is_wrong() {
    for wrong in [
        "update unit set used = used + 1 where offer = 1",
        "update unit set used = 3 - used",
        "delete from sale_unit where offer = 1",
    ] {
        new_place(&|path| {
            let (ledger, thread) = open(path).unwrap();
            bought(&ledger, purchase(&[1], 9, 1));
            bought(&ledger, purchase(&[2], 9, 2));
            assert!(block_on(ledger.audit()).unwrap().consistent);
            end(ledger, thread);
            Connection::open(path).unwrap().execute_batch(wrong).unwrap();
            let (ledger, thread) = open(path).unwrap();
            assert!(!block_on(ledger.audit()).unwrap().consistent, "{wrong}");
            end(ledger, thread);
        });
    }
}

#[test]
fn only_what_was_sold_has_a_row() {
    new_place(&|path| {
        let (ledger, thread) = open(path).unwrap();
        bought(&ledger, purchase(&[1], 1, 1));
        assert!(matches!(buy(&ledger, purchase(&[1, 2], 1, 1)), Outcome::SoldOut { .. }));
        assert!(matches!(buy(&ledger, purchase(&[3], 0, 1)), Outcome::SoldOut { .. }));
        end(ledger, thread);
        let rows: u32 = Connection::open(path)
            .unwrap()
            .query_row("select count(*) from unit", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1);
    });
}
