//! How many instructions a search, a purchase, a trip and a page take, as callgrind counts them: repeatable
//! to a few in a thousand, where times are not. `tests/run instructions` compares them with those in
//! `instructions.json` and fails when one has grown by more than the tolerance stated there.
//!
//! The real program runs under callgrind twice, for few requests and for many, one after the other:
//! what lies between the two is those requests, everything in the process counted, and starting and
//! stopping left out.

use crate::inventory;
use crate::page;
use crate::peers::Failure;
use crate::site;
use agencia_tests::travellers::{Travellers, booked};
use agencia_tests::trio::{Times, Trio};
use agencia_tests::wire::frame;
use agencia_tests::{Client, Kind, PATIENCE, Setup};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

/// Requests of the two runs.
const FEW: u64 = 100;
const MANY: u64 = 1100;
/// Searches that are sent together. One by one, every search also pays for waiting for the next one,
/// and whether that has come already is chance: on a busy machine it has.
const DEPTH: u64 = 16;
/// How many offers the inventory has.
const OFFERS: u64 = 100;
/// How many trips are under way at a time: about as many of their steps share a commit.
const TRAVELLERS: usize = 16;
/// Offers for trips, and their units.
const CAPACITIES: [u32; 100] = [10_000; 100];
/// The tools under which the programs run.
const VALGRIND: [&str; 4] = ["valgrind", "--tool=callgrind", "--trace-children=yes", "--quiet"];

/// The same of searches of which each finds other offers: so many times [`DEPTH`] of them.
const FEW_OTHERS: u64 = 10;
const MANY_OTHERS: u64 = 110;

/// Counts all of them and compares them.
///
/// # Errors
/// When one has grown too much, or a program fails.
pub(crate) fn compare(folder: &Path) -> Result<(), Failure> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/instructions.json");
    let expected: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
    let tolerance = expected["tolerance"].as_f64().ok_or("no tolerance")?;
    println!("{:<10} {:>10} {:>10} {:>8}", "", "expected", "counted", "change");
    let mut grown = Vec::new();
    for (name, count) in [
        ("search", daemon(folder, OFFERS, [FEW, MANY], ask_searches)? / DEPTH),
        ("other", {
            let offers = inventory::count_for(MANY_OTHERS * DEPTH);
            daemon(folder, offers, [FEW_OTHERS, MANY_OTHERS], ask_other_searches)? / DEPTH
        }),
        ("purchase", daemon(folder, OFFERS, [FEW, MANY], ask_purchase)?),
        ("trip", trips(folder)?),
        ("page", web(folder)?),
    ] {
        let wanted = expected[name].as_f64().ok_or("a count is missing")?;
        let change = crate::figure::number(count) / wanted - 1.0;
        println!("{name:<10} {wanted:>10.0} {count:>10} {:>7.1}%", change * 100.0);
        if change > tolerance {
            grown.push(name);
        } else if change < -tolerance {
            println!("{name} takes less than before: write that into {}", path.display());
        }
    }
    match grown.as_slice() {
        [] => Ok(()),
        grown => {
            Err(format!("more than {:.0}% more instructions: {grown:?}", tolerance * 100.0).into())
        }
    }
}

fn ask_searches(client: &mut Client, _: u64) {
    let search = frame(Kind::Tours.search(""));
    client.send_raw(search.repeat(usize::try_from(DEPTH).expect("a depth is small")));
    for _ in 0..DEPTH {
        assert!(client.read_frame().contains("\"id\""), "ten offers are found");
    }
}

/// Nobody asked for these before.
fn ask_other_searches(client: &mut Client, number: u64) {
    let searches = (number * DEPTH..(number + 1) * DEPTH).map(|number| {
        let (city, day) = inventory::city_and_day(number);
        frame(format!(r#"{{"action":"passeio","cidade":"{city}","dataIda":"{day}"}}"#))
    });
    client.send_raw(searches.collect::<Vec<_>>().concat());
    for _ in 0..DEPTH {
        assert_eq!(client.read_frame().matches("\"id\"").count(), 10, "ten offers are found");
    }
}

fn ask_purchase(client: &mut Client, number: u64) {
    let id = inventory::id(number % OFFERS);
    client.send_raw(frame(format!(r#"{{"action":"reservar","id":"{id}"}}"#)));
    assert!(client.read_frame().contains("localizador"), "it is bought");
}

/// Instructions that asking once takes a daemon of so many offers, which is asked few and many times.
fn daemon(
    folder: &Path,
    offers: u64,
    [few, many]: [u64; 2],
    ask: fn(&mut Client, u64),
) -> Result<u64, Failure> {
    let run = |requests: u64| -> Result<u64, Failure> {
        let counts = folder.join("callgrind.daemon");
        let out = format!("--callgrind-out-file={}", counts.display());
        let wrapper = [VALGRIND.as_slice(), &[&out]].concat();
        let setup = Setup::new(Kind::Tours, &[]).under(&wrapper);
        inventory::write(&setup.path().join("inventory.json"), Kind::Tours, offers, u16::MAX)?;
        // One thread: which of two takes a task is chance.
        setup.settings("log = \"warn\"\nthreads = 1\n[limits]\nballast_bytes = 0\n");
        let daemon = setup.start();
        let mut client = daemon.connect();
        for number in 0..requests {
            ask(&mut client, number);
        }
        drop(client);
        daemon.finish();
        total(&counts)
    };
    Ok((run(many)? - run(few)?) / (many - few))
}

/// Instructions a trip of three parts, of all three daemons, when as many are under way as steps
/// share a commit.
fn trips(folder: &Path) -> Result<u64, Failure> {
    let run = |trips: u64| -> Result<u64, Failure> {
        let counts = |kind: Kind| folder.join(format!("callgrind.trip.{}", kind.name()));
        let mut trio = Trio::new(&CAPACITIES, Times { hold_secs: 60, ..Times::SHIPPED });
        for kind in Kind::ALL {
            let out = format!("--callgrind-out-file={}", counts(kind).display());
            let wrapper = [VALGRIND.as_slice(), &[&out]].concat();
            let threads = format!("AGENCIA_{}_THREADS", kind.name().to_uppercase());
            trio.change(kind, |setup| setup.under(&wrapper).variable(&threads, "1"));
        }
        let daemons = trio.start();
        let told = Travellers::of(&trio, CAPACITIES.len()).several(TRAVELLERS, trips);
        if booked(&told) != told.len() {
            return Err("a trip was not booked".into());
        }
        for daemon in daemons {
            daemon.finish();
        }
        Kind::ALL.into_iter().map(|kind| total(&counts(kind))).sum()
    };
    Ok((run(MANY)? - run(FEW)?) / (MANY - FEW))
}

/// Instructions a page, of the web client.
fn web(folder: &Path) -> Result<u64, Failure> {
    let kind = Kind::Tours;
    let setup = Setup::new(kind, &[]);
    inventory::write(&setup.path().join("inventory.json"), kind, OFFERS, u16::MAX)?;
    setup.settings("log = \"warn\"\n");
    let daemon = setup.start();
    let run = |requests: u64| -> Result<u64, Failure> {
        let counts = folder.join("callgrind.page");
        let out = format!("--callgrind-out-file={}", counts.display());
        let wrapper = [VALGRIND.as_slice(), &[&out]].concat();
        let web = site::web_under(folder, &[(kind, daemon.address())], &wrapper)?;
        get_often(web.address(), &page::path(), requests)?;
        drop(web);
        total(&counts)
    };
    Ok((run(MANY)? - run(FEW)?) / (MANY - FEW))
}

/// Asks for a page again and again over one connection.
fn get_often(address: SocketAddr, path: &str, times: u64) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut body = Vec::new();
    for _ in 0..times {
        stream.write_all(request.as_bytes())?;
        let mut length = None;
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line)?;
            if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
                length = value.trim().parse().ok();
            }
        }
        body.resize(length.ok_or("a page without a length")?, 0);
        reader.read_exact(&mut body)?;
        if !body.windows(6).any(|part| part == b"offers") {
            return Err(String::from_utf8_lossy(&body).into_owned().into());
        }
    }
    Ok(())
}

/// All instructions of a process, once its file is there.
fn total(counts: &Path) -> Result<u64, Failure> {
    let text = fs::read_to_string(counts)?;
    let line = text.lines().find_map(|line| line.strip_prefix("totals: "));
    let line = line.or_else(|| text.lines().find_map(|line| line.strip_prefix("summary: ")));
    let total =
        line.and_then(|total| total.trim().parse().ok()).ok_or("callgrind counted nothing")?;
    fs::remove_file(counts)?;
    Ok(total)
}
