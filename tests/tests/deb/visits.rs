//! Visitors who connect anew for every request, one after the other, and note whoever is not served.

use agencia_tests::Kind;
use agencia_tests::machine::Machine;
use agencia_tests::wire::{frame, parse};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a visitor waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause between two visits.
const PAUSE: Duration = Duration::from_millis(5);

/// A search of flights, whichever there are.
pub(crate) const RESULTS: &str = "/voos?paraAeroporto=Aeroporto+de+Altamira+-+Altamira+%28PA%29&dataIda=2099-12-24\
     &numeroPassagens=1";

/// Visitors at work.
pub(crate) struct Visits {
    visitors: Vec<(String, JoinHandle<Vec<String>>, Arc<AtomicUsize>)>,
    stop: Arc<AtomicBool>,
}

impl Visits {
    /// One visitor for the start page and one for results on each of these ports, from the LAN, and
    /// one for searches of each daemon.
    pub(crate) fn start(machine: &Machine, ports: &[u16]) -> Self {
        let mut visits = Self { visitors: Vec::new(), stop: Arc::default() };
        for &port in ports {
            let address = machine.from_lan(port);
            for path in ["/", RESULTS] {
                let name = format!("{address}{path}");
                visits.visit(name, machine.lan_entrance(), move || page(address, path));
            }
        }
        for (kind, port) in Kind::ALL.into_iter().zip(5050..) {
            let address = machine.from_itself(port);
            visits.visit(kind.name().into(), machine.entrance(), move || search(address, kind));
        }
        visits
    }

    fn visit(
        &mut self,
        name: String,
        enter: impl FnOnce() + Send + 'static,
        ask: impl Fn() -> io::Result<()> + Send + 'static,
    ) {
        let stop = self.stop.clone();
        let served = Arc::new(AtomicUsize::new(0));
        let counted = served.clone();
        let visitor = move || {
            enter();
            let mut failures = Vec::new();
            while !stop.load(Relaxed) {
                match ask() {
                    Ok(()) => drop(counted.fetch_add(1, Relaxed)),
                    Err(error) => failures.push(error.to_string()),
                }
                thread::sleep(PAUSE);
            }
            failures
        };
        self.visitors.push((name, thread::spawn(visitor), served));
    }

    /// Waits until every visitor has been served so often from now on.
    pub(crate) fn wait_for(&self, times: usize) {
        let before: Vec<_> =
            self.visitors.iter().map(|(_, _, served)| served.load(Relaxed)).collect();
        let due = Instant::now() + PATIENCE;
        for ((name, _, served), before) in self.visitors.iter().zip(before) {
            while served.load(Relaxed) < before + times {
                assert!(Instant::now() < due, "nobody is served at {name}");
                thread::sleep(PAUSE);
            }
        }
    }

    /// Ends the visits and checks that each one was served. Answers how many there were.
    pub(crate) fn expect_no_failure(self) -> usize {
        self.stop.store(true, Relaxed);
        let mut all = 0;
        let mut failed = Vec::new();
        for (name, visitor, served) in self.visitors {
            all += served.load(Relaxed);
            let failures = visitor.join().expect("a visitor does not panic");
            failed.extend(failures.into_iter().map(|failure| format!("{name}: {failure}")));
        }
        let shown = failed.iter().take(10).collect::<Vec<_>>();
        assert!(failed.is_empty(), "{} of {all} failed: {shown:#?}", failed.len());
        all
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn page(address: SocketAddr, path: &str) -> io::Result<()> {
    let mut stream = connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    let is_whole = reply.trim_end().ends_with("</html>");
    good(reply.starts_with("HTTP/1.1 200 ") && is_whole, reply)
}

fn search(address: SocketAddr, kind: Kind) -> io::Result<()> {
    let mut stream = connect(address)?;
    stream.write_all(&frame(kind.search("")))?;
    let mut header = [0; 10];
    stream.read_exact(&mut header)?;
    let length = String::from_utf8_lossy(&header).trim_end().parse().map_err(io::Error::other)?;
    let mut reply = vec![0; length];
    stream.read_exact(&mut reply)?;
    let reply = String::from_utf8_lossy(&reply).into_owned();
    good(parse(&reply)[kind.list()].is_array(), reply)
}

fn good(is_good: bool, reply: String) -> io::Result<()> {
    if is_good { Ok(()) } else { Err(io::Error::other(reply)) }
}
