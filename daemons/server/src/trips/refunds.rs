//! What a cancellation gives back, by the policy of the settings.
//!
//! The anchor quotes for the whole trip: its own items at the price of their records, those of the
//! other daemons at the price with which they were asked for. The days are counted up to its own
//! first day of service, in the agency's time zone.

use super::terms;
use crate::settings::RefundRule;
use agencia_catalog::Product;
use agencia_protocol::Day;
use agencia_protocol::trip::{DaemonName, Refund};
use agencia_trip::Row;

/// What cancelling this trip would give back today; nothing that is not known counts as a price.
pub(crate) fn quote<P: Product>(
    rules: &[RefundRule],
    own: &DaemonName,
    row: &Row,
    today: Day,
) -> Refund {
    let sold = row.part.as_ref().map_or(&[][..], |part| &part.items);
    let first = sold.iter().filter_map(terms::service_days::<P>).map(|days| *days.start()).min();
    let parts = row.decision.as_ref().and_then(|decision| decision.parts.as_ref());
    let others = parts.into_iter().flat_map(|parts| parts.items()).filter(|(name, _)| *name != own);
    let asked = others.flat_map(|(_, items)| items).filter_map(terms::price_asked);
    let price: u64 = sold.iter().filter_map(terms::price).chain(asked).map(|price| price.0).sum();
    let percent = first.map_or(0, |first| percent(rules, days_left(today, first)));
    Refund(price / 100 * u64::from(percent) + price % 100 * u64::from(percent) / 100)
}

/// How many days are left; nothing once the first day of service has begun.
fn days_left(today: Day, first: Day) -> Option<u16> {
    first.number().checked_sub(today.number()).filter(|&days| days > 0)
}

fn percent(rules: &[RefundRule], left: Option<u16>) -> u8 {
    let Some(left) = left else { return 0 };
    let kept = rules.iter().filter(|rule| rule.days <= left);
    kept.max_by_key(|rule| rule.days).map_or(0, |rule| rule.percent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cars::Cars;
    use crate::settings::Trips;
    use agencia_protocol::trip::{Revision, Timestamp};
    use agencia_trip::row::{Decision, Part, Parts, SoldItem, State, Verdict};
    use std::sync::Arc;

    fn row() -> Row {
        let item = |text: &str| serde_json::from_str(text).unwrap();
        let own = item(r#"{"id":"gol","quantidade":2}"#);
        let others =
            vec![item(r#"{"id":"x","quantidade":3,"valor":"10,01R$"}"#), item(r#"{"id":"y"}"#)];
        let record = r#"{"dia":"10/01/2030","valor":"100,00R$","modelo":"Gol","cidade":"Bagé"}"#;
        let (cars, tours) = ("carros".parse().unwrap(), "passeios".parse().unwrap());
        let items = [(cars, vec![item(r#"{"id":"gol","quantidade":2}"#)]), (tours, others)];
        let parts = Arc::new(Parts::new("carros".parse().unwrap(), items.into()));
        let now = Timestamp::from_unix_millis(0);
        let sold = SoldItem { item: own, offers: Vec::new(), record: record.to_owned() };
        Row {
            part: Some(Part {
                revision: Revision(0),
                items: Arc::new([sold]),
                first_held: now,
                state: State::Confirmed { parts: parts.clone() },
                since: now,
                locator: None,
                forced: None,
            }),
            decision: Some(Decision {
                verdict: Verdict::Committed,
                at: now,
                parts: Some(parts),
                locator: None,
                travellers: Vec::new(),
                contact: None,
                pending: Default::default(),
            }),
        }
    }

    fn check(today: &str, rules: &[RefundRule], expected: u64) {
        let today = Day::from_iso(today).unwrap();
        let own = "carros".parse().unwrap();
        assert_eq!(quote::<Cars>(rules, &own, &row(), today), Refund(expected), "{today:?}");
    }

    #[test]
    fn the_default_policy_gives_back_all_then_half_then_nothing() {
        let rules = Trips::default().refunds;
        // Two cars, and three of what the tours' daemon said it costs.
        check("2029-06-01", &rules, 23_003);
        check("2030-01-03", &rules, 23_003);
        check("2030-01-04", &rules, 11_501);
        check("2030-01-08", &rules, 11_501);
        check("2030-01-09", &rules, 0);
        check("2030-01-10", &rules, 0);
        check("2030-02-01", &rules, 0);
    }

    #[test]
    fn nothing_is_given_back_once_it_has_begun_whatever_the_rules_say() {
        let rules = [RefundRule { days: 0, percent: 30 }];
        check("2030-01-09", &rules, 6_900);
        check("2030-01-10", &rules, 0);
        check("2030-01-09", &[], 0);
    }
}
