//! What travellers were told of their trips, and what must follow from it in the daemons.

use crate::lead::plan;
use crate::trio::{offer_id, place};
use crate::wire::frame;
use crate::{Client, Kind};
use agencia_trip::driver::{Ending, Plan};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How many questions are asked in one write.
const TOGETHER: usize = 100;
/// The pause between two questions of one kind.
const PAUSE: Duration = Duration::from_millis(20);
/// From how long on it is told that a daemon took long over its answers: findings may come of that.
const SLOW: Duration = Duration::from_secs(1);

/// What one daemon was to sell to a trip.
#[derive(Debug, Clone)]
pub struct Part {
    /// The daemon.
    pub kind: Kind,
    /// The offer, by its number.
    pub offer: usize,
    /// How many units.
    pub units: u16,
}

/// What the traveller was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It is booked, with this locator.
    Booked(String),
    /// It is not booked, and never will be.
    NotBooked,
    /// It was booked and is cancelled.
    Cancelled,
    /// Nothing.
    Unknown,
}

impl From<&Ending> for Told {
    fn from(ending: &Ending) -> Self {
        match ending {
            Ending::Booked { locator } => {
                Told::Booked(locator.map(|locator| locator.to_string()).unwrap_or_default())
            }
            Ending::NotBooked { .. } => Told::NotBooked,
            Ending::Cancelled => Told::Cancelled,
            Ending::Held { .. } | Ending::Unknown => Told::Unknown,
        }
    }
}

/// A trip that somebody wanted.
#[derive(Debug, Clone)]
pub struct Trip {
    /// Its id.
    pub id: Uuid,
    /// Its parts, the anchor's first.
    pub parts: Vec<Part>,
    /// What was told.
    pub told: Told,
}

impl Trip {
    /// A trip of these parts, of which nobody was told anything yet.
    pub fn new(id: Uuid, parts: &[(Kind, usize, u16)]) -> Self {
        let part = |&(kind, offer, units): &_| Part { kind, offer, units };
        Self { id, parts: parts.iter().map(part).collect(), told: Told::Unknown }
    }

    /// What its leader is to do, with holds of so many seconds.
    pub fn plan(&self, hold_secs: u32) -> Plan {
        let ids: Vec<_> = self.parts.iter().map(|part| offer_id(part.kind, part.offer)).collect();
        let part = |(part, id): (&Part, _)| (part.kind, id, part.units);
        let parts: Vec<_> =
            self.parts.iter().zip(ids.iter().map(String::as_str)).map(part).collect();
        plan(self.id, &parts, hold_secs)
    }
}

/// What is wrong, each by name.
#[derive(Debug, Default)]
pub struct Findings {
    /// Trips of which some parts are booked and others are not.
    pub half_booked: Vec<String>,
    /// Trips that are not what their travellers were told.
    pub lost: Vec<String>,
    /// Parts that are still held or pinned.
    pub unsettled: Vec<String>,
    /// Offers of which the units do not equal the bookings, or are more than there are.
    pub miscounted: Vec<String>,
    /// How many trips are booked.
    pub booked: usize,
    /// Of how many it was told that they are cancelled.
    pub cancelled: usize,
}

impl Findings {
    /// Checks that nothing is wrong.
    ///
    /// # Panics
    /// When something is.
    pub fn expect_none(&self) {
        assert!(self.are_none(), "{self:#?}");
    }

    /// Whether nothing is wrong.
    pub fn are_none(&self) -> bool {
        let wrong = [&self.half_booked, &self.lost, &self.unsettled, &self.miscounted];
        wrong.iter().all(|list| list.is_empty())
    }

    fn may_pass(&self) -> bool {
        !self.half_booked.is_empty() || !self.unsettled.is_empty()
    }
}

/// Everything that was ever wanted of three daemons.
#[derive(Debug)]
pub struct Books {
    capacities: Vec<u32>,
    /// The trips.
    pub trips: Vec<Trip>,
}

impl Books {
    /// Empty books of daemons whose offers have these capacities.
    pub fn new(capacities: &[u32]) -> Self {
        Self { capacities: capacities.to_vec(), trips: Vec::new() }
    }

    /// Compares what was told with what is. What is not settled may still become so until `due`.
    pub fn check(&self, clients: &mut [Client; 3], due: Instant) -> Findings {
        let (mut states, mut findings) = self.check_since(0, clients, due);
        loop {
            for (kind, client) in Kind::ALL.into_iter().zip(&mut *clients) {
                self.count(kind, client, &states, &mut findings);
            }
            // Of a trip whose cancelling was asked for, the units may have gone back since it was
            // looked at.
            let may_pass = findings.may_pass() || !findings.miscounted.is_empty();
            if !may_pass || Instant::now() >= due {
                return findings;
            }
            std::thread::sleep(PAUSE);
            (states, findings) = self.check_since(0, clients, due);
        }
    }

    /// The same for the last so many trips only, and without the units of the offers.
    pub fn check_last(&self, trips: usize, clients: &mut [Client; 3], due: Instant) -> Findings {
        self.check_since(self.trips.len().saturating_sub(trips), clients, due).1
    }

    fn check_since(
        &self,
        first: usize,
        clients: &mut [Client; 3],
        due: Instant,
    ) -> (States, Findings) {
        let trips = &self.trips[first..];
        let mut states = States::default();
        states.ask(trips, clients);
        loop {
            let findings = compare(trips, &states);
            if !findings.may_pass() || Instant::now() >= due {
                return (states, findings);
            }
            std::thread::sleep(PAUSE);
            // What is settled stays as it is, and there may be thousands.
            let unsettled = trips.iter().filter(|trip| !states.is_settled(trip));
            states.ask(&unsettled.cloned().collect::<Vec<_>>(), clients);
        }
    }

    /// How many units of each offer are booked.
    fn sold(&self, kind: Kind, states: &States) -> Vec<u64> {
        let mut sold = vec![0; self.capacities.len()];
        for trip in self.trips.iter().filter(|trip| states.has_part(kind, trip, "confirmada")) {
            for part in trip.parts.iter().filter(|part| part.kind == kind) {
                sold[part.offer] += u64::from(part.units);
            }
        }
        sold
    }

    /// The units of a daemon, as it counts them and as its bookings make them.
    fn count(&self, kind: Kind, client: &mut Client, states: &States, findings: &mut Findings) {
        let sold = self.sold(kind, states);
        let all: Vec<_> = (0..self.capacities.len()).collect();
        for numbers in all.chunks(20) {
            let ids: Vec<_> =
                numbers.iter().map(|number| json!({"id": offer_id(kind, *number)})).collect();
            let reply = client.ask(json!({"action": "ofertas", "itens": ids}).to_string());
            let offers = reply["ofertas"].as_array().unwrap_or_else(|| panic!("{reply}"));
            for (number, offer) in numbers.iter().zip(offers) {
                let (capacity, sold) = (u64::from(self.capacities[*number]), sold[*number]);
                let left = offer["disponiveis"].as_u64();
                if capacity.checked_sub(sold) != left {
                    let what =
                        format!("{}: {left:?} left, {sold} booked of {capacity}", offer["id"]);
                    findings.miscounted.push(what);
                }
            }
        }
        let audit = client.ask(r#"{"action":"auditar"}"#);
        let sum: u64 = sold.iter().sum();
        let held = audit["seguras"].as_u64().zip(audit["fixas"].as_u64());
        if audit["consistente"] != true || audit["confirmadas"].as_u64() != Some(sum) {
            findings.miscounted.push(format!("{}, booked {sum}: {audit}", kind.name()));
        }
        if held != Some((0, 0)) {
            findings.unsettled.push(format!("{}: {audit}", kind.name()));
        }
    }
}

fn compare(trips: &[Trip], states: &States) -> Findings {
    let mut findings = Findings::default();
    for trip in trips {
        let are = |word: &str| trip.parts.iter().filter(|part| states.is(trip, part, word)).count();
        let booked = are("confirmada");
        let what = || {
            let parts = trip.parts.iter().map(|part| {
                let (kind, view) = (part.kind.name(), states.of(trip, part));
                format!("{kind}: {} {}", view["estado"], view["decisao"])
            });
            let parts: Vec<_> = parts.collect();
            format!("{} told {:?}: {}", trip.id, trip.told, parts.join(", "))
        };
        if booked != 0 && booked != trip.parts.len() {
            findings.half_booked.push(what());
        }
        let whole = booked == trip.parts.len();
        let locator = states.of(trip, &trip.parts[0])["localizador"].as_str();
        let as_told = match &trip.told {
            Told::Booked(told) => whole && locator == Some(told),
            Told::NotBooked => booked == 0,
            Told::Cancelled => are("solta") == trip.parts.len(),
            Told::Unknown => true,
        };
        if !as_told {
            findings.lost.push(what());
        }
        if are("segura") + are("fixa") > 0 {
            findings.unsettled.push(what());
        }
        findings.booked += usize::from(whole);
        findings.cancelled += usize::from(trip.told == Told::Cancelled);
    }
    findings
}

/// What each daemon said last of each trip that has a part there.
#[derive(Debug, Default)]
struct States([HashMap<Uuid, Value>; 3]);

impl States {
    /// Asks every daemon for its parts of these trips.
    fn ask(&mut self, trips: &[Trip], clients: &mut [Client; 3]) {
        for (kind, client) in Kind::ALL.into_iter().zip(clients) {
            let has_part = |trip: &&Trip| trip.parts.iter().any(|part| part.kind == kind);
            let ids: Vec<_> = trips.iter().filter(has_part).map(|trip| trip.id).collect();
            for ids in ids.chunks(TOGETHER) {
                let ask = |id: &Uuid| {
                    frame(json!({"action": "consultar", "viagem": id.to_string()}).to_string())
                };
                let asked = Instant::now();
                client.send_raw(ids.iter().map(ask).collect::<Vec<_>>().concat());
                for id in ids {
                    let reply = client.read();
                    assert!(reply["estado"].is_string(), "{}: {reply}", kind.name());
                    self.0[place(kind)].insert(*id, reply);
                }
                let took = asked.elapsed();
                if took > SLOW {
                    println!("{} took {took:.1?} over {} answers", kind.name(), ids.len());
                }
            }
        }
    }

    fn of(&self, trip: &Trip, part: &Part) -> &Value {
        &self.0[place(part.kind)][&trip.id]
    }

    fn is(&self, trip: &Trip, part: &Part, word: &str) -> bool {
        self.of(trip, part)["estado"] == word
    }

    /// Whether the trip has a part in this daemon that is like this.
    fn has_part(&self, kind: Kind, trip: &Trip, word: &str) -> bool {
        self.0[place(kind)].get(&trip.id).is_some_and(|view| view["estado"] == word)
    }

    /// Whether all parts are booked, or all are not.
    fn is_settled(&self, trip: &Trip) -> bool {
        let all = |words: &[&str]| {
            trip.parts.iter().all(|part| words.iter().any(|word| self.is(trip, part, word)))
        };
        all(&["confirmada"]) || all(&["solta", "nenhuma"])
    }
}
