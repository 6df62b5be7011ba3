//! The connection to a daemon: in the clear on this host, TLS to another one.

use super::authority::{Unproven, reason};
use super::credentials::Credentials;
use agencia_protocol::frame::Decoder;
use agencia_protocol::{ErrorReply, WireError};
use async_net::TcpStream;
use futures_lite::{AsyncRead, AsyncWrite, ready};
use futures_rustls::client::TlsStream;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

/// How much of what a daemon says instead of shaking hands is read, in bytes.
const HEARD_BYTES_MAX: usize = 4 * 1024;

/// A connection to a daemon.
#[derive(Debug)]
pub(crate) enum Stream {
    /// In the clear.
    Plain(TcpStream),
    /// The daemon has proven that it is one.
    Secure(Box<TlsStream<Listener<TcpStream>>>),
}

/// Why no TLS came about.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The daemon said why, in the clear.
    Told(WireError),
    /// It speaks no TLS, and what it said is no error.
    NoTls,
    /// It has shown a certificate that proves nothing.
    Unproven(Unproven),
    /// The connection failed.
    Failed(io::Error),
}

impl Stream {
    /// Shakes hands with a daemon.
    pub(crate) async fn secure(
        stream: TcpStream,
        credentials: &Credentials,
    ) -> Result<Self, Refusal> {
        let (connector, name) = credentials.connector();
        let listener = Listener { stream, heard: Some(Vec::new()) };
        match connector.connect(name, listener).into_fallible().await {
            Ok(mut stream) => {
                stream.get_mut().0.heard = None;
                Ok(Self::Secure(Box::new(stream)))
            }
            Err((error, listener)) => Err(refusal(error, &listener.heard.unwrap_or_default())),
        }
    }
}

/// What went wrong, from the error and what the daemon had said by then.
fn refusal(error: io::Error, heard: &[u8]) -> Refusal {
    // A record of TLS begins with its kind, a frame with a digit.
    if heard.first().is_some_and(u8::is_ascii_digit) {
        let mut decoder = Decoder::new(HEARD_BYTES_MAX);
        decoder.feed(heard);
        let told = decoder
            .next_frame()
            .ok()
            .flatten()
            .and_then(|body| serde_json::from_slice::<ErrorReply>(body).ok());
        return told.map_or(Refusal::NoTls, |reply| Refusal::Told(reply.error));
    }
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(cause @ rustls::Error::InvalidCertificate(_)) => Refusal::Unproven(reason(cause)),
        _ => Refusal::Failed(error),
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_close(cx),
            Self::Secure(stream) => Pin::new(stream).poll_close(cx),
        }
    }
}

/// A socket that remembers what was read from it, until the handshake is over.
#[derive(Debug)]
pub(crate) struct Listener<S> {
    stream: S,
    heard: Option<Vec<u8>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Listener<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, heard } = self.get_mut();
        let count = ready!(Pin::new(stream).poll_read(cx, buffer))?;
        if let Some(heard) = heard {
            let room = HEARD_BYTES_MAX - heard.len();
            heard.extend_from_slice(&buffer[..count.min(room)]);
        }
        Poll::Ready(Ok(count))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Listener<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_close(cx)
    }
}
