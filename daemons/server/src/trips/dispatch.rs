//! Every message of a trip, and what is done about it.

use super::guesses::Guesses;
use super::live::Live;
use super::offers::{self, Left};
use super::orders::{self, refused};
use super::recovery::RecoveryGate;
use crate::clock::Now;
use crate::connection::{Course, Later};
use crate::settings::Settings;
use agencia_catalog::{Product, View};
use agencia_protocol::WireError;
use agencia_protocol::trip::{
    DaemonName, Decide, Force, Hold, Pin, RefundRule, Revision, TripItem, TripMessage,
};
use agencia_store::{Ledger, Order, StoreError};
use agencia_trip::Row;
use agencia_trip::row::{Parts, SoldItem, same_items};
use log::warn;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How the reply to a message comes about: orders share commits, questions are asked by themselves.
pub(crate) fn course(message: &TripMessage) -> Course {
    match message {
        TripMessage::Hold(_)
        | TripMessage::Extend(_)
        | TripMessage::LetGo(_)
        | TripMessage::Pin(_)
        | TripMessage::Decide(_)
        | TripMessage::AskOutcome(_)
        | TripMessage::Apply(_)
        | TripMessage::Cancel(_)
        | TripMessage::Alter(_)
        | TripMessage::Force(_) => Course::Together,
        TripMessage::QuoteCancellation(_)
        | TripMessage::Consult(_)
        | TripMessage::Recover(_)
        | TripMessage::Audit(_)
        | TripMessage::List(_) => Course::Alone,
    }
}

/// What answers the messages of trips.
pub(crate) struct Trips {
    pub(super) name: DaemonName,
    pub(super) ledger: Ledger,
    live: Arc<Live>,
    /// The other daemons: one that is not among them can be no anchor.
    pub(super) peers: BTreeSet<DaemonName>,
    pub(super) recovery: Arc<RecoveryGate>,
    pub(super) guesses: Arc<Guesses>,
    /// What cancelling gives back of what is held from now on.
    pub(super) policy: Arc<[RefundRule]>,
}

impl Trips {
    pub(crate) fn new<S>(
        name: DaemonName,
        ledger: Ledger,
        live: Arc<Live>,
        (peers, recovery): (BTreeSet<DaemonName>, Arc<RecoveryGate>),
        settings: &Settings<S>,
    ) -> Self {
        let limits = &settings.limits;
        let guesses = Guesses::new(
            limits.guesses_per_locator_max,
            limits.guesses_per_address_max,
            settings.trips.guess,
        );
        let policy = settings.trips.policy().into();
        Self { name, ledger, live, peers, recovery, guesses: Arc::new(guesses), policy }
    }

    /// The ledger, for purchases in one step.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What cancelling gives back of what is held from now on.
    pub(crate) fn policy(&self) -> &[RefundRule] {
        &self.policy
    }

    /// Begins to answer a message.
    ///
    /// # Errors
    /// What is refused before the ledger is asked.
    pub(crate) fn start<P: Product>(
        &self,
        message: &TripMessage,
        view: &View<'_, P>,
        now: Now,
    ) -> Result<Later, WireError> {
        let order = match message {
            TripMessage::Hold(hold) => return self.hold(hold, view, now),
            TripMessage::Extend(extend) => Order::Extend { until: extend.until },
            TripMessage::LetGo(_) => Order::LetGo,
            TripMessage::Pin(pin) => self.pin(pin)?,
            TripMessage::Decide(decide) => self.decide(decide),
            TripMessage::AskOutcome(ask) => {
                let secs = |secs: u32| Duration::from_secs(secs.into());
                Order::AskOutcome { waited: ask.waited_secs.map(secs) }
            }
            TripMessage::Apply(apply) => Order::Apply {
                outcome: apply.outcome,
                proof: apply.proof.clone(),
                locator: apply.locator,
            },
            TripMessage::Cancel(cancel) => Order::Cancel { quote: cancel.quote.clone() },
            TripMessage::Alter(alter) => Order::Alter {
                travellers: alter.travellers.clone(),
                contact: alter.contact.clone(),
            },
            TripMessage::Force(force) => return Ok(self.force(force, now)),
            TripMessage::QuoteCancellation(ask) => return Ok(self.quote::<P>(ask, now)),
            TripMessage::Consult(consult) => return self.consult(consult),
            TripMessage::Recover(recover) => return self.recover(recover),
            TripMessage::Audit(_) => return Ok(self.audit()),
            TripMessage::List(list) => return Ok(self.list(list)),
        };
        let trip = message.trip().expect("every order is about a trip");
        Ok(orders::queue(&self.ledger, trip, order, now.timestamp()))
    }

    /// `segurar`. What memory refuses may be what the trip already has: the ledger is asked then.
    fn hold<P: Product>(
        &self,
        hold: &Hold,
        view: &View<'_, P>,
        now: Now,
    ) -> Result<Later, WireError> {
        let live = self.live.row(hold.trip);
        // A trip that is held may have the units itself that memory counts as taken.
        let left = if live.is_some() { Left::Any } else { Left::Free };
        // A revision keeps the deadline, so it happens in the time in which that was set.
        let at = live.map_or(now.timestamp(), |live| live.time(now.timestamp()));
        let (trip, revision) = (hold.trip, hold.revision);
        let time = Duration::from_secs(hold.hold_secs.into());
        let items = match offers::find(view, &hold.items, left, &self.policy) {
            Ok(items) => items,
            Err(refusal) => {
                let (row, ledger) = (self.ledger.row(trip), self.ledger.clone());
                let asked = hold.items.clone();
                return Ok(Box::pin(async move {
                    let items = known(row.await, Some(revision), &asked, refusal)?;
                    let order = Order::Hold { revision, items, time };
                    orders::queue(&ledger, trip, order, at).await
                }));
            }
        };
        let admission = self.live.admit(hold)?;
        let order = Order::Hold { revision, items, time };
        let done = orders::queue(&self.ledger, trip, order, at);
        Ok(Box::pin(async move {
            let reply = done.await;
            drop(admission);
            reply
        }))
    }

    fn pin(&self, pin: &Pin) -> Result<Order, WireError> {
        if !self.peers.contains(&pin.anchor) && pin.anchor != self.name {
            let message = "este servidor não conhece esta âncora";
            return Err(WireError::field("ancora", message));
        }
        let parts = Arc::new(Parts::new(pin.anchor.clone(), pin.parts.clone()));
        Ok(Order::Pin { revision: pin.revision, parts })
    }

    /// `forcar`. Whoever keeps the log reads of it when it is done, and why.
    fn force(&self, force: &Force, now: Now) -> Later {
        let order = Order::Force { state: force.state, reason: force.reason.clone() };
        let done = orders::queue(&self.ledger, force.trip, order, now.timestamp());
        let Force { trip, state, reason, .. } = force.clone();
        Box::pin(async move {
            let reply = done.await;
            match &reply {
                Ok(_) => warn!("Trip {trip} was settled by hand, {state:?}: {:?}", reason.as_str()),
                Err(error) => warn!("Trip {trip} was not settled by hand: {error}"),
            }
            reply
        })
    }

    fn decide(&self, decide: &Decide) -> Order {
        Order::Decide {
            parts: Arc::new(Parts::new(self.name.clone(), decide.parts.clone())),
            receipts: decide.receipts.clone(),
            travellers: decide.travellers.clone(),
            contact: decide.contact.clone(),
        }
    }
}

/// The items that the trip already has here, when it asks for them again, whatever has become of
/// the offers since.
///
/// # Errors
/// The refusal, when it asks for anything else.
pub(crate) fn known(
    row: Result<Option<Arc<Row>>, StoreError>,
    revision: Option<Revision>,
    asked: &[TripItem],
    refusal: WireError,
) -> Result<Arc<[SoldItem]>, WireError> {
    let row = row.map_err(refused)?.unwrap_or_default();
    let same = row.part.as_ref().filter(|part| {
        revision.is_none_or(|revision| revision == part.revision) && same_items(&part.items, asked)
    });
    same.map(|part| part.items.clone()).ok_or(refusal)
}
