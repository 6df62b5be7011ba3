//! The chosen offers as they are now: price and units left are read again for every page that
//! shows them, never remembered.

use crate::choice::Choice;
use crate::daemons::{Daemon, DaemonError, Daemons, Timing};
use agencia_protocol::flight::Flight;
use agencia_protocol::request::{Item, Offers, OffersFound};
use agencia_protocol::stay::Stay;
use agencia_protocol::tour::Tour;
use agencia_protocol::trip::RefundRule;
use agencia_protocol::{OfferId, People};
use serde::de::DeserializeOwned;

/// How a chosen offer stands.
#[derive(Debug)]
pub(crate) enum Standing<R> {
    /// It can be bought.
    OnSale(R),
    /// Fewer units are left than people travel.
    SoldOut(R),
    /// It is not, or no longer, on sale.
    Gone,
    /// Its daemon did not say.
    Unread,
}

impl<R> Standing<R> {
    /// The record, if it is known.
    pub(crate) fn record(&self) -> Option<&R> {
        match self {
            Standing::OnSale(record) | Standing::SoldOut(record) => Some(record),
            Standing::Gone | Standing::Unread => None,
        }
    }
}

/// All chosen offers.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) outbound: Option<Standing<Flight>>,
    pub(crate) inbound: Option<Standing<Flight>>,
    pub(crate) stay: Option<Standing<Stay>>,
    /// In the order of the choice.
    pub(crate) tours: Vec<(OfferId, Standing<Tour>)>,
    /// What cancelling would give back of what each daemon sells, as far as it says so.
    pub(crate) policies: Vec<(Daemon, Vec<RefundRule>)>,
    /// Why some could not be read.
    pub(crate) failure: Option<DaemonError>,
}

impl Chosen {
    /// What cancelling would give back of what a daemon sells, if it says so.
    pub(crate) fn policy(&self, daemon: Daemon) -> Option<&[RefundRule]> {
        let told = self.policies.iter().find(|(of, _)| *of == daemon);
        told.map(|(_, policy)| policy.as_slice())
    }

    /// Counts units that the trip has itself as free for it, by how many it has of an offer.
    pub(crate) fn count_as_free(&mut self, people: People, own: impl Fn(Daemon, &OfferId) -> u32) {
        fn count<R: Record>(
            standing: &mut Standing<R>,
            needed: People,
            own: impl Fn(&OfferId) -> u32,
        ) {
            let Standing::SoldOut(record) = standing else { return };
            let (id, left) = record.left();
            let own = id.map_or(0, own);
            if left.saturating_add(own) >= u32::from(needed.count()) {
                *standing = Standing::OnSale(record.clone());
            }
        }
        for flight in self.outbound.iter_mut().chain(&mut self.inbound) {
            count(flight, people, |id| own(Daemon::Flights, id));
        }
        if let Some(stay) = &mut self.stay {
            count(stay, People::default(), |id| own(Daemon::Stays, id));
        }
        for (_, tour) in &mut self.tours {
            count(tour, people, |id| own(Daemon::Tours, id));
        }
    }
}

/// What has units.
trait Record: Clone {
    /// Its id, and how many are left of it.
    fn left(&self) -> (Option<&OfferId>, u32);
}

impl Record for Flight {
    fn left(&self) -> (Option<&OfferId>, u32) {
        (self.id.as_ref(), self.available.unwrap_or(0))
    }
}

impl Record for Stay {
    fn left(&self) -> (Option<&OfferId>, u32) {
        (self.id.as_ref(), self.available.unwrap_or(0))
    }
}

impl Record for Tour {
    fn left(&self) -> (Option<&OfferId>, u32) {
        (self.id.as_ref(), self.available.unwrap_or(0))
    }
}

/// Reads a choice again: one request to each daemon that has a part in it, all at once.
pub(crate) async fn look_up(daemons: &Daemons, choice: &Choice, timing: &Timing) -> Chosen {
    let people = choice.people.unwrap_or_default();
    let item = |id: &OfferId| Item { id: id.clone(), units: people, nights: None };
    let flights: Vec<Item> = choice.outbound.iter().chain(&choice.inbound).map(item).collect();
    let stay: Vec<Item> = choice
        .stay
        .iter()
        .map(|stay| Item {
            id: stay.id.clone(),
            units: People::default(),
            nights: Some(stay.nights),
        })
        .collect();
    let tours: Vec<Item> = choice.tours.iter().map(item).collect();
    let (flights, stay, tours) = tokio::join!(
        read::<Flight>(daemons, Daemon::Flights, flights, timing),
        read::<Stay>(daemons, Daemon::Stays, stay, timing),
        read::<Tour>(daemons, Daemon::Tours, tours, timing),
    );
    let mut policies = Vec::new();
    let flights = told(Daemon::Flights, flights, &mut policies);
    let stay = told(Daemon::Stays, stay, &mut policies);
    let tours = told(Daemon::Tours, tours, &mut policies);
    let mut failure = None;
    let mut flights = stand(flights, &mut failure, |flight| flight.available, people);
    let mut stay = stand(stay, &mut failure, |stay| stay.available, People::default());
    let mut tours = stand(tours, &mut failure, |tour| tour.available, people);
    Chosen {
        outbound: choice.outbound.as_ref().map(|_| flights()),
        inbound: choice.inbound.as_ref().map(|_| flights()),
        stay: choice.stay.as_ref().map(|_| stay()),
        tours: choice.tours.iter().map(|id| (id.clone(), tours())).collect(),
        policies,
        failure,
    }
}

/// The records that a daemon told, and its policy beside the others'.
fn told<R>(
    daemon: Daemon,
    found: Result<OffersFound<R>, DaemonError>,
    policies: &mut Vec<(Daemon, Vec<RefundRule>)>,
) -> Result<Vec<Option<R>>, DaemonError> {
    let OffersFound { offers, policy } = found?;
    policies.extend(policy.map(|policy| (daemon, policy)));
    Ok(offers)
}

/// The records of `items`, in their order; asks nothing when there are none.
async fn read<R: DeserializeOwned>(
    daemons: &Daemons,
    daemon: Daemon,
    items: Vec<Item>,
    timing: &Timing,
) -> Result<OffersFound<R>, DaemonError> {
    if items.is_empty() {
        return Ok(OffersFound { offers: Vec::new(), policy: None });
    }
    daemons.read(daemon, &Offers::new(items), timing).await
}

/// Hands out, one after another, how the records of one daemon stand.
fn stand<R, F: Fn(&R) -> Option<u32>>(
    found: Result<Vec<Option<R>>, DaemonError>,
    failure: &mut Option<DaemonError>,
    available: F,
    needed: People,
) -> impl FnMut() -> Standing<R> + use<R, F> {
    let mut records = match found {
        Ok(records) => Some(records.into_iter()),
        Err(error) => {
            failure.get_or_insert(error);
            None
        }
    };
    move || match records.as_mut().map(Iterator::next) {
        None => Standing::Unread,
        Some(None | Some(None)) => Standing::Gone,
        Some(Some(Some(record))) => match available(&record) {
            Some(left) if left < u32::from(needed.count()) => Standing::SoldOut(record),
            _ => Standing::OnSale(record),
        },
    }
}
