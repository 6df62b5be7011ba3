//! Whole trips of three parts, each booked by the driver that the web client runs: as many a second
//! as can be, and how long one takes when five hundred a second are due. The travellers share the
//! machine with the daemons; beside the ceiling of SQLite it is measured by `tests/run rate`.

use crate::figure::{Budget, Figure, Figures, median, number};
use crate::load::histogram;
use crate::peers::Failure;
use crate::plot;
use crate::run::Run;
use agencia_tests::books::Books;
use agencia_tests::budgets::{CROWD, FIXED_RATE, P99_MILLIS, TRIPS_A_SECOND};
use agencia_tests::travellers::{Travellers, booked};
use agencia_tests::trio::{Times, Trio};
use std::time::{Duration, Instant};

/// No more offers than minutes in a day.
const CAPACITIES: [u32; 1000] = [65_000; 1000];
/// How long the daemons may take to settle what the last round has left.
const SETTLED: Duration = Duration::from_secs(60);

/// Measures both, and compares the daemons with what travellers were told.
///
/// # Errors
/// When nothing was booked or a plot cannot be written.
///
/// # Panics
/// When the books do not agree.
pub(crate) fn measure(run: &Run, figures: &mut Figures) -> Result<(), Failure> {
    let trio = Trio::new(&CAPACITIES, Times { hold_secs: 60, ..Times::SHIPPED });
    let _daemons = trio.start();
    let travellers = Travellers::of(&trio, CAPACITIES.len());
    let mut books = Books::new(&CAPACITIES);
    let round = run.pick(Duration::from_millis(500), Duration::from_secs(3));
    let (mut rates, mut p50s, mut p99s) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..run.rounds {
        let (trips, rate) = travellers.crowd(CROWD, round);
        books.trips.extend(trips);
        rates.push(rate);
        let (trips, took) = travellers.at_rate(FIXED_RATE, round);
        let refused = trips.len() - booked(&trips);
        if refused > 0 {
            return Err(format!("at {FIXED_RATE}/s {refused} trips were not booked").into());
        }
        books.trips.extend(trips);
        let mut times = histogram();
        for took in took {
            times.saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        }
        p50s.push(number(times.value_at_quantile(0.5)) / 1e6);
        p99s.push(number(times.value_at_quantile(0.99)) / 1e6);
    }
    let findings = books.check(&mut trio.connect(), Instant::now() + SETTLED);
    println!("{} of {} trips booked", findings.booked, books.trips.len());
    findings.expect_none();
    if findings.booked == 0 {
        return Err("nothing was booked".into());
    }
    let drawn = |name: &str, values: &[f64]| {
        let points = (1..).map(number).zip(values.iter().copied());
        (name.to_owned(), points.collect())
    };
    let series = [drawn("p50", &p50s), drawn("p99", &p99s)];
    let title =
        format!("A trip of three parts, {FIXED_RATE} a second ({:.0}/s at most)", median(&rates));
    plot::lines(&run.folder.join("trip.svg"), &title, ("round", "milliseconds"), &series)?;
    figures.add(
        Figure::alone("trips of three parts", "/s", rates).with(Budget::Least(TRIPS_A_SECOND)),
    );
    figures.add(Figure::alone("trip at 500/s, p50", "ms", p50s));
    figures.add(Figure::alone("trip at 500/s, p99", "ms", p99s).with(Budget::Most(P99_MILLIS)));
    Ok(())
}
