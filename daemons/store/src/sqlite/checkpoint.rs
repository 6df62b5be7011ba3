//! Copying the write-ahead log into the database while commits go on.
//!
//! Whoever copies the whole log waits for the disk for as long as some dozens of commits take. So a
//! thread beside does that, over a connection of its own, and the writer copies only what was
//! committed meanwhile, after which the log begins anew. Where the disk cannot keep up, that is
//! more, and so holds up the commits that it cannot keep up with.
//!
//! What was copied is not copied again while this process lives: a disk that fails to keep it has
//! failed, and the next commit says so. The next start copies the whole log again.

use super::open::settings;
use super::{Fault, is_no_space};
use async_channel::{Receiver, Sender};
use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode, InterruptHandle, ffi};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// After how many pages of 4 KiB the log is copied. Rarely, because a page that many commits
/// touched is then copied once.
pub(super) const LOG_PAGES: i32 = 8192;

/// The thread. Dropping this ends it, in the middle of a copy too, and closes its connection.
pub(super) struct Checkpointer {
    asked: Sender<()>,
    copying: Arc<Mutex<()>>,
    interrupt: InterruptHandle,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Progress {
    /// Nothing is to be done.
    #[default]
    Idle,
    /// The thread is to copy.
    Asked,
    /// The thread has copied, and the writer is to copy the rest.
    Copied,
    /// What was copied may not be on the disk.
    Failed,
}

impl Checkpointer {
    /// Starts it beside a connection that writes, which from now on has `pages` copied together.
    /// The file is the database's; it must be closed after all connections, because closing it ends
    /// the locks of this process.
    ///
    /// # Errors
    /// When there is no thread or no second connection to be had.
    pub(super) fn beside(
        writer: &mut Connection,
        (path, file): (&Path, Arc<File>),
        pages: i32,
    ) -> Result<Self, NoCheckpointer> {
        let connection = Connection::open(path)?;
        settings(&connection)?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let interrupt = connection.get_interrupt_handle();
        let (asked, requests) = async_channel::bounded(1);
        let copying = Arc::new(Mutex::new(()));
        let progress = Arc::new(Mutex::new(Progress::default()));
        let copier = Copier {
            connection,
            file,
            requests,
            copying: copying.clone(),
            progress: progress.clone(),
        };
        let builder = std::thread::Builder::new().name("ledger-log".to_owned());
        let thread = Some(builder.spawn(move || copier.run())?);
        let mut turn = Turn { pages, due: pages, asked: asked.clone(), progress };
        writer.wal_hook(Some(move |log: &mut Wal, length: i32| turn.committed(log, length)))?;
        Ok(Self { asked, copying, interrupt, thread })
    }

    /// Waits until it does not copy, and keeps it from it: SQLite lets nobody else copy meanwhile.
    pub(super) fn pause(&self) -> MutexGuard<'_, ()> {
        lock(&self.copying)
    }

    /// Has it copy no more, and end sooner what it copies now.
    pub(super) fn stop(&self) {
        self.asked.close();
        self.interrupt.interrupt();
    }

    #[cfg(test)]
    pub(super) fn is_stopped(&self) -> bool {
        self.asked.is_closed()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread has.
struct Copier {
    connection: Connection,
    file: Arc<File>,
    requests: Receiver<()>,
    copying: Arc<Mutex<()>>,
    progress: Arc<Mutex<Progress>>,
}

impl Copier {
    fn run(self) {
        while self.requests.recv_blocking().is_ok() && !self.requests.is_closed() {
            let _copying = lock(&self.copying);
            let progress = match self.copy() {
                Ok(()) => Progress::Copied,
                Err(Uncopied::Log(fault)) if is_passing(&fault) => Progress::Idle,
                Err(_) => Progress::Failed,
            };
            *lock(&self.progress) = progress;
        }
    }

    /// Copies the log as it is, and has it on the disk: SQLite itself leaves that to whoever copies
    /// the last page.
    fn copy(&self) -> Result<(), Uncopied> {
        self.connection.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()))?;
        Ok(self.file.sync_data()?)
    }
}

/// Why the log was not copied.
#[derive(Debug, thiserror::Error)]
enum Uncopied {
    #[error(transparent)]
    Log(#[from] Fault),
    #[error(transparent)]
    Disk(#[from] io::Error),
}

/// Whether nothing was copied, and may be later: there was no room, or somebody else copies.
fn is_passing(fault: &Fault) -> bool {
    is_no_space(fault) || fault.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// What the writer does after each of its commits.
struct Turn {
    pages: i32,
    /// From which length on the thread is asked again.
    due: i32,
    asked: Sender<()>,
    progress: Arc<Mutex<Progress>>,
}

impl Turn {
    /// # Errors
    /// When a copy has failed: nothing that is written from now on may count as done.
    fn committed(&mut self, log: &mut Wal, length: i32) -> Result<(), Fault> {
        let mut progress = lock(&self.progress);
        match *progress {
            Progress::Failed => {
                return Err(Fault::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR), None));
            }
            Progress::Copied => match log.checkpoint() {
                Err(fault) if !is_passing(&fault) => {
                    *progress = Progress::Failed;
                    return Err(fault);
                }
                _ => {
                    *progress = Progress::Idle;
                    self.due = length.saturating_add(self.pages / 4);
                }
            },
            Progress::Idle if length < self.pages => self.due = self.pages,
            Progress::Idle if length >= self.due => {
                *progress = Progress::Asked;
                // Where there is no room for a copy, it is not tried again for every commit.
                self.due = length.saturating_add(self.pages / 4);
                // There is room for the one request; a thread that was stopped copies no more.
                self.asked.try_send(()).ok();
            }
            Progress::Idle | Progress::Asked => {}
        }
        Ok(())
    }
}

/// Why it cannot be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoCheckpointer {
    /// The connection.
    #[error(transparent)]
    Connection(#[from] Fault),
    /// The thread, or the file.
    #[error(transparent)]
    System(#[from] io::Error),
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

    fn beside(writer: &mut Connection, path: &Path) -> (Checkpointer, Arc<File>) {
        let file = Arc::new(File::open(path).unwrap());
        (Checkpointer::beside(writer, (path, file.clone()), PAGES).unwrap(), file)
    }

    fn length(path: &Path) -> u64 {
        fs::metadata(path).unwrap().len()
    }

    /// Commits until the log is as long as is copied.
    fn fill(writer: &Connection, log: &Path) {
        while length(log) <= u64::from(PAGES.unsigned_abs()) * 4096 {
            commit(writer);
        }
    }

    fn wait_until(what: &str, is_so: impl Fn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < until, "{what}");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_long_log_is_copied_without_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, path, log) = database(folder.path());
        let (checkpointer, _file) = beside(&mut writer, &path);
        let before = length(&path);
        fill(&writer, &log);
        wait_until("nobody copies", || length(&path) > before);
        drop((checkpointer, writer));
    }

    #[test]
    fn the_log_begins_anew_while_commits_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, path, log) = database(folder.path());
        let (checkpointer, _file) = beside(&mut writer, &path);
        let (before, until) = (beginnings(&log), Instant::now() + PATIENCE);
        let mut commits = 0;
        while beginnings(&log) < before + 2 {
            assert!(Instant::now() < until, "the log never begins anew");
            commit(&writer);
            commits += 1;
        }
        let pages = u64::from(PAGES.unsigned_abs());
        assert!(length(&log) > pages * 4096, "it is not copied for every commit");
        drop((checkpointer, writer));
        let reader = Connection::open(&path).unwrap();
        let count = reader.query_row("select count(*) from page", [], |row| row.get::<_, i32>(0));
        assert_eq!(count.unwrap(), commits);
    }

    #[test]
    fn nothing_is_copied_beside_whoever_pauses_it() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, path, log) = database(folder.path());
        let (checkpointer, _file) = beside(&mut writer, &path);
        let paused = checkpointer.pause();
        let before = length(&path);
        fill(&writer, &log);
        assert_eq!(length(&path), before);
        let truncate = "pragma wal_checkpoint(truncate)";
        let busy = writer.query_row(truncate, [], |row| row.get::<_, bool>(0)).unwrap();
        assert!(!busy, "somebody else copies");
        assert_eq!(length(&log), 0);
        drop(paused);
    }

    #[test]
    fn a_disk_that_failed_to_keep_a_copy_fails_the_next_commit() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, path, _log) = database(folder.path());
        // Nothing can be synced here.
        let file = Arc::new(File::open("/proc/self/stat").unwrap());
        let checkpointer = Checkpointer::beside(&mut writer, (&path, file), PAGES).unwrap();
        let insert = || writer.execute("insert into page values (randomblob(4000))", ());
        wait_until("the failure is not told", || insert().is_err());
        let fault = insert().unwrap_err();
        assert!(!is_passing(&fault), "nothing more is to be told as done: {fault}");
        drop((checkpointer, writer));
    }

    #[test]
    fn what_was_stopped_copies_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, path, log) = database(folder.path());
        let (checkpointer, _file) = beside(&mut writer, &path);
        checkpointer.stop();
        let before = length(&path);
        fill(&writer, &log);
        drop(checkpointer);
        assert_eq!(length(&path), before);
    }
}
