//! A proxy before a daemon that knows frames: it delays, repeats, loses and replays them.
//!
//! It stands on the daemon's own host, listens on the host's address and connects to 127.0.0.1,
//! where the daemon takes trips. A frame that is repeated goes to the daemon on a connection of its
//! own, as from somebody who sends it again; one that is lost takes its connection with it, because
//! TCP loses nothing in the middle.

use crate::faults::hosts::Hosts;
use crate::wire::frame;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How many messages are kept for being replayed, of all days together.
const KEPT_MAX: usize = 20_000;
/// How long the daemon may take over a message that nobody waits for.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest delay of a frame.
const DELAY_MILLIS_MAX: u64 = 400;

/// What a proxy does to the frames that pass; all in percent, nothing at first.
#[derive(Debug, Default)]
pub struct Mischief {
    /// Requests that the daemon gets a second time, a little later.
    pub repeated: AtomicU32,
    /// Requests that are held up.
    pub delayed: AtomicU32,
    /// Requests that never arrive.
    pub requests_lost: AtomicU32,
    /// Replies that never arrive.
    pub replies_lost: AtomicU32,
}

impl Mischief {
    /// No more of it.
    pub fn stop(&self) {
        for what in [&self.repeated, &self.delayed, &self.requests_lost, &self.replies_lost] {
            what.store(0, Relaxed);
        }
    }
}

/// A proxy; it works for as long as this process lives.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    daemon: SocketAddr,
    mischief: Mischief,
    random: Mutex<ChaCha8Rng>,
    kept: Mutex<Vec<Kept>>,
    again: Sender<(Instant, Again)>,
    /// Counts up.
    day: AtomicU32,
    sent_again: AtomicU64,
    sent_days_later: AtomicU64,
}

/// A message that has passed, and on which day.
#[derive(Debug, Clone)]
struct Kept {
    day: u32,
    body: Vec<u8>,
}

/// A message that the daemon is to get once more, and whether it is of an earlier day.
#[derive(Debug)]
struct Again {
    body: Vec<u8>,
    is_old: bool,
}

impl Proxy {
    /// Starts one on this host and this port, before a daemon that listens there on 127.0.0.1.
    ///
    /// # Panics
    /// When the port is taken.
    pub fn start(hosts: &Arc<Hosts>, host: &str, port: u16, random: ChaCha8Rng) -> Self {
        let (again, repeats) = channel();
        let shared = Arc::new(Shared {
            daemon: (Ipv4Addr::LOCALHOST, port).into(),
            mischief: Mischief::default(),
            random: Mutex::new(random),
            kept: Mutex::default(),
            again,
            day: AtomicU32::new(0),
            sent_again: AtomicU64::new(0),
            sent_days_later: AtomicU64::new(0),
        });
        let (bound, is_bound) = channel();
        let (work, hosts, host) = (shared.clone(), hosts.clone(), host.to_owned());
        // Threads are in the network of the thread that starts them.
        thread::spawn(move || {
            hosts.enter(&host);
            let address = hosts.address(&host);
            let listener = TcpListener::bind((address, port)).expect("nobody else is on this host");
            // This thread never ends; the hosts are taken down when the last one lets go of them.
            drop(hosts);
            bound.send(()).expect("somebody waits");
            let again = work.clone();
            thread::spawn(move || again.send_again(&repeats));
            for stream in listener.incoming().flatten() {
                let work = work.clone();
                thread::spawn(move || work.serve(stream));
            }
        });
        is_bound.recv().expect("the proxy listens");
        Self { shared }
    }

    /// What it does to frames.
    pub fn mischief(&self) -> &Mischief {
        &self.shared.mischief
    }

    /// Sends the daemon so many of the messages that have ever passed, once more. Answers whether
    /// there were any.
    pub fn replay(&self, count: usize) -> bool {
        let today = self.shared.day.load(Relaxed);
        let kept = self.shared.kept.lock().expect("nobody panics");
        for _ in 0..count.min(kept.len()) {
            let Kept { day, body } = kept[self.shared.draw_place(kept.len())].clone();
            // Its receiver lives as long as the process.
            self.shared.again.send((Instant::now(), Again { body, is_old: day < today })).ok();
        }
        !kept.is_empty()
    }

    /// From now on it is another day: what has passed so far is of an earlier one.
    pub fn next_day(&self) {
        self.shared.day.fetch_add(1, Relaxed);
    }

    /// How many messages the daemon got more than once by this proxy.
    pub fn sent_again(&self) -> u64 {
        self.shared.sent_again.load(Relaxed)
    }

    /// How many of them were of an earlier day.
    pub fn sent_days_later(&self) -> u64 {
        self.shared.sent_days_later.load(Relaxed)
    }
}

impl Shared {
    fn draw(&self, below: u64) -> u64 {
        self.random.lock().expect("nobody panics").random_range(0..below.max(1))
    }

    /// A place in a list of so many.
    fn draw_place(&self, places: usize) -> usize {
        self.random.lock().expect("nobody panics").random_range(0..places.max(1))
    }

    fn strikes(&self, percent: &AtomicU32) -> bool {
        let percent = u64::from(percent.load(Relaxed));
        percent > 0 && self.draw(100) < percent
    }

    fn serve(self: Arc<Self>, client: TcpStream) {
        let Ok(daemon) = TcpStream::connect_timeout(&self.daemon, PATIENCE) else { return };
        let both = client.try_clone().and_then(|c| Ok((c, daemon.try_clone()?)));
        let Ok((to_client, from_daemon)) = both else { return };
        client.set_nodelay(true).ok();
        daemon.set_nodelay(true).ok();
        let replies = self.clone();
        thread::spawn(move || {
            replies.pass_replies(&from_daemon, &to_client).ok();
            end(&from_daemon, &to_client);
        });
        self.pass_requests(&client, &daemon).ok();
        end(&client, &daemon);
    }

    fn pass_requests(&self, mut client: &TcpStream, mut daemon: &TcpStream) -> io::Result<()> {
        loop {
            let body = read_body(&mut client)?;
            if body.starts_with(b"{") {
                self.keep(&body);
            }
            if self.strikes(&self.mischief.requests_lost) {
                return Ok(());
            }
            if self.strikes(&self.mischief.delayed) {
                thread::sleep(Duration::from_millis(self.draw(DELAY_MILLIS_MAX)));
            }
            daemon.write_all(&frame(&body))?;
            if self.strikes(&self.mischief.repeated) {
                let later = Duration::from_millis(self.draw(2 * DELAY_MILLIS_MAX));
                self.again.send((Instant::now() + later, Again { body, is_old: false })).ok();
            }
        }
    }

    fn pass_replies(&self, mut daemon: &TcpStream, mut client: &TcpStream) -> io::Result<()> {
        loop {
            let body = read_body(&mut daemon)?;
            if self.strikes(&self.mischief.replies_lost) {
                return Ok(());
            }
            client.write_all(&frame(&body))?;
        }
    }

    fn keep(&self, body: &[u8]) {
        let new = Kept { day: self.day.load(Relaxed), body: body.to_vec() };
        let mut kept = self.kept.lock().expect("nobody panics");
        if kept.len() < KEPT_MAX {
            kept.push(new);
        } else {
            let at = self.draw_place(KEPT_MAX);
            kept[at] = new;
        }
    }

    /// Whatever becomes of these, nobody waits for it.
    fn send_again(&self, repeats: &Receiver<(Instant, Again)>) {
        for (due, Again { body, is_old }) in repeats {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let Ok(mut daemon) = TcpStream::connect_timeout(&self.daemon, PATIENCE) else {
                continue;
            };
            daemon.set_read_timeout(Some(PATIENCE)).ok();
            if daemon.write_all(&frame(&body)).is_ok() && read_body(&mut daemon).is_ok() {
                self.sent_again.fetch_add(1, Relaxed);
                self.sent_days_later.fetch_add(u64::from(is_old), Relaxed);
            }
        }
    }
}

fn end(one: &TcpStream, other: &TcpStream) {
    for stream in [one, other] {
        // It may have ended already.
        stream.shutdown(Shutdown::Both).ok();
    }
}

fn read_body(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut header = [0; 10];
    stream.read_exact(&mut header)?;
    let length = std::str::from_utf8(&header).ok().and_then(|text| text.trim().parse().ok());
    let mut body = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
    stream.read_exact(&mut body)?;
    Ok(body)
}
