//! `consultar` and `listar`: what is kept of a trip, as the wire shows it.

use super::surnames;
use agencia_protocol::trip::{
    ConsultReply, DecisionView, ForcedView, ListedTrip, PersonName, Refund,
};
use agencia_protocol::{Locator, TripId, WireError};
use agencia_trip::Row;
use agencia_trip::row::{Decision, State, Verdict};
use serde_json::value::RawValue;

/// The record of an item as it was sold; one that is lost with a backup is an empty object.
type Record = Box<RawValue>;

/// What is kept of a trip.
pub(crate) fn view(trip: TripId, row: &Row) -> ConsultReply<Record> {
    let (part, decision) = (row.part.as_ref(), row.decision.as_ref());
    let items = part.map_or(&[][..], |part| &part.items);
    let of_part = part.and_then(|part| part.state.parts());
    let parts = of_part.or(decision.and_then(|decision| decision.parts.as_ref()));
    let expires = part.and_then(|part| match part.state {
        State::Held { expires } => Some(expires),
        _ => None,
    });
    ConsultReply {
        trip,
        state: row.state(),
        revision: part.map(|part| part.revision),
        asked: items.iter().map(|sold| sold.item.clone()).collect(),
        items: items.iter().map(|sold| record(&sold.record)).collect(),
        expires,
        anchor: parts.map(|parts| parts.anchor().clone()),
        parts: parts.map(|parts| parts.items().clone()),
        decision: decision.map(decision_view),
        locator: locator(row),
        travellers: decision.map(|decision| decision.travellers.clone()),
        contact: decision.and_then(|decision| decision.contact.clone()),
        forced: part.and_then(|part| part.forced.as_ref()).map(|forced| ForcedView {
            was: forced.was,
            at: forced.at,
            reason: forced.reason.clone(),
        }),
    }
}

/// The same, with since when the part is where it is.
pub(crate) fn listed(trip: TripId, row: &Row) -> ListedTrip<Record> {
    ListedTrip { view: view(trip, row), since: row.part.as_ref().map(|part| part.since) }
}

fn decision_view(decision: &Decision) -> DecisionView {
    let (reason, refund): (_, Option<Refund>) = match decision.verdict {
        Verdict::Committed => (None, None),
        Verdict::Aborted { reason } => (Some(reason), None),
        Verdict::Cancelled { refund } => (None, refund),
    };
    DecisionView {
        outcome: decision.outcome(),
        at: decision.at,
        reason,
        refund,
        pending: decision.pending.iter().cloned().collect(),
    }
}

fn locator(row: &Row) -> Option<Locator> {
    let decided = row.decision.as_ref().and_then(|decision| decision.locator);
    decided.or(row.part.as_ref().and_then(|part| part.locator))
}

fn record(text: &str) -> Record {
    let raw = RawValue::from_string(text.to_owned());
    raw.or_else(|_| RawValue::from_string("{}".to_owned())).expect("an empty object is JSON")
}

/// Whether somebody with this surname travels.
pub(crate) fn is_of(row: &Row, surname: &PersonName) -> bool {
    let travellers = row.decision.iter().flat_map(|decision| &decision.travellers);
    let mut surnames = travellers.map(|traveller| traveller.surname.as_str());
    surnames.any(|known| surnames::same(known, surname.as_str()))
}

/// The answer to a voucher that is not known or of somebody else, which look alike.
pub(crate) fn no_such_voucher() -> WireError {
    WireError::field("localizador", "não há viagem com este localizador e este sobrenome")
}
