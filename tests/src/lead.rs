//! Leads trips as the web client does: the driver of `agencia-trip` over `agencia-client`.

use crate::Kind;
use crate::books::{Told, Trip};
use agencia_client::{ClientError, Peer, Pool, PoolOptions, Spawn};
use agencia_protocol::TripId;
use agencia_protocol::trip::{
    Apply, ByDaemon, Cancel, CancelReply, Consult, ConsultReply, DaemonName, Outcome, Proof, Quote,
    QuoteCancellation, QuoteReply, Revision, Traveller, TripItem, TripMessage,
};
use agencia_trip::driver::{Answer, Driver, Ending, Goal, Plan, PlannedPart};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The pause before what was not answered is sent again.
const PAUSE: Duration = Duration::from_millis(25);

/// Connections to all daemons of an agency.
#[derive(Debug, Clone)]
pub struct Leader {
    pools: BTreeMap<DaemonName, Pool>,
    unreached: Arc<AtomicUsize>,
}

/// What came of a trip, and when its traveller could be told.
#[derive(Debug)]
pub struct Led {
    /// How it ended, as far as the driver knows.
    pub ending: Ending,
    /// When that was known; all daemons may have been told later.
    pub known: Instant,
}

impl Leader {
    /// Connections to the daemons at these addresses; what drives them is given to `spawn`.
    pub fn new(daemons: &[(Kind, SocketAddr)], options: PoolOptions, spawn: &Spawn) -> Self {
        let pool = |&(kind, address): &(Kind, SocketAddr)| {
            let peer = Peer { name: kind.name().to_owned(), address };
            (name(kind), Pool::new(peer, options, spawn.clone()))
        };
        Self { pools: daemons.iter().map(pool).collect(), unreached: Arc::default() }
    }

    /// How often no connection to a daemon could be made so far; others may go on counting.
    pub fn unreached(&self) -> Arc<AtomicUsize> {
        self.unreached.clone()
    }

    /// Leads a trip until everyone has been told how it ended, or until `due`. `known` is called
    /// as soon as the driver knows the ending.
    pub async fn lead(&self, driver: Driver, due: Instant, known: impl FnOnce(&Ending)) -> Led {
        self.lead_until(Until::EveryoneIsTold, driver, due, known).await
    }

    /// Leads a trip until it is known how it ended; the anchor's outbox tells the others.
    pub async fn lead_until_known(&self, driver: Driver, due: Instant) -> Led {
        self.lead_until(Until::Known, driver, due, |_| {}).await
    }

    async fn lead_until(
        &self,
        until: Until,
        mut driver: Driver,
        due: Instant,
        known: impl FnOnce(&Ending),
    ) -> Led {
        let mut known = Some(known);
        let mut known_at = None;
        loop {
            let requests = driver.requests();
            let calls = requests.iter().map(|(daemon, message)| self.ask(daemon, message));
            let mut silent = false;
            for ((daemon, _), answer) in requests.iter().zip(all(calls).await) {
                match answer {
                    Some(answer) => driver.answered(daemon, &answer),
                    None => silent = true,
                }
            }
            let done = match until {
                Until::Known => driver.ending().is_some(),
                Until::EveryoneIsTold => driver.requests().is_empty(),
            };
            let over = done || Instant::now() >= due;
            let ending = if over { Some(driver.given_up()) } else { driver.ending() };
            if let (Some(ending), Some(known)) =
                (ending, known.take_if(|_| over || driver.ending().is_some()))
            {
                known_at = Some(Instant::now());
                known(&ending);
            }
            if over {
                let known = known_at.unwrap_or_else(Instant::now);
                return Led { ending: driver.given_up(), known };
            }
            // Whoever answered that it is busy is asked again, too.
            if silent || driver.requests() == requests {
                smol::Timer::after(PAUSE).await;
            }
        }
    }

    /// Cancels a booked trip as the web client does: with a quote, and everyone is told once. Asks
    /// until that is done or `due`: what its traveller is told then.
    pub async fn cancel(&self, trip: &Trip, due: Instant) -> Told {
        let (id, anchor) = (TripId::from_uuid(trip.id), name(trip.parts[0].kind));
        let mut quote = None;
        while Instant::now() < due {
            let asked = match &quote {
                None => self.quote(trip, &anchor).await.map(|quoted| quote = Some(quoted)),
                Some(quoted) => match self.cancel_for(id, &anchor, quoted).await {
                    Ok(proof) => {
                        self.tell_cancelled(trip, &proof).await;
                        return Told::Cancelled;
                    }
                    Err(error) => Err(error),
                },
            };
            match asked {
                Ok(()) => continue,
                // Somebody else has cancelled it, the quote is too old, the anchor has begun another
                // life; or it was never booked, which is for the books.
                Err(ClientError::Refused(_)) => {
                    if self.is_cancelled(id, &anchor).await == Some(true) {
                        return Told::Cancelled;
                    }
                    quote = None;
                }
                Err(_) => {}
            }
            smol::Timer::after(PAUSE).await;
        }
        Told::Unknown
    }

    /// What every part gives back, and then the anchor's word on all of it.
    async fn quote(&self, trip: &Trip, anchor: &DaemonName) -> Result<Quote, ClientError> {
        let mut shares = ByDaemon::new();
        for part in trip.parts.iter().map(|part| name(part.kind)).filter(|part| part != anchor) {
            let share = self.quote_of(trip, &part, ByDaemon::new()).await?;
            shares.insert(part, share);
        }
        self.quote_of(trip, anchor, shares).await
    }

    async fn quote_of(
        &self,
        trip: &Trip,
        daemon: &DaemonName,
        shares: ByDaemon<Quote>,
    ) -> Result<Quote, ClientError> {
        let message = QuoteCancellation::new(TripId::from_uuid(trip.id), shares);
        let reply = self.pools[daemon].write::<_, QuoteReply>(&message).await;
        reply.map(|reply| reply.value.quote)
    }

    async fn cancel_for(
        &self,
        trip: TripId,
        anchor: &DaemonName,
        quote: &Quote,
    ) -> Result<Proof, ClientError> {
        let message = Cancel::new(trip, quote.clone());
        let reply = self.pools[anchor].write::<_, CancelReply>(&message).await;
        reply.map(|reply| reply.value.proof)
    }

    async fn tell_cancelled(&self, trip: &Trip, proof: &Proof) {
        let id = TripId::from_uuid(trip.id);
        let message = TripMessage::from(Apply::new(id, Outcome::Cancelled, proof.clone(), None));
        let others: Vec<_> = trip.parts[1..].iter().map(|part| name(part.kind)).collect();
        // Whoever does not hear it is told by the anchor.
        all(others.iter().map(|daemon| self.ask(daemon, &message))).await;
    }

    /// Whether the anchor's decision is that the trip is cancelled, when it says.
    async fn is_cancelled(&self, trip: TripId, anchor: &DaemonName) -> Option<bool> {
        let message = Consult::by_trip(trip);
        let reply = self.pools[anchor].write::<_, ConsultReply<Value>>(&message).await.ok()?;
        let decision = reply.value.decision;
        Some(decision.is_some_and(|decision| decision.outcome == Outcome::Cancelled))
    }

    /// The negative control: all parts of the trip are held, none is pinned, and every daemon is
    /// told to decide about its own part alone. Without the pin and the one decision, nothing keeps
    /// the parts together.
    pub async fn lead_without_pins(&self, trip: &Trip, hold_secs: u32, due: Instant) {
        let whole = trip.plan(hold_secs);
        let held = self.lead(Driver::new(whole.clone(), Goal::Hold), due, |_| {}).await;
        match held.ending {
            Ending::Held { refused, held } if refused.is_empty() && !held.is_empty() => {}
            _ => return,
        }
        for part in &whole.parts {
            let alone = Plan { parts: vec![part.clone()], ..whole };
            let driver = Driver::confirm(alone, travellers(), None);
            self.lead(driver, due, |_| {}).await;
        }
    }

    /// Sends one message once; nothing when there is no answer that says anything.
    pub async fn ask(&self, daemon: &DaemonName, message: &TripMessage) -> Option<Answer> {
        match self.pools[daemon].write::<_, Box<RawValue>>(message).await {
            Ok(reply) => Answer::read(message, reply.value.get().as_bytes()).ok(),
            Err(ClientError::Refused(error)) => Some(Answer::Error(error)),
            Err(ClientError::Unreachable { .. }) => {
                self.unreached.fetch_add(1, Relaxed);
                None
            }
            Err(_) => None,
        }
    }
}

/// When a trip is led no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// The driver knows the ending.
    Known,
    /// Every daemon has been told, too.
    EveryoneIsTold,
}

/// All of these, at the same time.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    enum Slot<F: Future> {
        Running(Pin<Box<F>>),
        Done(Option<F::Output>),
    }
    let mut slots: Vec<_> = futures.map(|future| Slot::Running(Box::pin(future))).collect();
    std::future::poll_fn(move |context| {
        let mut waiting = false;
        for slot in &mut slots {
            if let Slot::Running(future) = slot {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(output) => *slot = Slot::Done(Some(output)),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting {
            return std::task::Poll::Pending;
        }
        let outputs = slots.iter_mut().filter_map(|slot| match slot {
            Slot::Done(output) => output.take(),
            Slot::Running(_) => None,
        });
        std::task::Poll::Ready(outputs.collect())
    })
    .await
}

/// The wire's name of a daemon.
///
/// # Panics
/// Never: the names of all kinds are such names.
pub fn name(kind: Kind) -> DaemonName {
    kind.name().parse().expect("small letters")
}

/// A plan over these offers, each of its kind with so many units, held for so many seconds.
///
/// # Panics
/// When an offer's id is none.
pub fn plan(trip: uuid::Uuid, parts: &[(Kind, &str, u16)], hold_secs: u32) -> Plan {
    let part = |&(kind, id, units): &(Kind, &str, u16)| {
        let item = serde_json::json!({ "id": id, "quantidade": units });
        let item: TripItem = serde_json::from_value(item).expect("an id and a number of people");
        PlannedPart { daemon: name(kind), revision: Revision(1), items: vec![item] }
    };
    let parts = parts.iter().map(part).collect();
    Plan { trip: TripId::from_uuid(trip), parts, hold_secs }
}

/// To book for one traveller.
///
/// # Panics
/// Never: the traveller's names are names.
pub fn book() -> Goal {
    Goal::Book { travellers: travellers(), contact: None }
}

/// One traveller, Ana Souza.
///
/// # Panics
/// Never: her names are names.
pub fn travellers() -> Vec<Traveller> {
    let name = "Ana".parse().expect("a name");
    let surname = "Souza".parse().expect("a name");
    vec![Traveller { name, surname, document: None }]
}

/// Leads one trip by a process of its own, with these words (see its usage), and answers what it
/// printed.
///
/// # Panics
/// When it fails.
pub fn by_a_process(words: &[String]) -> String {
    let traveller = crate::program::path("agencia-tests-traveller");
    let output = std::process::Command::new(traveller).args(words).output();
    let output = output.expect("the program is there");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
