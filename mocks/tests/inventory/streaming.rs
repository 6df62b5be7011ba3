//! The writers get the records as they are made: nothing holds a whole file.

use std::io::{self, Write};

use agencia_mocks::{MocksError, Outputs, Plan, Progress, STAYS_FILE, generate};

use crate::reader::{bytes, week};

const BUFFER_BYTES: usize = 64 * 1024;

/// Keeps no byte; counts them, notes the largest piece, and refuses more than `room`.
struct Counter {
    bytes: usize,
    largest: usize,
    room: usize,
}

impl Counter {
    fn with_room(room: usize) -> Self {
        Self { bytes: 0, largest: 0, room }
    }
}

impl Write for Counter {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.bytes += piece.len();
        self.largest = self.largest.max(piece.len());
        if self.bytes > self.room {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(piece.len())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_leaves_in_pieces_no_larger_than_the_buffer_while_it_is_made() {
    let plan = Plan { scale: 3, ..week() };
    let mut outputs = [(); 3].map(|()| Counter::with_room(usize::MAX));
    let [flights, stays, tours] = &mut outputs;
    generate(&plan, Outputs { flights, stays, tours }, &mut |_| {}).unwrap();
    for output in outputs {
        assert!(output.bytes > 4 * BUFFER_BYTES, "too short to tell: {} bytes", output.bytes);
        assert!(output.largest <= BUFFER_BYTES, "a piece of {} bytes", output.largest);
    }
}

#[test]
fn a_writer_that_fails_ends_the_work_at_once_and_is_named() {
    let plan = Plan { days: 3_000, scale: 1_000, ..week() };
    let mut outputs = [usize::MAX, 10 * BUFFER_BYTES, usize::MAX].map(Counter::with_room);
    let [flights, stays, tours] = &mut outputs;
    let mut last = None;
    let error =
        generate(&plan, Outputs { flights, stays, tours }, &mut |progress| last = Some(progress))
            .unwrap_err();
    match error {
        MocksError::Write { path, source } => {
            assert_eq!(path.to_str(), Some(STAYS_FILE));
            assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        }
        other => panic!("{other:?}"),
    }
    let last = last.unwrap();
    assert!(last.done < 1_000 && last.steps == 33_000 * 3_000, "{last:?}");
}

#[test]
fn progress_counts_every_day_of_every_place_and_all_offers() {
    let plan = Plan { scale: 2, ..week() };
    let mut reports: Vec<Progress> = Vec::new();
    let outputs = Outputs { flights: io::sink(), stays: io::sink(), tours: io::sink() };
    let written = generate(&plan, outputs, &mut |progress| reports.push(progress)).unwrap();
    assert_eq!(reports.len(), 2 * 33 * 7);
    assert!(
        reports
            .iter()
            .zip(1..)
            .all(|(report, step)| report.done == step && report.steps == 2 * 33 * 7)
    );
    assert!(reports.is_sorted_by(|earlier, later| earlier.offers < later.offers));
    assert_eq!(reports.last().unwrap().offers, written.total());
}

#[test]
fn the_last_byte_that_does_not_fit_is_a_failure_too() {
    let whole = bytes(&week()).tours.len();
    for (room, fits) in [(whole, true), (whole - 1, false)] {
        let mut outputs = [usize::MAX, usize::MAX, room].map(Counter::with_room);
        let [flights, stays, tours] = &mut outputs;
        let result = generate(&week(), Outputs { flights, stays, tours }, &mut |_| {});
        assert_eq!(result.is_ok(), fits, "{result:?}");
    }
}
