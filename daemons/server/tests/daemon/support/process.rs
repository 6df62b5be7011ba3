//! A car rental in a process of its own, with somebody who listens as systemd would.

use super::{Client, House, PATIENCE, eventually, uninterrupted};
use command_fds::{CommandFdExt, FdMapping};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{self, BufRead, BufReader, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// The example of this crate, which cargo builds before it runs the tests.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a system that works");
    let program = test.ancestors().nth(2).expect("a system that works").join("examples/carros");
    assert!(program.exists(), "run `cargo build -p agencia-server --examples` first");
    program
}

/// The command that runs the daemon in its house, on a free port.
pub(crate) fn daemon(house: &House) -> Command {
    let mut command = Command::new(program());
    in_house(&mut command, house);
    command
}

/// The same, from a shell that prepares something first.
pub(crate) fn daemon_after(preparation: &str, house: &House) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{preparation}; exec \"$0\" \"$@\"")]).arg(program());
    in_house(&mut command, house);
    command
}

pub(crate) fn in_house(command: &mut Command, house: &House) {
    let settings = house.path("carros.toml");
    if !settings.exists() {
        house.write("carros.toml", "");
    }
    command
        .arg("--config")
        .arg(settings)
        .arg("--inventory")
        .arg(house.path("inventario.json"))
        .arg("--state")
        .arg(house.path("estado"))
        .env_remove("JOURNAL_STREAM")
        .env_remove("WATCHDOG_USEC")
        .stdout(Stdio::null());
}

pub(crate) fn on_a_free_port(mut command: Command) -> Command {
    command.args(["--listen", "127.0.0.1:0"]);
    command
}

/// A daemon that runs, with what it says.
pub(crate) struct Process {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
    systemd: UnixDatagram,
    kept: Mutex<Vec<(String, OwnedFd)>>,
}

impl Process {
    pub(crate) fn start(house: &House, mut command: Command) -> Self {
        let socket = house.path("notify");
        std::fs::remove_file(&socket).ok();
        let systemd = UnixDatagram::bind(&socket).expect("a system that works");
        systemd.set_read_timeout(Some(PATIENCE)).expect("a system that works");
        let mut child = command
            .env("NOTIFY_SOCKET", &socket)
            .stderr(Stdio::piped())
            .spawn()
            .expect("a system that works");
        let stderr = BufReader::new(child.stderr.take().expect("a system that works"));
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let written = lines.clone();
        let reader = std::thread::spawn(move || {
            for line in stderr.lines() {
                written
                    .lock()
                    .expect("a system that works")
                    .push(line.expect("a system that works"));
            }
        });
        Self { child, lines, reader: Some(reader), systemd, kept: Mutex::default() }
    }

    /// The next message to systemd but those with which it is given descriptors to keep.
    pub(crate) fn told(&self) -> String {
        loop {
            let told = uninterrupted(|| self.hear(RecvFlags::empty())).expect("a message");
            if let Some(told) = told {
                return told;
            }
        }
    }

    /// Reads a message. Descriptors are kept under their names, as systemd does it.
    fn hear(&self, flags: RecvFlags) -> io::Result<Option<String>> {
        let mut message = [0; 4096];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut message)];
        let count = recvmsg(&self.systemd, &mut parts, &mut control, flags)?.bytes;
        let text = String::from_utf8_lossy(&message[..count]).into_owned();
        if !text.contains("FDSTORE=1") {
            return Ok(Some(text));
        }
        let name = text.lines().find_map(|line| line.strip_prefix("FDNAME=")).expect("a name");
        for part in control.drain() {
            let RecvAncillaryMessage::ScmRights(descriptors) = part else { continue };
            let mut kept = self.kept.lock().expect("a system that works");
            kept.extend(descriptors.map(|descriptor| (name.to_owned(), descriptor)));
        }
        Ok(None)
    }

    /// What systemd was given to keep.
    pub(crate) fn kept(&self) -> Vec<(String, OwnedFd)> {
        std::mem::take(&mut *self.kept.lock().expect("a system that works"))
    }

    pub(crate) fn wait_until_ready(&self) -> String {
        loop {
            let told = self.told();
            if told.contains("READY=1") {
                return told;
            }
        }
    }

    /// Whether systemd was told anything more.
    pub(crate) fn was_told_more(&self) -> Option<String> {
        while let Ok(told) = self.hear(RecvFlags::DONTWAIT) {
            if told.is_some() {
                return told;
            }
        }
        None
    }

    pub(crate) fn lines_with(&self, text: &str) -> Vec<String> {
        let lines = self.lines.lock().expect("a system that works");
        lines.iter().filter(|line| line.contains(text)).cloned().collect()
    }

    /// Waits until it has logged a line with this text, and checks that it did so once.
    pub(crate) fn check_logged_once(&self, text: &str) {
        eventually(&format!("it logs {text:?}"), || !self.lines_with(text).is_empty());
        assert_eq!(self.lines_with(text).len(), 1, "lines with {text:?}");
    }

    /// Where it listens, as its log says once it has said so of so many.
    pub(crate) fn addresses(&self, count: usize) -> Vec<SocketAddr> {
        const LISTENING: &str = "Listening for connections on ";
        eventually("it says where it listens", || self.lines_with(LISTENING).len() >= count);
        let lines = self.lines_with(LISTENING);
        lines
            .iter()
            .map(|line| line.rsplit_once(LISTENING).expect("a system that works").1)
            .map(|address| {
                address
                    .strip_suffix("...")
                    .expect("a system that works")
                    .parse()
                    .expect("a system that works")
            })
            .collect()
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.addresses(1)[0]).expect("a system that works")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a system that works");
    }

    pub(crate) fn end(&mut self) -> ExitStatus {
        let status = self.child.wait().expect("a system that works");
        if let Some(reader) = self.reader.take() {
            reader.join().expect("a system that works");
        }
        status
    }

    /// Everything that it said, once it has ended.
    pub(crate) fn said(&mut self) -> String {
        self.end();
        self.lines.lock().expect("a system that works").join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Hands these over as systemd does: from descriptor 3 on.
pub(crate) fn hand_over(command: &mut Command, sockets: Vec<OwnedFd>) {
    let count = sockets.len().to_string();
    let mapping = |(number, parent_fd)| FdMapping { parent_fd, child_fd: 3 + number };
    command.fd_mappings((0..).zip(sockets).map(mapping).collect()).expect("a system that works");
    command.env("LISTEN_FDS", count);
}

/// Hands over what was kept, under its names.
pub(crate) fn hand_back(command: &mut Command, kept: Vec<(String, OwnedFd)>) {
    let (names, sockets): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    command.env("LISTEN_FDNAMES", names.join(":"));
    hand_over(command, sockets);
}
