//! A full disk: nothing more is taken, and what takes nothing still finds room, in the ballast.

use super::{new_place, open, opened, options, tampered};
use crate::battery::{
    USUAL, adopt, apply, ask, ask_at, at, audit, consistent_at, decide, end, flights, hold,
    hold_one, items, parts, pin, purchase, quiet, reply, row, stays, trip, try_at,
};
use crate::sqlite::Database;
use crate::{Ledger, LedgerOptions, LedgerThread, Order, StoreError};
use agencia_protocol::trip::{Outcome as Verdict, PartState};
use agencia_trip::Reply;
use futures_lite::future::block_on;
use rusqlite::Connection;
use std::path::Path;

/// Lets the database grow to so many pages.
fn set_limit(connection: &Connection, pages: u32) {
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
}

/// A ledger on a disk without a page left, where letting the ballast go makes this much room.
fn full(path: &Path, room: u32) -> (Ledger, LedgerThread) {
    let (ledger, thread) = tampered(path, |database: &mut Database| {
        let connection = &database.connection;
        let pages = connection.query_row("pragma page_count", [], |row| row.get(0)).unwrap();
        set_limit(connection, pages);
        database.ballast.when_let_go =
            Some(Box::new(move |connection| set_limit(connection, pages + room)));
    });
    adopt(&ledger, Box::new(|_| Some(100_000)));
    (ledger, thread)
}

fn big(revision: u32, offer: u64) -> Order {
    let mut item = crate::battery::sold(&[offer], 1);
    item.record = format!(r#"{{"note":"{}"}}"#, "x".repeat(20_000));
    hold(revision, [item].into())
}

fn no_space(ledger: &Ledger, number: u32, order: Order) {
    let refused = try_at(ledger, number, order, 0).unwrap_err();
    assert!(matches!(refused, StoreError::NoSpace), "{refused:?}");
}

#[test]
fn on_a_full_disk_nothing_is_taken_and_what_was_begun_is_finished() {
    new_place(&|path| {
        let all = items(&[&[1]]);
        let (ours, theirs) = (parts(flights(), &all), parts(stays(), &all));
        let (ledger, thread) = opened(path, 100_000);
        for number in 1..=4 {
            ask(&ledger, number, hold(0, all.clone()));
        }
        ask(&ledger, 2, pin(0, &theirs));
        end(ledger, thread);

        let (ledger, thread) = full(path, 100_000);
        assert!(!ledger.stats().full);
        // In one batch with others, the one that finds no room is refused and fails none of them.
        let batch = [(9, big(0, 1)), (1, decide(1, &ours)), (8, hold_one(1)), (3, Order::LetGo)]
            .map(|(number, order)| ledger.step(trip(number), order, at(0)));
        let mut answers = batch.map(block_on);
        for place in [0, 2] {
            assert!(matches!(answers[place], Err(StoreError::NoSpace)), "{:?}", answers[place]);
        }
        answers.swap(0, 3);
        let [let_go, decided, ..] = answers.map(|answer| answer.ok().map(reply));
        assert_eq!(let_go, Some(Reply::State(PartState::Released)));
        assert!(matches!(decided, Some(Reply::Decided { .. })), "{decided:?}");
        assert!(ledger.stats().full);
        assert!(!path.with_extension("lastro").exists());
        no_space(&ledger, 10, purchase(&[1], 1));
        no_space(&ledger, 4, hold(1, items(&[&[2]])));
        // What takes nothing new is answered, and what is due is done.
        let applied = reply(ask(&ledger, 2, apply(2, &theirs, Verdict::Committed)));
        assert_eq!(applied, Reply::State(PartState::Confirmed));
        let held = reply(ask(&ledger, 4, hold(0, all)));
        assert!(matches!(held, Reply::Part { state: PartState::Held, .. }), "{held:?}");
        consistent_at(&ledger, 1, 0, 2);
        // A second later there is room for the ballast again, and so for everything.
        ask_at(&ledger, 10, hold_one(1), 1);
        assert!(!ledger.stats().full);
        assert!(path.with_extension("lastro").exists());
        end(ledger, thread);
    });
}

#[test]
fn when_the_ballast_is_used_up_nothing_is_done_and_the_ledger_lives() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 9);
        ask(&ledger, 1, hold_one(1));
        end(ledger, thread);
        let (ledger, thread) = full(path, 0);
        no_space(&ledger, 9, big(0, 1));
        // Tombstones for trips that nobody held, until not even one of them fits.
        let gone = (100..1000).map(|number| try_at(&ledger, number, Order::LetGo, 0));
        let results: Vec<_> = gone.collect();
        assert!(results.iter().any(|result| matches!(result, Err(StoreError::NoSpace))));
        assert!(
            results.iter().all(|result| matches!(result, Ok(_) | Err(StoreError::NoSpace))),
            "a full disk is no fault"
        );
        // What needs no new page is still done.
        assert_eq!(reply(ask(&ledger, 1, Order::LetGo)), Reply::State(PartState::Released));
        assert!(audit(&ledger).consistent);
        end(ledger, thread);
        let (ledger, thread) = open(path).unwrap();
        assert!(audit(&ledger).consistent);
        end(ledger, thread);
    });
}

#[test]
fn what_found_no_room_is_not_remembered() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 9);
        ask(&ledger, 1, hold_one(1));
        end(ledger, thread);
        let (ledger, thread) = full(path, 0);
        let before = row(&ledger, 1);
        no_space(&ledger, 1, big(1, 2));
        assert_eq!(row(&ledger, 1), before, "the next step is computed from what is on the disk");
        assert_eq!(reply(ask(&ledger, 1, Order::LetGo)), Reply::State(PartState::Released));
        consistent_at(&ledger, 0, 0, 0);
        end(ledger, thread);
    });
}

#[test]
fn the_ballast_has_its_size_and_none_is_none() {
    new_place(&|path| {
        for bytes in [100_000, 0, 4096] {
            std::fs::remove_file(path.with_extension("lastro")).ok();
            let options = LedgerOptions { ballast_bytes: bytes, ..options(path, USUAL) };
            let (ledger, thread) = Ledger::open(options, quiet()).unwrap();
            let length = path.with_extension("lastro").metadata().map_or(0, |file| file.len());
            assert_eq!(length, bytes);
            end(ledger, thread);
        }
    });
}
