//! The replies of one conversation: every request is answered in its place in the order, as a
//! frame, be it with what was asked or with an error.

use crate::authority::{self, Caller};
use crate::clock::Now;
use crate::connection::{Course, Handler, Later};
use crate::counters::Counters;
use agencia_protocol::frame::FrameError;
use agencia_protocol::{WireError, frame};
use futures_lite::future;

/// How many orders of one conversation wait for the ledger together.
const TOGETHER_MAX: usize = 256;

/// What answers, and what is still to be answered.
pub(crate) struct Replies<'a, H> {
    handler: &'a H,
    counters: &'a Counters,
    /// Who asks.
    caller: Caller,
    /// What was begun, in order; the replies come after everything that was written so far.
    begun: Vec<Later>,
    /// The time for all requests that were read together.
    now: Option<Now>,
}

impl<'a, H: Handler> Replies<'a, H> {
    pub(crate) fn new(handler: &'a H, counters: &'a Counters, caller: Caller) -> Self {
        Self { handler, counters, caller, begun: Vec::new(), now: None }
    }

    /// Says who asks from now on: it is known with the first bytes.
    pub(crate) fn hear(&mut self, caller: Caller) {
        self.caller = caller;
    }

    /// Answers a request, now or when it is [settled](Self::settle).
    pub(crate) async fn answer(&mut self, body: &[u8], out: &mut Vec<u8>) {
        self.counters.count_request();
        let handler = self.handler;
        let now = *self.now.get_or_insert_with(|| handler.now());
        let request = handler.parse(body).and_then(|request| {
            authority::check(&request, self.caller)?;
            Ok(request)
        });
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                self.write_begun(out).await;
                return self.refuse(&error, out);
            }
        };
        let course = handler.course(&request);
        if course != Course::Together || self.begun.len() >= TOGETHER_MAX {
            self.write_begun(out).await;
        }
        if course == Course::Now {
            return self.write(out, |out| handler.render(&request, body, now, out));
        }
        self.begun.push(match handler.start(&request, now) {
            Ok(later) => later,
            Err(error) => Box::pin(future::ready(Err(error))),
        });
        if course == Course::Alone {
            self.write_begun(out).await;
        }
    }

    /// Writes what was not yet answered; what is read next has another time.
    pub(crate) async fn settle(&mut self, out: &mut Vec<u8>) {
        self.write_begun(out).await;
        self.now = None;
    }

    /// Answers bytes that are no frame.
    pub(crate) fn refuse_garbage(&self, error: FrameError, out: &mut Vec<u8>) {
        self.refuse(&authority::no_frame(error, self.caller), out);
    }

    /// Writes an error.
    pub(crate) fn refuse(&self, error: &WireError, out: &mut Vec<u8>) {
        self.write(out, |_| Err(error.clone()));
    }

    async fn write_begun(&mut self, out: &mut Vec<u8>) {
        for later in std::mem::take(&mut self.begun) {
            let reply = later.await;
            self.write_body(reply, out);
        }
    }

    fn write_body(&self, reply: Result<Vec<u8>, WireError>, out: &mut Vec<u8>) {
        self.write(out, |out| reply.map(|body| out.extend_from_slice(&body)));
    }

    /// Writes a frame with what `render` writes, or with its error instead.
    fn write(&self, out: &mut Vec<u8>, render: impl FnOnce(&mut Vec<u8>) -> Result<(), WireError>) {
        frame::write_with(out, |out| {
            let start = out.len();
            if let Err(error) = render(out) {
                out.truncate(start);
                self.counters.count_error();
                serde_json::to_writer(out, &error.reply()).expect("an error is JSON");
            }
        });
    }
}
