//! What drives a connection: one future that reads, writes and keeps the time.
//!
//! It reads before it writes, so that a request is never sent on a connection that is known to
//! have ended, and goes on reading while a peer does not read.

use crate::connection::{Claim, ConnectionOptions};
use crate::error::{ClientError, Failure, Step};
use crate::peers::Peer;
use crate::tls::Stream as Socket;
use agencia_protocol::frame::{Decoder, FrameError};
use async_channel::{Receiver, Sender};
use futures_lite::{AsyncRead, AsyncWrite, Stream, future};
use smol::Timer;
use smol::lock::SemaphoreGuardArc;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// How many reads are done in a row before other tasks get their turn.
const READS_IN_A_ROW_MAX: usize = 16;

/// A request on its way to the driver.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) frame: Vec<u8>,
    pub(crate) reply: Sender<Result<Reply, Failure>>,
    pub(crate) slot: Slot,
}

/// What a call holds until it is answered, even when nobody waits for the answer any more.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) _turn: SemaphoreGuardArc,
    pub(crate) _claim: Claim,
}

/// A body that came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) body: Vec<u8>,
    /// From sending the request to having the whole body.
    pub(crate) took: Duration,
}

/// The calls that have not been sent. However the driver ends, they are told so.
#[derive(Debug)]
pub(crate) struct Queue(Pin<Box<Receiver<Call>>>);

impl Queue {
    pub(crate) fn new(calls: Receiver<Call>) -> Self {
        Self(Box::pin(calls))
    }

    /// Closes the queue and answers every call in it with this error.
    pub(crate) fn refuse(self, error: &ClientError) {
        self.0.close();
        while let Ok(call) = self.0.try_recv() {
            answer(&call.reply, Err(Failure::Told(error.clone())));
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.0.close();
        while let Ok(call) = self.0.try_recv() {
            answer(&call.reply, Err(Failure::Unsent));
        }
    }
}

/// Tells a caller; one that has gone away is no error.
fn answer(caller: &Sender<Result<Reply, Failure>>, result: Result<Reply, Failure>) {
    drop(caller.try_send(result));
}

/// Drives a connection until it ends; see [`connect`](crate::connect).
pub(crate) async fn run(stream: Socket, peer: Peer, options: ConnectionOptions, mut queue: Queue) {
    let mut driver = Driver {
        stream,
        decoder: Decoder::new(options.reply_bytes_max),
        out: Vec::new(),
        written: 0,
        sent: VecDeque::new(),
        timer: None,
        reply_deadline: options.deadlines.reply,
        unused: false,
    };
    let end = future::poll_fn(|cx| driver.poll(queue.0.as_mut(), cx)).await;
    // Closed before anybody is told, so that whoever is told finds it closed.
    drop(queue);
    driver.end(&end, &peer);
}

/// Why a connection ended.
#[derive(Debug)]
enum End {
    /// Every handle is gone and everything is answered.
    Unused,
    /// The daemon closed it, or it broke.
    Closed,
    /// A reply did not come in time.
    Late,
    /// What came is no frame.
    NoFrame(FrameError),
    /// A frame came that nobody had asked for.
    Unasked,
}

#[derive(Debug)]
struct Driver {
    stream: Socket,
    decoder: Decoder,
    out: Vec<u8>,
    written: usize,
    sent: VecDeque<Sent>,
    timer: Option<Timer>,
    reply_deadline: Duration,
    unused: bool,
}

/// A call that waits for its reply.
#[derive(Debug)]
struct Sent {
    reply: Sender<Result<Reply, Failure>>,
    at: Instant,
    slot: Slot,
}

impl Driver {
    fn poll(&mut self, queue: Pin<&mut Receiver<Call>>, cx: &mut Context<'_>) -> Poll<End> {
        if let Poll::Ready(end) = self.poll_read(cx) {
            return Poll::Ready(end);
        }
        self.poll_queue(queue, cx);
        if self.poll_write(cx).is_err() {
            return Poll::Ready(End::Closed);
        }
        if self.unused && self.sent.is_empty() && self.out.is_empty() {
            return Poll::Ready(End::Unused);
        }
        self.poll_deadline(cx)
    }

    /// Reads replies and hands them out; ready only when the connection ends.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        for _ in 0..READS_IN_A_ROW_MAX {
            let read = Pin::new(&mut self.stream).poll_read(cx, self.decoder.space());
            match ready!(read) {
                Ok(0) | Err(_) => return Poll::Ready(End::Closed),
                Ok(count) => self.decoder.filled(count),
            }
            loop {
                match self.decoder.next_frame() {
                    Ok(Some(body)) => {
                        let Some(Sent { reply: caller, at, slot }) = self.sent.pop_front() else {
                            return Poll::Ready(End::Unasked);
                        };
                        // Free before the caller knows, who may call again at once.
                        drop(slot);
                        // An abandoned call's reply is counted, not copied.
                        if !caller.is_closed() {
                            answer(&caller, Ok(Reply { body: body.to_vec(), took: at.elapsed() }));
                        }
                    }
                    Ok(None) => break,
                    Err(error) => return Poll::Ready(End::NoFrame(error)),
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes what callers have queued; a call abandoned before this is never sent.
    fn poll_queue(&mut self, mut queue: Pin<&mut Receiver<Call>>, cx: &mut Context<'_>) {
        while !self.unused {
            match queue.as_mut().poll_next(cx) {
                Poll::Ready(Some(call)) if call.reply.is_closed() => {}
                Poll::Ready(Some(Call { frame, reply, slot })) => {
                    self.out.extend_from_slice(&frame);
                    self.sent.push_back(Sent { reply, at: Instant::now(), slot });
                }
                Poll::Ready(None) => self.unused = true,
                Poll::Pending => return,
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> std::io::Result<()> {
        while self.written < self.out.len() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.out[self.written..]) {
                Poll::Ready(Ok(0)) => return Err(std::io::ErrorKind::WriteZero.into()),
                Poll::Ready(count) => self.written += count?,
                Poll::Pending => return Ok(()),
            }
        }
        self.out.clear();
        self.written = 0;
        // TLS keeps what the socket has no room for.
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Ready(flushed) => flushed,
            Poll::Pending => Ok(()),
        }
    }

    /// Ready when the oldest call has waited too long. One timer serves all calls: they are
    /// answered in order, so none is due before the oldest.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let Some(oldest) = self.sent.front() else { return Poll::Pending };
        let due = oldest.at + self.reply_deadline;
        let timer = self.timer.get_or_insert_with(|| Timer::at(due));
        loop {
            ready!(Pin::new(&mut *timer).poll(cx));
            if Instant::now() >= due {
                return Poll::Ready(End::Late);
            }
            timer.set_at(due);
        }
    }

    /// Tells the oldest call what happened; the others learn from being dropped that they were
    /// lost with it.
    fn end(mut self, end: &End, peer: &Peer) {
        if let End::Unasked = end {
            log::debug!("{peer} sent a frame that answers nothing; the connection is closed");
        }
        let error = match end {
            End::Unused | End::Closed | End::Unasked => ClientError::Lost { peer: peer.clone() },
            End::Late => ClientError::Deadline {
                peer: peer.clone(),
                step: Step::Reply,
                after: self.reply_deadline,
            },
            End::NoFrame(error) => {
                ClientError::Unreadable { peer: peer.clone(), source: Arc::new(*error) }
            }
        };
        if let Some(oldest) = self.sent.pop_front() {
            answer(&oldest.reply, Err(Failure::Told(error)));
        }
    }
}
