//! The least HTTP that tells what a server answered.

use super::PATIENCE;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    /// Reads a whole answer.
    pub(crate) fn parse(bytes: &[u8]) -> Reply {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) =
            text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head in {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        Reply { status, headers: lines.map(header).collect(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Fails unless the page says all of these.
    pub(crate) fn says(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(
                self.body.contains(text) || self.body.contains(&text.replace('\'', "&#39;")),
                "{text:?} is not on the page ({}):\n{}",
                self.status,
                self.body
            );
        }
        self
    }

    /// Fails if the page says one of these.
    pub(crate) fn says_not(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(!self.body.contains(text), "{text:?} is on the page:\n{}", self.body);
        }
        self
    }

    /// The target of the first link with this text, as a browser would follow it.
    pub(crate) fn link(&self, text: &str) -> String {
        let links = self.body.split("<a ").skip(1);
        let found = links.filter_map(|link| {
            let (tag, rest) = link.split_once('>')?;
            let href = tag.split("href=\"").nth(1)?.split('"').next()?;
            rest.split("</a>").next()?.contains(text).then(|| unescape(href))
        });
        found.into_iter().next().unwrap_or_else(|| panic!("no link {text:?} on\n{}", self.body))
    }

    /// Whether the form of a list has a button with this text.
    pub(crate) fn has_button(&self, text: &str) -> bool {
        self.button(text).is_some()
    }

    /// The attributes of the first button with this text that shows a list in another way.
    fn button(&self, text: &str) -> Option<&str> {
        let buttons = self.body.split("<button ").skip(1);
        let mut buttons = buttons.filter_map(|button| button.split_once('>'));
        let is_it = |rest: &str| rest.split("</button>").next().unwrap().contains(text);
        let (tag, _) = buttons.find(|(tag, rest)| tag.contains("formaction=\"") && is_it(rest))?;
        Some(tag)
    }

    /// Where the button of a list with this text leads after these were ticked.
    pub(crate) fn turn(&self, text: &str, ticked: &[(&str, &str)]) -> String {
        let tag =
            self.button(text).unwrap_or_else(|| panic!("no button {text:?} on\n{}", self.body));
        let attribute = |name: &str| {
            let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap();
            unescape(rest.split('"').next().unwrap())
        };
        let mut fields = self.form();
        for (name, value) in ticked {
            // Of those of a name only tours are more than one.
            fields.retain(|(key, _)| key != name || key == "passeio");
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        fields.push((attribute(" name"), attribute("value")));
        let action = attribute("formaction");
        let (path, anchor) = match action.split_once('#') {
            Some((path, anchor)) => (path, format!("#{anchor}")),
            None => (&*action, String::new()),
        };
        format!("{path}?{}{anchor}", encode(&fields))
    }

    /// Where the button of a review's lines with this text leads.
    pub(crate) fn press(&self, text: &str) -> String {
        let (before, rest) = self.body.split_once("<form class=\"lines\">").expect("a review");
        let form = rest.split("</form>").next().unwrap();
        let mut buttons = form.split("<button ").skip(1).filter_map(|rest| rest.split_once('>'));
        let is_it = |rest: &str| rest.split("</button>").next().unwrap().contains(text);
        let button = buttons.find(|(_, rest)| is_it(rest));
        let (tag, _) = button.unwrap_or_else(|| panic!("no button {text:?} after\n{before}"));
        let attribute = |name: &str| {
            let value = tag.split_once(&format!("{name}=\""))?.1;
            Some(unescape(value.split('"').next().unwrap()))
        };
        let mut fields = fields_of(form);
        fields
            .push((attribute(" name").or(attribute("name")).unwrap(), attribute("value").unwrap()));
        format!("{}?{}", attribute("formaction").unwrap_or("/pacote".to_owned()), encode(&fields))
    }

    /// What the last form of the page would send without anything being touched: hidden inputs,
    /// filled inputs, checked boxes and selected options, also those beside it that name it.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        let (before, form) = self.body.rsplit_once("<form ").unwrap();
        let mut fields = Vec::new();
        if let Some((_, rest)) = form.split('>').next().unwrap().split_once("id=\"") {
            let own = format!("<input form=\"{}\"", rest.split('"').next().unwrap());
            for input in before.split(own.as_str()).skip(1) {
                fields.extend(fields_of(&format!("<input {}>", input.split('>').next().unwrap())));
            }
        }
        fields.extend(fields_of(form));
        fields
    }

    /// The same of the first form whose action begins like this.
    pub(crate) fn form_to(&self, action: &str) -> Vec<(String, String)> {
        let is_to =
            |form: &&str| form.split('>').next().unwrap().contains(&format!("action=\"{action}"));
        let form = self.body.split("<form ").skip(1).find(is_to);
        fields_of(form.unwrap_or_else(|| panic!("no form to {action} on\n{}", self.body)))
    }
}

/// The fields of a form, which begins here.
fn fields_of(form: &str) -> Vec<(String, String)> {
    let form = form.split("</form>").next().unwrap();
    let mut fields = Vec::new();
    for tag in form.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap();
        let attribute = |name: &str| {
            let start = format!(" {name}=\"");
            tag.split(start.as_str()).nth(1).and_then(|rest| rest.split('"').next()).map(unescape)
        };
        let boxed = matches!(attribute("type").as_deref(), Some("radio" | "checkbox"));
        if tag.starts_with("input ") && (!boxed || tag.contains(" checked")) {
            fields.push((attribute("name").unwrap(), attribute("value").unwrap_or_default()));
        } else if tag.starts_with("textarea ") {
            // A line that ends with the tag is none of the text, and all are sent as HTTP has lines.
            let text = text.strip_prefix('\n').unwrap_or(text);
            let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
            fields.push((attribute("name").unwrap(), unescape(&text)));
        } else if tag.starts_with("select ") {
            fields.push((attribute("name").unwrap(), String::new()));
        } else if tag.starts_with("option ") && tag.contains(" selected") {
            fields.last_mut().unwrap().1 = attribute("value").unwrap();
        }
    }
    fields
}

fn unescape(text: &str) -> String {
    let mut text = text.to_owned();
    for (escaped, plain) in [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ] {
        text = text.replace(escaped, plain);
    }
    text
}

/// A form as it is sent.
pub(crate) fn encode(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text =
        format!("{method} {target} HTTP/1.1\r\nhost: agencia.test\r\nconnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("content-length: {}\r\n", body.len());
    }
    text + "\r\n" + body
}

/// The same with the server's own address as its host.
pub(crate) fn request_to(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> String {
    request(method, target, headers, body).replace("agencia.test", &address.to_string())
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends a request on a connection of its own and reads until the server closes it.
pub(crate) fn ask(address: SocketAddr, request: &str) -> Reply {
    let mut stream = connect(address);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Reply::parse(&answer)
}
