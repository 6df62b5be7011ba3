//! Whole trips of three parts a second, and how long one takes at a fixed rate, beside the ceiling:
//! as many bare SQLite commits, of as many steps each, in three files. All by turns on the same
//! disk and the same cores, because absolute numbers are not stable; the ratio is.
//!
//! `tests/run rate`. It says whether the budget is met, and fails because of no time. It fails when the
//! books do not agree, when a trip of the fixed rate was not booked, because the time of a refusal
//! says nothing, and when the rate is so far below the ceiling that commits can no longer be shared;
//! daemons that are set to share none are the control.

mod bare;
mod figures;

use agencia_tests::books::Books;
use agencia_tests::budgets::{CROWD, FIXED_RATE, P99_MILLIS, TRIPS_A_SECOND};
use agencia_tests::travellers::{Travellers, booked};
use agencia_tests::trio::{Times, Trio};
use agencia_tests::{Kind, seed};
use bare::Bare;
use figures::{Counts, Quantiles, median, shown};
use std::error::Error;
use std::time::{Duration, Instant};

/// No more offers than minutes in a day, and units enough for a soak.
const CAPACITIES: [u32; 1000] = [65_000; 1000];
/// Steps a commit of the ceiling that does not depend on what the daemons do.
const FIXED_BATCH: f64 = 64.0;
/// The least share of that ceiling. Daemons that commit each step by itself are far below it.
const FIXED_RATIO_MIN: f64 = 0.05;
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
        "{:>5} {:>8} {:>10} {:>6} {:>8} {:>6} {:>15} {:>15} {:>9} {:>9} {:>9}",
        "round",
        "trips/s",
        "ceiling/s",
        "ratio",
        format!("of {FIXED_BATCH}"),
        "ratio",
        "steps a trip",
        "a commit",
        "p50",
        "p99",
        "max"
    );
    let (mut rates, mut ratios, mut p99s) = (Vec::new(), Vec::new(), Vec::new());
    let (mut fixed_ratios, mut not_booked) = (Vec::new(), 0);
    for number in 1..=rounds {
        let before = Counts::read(&trio);
        let (trips, rate) = travellers.crowd(CROWD, round);
        let counts = Counts::read(&trio).since(&before);
        let steps = counts.steps_a_trip(trips.len());
        books.trips.extend(trips);
        let ceiling = bare.run(round, steps, counts.steps_a_commit())?;
        let fixed = bare.run(round, steps, [FIXED_BATCH; 3])?;
        let (trips, took) = travellers.at_rate(FIXED_RATE, round);
        not_booked += trips.len() - booked(&trips);
        books.trips.extend(trips);
        let Quantiles { p50, p99, max } = Quantiles::of(took);
        let (ratio, fixed_ratio) = (rate / ceiling, rate / fixed);
        println!(
            "{number:>5} {rate:>8.0} {ceiling:>10.0} {ratio:>6.2} {fixed:>8.0} {fixed_ratio:>6.2} \
             {:>15} {:>15} {p50:>9.2?} {p99:>9.2?} {max:>9.2?}",
            shown(steps),
            shown(counts.steps_a_commit()),
        );
        rates.push(rate);
        ratios.push(ratio);
        fixed_ratios.push(fixed_ratio);
        p99s.push(p99.as_secs_f64() * 1e3);
    }
    let [rate, ratio, fixed_ratio, p99] = [rates, ratios, fixed_ratios, p99s].map(median);
    println!(
        "\nmedians: {rate:.0} trips/s, {ratio:.2} of the ceiling, {fixed_ratio:.2} of that in commits \
         of {FIXED_BATCH}; p99 at {FIXED_RATE}/s {p99:.2} ms"
    );
    println!("budget {TRIPS_A_SECOND} trips/s: {}", met(rate >= TRIPS_A_SECOND));
    let is_quick = p99 <= P99_MILLIS && not_booked == 0;
    println!("budget p99 {P99_MILLIS} ms at {FIXED_RATE}/s: {}", met(is_quick));
    check(&trio, &books)?;
    let unshared = unshared(round)?;
    println!("without sharing commits: {unshared:.3} of the ceiling in commits of {FIXED_BATCH}");
    if not_booked > 0 {
        return Err(format!("at {FIXED_RATE}/s {not_booked} trips were not booked").into());
    }
    if fixed_ratio < FIXED_RATIO_MIN {
        let why = "do commits still take all that has queued?";
        return Err(format!("{fixed_ratio:.3} of the ceiling of {FIXED_BATCH}: {why}").into());
    }
    if unshared >= FIXED_RATIO_MIN {
        return Err("daemons that share no commit reach as much: this would notice nothing".into());
    }
    Ok(())
}

/// The control: what daemons that commit each step by itself reach of the ceiling of a fixed batch.
fn unshared(round: Duration) -> Result<f64, Box<dyn Error>> {
    let mut trio = Trio::new(&CAPACITIES, Times { hold_secs: 60, ..Times::SHIPPED });
    for kind in Kind::ALL {
        let name = format!("AGENCIA_{}_LIMITS__LEDGER_BATCH_MAX", kind.name().to_uppercase());
        trio.change(kind, |setup| setup.variable(&name, "1"));
    }
    let _daemons = trio.start();
    let before = Counts::read(&trio);
    let (trips, rate) = Travellers::of(&trio, CAPACITIES.len()).crowd(CROWD, round);
    let steps = Counts::read(&trio).since(&before).steps_a_trip(trips.len());
    let mut bare = Bare::open(Kind::ALL.map(|kind| trio.ledger(kind)), CAPACITIES.len())?;
    Ok(rate / bare.run(round, steps, [FIXED_BATCH; 3])?)
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "not met" }
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
