//! A browser without a window: fetches pages, reads their forms and links, sends them.

use crate::PATIENCE;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

/// A page as it came.
#[derive(Debug)]
pub struct Page {
    /// The status code.
    pub status: u16,
    /// The head, status line included.
    pub head: String,
    /// The body.
    pub body: String,
}

/// Somebody's browser: what a site tells it to keep, it sends back to every instance of it.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
    /// For one that keeps its connection.
    kept: Option<Arc<Mutex<Kept>>>,
}

/// A connection that is kept from request to request for as long as the other side does.
#[derive(Debug, Default)]
struct Kept {
    stream: Option<TcpStream>,
    made: usize,
}

/// Fetches a page as somebody who was never there, one connection a request.
///
/// # Panics
/// When nobody answers, or what comes is not HTTP.
pub fn get(address: SocketAddr, path: &str) -> Page {
    Browser::default().get(address, path)
}

impl Browser {
    /// One that asks one site over one connection, and makes a new one only when that was closed.
    pub fn keeping() -> Self {
        Self { kept: Some(Arc::default()), ..Self::default() }
    }

    /// How many connections one that keeps them has made.
    ///
    /// # Panics
    /// When a window of it has panicked.
    pub fn connections(&self) -> usize {
        self.kept.as_ref().map_or(0, |kept| kept.lock().expect("no window panics").made)
    }

    /// Fetches a page.
    ///
    /// # Panics
    /// When nobody answers, or what comes is not HTTP.
    pub fn get(&mut self, address: SocketAddr, path: &str) -> Page {
        self.try_get(address, path).unwrap_or_else(|error| panic!("{address}{path}: {error}"))
    }

    /// Fetches a page.
    ///
    /// # Errors
    /// When nobody answers, or not to the end.
    pub fn try_get(&mut self, address: SocketAddr, path: &str) -> io::Result<Page> {
        self.exchange(address, &format!("GET {path} HTTP/1.1\r\n"), "")
    }

    /// Sends a form as it stands on a page of the same site, and follows where that leads.
    ///
    /// # Panics
    /// When nobody answers, or what comes is not HTTP.
    pub fn post(&mut self, address: SocketAddr, path: &str, fields: &Fields) -> Page {
        let page = self.try_post(address, path, fields);
        page.unwrap_or_else(|error| panic!("{address}{path}: {error}"))
    }

    /// Sends a form as it stands on a page of the same site, and follows where that leads.
    ///
    /// # Errors
    /// When nobody answers, or not to the end; what was sent may have been done.
    pub fn try_post(
        &mut self,
        address: SocketAddr,
        path: &str,
        fields: &Fields,
    ) -> io::Result<Page> {
        let body = encode(fields);
        let head = format!(
            "POST {path} HTTP/1.1\r\nOrigin: http://{address}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            body.len()
        );
        let page = self.exchange(address, &head, &body)?;
        match (page.status, page.header("location")) {
            (303, Some(location)) => self.try_get(address, location),
            _ => Ok(page),
        }
    }

    fn exchange(&mut self, address: SocketAddr, head: &str, body: &str) -> io::Result<Page> {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = match cookies.as_slice() {
            [] => String::new(),
            cookies => format!("Cookie: {}\r\n", cookies.join("; ")),
        };
        let end = if self.kept.is_some() { "" } else { "Connection: close\r\n" };
        let request = format!("{head}Host: {address}\r\n{cookies}{end}\r\n{body}");
        let page = match &self.kept {
            Some(kept) => kept.lock().expect("no window panics").exchange(address, &request)?,
            None => exchange(&mut connect(address)?, &request)?,
        };
        for kept in page.headers("set-cookie") {
            let pair = kept.split(';').next().and_then(|pair| pair.split_once('='));
            let (name, value) = pair.unwrap_or_else(|| panic!("{kept}"));
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(page)
    }
}

impl Kept {
    fn exchange(&mut self, address: SocketAddr, request: &str) -> io::Result<Page> {
        // Who closes a connection that is idle may do so while a request is on its way: then nothing
        // was done, and nothing is answered.
        if let Some(mut stream) = self.stream.take() {
            match exchange(&mut stream, request) {
                Err(error) if error.kind() == NOT_A_WORD => {}
                done => {
                    let page = done?;
                    self.keep(stream, &page);
                    return Ok(page);
                }
            }
        }
        let mut stream = connect(address)?;
        self.made += 1;
        let page = exchange(&mut stream, request)?;
        self.keep(stream, &page);
        Ok(page)
    }

    fn keep(&mut self, stream: TcpStream, page: &Page) {
        let is_over = page.header("connection").is_some_and(|it| it.eq_ignore_ascii_case("close"));
        self.stream = (!is_over).then_some(stream);
    }
}

/// How it is told that a connection ended before the first byte of an answer.
const NOT_A_WORD: ErrorKind = ErrorKind::ConnectionAborted;

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn exchange(stream: &mut TcpStream, request: &str) -> io::Result<Page> {
    stream.write_all(request.as_bytes()).map_err(before_a_word)?;
    let head = read_head(stream)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.unwrap_or_else(|| panic!("{head}"));
    let mut page = Page { status, head, body: String::new() };
    let length: Option<usize> = page.header("content-length").and_then(|text| text.parse().ok());
    let mut body = vec![0; length.unwrap_or_else(|| panic!("pages come whole: {}", page.head))];
    stream.read_exact(&mut body)?;
    page.body = String::from_utf8(body).map_err(io::Error::other)?;
    Ok(page)
}

/// The head of an answer, without the empty line behind it.
fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(0) if head.is_empty() => return Err(NOT_A_WORD.into()),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) => head.push(byte[0]),
            Err(error) if head.is_empty() => return Err(before_a_word(error)),
            Err(error) => return Err(error),
        }
    }
    head.truncate(head.len() - 4);
    String::from_utf8(head).map_err(io::Error::other)
}

fn before_a_word(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => NOT_A_WORD.into(),
        _ => error,
    }
}

/// Names and values of a form, in order.
pub type Fields = Vec<(String, String)>;

/// `application/x-www-form-urlencoded`.
pub fn encode(fields: &Fields) -> String {
    let escape = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let byte = |byte: u8| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        text.bytes().map(byte).collect::<String>()
    };
    let pair = |(name, value): &(String, String)| format!("{}={}", escape(name), escape(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The value of an attribute of a tag, unescaped.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| unescape(value))
}

fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split('<').filter_map(|text| text.split_once('>')).map(|(tag, _)| tag)
}

impl Page {
    /// All values of a field of the head, by its name in small letters.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(move |(field, _)| field.to_lowercase() == name).map(|(_, value)| value)
    }

    /// The value of a field of the head.
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers(name).next()
    }

    /// All values of an attribute in tags that contain `part`, unescaped.
    pub fn attributes(&self, part: &str, attribute_name: &str) -> Vec<String> {
        let named = tags(&self.body).filter(|tag| tag.contains(part));
        named.filter_map(|tag| attribute(tag, attribute_name)).collect()
    }

    /// The action and the inputs, as they stand, of the first form whose action begins like this.
    pub fn form(&self, action: &str) -> Option<(String, Fields)> {
        let mut forms = self.body.split("<form ").skip(1).filter_map(|form| {
            let (tag, rest) = form.split_once('>')?;
            let sent_to = attribute(&format!(" {tag}"), "action")?;
            let inputs = rest.split("</form>").next()?;
            sent_to.starts_with(action).then_some((sent_to, inputs))
        });
        let (sent_to, inputs) = forms.next()?;
        let inputs = tags(inputs).filter(|tag| tag.starts_with("input "));
        let field =
            |tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()));
        Some((sent_to, inputs.filter_map(field).collect()))
    }

    /// The travellers' form of a held trip, filled in: everybody is an Ana Souza.
    pub fn travellers(&self) -> Option<(String, Fields)> {
        let (action, mut fields) = self.form("/viagem/")?;
        if !fields.iter().any(|(name, _)| name == "nome1") {
            return None;
        }
        for (name, value) in &mut fields {
            match name.trim_end_matches(char::is_numeric) {
                "nome" => *value = "Ana".to_owned(),
                "sobrenome" => *value = "Souza".to_owned(),
                _ => {}
            }
        }
        Some((action, fields))
    }

    /// The locator of a booked trip's page.
    pub fn locator(&self) -> Option<String> {
        let (_, after) = self.body.split_once("class=\"locator")?;
        let (_, rest) = after.split_once("<strong>")?;
        rest.split_once("</strong>").map(|(locator, _)| locator.to_owned())
    }

    /// The hidden fields of the page.
    pub fn hidden(&self) -> Fields {
        let part = "type=\"hidden\"";
        let names = self.attributes(part, "name");
        names.into_iter().zip(self.attributes(part, "value")).collect()
    }

    /// The text between the tags, entities read.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for piece in self.body.split('<') {
            text.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
            text.push(' ');
        }
        unescape(&text).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn unescape(text: &str) -> String {
    let entities =
        [("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&#60;", "<")];
    let more = [("&gt;", ">"), ("&#62;", ">"), ("&#38;", "&"), ("&amp;", "&")];
    let replaced = |text: String, (entity, plain): (&str, &str)| text.replace(entity, plain);
    entities.into_iter().chain(more).fold(text.to_owned(), replaced)
}
