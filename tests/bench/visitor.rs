//! A visitor of the web client over connections that are kept, and what they booked.

use crate::peers::Failure;
use agencia_tests::http::{Fields, Page, encode};
use agencia_tests::inventory::{AIRPORT, CITY, DAY};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use ureq::http::Response;
use ureq::{Agent, Body};

/// Somebody with a browser.
pub(crate) struct Visitor {
    agent: Agent,
    web: SocketAddr,
    cookies: Cookies,
}

/// What a browser keeps of a site, by name.
type Cookies = BTreeMap<String, String>;

/// A booked trip, and what shows whose it is.
pub(crate) struct Booking {
    trip: String,
    cookies: Cookies,
}

impl Visitor {
    pub(crate) fn new(web: SocketAddr) -> Self {
        let settings = Agent::config_builder().max_redirects(0).http_status_as_error(false);
        Self { agent: settings.build().into(), web, cookies: Cookies::new() }
    }

    /// The list of flights.
    pub(crate) fn flights(&mut self) -> Result<(), Failure> {
        let wanted = [("paraAeroporto", AIRPORT), ("dataIda", DAY), ("numeroPassagens", "1")];
        self.list("/voos", &wanted, "name=\"ida\"")
    }

    /// The list of rooms, in this order.
    pub(crate) fn stays(&mut self, order: &str) -> Result<(), Failure> {
        let wanted =
            [("cidade", CITY), ("dataIda", DAY), ("numeroDePessoas", "1"), ("ordem", order)];
        self.list("/hospedagens", &wanted, "name=\"hospedagem\"")
    }

    fn list(&mut self, path: &str, wanted: &[(&str, &str)], offer: &str) -> Result<(), Failure> {
        let wanted: Vec<_> = wanted.iter().map(|(name, value)| pair(name, value)).collect();
        let page = self.get(&format!("{path}?{}", encode(&wanted)))?;
        match page.status == 200 && page.body.contains(offer) {
            true => Ok(()),
            false => Err(odd("a list", &page)),
        }
    }

    /// The review of a choice for one person.
    pub(crate) fn review(&mut self, choice: &[(&str, String)]) -> Result<Page, Failure> {
        let mut fields = vec![pair("pessoas", "1")];
        fields.extend(choice.iter().map(|(name, id)| pair(name, id)));
        let page = self.get(&format!("/pacote?{}", encode(&fields)))?;
        match page.form("/pacote") {
            Some(_) if page.status == 200 => Ok(page),
            _ => Err(odd("a review", &page)),
        }
    }

    /// From the review to the voucher.
    pub(crate) fn book(&mut self, choice: &[(&str, String)]) -> Result<Booking, Failure> {
        // Somebody who was never here: one visitor may hold only so many trips.
        self.cookies.clear();
        let review = self.review(choice)?;
        let (action, fields) = review.form("/pacote").ok_or_else(|| odd("a review", &review))?;
        let held = self.post(&action, &fields)?;
        let form =
            held.form("/viagem/").filter(|(_, fields)| fields.iter().any(|(n, _)| n == "nome1"));
        let (action, mut fields) = form.ok_or_else(|| odd("a held trip", &held))?;
        for (name, value) in &mut fields {
            match name.trim_end_matches(char::is_numeric) {
                "nome" => "Ana".clone_into(value),
                "sobrenome" => "Souza".clone_into(value),
                _ => {}
            }
        }
        let booked = self.post(&action, &fields)?;
        if !booked.body.contains("class=\"locator") {
            return Err(odd("a voucher", &booked));
        }
        let trip = action.split(['/', '?']).nth(2).ok_or("a form's address has its trip")?;
        Ok(Booking { trip: trip.to_owned(), cookies: self.cookies.clone() })
    }

    /// Cancels what somebody booked.
    pub(crate) fn cancel(&mut self, booking: &Booking) -> Result<(), Failure> {
        self.cookies.clone_from(&booking.cookies);
        let asked = self.get(&format!("/viagem/{}/cancelar", booking.trip))?;
        let form = asked.form(&format!("/viagem/{}/cancelar", booking.trip));
        let (action, fields) = form.ok_or_else(|| odd("a refund", &asked))?;
        let cancelled = self.post(&action, &fields)?;
        match cancelled.body.contains("Viagem cancelada") {
            true => Ok(()),
            false => Err(odd("a cancelled trip", &cancelled)),
        }
    }

    /// Names the traveller of a booking anew, and a contact if there is one.
    pub(crate) fn rename(
        &mut self,
        booking: &Booking,
        contact: Option<&str>,
    ) -> Result<(), Failure> {
        self.cookies.clone_from(&booking.cookies);
        let path = format!("/viagem/{}/alterar", booking.trip);
        let asked = self.get(&path)?;
        let (action, mut fields) = asked.form(&path).ok_or_else(|| odd("names", &asked))?;
        // Another name each time: that it is there already would tell nothing.
        let given = format!("Bia {}", rand::random_range(0..1_000_000));
        let renamed = format!("{given} Lima");
        for (name, value) in &mut fields {
            match name.as_str() {
                "nome1" => given.clone_into(value),
                "sobrenome1" => "Lima".clone_into(value),
                "contato" => contact.unwrap_or_default().clone_into(value),
                _ => {}
            }
        }
        let told = self.post(&action, &fields)?;
        match told.status == 200 && told.body.contains(&renamed) {
            true => Ok(()),
            false => Err(odd("new names", &told)),
        }
    }

    fn kept(&self) -> String {
        let pairs: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn get(&mut self, path: &str) -> Result<Page, Failure> {
        let request = self.agent.get(format!("http://{}{path}", self.web));
        let response = request.header("Cookie", self.kept()).call()?;
        self.read(response)
    }

    /// Sends a form and follows where that leads.
    fn post(&mut self, path: &str, fields: &Fields) -> Result<Page, Failure> {
        let request = self.agent.post(format!("http://{}{path}", self.web));
        let request = request
            .header("Origin", format!("http://{}", self.web))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Cookie", self.kept());
        let response = request.send(encode(fields))?;
        let page = self.read(response)?;
        match (page.status, page.header("location")) {
            (303, Some(location)) => self.get(location),
            _ => Ok(page),
        }
    }

    fn read(&mut self, mut response: Response<Body>) -> Result<Page, Failure> {
        let mut head = String::new();
        for (name, value) in response.headers() {
            let value = value.to_str()?;
            head.push_str(&format!("{name}: {value}\r\n"));
            if name == "set-cookie" {
                let pair = value.split(';').next().and_then(|pair| pair.split_once('='));
                let (name, value) = pair.ok_or("a cookie without a value")?;
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let (status, body) = (response.status().as_u16(), response.body_mut().read_to_string()?);
        Ok(Page { status, head, body })
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn odd(wanted: &str, page: &Page) -> Failure {
    format!("not {wanted} but {}: {}", page.status, page.text()).into()
}
