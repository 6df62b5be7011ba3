//! Leads trips as the web client does: the driver of `agencia-trip` over `agencia-client`.

use crate::Kind;
use crate::books::{Part, Told, Trip};
use agencia_client::{ClientError, Peer, Pool, PoolOptions, Spawn};
use agencia_protocol::TripId;
use agencia_protocol::trip::{DaemonName, Revision, Traveller, TripItem, TripMessage};
use agencia_trip::driver::{Answer, Driver, Ending, Goal, Plan, PlannedPart};
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

    /// The negative control: holds every part as a trip by itself, then books each as a trip by
    /// itself. Without the pin and the one decision, nothing keeps the parts together.
    pub async fn lead_part_by_part(&self, trip: &mut Trip, hold_secs: u32, due: Instant) {
        for part in &mut trip.parts {
            part.trip = another(part.trip, part.kind);
        }
        let alone = |part: &Part| Trip { parts: vec![part.clone()], told: Told::Unknown };
        let plans: Vec<_> = trip.parts.iter().map(|part| alone(part).plan(hold_secs)).collect();
        let hold = |plan: &Plan| self.lead(Driver::new(plan.clone(), Goal::Hold), due, |_| {});
        for led in all(plans.iter().map(hold)).await {
            match led.ending {
                Ending::Held { refused, held } if refused.is_empty() && !held.is_empty() => {}
                _ => return,
            }
        }
        for plan in plans {
            let driver = Driver::confirm(plan, travellers(), None);
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

/// Another id of the same moment, for a part of this kind.
fn another(trip: uuid::Uuid, kind: Kind) -> uuid::Uuid {
    let mut bytes = trip.into_bytes();
    bytes[15] ^= 1 + u8::try_from(crate::trio::place(kind)).expect("three kinds");
    uuid::Uuid::from_bytes(bytes)
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
