//! The handle that everyone holds: it queues requests for the ledger's threads and hands back
//! the futures of their answers. It never touches the database itself, so nothing here blocks.

use crate::options::{CapacityOf, Install, LedgerOptions, Observer};
use crate::reader::{Question, ReaderThread, Serving};
use crate::sqlite::{Database, Lookup, Task};
use crate::stats::Counters;
use crate::turned::TurnedLedger;
use crate::writer::{self, Answer, Queue, Request, SharedLife, To, Writer};
use crate::{Adopted, Audit, Filter, Life, Order, Outcome, Stats, StoreError};
use agencia_protocol::trip::{DaemonName, Incarnation, Recover, RecoverReply, Timestamp};
use agencia_protocol::{Locator, TripId};
use agencia_trip::Row;
use async_channel::{Receiver, Sender, TrySendError};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// A trip that was looked up.
pub type Found = Option<(TripId, Arc<Row>)>;

/// A handle on the open ledger. Clones share it; when the last one is dropped, the thread
/// finishes what is queued and ends.
///
/// Dropping the future of an answer does not take the request back: it is applied all the same.
#[derive(Clone)]
pub struct Ledger {
    queue: Sender<Request>,
    questions: Sender<Question>,
    counters: Arc<Counters>,
    life: SharedLife,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens or creates the database, brings its schema up to date, checks it, and starts its
    /// threads. The file is locked against a second ledger until they have ended; whoever only
    /// reads it may still open it. Nothing is on sale until an inventory is
    /// [adopted](Self::adopt).
    ///
    /// # Errors
    ///
    /// [`StoreError::Open`], [`Locked`](StoreError::Locked), [`Corrupt`](StoreError::Corrupt),
    /// [`NewerSchema`](StoreError::NewerSchema), [`Foreign`](StoreError::Foreign),
    /// [`Copy`](StoreError::Copy) and [`LocatorLetter`](StoreError::LocatorLetter); each names the
    /// file or the setting and the way out.
    pub fn open(
        options: LedgerOptions,
        observer: Observer,
    ) -> Result<(Ledger, LedgerThread), StoreError> {
        let database = Database::open(&options)?;
        Self::start(database, options, observer)
    }

    /// Opens it as [`open`](Self::open) does, but starts no thread: it works when its
    /// [`TurnedLedger`] is told to. `draw` draws the five characters of a locator after its
    /// letter, as places in [`LOCATOR_ALPHABET`](agencia_protocol::LOCATOR_ALPHABET). For whoever
    /// needs the same run twice.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn open_turned(
        options: LedgerOptions,
        observer: Observer,
        draw: Box<dyn FnMut() -> [u8; 5] + Send>,
    ) -> Result<(Ledger, TurnedLedger), StoreError> {
        let mut database = Database::open(&options)?;
        database.draw_from(draw);
        let (questions, reader) = Serving::open(&options)?;
        let (ledger, writer) = Self::over(database, (questions, reader), options, observer);
        Ok((ledger, TurnedLedger { writer }))
    }

    /// Starts the threads over a database that is already open.
    pub(crate) fn start(
        mut database: Database,
        options: LedgerOptions,
        observer: Observer,
    ) -> Result<(Ledger, LedgerThread), StoreError> {
        database.copy_log_beside(&options.path)?;
        let reading = ReaderThread::start(&options)?;
        let (alive, ended) = async_channel::bounded(1);
        let path = options.path.clone();
        let (ledger, writer) = Self::over(database, reading, options, observer);
        let run = move || {
            let result = writer.run();
            drop(alive);
            result
        };
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(run)
            .map_err(|source| StoreError::Open { path: path.clone(), source: source.into() })?;
        Ok((ledger, LedgerThread { thread, ended, path }))
    }

    /// The handle, and what works for it.
    fn over<R>(
        database: Database,
        (questions, reader): (Sender<Question>, R),
        options: LedgerOptions,
        observer: Observer,
    ) -> (Ledger, Writer<R>) {
        let (queue, requests) = async_channel::bounded(options.queue_max.max(1));
        let counters = Arc::new(Counters::default());
        counters.note_full(database.is_full());
        let life: SharedLife = Arc::new(Mutex::new(Arc::new(database.life().clone())));
        let writer = Writer {
            reader,
            database,
            queue: Queue(requests),
            observer,
            follower: options.follower,
            counters: counters.clone(),
            life: life.clone(),
            batch_max: options.batch_max.max(1),
            path: options.path,
            batch: Vec::new(),
            waiting: Vec::new(),
        };
        (Ledger { queue, questions, counters, life }, writer)
    }

    /// Asks something of a trip. It is queued now, and the future of its answer is returned, so
    /// that pipelined orders share a commit; the answer comes when what it says is durable. Orders
    /// are followed in the order in which they were queued.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`], [`Closed`](StoreError::Closed) and [`Empty`](StoreError::Empty) when
    /// it was not queued, [`NoSpace`](StoreError::NoSpace) and
    /// [`NoLocator`](StoreError::NoLocator) when nothing was done, and
    /// [`Unknown`](StoreError::Unknown) when that is not certain.
    pub fn step(
        &self,
        trip: TripId,
        order: Order,
        at: Timestamp,
    ) -> impl Future<Output = Result<Outcome, StoreError>> + Send + 'static + use<> {
        let queued = match order.takes_nothing() {
            true => Err(StoreError::Empty),
            false => {
                self.queue(|answer| Request::Task(Task::Step { trip, order, at }, To::Step(answer)))
            }
        };
        async move { writer::answered(queued?).await }
    }

    /// What is kept of a trip, after everything that was queued before. The question is queued now.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`], [`Closed`](StoreError::Closed), [`Unknown`](StoreError::Unknown),
    /// [`Illegible`](StoreError::Illegible).
    pub fn row(
        &self,
        trip: TripId,
    ) -> impl Future<Output = Result<Option<Arc<Row>>, StoreError>> + Send + 'static + use<> {
        let found = self.look_up(Lookup::Trip(trip));
        async move { Ok(found.await?.map(|(_, row)| row)) }
    }

    /// The trip that was booked here under this voucher. The question is queued now.
    ///
    /// # Errors
    ///
    /// As [`row`](Self::row).
    pub fn find(
        &self,
        locator: Locator,
    ) -> impl Future<Output = Result<Found, StoreError>> + Send + 'static + use<> {
        self.look_up(Lookup::Locator(locator))
    }

    fn look_up(
        &self,
        lookup: Lookup,
    ) -> impl Future<Output = Result<Found, StoreError>> + Send + 'static + use<> {
        let queued = self.queue(|answer| Request::Task(Task::Read(lookup), To::Read(answer)));
        async move { writer::answered(queued?).await }
    }

    /// Every trip [for which something is still to be done](Row::is_live): what timers, resolver
    /// and outbox need at the start.
    ///
    /// # Errors
    ///
    /// [`StoreError::Read`], [`Corrupt`](StoreError::Corrupt), [`Closed`](StoreError::Closed).
    pub async fn live(&self) -> Result<Vec<(TripId, Row)>, StoreError> {
        self.ask(Question::Live).await
    }

    /// Up to `limit` trips after this one, in the order of their ids.
    ///
    /// # Errors
    ///
    /// As [`live`](Self::live).
    pub async fn page(
        &self,
        filter: Filter,
        after: Option<TripId>,
        limit: usize,
    ) -> Result<Vec<(TripId, Row)>, StoreError> {
        self.ask(|answer| Question::Page { filter, after, limit, answer }).await
    }

    /// Adds up all parts again and compares them with the counters, as of one moment.
    ///
    /// # Errors
    ///
    /// As [`live`](Self::live).
    pub async fn audit(&self) -> Result<Audit, StoreError> {
        self.ask(Question::Audit).await
    }

    /// Copies the database, as of one moment, into this file, which must not be there yet. Selling
    /// goes on meanwhile; lists and sums wait. The copy is opened only after
    /// [`mark_restored`](crate::mark_restored).
    ///
    /// # Errors
    ///
    /// [`StoreError::Backup`], and [`Closed`](StoreError::Closed) when the ledger ended before.
    pub async fn backup(&self, to: PathBuf) -> Result<(), StoreError> {
        self.ask(|answer| Question::BackUp { to, answer }).await
    }

    /// Puts a new inventory in force. In one transaction `capacity_of` is asked about every offer
    /// of which something was ever taken, and the new capacities are written; then `install` is
    /// called on the ledger's thread with all used counts, so that no commit falls between the old
    /// inventory and the new one. On a refusal `install` is not called.
    ///
    /// `capacity_of` stays in use until the next adoption: it decides over orders that were
    /// queued under the old inventory, and an offer that it does not know is not sold any more.
    /// It waits for a place when the queue is full.
    ///
    /// # Errors
    ///
    /// [`StoreError::Closed`], [`NoSpace`](StoreError::NoSpace), [`Unknown`](StoreError::Unknown).
    pub async fn adopt(
        &self,
        capacity_of: CapacityOf,
        install: Install,
    ) -> Result<Adopted, StoreError> {
        self.request(|answer| Request::Adopt { capacity_of, install, answer }).await
    }

    /// Forgets what retention no longer asks for, a few hundred trips a transaction, and tells how
    /// many trips that were: tombstones of [`Limits::tombstone`](agencia_trip::Limits::tombstone),
    /// and bookings that every part has acknowledged,
    /// [`Limits::booking`](agencia_trip::Limits::booking) after the last day of service here. What
    /// was settled by hand, or has no known day, is kept; so is everything while the ledger
    /// recovers.
    ///
    /// # Errors
    ///
    /// As [`adopt`](Self::adopt).
    pub async fn forget(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let (trips, more) = self.request(|answer| Request::Forget { now, answer }).await?;
            forgotten += trips as u64;
            if !more {
                return Ok(forgotten);
            }
        }
    }

    /// The life of this ledger's database, and which lives of its peers count, as far as that is
    /// durable. It waits for nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Closed`]: the next start may find another one.
    pub async fn life(&self) -> Result<Life, StoreError> {
        match self.queue.is_closed() {
            true => Err(StoreError::Closed),
            false => Ok(Life::clone(&self.shared_life())),
        }
    }

    /// Whether the database was restored and its peers have not all told what they know: every
    /// order but [`Order::Learn`] is refused.
    pub fn recovering(&self) -> bool {
        self.shared_life().recovering
    }

    fn shared_life(&self) -> Arc<Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes every earlier life of this daemon count no more, durably. Answers whether that is
    /// new.
    ///
    /// # Errors
    ///
    /// As [`adopt`](Self::adopt).
    pub async fn raise_fence(
        &self,
        daemon: DaemonName,
        incarnation: Incarnation,
    ) -> Result<bool, StoreError> {
        self.request(|answer| Request::RaiseFence { daemon, incarnation, answer }).await
    }

    /// Takes a later life, durably, because a peer had heard of one already. Answers whether it is
    /// later.
    ///
    /// # Errors
    ///
    /// As [`adopt`](Self::adopt).
    pub async fn begin_life(&self, incarnation: Incarnation) -> Result<bool, StoreError> {
        self.request(|answer| Request::BeginLife { incarnation, answer }).await
    }

    /// Answers a peer's `recuperar`: raises its fence, durably, and then tells what is known.
    /// Every page but the last says that there is more.
    ///
    /// # Errors
    ///
    /// As [`adopt`](Self::adopt) and [`live`](Self::live).
    pub async fn answer_recovery(&self, asked: Recover) -> Result<RecoverReply, StoreError> {
        self.raise_fence(asked.daemon.clone(), asked.incarnation).await?;
        let (asked, life) = (Box::new(asked), self.shared_life());
        self.ask(|answer| Question::Recover { asked, life, answer }).await
    }

    /// Ends the recovery, when every peer has told everything: holds of before the restore are
    /// over, and orders are followed again.
    ///
    /// # Errors
    ///
    /// As [`adopt`](Self::adopt).
    pub async fn finish_recovery(&self, now: Timestamp) -> Result<(), StoreError> {
        self.request(|answer| Request::FinishRecovery { now, answer }).await
    }

    /// The counters since the ledger was opened.
    pub fn stats(&self) -> Stats {
        self.counters.read(self.queue.len())
    }

    /// Queues a request at once, or not at all.
    fn queue<T>(
        &self,
        request: impl FnOnce(Answer<T>) -> Request,
    ) -> Result<Receiver<Result<T, StoreError>>, StoreError> {
        let (answer, answers) = async_channel::bounded(1);
        self.queue.try_send(request(answer)).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Closed(_) => StoreError::Closed,
        })?;
        Ok(answers)
    }

    /// Queues a request when there is a place, and waits for its answer.
    async fn request<T>(
        &self,
        request: impl FnOnce(Answer<T>) -> Request,
    ) -> Result<T, StoreError> {
        let (answer, answers) = async_channel::bounded(1);
        self.queue.send(request(answer)).await.map_err(|_| StoreError::Closed)?;
        writer::answered(answers).await
    }

    /// Asks the thread that only reads.
    async fn ask<T>(&self, question: impl FnOnce(Answer<T>) -> Question) -> Result<T, StoreError> {
        let (answer, answers) = async_channel::bounded(1);
        self.questions.send(question(answer)).await.map_err(|_| StoreError::Closed)?;
        // Reading changes nothing, so what was not answered is not unknown: it was not done.
        answers.recv().await.unwrap_or(Err(StoreError::Closed))
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
