//! What a sold item says of itself: when it is used, what it cost. It is read off the record that
//! the traveller saw, because the offer may have left the catalog since.

use agencia_catalog::{Product, Texts};
use agencia_protocol::trip::{Refund, TripItem};
use agencia_protocol::{Day, Money};
use agencia_trip::row::SoldItem;
use serde::Deserialize;
use std::ops::RangeInclusive;

/// The first and the last day of service; nothing where the record was lost with a backup.
pub(crate) fn service_days<P: Product>(sold: &SoldItem) -> Option<RangeInclusive<Day>> {
    let record: P::Record = serde_json::from_str(&sold.record).ok()?;
    let (mut texts, mut scratch) = (Texts::default(), P::Scratch::default());
    let first = P::day(&P::compact(&record, &mut texts, &mut scratch).ok()?);
    let nights = sold.item.nights.map_or(1, |nights| nights.count());
    Some(first..=first.after(nights.saturating_sub(1)).unwrap_or(first))
}

/// What the item cost, all units and nights; nothing where that is not known any more.
pub(crate) fn price(sold: &SoldItem) -> Option<Refund> {
    #[derive(Deserialize)]
    struct Priced {
        #[serde(rename = "valor")]
        price: Money,
        #[serde(rename = "valorTotal", default)]
        total: Option<Money>,
    }
    let priced = serde_json::from_str::<Priced>(&sold.record).ok();
    let each = priced.map(|priced| priced.total.unwrap_or(priced.price)).or(sold.item.price)?;
    Some(of_units(each, &sold.item))
}

/// What an item of another daemon cost, as far as whoever asked for it said.
pub(crate) fn price_asked(item: &TripItem) -> Option<Refund> {
    item.price.map(|each| of_units(each, item))
}

fn of_units(each: Money, item: &TripItem) -> Refund {
    Refund(u64::from(each.cents()) * u64::from(item.units.count()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cars::Cars;

    fn sold(record: &str, item: &str) -> SoldItem {
        let item = serde_json::from_str(item).unwrap();
        SoldItem { item, offers: Vec::new(), record: record.to_owned() }
    }

    const GOL: &str = r#"{"dia":"30/12/2029","valor":"100,00R$","modelo":"Gol","cidade":"Bagé"}"#;

    #[test]
    fn the_days_of_service_are_those_of_the_record() {
        let days = |item| service_days::<Cars>(&sold(GOL, item)).unwrap();
        let day = |iso| Day::from_iso(iso).unwrap();
        assert_eq!(days(r#"{"id":"gol"}"#), day("2029-12-30")..=day("2029-12-30"));
        assert_eq!(days(r#"{"id":"gol","noites":3}"#), day("2029-12-30")..=day("2030-01-01"));
        assert_eq!(service_days::<Cars>(&sold("{}", r#"{"id":"gol"}"#)), None);
    }

    #[test]
    fn the_price_is_that_of_all_units_and_nights() {
        for (record, item, expected) in [
            (GOL, r#"{"id":"gol"}"#, Some(10_000)),
            (GOL, r#"{"id":"gol","quantidade":3}"#, Some(30_000)),
            (
                r#"{"valor":"1,00R$","valorTotal":"4,00R$"}"#,
                r#"{"id":"x","noites":4,"quantidade":2}"#,
                Some(800),
            ),
            ("{}", r#"{"id":"x","quantidade":2,"valor":"7,00R$"}"#, Some(1_400)),
            ("{}", r#"{"id":"x"}"#, None),
        ] {
            assert_eq!(price(&sold(record, item)), expected.map(Refund), "{record} {item}");
        }
        let item = serde_json::from_str(r#"{"id":"x","quantidade":2,"valor":"7,00R$"}"#).unwrap();
        assert_eq!(price_asked(&item), Some(Refund(1_400)));
    }
}
