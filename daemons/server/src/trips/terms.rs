//! What a sold item says of itself: when it is used, what it cost, what cancelling gives back. It is
//! read off the record that the traveller saw, because the offer may have left the catalog since.

use agencia_catalog::{Product, Texts};
use agencia_protocol::trip::{POLICY_FIELD, Refund, RefundRule};
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
    Some(Refund(u64::from(each.cents()) * u64::from(sold.item.units.count())))
}

/// The policy that was told with it; nothing where none was.
pub(crate) fn policy(sold: &SoldItem) -> Option<Vec<RefundRule>> {
    let mut record: serde_json::Map<_, _> = serde_json::from_str(&sold.record).ok()?;
    serde_json::from_value(record.remove(POLICY_FIELD)?).ok()
}

/// A record with the policy beside what it says.
pub(crate) fn with_policy(record: String, rules: &[RefundRule]) -> String {
    let mut bytes = record.into_bytes();
    append_policy(&mut bytes, rules);
    String::from_utf8(bytes).expect("text and JSON are text")
}

/// Adds the policy to the JSON object that `out` ends with and that has a field already.
pub(crate) fn append_policy(out: &mut Vec<u8>, rules: &[RefundRule]) {
    if out.pop_if(|byte| *byte == b'}').is_none() {
        return;
    }
    let rules = serde_json::to_string(rules).expect("numbers are JSON");
    out.extend_from_slice(format!(",\"{POLICY_FIELD}\":{rules}}}").as_bytes());
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
    }

    #[test]
    fn a_policy_is_read_back_from_the_record_that_it_was_told_with() {
        let rules = vec![RefundRule { days: 7, percent: 100 }, RefundRule { days: 0, percent: 5 }];
        for told in [rules, Vec::new()] {
            let record = with_policy(GOL.to_owned(), &told);
            let sold = sold(&record, r#"{"id":"gol","quantidade":2}"#);
            assert_eq!(policy(&sold), Some(told), "{record}");
            assert_eq!(price(&sold), Some(Refund(20_000)), "{record}");
            assert!(service_days::<Cars>(&sold).is_some(), "{record}");
        }
        assert_eq!(policy(&sold(GOL, r#"{"id":"gol"}"#)), None);
        assert_eq!(with_policy(String::new(), &[]), "");
    }
}
