//! A search that finds ten offers, beside Redis giving the same bytes, a bare echo of them, and a
//! server that works as the report's did. Each rate twice: of a search that is made again and again, as
//! Redis is asked again and again, and of searches of which none was made before, for the same ten.

use crate::figure::{Budget, Figure, Figures};
use crate::inventory;
use crate::load::{Outcome, Shape, Speech, closed};
use crate::peers::{self, Failure, Peer};
use crate::plot::{self, Series};
use crate::request::NeverAsked;
use crate::run::Run;
use agencia_tests::wire::frame;
use agencia_tests::{Daemon, Kind, Setup};
use std::io;
use std::net::SocketAddr;

/// How many offers the inventory has.
const OFFERS: u64 = 10_000;
const CONNECTIONS: [usize; 4] = [1, 16, 64, 256];
const DEPTHS: [usize; 2] = [1, 16];
/// The budget is for so many connections.
const JUDGED: usize = 16;

/// How many of the contestants are ours: they come first.
const OURS: usize = 2;
/// A search that was made before.
const AGAIN: &str = "search, again";
/// A search that was not.
const ANEW: &str = "search, anew";

/// Whoever is measured, in turns.
struct Contestant {
    name: &'static str,
    address: SocketAddr,
    speech: Speech,
    ask: Ask,
}

/// Appends a request.
type Ask = Box<dyn Fn(&mut Vec<u8>)>;

impl Contestant {
    fn measure(&self, shape: Shape) -> io::Result<Outcome> {
        closed(self.address, self.speech, shape, &self.ask)?.sound()
    }
}

/// Measures all of it.
///
/// # Errors
/// When a peer fails, or a reply is not what it should be.
pub(crate) fn measure(run: &Run, figures: &mut Figures) -> Result<(), Failure> {
    let kind = Kind::Tours;
    let setup = Setup::new(kind, &[]);
    let file = setup.path().join("inventory.json");
    inventory::write(&file, kind, OFFERS, 20)?;
    setup.settings("log = \"warn\"\n");
    let daemon = setup.start();
    let request = kind.search("");
    let reply = reply(&daemon, &request)?;
    println!("a reply of {} bytes", reply.len());

    let redis = peers::redis(&run.folder, &[])?;
    peers::redis_ask(&redis, &[b"SET", b"search", &reply])?;
    let echo = peers::echo(&run.folder, &frame(&reply))?;
    let report = peers::python(&run.folder, "report_server.py", &[&file])?;
    let mut get = Vec::new();
    peers::redis_command(&[b"GET", b"search"], &mut get);
    let again = |name, address, speech, request: Vec<u8>| Contestant {
        name,
        address,
        speech,
        ask: Box::new(move |out| out.extend_from_slice(&request)),
    };
    let framed = |name, address| again(name, address, Speech::Frames, frame(&request));
    let of = |peer: &Peer| peer.address();
    let never_asked = NeverAsked::of(&request);
    let contestants = [
        framed(AGAIN, daemon.address()),
        Contestant {
            name: ANEW,
            address: daemon.address(),
            speech: Speech::Frames,
            ask: Box::new(move |out| never_asked.append(out)),
        },
        again("Redis", of(&redis), Speech::Redis, get),
        framed("bare echo", of(&echo)),
        framed("report's way", of(&report)),
    ];
    let mut plots: [Vec<Series>; 2] = Default::default();
    for (depth, plot) in DEPTHS.into_iter().zip(&mut plots) {
        plot.extend(contestants.iter().map(|contestant| (contestant.name.to_owned(), Vec::new())));
        for connections in CONNECTIONS {
            let shape = Shape { connections, depth, time: run.round };
            let rates = rounds(run, &contestants, shape, figures)?;
            for (line, rates) in plot.iter_mut().zip(&rates) {
                let x = crate::figure::number(connections as u64);
                line.1.push((x, crate::figure::median(rates)));
            }
        }
        let title = format!("Searches a second, {depth} deep");
        let path = run.folder.join(format!("search-{depth}-deep.svg"));
        plot::lines(&path, &title, ("connections", "searches a second"), plot)?;
    }
    Ok(())
}

fn rounds(
    run: &Run,
    contestants: &[Contestant],
    shape: Shape,
    figures: &mut Figures,
) -> Result<Vec<Vec<f64>>, Failure> {
    let mut rates = vec![Vec::new(); contestants.len()];
    let mut p99 = Vec::new();
    for _ in 0..run.rounds {
        for (contestant, rates) in contestants.iter().zip(&mut rates) {
            let outcome = contestant.measure(shape)?;
            rates.push(outcome.rate());
            if contestant.name == ANEW {
                p99.push(outcome.millis(0.99));
            }
        }
    }
    let Shape { connections, depth, .. } = shape;
    let (ours, peers) = contestants.split_at(OURS);
    for (our, our_rates) in ours.iter().zip(&rates) {
        let name = format!("{} {connections} x {depth} deep", our.name);
        for (peer, peer_rates) in peers.iter().zip(&rates[ours.len()..]) {
            let figure = Figure::beside(&name, "/s", our_rates, (peer.name, peer_rates));
            let budget = match (peer.name, depth) {
                ("Redis" | "bare echo", 1) => Some(0.9),
                ("Redis", _) => Some(1.0),
                _ => None,
            };
            figures.add(match budget.filter(|_| connections == JUDGED) {
                Some(budget) => figure.with(Budget::Ratio(budget)),
                None => figure,
            });
        }
    }
    let name = format!("{ANEW} {connections} x {depth} deep, p99");
    figures.add(Figure::alone(name, "ms", p99));
    Ok(rates)
}

/// The reply, which has ten offers.
fn reply(daemon: &Daemon<'_>, request: &str) -> Result<Vec<u8>, Failure> {
    let mut client = daemon.connect();
    client.send(request);
    let reply = client.read_frame();
    let found = reply.matches("\"id\":").count() as u64;
    if found != inventory::FOUND {
        return Err(format!("{found} offers were found: {reply}").into());
    }
    Ok(reply.into_bytes())
}
