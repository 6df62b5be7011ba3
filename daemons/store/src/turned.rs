//! A ledger without threads, for simulations: it does what the threads would do when it is told to,
//! so that the same run can be had twice, and it can be killed between any two commits.

use crate::StoreError;
use crate::reader::Serving;
use crate::writer::Writer;

/// What works for a ledger that was [opened without threads](crate::Ledger::open_turned). When it
/// is dropped, the database is closed and what is queued is dropped unanswered.
pub struct TurnedLedger {
    pub(crate) writer: Writer<Serving>,
}

impl std::fmt::Debug for TurnedLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TurnedLedger").finish_non_exhaustive()
    }
}

impl TurnedLedger {
    /// Whether anything is queued.
    pub fn is_asked(&self) -> bool {
        !self.writer.queue.0.is_empty() || self.writer.reader.is_asked()
    }

    /// Takes one turn: everything that has queued, up to a batch, in one transaction, or one
    /// request that has its own; then one question. The answers are there when it returns.
    ///
    /// # Errors
    ///
    /// [`StoreError::Storage`], after which there is nothing to do but to drop this.
    pub fn turn(&mut self) -> Result<(), StoreError> {
        if let Ok(request) = self.writer.queue.0.try_recv() {
            self.writer.serve(request)?;
        }
        self.writer.reader.serve_next();
        Ok(())
    }

    /// Ends as a killed process does: the files stay as the last commit left them, the log beside
    /// the database.
    pub fn die(self) {
        self.writer.database.leave_as_is();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::battery::{at, buy, end, flights, key, on_sale, purchase, quiet, row, trip};
    use crate::{Adopted, Ledger, LedgerOptions, LedgerThread};
    use futures_lite::future::{block_on, poll_once};
    use std::path::Path;
    use std::pin::pin;

    fn options(path: &Path) -> LedgerOptions {
        let options = LedgerOptions::new(path.to_owned(), 'V', flights(), key());
        LedgerOptions { ballast_bytes: 0, ..options }
    }

    /// A ledger without threads that has one unit of every offer on sale.
    fn turned(path: &Path) -> (Ledger, TurnedLedger) {
        let draw = Box::new(|| [1, 2, 3, 4, 5]);
        let (ledger, mut turned) = Ledger::open_turned(options(path), quiet(), draw).unwrap();
        {
            let mut adopted = pin!(ledger.adopt(Box::new(|_| Some(1)), Box::new(|_| {})));
            assert!(block_on(poll_once(&mut adopted)).is_none());
            turned.turn().unwrap();
            assert_eq!(block_on(adopted).unwrap(), Adopted::Adopted { withdrawn: 0 });
        }
        (ledger, turned)
    }

    fn open(path: &Path) -> (Ledger, LedgerThread) {
        on_sale(&|_, observer| Ledger::open(options(path), observer).unwrap(), 1)
    }

    #[test]
    fn nothing_happens_before_the_turn_and_all_that_has_queued_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, mut turned) = turned(&folder.path().join("ledger.db"));
        assert!(!turned.is_asked());
        let commits = ledger.stats().commits;
        let mut first = pin!(ledger.step(trip(0), purchase(&[1], 1), at(0)));
        let mut second = pin!(ledger.row(trip(0)));
        let mut third = pin!(ledger.audit());
        assert!(block_on(poll_once(&mut first)).is_none());
        assert!(block_on(poll_once(&mut second)).is_none());
        assert!(block_on(poll_once(&mut third)).is_none());
        assert!(turned.is_asked() && ledger.stats().commits == commits);
        turned.turn().unwrap();
        assert!(!turned.is_asked());
        assert!(matches!(block_on(first), Ok(crate::Outcome::Stepped(_))));
        let decision = block_on(second).unwrap().unwrap().decision.clone().unwrap();
        assert_eq!(decision.locator.unwrap().as_str(), "VCDEFG");
        assert_eq!(block_on(third).unwrap().confirmed, 1);
        assert_eq!(ledger.stats().commits, commits + 1);
    }

    #[test]
    fn what_was_killed_before_its_turn_is_unknown_and_was_not_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let (ledger, turned) = turned(&path);
        let unanswered = ledger.step(trip(0), purchase(&[1], 1), at(0));
        turned.die();
        assert!(matches!(block_on(unanswered), Err(StoreError::Unknown)));
        assert!(matches!(block_on(ledger.row(trip(0))), Err(StoreError::Closed)));
        let (ledger, thread) = open(&path);
        assert_eq!(row(&ledger, 0), None);
        buy(&ledger, 1, &[1]);
        end(ledger, thread);
    }

    #[test]
    fn what_was_killed_after_its_turn_was_done_and_lies_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let (ledger, mut turned) = turned(&path);
        drop(ledger.step(trip(0), purchase(&[1], 1), at(0)));
        turned.turn().unwrap();
        turned.die();
        assert!(folder.path().join("ledger.db-wal").metadata().unwrap().len() > 0);
        let (ledger, thread) = open(&path);
        assert!(row(&ledger, 0).unwrap().decision.is_some());
        end(ledger, thread);
    }
}
