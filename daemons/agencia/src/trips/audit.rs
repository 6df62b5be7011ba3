//! `agencia audit`: the books of all daemons, each by itself and against the others.

use super::check::{Case, Problem, View, Violation};
use super::fetch::{Answers, Daemons, knows, pages};
use crate::ask::{Known, Places, asking};
use crate::cli::Audit;
use crate::clock::now;
use crate::error::CommandError;
use crate::table::{Column, grouped, print, print_json, table};
use agencia_client::ClientError;
use agencia_protocol::TripId;
use agencia_protocol::request::{Bare, Health};
use agencia_protocol::trip::{
    Audit as AskAudit, AuditReply, DaemonName, List, ListFilter, ListedTrip, Timestamp,
};
use agencia_trip::minted_at;
use serde::Serialize;
use serde::de::IgnoredAny;
use smol::Timer;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

/// How often what looks wrong is asked again before it is wrong.
const ROUNDS: usize = 3;

/// The pause before each of these times: far more than a trip on its way needs between two daemons.
const PAUSE: Duration = Duration::from_secs(1);

const COLUMNS: [Column; 8] = [
    ("daemon", false),
    ("capacity", true),
    ("free", true),
    ("held", true),
    ("pinned", true),
    ("confirmed", true),
    ("consistent", false),
    ("trips", true),
];

/// What one daemon said of itself.
#[derive(Debug)]
struct Books {
    sums: AuditReply,
    recovering: bool,
    trips: BTreeMap<TripId, View>,
}

/// The result, as `--json` writes it.
#[derive(Debug, Serialize)]
struct Report {
    daemons: Vec<Row>,
    violations: Vec<Violation>,
}

#[derive(Debug, Serialize)]
struct Row {
    daemon: DaemonName,
    /// None where the daemon gave no answer.
    sums: Option<AuditReply>,
    trips: Option<usize>,
}

pub(crate) fn run(options: &Audit, places: Places<'_>) -> Result<ExitCode, CommandError> {
    let known = Known::load(places)?;
    let report =
        asking(async |spawn| audit(&Daemons::new(&known, spawn), options.remembered).await);
    let sound = report.violations.is_empty();
    if options.json {
        print_json(&report)?;
    } else {
        print(&table(&COLUMNS, report.daemons.iter().map(Row::cells)))?;
        for violation in &report.violations {
            print(violation)?;
        }
        print(&if sound { "all books agree" } else { "not all is well: see above" })?;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn audit(daemons: &Daemons, remembered_days: u32) -> Report {
    let answers = daemons
        .every(|pool| async move {
            let sums = pool.read(&AskAudit::new()).await?.value;
            let Health { recovering, .. } = pool.read(&Bare::HEALTH).await?.value;
            let trips = pages(pool, List::of(ListFilter::All)).await?;
            Ok(Books { sums, recovering, trips: trips.into_iter().map(slim).collect() })
        })
        .await;
    let (rows, mut violations, books) = alone(answers);
    let known: BTreeSet<_> = rows.iter().map(|row| row.daemon.clone()).collect();
    let asked: BTreeSet<_> = books.keys().cloned().collect();
    let trips: BTreeSet<_> = books.values().flat_map(|books| books.trips.keys().copied()).collect();
    let remembered = Duration::from_secs(u64::from(remembered_days) * 86_400);
    let judge = Judge { known, asked, remembered };
    let begun = now();
    let mut suspects = BTreeMap::new();
    for trip in trips {
        let views = books.iter().filter_map(|(name, books)| Some((name, books.trips.get(&trip)?)));
        let found = judge.wrong(trip, views.collect(), begun);
        if !found.is_empty() {
            suspects.insert(trip, found);
        }
    }
    violations.extend(persistent(daemons, judge, suspects).await);
    Report { daemons: rows, violations }
}

/// What is still wrong when all daemons are asked again.
async fn persistent(
    daemons: &Daemons,
    mut judge: Judge,
    mut suspects: BTreeMap<TripId, BTreeSet<Violation>>,
) -> Vec<Violation> {
    let mut silent = BTreeMap::new();
    for _ in 0..ROUNDS {
        if suspects.is_empty() {
            break;
        }
        Timer::after(PAUSE).await;
        let mut still = BTreeMap::new();
        for (trip, before) in suspects {
            let asked = now();
            let mut views = BTreeMap::new();
            for (daemon, answer) in daemons.consult::<IgnoredAny>(trip).await {
                match answer {
                    Ok(view) if knows(&view) => drop(views.insert(daemon, view)),
                    Ok(_) => {}
                    // It neither clears anybody any more nor accuses, and is told of.
                    Err(error) => {
                        judge.asked.remove(&daemon);
                        silent.entry(daemon).or_insert(error);
                    }
                }
            }
            let found = judge.wrong(trip, views.iter().collect(), asked);
            let both: BTreeSet<_> = before.intersection(&found).cloned().collect();
            if !both.is_empty() {
                still.insert(trip, both);
            }
        }
        suspects = still;
    }
    let silent = silent.into_iter().map(|(daemon, error)| unasked(&daemon, error));
    suspects.into_values().flatten().chain(silent).collect()
}

/// What a trip is judged by.
#[derive(Debug)]
struct Judge {
    known: BTreeSet<DaemonName>,
    asked: BTreeSet<DaemonName>,
    remembered: Duration,
}

impl Judge {
    fn wrong(
        &self,
        trip: TripId,
        views: BTreeMap<&DaemonName, &View>,
        now: Timestamp,
    ) -> BTreeSet<Violation> {
        let forgettable = is_forgettable(trip, now, self.remembered);
        let case = Case { trip, asked: &self.asked, views, now, forgettable };
        case.violations(&self.known).into_iter().collect()
    }
}

/// What each daemon says of itself, and what is wrong with that.
fn alone(answers: Answers<Books>) -> (Vec<Row>, Vec<Violation>, BTreeMap<DaemonName, Books>) {
    let (mut rows, mut violations, mut all) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (daemon, answer) in answers {
        match answer {
            Ok(books) => {
                let mut wrong = |problem| {
                    violations.push(Violation { daemon: daemon.to_string(), trip: None, problem });
                };
                if !books.sums.consistent {
                    wrong(Problem::Inconsistent);
                }
                if books.recovering {
                    wrong(Problem::Recovering);
                }
                let (sums, trips) = (Some(books.sums), Some(books.trips.len()));
                rows.push(Row { daemon: daemon.clone(), sums, trips });
                all.insert(daemon, books);
            }
            Err(error) => {
                violations.push(unasked(&daemon, error));
                rows.push(Row { daemon, sums: None, trips: None });
            }
        }
    }
    (rows, violations, all)
}

fn unasked(daemon: &DaemonName, error: ClientError) -> Violation {
    let problem = Problem::Unasked(CommandError::from(error).to_string());
    Violation { daemon: daemon.to_string(), trip: None, problem }
}

/// A trip without what only its travellers need to know.
fn slim(listed: ListedTrip<IgnoredAny>) -> (TripId, View) {
    let view = listed.view;
    (view.trip, View { travellers: None, contact: None, items: Vec::new(), ..view })
}

/// Whether a daemon may have forgotten a trip: it began so long ago.
fn is_forgettable(trip: TripId, now: Timestamp, remembered: Duration) -> bool {
    minted_at(trip).is_none_or(|minted| now.since(minted) > remembered)
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.daemon.to_string()];
        let Some(sums) = self.sums else { return cells };
        let AuditReply { capacity, free, held, pinned, confirmed, consistent } = sums;
        cells.extend([capacity, free, held, pinned, confirmed].map(grouped));
        cells.push(if consistent { "yes" } else { "NO" }.to_owned());
        cells.extend(self.trips.map(|trips| trips.to_string()));
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agencia_client::Peer;

    #[test]
    fn what_a_daemon_says_of_itself_is_judged() {
        let sums = |consistent| AuditReply {
            capacity: 10,
            free: 4,
            held: 1,
            pinned: 2,
            confirmed: 3,
            consistent,
        };
        let books = |consistent, recovering| {
            Ok(Books { sums: sums(consistent), recovering, trips: BTreeMap::new() })
        };
        let source =
            std::sync::Arc::new(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
        let peer = Peer::unnamed(([127, 0, 0, 1], 1).into());
        let answers = vec![
            ("voos".parse().unwrap(), books(true, false)),
            ("hospedagens".parse().unwrap(), books(false, true)),
            ("passeios".parse().unwrap(), Err(ClientError::Unreachable { peer, source })),
        ];
        let (rows, violations, all) = alone(answers);
        assert_eq!((rows.len(), all.len()), (3, 2));
        let lines: Vec<_> = violations.iter().map(Violation::to_string).collect();
        assert!(lines[0].starts_with("hospedagens: its counters do not agree"), "{lines:?}");
        assert!(lines[1].starts_with("hospedagens: is in recovery"), "{lines:?}");
        assert!(lines[2].starts_with("passeios: gave no answer: 127.0.0.1:1 cannot"), "{lines:?}");
        assert_eq!(lines.len(), 3);
        assert_eq!(rows[1].cells()[6], "NO");
    }

    #[test]
    fn only_an_old_trip_may_be_forgotten() {
        let trip: TripId = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11".parse().unwrap();
        let minted = minted_at(trip).unwrap();
        let day = Duration::from_secs(86_400);
        assert!(!is_forgettable(trip, minted.after(day * 90), day * 90));
        assert!(is_forgettable(trip, minted.after(day * 91), day * 90));
    }
}
