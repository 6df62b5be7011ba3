//! Every order of events, on the production functions: loss, repetition, reordering, drivers that
//! die, clocks that run as they like, crashes and restored backups. And the same with one rule
//! taken away at a time, which must be noticed.
//!
//! `tests/run model`; `tests/run soak model` goes through everything, without bounds.

#![expect(clippy::unwrap_used, reason = "a failing test may panic anywhere")]

mod world;
mod state;
mod machine;
mod lives;
mod normal;
mod mutant;
mod check;

use check::{ALL_OR_NOTHING, CAPACITY, COMMITTED, Extent, HEALS, KEPT, check};
use mutant::Mutant;
use std::sync::Mutex;
use world::{Setup, Variant};

/// Flights, stays and tours, decided by the first.
const WHOLE: Variant = &[(0, 1, 0), (1, 1, 0), (2, 1, 0)];
/// The same trip with another tour.
const REVISED: Variant = &[(0, 1, 0), (1, 1, 0), (2, 2, 1)];
/// Without a flight: the stays decide.
const GROUND: Variant = &[(1, 1, 0), (2, 1, 0)];
/// One part, so nothing to pin.
const ALONE: Variant = &[(1, 1, 0)];

/// One check at a time: each uses every core.
static TURN: Mutex<()> = Mutex::new(());

fn setup(trips: &[&'static [Variant]], capacity: u8) -> Setup {
    Setup { trips: trips.to_vec(), capacity, cancellation: true, restores: 0 }
}

fn sound(name: &str, setup: Setup, in_ci: Extent) {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let soak = std::env::var_os("AGENCIA_SOAK").is_some_and(|value| value == "1");
    let extent = if soak { Extent::Whole } else { in_ci };
    assert_eq!(check(name, setup, Mutant::None, extent), [""; 0]);
}

#[test]
fn two_trips_want_the_last_unit_of_three_daemons() {
    sound("2 trips, 3 daemons, capacity 1", setup(&[&[WHOLE], &[WHOLE]], 1), Extent::Whole);
}

#[test]
fn two_trips_of_which_one_is_revised() {
    let setup = setup(&[&[WHOLE, REVISED], &[REVISED]], 1);
    sound("2 trips, 3 daemons, capacity 1, revised", setup, Extent::Whole);
}

#[test]
fn two_trips_of_different_parts_and_anchors() {
    let setup = setup(&[&[WHOLE], &[GROUND, ALONE]], 1);
    sound("2 trips, 3 daemons, capacity 1, two anchors", setup, Extent::Whole);
}

#[test]
fn one_trip_that_two_windows_book_differently() {
    let setup = setup(&[&[WHOLE, REVISED, GROUND, ALONE]], 1);
    sound("1 trip in four ways", setup, Extent::Whole);
}

#[test]
fn three_trips_want_two_units() {
    let setup = setup(&[&[WHOLE], &[WHOLE], &[WHOLE]], 2);
    sound("3 trips, 3 daemons, capacity 2", setup, Extent::Whole);
}

/// With half as many states some trip has come as far as its booking.
#[test]
fn three_trips_of_which_one_is_revised() {
    let setup = setup(&[&[WHOLE, REVISED], &[WHOLE], &[WHOLE]], 2);
    sound("3 trips, 3 daemons, capacity 2, revised", setup, Extent::States(40_000_000));
}

#[test]
fn one_trip_and_a_restored_backup() {
    let setup = Setup { restores: 1, ..setup(&[&[WHOLE]], 1) };
    sound("1 trip, 1 restore", setup, Extent::Whole);
}

#[test]
fn one_trip_and_two_restored_backups() {
    let setup = Setup { restores: 2, ..setup(&[&[WHOLE]], 1) };
    sound("1 trip, 2 restores", setup, Extent::States(3_000_000));
}

/// Two daemons suffice for most of what can go wrong, and can be gone through to the end.
#[test]
fn one_trip_of_two_parts_and_two_restored_backups() {
    let setup = Setup { restores: 2, ..setup(&[&[GROUND]], 1) };
    sound("1 trip of 2 parts, 2 restores", setup, Extent::Whole);
}

/// Each daemon once, or one three times, from backups of different moments.
#[test]
fn one_trip_and_three_restored_backups() {
    let setup = Setup { restores: 3, cancellation: false, ..setup(&[&[WHOLE]], 1) };
    sound("1 trip, 3 restores", setup, Extent::States(3_000_000));
}

/// Without cancellation: a backup may hold a booking that was cancelled after it and whose unit
/// was sold again. When nobody else had heard of it, both are booked, and the audit says so.
/// Thirty million states: with a tenth of them no trip had come as far as its booking.
#[test]
fn two_trips_and_a_restored_backup() {
    let setup = Setup { restores: 1, cancellation: false, ..setup(&[&[WHOLE], &[WHOLE]], 1) };
    sound("2 trips, 1 restore", setup, Extent::States(30_000_000));
}

fn caught(mutant: Mutant, setup: Setup, by: &[&str]) {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let found = check(&format!("{mutant:?}"), setup, mutant, Extent::States(4_000_000));
    assert!(found.iter().any(|property| by.contains(property)), "{mutant:?}: {found:?}");
}

fn two() -> Setup {
    setup(&[&[WHOLE], &[WHOLE]], 1)
}

#[test]
fn a_plain_hold_and_confirm_is_caught() {
    caught(Mutant::PlainHoldConfirm, two(), &[ALL_OR_NOTHING, HEALS]);
}

#[test]
fn deciding_without_all_pins_is_caught() {
    caught(Mutant::DecideWithoutAllPins, two(), &[ALL_OR_NOTHING, HEALS]);
}

#[test]
fn a_pin_that_revives_an_expired_hold_is_caught() {
    caught(Mutant::PinRevivesExpired, two(), &[CAPACITY]);
}

#[test]
fn a_pinned_part_that_expires_is_caught() {
    caught(Mutant::PinnedMayExpire, two(), &[ALL_OR_NOTHING, HEALS]);
}

#[test]
fn a_volatile_decision_is_caught() {
    caught(Mutant::VolatileDecision, two(), &[COMMITTED, KEPT, HEALS]);
}

#[test]
fn a_commit_that_ignores_its_own_dead_hold_is_caught() {
    caught(Mutant::CommitIgnoresDeadHold, two(), &[CAPACITY]);
}

#[test]
fn an_abort_without_tombstone_is_caught() {
    caught(Mutant::AbortWithoutTombstone, two(), &[ALL_OR_NOTHING, HEALS]);
}

#[test]
fn a_cancellation_without_outbox_is_caught() {
    caught(Mutant::CancelWithoutOutbox, two(), &[HEALS]);
}

#[test]
fn a_restore_without_recovery_is_caught() {
    let setup = Setup { restores: 1, ..setup(&[&[WHOLE]], 1) };
    caught(Mutant::RestoreWithoutRecovery, setup, &[ALL_OR_NOTHING, COMMITTED, KEPT, HEALS]);
}

#[test]
fn seals_that_outlive_a_restore_are_caught() {
    let setup = Setup { restores: 1, ..setup(&[&[WHOLE]], 1) };
    caught(Mutant::OldSealsCount, setup, &[ALL_OR_NOTHING, COMMITTED, KEPT, HEALS]);
}
