//! The ledger's second thread: lists, sums and backups, one after the other, over a connection
//! that only reads. A long one holds up the next, and no purchase.

use crate::sqlite::{Fault, Reader, back_up, is_illegible};
use crate::writer::{Answer, Queue, answer};
use crate::{Audit, Filter, LedgerOptions, Life, StoreError};
use agencia_protocol::TripId;
use agencia_protocol::trip::{DaemonName, Recover, RecoverReply};
use agencia_trip::{Key, Limits, Row};
use async_channel::{Receiver, Sender};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

/// What the reading thread is asked to do.
pub(crate) enum Question {
    Live(Answer<Vec<(TripId, Row)>>),
    Page {
        filter: Filter,
        after: Option<TripId>,
        limit: usize,
        answer: Answer<Vec<(TripId, Row)>>,
    },
    Audit(Answer<Audit>),
    BackUp {
        to: PathBuf,
        answer: Answer<()>,
    },
    Recover {
        asked: Box<Recover>,
        life: Arc<Life>,
        answer: Answer<RecoverReply>,
    },
    /// What no reader can answer.
    #[cfg(test)]
    Panic(Answer<()>),
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
            // A panic over a question is its asker's to hear of; the ledger's own end tells the rest.
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

    /// A panic over one question, which its asker hears of, is no reason to leave the next ones
    /// unanswered for ever: this only reads, so nothing is left half done.
    fn run(self) {
        while let Ok(question) = self.queue.0.recv_blocking() {
            // The panic's own message was printed by the hook.
            catch_unwind(AssertUnwindSafe(|| self.serve(question))).ok();
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
            #[cfg(test)]
            Question::Panic(to) => panic!("a test wants it: {to:?}"),
        }
    }

    fn told<T>(&self, read: Result<T, Fault>) -> Result<T, StoreError> {
        let path = || self.path.clone();
        read.map_err(|fault| match is_illegible(&fault) {
            true => StoreError::Corrupt { path: path(), detail: fault.to_string() },
            false => StoreError::Read { path: path(), source: fault.into() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ledger;
    use agencia_protocol::LOCATOR_ALPHABET;

    #[test]
    fn a_panic_over_one_question_leaves_the_next_one_its_answer() {
        let folder = tempfile::tempdir().unwrap();
        let name: DaemonName = "voos".parse().unwrap();
        let letter = char::from(LOCATOR_ALPHABET[0]);
        let path = folder.path().join("livro.sqlite");
        let options = || LedgerOptions::new(path.clone(), letter, name.clone(), Key::new([5; 32]));
        let (_ledger, thread) = Ledger::open(options(), Box::new(|_| {})).unwrap();
        let (questions, reader) = ReaderThread::start(&options()).unwrap();

        let (to, answers) = async_channel::bounded(1);
        questions.send_blocking(Question::Panic(to)).unwrap();
        assert!(answers.recv_blocking().is_err());
        let (to, answers) = async_channel::bounded(1);
        questions.send_blocking(Question::Audit(to)).unwrap();
        answers.recv_blocking().unwrap().unwrap();
        drop((reader, thread));
    }
}
