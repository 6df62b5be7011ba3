//! Backups: as of one moment while selling goes on, marked as copies, put in force again.

use super::{new_place, open, opened, with_suffix};
use crate::battery::{
    ask, at, audit, bought, buy, consistent_at, end, hold, items, number, purchase, row, trip,
};
use crate::{Filter, StoreError, mark_restored};
use agencia_protocol::trip::Incarnation;
use futures_lite::future::block_on;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn a_backup_under_load_is_whole_and_of_one_moment() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 1_000_000);
        for number in 0..500 {
            buy(&ledger, number, &[1]);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (selling, stopping) = (ledger.clone(), stop.clone());
        let seller = std::thread::spawn(move || {
            let mut last = 500;
            while !stopping.load(Ordering::Relaxed) {
                // All items or none: two units a trip.
                let order = hold(0, items(&[&[2], &[3]]));
                block_on(selling.step(trip(last), order, at(0))).unwrap();
                last += 1;
            }
            last
        });
        let mut copies = Vec::new();
        for number in 0..5 {
            let copy = path.with_file_name(format!("copy{number}.db"));
            let acknowledged = ledger.stats().steps;
            block_on(ledger.backup(copy.clone())).unwrap();
            copies.push((copy, acknowledged, ledger.stats().steps));
        }
        stop.store(true, Ordering::Relaxed);
        let last = seller.join().unwrap();
        end(ledger, thread);
        assert!(last > 500, "nothing was sold meanwhile");
        for (copy, before, after) in copies {
            mark_restored(&copy, at(0), None).unwrap();
            let (ledger, thread) = opened(&copy, 1_000_000);
            assert!(ledger.recovering());
            let held = audit(&ledger).held;
            consistent_at(&ledger, held, 0, 500);
            // The first so many trips without a gap, and everything acknowledged before it began.
            let page = block_on(ledger.page(Filter::All, None, usize::MAX)).unwrap();
            let seen: Vec<_> = page.iter().map(|(trip, _)| number(trip)).collect();
            assert_eq!(seen, (0..u32::try_from(seen.len()).unwrap()).collect::<Vec<_>>());
            let length = seen.len() as u64;
            assert!((before..=after + 1).contains(&length), "{before} {length} {after}");
            assert_eq!(held, (length - 500) * 2);
            end(ledger, thread);
        }
    });
}

#[test]
fn a_copy_is_opened_only_after_it_is_put_in_force() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 9);
        let locator = buy(&ledger, 1, &[1]);
        let copy = path.with_file_name("copy.db");
        block_on(ledger.backup(copy.clone())).unwrap();
        let kept = row(&ledger, 1);
        let refused = open(&copy).unwrap_err();
        assert!(matches!(refused, StoreError::Copy { .. }), "{refused:?}");
        assert!(refused.to_string().contains("agencia restore"));
        mark_restored(&copy, at(0), None).unwrap();
        let (copied, copied_thread) = opened(&copy, 9);
        let life = block_on(copied.life()).unwrap();
        assert!(life.recovering && life.incarnation.0 >= at(0).unix_millis().unsigned_abs());
        assert_eq!(row(&copied, 1), kept);
        block_on(copied.finish_recovery(at(1))).unwrap();
        assert_eq!(bought(ask(&copied, 1, purchase(&[1], 1))), (locator, true));
        end(copied, copied_thread);
        // The original is no copy and does not recover.
        assert!(!ledger.recovering());
        end(ledger, thread);
    });
}

#[test]
fn a_backup_replaces_no_file_and_leaves_none_behind_when_it_fails() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 9);
        let there = path.with_file_name("there.db");
        std::fs::write(&there, "mine").unwrap();
        for to in [there.clone(), path.with_file_name("missing").join("copy.db")] {
            let failed = block_on(ledger.backup(to.clone())).unwrap_err();
            assert!(matches!(failed, StoreError::Backup { .. }), "{failed:?}");
            assert!(failed.to_string().contains(to.to_str().unwrap()));
            assert!(!with_suffix(&to, ".parcial").exists());
        }
        assert_eq!(std::fs::read(&there).unwrap(), b"mine");
        // What an earlier one left when the power went is in nobody's way.
        let to = path.with_file_name("copy.db");
        std::fs::write(with_suffix(&to, ".parcial"), "half of one").unwrap();
        block_on(ledger.backup(to.clone())).unwrap();
        assert!(to.exists() && !with_suffix(&to, ".parcial").exists());
        end(ledger, thread);
    });
}

#[test]
fn only_a_ledger_that_is_closed_is_marked() {
    new_place(&|path| {
        let missing = mark_restored(path, at(0), None).unwrap_err();
        assert!(matches!(missing, StoreError::Open { .. }), "{missing:?}");
        assert!(!path.exists());
        let (ledger, thread) = opened(path, 9);
        let locked = mark_restored(path, at(0), None).unwrap_err();
        assert!(matches!(locked, StoreError::Locked { .. }), "{locked:?}");
        end(ledger, thread);
        mark_restored(path, at(0), None).unwrap();
        let empty = path.with_file_name("empty.db");
        std::fs::write(&empty, "").unwrap();
        let foreign = mark_restored(&empty, at(0), None).unwrap_err();
        assert!(matches!(foreign, StoreError::Foreign { .. }), "{foreign:?}");
    });
}

#[test]
fn a_new_life_is_later_than_every_one_that_is_known() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 9);
        end(ledger, thread);
        let now = Incarnation(at(0).unix_millis().unsigned_abs());
        let after = |life: Incarnation| Incarnation(life.0 + 1);
        let far = Incarnation(now.0 + 1_000_000);
        // What it replaces, the clock, its own.
        for (replaced, expected) in [
            (None, now),
            (None, after(now)),
            (Some(Incarnation(7)), after(after(now))),
            (Some(far), after(far)),
            (Some(far), after(after(far))),
        ] {
            assert_eq!(mark_restored(path, at(0), replaced).unwrap(), expected);
        }
    });
}
