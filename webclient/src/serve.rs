//! The accept loop: connections in, requests to the routes, responses out, all within limits.
//!
//! warp's own server has no deadline for a request's head, so its filters are served from here.
//! Nothing in this file knows a page except those that say that a request was not taken.

use crate::pages::error::Trouble;
use crate::security::{self, Encrypted};
use crate::settings::Http;
use agencia_protocol::trip::ClientAddress;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use warp::http::{Request, header};
use warp::reply::Response;

/// How long to wait when the process is out of file descriptors: closing connections frees some.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// The largest head of a request, in bytes: its line and its headers. hyper answers a larger one
/// with 431 and closes.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// How much the kernel takes of what a visitor has no room for, in bytes. Without a limit it takes
/// megabytes, and whoever asks for page after page and reads none is served for as long.
const UNSENT_BYTES_MAX: u32 = 64 * 1024;

/// How many visitors above the limit are told so at once; the rest is closed without a word.
const TURNED_AWAY_MAX: usize = 64;

/// How long a visitor who is turned away may take to read it.
const TURNED_AWAY_PATIENCE: Duration = Duration::from_secs(1);

/// How long a stopping service waits for the first request of a connection, from its beginning.
const FIRST_GRACE: Duration = Duration::from_secs(2);

/// The whole answer to a connection above the limit, written without parsing what it asked.
const TURNED_AWAY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n\
    x-content-type-options: nosniff\r\n\
    retry-after: 2\r\n\
    connection: close\r\n\
    content-length: 142\r\n\r\n\
    H\xc3\xa1 visitantes demais neste momento. Tente de novo em alguns segundos.\n\
    There are too many visitors at this moment. Try again in some seconds.\n";

/// What serves requests whose body has arrived.
pub(crate) trait Pages:
    Service<Request<Full<Bytes>>, Response = Response, Error = Infallible, Future: Send>
    + Send
    + Sync
    + 'static
{
}

impl<S> Pages for S where
    S: Service<Request<Full<Bytes>>, Response = Response, Error = Infallible, Future: Send>
        + Send
        + Sync
        + 'static
{
}

/// What a connection is served with, from its beginning to its end.
pub(crate) struct Serving<S> {
    pub(crate) pages: S,
    pub(crate) http: Http,
}

/// Serves what is `current`, which a reload replaces, until `stop` becomes true, then lets the
/// requests in flight finish for as long as the settings allow. Says whether all of them did.
pub(crate) async fn serve<S: Pages>(
    listeners: Vec<TcpListener>,
    current: Arc<Mutex<Arc<Serving<S>>>>,
    stop: watch::Receiver<bool>,
) -> bool {
    let connections_max = now(&current).http.connections_max.get();
    let server = Arc::new(Server {
        current,
        connections: Arc::new(Semaphore::new(connections_max as usize)),
        turned_away: Arc::new(Semaphore::new(TURNED_AWAY_MAX)),
        crowded: AtomicBool::new(false),
        connections_max,
        stop,
    });
    let accepting: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(server.clone().accept(listener)))
        .collect();
    for task in accepting {
        if let Err(error) = task.await {
            log::error!("an accept loop ended: {error}");
        }
    }
    let drain = Duration::from_secs(now(&server.current).http.drain_secs.get());
    // Every connection holds a permit: all of them back means that none is left.
    let all = server.connections.acquire_many(connections_max);
    tokio::time::timeout(drain, all).await.is_ok()
}

fn now<S>(current: &Mutex<Arc<Serving<S>>>) -> Arc<Serving<S>> {
    current.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

struct Server<S> {
    current: Arc<Mutex<Arc<Serving<S>>>>,
    connections_max: u32,
    connections: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
    /// Whether the last connection was one too many: a crowd is logged once, not by head.
    crowded: AtomicBool,
    stop: watch::Receiver<bool>,
}

impl<S: Pages> Server<S> {
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        let mut stop = self.stop.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = told(&mut stop) => return,
            };
            match accepted {
                Ok((stream, peer)) => self.clone().take(stream, peer),
                Err(error) if belongs_to_a_connection(&error) => {
                    log::debug!("a connection went away before it was accepted: {error}");
                }
                Err(error) => {
                    log::warn!("cannot accept connections for the moment: {error}");
                    tokio::time::sleep(EXHAUSTED_PAUSE).await;
                }
            }
        }
    }

    fn take(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        log::debug!("New connection from {peer}");
        if let Ok(permit) = self.connections.clone().try_acquire_owned() {
            self.crowded.store(false, Ordering::Relaxed);
            tokio::spawn(self.converse(stream, peer.ip(), permit));
            return;
        }
        if !self.crowded.swap(true, Ordering::Relaxed) {
            let open = self.connections_max;
            log::warn!("{open} connections are open, more are turned away; see connections_max");
        }
        if let Ok(permit) = self.turned_away.clone().try_acquire_owned() {
            tokio::spawn(turn_away(stream, permit));
        }
    }

    async fn converse(
        self: Arc<Self>,
        stream: TcpStream,
        peer: IpAddr,
        permit: OwnedSemaphorePermit,
    ) {
        let arrived = Instant::now();
        let serving = now(&self.current);
        let http = &serving.http;
        let write = Duration::from_secs(http.write_secs.get());
        if let Err(error) = set_up(&stream, write) {
            log::debug!("a connection could not be set up: {error}");
            return;
        }
        let mut stop = self.stop.clone();
        let asked = Notify::new();
        let answer = service_fn(|request| {
            asked.notify_one();
            let (serving, stop) = (serving.clone(), self.stop.clone());
            async move {
                let mut response = serving.answer(request, peer).await;
                if *stop.borrow() {
                    let close = header::HeaderValue::from_static("close");
                    response.headers_mut().insert(header::CONNECTION, close);
                }
                Ok::<_, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(http.head_secs.get()))
            .max_header_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), answer);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = told_and_asked(&mut stop, &asked, arrived) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            log::debug!("a connection ended early: {error}");
        }
        drop(permit);
    }
}

impl<S: Pages> Serving<S> {
    async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Response {
        let began = Instant::now();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        // A request that is not taken gets its page as well, in the language that it asks for.
        let (mut head, ()) = Request::new(()).into_parts();
        head.uri = request.uri().clone();
        head.headers = request.headers().clone();
        let mut admitted = self.admit(request).await.unwrap_or_else(|trouble| {
            head.extensions.insert(trouble);
            Request::from_parts(head, Full::default())
        });
        let address = security::client(peer, admitted.headers(), &self.http.trusted_proxies);
        let encrypted = Encrypted::of(peer, admitted.headers(), &self.http.trusted_proxies);
        admitted.extensions_mut().insert(ClientAddress::new(address));
        admitted.extensions_mut().insert(encrypted);
        let Ok(mut response) = self.pages.call(admitted).await;
        security::harden(response.headers_mut());
        let level = match path.starts_with("/static/") || path == "/saude" {
            true => log::Level::Debug,
            false => log::Level::Info,
        };
        let daemons = response.headers().get("server-timing");
        log::log!(
            level,
            "{method} {path} {} in {:.1} ms ({})",
            response.status().as_u16(),
            began.elapsed().as_secs_f64() * 1000.0,
            daemons.and_then(|value| value.to_str().ok()).unwrap_or("no daemon asked"),
        );
        response
    }

    /// The request with its whole body, if it may be served.
    async fn admit(&self, request: Request<Incoming>) -> Result<Request<Full<Bytes>>, Trouble> {
        let uri_bytes = request.uri().path_and_query().map_or(0, |whole| whole.as_str().len());
        if uri_bytes > self.http.uri_bytes_max.get() {
            return Err(Trouble::UriTooLong);
        }
        if !security::is_same_origin(request.method(), request.headers()) {
            return Err(Trouble::CrossSite);
        }
        let limit = self.http.body_bytes_max.get();
        let (parts, body) = request.into_parts();
        let announced = parts.headers.get(header::CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(Trouble::BodyTooLarge);
        }
        let deadline = Duration::from_secs(self.http.body_secs.get());
        match tokio::time::timeout(deadline, Limited::new(body, limit).collect()).await {
            Ok(Ok(body)) => Ok(Request::from_parts(parts, Full::new(body.to_bytes()))),
            Ok(Err(_)) => Err(Trouble::BodyTooLarge),
            Err(_) => Err(Trouble::BodyTooSlow),
        }
    }
}

/// Waits until it is time to stop, and then for the first request of a connection that has only just
/// come: hyper would close it without an answer.
async fn told_and_asked(stop: &mut watch::Receiver<bool>, asked: &Notify, arrived: Instant) {
    told(stop).await;
    let grace = FIRST_GRACE.saturating_sub(arrived.elapsed());
    // Whether it came or not, what has begun is finished.
    drop(tokio::time::timeout(grace, asked.notified()).await);
}

/// Waits until it is time to stop; a sender that is gone says so, too.
async fn told(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|&stop| stop).await.is_err() {
        log::debug!("nobody is left who could say when to stop");
    }
}

/// Whether an error of `accept` is about one connection and not about this process.
fn belongs_to_a_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// A peer may leave written bytes unread for `write`.
fn set_up(stream: &TcpStream, write: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = socket2::SockRef::from(stream);
    // The kernel drops the connection then.
    socket.set_tcp_user_timeout(Some(write))?;
    socket.set_tcp_notsent_lowat(UNSENT_BYTES_MAX)
}

/// Says that there is no room, and reads what the visitor sent: closing with unread bytes would
/// take the answer back from the visitor's own buffer.
async fn turn_away(mut stream: TcpStream, permit: OwnedSemaphorePermit) {
    let told = async {
        stream.write_all(TURNED_AWAY).await?;
        stream.shutdown().await?;
        let mut unread = [0; 1024];
        while stream.read(&mut unread).await? > 0 {}
        io::Result::Ok(())
    };
    if !matches!(tokio::time::timeout(TURNED_AWAY_PATIENCE, told).await, Ok(Ok(()))) {
        log::debug!("a visitor was turned away and did not listen");
    }
    drop(permit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_one_too_many_says_its_own_length() {
        let text = std::str::from_utf8(TURNED_AWAY).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let length = format!("content-length: {}", body.len());
        assert!(head.lines().any(|line| line == length), "{length}");
    }
}
