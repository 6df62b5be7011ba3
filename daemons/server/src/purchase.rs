//! `reservar`: a trip of one part, held and booked in one step, told as it was sold.

use crate::clock::Now;
use crate::connection::Later;
use crate::daemon::internal;
use crate::trips::{self, Left, Trips};
use agencia_catalog::{Product, View};
use agencia_protocol::request::{Item, Reserve};
use agencia_protocol::trip::TripItem;
use agencia_protocol::{Locator, WireError};
use agencia_store::{Order, mint};
use agencia_trip::row::SoldItem;
use agencia_trip::{Refusal, Reply};
use std::io::Write;
use std::sync::Arc;

/// Hands a purchase to the ledger and returns its reply to come.
///
/// # Errors
/// What is refused before the ledger is asked.
pub(crate) fn start<P: Product>(
    trips: &Trips,
    view: &View<'_, P>,
    reserve: &Reserve,
    now: Now,
) -> Result<Later, WireError> {
    let Item { id, units, nights } = reserve.item();
    let item = TripItem { id, units, nights, price: None };
    let ledger = trips.ledger().clone();
    match (trips::find_one(view, &item, Left::Free), reserve.trip) {
        (Ok(sold), trip) => {
            let trip = trip.unwrap_or_else(|| mint(now.timestamp()));
            let items: Arc<[_]> = Arc::new([sold]);
            let order = Order::Reserve { items: items.clone() };
            let outcome = ledger.step(trip, order, now.timestamp());
            Ok(Box::pin(async move {
                told(trips::done(outcome.await, &items)).map_err(|error| error.about(&item.id))
            }))
        }
        // The purchase that took the last units may be this very one, asked again.
        (Err(refusal), Some(trip)) => {
            let row = ledger.row(trip);
            Ok(Box::pin(async move {
                let row = row.await;
                // Whatever the offer's state, a key that stands for something else says so.
                let is_taken = matches!(&row, Ok(Some(row)) if row.part.is_some());
                let refusal = if is_taken { Refusal::Conflict.error() } else { refusal };
                let items = trips::known(row, None, std::slice::from_ref(&item), refusal)?;
                let order = Order::Reserve { items: items.clone() };
                let outcome = ledger.step(trip, order, now.timestamp()).await;
                told(trips::done(outcome, &items)).map_err(|error| error.about(&item.id))
            }))
        }
        (Err(refusal), None) => Err(refusal),
    }
}

/// What the traveller is told.
fn told(reply: Result<Reply, WireError>) -> Result<Vec<u8>, WireError> {
    match reply? {
        Reply::Reserved { locator: Some(locator), items, .. } => match &*items {
            [sold] => Ok(reserved(sold, locator)),
            _ => Err(internal("a purchase of one item has another number of them")),
        },
        Reply::Refused(refusal) => Err(refusal.error()),
        other => Err(internal(format!("a purchase was answered with {other:?}"))),
    }
}

/// The reply: the record as it was sold, with what was bought appended.
fn reserved(sold: &SoldItem, locator: Locator) -> Vec<u8> {
    let mut body = sold.record.trim_end().as_bytes().to_vec();
    debug_assert_eq!(body.last(), Some(&b'}'), "a record is one object");
    body.pop();
    // The record of a trip that is known only from a peer is empty.
    let comma = if body.ends_with(b"{") { "" } else { "," };
    let units = sold.item.units.count();
    write!(body, r#"{comma}"quantidade":{units},"localizador":"{locator}"}}"#)
        .expect("memory takes every byte");
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use agencia_protocol::Code;

    fn sold(record: &str) -> SoldItem {
        let item = serde_json::from_str(r#"{"id":"x1","quantidade":2}"#).unwrap();
        SoldItem { item, offers: Vec::new(), record: record.to_owned() }
    }

    #[test]
    fn a_sale_is_the_record_with_what_was_bought() {
        let locator = Locator::new('V', [0; 5]).unwrap();
        for (record, expected) in [
            (
                r#"{"valor":"1,00R$","id":"x1"}"#,
                r#"{"valor":"1,00R$","id":"x1","quantidade":2,"localizador":"VAAAAA"}"#,
            ),
            ("{}", r#"{"quantidade":2,"localizador":"VAAAAA"}"#),
        ] {
            let items: Arc<[_]> = Arc::new([sold(record)]);
            let locator = Some(locator);
            let body = told(Ok(Reply::Reserved { locator, items, repeated: false })).unwrap();
            assert_eq!(String::from_utf8(body).unwrap(), expected);
        }
    }

    #[test]
    fn a_purchase_that_is_refused_says_why() {
        let refused = told(Ok(Reply::Refused(Refusal::Conflict))).unwrap_err();
        assert_eq!(refused.code, Code::Conflict);
        let refused = told(Ok(Reply::Refused(Refusal::Recovering))).unwrap_err();
        assert_eq!(refused.code, Code::Recovering);
    }
}
