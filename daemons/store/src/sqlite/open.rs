//! Opening the database: lock, check, settings, migrations. Every refusal names the file.

use super::checkpoint::{Checkpointer, LOG_PAGES, NoCheckpointer};
use super::recent::Recent;
use super::{Database, Fault, Guard, OwnDesk, life};
use crate::ballast::{self, Ballast};
use crate::{LedgerOptions, StoreError};
use agencia_protocol::{LOCATOR_ALPHABET, Locator};
use rand::RngExt;
use rusqlite::{Connection, ErrorCode};
use std::fs::{File, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Every schema change, oldest first. `user_version` counts those that were applied, so this list
/// only ever grows at its end.
const MIGRATIONS: [&str; 1] = [include_str!("../../migrations/0001_ledger.sql")];

/// How much of the database stays in memory, at most. Locators are random, so every booking touches
/// another page of their index: 32 MiB hold that of a million.
const CACHE_KIB: i64 = 32 * 1024;

/// Marks the file as a ledger: "AGNC".
const APPLICATION_ID: i64 = 0x4147_4e43;

impl Database {
    /// Opens or creates the ledger in its file. On a full disk the ballast makes room for it.
    pub(crate) fn open(options: &LedgerOptions) -> Result<Self, StoreError> {
        match Self::try_open(options) {
            Err(StoreError::Open { .. }) if ballast::remove(&options.path) => {
                Self::try_open(options)
            }
            opened => opened,
        }
    }

    fn try_open(options: &LedgerOptions) -> Result<Self, StoreError> {
        let (path, letter) = (&options.path, options.locator_letter);
        if Locator::new(letter, [0; 5]).is_none() {
            return Err(StoreError::LocatorLetter { letter });
        }
        let (mut connection, lock) = open_closed(path)?;
        let refused = |fault| refusal(path, fault);
        let version = recognise(&connection, path)?;
        migrate(&mut connection, version).map_err(refused)?;
        if life::is_copy(&connection).map_err(refused)? {
            return Err(StoreError::Copy { path: path.clone() });
        }
        let ballast = Ballast::open(path, options.ballast_bytes)
            .map_err(|source| StoreError::Open { path: path.clone(), source: source.into() })?;
        let places = 0..u8::try_from(LOCATOR_ALPHABET.len()).unwrap_or(u8::MAX);
        let desk = OwnDesk {
            name: options.name.clone(),
            key: options.key.clone(),
            limits: options.trip_limits,
            life: life::read(&connection).map_err(refused)?,
        };
        Ok(Self {
            connection,
            desk,
            service_days: options.service_days.clone(),
            in_force: None,
            letter,
            draw: Box::new(move || {
                std::array::from_fn(|_| rand::rng().random_range(places.clone()))
            }),
            guard: Guard::Kept,
            recent: Recent::new(),
            ballast,
            checkpointer: None,
            file: None,
            _lock: lock,
        })
    }

    /// Has a thread copy the write-ahead log into the database from now on.
    pub(crate) fn copy_log_beside(&mut self, path: &Path) -> Result<(), StoreError> {
        let refused = |source: NoCheckpointer| StoreError::Open {
            path: path.to_owned(),
            source: source.into(),
        };
        let file = File::open(path).map_err(|error| refused(error.into()))?;
        let file = self.file.insert(Arc::new(file)).clone();
        let started = Checkpointer::beside(&mut self.connection, (path, file), LOG_PAGES);
        self.checkpointer = Some(started.map_err(refused)?);
        Ok(())
    }
}

/// Opens a file that nobody else has open, checked and set up, whatever its schema.
pub(super) fn open_closed(path: &Path) -> Result<(Connection, File), StoreError> {
    // The same file by another name, through a link say, must meet the same lock.
    let file = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let lock = lock(&file).map_err(|error| match error {
        TryLockError::WouldBlock => StoreError::Locked { path: path.to_owned() },
        TryLockError::Error(source) => {
            StoreError::Open { path: path.to_owned(), source: source.into() }
        }
    })?;
    refuse_foreign_log(&file)?;
    let refused = |fault| refusal(path, fault);
    let connection = Connection::open(&file).map_err(refused)?;
    recognise(&connection, path)?;
    write_ahead(&connection, path)?;
    settings(&connection).map_err(refused)?;
    check(&connection, path)?;
    Ok((connection, lock))
}

/// Takes the lock that keeps a second ledger from the file. It lies beside the database, not on
/// it: SQLite's own locks end when any descriptor of the database is closed in this process.
fn lock(database: &Path) -> Result<File, TryLockError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside(database, ".lock"))
        .map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Refuses a write-ahead log without its database: SQLite would delete the log, and with it what
/// was answered. And a database that has no log, a restored copy say, beside the log of another
/// one: SQLite would mix the two.
fn refuse_foreign_log(file: &Path) -> Result<(), StoreError> {
    let length = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
    if length(&beside(file, "-wal")) == 0 {
        return Ok(());
    }
    let corrupt =
        |detail: &str| StoreError::Corrupt { path: file.to_owned(), detail: detail.to_owned() };
    if length(file) == 0 {
        return Err(corrupt("it is missing or empty, but its -wal file is not"));
    }
    let mut header = [0; 20];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut header));
    // The version for writing: 2 with a log, 1 without. What is no database is refused later.
    if read.is_ok() && header.starts_with(b"SQLite format 3\0") && header[18] == 1 {
        return Err(corrupt("the -wal file beside it belongs to another database"));
    }
    Ok(())
}

pub(super) fn refusal(path: &Path, fault: Fault) -> StoreError {
    match fault.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { path: path.to_owned(), detail: fault.to_string() }
        }
        _ => StoreError::Open { path: path.to_owned(), source: fault.into() },
    }
}

/// The schema version of a ledger, zero for an empty file. Anything else is refused unchanged.
pub(super) fn recognise(connection: &Connection, path: &Path) -> Result<usize, StoreError> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let refused = |fault| refusal(path, fault);
    let application = number("pragma application_id").map_err(refused)?;
    let found = number("pragma user_version").map_err(refused)?;
    let tables = number("select count(*) from sqlite_schema").map_err(refused)?;
    if application != APPLICATION_ID && (application, found, tables) != (0, 0, 0) {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let known = MIGRATIONS.len();
    usize::try_from(found).ok().filter(|version| *version <= known).ok_or_else(|| {
        StoreError::NewerSchema {
            path: path.to_owned(),
            found,
            known: i64::try_from(known).unwrap_or(i64::MAX),
        }
    })
}

/// Turns the write-ahead log on. Where shared memory cannot be had, SQLite stays in the mode that
/// it was in without an error.
fn write_ahead(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(|fault| refusal(path, fault))?;
    if mode == "wal" {
        return Ok(());
    }
    let source = format!("no write-ahead log on this file system: the journal stays '{mode}'");
    Err(StoreError::Open { path: path.to_owned(), source: source.into() })
}

pub(super) fn settings(connection: &Connection) -> Result<(), Fault> {
    connection.busy_timeout(std::time::Duration::ZERO)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.pragma_update(None, "trusted_schema", false)
}

/// Reads every page once and refuses a file that is damaged.
fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let detail: String = connection
        .query_row("pragma quick_check(1)", [], |row| row.get(0))
        .map_err(|fault| refusal(path, fault))?;
    match detail.as_str() {
        "ok" => Ok(()),
        _ => Err(StoreError::Corrupt { path: path.to_owned(), detail }),
    }
}

/// Applies the migrations after this version, all or none.
fn migrate(connection: &mut Connection, version: usize) -> Result<(), Fault> {
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for migration in &MIGRATIONS[version..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    transaction.commit()
}
