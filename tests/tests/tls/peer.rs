//! A peer that speaks frames, in the clear or in TLS, and shows any certificate or none.

use agencia_keys::Issued;
use agencia_tests::PATIENCE;
use agencia_tests::wire::{frame, parse};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

/// How it proves who it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof<'a> {
    /// It speaks in the clear.
    InTheClear,
    /// TLS without a certificate.
    None,
    /// TLS with this certificate.
    Shows(&'a Issued),
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

/// A connection.
pub(crate) struct Peer(Box<dyn Stream>);

impl Peer {
    /// Connects to a daemon of this authority's.
    pub(crate) fn connect(address: SocketAddr, authority: &str, proof: Proof<'_>) -> Self {
        Self(match proof {
            Proof::InTheClear => Box::new(tcp(address)),
            Proof::None => Box::new(secure(address, authority, None)),
            Proof::Shows(issued) => Box::new(secure(address, authority, Some(issued))),
        })
    }

    /// Sends a request and answers its reply.
    pub(crate) fn ask(&mut self, body: &str) -> Value {
        self.try_ask(body).unwrap_or_else(|error| panic!("{body}: {error}"))
    }

    /// Sends a request and answers its reply, if there is one.
    pub(crate) fn try_ask(&mut self, body: &str) -> io::Result<Value> {
        self.0.write_all(&frame(body))?;
        self.0.flush()?;
        let mut header = [0; 10];
        self.0.read_exact(&mut header)?;
        let length = String::from_utf8_lossy(&header).trim_end().parse().unwrap();
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(parse(std::str::from_utf8(&body).unwrap()))
    }
}

/// A connection without a word.
pub(crate) fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn secure(
    address: SocketAddr,
    authority: &str,
    shows: Option<&Issued>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(authority)).unwrap();
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
    let config = match shows {
        None => config.with_no_client_auth(),
        Some(shown) => {
            let key = PrivateKeyDer::from_pem_slice(shown.key.as_bytes()).unwrap();
            config.with_client_auth_cert(vec![certificate(&shown.certificate)], key).unwrap()
        }
    };
    let name = ServerName::try_from("servidor.agencia.internal").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, tcp(address))
}

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}
