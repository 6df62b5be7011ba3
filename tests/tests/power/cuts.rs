//! One disk, three ledgers on it, and a power cut after the other.

use agencia_tests::books::{Books, Findings, Told};
use agencia_tests::faults::disk::Disk;
use agencia_tests::load::{Load, Work};
use agencia_tests::ports::free_addresses;
use agencia_tests::seed::random;
use agencia_tests::trio::{Times, Trio};
use agencia_tests::{Daemon, Kind};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::{Connection, OpenFlags};
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

/// The size of the disk.
const MEGABYTES: u64 = 512;
/// Some of the offers sell out.
const CAPACITIES: [u32; 6] = [60_000, 60_000, 60_000, 2_000, 300, 20];
/// The most bookings before a cut.
const TOLD_MAX: usize = 40;
/// How long a traveller waits for a daemon that is gone.
const PATIENCE: Duration = Duration::from_millis(300);
/// A hold, the decision's deadline, the longest pause, and what a slow machine adds.
const SETTLED: Duration = Duration::from_secs(12);

/// Three ledgers on a disk, and what is started over them.
pub(crate) struct Site {
    // Before the disk, so that nothing is open there when that goes.
    trio: Trio,
    disk: Disk,
}

impl Site {
    /// Daemons that sync, unless this library keeps them from it.
    pub(crate) fn new(preloaded: Option<&Path>) -> Self {
        let disk = Disk::new(MEGABYTES);
        let mut trio = Trio::at(&CAPACITIES, Times::QUICK, free_addresses(), Some(&disk.path()));
        if let Some(library) = preloaded {
            for kind in Kind::ALL {
                let library = library.display().to_string();
                trio.change(kind, |setup| setup.variable("LD_PRELOAD", library));
            }
        }
        Self { trio, disk }
    }
}

/// The power of a site, and the books of its travellers.
pub(crate) struct Cuts<'a> {
    site: &'a Site,
    /// Those that were checked after the last cut go on; nobody runs after one that was not.
    daemons: Option<[Daemon<'a>; 3]>,
    books: Books,
    /// How many of them were not checked yet.
    new_trips: usize,
    random: ChaCha8Rng,
}

impl<'a> Cuts<'a> {
    pub(crate) fn new(site: &'a Site, seed: u64) -> Self {
        let books = Books::new(&CAPACITIES);
        Self { site, daemons: None, books, new_trips: 0, random: random(seed) }
    }

    /// Starts the daemons and has everything on the disk that is written so far, also for those
    /// that do not sync.
    pub(crate) fn prepare(&mut self) {
        self.daemons = Some(self.site.trio.start());
        self.site.disk.sync();
    }

    /// Lets travellers book, cuts the power and powers up again.
    pub(crate) fn cut(&mut self) {
        let Site { trio, disk } = self.site;
        let daemons = self.daemons.take().unwrap_or_else(|| trio.start());
        let random = ChaCha8Rng::seed_from_u64(self.random.random());
        let work = Work { patience: PATIENCE, ..Work::new(Times::QUICK.hold_secs) };
        let load = Load::start(trio.addresses(), &CAPACITIES, work, random, || {});
        load.wait_for(self.random.random_range(1..=TOLD_MAX));
        // The power goes while they write, or just after they have ended. Nobody is told anything
        // afterwards: a sync that is under way when the file system is shut down may say that all
        // is well although it is not (so does one of a plain file), which no real disk's does.
        let in_the_middle = self.random.random_bool(0.5);
        if in_the_middle {
            daemons.iter().for_each(Daemon::freeze);
            disk.cut();
            drop(daemons);
        } else {
            drop(daemons);
            disk.cut();
        }
        let trips = load.finish();
        self.new_trips += trips.len();
        self.books.trips.extend(trips);
        disk.power_up();
    }

    /// The first ledger that is not whole on the disk.
    pub(crate) fn damage(&self) -> Option<String> {
        let ledger = |kind| self.site.trio.ledger(kind);
        Kind::ALL.into_iter().find_map(|kind| damage(&ledger(kind)).err())
    }

    /// Compares what travellers were told since the last time with the daemons.
    pub(crate) fn check_new(&mut self) -> Findings {
        let trio = &self.site.trio;
        self.daemons.get_or_insert_with(|| trio.start());
        let new = std::mem::take(&mut self.new_trips);
        self.books.check_last(new, &mut trio.connect(), Instant::now() + SETTLED)
    }

    /// Compares all of the books with the daemons: what was lost once stays lost.
    pub(crate) fn check(&mut self) -> Findings {
        let trio = &self.site.trio;
        self.daemons.get_or_insert_with(|| trio.start());
        self.new_trips = 0;
        self.books.check(&mut trio.connect(), Instant::now() + SETTLED)
    }

    /// Starts all daemons again, and compares once more.
    pub(crate) fn check_again(&mut self) -> Findings {
        self.daemons = None;
        self.check()
    }

    /// What is missing after the last cut: the daemons do not start, or not everything is there.
    pub(crate) fn lost(&self) -> Option<String> {
        let trio = &self.site.trio;
        let daemons = Kind::ALL.map(|kind| trio.setup(kind).launch());
        for (kind, daemon) in Kind::ALL.into_iter().zip(&daemons) {
            if daemon.notices.wait_for("READY=1").is_none() {
                return Some(format!("{} does not start", kind.name()));
            }
        }
        // A trip that is only not settled yet is not lost.
        let findings = self.books.check(&mut trio.connect(), Instant::now() + SETTLED);
        let lost = findings.lost.len();
        (lost > 0).then(|| format!("{lost} trips, of them {}", findings.lost[0]))
    }

    /// How many trips were wanted.
    pub(crate) fn trips(&self) -> usize {
        self.books.trips.len()
    }

    /// How many were acknowledged.
    pub(crate) fn told(&self) -> usize {
        self.books.trips.iter().filter(|trip| matches!(trip.told, Told::Booked(_))).count()
    }
}

/// `pragma integrity_check` on a copy: looking must not change what a daemon finds.
fn damage(ledger: &Path) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let copy = folder.path().join("livro.sqlite");
    let failed = |error: &dyn Error| format!("{}: {error}", ledger.display());
    for end in ["", "-wal"] {
        let from = ledger.with_file_name(format!("livro.sqlite{end}"));
        if end.is_empty() || from.exists() {
            let to = folder.path().join(format!("livro.sqlite{end}"));
            std::fs::copy(&from, to).map_err(|error| failed(&error))?;
        }
    }
    let said = Connection::open_with_flags(&copy, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|database| database.query_row("pragma integrity_check", [], |row| row.get(0)));
    let said: String = said.map_err(|error| failed(&error))?;
    match said.as_str() {
        "ok" => Ok(()),
        _ => Err(format!("{}: {said}", ledger.display())),
    }
}
