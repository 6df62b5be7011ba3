//! What a daemon tells systemd, heard in systemd's place: by a thread that reads at once, as systemd
//! does. A socket that nobody reads is full after some ten status lines, and a daemon that tells
//! one more waits until somebody does. Nothing is ever answered on it.

use crate::PATIENCE;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What the harness itself says on the socket when the daemon has closed its standard error: it
/// has ended, and nothing more will come.
pub(crate) const ENDED: &str = "X_ENDED=1";

/// What somebody says who wants to hear everything that was said before.
const ASKED: &str = "X_ASKED=";

/// The notification socket of one daemon.
#[derive(Debug)]
pub struct Notices {
    path: PathBuf,
    heard: Arc<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    lines: Mutex<Vec<String>>,
    changed: Condvar,
}

impl Notices {
    pub(crate) fn open(folder: &Path) -> Self {
        // Each its own: the word of an old daemon's end may come late.
        static OPENED: AtomicU32 = AtomicU32::new(0);
        let path = folder.join(format!("notify-{}", OPENED.fetch_add(1, Relaxed)));
        let socket = UnixDatagram::bind(&path).expect("a temporary folder takes a socket");
        let heard = Arc::<Heard>::default();
        let hearing = heard.clone();
        thread::spawn(move || hearing.read(&socket));
        Self { path, heard }
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
        self.heard.wait_for(patience, start)
    }

    /// All lines so far, in order.
    pub fn heard(&self) -> Vec<String> {
        static ASKED_SO_FAR: AtomicU32 = AtomicU32::new(0);
        let asked = format!("{ASKED}{}", ASKED_SO_FAR.fetch_add(1, Relaxed));
        // What comes before this is read before it; after the end nobody listens.
        let sent = UnixDatagram::unbound().and_then(|s| s.send_to(asked.as_bytes(), &self.path));
        assert!(sent.is_ok() || self.has_ended(), "the notification socket failed: {sent:?}");
        self.heard.wait_for(PATIENCE, &asked);
        let mut lines = self.heard.lines.lock().expect("no reader panics").clone();
        lines.retain(|line| !line.starts_with(ASKED));
        lines
    }

    /// Whether the daemon has ended.
    pub(crate) fn has_ended(&self) -> bool {
        let lines = self.heard.lines.lock().expect("no reader panics");
        lines.iter().any(|line| line == ENDED)
    }
}

impl Heard {
    /// Reads datagrams, which have one or more lines, until the daemon has ended.
    fn read(&self, socket: &UnixDatagram) {
        let mut space = [0; 4096];
        loop {
            let text = match socket.recv(&mut space) {
                Ok(count) => String::from_utf8_lossy(&space[..count]),
                // A process that is stopped and goes on has its waiting cut short.
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => panic!("the notification socket failed: {error}"),
            };
            let mut lines = self.lines.lock().expect("no reader panics");
            lines.extend(text.lines().map(str::to_owned));
            self.changed.notify_all();
            if text == ENDED {
                return;
            }
        }
    }

    /// Waits for a line that begins like this, or for the end.
    fn wait_for(&self, patience: Duration, start: &str) -> Option<String> {
        let due = Instant::now() + patience;
        let mut lines = self.lines.lock().expect("no reader panics");
        loop {
            if let Some(line) = lines.iter().find(|line| line.starts_with(start)) {
                return Some(line.clone());
            }
            if lines.iter().any(|line| line == ENDED) {
                return None;
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let heard = lines.clone();
                // Not with the lock held: whoever cleans up after the panic looks at the lines.
                drop(lines);
                panic!("no {start} in {patience:?}; heard {heard:?}");
            }
            lines = self.changed.wait_timeout(lines, left).expect("no reader panics").0;
        }
    }
}
