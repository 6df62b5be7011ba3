//! `agencia indoubt`: what is not settled yet, and for how long.

use super::fetch::{Daemons, Listed, age, pages, told};
use crate::ask::{Known, Places, asking};
use crate::cli::InDoubt;
use crate::clock::now;
use crate::error::CommandError;
use crate::table::{Column, print, print_json, table};
use agencia_protocol::TripId;
use agencia_protocol::trip::{DaemonName, List, ListFilter, PartState, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::process::ExitCode;

const COLUMNS: [Column; 6] = [
    ("daemon", false),
    ("what", false),
    ("age", true),
    ("trip", false),
    ("locator", false),
    ("waits for", false),
];

/// Something that is not settled, as `--json` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Doubt {
    daemon: DaemonName,
    what: What,
    age_secs: u64,
    since: Timestamp,
    trip: TripId,
    locator: Option<String>,
    waits_for: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    /// A part waits for the anchor's outcome.
    Pinned,
    /// An outcome waits to be acknowledged.
    Undelivered,
    /// A part was settled by hand, and no outcome has agreed with it.
    Forced,
}

pub(crate) fn run(options: &InDoubt, places: Places<'_>) -> Result<ExitCode, CommandError> {
    let known = Known::load(places)?;
    let mut complete = true;
    let trips = asking(async |spawn| {
        let answers = Daemons::new(&known, spawn)
            .every(|pool| async move {
                let doubtful = pages(pool.clone(), List::of(ListFilter::InDoubt)).await?;
                let forced = pages(pool, List::of(ListFilter::Forced)).await?;
                Ok(once([doubtful, forced].concat()))
            })
            .await;
        told(answers, &mut complete)
    });
    let doubts = doubts(&trips, now());
    let late = doubts.iter().any(|doubt| doubt.age_secs > options.older_than);
    if options.json {
        print_json(&doubts)?;
    } else if doubts.is_empty() && complete {
        print(&"everything is settled")?;
    } else {
        print(&table(&COLUMNS, doubts.into_iter().map(Doubt::cells)))?;
    }
    Ok(if late || !complete { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Each trip once: one that was settled by hand may be in doubt too.
fn once(trips: Vec<Listed>) -> Vec<Listed> {
    let by_trip: BTreeMap<_, _> = trips.into_iter().map(|trip| (trip.view.trip, trip)).collect();
    by_trip.into_values().collect()
}

/// What is not settled, the oldest first.
fn doubts(trips: &[(DaemonName, Vec<Listed>)], now: Timestamp) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for (daemon, trips) in trips {
        for Listed { view, since } in trips {
            let mut add = |what, since: Timestamp, waits_for: Vec<String>| {
                doubts.push(Doubt {
                    daemon: daemon.clone(),
                    what,
                    age_secs: now.since(since).as_secs(),
                    since,
                    trip: view.trip,
                    locator: view.locator.map(|locator| locator.to_string()),
                    waits_for,
                });
            };
            let anchor = || view.anchor.iter().map(ToString::to_string).collect();
            if let (PartState::Pinned, Some(since)) = (view.state, since) {
                add(What::Pinned, *since, anchor());
            }
            if let Some(decision) = view.decision.as_ref().filter(|it| !it.pending.is_empty()) {
                let pending = decision.pending.iter().map(ToString::to_string).collect();
                add(What::Undelivered, decision.at, pending);
            }
            if let Some(forced) = &view.forced {
                add(What::Forced, forced.at, anchor());
            }
        }
    }
    doubts.sort_by_key(|doubt| (doubt.since, doubt.trip));
    doubts
}

impl Doubt {
    fn cells(self) -> Vec<String> {
        let what = match self.what {
            What::Pinned => "pinned",
            What::Undelivered => "outcome not delivered",
            What::Forced => "settled by hand",
        };
        vec![
            self.daemon.to_string(),
            what.to_owned(),
            age(self.age_secs),
            self.trip.to_string(),
            self.locator.unwrap_or_default(),
            self.waits_for.join(", "),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TRIP: &str = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11";

    fn listed(fields: Value) -> Listed {
        let mut trip = json!({"viagem": TRIP, "ancora": "voos", "pedido": [], "itens": []});
        trip.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(trip).unwrap()
    }

    fn check(fields: Value, expected: &[(What, u64, &[&str])]) {
        let now = "2099-01-01T00:02:00Z".parse().unwrap();
        let found = doubts(&[("passeios".parse().unwrap(), vec![listed(fields)])], now);
        let found: Vec<_> = found.iter().map(|it| (it.what, it.age_secs, &it.waits_for)).collect();
        let expected: Vec<(_, _, Vec<String>)> = expected
            .iter()
            .map(|(what, age, names)| {
                (*what, *age, names.iter().map(ToString::to_string).collect())
            })
            .collect();
        assert_eq!(found, expected.iter().map(|(w, a, n)| (*w, *a, n)).collect::<Vec<_>>());
    }

    #[test]
    fn what_waits_is_told_with_its_age_and_for_whom_it_waits() {
        check(
            json!({"estado": "fixa", "desde": "2099-01-01T00:00:30Z"}),
            &[(What::Pinned, 90, &["voos"])],
        );
        let decision = |pending: Value| {
            json!({"estado": "confirmada", "desde": "2099-01-01T00:00:00Z",
                "decisao": {"desfecho": "confirmada", "quando": "2099-01-01T00:01:00Z",
                    "pendentes": pending}})
        };
        let pending = decision(json!(["hospedagens", "passeios"]));
        check(pending, &[(What::Undelivered, 60, &["hospedagens", "passeios"])]);
        check(decision(json!([])), &[]);
        check(
            json!({"estado": "solta", "desde": "2099-01-01T00:01:50Z",
                "forcada": {"era": "fixa", "quando": "2099-01-01T00:01:50Z", "motivo": "x"}}),
            &[(What::Forced, 10, &["voos"])],
        );
        check(json!({"estado": "segura", "desde": "2099-01-01T00:00:00Z"}), &[]);
    }

    #[test]
    fn a_clock_that_is_behind_makes_no_age() {
        check(
            json!({"estado": "fixa", "desde": "2099-01-01T00:03:00Z"}),
            &[(What::Pinned, 0, &["voos"])],
        );
    }

    #[test]
    fn a_trip_of_both_lists_is_there_once() {
        let trip = listed(json!({"estado": "fixa"}));
        assert_eq!(once(vec![trip.clone(), trip]).len(), 1);
    }
}
