//! A thousand connections that drip or never read, on a daemon and on the web client, and what
//! honest clients notice of them: their p99 with and without, by turns.

use crate::figure::{Figure, Figures, number};
use crate::inventory;
use crate::load::{Shape, Speech, closed};
use crate::page;
use crate::peers::Failure;
use crate::plot::{self, Series};
use crate::run::Run;
use crate::site;
use agencia_tests::wire::frame;
use agencia_tests::{Kind, PATIENCE, Setup};
use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Half of them drip, half of them never read.
const SLOW: usize = 1000;
/// Clients that behave.
const HONEST: usize = 16;
/// The pause between two bytes of one connection.
const DRIP: Duration = Duration::from_millis(500);

/// Measures both.
///
/// # Errors
/// When something does not start or an honest client is not served.
pub(crate) fn measure(run: &Run, figures: &mut Figures) -> Result<(), Failure> {
    let kind = Kind::Tours;
    let setup = Setup::new(kind, &[]);
    inventory::write(&setup.path().join("inventory.json"), kind, 10_000, 20)?;
    setup.settings("log = \"warn\"\n");
    let daemon = setup.start();
    let web = site::web(&run.folder, &[(kind, daemon.address())])?;
    let search = frame(kind.search(""));
    let path = page::path();
    let get = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", web.address()).into_bytes();
    let time = run.pick(Duration::from_millis(500), Duration::from_secs(2));

    let honest = || -> Result<(f64, f64), Failure> {
        let shape = Shape { connections: HONEST, depth: 1, time };
        let ask = |out: &mut Vec<u8>| out.extend_from_slice(&search);
        let outcome = closed(daemon.address(), Speech::Frames, shape, ask)?.sound()?;
        Ok((outcome.rate(), outcome.millis(0.99)))
    };
    let slow = Attack { address: daemon.address(), drip: b"1         {", request: search.clone() };
    compare("searches", run, figures, slow, honest)?;

    let honest = || page::wrk(&web, &path, HONEST, time.as_secs().max(1));
    let slow = Attack {
        address: web.address(),
        drip: b"GET /passeios HTTP/1.1\r\nHost: agencia\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaa",
        request: get,
    };
    compare("pages", run, figures, slow, honest)
}

/// What the slow ones send, and where.
#[derive(Debug, Clone)]
struct Attack {
    address: SocketAddr,
    /// Sent byte by byte.
    drip: &'static [u8],
    /// Sent as often as it is taken, and never read.
    request: Vec<u8>,
}

fn compare(
    what: &str,
    run: &Run,
    figures: &mut Figures,
    attack: Attack,
    honest: impl Fn() -> Result<(f64, f64), Failure>,
) -> Result<(), Failure> {
    let rounds = run.pick(1, 3);
    let mut measured: [[Vec<f64>; 2]; 2] = Default::default();
    let (mut open, mut again) = (Vec::new(), 0);
    for _ in 0..rounds {
        let without = honest()?;
        let crowd = Crowd::gather(attack.clone())?;
        let with = honest()?;
        let (are_open, reconnected) = crowd.leave()?;
        open.push(number(are_open as u64));
        again += reconnected;
        for ([rates, p99s], (rate, p99)) in measured.iter_mut().zip([with, without]) {
            rates.push(rate);
            p99s.push(p99);
        }
    }
    println!("slow {what}: the slow ones connected {again} times more, because they were cut off");
    let [[rates, p99s], [rates_without, p99s_without]] = measured;
    let points = |values: &[f64]| (1..).map(number).zip(values.iter().copied()).collect();
    let series: [Series; 2] =
        [("with".into(), points(&p99s)), ("without".into(), points(&p99s_without))];
    let plot = run.folder.join(format!("slow-{what}.svg"));
    let title = format!("p99 of honest {what}, with {SLOW} slow connections and without");
    plot::lines(&plot, &title, ("round", "milliseconds"), &series)?;
    figures.add(Figure::alone(format!("slow connections open, {what}"), "", open));
    let peer = "without";
    figures.add(Figure::beside(
        format!("slow: honest {what}"),
        "/s",
        &rates,
        (peer, &rates_without),
    ));
    figures.add(Figure::beside(
        format!("slow: honest {what}, p99"),
        "ms",
        &p99s,
        (peer, &p99s_without),
    ));
    Ok(())
}

/// The slow ones at work.
struct Crowd {
    stop: Arc<AtomicBool>,
    open: Arc<AtomicUsize>,
    thread: JoinHandle<io::Result<usize>>,
}

/// One of them.
struct Slow {
    stream: TcpStream,
    /// How much of the drip was sent; nothing for one that never reads.
    dripped: Option<usize>,
}

impl Crowd {
    /// Waits until all are connected.
    fn gather(attack: Attack) -> Result<Self, Failure> {
        let (stop, open) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (told, shown) = (stop.clone(), open.clone());
        let thread = std::thread::spawn(move || be_slow(&attack, &told, &shown));
        let due = Instant::now() + PATIENCE;
        while open.load(Relaxed) < SLOW && !thread.is_finished() {
            if Instant::now() > due {
                return Err("the slow connections do not get in".into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { stop, open, thread })
    }

    /// How many were open at the end, and how often one had to connect again.
    fn leave(self) -> Result<(usize, usize), Failure> {
        let open = self.open.load(Relaxed);
        self.stop.store(true, Relaxed);
        let again = self.thread.join().map_err(|_| "the slow ones panicked")??;
        Ok((open, again))
    }
}

fn be_slow(attack: &Attack, stop: &AtomicBool, open: &AtomicUsize) -> io::Result<usize> {
    let mut again = 0;
    let mut crowd = Vec::with_capacity(SLOW);
    for number in 0..SLOW {
        crowd.push(Slow::connect(attack.address, (number % 2 == 0).then_some(0))?);
        open.store(crowd.len(), Relaxed);
    }
    while !stop.load(Relaxed) {
        let begun = Instant::now();
        for slow in &mut crowd {
            if slow.go_on(attack).is_err() {
                again += 1;
                *slow = Slow::connect(attack.address, slow.dripped.map(|_| 0))?;
            }
        }
        while begun.elapsed() < DRIP && !stop.load(Relaxed) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    Ok(again)
}

impl Slow {
    /// Somebody who has dripped so much, or never reads.
    fn connect(address: SocketAddr, dripped: Option<usize>) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, dripped })
    }

    /// Sends the next byte, or as many requests as are taken; an error when it was cut off.
    fn go_on(&mut self, attack: &Attack) -> io::Result<()> {
        if let Some(dripped) = &mut self.dripped {
            // Whoever dripped all of it goes on with its last byte.
            let at = (*dripped).min(attack.drip.len() - 1);
            self.stream.write_all(&attack.drip[at..=at])?;
            *dripped += 1;
            return Ok(());
        }
        loop {
            match self.stream.write(&attack.request) {
                // What is cut in the middle is garbage, and as good.
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}
