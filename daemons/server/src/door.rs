//! One port for two languages: frames in the clear, or frames in TLS. The first byte tells which,
//! since a header begins with a digit and a handshake with 0x16; whatever else comes first is
//! taken for frames, and is none.
//!
//! Any certificate whose key the peer has gets through the handshake: what it is worth is judged
//! behind it, so that a peer that may do less than it hoped is told what is missing, and can search.

use crate::authority::{Caller, Why, is_local};
use agencia_client::tls::{Authority, Credentials};
use futures_lite::{AsyncRead, AsyncWrite, ready};
use futures_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use futures_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use futures_rustls::rustls::server::{NoServerSessionStorage, ServerConfig};
use futures_rustls::rustls::version::TLS13;
use futures_rustls::rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
};
use futures_rustls::server::TlsStream;
use futures_rustls::{Accept, TlsAcceptor};
use smol::Timer;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

/// The first byte of a handshake: the kind of its record.
const HANDSHAKE: u8 = 0x16;

/// Lets other hosts prove who they are; a daemon without a certificate has none.
pub(crate) struct Doorkeeper {
    acceptor: TlsAcceptor,
    authority: Authority,
}

impl Doorkeeper {
    /// # Errors
    /// When rustls cannot use the certificate.
    pub(crate) fn new(credentials: &Credentials) -> Result<Self, Error> {
        let authority = credentials.authority().clone();
        let verifier = AnyCertificate(authority.verifier());
        let mut config = ServerConfig::builder_with_provider(agencia_client::tls::provider())
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(credentials.certificates().to_vec(), credentials.private_key())?;
        // Every connection shows its certificate: nothing is resumed.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority })
    }

    fn judge(&self, certificates: Option<&[CertificateDer<'_>]>) -> Caller {
        match self.authority.judge(certificates.unwrap_or_default(), SystemTime::now()) {
            Ok(roles) => Caller::Proven(roles),
            Err(unproven) => Caller::Unproven(Why::Certificate(unproven)),
        }
    }
}

/// A stream that knows who is at its other end.
pub(crate) trait Entrance: AsyncRead + AsyncWrite + Unpin {
    /// Who that is, as far as what was read tells.
    fn caller(&self) -> Caller;
}

/// A peer's stream, whichever language it speaks.
pub(crate) struct Door<S> {
    keeper: Option<Arc<Doorkeeper>>,
    /// For the whole handshake, from its first byte.
    patience: Duration,
    caller: Caller,
    local: bool,
    state: State<S>,
}

enum State<S> {
    /// Nothing has come.
    Fresh(S),
    /// Frames in the clear.
    Plain(S),
    /// In the middle of the handshake.
    Greeting { accept: Box<Accept<Prefixed<S>>>, due: Timer },
    /// Frames in TLS.
    Secure(Box<TlsStream<Prefixed<S>>>),
    /// The handshake has failed.
    Shut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Door<S> {
    pub(crate) fn new(
        stream: S,
        peer: SocketAddr,
        keeper: Option<Arc<Doorkeeper>>,
        patience: Duration,
    ) -> Self {
        let local = is_local(peer);
        let why = if keeper.is_some() { Why::InTheClear } else { Why::NoTlsHere };
        let caller = if local { Caller::ThisHost } else { Caller::Unproven(why) };
        Self { keeper, patience, caller, local, state: State::Fresh(stream) }
    }

    /// What has come first decides the language. True when the bytes are frames' to read.
    fn decide(&mut self, first: &[u8]) -> bool {
        let State::Fresh(stream) = std::mem::replace(&mut self.state, State::Shut) else {
            unreachable!("only the first bytes decide");
        };
        let speaks_tls = first.first() == Some(&HANDSHAKE);
        if let (true, Some(keeper)) = (speaks_tls, &self.keeper) {
            let prefixed = Prefixed { prefix: first.to_vec(), used: 0, stream };
            let accept = Box::new(keeper.acceptor.accept(prefixed));
            self.state = State::Greeting { accept, due: Timer::after(self.patience) };
            return false;
        }
        if speaks_tls && !self.local {
            self.caller = Caller::Unproven(Why::NoTlsHereTried);
        }
        self.state = State::Plain(stream);
        true
    }

    /// Goes on with the handshake. When it is over, the peer is known.
    fn poll_greeting(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let State::Greeting { accept, due } = &mut self.state else { return Poll::Ready(Ok(())) };
        let accepted = match Pin::new(accept).poll(cx) {
            Poll::Ready(accepted) => accepted,
            Poll::Pending => {
                ready!(Pin::new(due).poll(cx));
                let late = "the handshake did not arrive in time";
                Err(io::Error::new(ErrorKind::TimedOut, late))
            }
        };
        self.state = State::Shut;
        let stream = accepted?;
        if let (false, Some(keeper)) = (self.local, &self.keeper) {
            self.caller = keeper.judge(stream.get_ref().1.peer_certificates());
        }
        self.state = State::Secure(Box::new(stream));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Entrance for Door<S> {
    fn caller(&self) -> Caller {
        self.caller
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Door<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let door = self.get_mut();
        if let State::Fresh(stream) = &mut door.state {
            let count = ready!(Pin::new(stream).poll_read(cx, buffer))?;
            if count == 0 || door.decide(&buffer[..count]) {
                return Poll::Ready(Ok(count));
            }
        }
        ready!(door.poll_greeting(cx))?;
        match &mut door.state {
            State::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            State::Secure(stream) => Pin::new(stream).poll_read(cx, buffer),
            State::Fresh(_) | State::Greeting { .. } | State::Shut => Poll::Ready(Ok(0)),
        }
    }
}

/// What a state has to write to; nothing before the language is known.
macro_rules! written {
    ($door:expr, $nothing:expr, |$stream:ident| $write:expr) => {
        match &mut $door.get_mut().state {
            State::Fresh($stream) | State::Plain($stream) => $write,
            State::Secure($stream) => $write,
            State::Greeting { .. } | State::Shut => Poll::Ready($nothing),
        }
    };
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Door<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let nobody = Err(ErrorKind::NotConnected.into());
        written!(self, nobody, |stream| Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        written!(self, Ok(()), |stream| Pin::new(stream).poll_flush(cx))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        written!(self, Ok(()), |stream| Pin::new(stream).poll_close(cx))
    }
}

/// A stream of which some bytes were read already.
struct Prefixed<S> {
    prefix: Vec<u8>,
    used: usize,
    stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let Self { prefix, used, stream } = self.get_mut();
        if *used == prefix.len() {
            return Pin::new(stream).poll_read(cx, buffer);
        }
        let left = &prefix[*used..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        *used += count;
        if *used == prefix.len() {
            (*prefix, *used) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(count))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
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

/// Takes any certificate, or none, and checks only that the peer has its key.
#[derive(Debug)]
struct AnyCertificate(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // A peer with another authority's certificate is to show it, and be told.
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests;
