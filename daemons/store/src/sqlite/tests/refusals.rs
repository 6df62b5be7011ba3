//! Files that are not opened: in use, damaged, too new, or somebody else's.

use super::{new_place, open, opened, options, with_suffix};
use crate::battery::{USUAL, buy, end, quiet};
use crate::{Ledger, LedgerOptions, StoreError};
use rusqlite::Connection;
use std::path::Path;

#[test]
fn a_second_ledger_on_the_same_file_is_refused() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 1);
        let link = path.with_file_name("link.db");
        std::os::unix::fs::symlink(path, &link).unwrap();
        for path in [path, &link] {
            let refused = open(path).unwrap_err();
            assert!(matches!(refused, StoreError::Locked { .. }), "{refused}");
            assert!(refused.to_string().contains(path.to_str().unwrap()));
        }
        // Whoever only reads may, as a backup does.
        let reader = Connection::open(path).unwrap();
        buy(&ledger, 1, &[1]);
        let trips: u32 =
            reader.query_row("select count(*) from trip", [], |row| row.get(0)).unwrap();
        assert_eq!(trips, 1);
        drop(reader);
        end(ledger, thread);
        let (ledger, thread) = open(path).unwrap();
        end(ledger, thread);
    });
}

fn refused_as_corrupt(path: &Path) {
    let refused = open(path).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
    let text = refused.to_string();
    assert!(text.contains(path.to_str().unwrap()) && text.contains("restore"), "{text}");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    new_place(&|path| {
        std::fs::write(path, "not a database, whatever its name says".repeat(100)).unwrap();
        refused_as_corrupt(path);
    });
}

#[test]
fn a_damaged_page_is_refused() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 1000);
        for number in 0..100 {
            buy(&ledger, number, &[1]);
        }
        end(ledger, thread);
        let mut bytes = std::fs::read(path).unwrap();
        let last_page = bytes.len() - 4096;
        bytes[last_page..last_page + 200].fill(0x5a);
        std::fs::write(path, bytes).unwrap();
        refused_as_corrupt(path);
    });
}

#[test]
fn a_log_without_its_database_is_refused_and_kept() {
    new_place(&|path| {
        let log = with_suffix(path, "-wal");
        std::fs::write(&log, "sales").unwrap();
        refused_as_corrupt(path);
        assert!(log.exists());
    });
}

/// A copy that was put in the place of a database whose log is still there.
#[test]
fn a_log_beside_another_database_is_refused() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 1);
        buy(&ledger, 1, &[1]);
        std::fs::copy(with_suffix(path, "-wal"), path.with_file_name("log")).unwrap();
        end(ledger, thread);
        let copy = Connection::open(path).unwrap();
        copy.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).unwrap();
        drop(copy);
        std::fs::rename(path.with_file_name("log"), with_suffix(path, "-wal")).unwrap();
        refused_as_corrupt(path);
        let refused = crate::mark_restored(path, crate::battery::at(0), None).unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
    });
}

#[test]
fn a_newer_schema_is_refused() {
    new_place(&|path| {
        let (ledger, thread) = open(path).unwrap();
        end(ledger, thread);
        Connection::open(path).unwrap().pragma_update(None, "user_version", 2).unwrap();
        let refused = open(path).unwrap_err();
        assert!(
            matches!(refused, StoreError::NewerSchema { found: 2, known: 1, .. }),
            "{refused:?}"
        );
    });
}

#[test]
fn a_database_of_another_program_is_refused_unchanged() {
    new_place(&|path| {
        let other = Connection::open(path).unwrap();
        other.execute_batch("create table theirs (a); insert into theirs values (1)").unwrap();
        drop(other);
        let before = std::fs::read(path).unwrap();
        assert!(matches!(open(path), Err(StoreError::Foreign { .. })));
        assert_eq!(std::fs::read(path).unwrap(), before);
    });
}

#[test]
fn a_folder_that_is_missing_is_named() {
    new_place(&|path| {
        let path = path.with_file_name("missing").join("ledger.db");
        let refused = open(&path).unwrap_err();
        assert!(matches!(refused, StoreError::Open { .. }), "{refused:?}");
        assert!(refused.to_string().contains(path.to_str().unwrap()));
    });
}

#[test]
fn a_letter_that_starts_no_locator_is_refused() {
    new_place(&|path| {
        let options = LedgerOptions { locator_letter: 'B', ..options(path, USUAL) };
        let refused = Ledger::open(options, quiet()).unwrap_err();
        assert!(matches!(refused, StoreError::LocatorLetter { letter: 'B' }));
    });
}
