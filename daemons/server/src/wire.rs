//! One peer's socket with the replies that wait to be sent: reads, writes and goodbyes, every one
//! with its deadline. It knows bytes and frames' waiting states, and no message.

use crate::authority::Caller;
use crate::deadline::Deadline;
use crate::door::Entrance;
use agencia_protocol::frame::Decoder;
use futures_lite::{AsyncRead, AsyncWrite, AsyncWriteExt, future};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

/// How many bytes are read together before they are answered.
const READ_BYTES_MAX: usize = 64 * 1024;

/// How much of the buffer of replies an idle connection keeps, in bytes.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// How long and how much a closing connection still reads, so that its last reply is not lost to
/// the reset that unread bytes would cause.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES_MAX: usize = 1024 * 1024;

/// Why a conversation is over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Over {
    /// The peer has closed its side.
    #[error("the peer has closed")]
    Closed,
    /// What came next is no frame; the peer has been told.
    #[error("what came is no frame")]
    Garbage,
    /// The socket failed.
    #[error("the socket failed: {0}")]
    Failed(#[source] io::Error),
    /// The daemon is stopping, and everything that had arrived is answered.
    #[error("the daemon is stopping")]
    Stopped,
    /// The peer did not send what it was in the middle of, or nothing for too long.
    #[error("the peer was late")]
    Late,
    /// The peer did not take its replies.
    #[error("the peer stopped reading")]
    Stalled,
}

/// The socket and what waits to be sent on it.
pub(crate) struct Wire<S> {
    stream: S,
    deadline: Deadline,
    write: Duration,
    /// Replies, as frames, that wait to be sent.
    pub(crate) out: Vec<u8>,
}

impl<S: Entrance> Wire<S> {
    /// Who is at the other end.
    pub(crate) fn caller(&self) -> Caller {
        self.stream.caller()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// A peer may take `write` to take more of what is sent.
    pub(crate) fn new(stream: S, write: Duration) -> Self {
        Self { stream, deadline: Deadline::new(), write, out: Vec::new() }
    }

    /// Reads everything that is there into the decoder (at most some 64 KiB), waiting for the
    /// first byte until `due`. What has arrived is read even if `due` has passed or the daemon is
    /// stopping.
    pub(crate) async fn read(
        &mut self,
        decoder: &mut Decoder,
        due: Option<Instant>,
        stopped: &mut Pin<Box<impl Future<Output = ()>>>,
    ) -> Result<(), Over> {
        let Self { stream, deadline, .. } = self;
        let space = decoder.space();
        let mut room = space.len();
        let first = poll_fn(|cx| match Pin::new(&mut *stream).poll_read(cx, space) {
            Poll::Ready(count) => Poll::Ready(count.map_err(Over::Failed)),
            Poll::Pending => stopped.as_mut().poll(cx).map(|()| Err(Over::Stopped)),
        });
        let mut count = deadline.by(due, first).await.map_err(|_| Over::Late)??;
        if count == 0 {
            return Err(Over::Closed);
        }
        decoder.filled(count);
        let mut total = count;
        // There may be more only if the room was filled.
        while count == room && total < READ_BYTES_MAX {
            let space = decoder.space();
            room = space.len();
            let more = poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, space));
            match future::poll_once(more).await {
                // An end or a failure comes again with the next read, after the replies.
                None | Some(Ok(0) | Err(_)) => break,
                Some(Ok(read)) => count = read,
            }
            decoder.filled(count);
            total += count;
        }
        Ok(())
    }

    /// Sends all replies that wait.
    pub(crate) async fn flush(&mut self) -> Result<(), Over> {
        let Self { stream, deadline, write, out } = self;
        let mut sent = 0;
        while sent < out.len() {
            let due = Some(Instant::now() + *write);
            let count = deadline.by(due, stream.write(&out[sent..])).await;
            match count.map_err(|_| Over::Stalled)?.map_err(Over::Failed)? {
                0 => return Err(Over::Failed(io::ErrorKind::WriteZero.into())),
                count => sent += count,
            }
        }
        // TLS keeps what the socket has no room for, at most some 64 KiB.
        let due = Some(Instant::now() + *write);
        let flushed = deadline.by(due, stream.flush()).await;
        flushed.map_err(|_| Over::Stalled)?.map_err(Over::Failed)?;
        out.clear();
        out.shrink_to(KEPT_BYTES_MAX);
        Ok(())
    }

    /// Sends what waits, says that nothing more will come, and reads on for a moment, so that the
    /// peer can read its last reply.
    pub(crate) async fn part(mut self) {
        if self.flush().await.is_err() || self.stream.close().await.is_err() {
            return;
        }
        let due = Some(Instant::now() + LINGER);
        let mut space = vec![0; 4 * 1024];
        let mut left = LINGER_BYTES_MAX;
        while left > 0 {
            let Self { stream, deadline, .. } = &mut self;
            let read = poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, &mut space));
            match deadline.by(due, read).await {
                Ok(Ok(count)) if count > 0 => left = left.saturating_sub(count),
                _ => return,
            }
        }
    }
}
