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
