//! Frames: a 10-byte header and a body.
//!
//! ```text
//!  0         10                                  10+n
//!  +----------+-----------------------------------+
//!  |145       | {"action":"passagem",...}         |
//!  +----------+-----------------------------------+
//! ```
//!
//! The header is the length of the body in bytes, as ASCII decimal, left-justified and padded
//! with spaces: one to ten digits, then only spaces. It never says more than what comes next,
//! so memory is reserved for bytes that have arrived and not for bytes that were announced.

use crate::error::{Code, WireError};

/// The length of a header in bytes.
pub const HEADER_BYTES: usize = 10;

/// The largest body the protocol allows, in bytes: what a 10-byte header was chosen for.
pub const FRAME_BYTES_CEILING: usize = 1_000_000_000;

/// How much room [`Decoder::space`] offers at least, in bytes.
const READ_BYTES_MIN: usize = 4 * 1024;

/// Why a stream of bytes is not a stream of frames. After one of these the stream has no more
/// frame boundaries: the error is answered once and the connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The ten bytes are not digits followed by spaces.
    #[error("the header is not one to ten digits followed by spaces")]
    Header,
    /// The header announces a body of no bytes.
    #[error("the header announces an empty body")]
    Empty,
    /// The header announces more than the limit.
    #[error("the header announces {announced} bytes, the limit is {limit}")]
    TooLarge {
        /// The length in the header, in bytes.
        announced: u64,
        /// The decoder's limit, in bytes.
        limit: usize,
    },
}

impl From<FrameError> for WireError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Header => WireError::new(
                Code::InvalidHeader,
                "o cabeçalho deve ter de um a dez dígitos e depois só espaços",
            ),
            FrameError::Empty => WireError::new(Code::EmptyFrame, "o quadro está vazio"),
            FrameError::TooLarge { announced, limit } => WireError::new(
                Code::FrameTooLarge,
                format!("o quadro anuncia {announced} bytes; o limite é {limit}"),
            ),
        }
    }
}

/// What a connection is in the middle of, which decides the deadline of its next byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Between frames.
    Idle,
    /// Some bytes of a header have arrived.
    Header,
    /// A header has arrived and its body has not, or not whole.
    Body,
}

/// Cuts bytes into frames. It owns a buffer and no socket: give it bytes in any split, with
/// [`feed`](Self::feed) or by reading into [`space`](Self::space), and take frames out until
/// there is none.
///
/// The buffer grows with the bytes that arrived, at most to twice of them and a few KiB; a header
/// alone reserves nothing.
#[derive(Debug)]
pub struct Decoder {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    frame_bytes_max: usize,
}

impl Decoder {
    /// A decoder that refuses bodies above `frame_bytes_max` bytes (or above
    /// [`FRAME_BYTES_CEILING`], if that is less).
    pub fn new(frame_bytes_max: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            end: 0,
            frame_bytes_max: frame_bytes_max.min(FRAME_BYTES_CEILING),
        }
    }

    /// Adds bytes that arrived.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = self.space();
            let taken = space.len().min(bytes.len());
            space[..taken].copy_from_slice(&bytes[..taken]);
            self.filled(taken);
            bytes = &bytes[taken..];
        }
    }

    /// Room to read into; say with [`filled`](Self::filled) how much of it was used.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        } else if self.buffer.len() - self.end < READ_BYTES_MIN && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < READ_BYTES_MIN {
            let grown = (self.end * 2).max(self.end + READ_BYTES_MIN);
            self.buffer.resize(grown, 0);
        }
        &mut self.buffer[self.end..]
    }

    /// Says that the first `count` bytes of [`space`](Self::space) were filled.
    ///
    /// # Panics
    /// If `count` is more than the room there was: a mistake of the caller, not of a peer.
    pub fn filled(&mut self, count: usize) {
        assert!(count <= self.buffer.len() - self.end, "more bytes than the room offered");
        self.end += count;
    }

    /// The next whole body, if it has arrived.
    ///
    /// # Errors
    /// A header that cannot be read; the decoder stays at it, so that the same error comes again.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let Some(length) = self.announced()? else { return Ok(None) };
        let body = self.start + HEADER_BYTES;
        if self.end - body < length {
            return Ok(None);
        }
        self.start = body + length;
        Ok(Some(&self.buffer[body..body + length]))
    }

    /// What the bytes so far are in the middle of.
    pub fn waiting(&self) -> Waiting {
        match self.end - self.start {
            0 => Waiting::Idle,
            1..HEADER_BYTES => Waiting::Header,
            _ => Waiting::Body,
        }
    }

    /// The length of the body that comes next, once its header is whole.
    fn announced(&self) -> Result<Option<usize>, FrameError> {
        let arrived = &self.buffer[self.start..self.end];
        let header = &arrived[..arrived.len().min(HEADER_BYTES)];
        let announced = read_header(header)?;
        if header.len() < HEADER_BYTES {
            return Ok(None);
        }
        match usize::try_from(announced) {
            Ok(0) => Err(FrameError::Empty),
            Ok(length) if length <= self.frame_bytes_max => Ok(Some(length)),
            _ => Err(FrameError::TooLarge { announced, limit: self.frame_bytes_max }),
        }
    }
}

/// Reads a header, or the part of it that has arrived: garbage is refused at its first byte.
fn read_header(header: &[u8]) -> Result<u64, FrameError> {
    let digits = header.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let padded = header[digits..].iter().all(|&byte| byte == b' ');
    if (digits == 0 && !header.is_empty()) || !padded {
        return Err(FrameError::Header);
    }
    Ok(header[..digits].iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// Appends a frame with this body.
pub fn encode(body: &[u8], out: &mut Vec<u8>) {
    write_with(out, |out| out.extend_from_slice(body));
}

/// Appends a frame whose body `write` renders straight into `out`: the header is filled in
/// afterwards, so that a reply needs no buffer of its own.
pub fn write_with<T>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let header = out.len();
    out.extend_from_slice(&[b' '; HEADER_BYTES]);
    let written = write(out);
    let length = out.len() - header - HEADER_BYTES;
    debug_assert!(0 < length && length <= FRAME_BYTES_CEILING, "a body of {length} bytes");
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(length).as_bytes();
    out[header..header + digits.len()].copy_from_slice(digits);
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All bodies in `bytes`, fed in pieces of `step`, and the error that ended them.
    fn decode(bytes: &[u8], step: usize, limit: usize) -> (Vec<Vec<u8>>, Option<FrameError>) {
        let mut decoder = Decoder::new(limit);
        let mut bodies = Vec::new();
        for piece in bytes.chunks(step) {
            decoder.feed(piece);
            loop {
                match decoder.next_frame() {
                    Ok(Some(body)) => bodies.push(body.to_vec()),
                    Ok(None) => break,
                    Err(error) => return (bodies, Some(error)),
                }
            }
        }
        (bodies, None)
    }

    fn check_error(header: &[u8], expected: FrameError) {
        for step in [1, 3, 64] {
            assert_eq!(decode(header, step, 100).1, Some(expected), "{header:?} by {step}");
        }
    }

    #[test]
    fn a_frame_is_laid_out_as_the_report_laid_it_out() {
        let mut out = Vec::new();
        encode(b"{\"a\":1}", &mut out);
        assert_eq!(out, b"7         {\"a\":1}");
    }

    #[test]
    fn every_split_gives_the_same_frames() {
        let mut bytes = Vec::new();
        let bodies: Vec<Vec<u8>> = (1..40).map(|n| vec![b'x'; n * 7]).collect();
        for body in &bodies {
            encode(body, &mut bytes);
        }
        for step in 1..60 {
            assert_eq!(decode(&bytes, step, 1000), (bodies.clone(), None), "by {step}");
        }
    }

    #[test]
    fn headers_that_are_not_headers_are_refused() {
        check_error(b"          ", FrameError::Header);
        check_error(b" 12       ", FrameError::Header);
        check_error(b"1 2       ", FrameError::Header);
        check_error(b"-1        ", FrameError::Header);
        check_error(b"12\t       ", FrameError::Header);
        check_error(b"GET / HTTP", FrameError::Header);
        check_error(b"\x00\x00\x00\x05hello!", FrameError::Header);
        check_error(b"0         ", FrameError::Empty);
        check_error(b"0000000000", FrameError::Empty);
        check_error(b"101       ", FrameError::TooLarge { announced: 101, limit: 100 });
        check_error(b"9999999999", FrameError::TooLarge { announced: 9_999_999_999, limit: 100 });
    }

    #[test]
    fn garbage_is_refused_before_ten_bytes_have_come() {
        assert_eq!(decode(b"G", 1, 100).1, Some(FrameError::Header));
    }

    #[test]
    fn a_body_at_the_limit_is_taken() {
        let mut bytes = Vec::new();
        encode(&[b'y'; 100], &mut bytes);
        assert_eq!(decode(&bytes, 7, 100), (vec![vec![b'y'; 100]], None));
    }

    #[test]
    fn a_header_alone_reserves_no_memory() {
        let mut decoder = Decoder::new(FRAME_BYTES_CEILING);
        decoder.feed(b"1000000000");
        assert_eq!(decoder.next_frame(), Ok(None));
        decoder.feed(&[b'z'; 10_000]);
        assert_eq!(decoder.next_frame(), Ok(None));
        assert!(decoder.buffer.capacity() < 64 * 1024, "{}", decoder.buffer.capacity());
    }

    #[test]
    fn waiting_tells_what_is_missing() {
        let mut decoder = Decoder::new(100);
        assert_eq!(decoder.waiting(), Waiting::Idle);
        decoder.feed(b"5   ");
        assert_eq!(decoder.waiting(), Waiting::Header);
        decoder.feed(b"      12");
        assert_eq!(decoder.waiting(), Waiting::Body);
        decoder.feed(b"345");
        assert_eq!(decoder.next_frame(), Ok(Some(&b"12345"[..])));
        assert_eq!(decoder.waiting(), Waiting::Idle);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_split_end_the_same(
            bytes in prop::collection::vec(prop_oneof![Just(b' '), b'0'..=b'3', any::<u8>()], 0..200),
            step in 1usize..50,
        ) {
            prop_assert_eq!(decode(&bytes, step, 64), decode(&bytes, bytes.len().max(1), 64));
        }
    }
}
