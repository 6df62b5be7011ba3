//! The trips of a fake daemon: the machines of `agencia-trip` over a handful of offers, without a
//! disk, a timer or a resolver.

use agencia_protocol::trip::{
    ByDaemon, DaemonName, Incarnation, POLICY_FIELD, PartState, Refund, Timestamp, TripItem,
    TripMessage,
};
use agencia_protocol::{Locator, OfferKey, TripId, WireError};
use agencia_trip::row::{Parts, SoldItem, State, Verdict};
use agencia_trip::step::Decide;
use agencia_trip::{Command, Desk, Fences, Key, Limits, Row, Step, Units};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a fake daemon keeps of its trips.
pub(crate) struct Trips {
    name: DaemonName,
    letter: char,
    rows: HashMap<TripId, Row>,
    /// How far the clock is ahead.
    pub(crate) ahead: Duration,
}

impl Trips {
    pub(crate) fn new(name: &str, letter: char) -> Self {
        let (rows, ahead) = Default::default();
        Self { name: name.parse().unwrap(), letter, rows, ahead }
    }

    /// The states of all trips, in no order.
    pub(crate) fn states(&self) -> Vec<PartState> {
        self.rows.values().map(Row::state).collect()
    }

    /// How many decisions were for a booking.
    pub(crate) fn booked(&self) -> usize {
        let decisions = self.rows.values().filter_map(|row| row.decision.as_ref());
        decisions.filter(|decision| decision.verdict == Verdict::Committed).count()
    }

    fn now(&self) -> Timestamp {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + self.ahead;
        Timestamp::from_unix_millis(i64::try_from(now.as_millis()).unwrap())
    }

    /// The reply to a message; nothing when it is none of a trip's.
    pub(crate) fn answer(&mut self, offers: &mut [Value], request: &Value) -> Option<Value> {
        let action = request["action"].as_str()?;
        let message = TripMessage::parse(action, request.to_string().as_bytes())?;
        let answered = message.and_then(|message| self.take(offers, &message));
        Some(answered.unwrap_or_else(|error| serde_json::to_value(error.reply()).unwrap()))
    }

    fn take(&mut self, offers: &mut [Value], message: &TripMessage) -> Result<Value, WireError> {
        if let TripMessage::Consult(consult) = message {
            return match (consult.trip, consult.locator, &consult.surname) {
                (Some(trip), ..) => {
                    // A daemon has a timer for that.
                    self.step(offers, trip, &Command::Expire)?;
                    Ok(self.view(trip))
                }
                (None, locator, surname) => {
                    let found = self.rows.iter().find(|(_, row)| {
                        let decision = row.decision.as_ref();
                        decision.is_some_and(|decision| {
                            decision.locator == locator
                                && decision
                                    .travellers
                                    .iter()
                                    .any(|t| Some(&t.surname) == surname.as_ref())
                        })
                    });
                    let none = || WireError::field("localizador", "não há");
                    Ok(self.view(*found.ok_or_else(none)?.0))
                }
            };
        }
        let trip = message.trip().unwrap();
        let command = self.command(offers, message)?;
        self.step(offers, trip, &command)
    }

    fn step(
        &mut self,
        offers: &mut [Value],
        trip: TripId,
        command: &Command,
    ) -> Result<Value, WireError> {
        let (key, fences) = (Key::new([7; 32]), Fences::default());
        let limits = Limits::default();
        let desk = Desk {
            name: &self.name,
            key: &key,
            incarnation: Incarnation::default(),
            fences: &fences,
            recovering: false,
            limits: &limits,
        };
        let now = self.now();
        let row = self.rows.get(&trip).cloned().unwrap_or_default();
        let Step { row, units, reply } = desk.step(trip, &row, command, now);
        move_units(offers, &units)?;
        if let Some(row) = row {
            self.rows.insert(trip, row);
        }
        Ok(serde_json::from_slice(&reply.to_json()?).unwrap())
    }

    fn command(&self, offers: &[Value], message: &TripMessage) -> Result<Command, WireError> {
        Ok(match message {
            TripMessage::Hold(hold) => {
                let items = hold.items.iter().map(|item| sold(offers, item));
                Command::Hold {
                    revision: hold.revision,
                    items: items.collect::<Result<Vec<_>, _>>()?.into(),
                    time: Duration::from_secs(hold.hold_secs.into()),
                }
            }
            TripMessage::Extend(extend) => Command::Extend { until: extend.until },
            TripMessage::LetGo(_) => Command::LetGo,
            TripMessage::Pin(pin) => {
                let parts = Arc::new(Parts::new(pin.anchor.clone(), pin.parts.clone()));
                Command::Pin { revision: pin.revision, parts }
            }
            TripMessage::Decide(decide) => {
                let draws = u8::try_from(self.rows.len()).unwrap();
                Command::Decide(Box::new(Decide {
                    parts: Arc::new(Parts::new(self.name.clone(), decide.parts.clone())),
                    receipts: decide.receipts.clone(),
                    travellers: decide.travellers.clone(),
                    contact: decide.contact.clone(),
                    locator: Locator::new(self.letter, [draws, 7, 11, 2, 5]).unwrap(),
                }))
            }
            TripMessage::Apply(apply) => Command::Apply {
                outcome: apply.outcome,
                proof: apply.proof.clone(),
                locator: apply.locator,
            },
            TripMessage::QuoteCancellation(ask) => {
                let own = match self.name.as_str() {
                    "voos" => Refund(10_000),
                    "hospedagens" => Refund(2_000),
                    _ => Refund(345),
                };
                Command::Quote { own, shares: ask.quotes.clone() }
            }
            TripMessage::Alter(alter) => Command::Alter {
                travellers: alter.travellers.clone(),
                contact: alter.contact.clone(),
            },
            TripMessage::Cancel(cancel) => Command::Cancel { quote: cancel.quote.clone() },
            other => panic!("no fake answers {}", other.action()),
        })
    }

    /// What `consultar` shows.
    fn view(&self, trip: TripId) -> Value {
        let row = self.rows.get(&trip).cloned().unwrap_or_default();
        let mut view = json!({"viagem": trip.to_string(), "estado": row.state().to_string()});
        if let Some(part) = &row.part {
            let asked: Vec<_> = part.items.iter().map(|sold| sold.item.clone()).collect();
            let records: Vec<Value> =
                part.items.iter().map(|sold| serde_json::from_str(&sold.record).unwrap()).collect();
            view["revisao"] = json!(part.revision);
            view["pedido"] = json!(asked);
            view["itens"] = json!(records);
            if let State::Held { expires } = part.state {
                view["expira"] = json!(expires);
            }
            if let Some(parts) = part.state.parts() {
                view["ancora"] = json!(parts.anchor());
                view["partes"] = json!(parts.items() as &ByDaemon<Vec<TripItem>>);
            }
            if let Some(locator) = part.locator {
                view["localizador"] = json!(locator);
            }
        }
        if let Some(decision) = &row.decision {
            view["decisao"] = json!({"desfecho": decision.outcome(), "quando": decision.at});
            if let Verdict::Cancelled { refund: Some(refund) } = decision.verdict {
                view["decisao"]["reembolso"] = json!(refund);
            }
            view["viajantes"] = json!(decision.travellers);
            if let Some(contact) = &decision.contact {
                view["contato"] = json!(contact);
            }
            if let Some(locator) = decision.locator {
                view["localizador"] = json!(locator);
            }
        }
        view
    }
}

/// What is sold of an item, at the price of now.
fn sold(offers: &[Value], item: &TripItem) -> Result<SoldItem, WireError> {
    use agencia_protocol::Code;
    let id = item.id.as_str();
    let gone = || WireError::new(Code::Closed, "não").about(&item.id);
    let at = offers.iter().position(|offer| offer["id"] == id).ok_or_else(gone)?;
    let mut record =
        super::fake::for_nights(&offers[at], item.nights.map_or(1, |n| n.count().into()));
    record[POLICY_FIELD] = super::fake::policy();
    let price = if record["valorTotal"].is_string() { "valorTotal" } else { "valor" };
    if item.price.is_some_and(|seen| record[price] != seen.to_string()) {
        return Err(WireError::new(Code::PriceChanged, "não").about(&item.id));
    }
    let (offers, record) = (vec![item.id.key()], record.to_string());
    Ok(SoldItem { item: item.clone(), offers, record })
}

fn move_units(offers: &mut [Value], units: &Units) -> Result<(), WireError> {
    use agencia_protocol::Code;
    let none: Arc<[SoldItem]> = Arc::new([]);
    let (free, take) = match units {
        Units::Stay => return Ok(()),
        Units::Free(free) => (free, &none),
        Units::Swap { free, take } | Units::Restore { free, take } => (free, take),
    };
    let mut left: HashMap<OfferKey, i64> = HashMap::new();
    let key = |offer: &Value| {
        offer["id"].as_str().unwrap().parse::<agencia_protocol::OfferId>().unwrap().key()
    };
    for offer in &*offers {
        left.insert(key(offer), offer["disponiveis"].as_i64().unwrap());
    }
    for (items, sign) in [(free, 1), (take, -1)] {
        for SoldItem { item, .. } in items.iter() {
            let count = left.entry(item.id.key()).or_default();
            *count += sign * i64::from(item.units.count());
            if sign < 0 && *count < 0 {
                return Err(WireError::new(Code::SoldOut, "não").about(&item.id));
            }
        }
    }
    for offer in offers {
        offer["disponiveis"] = json!(left[&key(offer)]);
    }
    Ok(())
}
