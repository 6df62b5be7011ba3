//! A daemon that does what a test tells it: a listener on port 0 and a script per connection.

use agencia_client::{Connection, Deadlines, Peer, Pool, PoolOptions, Spawn};
use agencia_protocol::frame::{Decoder, encode};
use async_net::{TcpListener, TcpStream};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Long enough for a busy machine, short enough for a test that waits for it.
pub(crate) const SHORT: Deadlines =
    Deadlines { connect: Duration::from_secs(5), reply: Duration::from_millis(300) };

/// For tests in which no deadline is to pass.
pub(crate) const LONG: Deadlines =
    Deadlines { connect: Duration::from_secs(30), reply: Duration::from_secs(30) };

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Number {
    pub(crate) n: u32,
}

pub(crate) fn body(n: u32) -> String {
    format!("{{\"n\":{n}}}")
}

/// The daemon's side of one connection, with the greeting already read.
pub(crate) struct Peeled {
    stream: TcpStream,
    decoder: Decoder,
    /// Which connection this is, from 0.
    pub(crate) number: usize,
}

impl Peeled {
    /// The next request, or nothing when the client has closed.
    pub(crate) async fn request(&mut self) -> Option<String> {
        loop {
            if let Some(body) = self.decoder.next_frame().expect("the client sends frames") {
                return Some(String::from_utf8(body.to_vec()).expect("UTF-8"));
            }
            match self.stream.read(self.decoder.space()).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.decoder.filled(count),
            }
        }
    }

    pub(crate) async fn requests(&mut self, count: usize) -> Vec<String> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.request().await.expect("one more request"));
        }
        all
    }

    pub(crate) async fn reply(&mut self, body: &str) {
        let mut frame = Vec::new();
        encode(body.as_bytes(), &mut frame);
        self.raw(&frame).await;
    }

    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        // A client that has gone away is what some tests are about.
        drop(self.stream.write_all(bytes).await);
    }

    /// Answers every request with itself until the client closes.
    pub(crate) async fn echo(mut self) {
        while let Some(request) = self.request().await {
            self.reply(&request).await;
        }
    }

    /// Reads on and answers nothing until the client closes.
    pub(crate) async fn hang(mut self) {
        while self.request().await.is_some() {}
    }
}

/// A daemon that runs `script` for each connection; it ends when this is dropped.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    listening: smol::Task<()>,
    scripts: Scripts,
}

type Scripts = Arc<Mutex<Vec<smol::Task<()>>>>;

impl Fake {
    pub(crate) async fn start<F>(script: impl Fn(Peeled) -> F + Send + 'static) -> Fake
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Fake::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), script).await
    }

    pub(crate) async fn start_at<F>(
        address: SocketAddr,
        script: impl Fn(Peeled) -> F + Send + 'static,
    ) -> Fake
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let scripts = Scripts::default();
        let started = Arc::clone(&scripts);
        let listening = smol::spawn(async move {
            for number in 0.. {
                let (stream, _) = listener.accept().await.expect("a connection");
                let mut peeled = Peeled { stream, decoder: Decoder::new(1 << 20), number };
                assert_eq!(peeled.request().await.as_deref(), Some("\"I'm live!\""));
                // Kept, so that they end with the daemon.
                started.lock().expect("no panic").push(smol::spawn(script(peeled)));
            }
        });
        Fake { address, listening, scripts }
    }

    /// Ends the daemon as a crash does: when this returns its sockets are closed.
    pub(crate) async fn stop(self) {
        self.listening.cancel().await;
        let scripts = std::mem::take(&mut *self.scripts.lock().expect("no panic"));
        for script in scripts {
            script.cancel().await;
        }
    }

    pub(crate) fn peer(&self) -> Peer {
        Peer { name: "voos".to_owned(), address: self.address }
    }

    pub(crate) async fn connect(&self, deadlines: Deadlines) -> Connection {
        let (connection, driver) =
            agencia_client::connect(self.address, deadlines).await.expect("a connection");
        smol::spawn(driver).detach();
        connection
    }

    pub(crate) fn pool(&self, connections_max: usize, deadlines: Deadlines) -> Pool {
        pool(self.peer(), connections_max, deadlines)
    }
}

pub(crate) fn pool(peer: Peer, connections_max: usize, deadlines: Deadlines) -> Pool {
    let options = PoolOptions { connections_max, deadlines, ..PoolOptions::default() };
    Pool::new(peer, options, spawn())
}

pub(crate) fn spawn() -> Spawn {
    Arc::new(|driver| smol::spawn(driver).detach())
}

/// An address at which nobody listens.
pub(crate) fn deaf() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound address")
}
