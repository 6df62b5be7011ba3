//! A storage that fails while the ledger runs: the answer is "unknown", never "no".

use super::{new_place, open, tampered};
use crate::battery::{bought, by_trip, end, purchase};
use crate::sqlite::Database;
use crate::{Reservation, Sale, StoreError};
use futures_lite::future::block_on;
use rusqlite::Connection;
use std::path::Path;

/// After a failure: everyone hears "unknown", the thread ends with the error, nothing can be
/// queued, and the next start reads the truth.
fn fails(path: &Path, tamper: impl Fn(&mut Database), record: &str) {
    let (ledger, thread) = open(path).unwrap();
    let kept = bought(&ledger, by_trip(1, purchase(&[1], 1000, 1)));
    end(ledger, thread);

    let (ledger, thread) = tampered(path, tamper);
    let failing = Reservation { record: record.to_owned(), ..purchase(&[1], 1000, 1) };
    let answers: Vec<_> = (0..600).map(|_| ledger.submit(failing.clone())).collect();
    let (mut unknown, mut closed) = (0, 0);
    for answer in answers {
        match block_on(answer) {
            // Submitted after the thread had ended.
            Err(StoreError::Closed) => closed += 1,
            Err(StoreError::Unknown) if closed == 0 => unknown += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(unknown > 0);
    assert_eq!(ledger.stats().sales, 0);
    let ended = thread.wait().unwrap_err();
    assert!(matches!(ended, StoreError::Storage { .. }), "{ended:?}");
    assert!(ended.to_string().contains(path.to_str().unwrap()));
    assert!(matches!(block_on(ledger.reserve(failing)), Err(StoreError::Closed)));

    let (ledger, thread) = open(path).unwrap();
    let again = bought(&ledger, by_trip(1, purchase(&[1], 1000, 1)));
    assert_eq!(again, Sale { repeated: true, ..kept });
    assert!(block_on(ledger.audit()).unwrap().consistent);
    end(ledger, thread);
}

#[test]
fn an_error_at_the_commit_is_unknown_and_ends_the_thread() {
    new_place(&|path| {
        let no = |database: &mut Database| {
            database.connection.commit_hook(Some(|| true)).unwrap();
        };
        fails(path, no, "{}");
    });
}

#[test]
fn an_error_while_writing_is_unknown_and_ends_the_thread() {
    new_place(&|path| {
        let full = |database: &mut Database| {
            let pages: u32 =
                database.connection.query_row("pragma page_count", [], |row| row.get(0)).unwrap();
            let connection = &database.connection;
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        };
        fails(path, full, &"x".repeat(20_000));
    });
}

#[test]
fn a_value_that_the_ledger_never_wrote_is_a_fault_and_no_panic() {
    new_place(&|path| {
        let (ledger, thread) = open(path).unwrap();
        bought(&ledger, by_trip(1, purchase(&[1], 9, 1)));
        end(ledger, thread);
        let damage = "update sale set locator = 'no!'";
        Connection::open(path).unwrap().execute_batch(damage).unwrap();
        let (ledger, thread) = open(path).unwrap();
        let answer = block_on(ledger.reserve(by_trip(1, purchase(&[1], 9, 1))));
        assert!(matches!(answer, Err(StoreError::Unknown)));
        assert!(matches!(thread.wait(), Err(StoreError::Storage { .. })));
    });
}
