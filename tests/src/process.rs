//! A child process whose lines are kept, and which does not outlive its test.

use crate::PATIENCE;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

/// A child process; it is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// What it writes to standard error, and to standard output if that is a pipe.
    pub lines: Lines,
}

impl Process {
    /// Starts a command and keeps the lines of `streams`, which lead to it. `ended` is called when
    /// the last of them is closed, which the child's end does.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(
        command: &mut Command,
        streams: Vec<Box<dyn Read + Send>>,
        ended: impl FnOnce() + Send + 'static,
    ) -> Self {
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let lines = Lines::default();
        let readers: Vec<_> = streams
            .into_iter()
            .map(|stream| {
                let lines = lines.clone();
                thread::spawn(move || lines.read(BufReader::new(stream)))
            })
            .collect();
        let all = lines.clone();
        thread::spawn(move || {
            for reader in readers {
                reader.join().expect("reading lines does not panic");
            }
            all.end();
            ended();
        });
        Self { child, lines }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When the process is not there any more.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a child has an id"), signal).expect("the child is there");
    }

    /// Stops it where it is, and waits until no thread of it can go on: what is in the middle of a
    /// system call may finish that, but nothing comes after it.
    ///
    /// # Panics
    /// When the process is not there any more, or does not stop.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
        let due = Instant::now() + PATIENCE;
        while !self.is_frozen() {
            assert!(Instant::now() < due, "process {} does not stop", self.child.id());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn is_frozen(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id()));
        let is_still = |thread: std::io::Result<std::fs::DirEntry>| {
            // A thread that has ended since it was listed does nothing either.
            let Ok(stat) =
                thread.and_then(|thread| std::fs::read_to_string(thread.path().join("stat")))
            else {
                return true;
            };
            // "id (name) S ...": stopped, or in a call that no signal interrupts.
            let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
            matches!(state, Some('T' | 'D' | 'Z'))
        };
        threads.expect("the process is there").all(is_still)
    }

    /// Whether every line has been read, which is so after the end.
    pub fn has_ended(&self) -> bool {
        self.lines.0.0.lock().expect("no reader panics").ended
    }

    /// Waits for the end, that is until every line has been read.
    ///
    /// # Panics
    /// When it does not come.
    pub fn wait(&mut self) -> ExitStatus {
        self.lines.wait_for_end();
        self.child.wait().expect("a child can be waited for")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        self.child.kill().ok();
        self.child.wait().ok();
        if thread::panicking() {
            eprintln!("--- what process {} wrote ---\n{}", self.child.id(), self.lines.text());
        }
    }
}

/// Lines as they are written, shared with the threads that read them.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<(Mutex<Written>, Condvar)>);

#[derive(Debug, Default)]
struct Written {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    fn read(&self, stream: impl BufRead) {
        for line in stream.split(b'\n') {
            // A pipe that fails has ended.
            let Ok(line) = line else { return };
            self.change(|written| written.lines.push(String::from_utf8_lossy(&line).into_owned()));
        }
    }

    fn end(&self) {
        self.change(|written| written.ended = true);
    }

    fn change(&self, change: impl FnOnce(&mut Written)) {
        let (written, changed) = &*self.0;
        change(&mut written.lock().expect("no reader panics"));
        changed.notify_all();
    }

    /// Waits for a line with this in it, and answers the first such line.
    ///
    /// # Panics
    /// When the process ends without it, or it does not come in time.
    pub fn wait_for(&self, part: &str) -> String {
        let found = self.wait(|written| {
            let line = written.lines.iter().find(|line| line.contains(part)).cloned();
            line.map(Some).or(written.ended.then_some(None))
        });
        found.unwrap_or_else(|| panic!("no line with {part:?} in:\n{}", self.text()))
    }

    /// Waits until the lines are as `wanted` says.
    ///
    /// # Panics
    /// When the process ends before that, or it does not come in time.
    pub fn wait_until(&self, wanted: impl Fn(&[String]) -> bool) {
        assert!(self.reaches(wanted), "the process ended:\n{}", self.text());
    }

    /// The same, but the process may end before that: whether it did not.
    pub(crate) fn reaches(&self, wanted: impl Fn(&[String]) -> bool) -> bool {
        self.wait(|written| match wanted(&written.lines) {
            true => Some(true),
            false => written.ended.then_some(false),
        })
    }

    pub(crate) fn wait_for_end(&self) {
        self.wait(|written| written.ended.then_some(()));
    }

    fn wait<T>(&self, found: impl Fn(&Written) -> Option<T>) -> T {
        let due = Instant::now() + PATIENCE;
        let (written, changed) = &*self.0;
        let mut written = written.lock().expect("no reader panics");
        loop {
            if let Some(value) = found(&written) {
                return value;
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // Not with the lock held: whoever cleans up after the panic reads the lines.
                drop(written);
                panic!("waited {PATIENCE:?}; so far:\n{}", self.text());
            }
            written = changed.wait_timeout(written, left).expect("no reader panics").0;
        }
    }

    /// All lines so far.
    pub fn all(&self) -> Vec<String> {
        self.0.0.lock().expect("no reader panics").lines.clone()
    }

    /// All lines so far, as one text.
    pub fn text(&self) -> String {
        self.all().join("\n")
    }
}
