//! What the daemons say of a trip: all are asked at once, and what one does not say is not made up.

use crate::daemons::{Daemon, DaemonError, Daemons, Timing};
use crate::item_kind::ItemKind;
use agencia_protocol::flight::Flight;
use agencia_protocol::stay::Stay;
use agencia_protocol::tour::Tour;
use agencia_protocol::trip::{
    Consult, ConsultReply, Contact, DaemonName, DecisionView, POLICY_FIELD, PartState, RefundRule,
    Revision, Timestamp, Traveller, TripItem,
};
use agencia_protocol::{Locator, TripId};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A daemon and what it knows.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) daemon: Daemon,
    /// Nothing when it did not answer.
    pub(crate) view: Option<View>,
    /// Why it did not.
    pub(crate) failure: Option<DaemonError>,
}

/// One daemon's part of a trip.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) state: PartState,
    pub(crate) revision: Revision,
    /// The items as they were asked for, each with its record as it was sold.
    pub(crate) items: Vec<SoldItem>,
    pub(crate) expires: Option<Timestamp>,
    /// What cancelling gives back of them, as it was told when they were held.
    pub(crate) policy: Option<Vec<RefundRule>>,
    /// The whole trip, once this daemon knows it: of each daemon that is known here.
    pub(crate) parts: Option<Vec<(Daemon, Vec<TripItem>)>>,
    /// The rest of it, in daemons that pages do not know.
    pub(crate) strangers: Vec<Stranger>,
    pub(crate) decision: Option<DecisionView>,
    pub(crate) locator: Option<Locator>,
    pub(crate) travellers: Vec<Traveller>,
    pub(crate) contact: Option<Contact>,
    /// Whether an administrator settled it by hand.
    pub(crate) forced: bool,
}

/// A part of a trip in a daemon that pages do not know: a product that is sold with another web
/// client, or one that is older than these pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stranger {
    pub(crate) name: DaemonName,
    /// How many items it sells to the trip.
    pub(crate) items: usize,
}

/// An item of a trip.
#[derive(Debug, Clone)]
pub(crate) struct SoldItem {
    pub(crate) part: ItemKind,
    pub(crate) asked: TripItem,
    pub(crate) sold: Sold,
}

/// The record as it was sold.
#[derive(Debug, Clone)]
pub(crate) enum Sold {
    Flight(Box<Flight>),
    Stay(Box<Stay>),
    Tour(Box<Tour>),
    /// Its daemon does not answer, or lost it with a backup.
    Unread,
}

/// Asks all daemons for a trip.
pub(crate) async fn consult(
    daemons: &Daemons,
    trip: TripId,
    home: &str,
    timing: &Timing,
) -> Vec<Known> {
    let message = Consult::by_trip(trip);
    let views = daemons
        .each(|daemon| {
            let message = &message;
            async move {
                let reply: ConsultReply<Value> = daemons.read(daemon, message, timing).await?;
                // An answer about another trip is none about this one.
                match reply.trip == trip {
                    true => Ok(View::new(daemon, reply, home)),
                    false => Err(daemons.odd(daemon, "it is about another trip")),
                }
            }
        })
        .await;
    let known = |(daemon, view): (Daemon, Result<View, DaemonError>)| match view {
        Ok(view) => Known { daemon, view: Some(view), failure: None },
        Err(failure) => {
            failure.log("did not say what it knows of a trip");
            Known { daemon, view: None, failure: Some(failure) }
        }
    };
    let known: Vec<_> = views.into_iter().map(known).collect();
    for Stranger { name, .. } in strangers(&known) {
        log::warn!("a trip has a part in {name}, which these pages do not know: they say so");
    }
    known
}

/// Whether a daemon refuses to say anything of trips to this host.
pub(crate) fn is_refused(known: &[Known]) -> bool {
    known.iter().filter_map(|known| known.failure.as_ref()).any(DaemonError::is_unauthorised)
}

/// The parts of the trip that pages cannot show, as far as a daemon tells the whole trip.
pub(crate) fn strangers(known: &[Known]) -> &[Stranger] {
    let mut views = known.iter().filter_map(|known| known.view.as_ref());
    views.find(|view| view.parts.is_some()).map_or(&[], |view| &view.strangers)
}

impl View {
    /// Reads a daemon's reply.
    pub(crate) fn new(daemon: Daemon, reply: ConsultReply<Value>, home: &str) -> Self {
        let policy = reply
            .items
            .iter()
            .find_map(|record| serde_json::from_value(record.get(POLICY_FIELD)?.clone()).ok());
        let items = items(daemon, reply.asked, reply.items, home);
        let mut strangers = Vec::new();
        let parts = reply.parts.map(|parts| {
            let mut known = Vec::new();
            for (name, items) in parts {
                match Daemon::named(name.as_str()) {
                    Some(daemon) => known.push((daemon, items)),
                    None => strangers.push(Stranger { name, items: items.len() }),
                }
            }
            known
        });
        Self {
            state: reply.state,
            revision: reply.revision.unwrap_or_default(),
            items,
            expires: reply.expires,
            policy,
            parts,
            strangers,
            decision: reply.decision,
            locator: reply.locator,
            travellers: reply.travellers.unwrap_or_default(),
            contact: reply.contact,
            forced: reply.forced.is_some(),
        }
    }
}

/// The items of a part of which nobody told the records.
pub(crate) fn unread(daemon: Daemon, asked: &[TripItem]) -> Vec<SoldItem> {
    items(daemon, asked.to_vec(), Vec::new(), "")
}

fn items(daemon: Daemon, asked: Vec<TripItem>, records: Vec<Value>, home: &str) -> Vec<SoldItem> {
    let count = asked.len();
    let mut records = records.into_iter();
    let item = |(place, asked): (usize, TripItem)| {
        let sold = Sold::read(daemon, records.next().unwrap_or_default());
        let part = match (daemon, &sold) {
            (Daemon::Flights, Sold::Flight(flight)) => {
                ItemKind::of_flight(place, count, Some(flight), home)
            }
            (Daemon::Flights, _) => ItemKind::of_flight(place, count, None, home),
            (Daemon::Stays, _) => ItemKind::Stay,
            (Daemon::Tours, _) => ItemKind::Tour,
        };
        SoldItem { part, asked, sold }
    };
    asked.into_iter().enumerate().map(item).collect()
}

impl Sold {
    fn read(daemon: Daemon, record: Value) -> Self {
        fn read<R: DeserializeOwned>(record: Value, sold: fn(Box<R>) -> Sold) -> Sold {
            serde_json::from_value(record).map_or(Sold::Unread, |record| sold(Box::new(record)))
        }
        match daemon {
            Daemon::Flights => read(record, Sold::Flight),
            Daemon::Stays => read(record, Sold::Stay),
            Daemon::Tours => read(record, Sold::Tour),
        }
    }
}
