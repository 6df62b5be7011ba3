//! One connection: many calls in flight, answered in order.

use crate::deadline::{Deadlines, Elapsed, within};
use crate::driver::{self, Call, Reply, Slot};
use crate::error::{ClientError, Failure, Step};
use crate::peers::Peer;
use crate::tls::{Credentials, Refusal, Stream};
use agencia_protocol::frame::{self, FRAME_BYTES_CEILING, HEADER_BYTES};
use async_channel::{Receiver, Sender};
use async_net::TcpStream;
use futures_lite::AsyncWriteExt;
use smol::lock::Semaphore;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The first frame of every connection: logged by the daemon and not answered.
const GREETING: &[u8] = b"\"I'm live!\"";

/// The limits of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionOptions {
    /// How many calls may be in flight; the next one waits for its turn. 64 by default, at
    /// least 1.
    pub in_flight_max: usize,
    /// The largest reply, in bytes; a larger one is [`ClientError::Unreadable`]. 16 MiB by
    /// default.
    pub reply_bytes_max: usize,
    /// How long the daemon is waited for.
    pub deadlines: Deadlines,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            in_flight_max: 64,
            reply_bytes_max: 16 * 1024 * 1024,
            deadlines: Deadlines::default(),
        }
    }
}

/// Connects to a daemon and greets it. The future must be spawned: calls are carried out by it.
/// It ends when the connection does, and when the last [`Connection`] is dropped and what was
/// sent has been answered. Dropping it closes the connection.
///
/// # Errors
/// [`ClientError::Unreachable`] and [`ClientError::Deadline`].
pub async fn connect(
    address: SocketAddr,
    deadlines: Deadlines,
) -> Result<(Connection, impl Future<Output = ()> + Send + 'static), ClientError> {
    let options = ConnectionOptions { deadlines, ..ConnectionOptions::default() };
    connect_with(Peer::unnamed(address), options).await
}

/// [`connect`] with every limit given, to a daemon that errors call by its name.
///
/// # Errors
/// Those of [`connect`].
pub async fn connect_with(
    peer: Peer,
    options: ConnectionOptions,
) -> Result<(Connection, impl Future<Output = ()> + Send + 'static), ClientError> {
    let stream = open(&peer, options.deadlines, None).await?;
    let (connection, queue) = Connection::new(peer.clone(), options);
    Ok((connection, driver::run(stream, peer, options, queue)))
}

/// A connection at once, made by its driver: calls may be queued before it is open, and are all
/// told when it cannot be.
pub(crate) fn connect_later(
    peer: Peer,
    options: ConnectionOptions,
    credentials: Option<Credentials>,
) -> (Connection, impl Future<Output = ()> + Send + 'static) {
    let (connection, queue) = Connection::new(peer.clone(), options);
    let driver = async move {
        match open(&peer, options.deadlines, credentials.as_ref()).await {
            Ok(stream) => driver::run(stream, peer, options, queue).await,
            Err(error) => queue.refuse(&error),
        }
    };
    (connection, driver)
}

/// Connects, and proves who both are where there are credentials for it; then greets.
async fn open(
    peer: &Peer,
    deadlines: Deadlines,
    credentials: Option<&Credentials>,
) -> Result<Stream, ClientError> {
    let opening = async {
        let stream = TcpStream::connect(peer.address).await.map_err(Refusal::Failed)?;
        stream.set_nodelay(true).map_err(Refusal::Failed)?;
        let mut stream = match credentials {
            None => Stream::Plain(stream),
            Some(credentials) => Stream::secure(stream, credentials).await?,
        };
        let mut greeting = Vec::with_capacity(HEADER_BYTES + GREETING.len());
        frame::encode(GREETING, &mut greeting);
        stream.write_all(&greeting).await.map_err(Refusal::Failed)?;
        stream.flush().await.map_err(Refusal::Failed)?;
        Ok(stream)
    };
    let peer = peer.clone();
    match within(deadlines.connect, opening).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(Refusal::Failed(source))) => {
            Err(ClientError::Unreachable { peer, source: Arc::new(source) })
        }
        Ok(Err(Refusal::Told(error))) => Err(ClientError::Refused(error)),
        Ok(Err(Refusal::NoTls)) => Err(ClientError::Untrusted { peer, reason: None }),
        Ok(Err(Refusal::Unproven(reason))) => {
            Err(ClientError::Untrusted { peer, reason: Some(reason) })
        }
        Err(Elapsed) => {
            Err(ClientError::Deadline { peer, step: Step::Connect, after: deadlines.connect })
        }
    }
}

/// A handle to one connection; clones share it. It opens no second one: when it is closed it
/// stays closed.
#[derive(Debug, Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    peer: Peer,
    deadlines: Deadlines,
    queue: Sender<Call>,
    turns: Arc<Semaphore>,
    load: Arc<AtomicUsize>,
}

impl Connection {
    fn new(peer: Peer, options: ConnectionOptions) -> (Self, driver::Queue) {
        // Unbounded, because a call has its turn before it is queued.
        let (queue, calls): (Sender<Call>, Receiver<Call>) = async_channel::unbounded();
        let shared = Shared {
            peer,
            deadlines: options.deadlines,
            queue,
            turns: Arc::new(Semaphore::new(options.in_flight_max.max(1))),
            load: Arc::default(),
        };
        (Self { shared: Arc::new(shared) }, driver::Queue::new(calls))
    }

    /// Sends a body and waits for the body that answers it. Calls are answered in the order in
    /// which they were made, whoever makes them. Dropping the future abandons the call: what was
    /// sent stays sent, and its reply is read and thrown away.
    ///
    /// # Errors
    /// [`ClientError`]; an error that the daemon answers is a body like any other here.
    pub async fn call(&self, body: &[u8]) -> Result<Vec<u8>, ClientError> {
        let reply = self.exchange(body, self.claim()).await;
        reply.map(|reply| reply.body).map_err(|failure| failure.told(&self.shared.peer))
    }

    /// Whether calls can still be made; a connection that just broke may not know it yet.
    pub fn is_open(&self) -> bool {
        !self.shared.queue.is_closed()
    }

    /// How many calls are in flight or wait for their turn.
    pub(crate) fn load(&self) -> usize {
        self.shared.load.load(Ordering::Relaxed)
    }

    /// Counts a call that is about to be made.
    pub(crate) fn claim(&self) -> Claim {
        self.shared.load.fetch_add(1, Ordering::Relaxed);
        Claim(Arc::clone(&self.shared.load))
    }

    /// One call, with the time its answer took.
    pub(crate) async fn exchange(&self, body: &[u8], claim: Claim) -> Result<Reply, Failure> {
        let frame = framed(body).map_err(Failure::Told)?;
        let turn = match self.shared.turns.try_acquire_arc() {
            Some(turn) => turn,
            None => {
                let waited = self.shared.deadlines.reply;
                let turn = within(waited, self.shared.turns.acquire_arc()).await;
                turn.map_err(|Elapsed| Failure::Told(self.late(Step::Turn, waited)))?
            }
        };
        let (reply, answer) = async_channel::bounded(1);
        let slot = Slot { _turn: turn, _claim: claim };
        if self.shared.queue.try_send(Call { frame, reply, slot }).is_err() {
            return Err(Failure::Unsent);
        }
        // A driver that drops the call without a word had sent it.
        let lost = || Failure::Told(ClientError::Lost { peer: self.shared.peer.clone() });
        answer.recv().await.unwrap_or_else(|_| Err(lost()))
    }

    fn late(&self, step: Step, after: std::time::Duration) -> ClientError {
        ClientError::Deadline { peer: self.shared.peer.clone(), step, after }
    }
}

/// A call that counts as load until it is answered.
#[derive(Debug)]
pub(crate) struct Claim(Arc<AtomicUsize>);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn framed(body: &[u8]) -> Result<Vec<u8>, ClientError> {
    if body.is_empty() || body.len() > FRAME_BYTES_CEILING {
        let problem = format!("a body has 1 to {FRAME_BYTES_CEILING} bytes, not {}", body.len());
        let source = Arc::new(io::Error::new(io::ErrorKind::InvalidInput, problem));
        return Err(ClientError::Unwritable { source });
    }
    let mut frame = Vec::with_capacity(HEADER_BYTES + body.len());
    frame::encode(body, &mut frame);
    Ok(frame)
}
