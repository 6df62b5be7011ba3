//! `reservar`: the offer is chosen from the catalog, sold by the ledger, and told as it was sold.

use crate::clock::Now;
use crate::connection::Later;
use crate::daemon::internal;
use agencia_catalog::{Choice, ChosenUnit, Object, Product, View, sold_out};
use agencia_protocol::request::{Item, Reserve};
use agencia_protocol::{Code, OfferId, WireError};
use agencia_store::{Ledger, Outcome, Reservation, Sale, StoreError, Unit};
use std::io::Write;

/// Hands a purchase to the ledger and returns its reply to come.
pub(crate) fn start<P: Product>(
    ledger: &Ledger,
    view: &View<'_, P>,
    reserve: &Reserve,
    now: Now,
) -> Result<Later, WireError> {
    let Choice { units, count, record } = choose(view, reserve)?;
    let unit = |ChosenUnit { offer, capacity }| Unit { offer, capacity };
    let submitted = ledger.submit(Reservation {
        trip: reserve.trip,
        units: units.into_iter().map(unit).collect(),
        count,
        record,
        at: now.unix_millis,
    });
    let id = reserve.id.clone();
    Ok(Box::pin(async move { told(submitted.await, &id, count) }))
}

fn choose<P: Product>(view: &View<'_, P>, reserve: &Reserve) -> Result<Choice, WireError> {
    let item = reserve.item();
    match view.choose(&item) {
        // The purchase that took the last units may be this very one, asked again.
        Err(error) if error.code == Code::SoldOut && reserve.trip.is_some() => {
            choose_whatever_is_left(view, &item).ok_or(error)
        }
        chosen => chosen,
    }
}

/// What the item is, although too few units are left: the ledger decides.
fn choose_whatever_is_left<P: Product>(view: &View<'_, P>, item: &Item) -> Option<Choice> {
    let first = view.catalog.find(&item.id)?;
    let chain = P::chain(view, first, item, None).ok()?;
    let mut record = Vec::new();
    let mut object = Object::begin(&mut record);
    P::render(view, &chain, &mut object);
    object.plain("id", item.id.as_str());
    object.end();
    let unit = |&offer| ChosenUnit {
        offer: view.catalog.key(offer),
        capacity: view.catalog.capacity(offer).into(),
    };
    Some(Choice {
        units: chain.iter().map(unit).collect(),
        count: item.units.count().into(),
        record: String::from_utf8(record).ok()?,
    })
}

/// What the traveller is told.
fn told(
    outcome: Result<Outcome, StoreError>,
    id: &OfferId,
    count: u32,
) -> Result<Vec<u8>, WireError> {
    let error = match outcome {
        Ok(Outcome::Sold(sale)) => return Ok(reserved(&sale, count)),
        Ok(Outcome::SoldOut { .. }) => return Err(sold_out(id)),
        Ok(Outcome::Conflict) => {
            let message = "esta viagem já comprou outra coisa";
            return Err(WireError::new(Code::Conflict, message).about(id));
        }
        Err(error) => error,
    };
    Err(match error {
        StoreError::Busy => {
            WireError::new(Code::Busy, "há compras demais na fila; tente de novo daqui a pouco")
        }
        StoreError::Unknown => {
            let message = "não se sabe se a compra foi feita; pergunte de novo com a mesma viagem";
            WireError::new(Code::Unknown, message)
        }
        other => internal(other),
    }
    .about(id))
}

/// The reply: the record as it was sold, with what was bought appended.
fn reserved(sale: &Sale, count: u32) -> Vec<u8> {
    let mut body = sale.record.as_bytes().to_vec();
    debug_assert_eq!(body.last(), Some(&b'}'), "a record is one object");
    body.pop();
    write!(body, r#","quantidade":{count},"localizador":"{}"}}"#, sale.locator)
        .expect("memory takes every byte");
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcome: Result<Outcome, StoreError>, code: Code) {
        let id: OfferId = "x1".parse().unwrap();
        let error = told(outcome, &id, 1).unwrap_err();
        assert_eq!((error.code, error.id.as_deref()), (code, Some("x1")));
    }

    #[test]
    fn every_outcome_but_a_sale_has_its_word() {
        let offer = agencia_protocol::OfferKey(7);
        check(Ok(Outcome::SoldOut { offer }), Code::SoldOut);
        check(Ok(Outcome::Conflict), Code::Conflict);
        check(Err(StoreError::Busy), Code::Busy);
        check(Err(StoreError::Unknown), Code::Unknown);
        check(Err(StoreError::Closed), Code::Internal);
        check(Err(StoreError::NoLocator { draws: 64 }), Code::Internal);
    }

    #[test]
    fn a_sale_is_the_record_with_what_was_bought() {
        let locator = agencia_protocol::Locator::new('V', [0; 5]).unwrap();
        let record = r#"{"valor":"1,00R$","id":"x1"}"#.to_owned();
        let body = reserved(&Sale { locator, record, repeated: false }, 2);
        let expected = r#"{"valor":"1,00R$","id":"x1","quantidade":2,"localizador":"VAAAAA"}"#;
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }
}
