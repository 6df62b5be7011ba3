//! Backups: a copy as of one moment while selling goes on, and putting one in force again.
//!
//! A copy is marked as one and no ledger opens it: what was decided after it was taken is not in
//! it, so it must be [marked as restored](mark_restored) first and learn that from its peers.

use super::reading::Reader;
use super::{Fault, life, open};
use crate::StoreError;
use agencia_protocol::trip::{Incarnation, Timestamp};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// How many pages are copied before it is looked whether the ledger ends.
const STEP_PAGES: i32 = 1024;

/// Copies the database into this file, which must not be there yet. It appears under its name
/// when it is whole and on the disk.
pub(crate) fn back_up(
    reader: &Reader,
    to: &Path,
    is_ending: impl Fn() -> bool,
) -> Result<(), StoreError> {
    let failed = |source: crate::Cause| StoreError::Backup { path: to.to_owned(), source };
    if to.exists() {
        return Err(failed(io::Error::from(io::ErrorKind::AlreadyExists).into()));
    }
    let partial = partial(to);
    let copied = copy(reader, &partial, is_ending)
        .map_err(|fault| failed(fault.into()))
        .and_then(|whole| if whole { Ok(()) } else { Err(StoreError::Closed) })
        .and_then(|()| keep(&partial, to).map_err(|error| failed(error.into())));
    if copied.is_err() {
        // What is left of it is no backup; the next one begins anew anyway.
        fs::remove_file(&partial).ok();
    }
    copied
}

fn partial(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".parcial");
    name.into()
}

/// Copies what is committed now. Answers whether it came to the end.
fn copy(reader: &Reader, to: &Path, is_ending: impl Fn() -> bool) -> Result<bool, Fault> {
    match fs::remove_file(to) {
        // A remnant of a backup that was cut off, or nothing; what else there is fails below.
        Ok(()) | Err(_) => {}
    }
    // An open transaction keeps the moment for as long as the copy takes.
    let moment = reader.connection.unchecked_transaction()?;
    moment.query_row("select count(*) from life", [], |_| Ok(()))?;
    let mut copy = Connection::open(to)?;
    {
        let backup = Backup::new(&moment, &mut copy)?;
        while backup.step(STEP_PAGES)? != StepResult::Done {
            if is_ending() {
                return Ok(false);
            }
        }
    }
    // One file, without a log beside it.
    copy.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
    life::mark_copy(&copy)?;
    copy.close().map_err(|(_, fault)| fault)?;
    Ok(true)
}

fn keep(partial: &Path, to: &Path) -> io::Result<()> {
    File::open(partial)?.sync_all()?;
    fs::rename(partial, to)?;
    let folder = to.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Copies a ledger from outside of the daemon that may have it open: what is committed now, into a
/// file that must not be there yet. It appears under its name when it is whole and on the disk.
///
/// # Errors
///
/// [`StoreError::Read`] when the ledger cannot be opened, [`StoreError::Backup`] when it cannot be
/// copied.
pub fn back_up_file(ledger: &Path, to: &Path) -> Result<(), StoreError> {
    let reader = Reader::open(ledger)
        .map_err(|fault| StoreError::Read { path: ledger.to_owned(), source: fault.into() })?;
    back_up(&reader, to, || false)
}

/// Marks a closed database as restored from a backup: it begins a new life, of which `now` is the
/// number unless that of its backup or of the database that it has `replaced` is later already, and
/// is in recovery until its peers have told what it missed. Answers which life it begins.
///
/// A life that is not above every earlier one is taken for an earlier one by whoever has heard of
/// that, for ever. Where the replaced database cannot be asked, the clock alone sees to that.
///
/// The copy is put in the place of the database first, and the `-wal` file of the old one moved
/// away with it.
///
/// # Errors
///
/// [`StoreError::Locked`] while a daemon has it open, and what [`Ledger::open`](crate::Ledger::open)
/// has against the file.
pub fn mark_restored(
    path: &Path,
    now: Timestamp,
    replaced: Option<Incarnation>,
) -> Result<Incarnation, StoreError> {
    if !path.is_file() {
        let source = io::Error::from(io::ErrorKind::NotFound).into();
        return Err(StoreError::Open { path: path.to_owned(), source });
    }
    let (connection, _lock) = open::open_closed(path)?;
    if open::recognise(&connection, path)? == 0 {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let now = u64::try_from(now.unix_millis()).unwrap_or(0);
    let least = replaced.map_or(now, |life| now.max(life.0.saturating_add(1)));
    let least = Incarnation(least);
    life::mark_restored(&connection, least).map_err(|fault| open::refusal(path, fault))
}
