//! Copying the write-ahead log into the database while commits go on.
//!
//! Whoever copies the whole log waits for the disk for as long as some dozens of commits take. So a
//! thread beside does that, over a connection of its own, and the writer copies only what was
//! committed meanwhile, after which the log begins anew. Where the disk cannot keep up, that is
//! more, and so holds up the commits that it cannot keep up with.

use super::Fault;
use super::open::settings;
use async_channel::Sender;
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// After how many pages of 4 KiB the log is copied. Rarely, because a page that many commits
/// touched is then copied once.
pub(super) const LOG_PAGES: i32 = 8192;

/// The thread. Dropping this waits for it and closes its connection.
pub(super) struct Checkpointer {
    wake: Sender<()>,
    copying: Arc<Mutex<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wake.close();
        if let Some(thread) = self.thread.take() {
            // Whatever it did not copy, the closing of the database does.
            thread.join().ok();
        }
    }
}

impl Checkpointer {
    /// Starts it beside a connection that writes, which from now on has `pages` copied together.
    ///
    /// # Errors
    /// When there is no thread or no second connection to be had.
    pub(super) fn beside(
        writer: &mut Connection,
        path: &Path,
        pages: i32,
    ) -> Result<Self, NoCheckpointer> {
        let connection = Connection::open(path)?;
        settings(&connection)?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let (wake, woken) = async_channel::bounded(1);
        let copied = Arc::new(AtomicBool::new(false));
        let copying = Arc::new(Mutex::new(()));
        let (done, busy) = (copied.clone(), copying.clone());
        let run = move || {
            while woken.recv_blocking().is_ok() {
                let _busy = lock(&busy);
                // Where it fails, for want of room say, the log is longer than it might be.
                connection.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(())).ok();
                done.store(true, Ordering::Release);
            }
        };
        let thread = std::thread::Builder::new().name("ledger-log".to_owned()).spawn(run)?;
        let waking = wake.clone();
        let mut due = pages;
        writer.wal_hook(Some(move |log: &mut Wal, length: i32| {
            if length < pages {
                due = pages;
            } else if copied.swap(false, Ordering::Acquire) {
                log.checkpoint().ok();
            } else if length >= due {
                due = length.saturating_add(pages / 4);
                waking.try_send(()).ok();
            }
            Ok(())
        }))?;
        Ok(Self { wake, copying, thread: Some(thread) })
    }

    /// Waits until it does not copy, and keeps it from it: SQLite lets nobody else copy meanwhile.
    pub(super) fn pause(&self) -> MutexGuard<'_, ()> {
        lock(&self.copying)
    }
}

fn lock(mutex: &Mutex<()>) -> MutexGuard<'_, ()> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why it cannot be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoCheckpointer {
    /// The connection.
    #[error(transparent)]
    Connection(#[from] Fault),
    /// The thread.
    #[error(transparent)]
    Thread(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    const PATIENCE: Duration = Duration::from_secs(20);
    /// Few, so that the test is short.
    const PAGES: i32 = 16;

    /// A database with a table, and its log.
    fn database(folder: &Path) -> (Connection, PathBuf, PathBuf) {
        let path = folder.join("ledger.db");
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", "wal").unwrap();
        settings(&writer).unwrap();
        writer.execute_batch("create table page (text blob)").unwrap();
        (writer, path, folder.join("ledger.db-wal"))
    }

    /// Commits a page.
    fn commit(writer: &Connection) {
        writer.execute("insert into page values (randomblob(4000))", ()).unwrap();
    }

    /// How often the log has begun anew; SQLite counts it in its header.
    fn beginnings(log: &Path) -> u32 {
        let header = fs::read(log).unwrap();
        u32::from_be_bytes(header[12..16].try_into().unwrap())
    }

    #[test]
    fn a_long_log_is_copied_while_commits_go_on_and_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, path, log) = database(folder.path());
        let checkpointer = Checkpointer::beside(&mut writer, &path, PAGES).unwrap();
        let (before, until) = (beginnings(&log), Instant::now() + PATIENCE);
        let mut commits = 0;
        while beginnings(&log) < before + 2 {
            assert!(Instant::now() < until, "the log never begins anew");
            commit(&writer);
            commits += 1;
        }
        let length = fs::metadata(&log).unwrap().len();
        assert!(
            length > u64::from(PAGES.unsigned_abs()) * 4096,
            "it is not copied for every commit"
        );
        drop((checkpointer, writer));
        let reader = Connection::open(&path).unwrap();
        let count = reader.query_row("select count(*) from page", [], |row| row.get::<_, i32>(0));
        assert_eq!(count.unwrap(), commits);
    }

    #[test]
    fn nothing_is_copied_beside_whoever_pauses_it() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, path, log) = database(folder.path());
        let checkpointer = Checkpointer::beside(&mut writer, &path, PAGES).unwrap();
        let paused = checkpointer.pause();
        let length = fs::metadata(&path).unwrap().len();
        (0..4 * PAGES).for_each(|_| commit(&writer));
        assert_eq!(fs::metadata(&path).unwrap().len(), length);
        let truncate = "pragma wal_checkpoint(truncate)";
        let busy = writer.query_row(truncate, [], |row| row.get::<_, bool>(0)).unwrap();
        assert!(!busy, "somebody else copies");
        assert_eq!(fs::metadata(&log).unwrap().len(), 0);
        drop(paused);
    }
}
