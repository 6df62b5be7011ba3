//! The stream of all records of a plan, place by place and day by day, into three writers.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::files::{FLIGHTS_FILE, MocksError, STAYS_FILE, TOURS_FILE};
use crate::flights::Timetable;
use crate::place::Place;
use crate::plan::Plan;
use crate::stays::Rooms;
use crate::tours::Programme;

/// What is buffered for each file before it is written.
const BUFFER_BYTES: usize = 64 * 1024;

/// One thing for each of the three files: where to write, for instance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outputs<W> {
    /// For [`FLIGHTS_FILE`].
    pub flights: W,
    /// For [`STAYS_FILE`].
    pub stays: W,
    /// For [`TOURS_FILE`].
    pub tours: W,
}

/// How many offers each file has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Records of [`FLIGHTS_FILE`].
    pub flights: u64,
    /// Records of [`STAYS_FILE`].
    pub stays: u64,
    /// Records of [`TOURS_FILE`].
    pub tours: u64,
}

impl Written {
    /// The offers of the three files together.
    pub fn total(&self) -> u64 {
        self.flights + self.stays + self.tours
    }
}

/// How far the work is. A step is one day at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps behind us; the same as `steps` in the last report.
    pub done: u64,
    /// Steps of the whole plan: places times days.
    pub steps: u64,
    /// Offers written so far.
    pub offers: u64,
}

/// Writes the plan's three JSON arrays, one record a line, and flushes them.
///
/// Writers need no buffer of their own: they are given pieces of about 64 KiB. `progress` is
/// called after every step.
///
/// # Errors
///
/// [`MocksError::Plan`] before anything is written, or [`MocksError::Write`] with the name of
/// the file whose writer failed; nothing more is generated then.
pub fn generate<W: Write>(
    plan: &Plan,
    outputs: Outputs<W>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Written, MocksError> {
    plan.check()?;
    let mut flights = Array::open(FLIGHTS_FILE, outputs.flights)?;
    let mut stays = Array::open(STAYS_FILE, outputs.stays)?;
    let mut tours = Array::open(TOURS_FILE, outputs.tours)?;
    let places = Place::count(plan.scale);
    let steps = u64::from(places) * u64::from(plan.days);
    let mut done = 0;
    for number in 0..places {
        let place = Place::numbered(number, plan.seed);
        let timetable = Timetable::of(&place, number, plan.seed);
        let rooms = Rooms::of(&place, number, plan.seed);
        let programme = Programme::of(&place, number, plan.seed);
        for date in plan.dates() {
            flights.fill(|array| timetable.on(date, |flight| array.push(flight)))?;
            stays.fill(|array| rooms.on(date, |stay| array.push(stay)))?;
            tours.fill(|array| programme.on(date, |tour| array.push(tour)))?;
            done += 1;
            let offers = flights.records + stays.records + tours.records;
            progress(Progress { done, steps, offers });
        }
    }
    Ok(Written { flights: flights.close()?, stays: stays.close()?, tours: tours.close()? })
}

/// A JSON array that is written record by record.
struct Array<W: Write> {
    file: &'static str,
    out: BufWriter<W>,
    records: u64,
}

impl<W: Write> Array<W> {
    fn open(file: &'static str, out: W) -> Result<Self, MocksError> {
        let out = BufWriter::with_capacity(BUFFER_BYTES, out);
        let mut array = Self { file, out, records: 0 };
        array.fill(|array| array.out.write_all(b"["))?;
        Ok(array)
    }

    /// Runs what writes to this array and names its file if that fails.
    fn fill(&mut self, write: impl FnOnce(&mut Self) -> io::Result<()>) -> Result<(), MocksError> {
        write(self).map_err(|source| MocksError::Write { path: PathBuf::from(self.file), source })
    }

    fn push(&mut self, record: &impl Serialize) -> io::Result<()> {
        self.out.write_all(if self.records == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut self.out, record)?;
        self.records += 1;
        Ok(())
    }

    fn close(mut self) -> Result<u64, MocksError> {
        self.fill(|array| {
            array.out.write_all(b"\n]\n")?;
            array.out.flush()
        })?;
        Ok(self.records)
    }
}
