//! The ledger's thread: takes what has queued, has it applied in one transaction, tells the
//! observer, answers. It decides nothing about sales; the database module does.

use crate::ledger::{CapacityOf, Install, Observer};
use crate::sqlite::{Database, Fault};
use crate::stats::Counters;
use crate::{Adopted, Audit, Outcome, Reservation, StoreError};
use async_channel::{Receiver, Sender};
use std::path::PathBuf;
use std::sync::Arc;

/// Where an answer goes. A request that is dropped unanswered drops its sender, and whoever
/// waits reads [`StoreError::Unknown`]: no path can leave somebody waiting.
pub(crate) type Answer<T> = Sender<Result<T, StoreError>>;

/// What the thread is asked to do.
pub(crate) enum Request {
    Reserve(Reservation, Answer<Outcome>),
    Adopt { capacity_of: CapacityOf, install: Install, answer: Answer<Adopted> },
    Audit(Answer<Audit>),
}

/// Waits for the answer to a request that is queued.
pub(crate) async fn answered<T>(answers: Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
    answers.recv().await.unwrap_or(Err(StoreError::Unknown))
}

fn answer<T>(to: &Answer<T>, result: Result<T, StoreError>) {
    // The channel has room for the one answer, so this only fails when nobody waits any more.
    to.try_send(result).ok();
}

/// The receiving end of the queue. When it goes, by an error or a panic too, nothing can be
/// queued any more and what is queued is dropped, and so answered; a plain receiver would leave
/// it lying in the channel for as long as a handle lives.
struct Queue(Receiver<Request>);

impl Drop for Queue {
    fn drop(&mut self) {
        self.0.close();
        while self.0.try_recv().is_ok() {}
    }
}

pub(crate) struct Writer {
    // Dropped in this order: whoever reads an answer finds the database closed and unlocked.
    database: Database,
    queue: Queue,
    observer: Observer,
    counters: Arc<Counters>,
    batch_max: usize,
    path: PathBuf,
}

impl Writer {
    pub(crate) fn new(
        database: Database,
        requests: Receiver<Request>,
        observer: Observer,
        counters: Arc<Counters>,
        batch_max: usize,
        path: PathBuf,
    ) -> Self {
        Self { database, queue: Queue(requests), observer, counters, batch_max, path }
    }

    /// Serves until every handle is dropped and the queue is empty, or until the storage fails.
    pub(crate) fn run(mut self) -> Result<(), StoreError> {
        self.serve().map_err(|fault| {
            self.database.leave_as_is();
            StoreError::Storage { path: self.path.clone(), source: fault.into() }
        })
    }

    fn serve(&mut self) -> Result<(), Fault> {
        let mut batch = Vec::new();
        let mut answers = Vec::new();
        while let Ok(request) = self.queue.0.recv_blocking() {
            let mut next = Some(request);
            while let Some(Request::Reserve(reservation, answer)) = next {
                batch.push(reservation);
                answers.push(answer);
                let full = batch.len() >= self.batch_max;
                next = if full { None } else { self.queue.0.try_recv().ok() };
            }
            if !batch.is_empty() {
                self.sell(&batch, &answers)?;
                batch.clear();
                answers.clear();
            }
            match next {
                Some(Request::Adopt { capacity_of, install, answer }) => {
                    self.adopt(capacity_of, install, &answer)?;
                }
                Some(Request::Audit(to)) => answer(&to, Ok(self.database.audit()?)),
                Some(Request::Reserve(..)) | None => {}
            }
        }
        Ok(())
    }

    fn sell(&mut self, batch: &[Reservation], answers: &[Answer<Outcome>]) -> Result<(), Fault> {
        let sold = self.database.sell(batch)?;
        if !sold.changes.is_empty() {
            self.counters.count_commit();
            (self.observer)(&sold.changes);
        }
        for (to, outcome) in answers.iter().zip(sold.outcomes) {
            if let Ok(outcome) = &outcome {
                self.counters.count_outcome(outcome);
            }
            answer(to, outcome);
        }
        Ok(())
    }

    fn adopt(
        &mut self,
        capacity_of: CapacityOf,
        install: Install,
        to: &Answer<Adopted>,
    ) -> Result<(), Fault> {
        let adoption = self.database.adopt(capacity_of)?;
        if adoption.wrote {
            self.counters.count_commit();
        }
        if let Adopted::Adopted { .. } = adoption.adopted {
            install(&adoption.used);
        }
        answer(to, Ok(adoption.adopted));
        Ok(())
    }
}
