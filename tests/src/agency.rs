//! The whole agency as one command starts it: `agencia up` over small inventory, on free ports.

use crate::inventory::Kind;
use crate::ports::free_addresses;
use crate::process::{Lines, Process, Signal};
use crate::{Client, program};
use rustix::process::{Pid, kill_process};
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use tempfile::TempDir;

/// The first day of the inventory, as requests write it; it is far enough not to come.
pub const FIRST_DAY: &str = "2099-12-20";
/// How many days it has.
pub const DAYS: u16 = 8;
/// An airport that has flights on every one of them.
pub const AIRPORT: &str = "Aeroporto de Altamira - Altamira (PA)";
/// Its city.
pub const CITY: &str = "Altamira (PA)";

/// A folder of an agency, and where its programs listen.
#[derive(Debug)]
pub struct Site {
    folder: TempDir,
    /// Of the daemons, then of the web clients.
    addresses: [SocketAddr; 5],
    variables: Vec<(&'static str, &'static str)>,
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

impl Site {
    /// A folder with inventory made by `agencia-mocks`.
    ///
    /// # Panics
    /// When the inventory cannot be made.
    pub fn new() -> Self {
        let site = Self {
            folder: tempfile::tempdir().expect("there is room for temporary files"),
            // The command needs their numbers before it binds them.
            addresses: free_addresses(),
            variables: Vec::new(),
        };
        let made = Command::new(program::path("agencia-mocks"))
            .args(["--from", FIRST_DAY, "--days", &DAYS.to_string(), "--out"])
            .arg(site.inventory())
            .stdout(Stdio::null())
            .status();
        assert!(made.expect("agencia-mocks is started").success());
        let mut peers = String::new();
        for (kind, address) in Kind::ALL.into_iter().zip(site.addresses) {
            let name = kind.name();
            writeln!(peers, "[[daemon]]\nname = \"{name}\"\naddress = \"{address}\"")
                .expect("a string takes every text");
        }
        std::fs::write(site.peers(), peers).expect("a temporary folder can be written");
        site
    }

    /// The same site, whose programs have this variable in their environment.
    pub fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    fn inventory(&self) -> PathBuf {
        self.path().join("inventory")
    }

    /// The file that says where the daemons are.
    pub fn peers(&self) -> PathBuf {
        self.path().join("pares.toml")
    }

    /// The site's folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where a daemon listens.
    pub fn daemon(&self, kind: Kind) -> SocketAddr {
        let place = Kind::ALL.iter().position(|other| *other == kind).expect("it is one of all");
        self.addresses[place]
    }

    /// Where the two web clients listen.
    pub fn web(&self) -> [SocketAddr; 2] {
        [self.addresses[3], self.addresses[4]]
    }

    /// `agencia up` with these flags beside those of where everything is; waits until all is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn up(&self, flags: &[&str]) -> Agency {
        let agency = self.launch(flags);
        agency.lines().wait_for("everything is ready; Ctrl-C stops it");
        agency
    }

    /// The same, and waits for nothing.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn launch(&self, flags: &[&str]) -> Agency {
        let (out, out_writer) = std::io::pipe().expect("a pipe can be made");
        let err_writer = out_writer.try_clone().expect("a pipe can be cloned");
        let mut command = Command::new(program::path("agencia"));
        command
            .arg("up")
            .arg("--dir")
            .arg(self.path().join("var"))
            .arg("--peers")
            .arg(self.peers());
        if !flags.contains(&"web") {
            command.arg("--inventory").arg(self.inventory());
        }
        if !flags.contains(&"daemons") {
            for address in self.web() {
                command.args(["--port", &address.port().to_string()]);
            }
        }
        command.envs(self.variables.iter().copied());
        command.args(flags).stdin(Stdio::null()).stdout(out_writer).stderr(err_writer);
        Agency { process: Process::start(&mut command, vec![Box::new(out)], || {}) }
    }

    /// Puts the daemon's inventory in force once more, after a change of its text.
    ///
    /// # Panics
    /// When it is refused.
    pub fn import(&self, kind: Kind, file: &str, change: impl Fn(&str) -> String) {
        let in_force = self.inventory().join(file);
        let text = std::fs::read_to_string(&in_force).expect("the inventory was made");
        let changed = self.path().join("changed.json");
        std::fs::write(&changed, change(&text)).expect("a temporary folder can be written");
        let done = Command::new(program::path("agencia"))
            .args(["import", kind.name()])
            .arg(&changed)
            .arg("--inventory")
            .arg(&in_force)
            .arg("--peers")
            .arg(self.peers())
            .output()
            .expect("agencia is started");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// How many units of what a daemon sells on a day at a place are left in all, of this search.
    ///
    /// # Panics
    /// When the reply is no list.
    pub fn left(&self, kind: Kind, search: &str) -> u64 {
        let reply = Client::connect(self.daemon(kind)).ask(search);
        let offers = reply[kind.list()].as_array().unwrap_or_else(|| panic!("{reply}"));
        offers.iter().filter_map(|offer| offer["disponiveis"].as_u64()).sum()
    }

    /// The units that are held, pinned and booked in each daemon.
    ///
    /// # Panics
    /// When a daemon's counters do not agree with its parts.
    pub fn audit(&self) -> [[u64; 3]; 3] {
        Kind::ALL.map(|kind| {
            let audit = Client::connect(self.daemon(kind)).ask(r#"{"action":"auditar"}"#);
            assert_eq!(audit["consistente"], true, "{}: {audit}", kind.name());
            ["seguras", "fixas", "confirmadas"]
                .map(|field| audit[field].as_u64().unwrap_or_else(|| panic!("{audit}")))
        })
    }
}

/// An agency that runs; it is killed when this is dropped, and its children end with it.
#[derive(Debug)]
pub struct Agency {
    process: Process,
}

impl Agency {
    /// What it prints, its children's lines among it.
    pub fn lines(&self) -> &Lines {
        &self.process.lines
    }

    /// Stops it as Ctrl-C does, and waits until every child is gone.
    pub fn stop(&mut self) -> ExitStatus {
        self.process.signal(Signal::INT);
        self.process.wait()
    }

    /// Sends a signal to the child of this name.
    ///
    /// # Panics
    /// When there is no such child.
    pub fn kill_child(&self, name: &str, signal: Signal) {
        let own = self.process.id();
        let threads = std::fs::read_dir(format!("/proc/{own}/task")).expect("the command runs");
        let of_thread = |thread: std::io::Result<std::fs::DirEntry>| {
            // A thread may have ended since it was listed.
            std::fs::read_to_string(thread.ok()?.path().join("children")).ok()
        };
        let children: String = threads.filter_map(of_thread).collect();
        let is_named = |id: &&str| {
            let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0).nth(2) == Some(name.as_bytes())
        };
        let child = children.split_whitespace().find(is_named);
        let child = child.and_then(|id| id.parse().ok()).and_then(Pid::from_raw);
        let child = child.unwrap_or_else(|| panic!("no child {name}:\n{}", self.lines().text()));
        kill_process(child, signal).expect("the child is there");
    }

    /// Waits until the child of this name has become ready for the second time.
    pub fn wait_for_restart(&self, name: &str) {
        let is_ready = |line: &str| {
            line.starts_with("agencia")
                && line.contains(&format!("| {name} ("))
                && line.ends_with("is ready")
        };
        self.lines().wait_until(|lines| lines.iter().filter(|line| is_ready(line)).count() >= 2);
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        self.process.wait()
    }
}
