//! The battery on SQLite, its negative control, and what only SQLite can show: a copy of its
//! files, its constraint, its settings and its rows.

mod refusals;
mod failures;
mod backups;
mod full_disk;

use super::{Database, Guard, mark_restored};
use crate::battery::{self, *};
use crate::{Ledger, LedgerOptions, LedgerThread, Observer, Outcome, StoreError};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

fn options(path: &Path, limits: Limits) -> LedgerOptions {
    let Limits { queue_max, batch_max } = limits;
    LedgerOptions {
        queue_max,
        batch_max,
        ballast_bytes: 4096,
        service_days: service_days(),
        ..LedgerOptions::new(path.to_owned(), 'V', flights(), key())
    }
}

/// Opens a ledger that has this many units of every offer on sale.
fn opened(path: &Path, units: u32) -> (Ledger, LedgerThread) {
    on_sale(&|_, _| open(path).unwrap(), units)
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
    let mut database = Database::open(&options(path, USUAL)).unwrap();
    tamper(&mut database);
    Ledger::start(database, options(path, USUAL), quiet()).unwrap()
}

fn on_a_new_place(test: &dyn Fn(Open<'_>)) {
    new_place(&|path| test(&opener(path)));
}

fn opener(path: &Path) -> impl Fn(Limits, Observer) -> (Ledger, LedgerThread) {
    |limits, observer| Ledger::open(options(path, limits), observer).unwrap()
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
    the_last_seat_is_sold_once
    what_was_sold_is_there_after_a_restart
    several_nights_are_all_taken_or_none
    several_items_are_all_taken_or_none
    the_capacity_is_the_limit
    nothing_is_on_sale_without_an_inventory
    a_purchase_of_nothing_is_an_error
    a_repetition_buys_nothing_more
    another_purchase_of_the_same_trip_is_a_conflict
    a_refused_trip_may_try_again
    every_voucher_is_another_one

    what_has_queued_shares_a_commit
    the_queue_is_full_at_its_limit_and_not_before
    the_queue_is_served_after_the_last_handle_is_gone
    an_order_is_followed_although_nobody_waits
    the_observer_hears_final_counts_before_the_answer
    a_batch_sees_what_it_has_done_so_far
    a_panic_leaves_nobody_waiting

    an_inventory_below_what_is_used_is_refused
    an_inventory_is_put_in_force
    a_hold_of_a_withdrawn_offer_is_kept
    no_commit_falls_between_two_inventories

    a_hold_is_extended_and_let_go
    a_hold_expires_at_its_deadline_and_not_before
    a_revision_replaces_the_items_or_nothing
    a_part_is_pinned_and_then_confirmed_or_released
    a_trip_is_decided_and_acknowledged
    a_trip_without_its_hold_or_receipts_is_not_decided
    a_booking_is_altered_quoted_and_cancelled
    a_part_is_settled_by_hand
    what_is_refused_is_not_kept

    a_filter_shows_what_it_says
    pages_add_up_to_the_whole
    what_is_unknown_is_not_found

    tombstones_are_kept_for_thirty_days
    bookings_are_kept_for_ninety_days_after_their_last_day
    a_decision_is_kept_for_ninety_days_after_a_stay_elsewhere
    a_booking_is_kept_until_every_part_has_acknowledged
    a_cancelled_booking_is_kept_as_long_as_it_would_have_been
    what_is_not_over_is_never_forgotten
    more_than_one_transaction_of_trips_is_forgotten

    fences_only_rise_and_are_kept
    a_later_life_is_taken_and_kept
    nothing_is_learned_by_a_ledger_that_does_not_recover
    a_peer_that_recovers_is_told_everything_once
}

#[test]
fn random_sequences_equal_a_simple_model() {
    battery::random_sequences_equal_a_simple_model(&on_a_new_place);
}

#[test]
fn the_follower_hears_every_row_before_the_answer() {
    new_place(&|path| {
        battery::the_follower_hears_every_row_before_the_answer(&|follower| {
            let options = LedgerOptions { follower, ..options(path, USUAL) };
            Ledger::open(options, quiet()).unwrap()
        });
    });
}

#[test]
fn what_the_peers_remember_is_learned_again() {
    new_place(&|path| {
        let restore = || mark_restored(path, at(0), None).map(|_| ()).unwrap();
        battery::what_the_peers_remember_is_learned_again(&opener(path), &restore);
    });
}

#[test]
fn units_of_before_the_restore_are_promised_to_nobody() {
    new_place(&|path| {
        let restore = || mark_restored(path, at(0), None).map(|_| ()).unwrap();
        battery::units_of_before_the_restore_are_promised_to_nobody(&opener(path), &restore);
    });
}

#[test]
fn each_restore_is_another_life() {
    new_place(&|path| {
        // Although the clock stands still.
        let restore = || mark_restored(path, at(0), None).map(|_| ()).unwrap();
        battery::each_restore_is_another_life(&opener(path), &restore);
    });
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

/// The second guard: what is taken above the capacity and slips past the check fails in the
/// database.
#[test]
fn the_constraint_stops_what_the_check_lets_through() {
    for order in [purchase(&[1], 2), hold(0, [sold(&[1], 2)].into())] {
        new_place(&|path| {
            let (ledger, thread) = tampered(path, |database| database.guard = Guard::TakenAway);
            adopt(&ledger, Box::new(|_| Some(1)));
            let answer = try_at(&ledger, 1, order.clone(), 0);
            assert!(matches!(answer, Err(StoreError::Unknown)), "{answer:?}");
            assert!(matches!(thread.wait(), Err(StoreError::Storage { .. })));
            drop(ledger);
            let (ledger, thread) = opened(path, 1);
            consistent_at(&ledger, 0, 0, 0);
            end(ledger, thread);
        });
    }
}

/// What is on disk when the answer arrives is all there is after a power cut.
#[test]
fn a_row_is_on_disk_before_it_is_answered() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 100);
        let copy = path.with_file_name("copy.db");
        let whole = parts(stays(), &items(&[&[1]]));
        let whole_trip = |number| {
            let outcome = agencia_protocol::trip::Outcome::Committed;
            [hold_one(1), pin(0, &whole), apply(number, &whole, outcome)]
        };
        for number in 0..10 {
            for order in whole_trip(number).into_iter().chain([purchase(&[1], 1)]) {
                let number =
                    if matches!(order, crate::Order::Reserve { .. }) { 100 } else { 0 } + number;
                let Outcome::Stepped(stepped) = ask(&ledger, number, order) else { panic!() };
                for suffix in ["", "-wal"] {
                    std::fs::copy(with_suffix(path, suffix), with_suffix(&copy, suffix)).unwrap();
                }
                let (copied, copied_thread) = opened(&copy, 100);
                assert_eq!(row(&copied, number), Some(stepped.row));
                assert!(audit(&copied).consistent);
                end(copied, copied_thread);
            }
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
        let database = Database::open(&options(path, USUAL)).unwrap();
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

/// A disk that just failed is not written to again.
#[test]
fn what_is_left_as_it_is_is_not_copied_either() {
    new_place(&|path| {
        let mut database = Database::open(&options(path, USUAL)).unwrap();
        database.copy_log_beside(path).unwrap();
        database.leave_as_is();
        assert!(database.checkpointer.as_ref().is_some_and(|beside| beside.is_stopped()));
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
        adopt(&ledger, Box::new(|_| Some(9)));
        assert_eq!(buy(&ledger, 1, &[1]).as_str(), "VAAAAA");
        let answer = try_at(&ledger, 2, purchase(&[1], 1), 0);
        assert!(matches!(answer, Err(StoreError::NoLocator { draws: 64 })), "{answer:?}");
        assert_eq!(buy(&ledger, 3, &[1]).as_str(), "VCAAAA");
        consistent_at(&ledger, 0, 0, 2);
        end(ledger, thread);
    });
}

#[test]
fn an_audit_finds_a_counter_that_is_wrong() {
    for wrong in [
        "update unit set used = used + 1 where offer = 1",
        "update unit set used = 3 - used",
        "delete from trip where locator is null",
        "delete from unit where offer = 1",
    ] {
        new_place(&|path| {
            let (ledger, thread) = opened(path, 9);
            bought(ask(&ledger, 1, purchase(&[1], 1)));
            ask(&ledger, 2, hold(0, [sold(&[2], 2)].into()));
            assert!(audit(&ledger).consistent);
            end(ledger, thread);
            Connection::open(path).unwrap().execute_batch(wrong).unwrap();
            let (ledger, thread) = opened(path, 9);
            assert!(!audit(&ledger).consistent, "{wrong}");
            end(ledger, thread);
        });
    }
}

/// Whoever gives back more than there is leaves nothing negative, and the audit tells.
#[test]
fn what_is_given_back_ends_at_zero() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 9);
        ask(&ledger, 1, hold(0, [sold(&[1], 3)].into()));
        end(ledger, thread);
        let damage = "update unit set used = 1";
        Connection::open(path).unwrap().execute_batch(damage).unwrap();
        let (ledger, thread) = opened(path, 9);
        ask(&ledger, 1, crate::Order::LetGo);
        consistent_at(&ledger, 0, 0, 0);
        end(ledger, thread);
    });
}

#[test]
fn only_what_was_taken_has_a_row() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 1);
        buy(&ledger, 1, &[1]);
        assert_eq!(ask(&ledger, 2, purchase(&[1, 2], 1)), sold_out(1));
        assert_eq!(ask(&ledger, 3, purchase(&[3], 2)), sold_out(3));
        end(ledger, thread);
        let count = |table: &str| -> u32 {
            let sql = format!("select count(*) from {table}");
            Connection::open(path).unwrap().query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("unit"), count("trip")), (1, 1));
    });
}
