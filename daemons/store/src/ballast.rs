//! The ballast: a file of some mebibytes that is let go when the disk is full, so that decisions,
//! outcomes and releases still find room while nothing more is taken. It is made again when there
//! is room for it.

use agencia_protocol::trip::Timestamp;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often it is tried to make it again.
const RETRY: Duration = Duration::from_secs(1);

#[cfg(test)]
type MakeRoom = Box<dyn Fn(&rusqlite::Connection) + Send>;

/// The reserve of one ledger.
pub(crate) struct Ballast {
    path: PathBuf,
    bytes: u64,
    /// Whether it was let go and there has been no room for it since.
    spent: bool,
    tried_at: Option<Timestamp>,
    /// Makes the room that the file would make, where a test has the disk full without one.
    #[cfg(test)]
    pub(crate) when_let_go: Option<MakeRoom>,
}

impl Ballast {
    /// Makes the file beside this database unless it is there. Without room for it the ledger
    /// opens all the same, with the ballast spent.
    ///
    /// # Errors
    /// Any other reason why the file cannot be made.
    pub(crate) fn open(database: &Path, bytes: u64) -> io::Result<Self> {
        let path = path(database);
        let spent = match make(&path, bytes) {
            Err(error) if is_no_space(&error) => true,
            made => made.map(|()| false)?,
        };
        Ok(Self {
            path,
            bytes,
            spent,
            tried_at: None,
            #[cfg(test)]
            when_let_go: None,
        })
    }

    /// Whether the disk is full.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent
    }

    /// Makes its room free.
    pub(crate) fn let_go(&mut self, now: Option<Timestamp>, _connection: &rusqlite::Connection) {
        self.spent = true;
        self.tried_at = now;
        // Where it cannot be removed, or is not there, there is no more room than before.
        fs::remove_file(&self.path).ok();
        #[cfg(test)]
        if let Some(make_room) = &self.when_let_go {
            make_room(_connection);
        }
    }

    /// Makes it again, if it is spent and there is room.
    pub(crate) fn restore(&mut self, now: Timestamp) {
        let too_soon = |tried: Timestamp| now.since(tried) < RETRY && tried.since(now) < RETRY;
        if !self.spent || self.tried_at.is_some_and(too_soon) {
            return;
        }
        self.tried_at = Some(now);
        self.make();
    }

    /// Makes it again without waiting, because there is more room than there was.
    pub(crate) fn restore_now(&mut self) {
        #[cfg(test)]
        if self.when_let_go.is_some() {
            return;
        }
        self.make();
    }

    /// Where it cannot be made for any other reason than room, there is room.
    fn make(&mut self) {
        self.spent = match make(&self.path, self.bytes) {
            Err(error) => is_no_space(&error),
            Ok(()) => false,
        };
    }
}

/// Removes the ballast of a ledger that is not open. Answers whether there was one.
pub(crate) fn remove(database: &Path) -> bool {
    fs::remove_file(path(database)).is_ok()
}

fn path(database: &Path) -> PathBuf {
    database.with_extension("lastro")
}

fn is_no_space(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// Makes the file in its whole length, on the disk, or not at all.
fn make(path: &Path, bytes: u64) -> io::Result<()> {
    if bytes == 0 || path.metadata().is_ok_and(|file| file.len() == bytes) {
        return Ok(());
    }
    fill(path, bytes).inspect_err(|_| {
        // A shorter one would be taken for none anyway.
        fs::remove_file(path).ok();
    })
}

fn fill(path: &Path, bytes: u64) -> io::Result<()> {
    // Not zeros: a file system that compresses, or keeps holes, would reserve nothing for them.
    let mut block = [0_u8; 64 * 1024];
    rand::fill(&mut block[..]);
    let mut file = File::create(path)?;
    let mut left = bytes;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        file.write_all(&block[..length])?;
        left -= length as u64;
    }
    file.sync_all()
}
