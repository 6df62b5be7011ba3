//! A closed loop: so many connections, each with so many requests in flight, from one thread.
//!
//! It is the same for every peer, and as cheap as can be, because it shares the machine's cores with
//! what it measures: replies are cut by their heads and their bodies are only counted. It never
//! waits on one connection.

use crate::figure::number;
use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How a peer's replies are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    /// Ten bytes of header and the body.
    Frames,
    /// RESP2: bulk strings and whole numbers.
    Redis,
}

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) connections: usize,
    pub(crate) depth: usize,
    pub(crate) time: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) replies: u64,
    /// Those that are errors.
    pub(crate) errors: u64,
    pub(crate) elapsed: Duration,
    /// How long each batch of `depth` requests took, in nanoseconds.
    pub(crate) times: Histogram<u64>,
}

impl Outcome {
    /// Replies a second.
    pub(crate) fn rate(&self) -> f64 {
        number(self.replies) / self.elapsed.as_secs_f64()
    }

    /// A quantile in milliseconds.
    pub(crate) fn millis(&self, quantile: f64) -> f64 {
        number(self.times.value_at_quantile(quantile)) / 1e6
    }

    /// The same outcome, if no reply was an error.
    ///
    /// # Errors
    /// When one was.
    pub(crate) fn sound(self) -> io::Result<Self> {
        match self.errors {
            0 => Ok(self),
            errors => Err(io::Error::other(format!("{errors} replies are errors"))),
        }
    }
}

/// A histogram of nanoseconds up to a minute.
///
/// # Panics
/// Never: the bounds are sound.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds are sound")
}

/// Runs the loop; `ask` appends one request to the buffer.
///
/// # Errors
/// When a connection fails.
pub(crate) fn closed(
    address: SocketAddr,
    speech: Speech,
    shape: Shape,
    mut ask: impl FnMut(&mut Vec<u8>),
) -> io::Result<Outcome> {
    let mut poll = Poll::new()?;
    let mut talks = Vec::with_capacity(shape.connections);
    for number in 0..shape.connections {
        // Connected one by one: no queue of a listener overflows.
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(number), both)?;
        talks.push(Talk::new(stream));
    }
    let mut outcome =
        Outcome { replies: 0, errors: 0, elapsed: Duration::ZERO, times: histogram() };
    let mut buffer = vec![0; 256 * 1024];
    let mut events = Events::with_capacity(1024);
    let begun = Instant::now();
    let until = begun + shape.time;
    let mut working = talks.len();
    for talk in &mut talks {
        talk.begin(shape.depth, begun, &mut ask)?;
    }
    while working > 0 {
        poll.poll(&mut events, Some(Duration::from_secs(60)))?;
        if events.is_empty() {
            return Err(io::Error::new(ErrorKind::TimedOut, "no reply for a minute"));
        }
        for event in &events {
            let talk = &mut talks[event.token().0];
            if event.is_writable() {
                talk.flush()?;
            }
            if !event.is_readable() {
                continue;
            }
            // Ready only once for what has arrived: read until there is no more.
            loop {
                let read = match talk.stream.read(&mut buffer) {
                    Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                    Ok(read) => read,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                };
                let (replies, errors) = talk.cutter.take(speech, &buffer[..read]);
                outcome.replies += replies;
                outcome.errors += errors;
                talk.left -= usize::try_from(replies).expect("no more than were asked for");
                if talk.left == 0 {
                    let now = Instant::now();
                    let took = u64::try_from((now - talk.sent).as_nanos()).unwrap_or(u64::MAX);
                    outcome.times.saturating_record(took);
                    if now >= until {
                        working -= 1;
                        break;
                    }
                    talk.begin(shape.depth, now, &mut ask)?;
                }
                if read < buffer.len() {
                    break;
                }
            }
        }
    }
    outcome.elapsed = begun.elapsed();
    Ok(outcome)
}

/// One connection.
struct Talk {
    stream: TcpStream,
    out: Vec<u8>,
    written: usize,
    cutter: Cutter,
    /// How many replies are awaited, and since when.
    left: usize,
    sent: Instant,
}

impl Talk {
    fn new(stream: TcpStream) -> Self {
        let (out, cutter) = (Vec::new(), Cutter::default());
        Self { stream, out, written: 0, cutter, left: 0, sent: Instant::now() }
    }

    fn begin(
        &mut self,
        depth: usize,
        now: Instant,
        ask: &mut impl FnMut(&mut Vec<u8>),
    ) -> io::Result<()> {
        self.out.clear();
        self.written = 0;
        for _ in 0..depth {
            ask(&mut self.out);
        }
        (self.left, self.sent) = (depth, now);
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(written) => self.written += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The longest beginning of a reply that is looked at, in bytes: a frame's header and the name of
/// the only field of an error.
const HEAD_BYTES: usize = 17;

/// Counts whole replies in a stream of bytes.
#[derive(Debug, Default)]
struct Cutter {
    head: [u8; HEAD_BYTES],
    filled: usize,
    /// Bytes of the current reply that are still to come.
    skip: usize,
}

impl Cutter {
    /// How many replies end in these bytes, and how many errors begin in them.
    fn take(&mut self, speech: Speech, mut bytes: &[u8]) -> (u64, u64) {
        let (mut replies, mut errors) = (0, 0);
        while !bytes.is_empty() {
            if self.skip > 0 {
                let skipped = self.skip.min(bytes.len());
                self.skip -= skipped;
                bytes = &bytes[skipped..];
                replies += u64::from(self.skip == 0);
                continue;
            }
            self.head[self.filled] = bytes[0];
            self.filled += 1;
            bytes = &bytes[1..];
            let Some((rest, is_error)) = read_head(speech, &self.head[..self.filled]) else {
                continue;
            };
            (self.filled, self.skip) = (0, rest);
            errors += u64::from(is_error);
            replies += u64::from(rest == 0);
        }
        (replies, errors)
    }
}

/// How much of a reply comes after this beginning, once that can be told, and whether it is an
/// error.
fn read_head(speech: Speech, head: &[u8]) -> Option<(usize, bool)> {
    let length = |digits: &[u8]| {
        let text = std::str::from_utf8(digits).ok()?;
        text.trim_end().parse::<usize>().ok()
    };
    match speech {
        Speech::Frames => {
            let whole = length(head.get(..10)?).unwrap_or(0);
            let seen = head.len() - 10;
            (seen >= whole.min(HEAD_BYTES - 10))
                .then(|| (whole - seen, head[10..].starts_with(b"{\"erro\"")))
        }
        Speech::Redis => {
            // An error's text is not kept: its line ends where the head is full.
            let line = head.strip_suffix(b"\r\n");
            if line.is_none() && head.len() < HEAD_BYTES {
                return None;
            }
            let line = line.unwrap_or(head);
            match line.first() {
                Some(b'$') => Some((length(&line[1..])? + 2, false)),
                Some(b':' | b'+') => Some((0, line.starts_with(b":-"))),
                _ => Some((0, true)),
            }
        }
    }
}
