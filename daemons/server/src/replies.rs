//! The replies of one conversation: every request is answered in its place in the order, as a
//! frame, be it with what was asked or with an error.

use crate::clock::Now;
use crate::connection::{Handler, Later};
use crate::counters::Counters;
use agencia_protocol::request::{Request, Reserve};
use agencia_protocol::{Code, WireError, frame};
use futures_lite::future;

/// How many purchases of one conversation wait for the ledger together.
const PURCHASES_TOGETHER_MAX: usize = 256;

/// What answers, and what is still to be answered.
pub(crate) struct Replies<'a, H> {
    handler: &'a H,
    counters: &'a Counters,
    /// Whether the peer is on this host.
    local: bool,
    /// Purchases, in order, whose replies come after everything that was written so far.
    purchases: Vec<Later>,
    /// The time for all requests that were read together.
    now: Option<Now>,
}

impl<'a, H: Handler> Replies<'a, H> {
    pub(crate) fn new(handler: &'a H, counters: &'a Counters, local: bool) -> Self {
        Self { handler, counters, local, purchases: Vec::new(), now: None }
    }

    /// Answers a request, now or when it is [settled](Self::settle).
    pub(crate) async fn answer(&mut self, body: &[u8], out: &mut Vec<u8>) {
        self.counters.count_request();
        let handler = self.handler;
        let now = *self.now.get_or_insert_with(|| handler.now());
        match handler.parse(body) {
            Ok(Request::Reserve(reserve)) => {
                self.buy(&reserve, now);
                if self.purchases.len() >= PURCHASES_TOGETHER_MAX {
                    self.write_purchases(out).await;
                }
            }
            Ok(Request::Import) => {
                self.write_purchases(out).await;
                let reply = match self.import() {
                    Ok(later) => later.await,
                    Err(error) => Err(error),
                };
                self.write_body(reply, out);
            }
            Ok(request) => {
                self.write_purchases(out).await;
                self.write(out, |out| handler.render(&request, body, now, out));
            }
            Err(error) => {
                self.write_purchases(out).await;
                self.refuse(&error, out);
            }
        }
    }

    /// Writes what was not yet answered; what is read next has another time.
    pub(crate) async fn settle(&mut self, out: &mut Vec<u8>) {
        self.write_purchases(out).await;
        self.now = None;
    }

    /// Writes an error.
    pub(crate) fn refuse(&self, error: &WireError, out: &mut Vec<u8>) {
        self.write(out, |_| Err(error.clone()));
    }

    fn buy(&mut self, reserve: &Reserve, now: Now) {
        self.purchases.push(match self.handler.purchase(reserve, now) {
            Ok(later) => later,
            Err(error) => Box::pin(future::ready(Err(error))),
        });
    }

    fn import(&self) -> Result<Later, WireError> {
        if !self.local {
            let message = "só quem está na máquina do servidor pode trocar o inventário";
            return Err(WireError::new(Code::Unauthorised, message));
        }
        self.handler.import()
    }

    async fn write_purchases(&mut self, out: &mut Vec<u8>) {
        for purchase in std::mem::take(&mut self.purchases) {
            let reply = purchase.await;
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
