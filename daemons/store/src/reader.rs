//! The ledger's second thread: lists, sums and backups, one after the other, over a connection
//! that only reads. A long one holds up the next, and no purchase.

use crate::sqlite::{Fault, Reader, back_up};
use crate::writer::{Answer, Queue, answer};
use crate::{Audit, Filter, LedgerOptions, Life, StoreError};
use agencia_protocol::TripId;
use agencia_protocol::trip::{DaemonName, Recover, RecoverReply};
use agencia_trip::{Key, Limits, Row};
use async_channel::{Receiver, Sender};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

/// What the reading thread is asked to do.
pub(crate) enum Question {
    Live(Answer<Vec<(TripId, Row)>>),
    Page { filter: Filter, after: Option<TripId>, limit: usize, answer: Answer<Vec<(TripId, Row)>> },
    Audit(Answer<Audit>),
    BackUp { to: PathBuf, answer: Answer<()> },
    Recover { asked: Box<Recover>, life: Arc<Life>, answer: Answer<RecoverReply> },
}

/// The reading thread. Dropping this closes its queue and waits for it.
pub(crate) struct ReaderThread {
    questions: Receiver<Question>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for ReaderThread {
    fn drop(&mut self) {
        self.questions.close();
        if let Some(thread) = self.thread.take() {
            // A panic over a question is its asker's unknown; the ledger's own end tells the rest.
            thread.join().ok();
        }
    }
}

impl ReaderThread {
    /// Starts it over a database that is open.
    ///
    /// # Errors
    /// [`StoreError::Open`].
    pub(crate) fn start(
        options: &LedgerOptions,
    ) -> Result<(Sender<Question>, ReaderThread), StoreError> {
        let (questions, serving) = Serving::open(options)?;
        let queue = serving.queue.0.clone();
        let thread = std::thread::Builder::new()
            .name("ledger-reader".to_owned())
            .spawn(move || serving.run())
            .map_err(|source| StoreError::Open {
                path: options.path.clone(),
                source: source.into(),
            })?;
        Ok((questions, ReaderThread { questions: queue, thread: Some(thread) }))
    }
}

/// What reads, on a thread or when it is told to.
pub(crate) struct Serving {
    reader: Reader,
    queue: Queue<Question>,
    name: DaemonName,
    key: Key,
    limits: Limits,
    path: PathBuf,
}

impl Serving {
    /// What reads a database that is open.
    ///
    /// # Errors
    /// [`StoreError::Open`].
    pub(crate) fn open(options: &LedgerOptions) -> Result<(Sender<Question>, Self), StoreError> {
        let reader = Reader::open(&options.path).map_err(|fault| StoreError::Open {
            path: options.path.clone(),
            source: fault.into(),
        })?;
        let (questions, queue) = async_channel::bounded(options.queue_max.max(1));
        let serving = Self {
            reader,
            queue: Queue(queue),
            name: options.name.clone(),
            key: options.key.clone(),
            limits: options.trip_limits,
            path: options.path.clone(),
        };
        Ok((questions, serving))
    }

    fn run(self) {
        while let Ok(question) = self.queue.0.recv_blocking() {
            self.serve(question);
        }
    }

    /// Whether a question waits.
    pub(crate) fn is_asked(&self) -> bool {
        !self.queue.0.is_empty()
    }

    /// Answers the question that has waited longest, if there is one.
    pub(crate) fn serve_next(&self) {
        if let Ok(question) = self.queue.0.try_recv() {
            self.serve(question);
        }
    }

    fn serve(&self, question: Question) {
        let reader = &self.reader;
        match question {
            Question::Live(to) => answer(&to, self.told(reader.live())),
            Question::Page { filter, after, limit, answer: to } => {
                answer(&to, self.told(reader.page(&filter, after, limit)));
            }
            Question::Audit(to) => answer(&to, self.told(reader.audit())),
            Question::BackUp { to, answer: done } => {
                answer(&done, back_up(reader, &to, || self.queue.0.is_closed()));
            }
            Question::Recover { asked, life, answer: to } => {
                let own = (&self.name, &self.key, &self.limits, &*life);
                answer(&to, self.told(reader.answer_recovery(own, &asked)));
            }
        }
    }

    fn told<T>(&self, read: Result<T, Fault>) -> Result<T, StoreError> {
        read.map_err(|fault| StoreError::Read { path: self.path.clone(), source: fault.into() })
    }
}
