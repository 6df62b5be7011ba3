//! A browser without a window: fetches pages, reads their forms and links, sends them.

use crate::PATIENCE;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

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

/// Fetches a page, one connection a request.
///
/// # Panics
/// When nobody answers, or what comes is not HTTP.
pub fn get(address: SocketAddr, path: &str) -> Page {
    send(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"))
}

/// Sends a form as a browser does that is on a page of the same site.
///
/// # Panics
/// When nobody answers, or what comes is not HTTP.
pub fn post(address: SocketAddr, path: &str, fields: &Fields) -> Page {
    let body = encode(fields);
    send(
        address,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        ),
    )
}

fn send(address: SocketAddr, request: &str) -> Page {
    let mut stream = TcpStream::connect(address).unwrap_or_else(|e| panic!("{address}: {e}"));
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
    stream.write_all(request.as_bytes()).expect("the site takes a request");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply in UTF-8 comes");
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{reply}"));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.unwrap_or_else(|| panic!("{head}"));
    assert!(!head.to_lowercase().contains("transfer-encoding"), "pages come whole: {head}");
    Page { status, head: head.to_owned(), body: body.to_owned() }
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

impl Page {
    /// All values of an attribute in tags that contain `part`, unescaped.
    pub fn attributes(&self, part: &str, attribute: &str) -> Vec<String> {
        let start = format!(" {attribute}=\"");
        let tags = self.body.split('<').filter_map(|text| text.split_once('>')).map(|(tag, _)| tag);
        let value = |tag: &str| {
            let (_, rest) = tag.split_once(&start)?;
            rest.split_once('"').map(|(value, _)| unescape(value))
        };
        tags.filter(|tag| tag.contains(part)).filter_map(value).collect()
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
