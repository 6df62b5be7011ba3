//! The ledger's thread: takes what has queued, has it applied in one transaction, tells the
//! observer and the follower, answers. It decides nothing about trips; the machines do.

use crate::options::{CapacityOf, Follower, Install, Observer};
use crate::sqlite::{Applied, Database, Done, Fault, Task};
use crate::stats::Counters;
use crate::{Adopted, Found, Life, Outcome, StoreError};
use agencia_protocol::trip::{DaemonName, Incarnation, Timestamp};
use agencia_trip::Row;
use async_channel::{Receiver, Sender};
use log::warn;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// From how long on whoever runs the daemon is told that orders wait for its disk.
const SLOW: Duration = Duration::from_secs(1);

/// Where an answer goes. A request that is dropped unanswered drops its sender, and whoever
/// waits reads [`StoreError::Unknown`]: no path can leave somebody waiting.
pub(crate) type Answer<T> = Sender<Result<T, StoreError>>;

/// What the thread is asked to do.
pub(crate) enum Request {
    /// What shares a commit with its like.
    Task(Task, To),
    Adopt {
        capacity_of: CapacityOf,
        install: Install,
        answer: Answer<Adopted>,
    },
    RaiseFence {
        daemon: DaemonName,
        incarnation: Incarnation,
        answer: Answer<bool>,
    },
    BeginLife {
        incarnation: Incarnation,
        answer: Answer<bool>,
    },
    FinishRecovery {
        now: Timestamp,
        answer: Answer<()>,
    },
    Forget {
        now: Timestamp,
        answer: Answer<(usize, bool)>,
    },
}

/// Who waits for a task.
pub(crate) enum To {
    Step(Answer<Outcome>),
    Read(Answer<Found>),
}

/// Waits for the answer to a request that is queued.
pub(crate) async fn answered<T>(answers: Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
    answers.recv().await.unwrap_or(Err(StoreError::Unknown))
}

pub(crate) fn answer<T>(to: &Answer<T>, result: Result<T, StoreError>) {
    // The channel has room for the one answer, so this only fails when nobody waits any more.
    to.try_send(result).ok();
}

/// The receiving end of a queue. When it goes, by an error or a panic too, nothing can be
/// queued any more and what is queued is dropped, and so answered; a plain receiver would leave
/// it lying in the channel for as long as a handle lives.
pub(crate) struct Queue<T>(pub(crate) Receiver<T>);

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        self.0.close();
        while self.0.try_recv().is_ok() {}
    }
}

/// The life of the database, for everyone to look at.
pub(crate) type SharedLife = Arc<Mutex<Arc<Life>>>;

/// What writes, and `R`, what reads beside it: a thread, or what is told when to read.
pub(crate) struct Writer<R> {
    // Dropped in this order: whoever reads an answer finds the database closed and unlocked, and
    // the reading connection is closed before the writing one.
    pub(crate) reader: R,
    pub(crate) database: Database,
    pub(crate) queue: Queue<Request>,
    pub(crate) observer: Observer,
    pub(crate) follower: Follower,
    pub(crate) counters: Arc<Counters>,
    pub(crate) life: SharedLife,
    pub(crate) batch_max: usize,
    pub(crate) path: PathBuf,
    /// What shares the next commit, and who waits for it; kept for its memory.
    pub(crate) batch: Vec<Task>,
    pub(crate) waiting: Vec<To>,
}

impl<R> Writer<R> {
    /// Serves until every handle is dropped and the queue is empty, or until the storage fails.
    pub(crate) fn run(mut self) -> Result<(), StoreError> {
        while let Ok(request) = self.queue.0.recv_blocking() {
            self.serve(request)?;
        }
        Ok(())
    }

    /// Serves this request and, up to a batch, what has queued behind it. After an error nothing
    /// more can be served.
    pub(crate) fn serve(&mut self, request: Request) -> Result<(), StoreError> {
        self.try_serve(request).map_err(|fault| {
            self.database.leave_as_is();
            StoreError::Storage { path: self.path.clone(), source: fault.into() }
        })
    }

    fn try_serve(&mut self, request: Request) -> Result<(), Fault> {
        self.batch.clear();
        self.waiting.clear();
        let mut next = Some(request);
        while let Some(Request::Task(task, to)) = next {
            self.batch.push(task);
            self.waiting.push(to);
            let full = self.batch.len() >= self.batch_max;
            next = if full { None } else { self.queue.0.try_recv().ok() };
        }
        if !self.batch.is_empty() {
            self.apply()?;
        }
        if let Some(request) = next {
            self.follow(request)?;
            self.counters.note_full(self.database.is_full());
        }
        Ok(())
    }

    fn apply(&mut self) -> Result<(), Fault> {
        let begun = Instant::now();
        let applied = self.database.apply(&self.batch)?;
        let took = begun.elapsed();
        if took >= SLOW {
            let (count, waiting) = (self.batch.len(), self.queue.0.len());
            warn!(
                "The ledger took {took:.1?} for {count} orders, and {waiting} more wait: is its \
                 disk slow?"
            );
        }
        self.counters.note_full(self.database.is_full());
        self.tell(&applied);
        let mut written = applied.rows.iter().map(|(_, row)| row).peekable();
        for (to, done) in self.waiting.iter().zip(applied.done) {
            match (to, done) {
                (To::Step(to), Done::Stepped(outcome)) => {
                    if let Ok(outcome) = &outcome {
                        let row = |row: &&Arc<Row>| match outcome {
                            Outcome::Stepped(stepped) => Arc::ptr_eq(row, &stepped.row),
                            Outcome::SoldOut { .. } => false,
                        };
                        let wrote = written.next_if(row).is_some();
                        self.counters.count_outcome(outcome, wrote);
                    }
                    answer(to, outcome);
                }
                (To::Read(to), Done::Read(found)) => answer(to, found),
                // A lookup that shared its batch with what had no room.
                (To::Read(to), Done::Stepped(_)) => answer(to, Err(StoreError::NoSpace)),
                (To::Step(_), Done::Read(_)) => unreachable!("each task has its own answer"),
            }
        }
        Ok(())
    }

    /// Tells what is durable, before anyone is answered.
    fn tell(&mut self, applied: &Applied) {
        if !applied.changes.is_empty() || !applied.rows.is_empty() {
            self.counters.count_commit();
        }
        if !applied.changes.is_empty() {
            (self.observer)(&applied.changes);
        }
        for (trip, row) in &applied.rows {
            self.follower.tell(*trip, row);
        }
    }

    fn follow(&mut self, request: Request) -> Result<(), Fault> {
        match request {
            Request::Adopt { capacity_of, install, answer: to } => {
                self.adopt(capacity_of, install, &to)?;
            }
            Request::RaiseFence { daemon, incarnation, answer: to } => {
                let raised =
                    self.database.with_room(None, |d| d.raise_fence(&daemon, incarnation))?;
                self.show_life();
                answer(&to, raised);
            }
            Request::BeginLife { incarnation, answer: to } => {
                let begun = self.database.with_room(None, |d| d.begin_life(incarnation))?;
                self.show_life();
                answer(&to, begun);
            }
            Request::FinishRecovery { now, answer: to } => {
                let finished = self.database.with_room(Some(now), |d| d.finish_recovery(now))?;
                self.show_life();
                answer(&to, finished.map(|applied| self.tell(&applied)));
            }
            Request::Forget { now, answer: to } => {
                let forgotten = self.database.with_room(Some(now), |d| d.forget(now))?;
                let told = forgotten.map(|forgotten| {
                    self.tell(&forgotten.applied);
                    (forgotten.trips, forgotten.more)
                });
                answer(&to, told);
            }
            Request::Task(..) => unreachable!("tasks are taken into the batch"),
        }
        Ok(())
    }

    fn adopt(
        &mut self,
        capacity_of: CapacityOf,
        install: Install,
        to: &Answer<Adopted>,
    ) -> Result<(), Fault> {
        let adoption = match self.database.with_room(None, |d| d.adopt(&capacity_of))? {
            Ok(adoption) => adoption,
            Err(error) => {
                answer(to, Err(error));
                return Ok(());
            }
        };
        if adoption.wrote {
            self.counters.count_commit();
        }
        if let Adopted::Adopted { .. } = adoption.adopted {
            self.database.put_in_force(capacity_of);
            install(&adoption.used);
        }
        answer(to, Ok(adoption.adopted));
        Ok(())
    }

    fn show_life(&self) {
        let life = Arc::new(self.database.life().clone());
        *self.life.lock().unwrap_or_else(PoisonError::into_inner) = life;
    }
}
