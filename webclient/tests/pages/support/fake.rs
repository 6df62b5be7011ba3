//! A daemon made of a few lines: frames in, canned JSON out.

use super::trips::Trips;
use agencia_protocol::frame::{self, Decoder};
use agencia_protocol::trip::PartState;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a fake answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Mood {
    /// As a daemon should.
    #[default]
    Good,
    /// Closes every connection without a word.
    Down,
    /// Never answers.
    Mute,
    /// Does this, but closes the connection before it says so.
    Loses(&'static str),
    /// Never answers this.
    MuteOn(&'static str),
    /// Refuses this with this code.
    Refuses(&'static str, &'static str),
    /// Answers everything with this.
    Says(Value),
    /// Answers this with that.
    Odd(&'static str, Value),
}

struct State {
    mood: Mood,
    offers: Vec<Value>,
    trips: Trips,
    /// Every request that came.
    requests: Vec<Value>,
}

/// A fake daemon. It lives as long as the test.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Flights,
    Stays,
    Tours,
}

pub(crate) const AIRPORT: &str = "Aeroporto de Altamira - Altamira (PA)";
pub(crate) const HOME: &str = "Aeroporto Internacional de Confins - Tancredo Neves";
pub(crate) const CITY: &str = "Altamira (PA)";

impl Fake {
    pub(crate) fn flights() -> Fake {
        let flight = |id: &str,
                      day: &str,
                      (from, to): (&str, &str),
                      leaves: &str,
                      arrives: &str,
                      price: &str| {
            json!({"horarioIda": leaves, "chegadaIda": arrives, "valor": price, "diaIda": day,
                "diaChegada": day, "deAeroporto": from, "paraAeroporto": to, "id": id, "disponiveis": 120})
        };
        let (there, back) = ((HOME, AIRPORT), (AIRPORT, HOME));
        Fake::start(
            Kind::Flights,
            vec![
                flight("ida1", "04/11/2027", there, "14:00h", "18:00h", "9906,00R$"),
                flight("ida2", "04/11/2027", there, "20:15h", "23:20h", "812,50R$"),
                flight("ida3", "04/11/2027", there, "21:00h", "23:50h", "640,00R$"),
                flight("volta1", "07/11/2027", back, "0:00h", "06:00h", "9254,00R$"),
                flight("volta2", "07/11/2027", back, "11:30h", "14:45h", "700,00R$"),
            ],
        )
    }

    pub(crate) fn stays() -> Fake {
        let stay = |id: &str, number: u32, beds: u32, price: &str, hotel: &str| {
            json!({"diaEntrada": "04/11/2027", "numero": number, "qtdQuartos": 2, "qtdCamas": beds,
                "valor": price, "nome": hotel, "endereco": "Av. Djalma Dutra, 2081 - Centro, Altamira - PA",
                "cidade": CITY, "cafeDaManha": number.is_multiple_of(2), "id": id, "disponiveis": 1})
        };
        Fake::start(
            Kind::Stays,
            vec![
                stay("quarto6", 6, 15, "958,00R$", "Amazon Xingu Hotel"),
                stay("quarto7", 7, 2, "120,00R$", "Pousada <b>do Rio</b> & Cia"),
                stay("quarto8", 8, 4, "310,90R$", "Hotel Volta Grande"),
            ],
        )
    }

    pub(crate) fn tours() -> Fake {
        let tour = |id: &str, time: &str, price: &str, sight: &str| {
            json!({"horario": time, "valor": price, "dia": "04/11/2027", "local": sight,
                "endereco": "Altamira - PA", "cidade": CITY, "id": id, "disponiveis": 8})
        };
        Fake::start(
            Kind::Tours,
            vec![
                tour("cachoeira", "21:00h", "0,00R$", "Cachoeira do Rio Curuá"),
                tour("orla", "09:00h", "35,00R$", "Orla do Cais"),
                tour("mercado", "10:30h", "15,00R$", "Mercado Municipal"),
            ],
        )
    }

    fn start(kind: Kind, offers: Vec<Value>) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (name, letter) = match kind {
            Kind::Flights => ("voos", 'V'),
            Kind::Stays => ("hospedagens", 'H'),
            Kind::Tours => ("passeios", 'P'),
        };
        let (trips, mood, requests) = (Trips::new(name, letter), Mood::Good, Vec::new());
        let state = Arc::new(Mutex::new(State { mood, offers, trips, requests }));
        let fake = Fake { address, state, kind };
        let serving = fake.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let fake = serving.clone();
                std::thread::spawn(move || fake.converse(stream));
            }
        });
        fake
    }

    /// From now on.
    pub(crate) fn mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Changes an offer, or takes it away with `null`.
    pub(crate) fn change(&self, id: &str, change: impl Fn(&mut Value)) {
        let mut state = self.state.lock().unwrap();
        change(state.offers.iter_mut().find(|offer| offer["id"] == id).unwrap());
        state.offers.retain(|offer| !offer.is_null());
    }

    /// Sells so many more offers like this one, after all others: `orla-1`, `orla-2`, …
    pub(crate) fn copies(&self, id: &str, count: usize) {
        let mut state = self.state.lock().unwrap();
        let offer = state.offers.iter().find(|offer| offer["id"] == id).unwrap().clone();
        state.offers.extend((1..=count).map(|number| {
            let mut copy = offer.clone();
            copy["id"] = format!("{id}-{number}").into();
            copy
        }));
    }

    /// Sells one such offer on every other day of its month; `day` is the field of its day.
    pub(crate) fn every_day(&self, id: &str, day: &str) {
        let mut state = self.state.lock().unwrap();
        let offer = state.offers.iter().find(|offer| offer["id"] == id).unwrap().clone();
        let own = offer[day].as_str().unwrap().to_owned();
        let days = (1..=30).map(|number| format!("{number:02}{}", &own[2..]));
        state.offers.extend(days.filter(|other| *other != own).enumerate().map(
            |(number, other)| {
                let mut copy = offer.clone();
                copy["id"] = format!("{id}-day{number}").into();
                copy[day] = other.into();
                copy
            },
        ));
    }

    /// How many units are left of an offer.
    pub(crate) fn left(&self, id: &str) -> u64 {
        let state = self.state.lock().unwrap();
        let offer = state.offers.iter().find(|offer| offer["id"] == id).unwrap();
        offer["disponiveis"].as_u64().unwrap()
    }

    /// Somebody else takes all that is left of an offer.
    pub(crate) fn sell_out(&self, id: &str) {
        self.change(id, |offer| offer["disponiveis"] = 0.into());
    }

    /// How many trips this daemon has decided to book.
    pub(crate) fn booked(&self) -> usize {
        self.state.lock().unwrap().trips.booked()
    }

    /// How many trips have a part here that is like this.
    pub(crate) fn parts(&self, state: PartState) -> usize {
        let states = self.state.lock().unwrap().trips.states();
        states.into_iter().filter(|part| *part == state).count()
    }

    /// Sets the daemon's clock ahead.
    pub(crate) fn ahead(&self, by: Duration) {
        self.state.lock().unwrap().trips.ahead = by;
    }

    /// The requests with this action (`""` for those without) so far.
    pub(crate) fn requests(&self, action: &str) -> Vec<Value> {
        let requests = self.state.lock().unwrap().requests.clone();
        requests.into_iter().filter(|request| request["action"] == action).collect()
    }

    fn converse(&self, mut stream: TcpStream) {
        let mut decoder = Decoder::new(64 * 1024);
        let mut bytes = [0; 4096];
        loop {
            while let Some(body) = decoder.next_frame().unwrap() {
                let Ok(request) = serde_json::from_slice::<Value>(body) else { return };
                if request.is_string() {
                    continue;
                }
                let Some(answer) = self.answer(&request) else { return };
                let mut out = Vec::new();
                frame::encode(answer.to_string().as_bytes(), &mut out);
                if stream.write_all(&out).is_err() {
                    return;
                }
            }
            match stream.read(&mut bytes) {
                Ok(0) | Err(_) => return,
                Ok(count) => decoder.feed(&bytes[..count]),
            }
        }
    }

    /// The reply; nothing closes the connection.
    fn answer(&self, request: &Value) -> Option<Value> {
        let mut state = self.state.lock().unwrap();
        state.requests.push(request.clone());
        let action = request["action"].as_str().unwrap_or_default();
        let is_mute = match &state.mood {
            Mood::Mute => true,
            Mood::MuteOn(on) => *on == action,
            _ => false,
        };
        if is_mute {
            drop(state);
            loop {
                std::thread::park();
            }
        }
        match &state.mood {
            Mood::Down => return None,
            Mood::Refuses(on, code) if *on == action => return Some(error(code)),
            Mood::Says(reply) => return Some(reply.clone()),
            Mood::Odd(on, reply) if *on == action => return Some(reply.clone()),
            _ => {}
        }
        let State { trips, offers, .. } = &mut *state;
        let reply = match action {
            "destinos" => self.destinations(),
            "calendario" => self.calendar(offers, request),
            "ofertas" => {
                let items = request["itens"].as_array().unwrap();
                let found: Vec<_> = items.iter().map(|item| find(&state.offers, item)).collect();
                json!({ "ofertas": found, "cancelamento": policy() })
            }
            _ => match trips.answer(offers, request) {
                Some(reply) => reply,
                None => self.search(&state, request),
            },
        };
        let lost = matches!(&state.mood, Mood::Loses(on) if *on == action);
        (!lost).then_some(reply)
    }

    /// The days of a month that have something at a place.
    fn calendar(&self, offers: &[Value], request: &Value) -> Value {
        let (place, day) = match self.kind {
            Kind::Flights => ("paraAeroporto", "diaIda"),
            Kind::Stays => ("cidade", "diaEntrada"),
            Kind::Tours => ("cidade", "dia"),
        };
        let month = request["mes"].as_str().unwrap();
        let mut lowest = std::collections::BTreeMap::new();
        for offer in offers.iter().filter(|offer| offer[place] == request[place]) {
            let text = offer[day].as_str().unwrap();
            let iso = format!("{}-{}-{}", &text[6..], &text[3..5], &text[..2]);
            let price = cents(&offer["valor"]);
            let best = lowest.entry(iso).or_insert(price);
            *best = price.min(*best);
        }
        let days =
            lowest.into_iter().filter(|(day, _)| day.starts_with(month)).map(|(day, price)| {
                let price = format!("{},{:02}R$", price / 100, price % 100);
                json!({"dia": day, "menorPreco": price, "disponivel": true})
            });
        json!({"mes": month, "dias": days.collect::<Vec<_>>()})
    }

    fn destinations(&self) -> Value {
        let names = match self.kind {
            Kind::Flights => vec![AIRPORT, "Aeroporto Santos Dumont - Rio de Janeiro (RJ)"],
            Kind::Stays | Kind::Tours => vec![CITY, "Rio de Janeiro (RJ)"],
        };
        let place =
            |name| json!({"nome": name, "primeiroDia": "2020-11-01", "ultimoDia": "2027-12-31"});
        json!({ "destinos": names.into_iter().map(place).collect::<Vec<_>>() })
    }

    fn search(&self, state: &State, request: &Value) -> Value {
        let limit = request["limite"].as_u64().unwrap_or(1000) as usize;
        let list = |keep: &dyn Fn(&Value) -> bool| {
            let mut found: Vec<Value> =
                state.offers.iter().filter(|offer| keep(offer)).cloned().collect();
            if request["ordem"] == "preco" {
                found.sort_by_key(|offer| cents(&offer["valor"]));
            }
            match request["apos"]
                .as_str()
                .map(|after| found.iter().position(|offer| offer["id"] == after))
            {
                Some(None) => found.clear(),
                Some(Some(at)) => drop(found.drain(..=at)),
                None => {}
            }
            let more = found.len() > limit;
            found.truncate(limit);
            (found, more)
        };
        let on = |offer: &Value, name: &str, day: &Value| offer[name] == record_day(day);
        let mut reply = match self.kind {
            Kind::Flights => {
                let place = &request["paraAeroporto"];
                let there =
                    list(&|o| o["paraAeroporto"] == *place && on(o, "diaIda", &request["dataIda"]));
                let back =
                    list(&|o| o["deAeroporto"] == *place && on(o, "diaIda", &request["dataVolta"]));
                json!({"ida": there.0, "volta": back.0, "mais": there.1 || back.1})
            }
            Kind::Stays => {
                let found = list(&|o| {
                    o["cidade"] == request["cidade"] && on(o, "diaEntrada", &request["dataIda"])
                });
                let nights = nights(&request["dataIda"], &request["dataVolta"]);
                let stays: Vec<_> = found.0.iter().map(|stay| for_nights(stay, nights)).collect();
                json!({"hospedagens": stays, "mais": found.1})
            }
            Kind::Tours => {
                let found = list(&|o| {
                    o["cidade"] == request["cidade"] && on(o, "dia", &request["dataIda"])
                });
                json!({"passeio": found.0, "mais": found.1})
            }
        };
        if reply["mais"] == false {
            reply.as_object_mut().unwrap().remove("mais");
        }
        reply
    }
}

/// What every fake gives back of what is cancelled, as it says.
pub(crate) fn policy() -> Value {
    json!([{"dias": 7, "percentual": 100}, {"dias": 2, "percentual": 50}])
}

fn error(code: &str) -> Value {
    json!({"erro": {"codigo": code, "mensagem": "não"}})
}

fn find(offers: &[Value], item: &Value) -> Value {
    let offer = offers.iter().find(|offer| offer["id"] == item["id"]);
    offer.map_or(Value::Null, |offer| for_nights(offer, item["noites"].as_u64().unwrap_or(1)))
}

pub(crate) fn for_nights(stay: &Value, nights: u64) -> Value {
    let mut stay = stay.clone();
    if nights > 1 {
        let total = cents(&stay["valor"]) * nights;
        stay["noites"] = json!(nights);
        stay["valorTotal"] = json!(format!("{},{:02}R$", total / 100, total % 100));
        stay["diaSaida"] = json!(format!("{:02}/11/2027", 4 + nights));
    }
    stay
}

fn nights(from: &Value, to: &Value) -> u64 {
    let day = |value: &Value| value.as_str().and_then(|text| text[8..].parse::<u64>().ok());
    day(to).zip(day(from)).map_or(1, |(to, from)| to - from)
}

fn record_day(day: &Value) -> String {
    let day = day.as_str().unwrap_or("          ");
    format!("{}/{}/{}", &day[8..], &day[5..7], &day[..4])
}

fn cents(price: &Value) -> u64 {
    let digits: String = price.as_str().unwrap().chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}
