//! The web client as the one that leads a trip and is killed, and the visitor who is at it, who
//! sees pages and nothing else: what they say is compared with what another instance says later.
//! Only SIGKILL ends a web client here; a request that fails while it lives fails the suite.

use crate::TIMES;
use agencia_tests::books::{Told, Trip};
use agencia_tests::http::{Browser, Fields, Page};
use agencia_tests::process::{Lines, Process};
use agencia_tests::trio::{Trio, offer_id};
use agencia_tests::{Kind, program};
use std::io;
use std::net::SocketAddr;
use std::process::{Command, ExitStatus, Stdio};
use uuid::Uuid;

/// What the visitor books: one of each.
const PARTS: [(Kind, usize, u16); 3] =
    [(Kind::Flights, 0, 1), (Kind::Stays, 0, 1), (Kind::Tours, 0, 1)];

/// What a web client sends to book a trip, in this order.
pub(crate) const ACTIONS: [&str; 4] = ["segurar", "fixar", "decidir", "aplicar"];

/// The last of these that was sent, or was to be sent, by the lines of `strace`.
pub(crate) fn last_action(lines: &[String]) -> Option<&'static str> {
    let of_line = |line: &String| {
        let is_sent = |action: &&str| line.contains(&format!(r#"\"action\":\"{action}\""#));
        ACTIONS.into_iter().find(is_sent)
    };
    lines.iter().rev().find_map(of_line)
}

/// A running web client.
#[derive(Debug)]
pub(crate) struct Web {
    process: Process,
    address: SocketAddr,
}

impl Web {
    /// Starts one; all of a trio share what they sign with.
    pub(crate) fn start(trio: &Trio) -> Self {
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        let mut command = Command::new(program::path("agencia-web"));
        command.args(["--listen", "127.0.0.1", "--port", "0", "--peers"]).arg(trio.peers());
        command.arg("--state").arg(trio.path().join("web"));
        command.env("AGENCIA_WEB_TRIPS__HOLD_SECS", TIMES.hold_secs.to_string());
        // One connection to each daemon: the calls come in one order.
        command.env("AGENCIA_WEB_DAEMONS__CONNECTIONS_MAX", "1");
        // Calls are counted by thread: with one that does all of them, they are counted together.
        command.env("TOKIO_WORKER_THREADS", "1");
        command.stdin(Stdio::null()).stderr(writer);
        let process = Process::start(&mut command, vec![Box::new(reader)], || {});
        drop(command);
        let line = process.lines.wait_for("Listening for connections on ");
        let (_, address) = line.rsplit_once(' ').expect("an address ends the line");
        let address = address.parse().expect("it is where it listens");
        Self { process, address }
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.process.has_ended()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.process.wait()
    }

    pub(crate) fn lines(&self) -> &Lines {
        &self.process.lines
    }
}

/// A visitor with a review before them.
pub(crate) struct Visitor {
    browser: Browser,
    /// The form that was sent last, or is to be sent first.
    form: (String, Fields),
    page: String,
}

impl Visitor {
    /// Somebody who has chosen one of each.
    pub(crate) fn choosing(web: &Web) -> Self {
        let mut browser = Browser::default();
        let [flight, room, tour] = PARTS.map(|(kind, number, _)| offer_id(kind, number));
        let choice = format!("/pacote?ida={flight}&pessoas=1&hospedagem={room}&passeio={tour}");
        let review = browser.get(web.address, &choice);
        let form = review.form("/pacote").unwrap_or_else(|| panic!("{}", review.text()));
        let named = form.1.iter().find(|(name, _)| name == "viagem");
        let page = format!("/viagem/{}", named.expect("a review names its trip").1);
        Self { browser, form, page }
    }

    /// The trip, of which nobody was told anything yet.
    pub(crate) fn trip(&self) -> Trip {
        let id: Uuid = self.page["/viagem/".len()..].parse().expect("a trip has an id");
        Trip::new(id, &PARTS)
    }

    /// Holds, names the traveller and confirms: what the last page says.
    ///
    /// # Errors
    /// When the web client ends meanwhile.
    pub(crate) fn book(&mut self, web: &Web) -> io::Result<Told> {
        let (action, fields) = &self.form;
        let mut page = self.browser.try_post(web.address, action, fields)?;
        if let Some(form) = page.travellers() {
            self.form = form;
            let (action, fields) = &self.form;
            page = self.browser.try_post(web.address, action, fields)?;
        }
        Ok(told(&page))
    }

    /// Sends the last form once more, to another one, and goes on from there.
    pub(crate) fn go_on(&mut self, web: &Web) -> Told {
        self.book(web).expect("this one is not killed")
    }

    /// Looks at the trip's page.
    pub(crate) fn look(&mut self, web: &Web) -> Told {
        told(&self.browser.get(web.address, &self.page))
    }
}

fn told(page: &Page) -> Told {
    match page.locator() {
        Some(locator) => Told::Booked(locator),
        None if page.text().contains("não foi comprada") => Told::NotBooked,
        None => Told::Unknown,
    }
}
