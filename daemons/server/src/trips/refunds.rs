//! What cancelling gives back of a daemon's own part of a trip: its items at the price of their
//! records, by the policy that was told when they were held. The days are counted up to the part's
//! first day of service, in the agency's time zone. What the other parts give back their daemons say.

use super::terms;
use agencia_catalog::Product;
use agencia_protocol::Day;
use agencia_protocol::trip::{Refund, RefundRule};
use agencia_trip::Row;
use agencia_trip::row::SoldItem;

/// What cancelling would give back today of the part; nothing that is not known counts as a price.
/// `rules` are the policy of now, for what was sold without being told one.
pub(crate) fn share<P: Product>(rules: &[RefundRule], row: &Row, today: Day) -> Refund {
    let sold = row.part.as_ref().map_or(&[][..], |part| &part.items);
    let first = sold.iter().filter_map(terms::service_days::<P>).map(|days| *days.start()).min();
    let left = first.and_then(|first| days_left(today, first));
    let given_back = |sold: &SoldItem| {
        let told = terms::policy(sold);
        let percent = percent(told.as_deref().unwrap_or(rules), left);
        Some(terms::price(sold)?.0 * u64::from(percent))
    };
    Refund(sold.iter().filter_map(given_back).sum::<u64>() / 100)
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
    use agencia_trip::row::{Part, State};

    /// Two cars from the tenth on, and one from the thirtieth on.
    fn row(told: &[RefundRule]) -> Row {
        let sold = |item: &str, record: &str| SoldItem {
            item: serde_json::from_str(item).unwrap(),
            offers: Vec::new(),
            record: match told {
                [] => record.to_owned(),
                rules => terms::with_policy(record.to_owned(), rules),
            },
        };
        let record = |day, price| {
            format!(r#"{{"dia":"{day}","valor":"{price}","modelo":"Gol","cidade":"Bagé"}}"#)
        };
        let items = [
            sold(r#"{"id":"gol","quantidade":2}"#, &record("10/01/2030", "100,00R$")),
            sold(r#"{"id":"gol2"}"#, &record("30/01/2030", "30,03R$")),
        ];
        let (now, parts) = (Timestamp::from_unix_millis(0), None);
        let part = Part {
            revision: Revision(0),
            items: items.into(),
            first_held: now,
            state: State::Released { why: agencia_trip::row::Release::Forced, parts },
            since: now,
            locator: None,
            forced: None,
        };
        Row { part: Some(part), decision: None }
    }

    fn check(today: &str, rules: &[RefundRule], told: &[RefundRule], expected: u64) {
        let today = Day::from_iso(today).unwrap();
        assert_eq!(share::<Cars>(rules, &row(told), today), Refund(expected), "{today:?}");
    }

    #[test]
    fn the_default_policy_gives_back_all_then_half_then_nothing() {
        let rules = Trips::default().policy();
        check("2029-06-01", &rules, &[], 23_003);
        check("2030-01-03", &rules, &[], 23_003);
        check("2030-01-04", &rules, &[], 11_501);
        check("2030-01-08", &rules, &[], 11_501);
        check("2030-01-09", &rules, &[], 0);
        check("2030-01-10", &rules, &[], 0);
        check("2030-02-01", &rules, &[], 0);
        assert_eq!(
            share::<Cars>(&rules, &Row::default(), Day::from_iso("2030-01-01").unwrap()),
            Refund(0)
        );
    }

    #[test]
    fn nothing_is_given_back_once_it_has_begun_whatever_the_rules_say() {
        let rules = [RefundRule { days: 0, percent: 30 }];
        check("2030-01-09", &rules, &[], 6_900);
        check("2030-01-10", &rules, &[], 0);
        check("2030-01-09", &[], &[], 0);
    }

    #[test]
    fn the_policy_that_was_told_counts_and_not_the_one_of_now() {
        let (told, now) = ([RefundRule { days: 5, percent: 80 }], Trips::default().policy());
        check("2029-06-01", &now, &told, 18_402);
        check("2030-01-05", &now, &told, 18_402);
        check("2030-01-06", &now, &told, 0);
    }
}
