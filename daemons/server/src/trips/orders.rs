//! Orders to the ledger and their replies on the wire.

use crate::connection::Later;
use crate::daemon::internal;
use agencia_catalog::sold_out;
use agencia_protocol::trip::{Timestamp, TripItem};
use agencia_protocol::{Code, OfferKey, TripId, WireError};
use agencia_store::{Ledger, Order, Outcome, Stepped, StoreError};
use agencia_trip::Reply;
use agencia_trip::row::SoldItem;
use std::sync::Arc;

/// Queues an order now; its reply comes when it is durable.
pub(crate) fn queue(ledger: &Ledger, trip: TripId, order: Order, at: Timestamp) -> Later {
    let items = taken_by(&order);
    let stepped = ledger.step(trip, order, at);
    Box::pin(async move { done(stepped.await, &items)?.to_json() })
}

/// The machines' reply to an order that took these items.
///
/// # Errors
/// `esgotado` naming the offer, and what [`refused`] says. A refusal of the machines is a reply.
pub(crate) fn done(
    outcome: Result<Outcome, StoreError>,
    items: &[SoldItem],
) -> Result<Reply, WireError> {
    match outcome {
        Ok(Outcome::Stepped(Stepped { reply, .. })) => Ok(reply),
        Ok(Outcome::SoldOut { offer }) => Err(nothing_left(offer, items)),
        Err(error) => Err(refused(error)),
    }
}

/// What an order takes.
fn taken_by(order: &Order) -> Arc<[SoldItem]> {
    match order {
        Order::Hold { items, .. } | Order::Reserve { items } => items.clone(),
        _ => Arc::new([]),
    }
}

fn nothing_left(offer: OfferKey, items: &[SoldItem]) -> WireError {
    let named = items.iter().find(|sold| sold.offers.contains(&offer));
    match named {
        Some(SoldItem { item: TripItem { id, .. }, .. }) => sold_out(id),
        None => WireError::new(Code::SoldOut, "não há mais unidades suficientes"),
    }
}

/// What a fault of the ledger is on the wire.
pub(crate) fn refused(error: StoreError) -> WireError {
    match error {
        StoreError::Busy => {
            WireError::new(Code::Busy, "há pedidos demais na fila; tente de novo daqui a pouco")
        }
        StoreError::NoSpace => WireError::new(
            Code::Busy,
            "o disco do servidor está cheio: nada novo é reservado até haver espaço",
        ),
        StoreError::Unknown => WireError::new(
            Code::Unknown,
            "não se sabe se foi feito; pergunte de novo com a mesma viagem",
        ),
        other => internal(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items() -> Vec<SoldItem> {
        let sold = |id: &str, offers: &[u64]| SoldItem {
            item: serde_json::from_str(&format!(r#"{{"id":"{id}"}}"#)).unwrap(),
            offers: offers.iter().map(|&offer| OfferKey(offer)).collect(),
            record: "{}".to_owned(),
        };
        vec![sold("a", &[1]), sold("b", &[2, 3])]
    }

    fn check(outcome: Result<Outcome, StoreError>, code: Code, id: Option<&str>) {
        let error = done(outcome, &items()).unwrap_err();
        assert_eq!((error.code, error.id.as_deref()), (code, id), "{error}");
    }

    #[test]
    fn every_outcome_but_a_step_has_its_word() {
        check(Ok(Outcome::SoldOut { offer: OfferKey(1) }), Code::SoldOut, Some("a"));
        check(Ok(Outcome::SoldOut { offer: OfferKey(3) }), Code::SoldOut, Some("b"));
        check(Ok(Outcome::SoldOut { offer: OfferKey(4) }), Code::SoldOut, None);
        check(Err(StoreError::Busy), Code::Busy, None);
        check(Err(StoreError::NoSpace), Code::Busy, None);
        check(Err(StoreError::Unknown), Code::Unknown, None);
        check(Err(StoreError::Closed), Code::Internal, None);
        check(Err(StoreError::NoLocator { draws: 64 }), Code::Internal, None);
    }

    #[test]
    fn a_full_disk_is_said_to_be_full() {
        assert!(refused(StoreError::NoSpace).message.contains("disco"));
    }
}
