//! Inventory files, read record by record: a JSON array, or CSV with the same columns.
//!
//! Only some batches of records are in memory, so that a large file needs no more than a small one.
//! Of a JSON array one thread cuts out the objects, others read them, and whoever takes the records
//! gets them in the order of the file. Unknown keys are refused: a misspelt `lugares` would silently
//! be the default.

use crate::known_fields::KnownFields;
use agencia_protocol::{WireError, parse_object};
use memchr::{memchr_iter, memchr2};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// The largest record of an inventory file, in bytes.
const RECORD_BYTES_MAX: usize = 64 * 1024;

/// Fewer bytes than a record takes; it only bounds an estimate.
const RECORD_BYTES_MIN: u64 = 24;

/// How much is read at a time, in bytes.
const CHUNK_BYTES: usize = 256 * 1024;

/// From how many bytes on the records that were cut out are handed over to be read.
const BATCH_BYTES: usize = 64 * 1024;

/// How many batches may be cut out and not yet taken.
const BATCHES_MAX: usize = 32;

/// The most threads that read records: more than that wait for whoever takes them.
const READERS_MAX: usize = 4;

/// Why an inventory file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// The file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not a JSON array of objects, or not CSV.
    #[error("{}: record {number}: {reason}", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// The record, from 1.
        number: u64,
        /// What is wrong.
        reason: String,
    },
    /// A record cannot be taken.
    #[error("{}: record {number}{}: {error}", path.display(), in_field(error))]
    Record {
        /// The file.
        path: PathBuf,
        /// The record, from 1.
        number: u64,
        /// The field and what is wrong with it.
        error: WireError,
    },
}

fn in_field(error: &WireError) -> String {
    error.field.as_ref().map(|field| format!(", field {field:?}")).unwrap_or_default()
}

/// Gives every record of an inventory file to `take`, in order; CSV if the file is named so, and
/// else JSON. Answers how many there were.
///
/// # Errors
/// The first record that is not one, or that `take` refuses.
pub fn read_records<R: DeserializeOwned + Send>(
    path: &Path,
    mut take: impl FnMut(&R) -> Result<(), WireError>,
) -> Result<u64, InventoryError> {
    read_batches(path, |records: &[&R]| {
        let mut records = records.iter().enumerate();
        records.try_for_each(|(place, record)| take(record).map_err(|error| (place, error)))
    })
}

/// The same, some records at a time; who refuses one says its place among them.
pub(crate) fn read_batches<R: DeserializeOwned + Send>(
    path: &Path,
    mut take: impl FnMut(&[&R]) -> Result<(), (usize, WireError)>,
) -> Result<u64, InventoryError> {
    let unreadable = |source| InventoryError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut number = 0;
    let mut take_batch = |batch: &[Result<R, WireError>]| {
        let good: Vec<&R> = batch.iter().map_while(|record| record.as_ref().ok()).collect();
        if let Err((place, error)) = take(&good) {
            number += place as u64 + 1;
            return Err(Stop::Record(error));
        }
        number += good.len() as u64;
        match batch.get(good.len()) {
            Some(Err(error)) => {
                number += 1;
                Err(Stop::Record(error.clone()))
            }
            _ => Ok(()),
        }
    };
    let read = match is_csv(path) {
        true => read_csv(file, &mut take_batch),
        false => read_json(file, &mut take_batch),
    };
    match read {
        Ok(()) => Ok(number),
        Err(Stop::Read(source)) => Err(unreadable(source)),
        Err(Stop::Record(error)) => {
            Err(InventoryError::Record { path: path.to_owned(), number, error })
        }
        Err(Stop::Shape(reason)) => {
            Err(InventoryError::Shape { path: path.to_owned(), number: number + 1, reason })
        }
    }
}

/// About how many records a file has, judged by its beginning; 0 of a pipe.
///
/// # Errors
/// When the file cannot be read.
pub fn estimate_records(path: &Path) -> io::Result<usize> {
    let metadata = path.metadata()?;
    // What is read of a pipe is gone.
    if !metadata.is_file() {
        return Ok(0);
    }
    let mut beginning = Vec::with_capacity(CHUNK_BYTES);
    File::open(path)?.take(CHUNK_BYTES as u64).read_to_end(&mut beginning)?;
    let once_a_record = if is_csv(path) { b'\n' } else { b'{' };
    let marks = memchr_iter(once_a_record, &beginning).count() as u64;
    let count = metadata.len().saturating_mul(marks) / (beginning.len() as u64).max(1);
    let most = metadata.len() / RECORD_BYTES_MIN;
    Ok(usize::try_from(count.min(most)).unwrap_or(usize::MAX))
}

/// Whether a file is read as CSV.
pub fn is_csv(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
}

/// Why reading stopped.
enum Stop {
    Read(io::Error),
    Shape(String),
    Record(WireError),
}

fn parse_record<R: DeserializeOwned>(object: &[u8]) -> Result<R, WireError> {
    parse_object(object).map(|KnownFields(record)| record)
}

/// What some spreadsheets put before the first byte of a text.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Whoever takes what was read.
type Take<'a, R> = &'a mut dyn FnMut(&[Result<R, WireError>]) -> Result<(), Stop>;

fn read_csv<R: DeserializeOwned>(file: File, take: Take<'_, R>) -> Result<(), Stop> {
    let mut reader = csv::Reader::from_reader(BufReader::new(file));
    let columns = columns(reader.headers().map_err(not_csv)?)?;
    for row in reader.records() {
        let row = row.map_err(not_csv)?;
        let filled = columns.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
        let object: serde_json::Map<_, _> =
            filled.map(|(column, cell)| (column.to_owned(), cell.into())).collect();
        take(&[parse_record(serde_json::Value::from(object).to_string().as_bytes())])?;
    }
    Ok(())
}

/// The names of the columns, each once.
fn columns(heading: &csv::StringRecord) -> Result<Vec<String>, Stop> {
    let mut columns: Vec<String> = heading.iter().map(|name| name.trim().to_owned()).collect();
    if let Some(first) = columns.first_mut()
        && let Some(rest) = first.strip_prefix(BYTE_ORDER_MARK)
    {
        *first = rest.to_owned();
    }
    if let [only] = columns.as_slice()
        && only.contains([';', '\t'])
    {
        return Err(Stop::Shape("columns are separated by commas, as in horario,valor,dia".into()));
    }
    let twice = (1..columns.len()).find(|&at| columns[..at].contains(&columns[at]));
    match twice {
        Some(at) => Err(Stop::Shape(format!("the column {:?} is there twice", columns[at]))),
        None => Ok(columns),
    }
}

fn not_csv(error: csv::Error) -> Stop {
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => Stop::Read(source),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Stop::Shape(format!(
            "line {line} has {len} cells and the heading has {expected_len}; a cell with a comma \
             in it is written in quotation marks"
        )),
        csv::ErrorKind::Utf8 { .. } => Stop::Shape(format!("line {line} is not UTF-8")),
        _ => Stop::Shape(format!("line {line} is not CSV")),
    }
}

/// Objects in the order of the file, one after the other.
#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// The records of a batch, and where they are awaited.
type Reading<R> = (Batch, SyncSender<Vec<Result<R, WireError>>>);

fn read_json<R: DeserializeOwned + Send>(file: File, take: Take<'_, R>) -> Result<(), Stop> {
    let readers = thread::available_parallelism().map_or(1, |count| count.get().min(READERS_MAX));
    // Whoever stops early drops its end of a queue, and with that the others stop.
    let (in_order, awaited) = sync_channel::<Receiver<_>>(BATCHES_MAX);
    let (queue, batches) = sync_channel::<Reading<R>>(BATCHES_MAX);
    let batches = Mutex::new(batches);
    thread::scope(|scope| {
        let cutting = scope.spawn(move || {
            cut(file, |batch| {
                let (done, records) = sync_channel(1);
                in_order.send(records).is_ok() && queue.send((batch, done)).is_ok()
            })
        });
        for _ in 0..readers {
            scope.spawn(|| {
                let next = || batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
                while let Ok((batch, done)) = next() {
                    // Nobody takes them when a record before them was refused.
                    done.send(batch.read()).ok();
                }
            });
        }
        let taken = take_all(awaited, take);
        let cut = cutting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        taken.and(cut)
    })
}

fn take_all<R>(
    awaited: Receiver<Receiver<Vec<Result<R, WireError>>>>,
    take: Take<'_, R>,
) -> Result<(), Stop> {
    for records in awaited {
        // A batch that never comes is a thread that panicked, which ends the whole scope.
        take(&records.recv().unwrap_or_default())?;
    }
    Ok(())
}

impl Batch {
    fn push(&mut self, object: &[u8]) {
        self.text.extend_from_slice(object);
        self.ends.push(self.text.len());
    }

    fn read<R: DeserializeOwned>(&self) -> Vec<Result<R, WireError>> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let objects = starts.zip(&self.ends).map(|(start, end)| &self.text[*start..*end]);
        objects.map(parse_record).collect()
    }
}

/// Cuts a JSON array into batches of its objects and hands them on until nobody wants more. What
/// comes before an error is handed on, too.
fn cut(file: File, mut hand_on: impl FnMut(Batch) -> bool) -> Result<(), Stop> {
    let mut batch = Batch::default();
    let mut wanted = true;
    let done = cut_objects(file, |object| {
        batch.push(object);
        if batch.text.len() >= BATCH_BYTES {
            wanted = hand_on(std::mem::take(&mut batch));
        }
        wanted
    });
    if wanted {
        hand_on(batch);
    }
    done
}

fn cut_objects(file: File, mut hand_on: impl FnMut(&[u8]) -> bool) -> Result<(), Stop> {
    let mut objects = Objects { file, buffer: Vec::new(), start: 0, end: 0, ended: false };
    objects.expect(b'[', "the file is not a JSON array")?;
    let mut next = objects.token()?;
    while next != b']' {
        if !hand_on(objects.object()?) {
            return Ok(());
        }
        next = objects.token()?;
        match next {
            b',' => {
                objects.start += 1;
                if objects.token()? == b']' {
                    return Err(Stop::Shape("a comma and no record after it".into()));
                }
            }
            b']' => {}
            _ => return Err(Stop::Shape("no comma between two records".into())),
        }
    }
    objects.start += 1;
    match objects.skip_space()? {
        None => Ok(()),
        Some(_) => Err(Stop::Shape("something after the end of the array".into())),
    }
}

/// Cuts a JSON array into its objects without reading what is in them.
struct Objects {
    file: File,
    buffer: Vec<u8>,
    /// Where in the buffer what was read and is not yet cut out begins and ends.
    start: usize,
    end: usize,
    ended: bool,
}

impl Objects {
    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn expect(&mut self, wanted: u8, otherwise: &str) -> Result<(), Stop> {
        match self.skip_space()? {
            Some(byte) if byte == wanted => {
                self.start += 1;
                Ok(())
            }
            _ => Err(Stop::Shape(otherwise.into())),
        }
    }

    /// The next byte that is not white space, which stays.
    fn token(&mut self) -> Result<u8, Stop> {
        self.skip_space()?.ok_or_else(|| Stop::Shape("the array is cut off".into()))
    }

    fn skip_space(&mut self) -> Result<Option<u8>, Stop> {
        loop {
            match self.rest().iter().position(|byte| !byte.is_ascii_whitespace()) {
                Some(spaces) => {
                    self.start += spaces;
                    return Ok(Some(self.buffer[self.start]));
                }
                None => {
                    self.start = self.end;
                    if !self.more()? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// The object that begins here, braces included.
    fn object(&mut self) -> Result<&[u8], Stop> {
        if self.token()? != b'{' {
            return Err(Stop::Shape("this is not a JSON object".into()));
        }
        // Where the object stands so far: how deep, in a text or not, and how long it is.
        let (mut depth, mut in_text, mut length) = (0usize, false, 0);
        loop {
            let rest = &self.buffer[self.start + length..self.end];
            let found = match in_text {
                true => memchr2(b'"', b'\\', rest),
                // Texts stand close together: what finds a byte far away costs more to begin with.
                false => rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}')),
            };
            // A backslash says nothing before what it escapes is there.
            let found = found.filter(|&at| rest[at] != b'\\' || at + 1 < rest.len());
            if let Some(at) = found {
                length += at + 1;
                match rest[at] {
                    b'"' => in_text = !in_text,
                    b'\\' => length += 1,
                    b'{' => depth += 1,
                    _ => depth -= 1,
                }
                if depth == 0 {
                    let object = self.start..self.start + length;
                    self.start = object.end;
                    return Ok(&self.buffer[object]);
                }
                continue;
            }
            // All of it is looked at, but for a backslash at its end.
            length += rest.len() - usize::from(in_text && rest.ends_with(b"\\"));
            if length > RECORD_BYTES_MAX {
                return Err(Stop::Shape(format!("it is larger than {RECORD_BYTES_MAX} bytes")));
            }
            if !self.more()? {
                return Err(Stop::Shape("it is cut off".into()));
            }
        }
    }

    /// Reads on; false at the end of the file.
    fn more(&mut self) -> Result<bool, Stop> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        // It grows to where the longest record fits, and is filled again and again.
        self.buffer.resize(self.buffer.len().max(self.end + CHUNK_BYTES), 0);
        let read = loop {
            match self.file.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(Stop::Read)?,
            }
        };
        self.end += read;
        self.ended = read == 0;
        Ok(read > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agencia_protocol::tour::Tour;
    use std::io::Write;

    const TOUR: &str = r#"{"horario":"21:00h","valor":"0,00R$","dia":"05/11/2020","local":"A {[\"]} B","endereco":"E","cidade":"C"}"#;

    fn read(name: &str, text: &str) -> Result<Vec<Tour>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        let mut tours = Vec::new();
        read_records(&path, |tour: &Tour| {
            tours.push(tour.clone());
            Ok(())
        })
        .map_err(|error| error.to_string().split_once(": ").unwrap().1.to_owned())?;
        Ok(tours)
    }

    fn check_refused(text: &str, expected: &str) {
        let error = read("a.json", text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }

    #[test]
    fn an_array_is_read_record_by_record() {
        assert_eq!(read("a.json", "[]").unwrap().len(), 0);
        assert_eq!(read("a.json", " [ ] \n").unwrap().len(), 0);
        let tours = read("a.json", &format!("[{TOUR} ,\n {TOUR}]\n")).unwrap();
        assert_eq!((tours.len(), tours[0].sight.as_str()), (2, "A {[\"]} B"));
    }

    #[test]
    fn a_file_larger_than_a_chunk_is_read_whole() {
        let many = vec![TOUR; 10_000].join(",\n");
        assert_eq!(read("a.json", &format!("[{many}]")).unwrap().len(), 10_000);
    }

    #[test]
    fn how_many_there_are_is_known_about_beforehand() {
        let folder = tempfile::tempdir().unwrap();
        let about = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            estimate_records(&path).unwrap()
        };
        let many = vec![TOUR.replace("{[", "[["); 10_000].join(",\n");
        assert!((9_900..=10_100).contains(&about("a.json", &format!("[{many}]"))));
        let row = "21:00h,\"0,00R$\",05/11/2020,L,E,C,7\n";
        assert!((9_900..=10_100).contains(&about("a.csv", &row.repeat(10_000))));
        assert_eq!(about("empty.json", ""), 0);
        // Nobody is made to take memory for records that cannot be there.
        assert_eq!(about("braces.json", &"{".repeat(240)), 10);
    }

    #[test]
    fn records_come_in_the_order_of_the_file_whoever_has_read_them() {
        let tour = |number: u32| TOUR.replace("\"E\"", &format!("\"{number}\""));
        let many: Vec<_> = (0..20_000).map(tour).collect();
        let tours = read("a.json", &format!("[{}]", many.join(","))).unwrap();
        let addresses = tours.iter().map(|tour| tour.address.parse::<u32>().unwrap());
        assert!(addresses.eq(0..20_000));
    }

    #[test]
    fn the_first_wrong_record_is_named_and_nothing_behind_it_is_taken() {
        let mut many = vec![TOUR.to_owned(); 20_000];
        many[15_000] = TOUR.replace("05/11", "31/11");
        // What is wrong with the file comes later, and is not told.
        let text = format!("[{},", many.join(","));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        let mut taken = 0;
        let error = read_records(&path, |_: &Tour| {
            taken += 1;
            Ok(())
        });
        assert_eq!(taken, 15_000);
        assert!(error.unwrap_err().to_string().contains("record 15001, field \"dia\""));
        // And the other way round: what is whole is taken before the file is refused.
        let text = format!("[{},", vec![TOUR; 20_000].join(","));
        check_refused(&text, "record 20001: the array is cut off");
    }

    #[test]
    fn a_text_may_be_cut_anywhere_between_two_reads() {
        // Whatever the distance to the end of a chunk, both signs of an escape are read together.
        for shift in 0..4 {
            let filler = TOUR.replace("\"E\"", &format!("\"{}\"", "x".repeat(50_000 + shift)));
            let escapes = TOUR.replace("\"E\"", &format!("\"{}\"", "\\\\\\\"".repeat(10_000)));
            let many = [filler.as_str(), &escapes].repeat(20).join(",");
            let tours = read("a.json", &format!("[{many}]")).unwrap();
            assert_eq!(tours[39].address, "\\\"".repeat(10_000));
        }
    }

    #[test]
    fn what_is_no_array_of_records_is_refused_by_number() {
        check_refused("", "record 1: the file is not a JSON array");
        check_refused("{}", "record 1: the file is not a JSON array");
        check_refused("[", "record 1: the array is cut off");
        check_refused("[1]", "record 1: this is not a JSON object");
        check_refused(&format!("[{TOUR}"), "record 2: the array is cut off");
        check_refused(&format!("[{TOUR},]"), "record 2: a comma and no record");
        check_refused(&format!("[{TOUR}{TOUR}]"), "record 2: no comma");
        check_refused(&format!("[{TOUR}] x"), "record 2: something after the end");
        check_refused("[{\"a\":\"", "record 1: it is cut off");
        check_refused(&format!("[{{\"a\":\"{}", "x".repeat(400_000)), "larger than 65536 bytes");
    }

    #[test]
    fn a_wrong_field_is_named_with_its_record() {
        let wrong = TOUR.replace("05/11/2020", "31/11/2020");
        check_refused(&format!("[{TOUR},{wrong}]"), "record 2, field \"dia\": valor inválido");
        let unknown = TOUR.replace("{\"horario", "{\"vagass\":3,\"horario");
        check_refused(&format!("[{unknown}]"), "record 1, field \"vagass\"");
        let missing = TOUR.replace("\"cidade\"", "\"vagas\"");
        check_refused(&format!("[{missing}]"), "record 1, field \"vagas\"");
    }

    #[test]
    fn csv_has_the_same_columns() {
        let csv = "horario,valor,dia,local,endereco,cidade,vagas\n21:00h,\"0,00R$\",05/11/2020,L,E,C,7\n9:00h,\"5,00R$\",06/11/2020,L,E,C,\n";
        let tours = read("a.CSV", csv).unwrap();
        assert_eq!(tours[0].capacity, Some(7));
        assert_eq!((tours[1].capacity, tours[1].time.to_string().as_str()), (None, "9:00h"));
        let error = read("a.csv", &csv.replace("06/11", "32/11")).unwrap_err();
        assert!(error.starts_with("record 2, field \"dia\""), "{error}");
        let error = read("a.csv", &csv.replace("vagas", "vagass")).unwrap_err();
        assert!(error.starts_with("record 1, field \"vagass\""), "{error}");
    }

    #[test]
    fn what_is_no_csv_is_told_by_its_line() {
        let heading = "horario,valor,dia,local,endereco,cidade\n";
        let good = "21:00h,\"0,00R$\",05/11/2020,L,E,C\n";
        let with_mark = format!("\u{feff}{heading}{good}");
        assert_eq!(read("a.csv", &with_mark).unwrap().len(), 1);
        for (text, expected) in [
            (
                format!("{heading}{good}21:00h,0,00R$,05/11/2020,L,E,C\n"),
                "record 2: line 3 has 7 cells and the heading has 6",
            ),
            (heading.replace(',', ";"), "record 1: columns are separated by commas"),
            (heading.replace("local", "dia"), "record 1: the column \"dia\" is there twice"),
        ] {
            let error = read("a.csv", &text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latin.csv");
        let latin = [heading.as_bytes(), b"21:00h,\"0,00R$\",05/11/2020,Bag\xe9,E,C\n"].concat();
        std::fs::write(&path, latin).unwrap();
        let error = read_records(&path, |_: &Tour| Ok(())).unwrap_err().to_string();
        assert!(error.ends_with("record 1: line 2 is not UTF-8"), "{error}");
    }
}
