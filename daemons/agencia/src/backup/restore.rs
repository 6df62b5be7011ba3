//! `agencia restore`: a backup is put in force, for daemons that are stopped.
//!
//! Whatever this command is killed at, a daemon that starts then finds either the old ledger whole,
//! or the new one with the mark of the recovery. Therefore the old ledger is marked too before it
//! is replaced: that also folds its write-ahead log into it, so that one rename replaces all.

use super::files::{self, belong_like, failed, is_there, sync_folder};
use super::manifest::{Entry, Manifest, What};
use super::{BackupError, Secrets};
use crate::ask::Places;
use crate::cli::Restore;
use crate::durable::{folder_of, second_name, with_suffix};
use crate::error::CommandError;
use crate::programs::{DAEMONS, Daemon, Files};
use crate::table::print;
use agencia_client::tls::names;
use agencia_protocol::trip::{Incarnation, Timestamp};
use agencia_store::StoreError;
use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The mode of a folder that only its owner may enter.
const PRIVATE_FOLDER: u32 = 0o700;

/// What is restored into one daemon.
struct Job<'a> {
    daemon: &'static Daemon,
    entry: &'a Entry,
    files: Files,
}

pub(crate) fn run(options: &Restore, places: Places<'_>) -> Result<ExitCode, CommandError> {
    let backup = &options.backup;
    let manifest = Manifest::load(backup)?;
    let jobs = jobs(options, &manifest)?;
    for entry in &manifest.files {
        check(backup, entry)?;
    }
    // All are looked at before any is changed.
    for Job { daemon, files, .. } in &jobs {
        drop(lock(daemon.name, &files.ledger)?);
    }
    let secrets = Secrets::of_host(options.dir.as_deref(), places);
    let now = chrono::Utc::now();
    for job in &jobs {
        let replaced = replace(backup, job, now)?;
        let (name, taken) = (job.daemon.name, job.entry.taken);
        print(&match replaced {
            Some(kept) => format!(
                "{name}: its ledger is that of {taken}; the one it replaces is kept as {}",
                kept.display()
            ),
            None => format!("{name}: its ledger is that of {taken}; there was none"),
        })?;
        for line in beside(backup, &manifest, job, places.peers, &secrets)? {
            print(&line)?;
        }
    }
    for line in keys_beside(backup, &manifest, &jobs, &secrets)? {
        print(&line)?;
    }
    print(
        &"now start every daemon: one that was restored is in recovery and serves searches only, \
          until all others in pares.toml have told it what was decided after the backup; `agencia \
          status` shows that, and `agencia audit` whether all is well. Who travels only the anchor \
          of a trip knows: the names of what it booked after the backup are lost, and `agencia \
          trips` says so",
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Which ledgers are restored, and where to.
fn jobs<'a>(options: &Restore, manifest: &'a Manifest) -> Result<Vec<Job<'a>>, CommandError> {
    let there: Vec<_> = manifest.ledgers().map(|(daemon, _)| daemon.to_owned()).collect();
    let missing =
        |name: &String| BackupError::NotInBackup { name: name.clone(), there: there.clone() };
    if let Some(name) = options.daemons.iter().find(|name| !there.contains(name)) {
        return Err(missing(name).into());
    }
    let mut jobs = Vec::new();
    for (name, entry) in manifest.ledgers() {
        if !options.daemons.is_empty() && !options.daemons.iter().any(|wanted| wanted == name) {
            continue;
        }
        let Some(daemon) = DAEMONS.iter().find(|daemon| daemon.name == name) else {
            return Err(BackupError::NotInBackup { name: name.to_owned(), there }.into());
        };
        jobs.push(Job { daemon, entry, files: daemon.files_in(options.dir.as_deref())? });
    }
    match jobs.is_empty() {
        true => Err(BackupError::NotInBackup { name: "any daemon".to_owned(), there }.into()),
        false => Ok(jobs),
    }
}

/// Refuses a file that is not what it was.
fn check(backup: &Path, entry: &Entry) -> Result<(), CommandError> {
    let path = backup.join(&entry.path);
    let reason = match files::sum(&path) {
        Ok(sum) if sum.bytes != entry.bytes => format!("{} bytes, not {}", sum.bytes, entry.bytes),
        Ok(sum) if sum.sha256 != entry.sha256 => "its checksum is another one".to_owned(),
        Ok(_) => return Ok(()),
        Err(CommandError::File { source, .. }) => source.to_string(),
        Err(error) => return Err(error),
    };
    Err(BackupError::Damaged { path, reason }.into())
}

/// Takes the lock that a daemon's ledger holds.
fn lock(name: &str, ledger: &Path) -> Result<File, CommandError> {
    let folder = folder_of(ledger);
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, "make the folder", error))?;
    let file = ledger.canonicalize().unwrap_or_else(|_| ledger.to_owned());
    let path = with_suffix(&file, ".lock");
    let mut options = File::options();
    let lock = options.create(true).truncate(false).write(true).open(&path);
    let lock = lock.map_err(|error| failed(&path, "open", error))?;
    belong_like(&path, folder)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(running(name, ledger).into()),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(&path, "lock", error)),
    }
}

fn running(name: &str, ledger: &Path) -> BackupError {
    BackupError::Running { name: name.to_owned(), ledger: ledger.to_owned() }
}

/// Puts the ledger of a backup in the place of the daemon's. Answers where that one is kept.
fn replace(
    backup: &Path,
    job: &Job<'_>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Option<PathBuf>, CommandError> {
    let Job { daemon, entry, files: Files { ledger, .. } } = job;
    let mark = Timestamp::from_unix_millis(now.timestamp_millis());
    let new = staged(&backup.join(&entry.path), entry, ledger, mark)?;
    let there = is_there(ledger)?;
    let whole = match there.then(|| agencia_store::mark_restored(ledger, mark, None)) {
        None => true,
        Some(Ok(life)) => {
            // The clock may have been ahead when that life began: whoever has heard of it would
            // listen to no earlier one.
            mark_restored(&new, mark, Some(life))?;
            true
        }
        Some(Err(StoreError::Locked { .. })) => {
            remove(&new)?;
            return Err(running(daemon.name, ledger).into());
        }
        // That may be why it is replaced.
        Some(Err(error)) => {
            eprintln!("agencia: the ledger that is replaced: {error}");
            false
        }
    };
    let held = lock(daemon.name, ledger)?;
    let log = with_suffix(ledger, "-wal");
    if whole && there && log.metadata().is_ok_and(|log| log.len() > 0) {
        remove(&new)?;
        return Err(BackupError::Changed { name: daemon.name.to_owned() }.into());
    }
    let folder = folder_of(ledger);
    let kept = there.then(|| second_name(ledger, &dated(now))).transpose();
    let kept = kept.map_err(|error| failed(ledger, "keep it under another name", error))?;
    sync_folder(folder)?;
    // Only a ledger that was not whole, or of which nothing but its log is left, still has one.
    let stray = kept.clone().unwrap_or_else(|| with_suffix(ledger, &dated(now)));
    move_if_there(&log, &with_suffix(&stray, "-wal"))?;
    remove(&with_suffix(ledger, "-shm"))?;
    std::fs::rename(&new, ledger).map_err(|error| failed(ledger, "replace", error))?;
    sync_folder(folder)?;
    drop(held);
    Ok(kept)
}

/// The ledger of the backup beside the daemon's, with the mark of the recovery.
fn staged(
    from: &Path,
    entry: &Entry,
    ledger: &Path,
    mark: Timestamp,
) -> Result<PathBuf, CommandError> {
    let new = with_suffix(ledger, ".restaurar");
    for remnant in ["", "-wal", "-shm", ".lock"] {
        remove(&with_suffix(&new, remnant))?;
    }
    let sum = files::copy(from, &new)?;
    if sum.sha256 != entry.sha256 {
        let reason = "it changed while it was copied".to_owned();
        return Err(BackupError::Damaged { path: from.to_owned(), reason }.into());
    }
    mark_restored(&new, mark, None)?;
    let like = if is_there(ledger)? { ledger } else { folder_of(ledger) };
    belong_like(&new, like)?;
    Ok(new)
}

/// Marks the ledger that is about to replace the daemon's.
fn mark_restored(
    new: &Path,
    mark: Timestamp,
    replaced: Option<Incarnation>,
) -> Result<(), CommandError> {
    agencia_store::mark_restored(new, mark, replaced).map_err(BackupError::from)?;
    remove(&with_suffix(new, ".lock"))
}

fn dated(now: chrono::DateTime<chrono::Utc>) -> String {
    now.format(".replaced-%Y%m%dT%H%M%SZ").to_string()
}

fn remove(path: &Path) -> Result<(), CommandError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, "remove", error)),
        _ => Ok(()),
    }
}

fn move_if_there(from: &Path, to: &Path) -> Result<(), CommandError> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(from, "move", error)),
        _ => Ok(()),
    }
}

/// What else a daemon needs is put in place where it is missing, and else left as it is.
fn beside(
    backup: &Path,
    manifest: &Manifest,
    job: &Job<'_>,
    peers: Option<&Path>,
    secrets: &Secrets,
) -> Result<Vec<String>, CommandError> {
    let Job { daemon, files, .. } = job;
    let peers = peers.unwrap_or(&files.peers);
    // Beside the certificates it is the one that is used.
    let has_key = is_there(&secrets.receipt_key())?;
    let mut lines = Vec::new();
    for (what, of, place) in [
        (What::Inventory, Some(daemon.name), files.inventory.as_path()),
        (What::Peers, None, peers),
        (What::Key, None, files.key.as_path()),
    ] {
        if is_there(place)? || what == What::Key && has_key {
            continue;
        }
        let Some(entry) = manifest.find(what, of) else {
            if what == What::Key {
                lines.extend(missing_key(backup, manifest, place, secrets)?);
            }
            continue;
        };
        if what == What::Inventory && entry.path.extension() != place.extension() {
            let (from, place) = (backup.join(&entry.path), place.display());
            lines.push(format!("{place}: is missing; import {} instead", from.display()));
            continue;
        }
        put_back(&backup.join(&entry.path), place, folder_of(&files.ledger))?;
        lines.push(format!("{}: was missing, and is put back", place.display()));
    }
    Ok(lines)
}

/// What is told of a daemons' key that is nowhere and in no file of its own in the backup; nothing
/// when it comes back with the folder of keys.
fn missing_key(
    backup: &Path,
    manifest: &Manifest,
    place: &Path,
    secrets: &Secrets,
) -> Result<Option<String>, CommandError> {
    let source = match manifest.has_host_key(names::RECEIPT_KEY) {
        true if is_free(&secrets.folder)? => return Ok(None),
        true => format!("{} there", backup.join("keys").join(names::RECEIPT_KEY).display()),
        false => "it from another host of this agency".to_owned(),
    };
    Ok(Some(format!(
        "{}: the key is missing and not put back; copy {source} before you start anything: else a \
         new one is made",
        place.display()
    )))
}

/// Whether keys are put back into this folder: nothing is in it.
fn is_free(folder: &Path) -> Result<bool, CommandError> {
    match std::fs::read_dir(folder) {
        Ok(mut there) => Ok(there.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(failed(folder, "read", error)),
    }
}

/// Copies a file to where there is none, and gives it to whom this folder belongs.
fn put_back(from: &Path, place: &Path, like: &Path) -> Result<(), CommandError> {
    let folder = folder_of(place);
    if !is_there(folder)? {
        std::fs::create_dir_all(folder)
            .map_err(|error| failed(folder, "make the folder", error))?;
        belong_like(folder, like)?;
    }
    files::copy(from, place)?;
    belong_like(place, like)?;
    sync_folder(folder)
}

/// The keys of the host are put in place where there are none: those of two agencies do not mix.
fn keys_beside(
    backup: &Path,
    manifest: &Manifest,
    jobs: &[Job<'_>],
    secrets: &Secrets,
) -> Result<Vec<String>, CommandError> {
    let mut lines = Vec::new();
    if let (Some(entry), Some(job)) = (manifest.find(What::WebKey, None), jobs.first())
        && !is_there(&secrets.web)?
    {
        put_back(&backup.join(&entry.path), &secrets.web, folder_of(&job.files.ledger))?;
        lines.push(format!("{}: was missing, and is put back", secrets.web.display()));
    }
    let entries = manifest.files.iter().filter(|entry| entry.what == What::HostKey);
    let entries: Vec<_> = entries.collect();
    let folder = &secrets.folder;
    if entries.is_empty() {
        return Ok(lines);
    }
    if !is_free(folder)? {
        let (folder, kept) = (folder.display(), backup.join("keys"));
        lines.push(format!(
            "{folder}: has keys, and they stay; those of the backup are in {}",
            kept.display()
        ));
        return Ok(lines);
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(PRIVATE_FOLDER);
    builder.create(folder).map_err(|error| failed(folder, "make the folder", error))?;
    for entry in &entries {
        let name = entry.path.file_name().unwrap_or_default();
        files::copy(&backup.join(&entry.path), &folder.join(name))?;
    }
    sync_folder(folder)?;
    lines.push(format!(
        "{}: was missing, and its {} files are put back",
        folder.display(),
        entries.len()
    ));
    Ok(lines)
}
