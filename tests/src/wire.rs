//! A peer that speaks raw bytes: what a report's client, or somebody's fuzzer, would send.

use crate::PATIENCE;
use serde_json::Value;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// The frame of a body: its length, left-justified in ten bytes, and the body.
pub fn frame(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut frame = format!("{:<10}", body.len()).into_bytes();
    frame.extend_from_slice(body);
    frame
}

/// A connection.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
}

impl Client {
    /// Connects.
    ///
    /// # Panics
    /// When nobody listens.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE);
        let stream = stream.unwrap_or_else(|error| panic!("{address}: {error}"));
        stream.set_nodelay(true).expect("TCP knows nodelay");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout above zero");
        Self { stream }
    }

    /// The socket itself.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// This side's address, which a daemon's log lines name.
    pub fn address(&self) -> SocketAddr {
        self.stream.local_addr().expect("a connected socket has an address")
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// When the daemon has closed the connection.
    pub fn send_raw(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the daemon takes what is sent");
    }

    /// Sends a body as a frame.
    pub fn send(&mut self, body: impl AsRef<[u8]>) {
        self.send_raw(frame(body));
    }

    /// Tells the daemon that nothing more will be sent.
    pub fn end(&self) {
        self.stream.shutdown(std::net::Shutdown::Write).expect("the connection is open");
    }

    /// The body of the next frame.
    ///
    /// # Panics
    /// When none comes, or what comes is no frame in UTF-8.
    pub fn read_frame(&mut self) -> String {
        self.try_read_frame().expect("a frame comes")
    }

    /// The body of the next frame.
    ///
    /// # Errors
    /// When the connection ends first, or nothing comes in time.
    ///
    /// # Panics
    /// When what comes is no frame in UTF-8.
    pub fn try_read_frame(&mut self) -> io::Result<String> {
        let mut header = [0; 10];
        self.stream.read_exact(&mut header)?;
        let header = std::str::from_utf8(&header).expect("a header is ASCII");
        let digits = header.trim_end_matches(' ');
        assert!(!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()), "{header:?}");
        let mut body = vec![0; digits.parse().expect("ten digits are a length")];
        self.stream.read_exact(&mut body)?;
        Ok(String::from_utf8(body).expect("a body is UTF-8"))
    }

    /// The JSON of the next frame.
    pub fn read(&mut self) -> Value {
        parse(&self.read_frame())
    }

    /// Sends a request and answers its reply.
    pub fn ask(&mut self, body: impl AsRef<[u8]>) -> Value {
        self.send(body);
        self.read()
    }

    /// Sends a request and reads the reply.
    ///
    /// # Errors
    /// When the daemon goes away meanwhile, or nothing comes in time.
    pub fn try_ask(&mut self, body: impl AsRef<[u8]>) -> io::Result<Value> {
        self.stream.write_all(frame(body).as_ref())?;
        Ok(serde_json::from_str(&self.try_read_frame()?)?)
    }

    /// Checks that the daemon closes the connection and sends nothing more.
    ///
    /// # Panics
    /// When something comes, or nothing in time.
    pub fn expect_end(&mut self) {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => assert_eq!(String::from_utf8_lossy(&rest), "", "nothing more was expected"),
            // The daemon does not read all that is sent after garbage.
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
        }
    }
}

/// A JSON text.
///
/// # Panics
/// When it is none.
pub fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The stable word of an error; nothing for another reply.
pub fn code(reply: &Value) -> Option<&str> {
    reply["erro"]["codigo"].as_str()
}

/// Checks that a reply is an error of this code about this field; the empty one for none.
///
/// # Panics
/// When it is something else, or has no message.
pub fn check_error(reply: &Value, expected_code: &str, field: &str) {
    let error = &reply["erro"];
    let found = (code(reply).unwrap_or("no error"), error["campo"].as_str().unwrap_or(""));
    assert_eq!(found, (expected_code, field), "{reply}");
    assert!(!error["mensagem"].as_str().unwrap_or("").is_empty(), "a person reads it: {reply}");
}
