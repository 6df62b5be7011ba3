//! Takes connections in, as long as there is room, and survives having no descriptor left.

use crate::connection::{Handler, Rules, converse};
use crate::counters::Counters;
use crate::door::{Door, Doorkeeper};
use crate::stop::{Headcount, Here, Stop};
use crate::wire::Wire;
use agencia_protocol::{Code, WireError, frame};
use arc_swap::ArcSwap;
use async_net::{TcpListener, TcpStream};
use futures_lite::future;
use log::{debug, warn};
use smol::{Executor, Timer};
use socket2::SockRef;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long nothing is accepted after a failure: at first, and at most when it goes on failing.
const BACK_OFF: Duration = Duration::from_millis(10);
const BACK_OFF_MAX: Duration = Duration::from_secs(1);

/// Failures nearer to each other than this are one episode, and logged once.
const EPISODE: Duration = Duration::from_secs(10);

/// Connections above the limit that are told so at the same time; more are just closed.
const REFUSED_MAX: usize = 64;

/// How much the kernel takes of what a peer has no room for, in bytes. Without a limit it takes
/// megabytes, and whoever asks again and again and reads nothing is served for as long.
const UNSENT_BYTES_MAX: u32 = 64 * 1024;

/// What every listener of a daemon has in common.
pub(crate) struct Reception<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) counters: Arc<Counters>,
    /// Those in force now; a connection keeps those that it came under.
    pub(crate) rules: Arc<ArcSwap<Rules>>,
    /// Who lets other hosts prove who they are.
    pub(crate) keeper: Option<Arc<Doorkeeper>>,
    pub(crate) stop: Stop,
    /// What every task that talks with a peer holds a copy of.
    pub(crate) talking: Here,
    /// Those among them that only say that there is no room.
    pub(crate) refusing: Headcount,
}

impl<H: Handler> Reception<H> {
    /// Accepts until the daemon is stopped; the listener is closed then.
    pub(crate) async fn accept(&self, executor: &Executor<'static>, listener: TcpListener) {
        let mut failures = Failures::default();
        let mut stopped = Box::pin(self.stop.stopped());
        loop {
            let accepted = async { Some(listener.accept().await) };
            let stopped = async {
                (&mut stopped).await;
                None
            };
            // The signal first: a stopping daemon takes nobody in, however many there are.
            match future::or(stopped, accepted).await {
                None => return,
                Some(Ok((stream, peer))) => {
                    failures.over();
                    self.receive(executor, stream, peer);
                }
                Some(Err(error)) => {
                    if failures.begins_episode(Instant::now()) {
                        warn!("No connection can be accepted for now: {error}");
                    }
                    Timer::after(failures.back_off()).await;
                }
            }
        }
    }

    fn receive(&self, executor: &Executor<'static>, stream: TcpStream, peer: SocketAddr) {
        if let Err(error) = set_up(&stream) {
            debug!("{peer} was gone before it was greeted: {error}");
            return;
        }
        let here = self.talking.clone();
        let rules = self.rules.load_full();
        let Some(place) = self.counters.admit(rules.limits.connections_max) else {
            debug!("No room for {peer}");
            self.refuse(executor, stream, here);
            return;
        };
        let (handler, counters) = (self.handler.clone(), self.counters.clone());
        let stopped = self.stop.stopped();
        let door = Door::new(stream, peer, self.keeper.clone(), rules.deadlines.header);
        let talk = async move {
            converse(&*handler, &counters, &rules, door, peer, stopped).await;
            drop((place, here));
        };
        executor.spawn(talk).detach();
    }

    /// Tells a connection above the limit that there is no room.
    fn refuse(&self, executor: &Executor<'static>, stream: TcpStream, here: Here) {
        if self.refusing.len() >= REFUSED_MAX {
            return;
        }
        self.counters.count_error();
        let refusing = self.refusing.enter();
        let mut wire = Wire::new(stream, self.rules.load().deadlines.write);
        let error = WireError::new(Code::Busy, "há conexões demais; tente de novo daqui a pouco");
        let body = serde_json::to_vec(&error.reply()).expect("an error is JSON");
        frame::encode(&body, &mut wire.out);
        let part = async move {
            wire.part().await;
            drop((refusing, here));
        };
        executor.spawn(part).detach();
    }
}

fn set_up(stream: &TcpStream) -> io::Result<()> {
    // Replies are written whole: waiting for more to send only delays them.
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES_MAX)
}

/// Failures to accept, most likely because no descriptor is left.
#[derive(Debug, Default)]
struct Failures {
    in_a_row: u32,
    last: Option<Instant>,
}

impl Failures {
    /// Counts a failure and tells whether it is the first of its episode.
    fn begins_episode(&mut self, now: Instant) -> bool {
        self.in_a_row += 1;
        let last = self.last.replace(now);
        last.is_none_or(|last| now.duration_since(last) > EPISODE)
    }

    fn back_off(&self) -> Duration {
        BACK_OFF.saturating_mul(1 << self.in_a_row.clamp(1, 16).saturating_sub(1)).min(BACK_OFF_MAX)
    }

    fn over(&mut self) {
        self.in_a_row = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_episode_is_logged_once() {
        let start = Instant::now();
        let mut failures = Failures::default();
        assert!(failures.begins_episode(start));
        assert!(!failures.begins_episode(start + EPISODE));
        failures.over();
        assert!(!failures.begins_episode(start + 2 * EPISODE));
        assert!(failures.begins_episode(start + 4 * EPISODE));
    }

    #[test]
    fn the_back_off_grows_up_to_its_limit_and_starts_again() {
        let mut failures = Failures::default();
        let mut waits = Vec::new();
        for _ in 0..100 {
            failures.begins_episode(Instant::now());
            waits.push(failures.back_off());
        }
        assert_eq!(waits[..3], [BACK_OFF, 2 * BACK_OFF, 4 * BACK_OFF]);
        assert_eq!(waits.last(), Some(&BACK_OFF_MAX));
        failures.over();
        failures.begins_episode(Instant::now());
        assert_eq!(failures.back_off(), BACK_OFF);
    }
}
