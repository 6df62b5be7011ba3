//! What conversations are tested with: a socket made of memory, and a handler that echoes and
//! writes down what it is asked.

use super::super::{Course, Handler, Later};
use crate::clock::Now;
use crate::crew::Crew;
use agencia_catalog::Moment;
use agencia_protocol::frame::Decoder;
use agencia_protocol::request::Request;
use agencia_protocol::{Code, Day, WireError};
use futures_lite::{AsyncRead, AsyncWrite, future};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// What a [`Memory`] does.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// What arrives: each is one read.
    pub(crate) input: VecDeque<Vec<u8>>,
    /// Whether the peer's side ends after the input; else it stays silent.
    pub(crate) ends: bool,
    /// Whether the peer has stopped reading.
    pub(crate) stuck: bool,
    /// What was written: each is one write.
    pub(crate) writes: Vec<Vec<u8>>,
    pub(crate) closed: bool,
}

/// A socket made of memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(pub(crate) Arc<Mutex<State>>);

impl Memory {
    pub(crate) fn new(input: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let input = input.into_iter().collect();
        Self(Arc::new(Mutex::new(State { input, ends: true, ..State::default() })))
    }

    pub(crate) fn silent(input: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let memory = Self::new(input);
        memory.0.lock().unwrap().ends = false;
        memory
    }

    pub(crate) fn writes(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap().writes.clone()
    }

    /// The bodies of all frames that were written.
    pub(crate) fn replies(&self) -> Vec<String> {
        let mut decoder = Decoder::new(1_000_000);
        decoder.feed(&self.writes().concat());
        let mut bodies = Vec::new();
        while let Some(body) = decoder.next_frame().unwrap() {
            bodies.push(String::from_utf8(body.to_vec()).unwrap());
        }
        bodies
    }
}

impl AsyncRead for Memory {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        space: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock().unwrap();
        let Some(mut piece) = state.input.pop_front() else {
            return if state.ends { Poll::Ready(Ok(0)) } else { Poll::Pending };
        };
        let count = piece.len().min(space.len());
        space[..count].copy_from_slice(&piece[..count]);
        if count < piece.len() {
            state.input.push_front(piece.split_off(count));
        }
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for Memory {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock().unwrap();
        if state.stuck {
            return Poll::Pending;
        }
        state.writes.push(bytes.to_vec());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.lock().unwrap().closed = true;
        Poll::Ready(Ok(()))
    }
}

/// Answers a search with its own body, and writes down in which order it is asked what.
#[derive(Debug, Default)]
pub(crate) struct Echo {
    pub(crate) events: Arc<Mutex<Vec<String>>>,
    pub(crate) readings: AtomicUsize,
    pub(crate) rendered: Arc<AtomicUsize>,
}

impl Echo {
    fn note(&self, event: impl Into<String>) {
        self.events.lock().unwrap().push(event.into());
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.events.lock().unwrap().clone()
    }
}

impl Handler for Echo {
    fn title(&self) -> &'static str {
        "Ecos"
    }

    fn status(&self) -> String {
        "echoing".to_owned()
    }

    fn duties(self: Arc<Self>, _: &Crew) {}

    fn parse<'a>(&self, body: &'a [u8]) -> Result<Request<'a>, WireError> {
        Request::parse(body, "eco", "cidade")
    }

    fn now(&self) -> Now {
        self.readings.fetch_add(1, Ordering::Relaxed);
        Now { moment: Moment { day: Day::from_number(0), minute: 0 }, unix_millis: 0 }
    }

    fn course(&self, request: &Request<'_>) -> Course {
        match request {
            Request::Reserve(_) => Course::Together,
            Request::Import | Request::Trip(_) => Course::Alone,
            _ => Course::Now,
        }
    }

    fn render(
        &self,
        request: &Request<'_>,
        body: &[u8],
        _: Now,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        self.rendered.fetch_add(1, Ordering::Relaxed);
        self.note("rendered");
        out.extend_from_slice(body);
        match request {
            // What was written before the error must not be sent.
            Request::Health => Err(WireError::new(Code::Internal, "doente")),
            _ => Ok(()),
        }
    }

    fn start(&self, request: &Request<'_>, _: Now) -> Result<Later, WireError> {
        let Request::Reserve(reserve) = request else {
            self.note(if *request == Request::Import { "import" } else { "trip" });
            return Ok(Box::pin(future::ready(Ok(b"{}".to_vec()))));
        };
        let id = reserve.id.to_string();
        if id == "none" {
            return Err(WireError::new(Code::SoldOut, "nada"));
        }
        self.note(format!("submitted {id}"));
        let events = self.events.clone();
        Ok(Box::pin(async move {
            future::yield_now().await;
            events.lock().unwrap().push(format!("sold {id}"));
            Ok(format!("{{\"sold\":\"{id}\"}}").into_bytes())
        }))
    }
}
