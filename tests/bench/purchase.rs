//! A purchase that is durable when it is answered: beside PostgreSQL doing an update and an insert
//! in a transaction of prepared statements, and beside Redis that syncs before it answers. Spread
//! over ten thousand offers, and all of one.

use crate::figure::{Budget, Figure, Figures, median, number};
use crate::inventory;
use crate::load::{Outcome, Shape, Speech, closed};
use crate::peers::{self, Failure, Peer};
use crate::plot::{self, Series};
use crate::run::Run;
use agencia_tests::wire::frame;
use agencia_tests::{Daemon, Kind, Setup};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const OFFERS: u64 = 10_000;
/// Units of an offer: the most that there can be.
const UNITS: u16 = 65_535;
/// Units of a peer's offer: none of them is sold out, whatever its rate.
const PEER_UNITS: u32 = 1_000_000_000;
const CLIENTS: [usize; 4] = [1, 16, 64, 256];
/// The budget is for so many clients.
const JUDGED: usize = 64;
/// Threads of pgbench: with one, 256 clients would wait for it.
const PGBENCH_THREADS: usize = 2;
/// A record as one is sold, as long as those of the inventory.
const RECORD: &str = r#"{"horario":"08:00h","valor":"100,00R$","dia":"24/12/2099","local":"Passeio 0 pelo centro","endereco":"Praça da Matriz, 0","cidade":"Altamira (PA)","id":"0000000000000000"}"#;
/// Takes a unit and keeps the record, or neither.
const REDIS_SCRIPT: &[u8] = b"if redis.call('DECR', KEYS[1]) < 0 then \
    redis.call('INCR', KEYS[1]) return -1 end return redis.call('RPUSH', 'sales', ARGV[1])";

/// What is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Any offer.
    Spread,
    /// One offer, another one in each round: none has units for all of them.
    Hot(u64),
}

impl Wanted {
    fn draw(self) -> u64 {
        match self {
            Self::Spread => rand::random_range(HOT_OFFERS..OFFERS),
            Self::Hot(offer) => offer,
        }
    }
}

/// The first offers are kept for that.
const HOT_OFFERS: u64 = 100;

/// Measures all of it, and has the daemon audit itself.
///
/// # Errors
/// When a peer fails, a purchase is refused, or the audit finds something.
pub(crate) fn measure(run: &Run, figures: &mut Figures) -> Result<(), Failure> {
    let kind = Kind::Tours;
    let setup = Setup::new(kind, &[]);
    inventory::write(&setup.path().join("inventory.json"), kind, OFFERS, UNITS)?;
    setup.settings("log = \"warn\"\n");
    let daemon = setup.start();
    let redis = Redis::start(&run.folder)?;
    let postgresql = Postgresql::start(&run.folder)?;
    // pgbench measures whole seconds, and needs part of one to connect.
    let time = Duration::from_secs(2);
    let rounds = run.pick(1, 3);
    let mut bought = 0;
    let mut hot = 0;
    for is_hot in [false, true] {
        let what = if is_hot { "hot" } else { "spread" };
        let mut series: [Series; 3] =
            ["agencia", "PostgreSQL", "Redis"].map(|name| (name.to_owned(), Vec::new()));
        for clients in CLIENTS {
            let shape = Shape { connections: clients, depth: 1, time };
            let mut rates: [Vec<f64>; 3] = Default::default();
            let mut p99 = Vec::new();
            for _ in 0..rounds {
                let wanted = if is_hot { Wanted::Hot(hot) } else { Wanted::Spread };
                hot += u64::from(is_hot);
                // One offer has not units enough for more.
                let time = if is_hot { time / 2 } else { time };
                let ours = buy(daemon.address(), Shape { time, ..shape }, wanted)?;
                bought += ours.replies;
                p99.push(ours.millis(0.99));
                rates[0].push(ours.rate());
                rates[1].push(postgresql.buy(shape, wanted)?);
                rates[2].push(redis.buy(shape, wanted)?.rate());
            }
            for (line, rates) in series.iter_mut().zip(&rates) {
                line.1.push((number(clients as u64), median(rates)));
            }
            let name = format!("purchase {what}, {clients} clients");
            let figure = Figure::beside(&name, "/s", &rates[0], ("PostgreSQL", &rates[1]));
            figures.add(if clients == JUDGED { figure.with(Budget::Ratio(5.0)) } else { figure });
            figures.add(Figure::beside(&name, "/s", &rates[0], ("Redis", &rates[2])));
            figures.add(Figure::alone(format!("{name}, p99"), "ms", p99));
        }
        let title = format!("Durable purchases a second, {what}");
        let path = run.folder.join(format!("purchase-{what}.svg"));
        plot::lines(&path, &title, ("clients", "purchases a second"), &series)?;
    }
    check(&daemon, bought)
}

fn buy(address: SocketAddr, shape: Shape, wanted: Wanted) -> Result<Outcome, Failure> {
    let ask = |out: &mut Vec<u8>| {
        let id = inventory::id(wanted.draw());
        out.extend(frame(format!(r#"{{"action":"reservar","id":"{id}"}}"#)));
    };
    Ok(closed(address, Speech::Frames, shape, ask)?.sound()?)
}

/// What was answered is what is booked.
fn check(daemon: &Daemon<'_>, bought: u64) -> Result<(), Failure> {
    let audit = daemon.connect().ask(r#"{"action":"auditar"}"#);
    if audit["consistente"] == true && audit["confirmadas"] == bought {
        println!("audited: {bought} purchases");
        return Ok(());
    }
    Err(format!("{bought} purchases were answered: {audit}").into())
}

/// Redis with a script for a purchase.
struct Redis {
    peer: Peer,
    script: String,
}

impl Redis {
    fn start(folder: &Path) -> Result<Self, Failure> {
        let peer = peers::redis(folder, &peers::SYNCED)?;
        let (names, units): (Vec<_>, _) =
            ((0..OFFERS).map(inventory::id).collect(), PEER_UNITS.to_string());
        let mut words: Vec<&[u8]> = vec![b"MSET"];
        words.extend(names.iter().flat_map(|name| [name.as_bytes(), units.as_bytes()]));
        peers::redis_ask(&peer, &words)?;
        let script = peers::redis_ask(&peer, &[b"SCRIPT", b"LOAD", REDIS_SCRIPT])?;
        Ok(Self { peer, script })
    }

    fn buy(&self, shape: Shape, wanted: Wanted) -> Result<Outcome, Failure> {
        let ask = |out: &mut Vec<u8>| {
            let id = inventory::id(wanted.draw());
            let words: [&[u8]; 5] =
                [b"EVALSHA", self.script.as_bytes(), b"1", id.as_bytes(), RECORD.as_bytes()];
            peers::redis_command(&words, out);
        };
        Ok(closed(self.peer.address(), Speech::Redis, shape, ask)?.sound()?)
    }
}

/// PostgreSQL with the tables of a purchase, and pgbench's scripts.
struct Postgresql {
    peer: Peer,
    script: PathBuf,
}

impl Postgresql {
    fn start(folder: &Path) -> Result<Self, Failure> {
        let peer = peers::postgresql(folder)?;
        // One by one: a vacuum is no part of a transaction.
        for statement in [
            "create table unit (offer bigint primary key, capacity int not null, \
             used int not null, check (used between 0 and capacity)) with (fillfactor = 50)",
            "create table sale (id bigserial primary key, offer bigint not null, \
             at timestamptz not null, record text not null)",
            &format!(
                "insert into unit select n, {PEER_UNITS}, 0 from generate_series(0, {OFFERS} - 1) n"
            ),
            "vacuum analyze unit",
        ] {
            peers::psql(&peer, statement)?;
        }
        Ok(Self { peer, script: folder.join("purchase.sql") })
    }

    /// Purchases a second.
    fn buy(&self, shape: Shape, wanted: Wanted) -> Result<f64, Failure> {
        let offer = match wanted {
            Wanted::Spread => format!("\\set offer random({HOT_OFFERS}, {OFFERS} - 1)"),
            Wanted::Hot(offer) => format!("\\set offer {offer}"),
        };
        fs::write(
            &self.script,
            format!(
                "{offer}\nbegin;\nupdate unit set used = used + 1 where offer = :offer;\n\
                 insert into sale (offer, at, record) values (:offer, now(), '{RECORD}');\ncommit;\n"
            ),
        )?;
        let mut command = Command::new("pgbench");
        let threads = PGBENCH_THREADS.min(shape.connections).to_string();
        command.args(["-h", "127.0.0.1", "-p", &self.peer.address().port().to_string()]);
        command.args(["-U", "postgres", "-n", "-M", "prepared", "-j", &threads]);
        command.args(["-c", &shape.connections.to_string()]);
        command.args(["-T", &shape.time.as_secs().max(1).to_string(), "-f"]).arg(&self.script);
        let said = peers::run(command.arg("postgres"))?;
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|rest| rest.split(' ').next()).and_then(|rate| rate.parse().ok());
        rate.ok_or_else(|| said.into())
    }
}
