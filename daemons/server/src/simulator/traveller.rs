//! Whoever leads a trip, in one instance of the web: the production driver, and what travellers do
//! beside it. It says what is to be sent, reads the replies, and remembers nothing else.

use super::stock;
use agencia_protocol::request::{Item, Reserve};
use agencia_protocol::trip::{
    Alter, ByDaemon, Cancel, CancelReply, DaemonName, Decide, DecideReply, Extend, Hold, PartState,
    Quote, QuoteCancellation, QuoteReply, Timestamp, Traveller, TripItem, TripMessage,
};
use agencia_protocol::{ErrorReply, Locator, TripId, WireError, parse_object};
use agencia_trip::driver::{Answer, Driver, Ending, Plan};
use serde::Deserialize;
use std::collections::BTreeSet;

/// A message for a daemon.
pub(super) struct Ask {
    pub(super) to: usize,
    pub(super) body: Vec<u8>,
    pub(super) message: Option<TripMessage>,
}

/// What somebody was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Ended(Ending),
    Reserved(Locator),
    Cancelled,
    Altered,
    Extended,
    /// There is nothing more to do.
    Refused(WireError),
}

/// What is led.
pub(super) enum Lead {
    Drive(Box<Driver>),
    /// What has no pins: each part is booked by itself, which the whole protocol is there to avoid.
    PartByPart {
        plan: Plan,
        held: BTreeSet<usize>,
        booked: BTreeSet<usize>,
    },
    Cancel(Cancelling),
    Alter {
        trip: TripId,
        anchor: usize,
    },
    Extend {
        trip: TripId,
        daemon: usize,
        until: Timestamp,
    },
    Reserve {
        trip: TripId,
        daemon: usize,
        item: TripItem,
    },
}

/// A trip that is cancelled: first every part quotes its share, then the anchor the whole, which it
/// then cancels for.
pub(super) struct Cancelling {
    trip: TripId,
    anchor: usize,
    others: BTreeSet<DaemonName>,
    shares: ByDaemon<Quote>,
    quote: Option<Quote>,
}

impl Cancelling {
    pub(super) fn new(trip: TripId, anchor: usize, others: BTreeSet<DaemonName>) -> Self {
        Self { trip, anchor, others, shares: ByDaemon::new(), quote: None }
    }

    fn asks(&self) -> Vec<Ask> {
        let missing = self.others.iter().filter(|daemon| !self.shares.contains_key(*daemon));
        let missing: Vec<_> = missing
            .map(|daemon| {
                ask(stock::place(daemon), QuoteCancellation::new(self.trip, ByDaemon::new()))
            })
            .collect();
        match &self.quote {
            Some(quote) => vec![ask(self.anchor, Cancel::new(self.trip, quote.clone()))],
            None if missing.is_empty() => {
                vec![ask(self.anchor, QuoteCancellation::new(self.trip, self.shares.clone()))]
            }
            None => missing,
        }
    }

    fn answered(&mut self, daemon: usize, body: &[u8]) -> Result<Option<Told>, WireError> {
        if self.quote.is_some() {
            // The quote's reply may come twice.
            let reply = parse_object::<CancelReply>(body);
            let cancelled = reply.is_ok_and(|reply| reply.state == PartState::Cancelled);
            return Ok(cancelled.then_some(Told::Cancelled));
        }
        let quote = parse_object::<QuoteReply>(body)?.quote;
        match daemon == self.anchor {
            true => self.quote = Some(quote),
            false => drop(self.shares.insert(stock::name(daemon), quote)),
        }
        Ok(None)
    }
}

/// Who travels; after a change with the other name.
pub(super) fn travellers(changed: bool) -> Vec<Traveller> {
    let (name, surname) = (if changed { "Rita" } else { "Ana" }, "Lima");
    let [name, surname] = [name, surname].map(|text| text.parse().expect("a name"));
    vec![Traveller { name, surname, document: None }]
}

impl Lead {
    /// What is to be sent, and sent again until it is answered.
    pub(super) fn asks(&self) -> Vec<Ask> {
        match self {
            Self::Drive(driver) => {
                let requests = driver.requests().into_iter();
                requests.map(|(daemon, message)| ask(stock::place(&daemon), message)).collect()
            }
            Self::PartByPart { plan, held, booked } => part_by_part(plan, held, booked),
            Self::Cancel(cancelling) => cancelling.asks(),
            Self::Alter { trip, anchor } => {
                vec![ask(*anchor, Alter::new(*trip, travellers(true), None))]
            }
            Self::Extend { trip, daemon, until } => vec![ask(*daemon, Extend::new(*trip, *until))],
            Self::Reserve { trip, daemon, item } => {
                let TripItem { id, units, nights, .. } = item.clone();
                let reserve = Reserve::new(Item { id, units, nights }, Some(*trip));
                let body = serde_json::to_vec(&reserve).expect("a request is JSON");
                vec![Ask { to: *daemon, body, message: None }]
            }
        }
    }

    /// Takes a reply. Answers what was said in the end, once that is so.
    ///
    /// # Errors
    /// A reply that is none to what was asked.
    pub(super) fn answered(
        &mut self,
        daemon: usize,
        message: Option<&TripMessage>,
        body: &[u8],
    ) -> Result<Option<Told>, WireError> {
        let error = parse_object::<ErrorReply>(body).ok().map(|reply| reply.error);
        match self {
            Self::Drive(driver) => {
                let message = message.expect("a driver sends messages");
                driver.answered(&stock::name(daemon), &Answer::read(message, body)?);
                return Ok(driver.ending().map(Told::Ended));
            }
            Self::PartByPart { held, booked, .. } => {
                match (message, error) {
                    (_, Some(error)) if !is_final(&error) => {}
                    (_, Some(error)) => return Ok(Some(Told::Refused(error))),
                    (Some(TripMessage::Decide(_)), None) => {
                        let reply: DecideReply = parse_object(body)?;
                        if reply.state == PartState::Confirmed {
                            booked.insert(daemon);
                        }
                    }
                    _ => {
                        held.insert(daemon);
                    }
                }
                return Ok(None);
            }
            _ => {}
        }
        if let Some(error) = error {
            return Ok(is_final(&error).then_some(Told::Refused(error)));
        }
        Ok(match self {
            Self::Cancel(cancelling) => cancelling.answered(daemon, body)?,
            Self::Reserve { .. } => {
                #[derive(Deserialize)]
                struct Reserved {
                    localizador: Locator,
                }
                Some(Told::Reserved(parse_object::<Reserved>(body)?.localizador))
            }
            Self::Alter { .. } => Some(Told::Altered),
            Self::Extend { .. } => Some(Told::Extended),
            Self::Drive(_) | Self::PartByPart { .. } => None,
        })
    }
}

fn ask(to: usize, message: impl Into<TripMessage>) -> Ask {
    let message = message.into();
    let body = serde_json::to_vec(&message).expect("a message is JSON");
    Ask { to, body, message: Some(message) }
}

fn is_final(error: &WireError) -> bool {
    use agencia_protocol::Code::{Busy, Internal, Recovering, Unknown};
    !matches!(error.code, Busy | Recovering | Unknown | Internal)
}

fn part_by_part(plan: &Plan, held: &BTreeSet<usize>, booked: &BTreeSet<usize>) -> Vec<Ask> {
    let all_held = held.len() == plan.parts.len();
    let parts = plan.parts.iter().map(|part| (stock::place(&part.daemon), part));
    let next = |(place, part): (usize, &agencia_trip::driver::PlannedPart)| {
        let items = part.items.clone();
        if !all_held {
            let hold = Hold::new(plan.trip, part.revision, items, plan.hold_secs);
            return (!held.contains(&place)).then(|| ask(place, hold));
        }
        let alone = [(part.daemon.clone(), items)].into();
        let decide = Decide::new(plan.trip, alone, [].into(), travellers(false), None);
        (!booked.contains(&place)).then(|| ask(place, decide))
    };
    parts.filter_map(next).collect()
}
