//! The ceiling: SQLite alone, in three files at a time, doing per trip as many steps as the
//! daemons did, in transactions of as many, or of any other size. No wire, no machine, no row is read.

use crate::figures::number;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// About as long as a daemon's row of a booked trip.
const ROW_BYTES: usize = 900;

/// Three databases.
pub(crate) struct Bare {
    databases: Vec<Connection>,
    offers: usize,
}

impl Bare {
    /// New ones, each beside the ledger of a daemon.
    pub(crate) fn open(ledgers: [PathBuf; 3], offers: usize) -> rusqlite::Result<Self> {
        let open = |ledger: PathBuf| {
            let database = Connection::open(ledger.with_file_name("bare.sqlite"))?;
            database.execute_batch(
                "pragma journal_mode = wal; pragma synchronous = full;
                 pragma wal_autocheckpoint = 8192; pragma cache_size = -32768;
                 create table unit (offer integer primary key, used integer not null) strict;
                 create table trip (id integer primary key, trip blob not null unique,
                                    row text not null) strict;",
            )?;
            Ok(database)
        };
        let databases = ledgers.into_iter().map(open).collect::<rusqlite::Result<_>>()?;
        Ok(Self { databases, offers })
    }

    /// How many trips a second that makes, when each has so many steps in each file, and a
    /// transaction so many of them.
    pub(crate) fn run(
        &mut self,
        round: Duration,
        steps: [f64; 3],
        batches: [f64; 3],
    ) -> rusqlite::Result<f64> {
        let offers = self.offers;
        let rates = std::thread::scope(|threads| {
            let run = |(database, (steps, batch))| {
                threads.spawn(move || steps_a_second(database, offers, (steps, batch), round))
            };
            let threads: Vec<_> =
                self.databases.iter_mut().zip(steps.into_iter().zip(batches)).map(run).collect();
            threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
        });
        let rates: Vec<f64> = Result::from_iter::<Vec<_>>(rates)?;
        // A trip is as quick as the slowest of its daemons.
        let trips = rates.into_iter().zip(steps).map(|(rate, steps)| rate / steps);
        Ok(trips.fold(f64::INFINITY, f64::min))
    }
}

/// Each trip is inserted, with its unit, and then updated in as many further steps.
fn steps_a_second(
    database: &mut Connection,
    offers: usize,
    (steps, batch): (f64, f64),
    round: Duration,
) -> rusqlite::Result<f64> {
    let row = "x".repeat(ROW_BYTES);
    let begun = Instant::now();
    // In `steps` steps one trip is begun: a debt that grows by one with each step.
    let (mut done, mut wanted, mut debt) = (0_usize, 0.0, steps);
    let mut last = uuid::Uuid::now_v7();
    while begun.elapsed() < round {
        let transaction = Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
        wanted += batch;
        while number(done) < wanted {
            done += 1;
            debt += 1.0;
            if debt >= steps {
                debt -= steps;
                last = uuid::Uuid::now_v7();
                let offer = i64::try_from(rand::random_range(0..offers)).expect("a thousand");
                let take = "insert into unit (offer, used) values (?1, 1) \
                            on conflict (offer) do update set used = used + 1";
                transaction.prepare_cached(take)?.execute([offer])?;
                let begin = "insert into trip (trip, row) values (?1, ?2)";
                transaction.prepare_cached(begin)?.execute(params![last.as_bytes(), row])?;
            } else {
                let change = "update trip set row = ?2 where trip = ?1";
                transaction.prepare_cached(change)?.execute(params![last.as_bytes(), row])?;
            }
        }
        transaction.commit()?;
    }
    Ok(number(done) / begun.elapsed().as_secs_f64())
}
