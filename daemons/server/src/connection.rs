//! One conversation: frames in, replies out, in order.
//!
//! Everything that has arrived is answered with one write. Orders to the ledger that follow each
//! other are handed to it together before the first is waited for, so that they share a commit;
//! anything else waits for the orders before it and so sees what they did.

use crate::authority::is_local;
use crate::clock::Now;
use crate::counters::Counters;
use crate::crew::Crew;
use crate::door::Entrance;
use crate::replies::Replies;
use crate::settings::{Deadlines, Limits};
use crate::wire::{Over, Wire};
use agencia_protocol::frame::{Decoder, Waiting};
use agencia_protocol::request::Request;
use agencia_protocol::{Code, WireError};
use futures_lite::future;
use log::{debug, info};
use smol::Timer;
use std::mem;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many frames are answered before other connections get their turn.
const TURN_FRAMES: usize = 32;

/// How long a stopping daemon waits for the first request of a connection, from its beginning.
const FIRST_GRACE: Duration = Duration::from_secs(2);

/// How much of a greeting is logged.
const GREETING_BYTES_LOGGED: usize = 40;

/// A reply that takes a while: the JSON of its body.
pub(crate) type Later = Pin<Box<dyn Future<Output = Result<Vec<u8>, WireError>> + Send>>;

/// How the reply to a request comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// It is written at once, when everything before it is answered.
    Now,
    /// It is begun at once and waited for together with its neighbours of the same course.
    Together,
    /// It is begun when everything before it is answered, and everything behind it waits.
    Alone,
}

/// Answers requests. It never waits: what takes a while is answered [`Later`].
pub(crate) trait Handler: Send + Sync + 'static {
    /// The daemon's name in the log lines of the report.
    fn title(&self) -> &'static str;

    /// What the daemon is doing, in one line.
    fn status(&self) -> String;

    /// Begins what the daemon does by itself while it serves.
    fn duties(self: Arc<Self>, crew: &Crew);

    /// Reads a body.
    fn parse<'a>(&self, body: &'a [u8]) -> Result<Request<'a>, WireError>;

    /// The time, for all requests that were read together.
    fn now(&self) -> Now;

    /// How the reply to this request comes about.
    fn course(&self, request: &Request<'_>) -> Course;

    /// Writes the JSON that answers a request whose course is [`Course::Now`].
    fn render(
        &self,
        request: &Request<'_>,
        body: &[u8],
        now: Now,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError>;

    /// Begins to answer any other request. It is done even if the reply is not waited for.
    fn start(&self, request: &Request<'_>, now: Now) -> Result<Later, WireError>;
}

/// What every conversation of a daemon has in common.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) limits: Limits,
    pub(crate) deadlines: Deadlines,
}

/// Talks with a peer until either side ends it, or `stopped` is ready and everything that has
/// arrived or begun to arrive is answered.
pub(crate) async fn converse<H, S, F>(
    handler: &H,
    counters: &Counters,
    rules: &Rules,
    stream: S,
    peer: SocketAddr,
    stopped: F,
) where
    H: Handler,
    S: Entrance,
    F: Future<Output = ()>,
{
    info!("New connection in {}", handler.title());
    info!("Welcome {peer}");
    let mut talk = Talk {
        peer,
        rules,
        decoder: Decoder::new(rules.limits.frame_bytes_max),
        replies: Replies::new(handler, counters, stream.caller()),
        greeted: false,
    };
    let mut wire = Wire::new(stream, rules.deadlines.write);
    let over = talk.talk(&mut wire, Box::pin(stopped)).await;
    debug!("Goodbye {peer}: {over}");
    match over {
        Over::Failed(_) | Over::Stalled => return,
        Over::Closed | Over::Garbage | Over::Stopped => {}
        Over::Late => talk.tell_late(&mut wire.out),
    }
    wire.part().await;
}

/// A conversation without its wire.
struct Talk<'a, H> {
    peer: SocketAddr,
    rules: &'a Rules,
    decoder: Decoder,
    replies: Replies<'a, H>,
    /// Whether the first frame has come: only that one may be a greeting.
    greeted: bool,
}

impl<H: Handler> Talk<'_, H> {
    async fn talk<S, F>(&mut self, wire: &mut Wire<S>, mut stopped: Pin<Box<F>>) -> Over
    where
        S: Entrance,
        F: Future<Output = ()>,
    {
        let mut waiting = Waiting::Idle;
        let mut since = Instant::now();
        let mut silent = Some(since + FIRST_GRACE);
        loop {
            let due = self.patience(waiting).map(|patience| since + patience);
            // Between two requests a stopping daemon ends it at once. A request that has begun may
            // arrive, and so may the first one of a connection that has only just come.
            let read = match (waiting, silent.take()) {
                (Waiting::Idle, None) => wire.read(&mut self.decoder, due, &mut stopped).await,
                (Waiting::Idle, Some(grace)) => {
                    let later = async {
                        stopped.as_mut().await;
                        Timer::at(grace).await;
                    };
                    wire.read(&mut self.decoder, due, &mut Box::pin(later)).await
                }
                _ => wire.read(&mut self.decoder, due, &mut Box::pin(future::pending())).await,
            };
            if let Err(over) = read {
                return over;
            }
            let arrived = Instant::now();
            self.replies.hear(wire.caller());
            let answered = match self.answer_all(wire).await {
                Ok(answered) => answered,
                Err(over) => return over,
            };
            if let Err(over) = wire.flush().await {
                return over;
            }
            // A header or body that had already begun keeps its deadline.
            let next = self.decoder.waiting();
            if answered > 0 || next != waiting {
                since = if next == Waiting::Idle { Instant::now() } else { arrived };
            }
            waiting = next;
        }
    }

    /// How long the next byte may take; for ever without one.
    fn patience(&self, waiting: Waiting) -> Option<Duration> {
        let deadlines = &self.rules.deadlines;
        match waiting {
            Waiting::Idle if is_local(self.peer) => None,
            Waiting::Idle => Some(deadlines.idle),
            Waiting::Header => Some(deadlines.header),
            Waiting::Body => Some(deadlines.body),
        }
    }

    /// Answers all whole frames that have arrived and tells how many there were.
    async fn answer_all<S>(&mut self, wire: &mut Wire<S>) -> Result<usize, Over>
    where
        S: Entrance,
    {
        let mut frames = 0;
        let broken = loop {
            let body = match self.decoder.next_frame() {
                Ok(Some(body)) => body,
                Ok(None) => break None,
                Err(error) => break Some(error),
            };
            frames += 1;
            if mem::replace(&mut self.greeted, true) || !is_greeting(self.peer, body) {
                debug!("Received message from {}", self.peer);
                self.replies.answer(body, &mut wire.out).await;
            }
            if wire.out.len() >= self.rules.limits.reply_bytes_flush {
                wire.flush().await?;
            }
            if frames % TURN_FRAMES == 0 {
                future::yield_now().await;
            }
        };
        self.replies.settle(&mut wire.out).await;
        match broken {
            Some(error) => {
                self.replies.refuse_garbage(error, &mut wire.out);
                Err(Over::Garbage)
            }
            None => Ok(frames),
        }
    }

    /// Tells a peer that did not send what it was in the middle of; one that was idle is told
    /// nothing.
    fn tell_late(&self, out: &mut Vec<u8>) {
        let message = match self.decoder.waiting() {
            Waiting::Idle => return,
            Waiting::Header => "o cabeçalho não chegou a tempo",
            Waiting::Body => "o corpo não chegou a tempo",
        };
        self.replies.refuse(&WireError::new(Code::DeadlinePassed, message), out);
    }
}

/// Whether the first frame is a greeting: any JSON string. It is logged and not answered.
fn is_greeting(peer: SocketAddr, body: &[u8]) -> bool {
    if body.trim_ascii_start().first() != Some(&b'"') {
        return false;
    }
    let Ok(text) = serde_json::from_slice::<String>(body) else { return false };
    info!("Greeting from {peer}: {:?}", &text[..text.floor_char_boundary(GREETING_BYTES_LOGGED)]);
    true
}

#[cfg(test)]
mod tests;
