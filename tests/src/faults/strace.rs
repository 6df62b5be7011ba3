//! System calls of a running process, made to fail or to be its last, by `strace`.

use crate::process::{Process, Signal};
use std::process::{Command, Stdio};

/// The package and the command that this needs.
pub const NEEDS: (&str, &str) = ("strace", "strace");

/// `strace` attached to a process, all of its threads; it detaches when this is dropped.
#[derive(Debug)]
pub struct Strace {
    process: Process,
}

impl Strace {
    /// Attaches and waits until that is done. `tampering` says what happens at which call, as in
    /// `--inject=`: `fdatasync:signal=SIGKILL:when=3`. Calls are counted from now on, each
    /// thread's by themselves; a process that is killed at a call does not carry it out.
    ///
    /// # Panics
    /// When it cannot attach.
    pub fn attach(process_id: u32, tampering: &str) -> Self {
        let strace = Self::launch(process_id, tampering);
        strace.process.lines.wait_for(" attached");
        strace
    }

    /// The same, for a process that may end meanwhile: nothing then.
    pub fn try_attach(process_id: u32, tampering: &str) -> Option<Self> {
        let strace = Self::launch(process_id, tampering);
        let attached = |lines: &[String]| lines.iter().any(|line| line.contains("attached"));
        strace.process.lines.reaches(attached).then_some(strace)
    }

    fn launch(process_id: u32, tampering: &str) -> Self {
        let call = tampering.split(':').next().unwrap_or_default();
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        let mut command = Command::new("strace");
        // Only what is tampered with is traced, and none of it is written down.
        command.args(["-f", "--output=/dev/null", "--trace", call]);
        command.arg(format!("--inject={tampering}")).args(["-p", &process_id.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer);
        let process = Process::start(&mut command, vec![Box::new(reader)], || {});
        Self { process }
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        // Told, it detaches; killed, it would take a stopped process with it. It may have ended
        // with what it was attached to.
        if !self.process.has_ended() {
            self.process.signal(Signal::TERM);
        }
        self.process.lines.wait_for_end();
    }
}
