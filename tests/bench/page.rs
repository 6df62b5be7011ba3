//! The results page of ten tours, rendered for each request from a fresh search: beside nginx giving
//! the same bytes from a file, and Flask under gunicorn rendering the same page from memory. And beside
//! the stylesheet from the same web client, which renders nothing and asks nobody: the limit.

use crate::figure::{Budget, Figure, Figures, number};
use crate::inventory;
use crate::peers::{self, Failure, Peer};
use crate::plot::{self, Series};
use crate::run::Run;
use crate::site;
use agencia_tests::http::encode;
use agencia_tests::inventory::{CITY, DAY};
use agencia_tests::{Kind, Setup};
use std::fs;
use std::process::Command;

/// How many offers the inventory has.
const OFFERS: u64 = 10_000;
/// Connections that are kept.
const CONNECTIONS: usize = 64;

/// Measures all of it.
///
/// # Errors
/// When a peer fails, or shows another page.
pub(crate) fn measure(run: &Run, figures: &mut Figures) -> Result<(), Failure> {
    let kind = Kind::Tours;
    let setup = Setup::new(kind, &[]);
    inventory::write(&setup.path().join("inventory.json"), kind, OFFERS, 20)?;
    setup.settings("log = \"warn\"\n");
    let daemon = setup.start();
    let web = site::web(&run.folder, &[(kind, daemon.address())])?;
    let path = path();
    let page = peers::page(web.address(), &path)?;
    println!("a page of {} bytes, {CONNECTIONS} connections", page.len());

    let files = run.folder.join("pages");
    fs::create_dir_all(&files)?;
    fs::write(files.join("passeios"), &page)?;
    let records = run.folder.join("records.json");
    let mut client = daemon.connect();
    client.send(kind.search(""));
    fs::write(&records, client.read_frame())?;
    let nginx = peers::nginx(&run.folder, &files)?;
    let variables = [("PAGE", files.join("passeios")), ("RECORDS", records)];
    let variables: Vec<_> = variables.iter().map(|(name, file)| (*name, file.as_path())).collect();
    let flask = peers::gunicorn(&run.folder, &variables)?;
    for (name, peer) in [("nginx", &nginx), ("Flask", &flask)] {
        same(name, &page, &peers::page(peer.address(), &path)?)?;
    }

    let contestants = [
        ("agencia", &web, path.clone()),
        ("nginx", &nginx, path.clone()),
        ("Flask + gunicorn", &flask, path),
        ("its own stylesheet", &web, stylesheet(&page)?),
    ];
    let mut rates: [Vec<f64>; 4] = Default::default();
    let mut p99 = Vec::new();
    for _ in 0..run.rounds {
        for ((name, peer, path), rates) in contestants.iter().zip(&mut rates) {
            let (rate, millis) = wrk(peer, path, CONNECTIONS, run.pick(1, 2))?;
            rates.push(rate);
            if *name == contestants[0].0 {
                p99.push(millis);
            }
        }
    }
    let budgets = [Some(Budget::Ratio(0.5)), Some(Budget::Ratio(20.0)), None];
    for (((name, ..), peer_rates), budget) in contestants.iter().zip(&rates).skip(1).zip(budgets) {
        let figure = Figure::beside("results page", "/s", &rates[0], (name, peer_rates));
        figures.add(match budget {
            Some(budget) => figure.with(budget),
            None => figure,
        });
    }
    figures.add(Figure::alone("results page, p99", "ms", p99));
    let series: Vec<Series> = contestants
        .iter()
        .zip(&rates)
        .map(|((name, ..), rates)| {
            let points = (1..).map(number).zip(rates.iter().copied());
            ((*name).to_owned(), points.collect())
        })
        .collect();
    plot::lines(
        &run.folder.join("page.svg"),
        "Results pages a second",
        ("round", "pages a second"),
        &series,
    )
}

/// The address of the page.
pub(crate) fn path() -> String {
    let fields = [("cidade", CITY), ("dataIda", DAY), ("numeroDePessoas", "1")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    format!("/passeios?{}", encode(&fields.to_vec()))
}

/// The path of the stylesheet that a page names.
fn stylesheet(page: &str) -> Result<String, Failure> {
    let mut links = page.split('"').filter(|text| text.starts_with("/static/"));
    let link = links.find(|link| link.contains(".css?")).ok_or("a page without a stylesheet")?;
    Ok(link.to_owned())
}

/// Checks that a peer shows the page.
fn same(name: &str, ours: &str, theirs: &str) -> Result<(), Failure> {
    if ours == theirs {
        return Ok(());
    }
    let mut lines = ours.lines().zip(theirs.lines());
    let differing = lines.find(|(ours, theirs)| ours != theirs);
    Err(format!("{name} shows another page: {differing:?}").into())
}

/// Requests a second, and the 99th percentile in milliseconds.
pub(crate) fn wrk(
    peer: &Peer,
    path: &str,
    connections: usize,
    secs: u64,
) -> Result<(f64, f64), Failure> {
    let mut command = Command::new("wrk");
    command.args(["-t", "1", "-c", &connections.to_string(), "-d", &format!("{secs}s")]);
    command.args(["--latency", &format!("http://{}{path}", peer.address())]);
    let said = peers::run(&mut command)?;
    let value = |start: &str| {
        let line = said.lines().map(str::trim).find(|line| line.starts_with(start))?;
        line.split_whitespace().nth(1)
    };
    if value("Non-2xx").is_some() || value("Socket errors").is_some() {
        return Err(said.into());
    }
    let rate = value("Requests/sec:").and_then(|rate| rate.parse().ok());
    let p99 = value("99%").and_then(millis);
    rate.zip(p99).ok_or_else(|| said.clone().into())
}

/// A time as wrk writes it: `1.20ms`, `800.00us`, `1.05s`.
fn millis(text: &str) -> Option<f64> {
    let end = text.find(char::is_alphabetic)?;
    let value: f64 = text[..end].parse().ok()?;
    match &text[end..] {
        "us" => Some(value / 1e3),
        "ms" => Some(value),
        "s" => Some(value * 1e3),
        _ => None,
    }
}
