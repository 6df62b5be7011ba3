//! System calls of a running process, made to fail or to be its last, by `strace`.

use crate::PATIENCE;
use crate::process::{Process, Signal};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often it is looked whether it has let go.
const LOOK: Duration = Duration::from_millis(2);
/// How long it may take over the end of what it was attached to.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// How much of a buffer is written down: the head of a frame, and what it asks for.
const NOTED_BYTES_MAX: &str = "64";

/// The package and the command that this needs.
pub const NEEDS: (&str, &str) = ("strace", "strace");

/// `strace` attached to a process, all of its threads; it detaches when this is dropped.
#[derive(Debug)]
pub struct Strace {
    process: Process,
    traced: u32,
}

impl Strace {
    /// Attaches and waits until that is done. `tampering` says what happens at which call, as in
    /// `--inject=`: `fdatasync:signal=SIGKILL:when=3`. Calls are counted from now on, each
    /// thread's by themselves; a process that is killed at a call does not carry it out.
    ///
    /// # Panics
    /// When it cannot attach.
    pub fn attach(process_id: u32, tampering: &str) -> Self {
        let strace = Self::launch(process_id, tampering, None, &[]);
        strace.process.lines.wait_for(" attached");
        strace
    }

    /// The same for calls on this file alone, and for a process that has it open already.
    ///
    /// # Panics
    /// When it cannot attach.
    pub fn attach_to_file(process_id: u32, tampering: &str, file: &Path) -> Self {
        let file = file.to_str().expect("a path of this suite is text");
        let strace = Self::launch(process_id, tampering, None, &["--trace-path", file]);
        strace.process.lines.wait_for(" attached");
        strace
    }

    /// The same, and every call of this name is written down; [`finish`](Self::finish) answers them.
    ///
    /// # Panics
    /// When it cannot attach.
    pub fn attach_noting(process_id: u32, tampering: &str, noted: &str) -> Self {
        let strace = Self::launch(process_id, tampering, Some(noted), &[]);
        strace.process.lines.wait_for(" attached");
        strace
    }

    /// Detaches, and answers the lines of the calls that were to be written down, in their order:
    /// also the one at which the process was killed.
    pub fn finish(self) -> Vec<String> {
        let lines = self.process.lines.clone();
        drop(self);
        lines.all()
    }

    /// The same, for a process that may end meanwhile: nothing then.
    pub fn try_attach(process_id: u32, tampering: &str) -> Option<Self> {
        let strace = Self::launch(process_id, tampering, None, &[]);
        let attached = |lines: &[String]| lines.iter().any(|line| line.contains("attached"));
        strace.process.lines.reaches(attached).then_some(strace)
    }

    fn launch(process_id: u32, tampering: &str, noted: Option<&str>, more: &[&str]) -> Self {
        let call = tampering.split(':').next().unwrap_or_default();
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        let mut command = Command::new("strace");
        match noted {
            // Only what is tampered with is traced, and none of it is written down.
            None => command.args(["-f", "--output=/dev/null", "--trace", call]),
            Some(noted) => {
                let calls = format!("{call},{noted}");
                command.args(["-f", "--trace", &calls, "--string-limit", NOTED_BYTES_MAX])
            }
        };
        command.arg(format!("--inject={tampering}")).args(more);
        command.args(["-p", &process_id.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer);
        let process = Process::start(&mut command, vec![Box::new(reader)], || {});
        Self { process, traced: process_id }
    }

    /// Whether what it is attached to has come to its end, whoever may still have to be told.
    fn traced_has_ended(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.traced));
        // The state follows the name, which is in parentheses and may hold anything.
        let state = stat.ok().and_then(|stat| stat.rsplit_once(") ")?.1.chars().next());
        matches!(state, None | Some('Z' | 'X'))
    }
}

impl Drop for Strace {
    /// Told, it detaches; killed, it would take a stopped process with it. It ends by itself with
    /// what it is attached to, but told at that moment it waits for the first thread, which is
    /// over only when the others are, for ever: then there is nothing left that it could take
    /// with it.
    fn drop(&mut self) {
        let due = Instant::now() + PATIENCE;
        let mut told = false;
        let mut ended_at = None;
        while !self.process.has_ended() && Instant::now() < due {
            if self.traced_has_ended() {
                if ended_at.get_or_insert_with(Instant::now).elapsed() > LAST_WORDS {
                    self.process.signal(Signal::KILL);
                    break;
                }
            } else if !told {
                self.process.signal(Signal::TERM);
                told = true;
            }
            thread::sleep(LOOK);
        }
        self.process.lines.wait_for_end();
    }
}
