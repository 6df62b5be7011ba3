//! Purchases a second that are durable when they are answered, beside the ceiling: bare SQLite,
//! one update and one insert a purchase, in transactions of as many as there are clients. Both
//! run by turns on the same disk, because absolute numbers are not stable; the ratio is.
//!
//! `cargo run --release -p agencia-store --example commits -- [FOLDER] [ROUNDS] [CLIENTS]`

use agencia_protocol::trip::{Timestamp, TripItem};
use agencia_protocol::{OfferId, OfferKey};
use agencia_store::{Cause, Ledger, LedgerOptions, Order, Outcome, mint};
use agencia_trip::Key;
use agencia_trip::row::SoldItem;
use rusqlite::{Connection, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const ROUND: Duration = Duration::from_millis(400);
const OFFERS: u64 = 10_000;
const CAPACITY: u32 = 1_000_000;
/// A flight as it is sold.
const RECORD: &str = r#"{"id":"00c0ffee00c0ffee","horarioIda":"14:00h","chegadaIda":"15:10h","valor":"9906,00R$","diaIda":"04/11/2026","diaChegada":"04/11/2026","deAeroporto":"Aeroporto Internacional de Confins - Tancredo Neves","paraAeroporto":"Aeroporto de Bacacheri"}"#;

fn main() -> Result<(), Cause> {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().unwrap_or_else(|| "target".to_owned());
    let rounds: usize = arguments.next().as_deref().unwrap_or("5").parse()?;
    let clients: u64 = arguments.next().as_deref().unwrap_or("64").parse()?;

    let folder = tempfile::tempdir_in(parent)?;
    let bare = open_bare(&folder.path().join("bare.db"))?;
    let options = options(folder.path().join("ledger.db"))?;
    let (ledger, thread) = Ledger::open(options, Box::new(|_| {}))?;
    smol::block_on(ledger.adopt(Box::new(|_| Some(CAPACITY)), Box::new(|_| {})))?;
    println!("{clients} clients, {} byte records, rounds of {ROUND:?}", RECORD.len());
    println!("{:>5} {:>12} {:>12} {:>7} {:>9}", "round", "bare/s", "ledger/s", "ratio", "a commit");
    let mut ratios = Vec::with_capacity(rounds);
    for round in 1..=rounds {
        let bare = run_bare(&bare, clients)?;
        let before = ledger.stats();
        let bought = smol::block_on(run_ledger(&ledger, clients))?;
        let after = ledger.stats();
        let batch = count(after.sales - before.sales) / count(after.commits - before.commits);
        let ratio = bought / bare;
        println!("{round:>5} {bare:>12.0} {bought:>12.0} {ratio:>7.2} {batch:>9.1}");
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios[rounds / 2]);
    let start = Instant::now();
    let audit = smol::block_on(ledger.audit())?;
    println!("audit of {} sales: {audit:?} in {:?}", ledger.stats().sales, start.elapsed());
    drop(ledger);
    thread.wait()?;
    report_reopening(folder.path())
}

/// What the check at start costs for a ledger of this size.
fn report_reopening(folder: &Path) -> Result<(), Cause> {
    let path = folder.join("ledger.db");
    let bytes = path.metadata()?.len();
    let start = Instant::now();
    let (ledger, thread) = Ledger::open(options(path)?, Box::new(|_| {}))?;
    println!("reopened {bytes} bytes, checked, in {:?}", start.elapsed());
    drop(ledger);
    Ok(thread.wait()?)
}

fn options(path: PathBuf) -> Result<LedgerOptions, Cause> {
    let day = |_: &SoldItem| {
        let day = agencia_protocol::Day::from_number(20_000);
        Some(day..=day)
    };
    Ok(LedgerOptions {
        service_days: agencia_store::ServiceDays::new(day),
        ..LedgerOptions::new(path, 'V', "voos".parse()?, Key::new([7; 32]))
    })
}

fn open_bare(path: &Path) -> Result<Connection, Cause> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full;
         create table unit (offer integer primary key, capacity integer, used integer,
                            check (used between 0 and capacity));
         create table sale (id integer primary key, offer integer, at integer, record text);",
    )?;
    connection.execute(
        "insert into unit with recursive o(n) as
             (select 0 union all select n + 1 from o where n + 1 < ?1)
         select n, ?2, 0 from o",
        (i64::try_from(OFFERS)?, CAPACITY),
    )?;
    Ok(connection)
}

fn run_bare(connection: &Connection, batch: u64) -> Result<f64, Cause> {
    let start = Instant::now();
    let mut sold = 0;
    while start.elapsed() < ROUND {
        let transaction =
            rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        for _ in 0..batch {
            let offer = i64::try_from(rand::random_range(0..OFFERS))?;
            let mut update = transaction.prepare_cached(
                "update unit set used = used + 1 where offer = ?1 and used < capacity",
            )?;
            update.execute([offer])?;
            let mut insert = transaction
                .prepare_cached("insert into sale (offer, at, record) values (?1, ?2, ?3)")?;
            insert.execute((offer, 0, RECORD))?;
            sold += 1;
        }
        transaction.commit()?;
    }
    Ok(count(sold) / start.elapsed().as_secs_f64())
}

/// Each client has one purchase under way, as a connection that is not pipelined.
async fn run_ledger(ledger: &Ledger, clients: u64) -> Result<f64, Cause> {
    let executor = smol::LocalExecutor::new();
    let start = Instant::now();
    let before = ledger.stats().sales;
    let tasks: Vec<_> = (0..clients).map(|_| executor.spawn(buy(ledger, start))).collect();
    executor
        .run(async {
            for task in tasks {
                task.await?;
            }
            Ok::<_, Cause>(())
        })
        .await?;
    Ok(count(ledger.stats().sales - before) / start.elapsed().as_secs_f64())
}

async fn buy(ledger: &Ledger, start: Instant) -> Result<(), Cause> {
    while start.elapsed() < ROUND {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let now = Timestamp::from_unix_millis(now);
        let offer = OfferKey(rand::random_range(0..OFFERS));
        let (units, nights, price) = (agencia_protocol::People::default(), None, None);
        let sold = SoldItem {
            item: TripItem { id: OfferId::from_key(offer), units, nights, price },
            offers: vec![offer],
            record: RECORD.to_owned(),
        };
        let order = Order::Reserve { items: [sold].into() };
        match ledger.step(mint(now), order, now).await? {
            Outcome::Stepped(_) => {}
            Outcome::SoldOut { .. } => return Err("there are units enough".into()),
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a rate is printed, not kept")]
fn count(number: u64) -> f64 {
    number as f64
}
