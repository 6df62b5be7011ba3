//! One disk, three ledgers on it, and a power cut after the other.

use agencia_tests::books::{Books, Findings, Told};
use agencia_tests::faults::disk::Disk;
use agencia_tests::load::{Load, Work};
use agencia_tests::seed::random;
use agencia_tests::trio::{Times, Trio};
use agencia_tests::{Client, Kind};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::{Connection, OpenFlags};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

/// The size of the disk.
const MEGABYTES: u64 = 512;
/// Some of the offers sell out.
const CAPACITIES: [u32; 6] = [60_000, 60_000, 60_000, 2_000, 300, 20];
/// The most bookings before a cut.
const TOLD_MAX: usize = 60;
/// How long a traveller waits for a daemon that is gone.
const PATIENCE: Duration = Duration::from_millis(300);
/// A hold, the decision's deadline, the longest pause, and what a slow machine adds.
const SETTLED: Duration = Duration::from_secs(12);

/// A disk with three ledgers.
pub(crate) struct Cuts {
    // Before the disk, so that nothing is open there when that goes.
    trio: Trio,
    disk: Disk,
    books: Books,
    random: ChaCha8Rng,
}

impl Cuts {
    /// Daemons that sync, unless this library keeps them from it.
    pub(crate) fn new(seed: u64, preloaded: Option<&Path>) -> Self {
        let disk = Disk::new(MEGABYTES);
        let bound = [(); 3].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"));
        let addresses = bound.map(|listener| listener.local_addr().expect("it is bound"));
        let mut trio = Trio::at(&CAPACITIES, Times::QUICK, addresses, Some(&disk.path()));
        if let Some(library) = preloaded {
            for kind in Kind::ALL {
                let library = library.display().to_string();
                trio.change(kind, |setup| setup.variable("LD_PRELOAD", library));
            }
        }
        Self { trio, disk, books: Books::new(&CAPACITIES), random: random(seed) }
    }

    /// Starts the daemons, lets travellers book, cuts the power and powers up again.
    pub(crate) fn cut(&mut self) {
        let daemons = self.trio.start();
        let random = ChaCha8Rng::seed_from_u64(self.random.random());
        let work = Work { patience: PATIENCE, ..Work::new(Times::QUICK.hold_secs) };
        let load = Load::start(self.trio.addresses(), &CAPACITIES, work, random, || {});
        load.wait_for(self.random.random_range(1..=TOLD_MAX));
        // Whoever is told something while the power is off is told a truth, or nothing.
        let runs_on = self.random.random_bool(0.5);
        if runs_on {
            self.disk.cut();
        }
        drop(daemons);
        if !runs_on {
            self.disk.cut();
        }
        self.books.trips.extend(load.finish());
        self.disk.power_up();
        for kind in Kind::ALL {
            check_integrity(&self.trio.ledger(kind));
        }
    }

    /// Compares the books with the daemons.
    pub(crate) fn check(&self) -> Findings {
        let _daemons = self.trio.start();
        let mut clients: [Client; 3] = self.trio.connect();
        self.books.check(&mut clients, Instant::now() + SETTLED)
    }

    /// What is missing after the last cut: the daemons do not start, or not everything is there.
    pub(crate) fn lost(&self) -> Option<String> {
        let daemons = Kind::ALL.map(|kind| self.trio.setup(kind).launch());
        for (kind, daemon) in Kind::ALL.into_iter().zip(&daemons) {
            if daemon.notices.wait_for("READY=1").is_none() {
                return Some(format!("{} does not start", kind.name()));
            }
        }
        let mut clients: [Client; 3] = self.trio.connect();
        let findings = self.books.check(&mut clients, Instant::now());
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
fn check_integrity(ledger: &Path) {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let copy = folder.path().join("livro.sqlite");
    for end in ["", "-wal"] {
        let from = ledger.with_file_name(format!("livro.sqlite{end}"));
        if from.exists() {
            std::fs::copy(&from, folder.path().join(format!("livro.sqlite{end}")))
                .unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
    }
    let database = Connection::open_with_flags(&copy, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .unwrap_or_else(|error| panic!("{}: {error}", ledger.display()));
    let said: String = database
        .query_row("pragma integrity_check", [], |row| row.get(0))
        .expect("a database can be checked");
    assert_eq!(said, "ok", "{}", ledger.display());
}
