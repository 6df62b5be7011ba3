//! The handle that everyone holds: it queues requests for the ledger's thread and hands back
//! the futures of their answers. It never touches the database itself, so nothing here blocks.

use crate::sqlite::Database;
use crate::stats::Counters;
use crate::writer::{self, Request, Writer};
use crate::{Adopted, Audit, Outcome, Reservation, Stats, StoreError, UnitChange};
use agencia_protocol::OfferKey;
use async_channel::{Receiver, Sender, TrySendError};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Is told what changed, on the ledger's thread, after the commit and before the answers. Each
/// offer comes once, with its used units after the commit. It must be quick and must not wait for
/// the ledger.
pub type Observer = Box<dyn FnMut(&[UnitChange]) + Send>;

/// Tells how many units an inventory gives an offer; nothing if the offer is not in it.
pub type CapacityOf = Box<dyn Fn(OfferKey) -> Option<u32> + Send>;

/// Puts an inventory in force in memory, given the used units of every offer that was ever sold,
/// also of those that are not in it.
pub type Install = Box<dyn FnOnce(&[UnitChange]) + Send>;

/// How a ledger is opened.
#[derive(Debug, Clone)]
pub struct LedgerOptions {
    /// The database file. It is created if missing; its folder must exist. Beside it lie its
    /// `-wal` and `-shm` files and a `.lock` file.
    pub path: PathBuf,
    /// The first letter of every locator, one of
    /// [`LOCATOR_ALPHABET`](agencia_protocol::LOCATOR_ALPHABET).
    pub locator_letter: char,
    /// How many requests may wait; at least one. 1,024 is a good value.
    pub queue_max: usize,
    /// How many purchases may share a commit; at least one. 256 is a good value.
    pub batch_max: usize,
}

/// A handle on the open ledger. Clones share it; when the last one is dropped, the thread
/// finishes what is queued and ends.
///
/// Dropping the future of an answer does not take the request back: it is applied all the same.
#[derive(Debug, Clone)]
pub struct Ledger {
    queue: Sender<Request>,
    counters: Arc<Counters>,
}

impl Ledger {
    /// Opens or creates the database, brings its schema up to date, checks it, and starts the
    /// thread. The file is locked against a second ledger until the thread has ended; whoever
    /// only reads it may still open it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Open`], [`Locked`](StoreError::Locked), [`Corrupt`](StoreError::Corrupt),
    /// [`NewerSchema`](StoreError::NewerSchema), [`Foreign`](StoreError::Foreign) and
    /// [`LocatorLetter`](StoreError::LocatorLetter); each names the file or the setting and the
    /// way out.
    pub fn open(
        options: LedgerOptions,
        observer: Observer,
    ) -> Result<(Ledger, LedgerThread), StoreError> {
        let database = Database::open(&options.path, options.locator_letter)?;
        Self::start(database, options, observer)
    }

    /// Starts the thread over a database that is already open.
    pub(crate) fn start(
        database: Database,
        options: LedgerOptions,
        observer: Observer,
    ) -> Result<(Ledger, LedgerThread), StoreError> {
        let (queue, requests) = async_channel::bounded(options.queue_max.max(1));
        let counters = Arc::new(Counters::default());
        let (alive, ended) = async_channel::bounded(1);
        let path = options.path;
        let batch_max = options.batch_max.max(1);
        let writer =
            Writer::new(database, requests, observer, counters.clone(), batch_max, path.clone());
        let run = move || {
            let result = writer.run();
            drop(alive);
            result
        };
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(run)
            .map_err(|source| StoreError::Open { path: path.clone(), source: source.into() })?;
        Ok((Ledger { queue, counters }, LedgerThread { thread, ended, path }))
    }

    /// Makes a one-step purchase. The answer comes when it is durable.
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit).
    pub async fn reserve(&self, reservation: Reservation) -> Result<Outcome, StoreError> {
        self.submit(reservation).await
    }

    /// Queues a purchase now and returns the future of its answer, so that pipelined purchases
    /// share a commit. They are applied in the order in which they were submitted.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`], [`Closed`](StoreError::Closed) and [`Empty`](StoreError::Empty) when
    /// it was not queued, [`NoLocator`](StoreError::NoLocator) when it was not sold, and
    /// [`Unknown`](StoreError::Unknown) when that is not certain.
    pub fn submit(
        &self,
        reservation: Reservation,
    ) -> impl Future<Output = Result<Outcome, StoreError>> + Send + 'static + use<> {
        let queued = self.queue_reservation(reservation);
        async move { writer::answered(queued?).await }
    }

    fn queue_reservation(
        &self,
        reservation: Reservation,
    ) -> Result<Receiver<Result<Outcome, StoreError>>, StoreError> {
        if reservation.is_empty() {
            return Err(StoreError::Empty);
        }
        let (answer, answers) = async_channel::bounded(1);
        self.queue.try_send(Request::Reserve(reservation, answer)).map_err(
            |refused| match refused {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Closed(_) => StoreError::Closed,
            },
        )?;
        Ok(answers)
    }

    /// Puts a new inventory in force. In one transaction `capacity_of` is asked about every offer
    /// of which something was ever sold, and the new capacities are written; then `install` is
    /// called on the ledger's thread with all used counts, so that no commit falls between the old
    /// inventory and the new one. On a refusal `install` is not called.
    ///
    /// `capacity_of` stays in use until the next adoption: it decides over purchases that were
    /// queued under the old inventory, and an offer that it does not know is not sold any more.
    /// It waits for a place when the queue is full.
    ///
    /// # Errors
    ///
    /// [`StoreError::Closed`] and [`Unknown`](StoreError::Unknown).
    pub async fn adopt(
        &self,
        capacity_of: CapacityOf,
        install: Install,
    ) -> Result<Adopted, StoreError> {
        let (answer, answers) = async_channel::bounded(1);
        let request = Request::Adopt { capacity_of, install, answer };
        self.queue.send(request).await.map_err(|_| StoreError::Closed)?;
        writer::answered(answers).await
    }

    /// Adds up all sales again and compares them with the counters. Purchases wait meanwhile. It
    /// waits for a place when the queue is full.
    ///
    /// # Errors
    ///
    /// [`StoreError::Closed`] and [`Unknown`](StoreError::Unknown).
    pub async fn audit(&self) -> Result<Audit, StoreError> {
        let (answer, answers) = async_channel::bounded(1);
        self.queue.send(Request::Audit(answer)).await.map_err(|_| StoreError::Closed)?;
        writer::answered(answers).await
    }

    /// The counters since the ledger was opened.
    pub fn stats(&self) -> Stats {
        self.counters.read(self.queue.len())
    }
}

/// The ledger's thread, to be waited for. Dropping this lets the thread go on by itself.
#[derive(Debug)]
pub struct LedgerThread {
    thread: JoinHandle<Result<(), StoreError>>,
    ended: Receiver<()>,
    path: PathBuf,
}

impl LedgerThread {
    /// A future that is ready when the thread has ended, however it ended; the database is closed
    /// and unlocked by then.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let ended = self.ended.clone();
        async move {
            // Nothing is ever sent: the only news is that the other side is gone.
            ended.recv().await.ok();
        }
    }

    /// Blocks until the thread has ended and tells how.
    ///
    /// # Errors
    ///
    /// [`StoreError::Storage`] after a storage failure, [`StoreError::Panicked`] after a panic:
    /// the process should exit with a failure, be started again, and read the truth from disk.
    pub fn wait(self) -> Result<(), StoreError> {
        let path = self.path;
        self.thread.join().unwrap_or(Err(StoreError::Panicked { path }))
    }
}
