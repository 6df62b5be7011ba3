//! What a daemon tells systemd, heard in systemd's place.

use crate::PATIENCE;
use std::cell::RefCell;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What the harness itself says on the socket when the daemon has closed its standard error: it
/// has ended, and nothing more will come.
pub(crate) const ENDED: &str = "X_ENDED=1";

/// The notification socket of one daemon.
#[derive(Debug)]
pub struct Notices {
    socket: UnixDatagram,
    path: PathBuf,
    heard: RefCell<Vec<String>>,
}

impl Notices {
    pub(crate) fn open(folder: &Path) -> Self {
        // Each its own: the word of an old daemon's end may come late.
        static OPENED: AtomicU32 = AtomicU32::new(0);
        let path = folder.join(format!("notify-{}", OPENED.fetch_add(1, Relaxed)));
        let socket = UnixDatagram::bind(&path).expect("a temporary folder takes a socket");
        Self { socket, path, heard: RefCell::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until the daemon says this: `READY=1`, `STOPPING=1`, or `STATUS=` for any status. What
    /// was said before counts. Answers the whole line; nothing if the daemon ends without it.
    ///
    /// # Panics
    /// When neither happens in time.
    pub fn wait_for(&self, start: &str) -> Option<String> {
        self.wait_at_most(PATIENCE, start)
    }

    /// The same, for what may take longer.
    ///
    /// # Panics
    /// When neither happens in that time.
    pub fn wait_at_most(&self, patience: Duration, start: &str) -> Option<String> {
        let due = Instant::now() + patience;
        loop {
            if let Some(line) = self.find(start) {
                return Some(line);
            }
            if self.find(ENDED).is_some() {
                return None;
            }
            let left = due.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {start} in {patience:?}; heard {:?}", self.heard());
            self.socket.set_read_timeout(Some(left)).expect("a timeout above zero");
            self.receive();
        }
    }

    /// All lines so far, in order.
    pub fn heard(&self) -> Vec<String> {
        self.socket.set_nonblocking(true).expect("a socket can be non-blocking");
        while self.receive() {}
        self.socket.set_nonblocking(false).expect("a socket can be blocking");
        self.heard.borrow().clone()
    }

    fn find(&self, start: &str) -> Option<String> {
        self.heard.borrow().iter().find(|line| line.starts_with(start)).cloned()
    }

    /// Reads one datagram, which has one or more lines.
    fn receive(&self) -> bool {
        let mut space = [0; 4096];
        match self.socket.recv(&mut space) {
            Ok(count) => {
                let text = String::from_utf8_lossy(&space[..count]);
                self.heard.borrow_mut().extend(text.lines().map(str::to_owned));
                true
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                false
            }
            // A process that is stopped and goes on has its waiting cut short: it waits again.
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            Err(error) => panic!("the notification socket failed: {error}"),
        }
    }
}
