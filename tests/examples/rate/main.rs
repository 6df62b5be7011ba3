//! Whole trips of three parts a second, and how long one takes at a fixed rate, beside the ceiling:
//! as many bare SQLite commits, of as many steps each, in three files. All by turns on the same
//! disk and the same cores, because absolute numbers are not stable; the ratio is.
//!
//! `tests/run rate`. It fails when nothing was booked or the books do not agree, never because of
//! a time: it measures, and whoever reads it judges.

mod bare;
mod figures;

use agencia_tests::books::Books;
use agencia_tests::travellers::Travellers;
use agencia_tests::trio::{Times, Trio};
use agencia_tests::{Kind, seed};
use bare::Bare;
use figures::{Counts, Quantiles, median, shown};
use std::error::Error;
use std::time::{Duration, Instant};

/// No more offers than minutes in a day, and units enough for a soak.
const CAPACITIES: [u32; 1000] = [65_000; 1000];
/// How many travellers book at a time while as many trips as possible are booked.
const CROWD: usize = 192;
/// Trips a second of the open loop.
const FIXED_RATE: u32 = 500;
/// How long the daemons may take to settle what the last round has left.
const SETTLED: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    if cfg!(debug_assertions) {
        return Err("a debug build's rate says nothing: run `tests/run rate`".into());
    }
    let (rounds, round) = match seed::is_soak() {
        true => (15, Duration::from_secs(10)),
        false => (5, Duration::from_secs(2)),
    };
    let trio = Trio::new(&CAPACITIES, Times { hold_secs: 60, ..Times::SHIPPED });
    let _daemons = trio.start();
    let travellers = Travellers::of(&trio, CAPACITIES.len());
    let mut bare = Bare::open(Kind::ALL.map(|kind| trio.ledger(kind)), CAPACITIES.len())?;
    let mut books = Books::new(&CAPACITIES);
    println!(
        "{CROWD} travellers at a time, rounds of {round:?}; then {FIXED_RATE} trips a second, \
         from when one is due to the answer that it is booked\n\
         steps: what was done in the ledgers of voos/hospedagens/passeios\n"
    );
    println!(
        "{:>5} {:>8} {:>10} {:>6} {:>15} {:>15} {:>9} {:>9} {:>9}",
        "round", "trips/s", "ceiling/s", "ratio", "steps a trip", "a commit", "p50", "p99", "max"
    );
    let (mut rates, mut ratios, mut p99s) = (Vec::new(), Vec::new(), Vec::new());
    for number in 1..=rounds {
        let before = Counts::read(&trio);
        let (trips, rate) = travellers.crowd(CROWD, round);
        let counts = Counts::read(&trio).since(&before);
        let booked = trips.len();
        books.trips.extend(trips);
        let ceiling = bare.run(round, &counts, booked)?;
        let (trips, took) = travellers.at_rate(FIXED_RATE, round);
        books.trips.extend(trips);
        let Quantiles { p50, p99, max } = Quantiles::of(took);
        let ratio = rate / ceiling;
        println!(
            "{number:>5} {rate:>8.0} {ceiling:>10.0} {ratio:>6.2} {:>15} {:>15} {p50:>9.2?} \
             {p99:>9.2?} {max:>9.2?}",
            shown(counts.steps_a_trip(booked)),
            shown(counts.steps_a_commit()),
        );
        rates.push(rate);
        ratios.push(ratio);
        p99s.push(p99.as_secs_f64() * 1e3);
    }
    println!(
        "\nmedians: {:.0} trips/s, {:.2} of the ceiling; p99 at {FIXED_RATE}/s {:.2} ms",
        median(rates),
        median(ratios),
        median(p99s)
    );
    check(&trio, &books)
}

/// Compares the books with the daemons, once these have settled everything.
fn check(trio: &Trio, books: &Books) -> Result<(), Box<dyn Error>> {
    let findings = books.check(&mut trio.connect(), Instant::now() + SETTLED);
    let (booked, wanted) = (findings.booked, books.trips.len());
    println!("{booked} of {wanted} trips booked");
    findings.expect_none();
    if booked == 0 {
        return Err("nothing was booked".into());
    }
    Ok(())
}
