//! One daemon's place: its folder, which outlives it, what it has committed as far as the world has
//! watched, and its life while it runs. Here it is started, killed, backed up and restored.

use super::core::{self, Core, Watchers};
use super::random::Random;
use super::stock::{self, NAMES, Stock};
use super::time::{DaemonClock, START, Time};
use crate::crew::Crew;
use crate::peers::Courier;
use crate::stop::{Headcount, Stop};
use agencia_protocol::trip::Timestamp;
use agencia_protocol::{OfferKey, TripId};
use agencia_store::{TurnedLedger, back_up_file, mark_restored};
use agencia_trip::Row;
use smol::Executor;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a daemon is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// What is queued was not begun.
    BeforeCommit,
    /// What was queued is committed, and nobody has been told.
    AfterCommit,
    /// In the middle of the commit: its bytes are on the disk up to some point.
    Torn,
}

/// What a ledger has committed, as it told those who follow it.
#[derive(Default)]
pub(super) struct Watched {
    pub(super) rows: BTreeMap<TripId, Arc<Row>>,
    pub(super) used: BTreeMap<OfferKey, u32>,
    /// How often something was told.
    pub(super) commits: u64,
}

impl Watched {
    /// The units that the parts have of each offer, but for those of these trips.
    pub(super) fn recomputed(&self, but: &BTreeSet<TripId>) -> BTreeMap<OfferKey, u32> {
        let mut units = BTreeMap::new();
        for (_, row) in self.rows.iter().filter(|(trip, _)| !but.contains(trip)) {
            let Some(part) = row.part.as_ref().filter(|part| part.state.has_units()) else {
                continue;
            };
            for sold in part.items.iter() {
                for offer in &sold.offers {
                    *units.entry(*offer).or_default() += u32::from(sold.item.units.count());
                }
            }
        }
        units
    }
}

/// A daemon while it runs.
pub(super) struct Life {
    pub(super) core: Box<dyn Core>,
    pub(super) executor: Arc<Executor<'static>>,
    pub(super) ledger: TurnedLedger,
    _headcount: Headcount,
}

pub(super) struct House {
    pub(super) daemon: usize,
    folder: PathBuf,
    pub(super) watched: Arc<Mutex<Watched>>,
    /// The inventory in force, and its units of every offer that was ever sold.
    pub(super) stock: Stock,
    pub(super) capacities: BTreeMap<OfferKey, u32>,
    pub(super) ahead: Arc<AtomicI64>,
    pub(super) life: Option<Life>,
    pub(super) lives: u64,
    pub(super) backups: Vec<PathBuf>,
    /// Trips that a restored backup has given units which they had no more, as far as nobody can
    /// know better yet.
    pub(super) phantoms: BTreeSet<TripId>,
    /// The number of the restore by which its database was last replaced; none, if it never was.
    pub(super) restored: u64,
    /// Whether it was replaced and has not been started since.
    pub(super) is_replaced: bool,
    /// The inventory that is staged.
    staged: Option<Stock>,
    /// How much of what was committed has been looked at.
    pub(super) checked: u64,
    /// Whether it is restored and has not yet heard from everyone.
    pub(super) recovering: bool,
    random: Random,
    /// The length of the log before the last commit, where that is to be forgotten.
    log_before: u64,
}

impl House {
    pub(super) fn new(daemon: usize, folder: &Path, mut random: Random) -> Self {
        let stock = Stock::new(daemon, &mut random);
        let mut house = Self {
            daemon,
            folder: folder.to_owned(),
            watched: Arc::default(),
            stock: stock.clone(),
            capacities: BTreeMap::new(),
            ahead: Arc::default(),
            life: None,
            lives: 0,
            backups: Vec::new(),
            phantoms: BTreeSet::new(),
            restored: 0,
            is_replaced: false,
            staged: None,
            checked: 0,
            recovering: false,
            random,
            log_before: 0,
        };
        house.write_stock(&stock, "");
        house.take_in_force(stock);
        house
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(NAMES[self.daemon]).join(name)
    }

    fn ledger(&self) -> PathBuf {
        self.file("livro.sqlite")
    }

    pub(super) fn write_stock(&self, stock: &Stock, suffix: &str) {
        let path = self.folder.join(format!("{}.json{suffix}", NAMES[self.daemon]));
        fs::write(path, stock.text()).expect("room for a file");
    }

    pub(super) fn take_in_force(&mut self, stock: Stock) {
        for (id, units) in &stock.units {
            self.capacities.insert(stock::key(id), u32::from(*units));
        }
        self.stock = stock;
    }

    /// Stages the next inventory, unless one is staged already.
    pub(super) fn stage(&mut self) -> bool {
        if self.staged.is_some() {
            return false;
        }
        let next = self.stock.next(&mut self.random);
        self.write_stock(&next, ".novo");
        self.staged = Some(next);
        true
    }

    /// An import has ended, however it did: the staged file is gone if it was taken.
    pub(super) fn settle_import(&mut self) {
        let Some(staged) = self.staged.take() else { return };
        let file = self.folder.join(format!("{}.json.novo", NAMES[self.daemon]));
        match file.exists() {
            true => fs::remove_file(file).expect("the file can be removed"),
            false => self.take_in_force(staged),
        }
    }

    /// Counters, parts, capacities and the catalog agree, and nothing is oversold but by what a
    /// backup has brought back.
    ///
    /// # Errors
    /// What is not so.
    pub(super) fn check_units(&self) -> Result<(), String> {
        let Some(life) = &self.life else { return Ok(()) };
        let name = NAMES[self.daemon];
        let watched = self.watched();
        let all = watched.recomputed(&BTreeSet::new());
        let real = watched.recomputed(&self.phantoms);
        for id in stock::offers_of(self.daemon) {
            let key = stock::key(id);
            let of = |units: &BTreeMap<OfferKey, u32>| units.get(&key).copied().unwrap_or(0);
            let (used, capacity) = (of(&all), of(&self.capacities));
            if of(&watched.used) != used {
                let counted = of(&watched.used);
                return Err(format!("{name}: {id} is counted {counted} and the parts have {used}"));
            }
            if of(&real) > capacity {
                return Err(format!("{name}: {id} is oversold: {} of {capacity}", of(&real)));
            }
            let left = life.core.left(&id.parse().expect("an id"));
            let expected = u32::from(self.stock.units.get(id).copied().unwrap_or(0));
            let found = left.map_or((0, 0), |(units, left)| (u32::from(units), u32::from(left)));
            if found != (expected, expected.saturating_sub(used)) {
                return Err(format!(
                    "{name}: the catalog has {found:?} of {id}, and {used} of {expected} are used"
                ));
            }
        }
        Ok(())
    }

    pub(super) fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the daemon. What it finds in its database is what is known from now on. Answers
    /// whether its inventory had to make room for what was sold.
    pub(super) fn start(&mut self, time: &Time, courier: Courier, catalog_is_told: bool) -> bool {
        let mut made_room = false;
        let started = loop {
            let clock = DaemonClock { time: time.clone(), ahead: self.ahead.clone() };
            let (watchers, courier) = (self.watchers(catalog_is_told), courier.clone());
            let mut draws = self.random.branch();
            // Of few vouchers, so that some are drawn twice.
            let draw = Box::new(move || [0, 0, 0, 0, draws.between(0, 24)]);
            let (daemon, folder) = (self.daemon, self.folder.clone());
            match core::start_daemon(daemon, &folder, clock, courier, watchers, draw) {
                Some(started) => break started,
                None => {
                    assert!(!made_room, "there is room for everything");
                    made_room = true;
                    let stock = self.stock.with_room();
                    self.write_stock(&stock, "");
                    self.take_in_force(stock);
                }
            }
        };
        let rows: BTreeMap<_, _> =
            started.rows.into_iter().map(|(trip, row)| (trip, Arc::new(row))).collect();
        let mut watched = self.watched();
        watched.rows = rows;
        watched.commits += 1;
        watched.used = watched.recomputed(&BTreeSet::new());
        drop(watched);
        let (executor, headcount) = (Arc::new(Executor::new()), Headcount::new());
        started.core.duties(&Crew::new(&executor, headcount.enter(), Stop::new()));
        self.recovering = started.core.ledger().recovering();
        let (core, ledger) = (started.core, started.ledger);
        self.life = Some(Life { core, executor, ledger, _headcount: headcount });
        self.lives += 1;
        self.log_before = self.log_bytes();
        made_room
    }

    fn watchers(&self, catalog_is_told: bool) -> Watchers {
        let (of_units, of_rows) = (self.watched.clone(), self.watched.clone());
        Watchers {
            units: Box::new(move |changes| {
                let mut watched = of_units.lock().unwrap_or_else(PoisonError::into_inner);
                watched.commits += 1;
                for change in changes {
                    watched.used.insert(change.offer, change.used);
                }
            }),
            row: Box::new(move |trip, row| {
                let mut watched = of_rows.lock().unwrap_or_else(PoisonError::into_inner);
                watched.commits += 1;
                watched.rows.insert(trip, row.clone());
            }),
            catalog_is_told,
        }
    }

    fn log_bytes(&self) -> u64 {
        self.file("livro.sqlite-wal").metadata().map_or(0, |metadata| metadata.len())
    }

    /// Lets the ledger take a turn.
    pub(super) fn turn(&mut self) {
        let before = self.log_bytes();
        let Some(life) = &mut self.life else { return };
        life.ledger.turn().expect("the disk does not fail");
        if self.log_bytes() != before {
            self.log_before = before;
        }
    }

    /// Kills the daemon. With `forgetful` the last commit is lost, which no disk may do. Answers
    /// whether a commit is cut in its middle.
    pub(super) fn kill(&mut self, death: Death, forgetful: bool) -> bool {
        let before = self.log_bytes();
        if death != Death::BeforeCommit {
            self.turn();
        }
        let Some(Life { core, executor, ledger, .. }) = self.life.take() else { return false };
        drop((executor, core));
        ledger.die();
        let after = self.log_bytes();
        if death == Death::Torn && before < after {
            let bytes = self.random.between(before, after);
            self.cut_log(bytes);
            return before < bytes && bytes < after;
        }
        if forgetful && self.log_before < after {
            self.cut_log(self.log_before);
        }
        false
    }

    fn cut_log(&self, bytes: u64) {
        let log = File::options().write(true).open(self.file("livro.sqlite-wal"));
        log.and_then(|log| log.set_len(bytes)).expect("the log is there");
    }

    /// A new file for a backup.
    pub(super) fn next_backup(&mut self) -> PathBuf {
        let path = self.file(&format!("backup{}", self.backups.len()));
        self.backups.push(path.clone());
        path
    }

    /// Copies the database of a daemon that is down.
    pub(super) fn back_up_closed(&mut self) {
        let ledger = self.ledger();
        let path = self.next_backup();
        back_up_file(&ledger, &path).expect("the database can be copied");
    }

    /// Copies the files as they lie there, which is no backup: it has no mark.
    pub(super) fn copy_files(&mut self) {
        let (ledger, path) = (self.ledger(), self.next_backup());
        for suffix in ["", "-wal"] {
            let copied = fs::copy(beside(&ledger, suffix), beside(&path, suffix));
            assert!(copied.is_ok() || suffix == "-wal", "the database can be copied");
        }
    }

    /// Puts a backup in force, of those that were finished; the daemon is down. Without the mark
    /// it is as if nothing had happened, which `agencia restore` never does.
    pub(super) fn restore(&mut self, number: u64, now: i64, gone: bool, marked: bool) -> bool {
        let finished: Vec<_> = self.backups.iter().filter(|path| path.exists()).cloned().collect();
        if finished.is_empty() {
            return false;
        }
        let backup = self.random.pick(&finished).clone();
        let now = Timestamp::from_unix_millis(START + now);
        // The database that is replaced is asked which life it was in, unless it is gone.
        let known = marked && !gone;
        let ledger = self.ledger();
        let replaced =
            known.then(|| mark_restored(&ledger, now, None).expect("the database can be read"));
        for suffix in ["-wal", "-shm"] {
            fs::remove_file(beside(&ledger, suffix)).ok();
        }
        fs::copy(&backup, &ledger).expect("room for a file");
        if marked {
            mark_restored(&ledger, now, replaced).expect("the backup can be put in force");
        } else {
            // A copy of the files, which may have a log.
            fs::copy(beside(&backup, "-wal"), beside(&ledger, "-wal")).ok();
        }
        (self.restored, self.is_replaced) = (number, true);
        self.recovering = marked;
        true
    }

    /// Compares what a restored backup holds with what was known before it: whoever has units only
    /// in the backup is a phantom.
    pub(super) fn note_phantoms(&mut self, before: &BTreeMap<TripId, Arc<Row>>) {
        let has_units = |row: &Row| {
            row.part.as_ref().filter(|part| part.state.has_units()).map(|part| part.items.clone())
        };
        let watched = self.watched();
        let mut phantoms = BTreeSet::new();
        for (trip, row) in &watched.rows {
            let had = before.get(trip).and_then(|row| has_units(row));
            if has_units(row).is_some_and(|items| had.is_none_or(|had| had != items)) {
                phantoms.insert(*trip);
            }
        }
        drop(watched);
        self.phantoms.extend(phantoms);
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
