//! What more offers cost: the time until a daemon is ready, its memory, a search that finds the same
//! ten and was not made before, an import, the disk. Stays, because they are in two indexes and their rooms are numbered. And
//! the restart of a daemon that has sold a lot.

use crate::figure::{Budget, Figure, Figures, number};
use crate::inventory;
use crate::load::{Outcome, Shape, Speech, closed};
use crate::peers::Failure;
use crate::plot;
use crate::request::NeverAsked;
use crate::run::Run;
use agencia_tests::wire::frame;
use agencia_tests::{Daemon, Kind, Setup};
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

const KIND: Kind = Kind::Stays;
/// What everything is compared with.
const SMALLEST: u64 = 10_000;
const SIZES: [u64; 4] = [SMALLEST, 100_000, 1_000_000, 10_000_000];
/// The budgets.
const P50_RATIO_MOST: f64 = 1.2;
const BYTES_MOST: f64 = 64.0;
/// A client that waits for each reply: what is measured is one search.
const ALONE: (usize, usize) = (1, 1);
/// How many bookings there are at the restart.
const BOOKINGS: u64 = 1_000_000;
const BOOKINGS_QUICK: u64 = 50_000;

/// What a daemon of some size is started with.
struct Stocked {
    offers: u64,
    setup: Setup,
}

/// Measures all of it.
///
/// # Errors
/// When a file cannot be written or a reply is an error.
pub(crate) fn measure(run: &Run, figures: &mut Figures) -> Result<(), Failure> {
    let smallest = Stocked::new(SMALLEST)?;
    let (small, _) = smallest.start();
    let sizes: Vec<u64> =
        SIZES.into_iter().filter(|size| *size <= run.pick(1_000_000, u64::MAX)).collect();
    let mut lines: [(String, Vec<(f64, f64)>); 3] =
        ["ready, s", "search p50, us", "memory, 100 MB"].map(|name| (name.to_owned(), Vec::new()));
    let base = resident(&small)?;
    let request = NeverAsked::of(&KIND.search(""));
    for offers in sizes {
        let sized = Stocked::new(offers)?;
        // Once more, so that the file is in the kernel's memory as after a restart.
        let starts = if offers > 1_000_000 { 1 } else { run.pick(1, 3) };
        let mut ready = Vec::new();
        for _ in 1..starts {
            ready.push(sized.start().1.as_secs_f64());
        }
        let (daemon, took) = sized.start();
        ready.push(took.as_secs_f64());
        let memory = resident(&daemon)?;
        let name = format!("scale {}", shown(offers));
        let [mut ours, mut others, mut p99]: [Vec<f64>; 3] = Default::default();
        for _ in 0..run.rounds {
            let outcome = search(&daemon, &request, run)?;
            ours.push(outcome.millis(0.5) * 1e3);
            p99.push(outcome.millis(0.99) * 1e3);
            others.push(search(&small, &request, run)?.millis(0.5) * 1e3);
        }
        let x = number(offers);
        for (line, y) in lines.iter_mut().zip([
            crate::figure::median(&ready),
            crate::figure::median(&ours),
            number(memory) / 1e8,
        ]) {
            line.1.push((x, y));
        }
        let figure = Figure::alone(format!("{name}: ready"), "s", ready);
        figures.add(match offers {
            1_000_000 => figure.with(Budget::Most(1.0)),
            10_000_000 => figure.with(Budget::Most(10.0)),
            _ => figure,
        });
        let figure =
            Figure::beside(format!("{name}: search p50"), "us", &ours, ("with 10 k", &others));
        figures.add(match offers {
            10_000_000 => figure.with(Budget::RatioMax(P50_RATIO_MOST)),
            _ => figure,
        });
        figures.add(Figure::alone(format!("{name}: search p99"), "us", p99));
        figures.add(Figure::alone(format!("{name}: resident"), "MB", vec![number(memory) / 1e6]));
        if offers > SMALLEST {
            let each = number(memory.saturating_sub(base)) / number(offers - SMALLEST);
            let figure = Figure::alone(format!("{name}: resident an offer"), "bytes", vec![each]);
            figures.add(match offers {
                1_000_000.. => figure.with(Budget::Most(BYTES_MOST)),
                _ => figure,
            });
        }
        let file = sized.file().metadata()?.len();
        figures.add(Figure::alone(
            format!("{name}: inventory file"),
            "MB",
            vec![number(file) / 1e6],
        ));
        let rate = sized.import(&daemon)?;
        figures.add(Figure::alone(format!("{name}: import"), "offers/s", vec![rate]));
        let imported = number(resident(&daemon)?) / 1e6;
        let figure = format!("{name}: resident after an import");
        figures.add(Figure::alone(figure, "MB", vec![imported]));
    }
    drop(small);
    plot::lines(&run.folder.join("scale.svg"), "What more offers cost", ("offers", ""), &lines)?;
    restart(run, figures)
}

/// A client that waits for each reply.
fn search(daemon: &Daemon<'_>, request: &NeverAsked, run: &Run) -> io::Result<Outcome> {
    let (connections, depth) = ALONE;
    let shape = Shape { connections, depth, time: run.round };
    let ask = |out: &mut Vec<u8>| request.append(out);
    closed(daemon.address(), Speech::Frames, shape, ask)?.sound()
}

impl Stocked {
    fn new(offers: u64) -> Result<Self, Failure> {
        let setup = Setup::new(KIND, &[]);
        setup.settings("log = \"warn\"\n");
        let sized = Self { offers, setup };
        inventory::write(&sized.file(), KIND, offers, 1)?;
        Ok(sized)
    }

    fn file(&self) -> std::path::PathBuf {
        self.setup.path().join("inventory.json")
    }

    /// Starts it and answers when it was ready.
    fn start(&self) -> (Daemon<'_>, Duration) {
        let begun = Instant::now();
        let daemon = self.setup.launch();
        // The harness's own patience is for daemons of tests.
        let ready = daemon.notices.wait_at_most(Duration::from_secs(120), "READY=1");
        let took = begun.elapsed();
        assert!(ready.is_some(), "not ready:\n{}", daemon.lines().text());
        (daemon, took)
    }

    /// Puts the same inventory in force once more, and answers how many offers a second that was.
    fn import(&self, daemon: &Daemon<'_>) -> Result<f64, Failure> {
        fs::copy(self.file(), self.setup.path().join("inventory.json.novo"))?;
        let begun = Instant::now();
        let mut client = daemon.connect();
        client.stream().set_read_timeout(Some(Duration::from_secs(120)))?;
        let reply = client.ask(r#"{"action":"importar"}"#);
        match reply["ofertas"] == self.offers {
            true => Ok(number(self.offers) / begun.elapsed().as_secs_f64()),
            false => Err(reply.to_string().into()),
        }
    }
}

/// Bytes of a daemon that are in memory.
fn resident(daemon: &Daemon<'_>) -> Result<u64, Failure> {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.process_id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kib.ok_or("no VmRSS in a status")? * 1024)
}

fn shown(offers: u64) -> String {
    match offers {
        1_000_000.. => format!("{} M", offers / 1_000_000),
        _ => format!("{} k", offers / 1_000),
    }
}

/// A daemon that has sold a lot ends, and is started again.
fn restart(run: &Run, figures: &mut Figures) -> Result<(), Failure> {
    let wanted = run.pick(BOOKINGS_QUICK, BOOKINGS);
    let kind = Kind::Tours;
    let setup = Setup::new(kind, &[]);
    setup.settings("log = \"warn\"\n");
    inventory::write(&setup.path().join("inventory.json"), kind, SMALLEST, u16::MAX)?;
    let daemon = setup.start();
    let mut bought = 0;
    while bought < wanted {
        let ask = |out: &mut Vec<u8>| {
            let id = inventory::id(rand::random_range(0..SMALLEST));
            out.extend(frame(format!(r#"{{"action":"reservar","id":"{id}"}}"#)));
        };
        let shape = Shape { connections: 16, depth: 16, time: Duration::from_millis(500) };
        bought += closed(daemon.address(), Speech::Frames, shape, ask)?.sound()?.replies;
    }
    daemon.finish();
    let ledger = bytes_under(&setup.path().join("state"))?;
    let begun = Instant::now();
    let daemon = setup.launch();
    let ready = daemon.notices.wait_at_most(Duration::from_secs(120), "READY=1");
    let took = begun.elapsed().as_secs_f64();
    if ready.is_none() {
        return Err(daemon.lines().text().into());
    }
    let memory = resident(&daemon)?;
    let mut client = daemon.connect();
    client.stream().set_read_timeout(Some(Duration::from_secs(120)))?;
    let audit = client.ask(r#"{"action":"auditar"}"#);
    if audit["consistente"] != true || audit["confirmadas"] != bought {
        return Err(format!("{bought} purchases were answered: {audit}").into());
    }
    let name = format!("restart with {} bookings", shown(wanted));
    figures.add(Figure::alone(format!("{name}: ready"), "s", vec![took]));
    figures.add(Figure::alone(format!("{name}: ledger"), "MB", vec![number(ledger) / 1e6]));
    figures.add(Figure::alone(format!("{name}: resident"), "MB", vec![number(memory) / 1e6]));
    Ok(())
}

/// The bytes of all files of a folder.
fn bytes_under(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}
