//! What cancelling would give back, as pages say it before anything is booked and after: for each
//! product the days until when, as its daemon has told its policy.

use super::item::Item;
use crate::daemons::Daemon;
use crate::language::Lang;
use crate::texts;
use agencia_protocol::Day;
use agencia_protocol::trip::RefundRule;

/// The terms of one product.
pub(crate) struct Terms {
    pub(crate) product: &'static str,
    /// What is given back until when, the next deadline first.
    pub(crate) lines: Vec<String>,
}

/// The terms of these items, by product. What costs nothing gives nothing back, and where no policy
/// was told none is made up.
pub(crate) fn terms<'a>(
    lang: Lang,
    today: Option<Day>,
    items: &[&Item],
    policy: impl Fn(Daemon) -> Option<&'a [RefundRule]>,
) -> Vec<Terms> {
    let of = |daemon: Daemon| {
        let own = || items.iter().filter(move |item| item.part.daemon() == daemon);
        let first = own().filter_map(|item| item.day).min()?;
        let costs = own().any(|item| item.cents > 0);
        let rules = policy(daemon).filter(|_| costs)?;
        let product = lang.say(texts::product_name(daemon));
        Some(Terms { product, lines: lines(lang, today?, first, rules) })
    };
    Daemon::ALL.into_iter().filter_map(of).collect()
}

fn lines(lang: Lang, today: Day, first: Day, rules: &[RefundRule]) -> Vec<String> {
    let mut rules = rules.to_vec();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.days));
    let mut lines: Vec<String> = Vec::new();
    let mut last = None;
    for RefundRule { days, percent } in rules {
        // Once the first day has begun nothing is given back, whatever a rule says.
        let until = first.number().checked_sub(days.max(1)).map(Day::from_number);
        let Some(until) = until.filter(|until| *until >= today) else { continue };
        if percent == 0 || last.is_some_and(|last| last >= until) {
            continue;
        }
        last = Some(until);
        let percent = format!("{percent}%");
        lines.push(lang.with("terms-until", &[("percent", &percent), ("day", &lang.day(until))]));
    }
    let rest = match lines.is_empty() {
        true => lang.t("terms-never"),
        false => lang.t("terms-then"),
    };
    lines.push(rest.to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(today: &str, rules: &[(u16, u8)], expected: &[&str]) {
        let day = |iso| Day::from_iso(iso).unwrap();
        let rules: Vec<_> =
            rules.iter().map(|&(days, percent)| RefundRule { days, percent }).collect();
        let said = lines(Lang::Portuguese, day(today), day("2026-12-24"), &rules);
        assert_eq!(said, expected, "{today} {rules:?}");
    }

    #[test]
    fn every_rule_has_its_last_day_and_what_is_over_is_not_said() {
        let usual = [(2, 50), (7, 100)];
        let (week, two) = ("100% até qui, 17/12/2026", "50% até ter, 22/12/2026");
        check("2026-12-01", &usual, &[week, two, "depois, nada"]);
        check("2026-12-17", &usual, &[week, two, "depois, nada"]);
        check("2026-12-18", &usual, &[two, "depois, nada"]);
        check("2026-12-22", &usual, &[two, "depois, nada"]);
        check("2026-12-23", &usual, &["nada"]);
        check("2026-12-01", &[], &["nada"]);
        check("2026-12-01", &[(0, 30)], &["30% até qua, 23/12/2026", "depois, nada"]);
        check("2026-12-24", &[(0, 30)], &["nada"]);
        check("2026-12-01", &[(0, 30), (1, 40)], &["40% até qua, 23/12/2026", "depois, nada"]);
        check("2026-12-01", &[(7, 100), (2, 0)], &[week, "depois, nada"]);
    }
}
