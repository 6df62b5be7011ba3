//! Three hosts and what runs on them.

use agencia_tests::faults::command::{attempt, need_root, run};
use agencia_tests::faults::hosts::{Hosts, NEEDS};
use agencia_tests::process::Process;
use agencia_tests::trio::{Times, Trio};
use agencia_tests::{Kind, program};
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

/// Where the daemons are.
pub(crate) const DAEMONS: &str = "srv";
/// Where the web client is.
pub(crate) const WEB: &str = "web";
/// Where nobody is trusted.
pub(crate) const LAN: &str = "lan";

/// Three hosts; the daemons of the first one are set up and not started.
pub(crate) struct Site {
    pub(crate) hosts: Hosts,
    pub(crate) trio: Trio,
}

impl Site {
    /// Its daemons have the keys of this folder, and these settings, which are tables.
    pub(crate) fn new(keys: &Path, tables: &str) -> Self {
        need_root(&NEEDS);
        let hosts = Hosts::new(&[DAEMONS, WEB, LAN]);
        let address = |port: u16| SocketAddr::from((hosts.address(DAEMONS), port));
        let addresses = [5050, 5051, 5052].map(address);
        let mut trio = Trio::at(&[100], Times::QUICK, addresses, None);
        let space = hosts.name_space(DAEMONS);
        let peers = trio.peers();
        for kind in Kind::ALL {
            let listen = trio.address(kind).to_string();
            trio.change(kind, |setup| {
                setup.settings(&format!(
                    "peers = {peers:?}\nkeys = {keys:?}\nlisten = [\"{listen}\"]\nthreads = 1\n\
                     {tables}"
                ));
                setup.under(&["ip", "netns", "exec", &space]).at(None)
            });
        }
        Self { hosts, trio }
    }

    /// Does something on a host.
    pub(crate) fn on<T: Send>(&self, host: &str, work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let there = scope.spawn(|| {
                self.hosts.enter(host);
                work()
            });
            there.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// Runs the operator's command on a host, with the keys of this folder.
    pub(crate) fn command(&self, host: &str, keys: &Path, words: &[&str]) -> (Option<i32>, String) {
        let (peers, agencia) = (self.trio.peers(), program::path("agencia"));
        let paths = [&agencia, &peers, keys].map(|path| path.to_str().unwrap());
        let [agencia, peers, keys] = paths;
        let space = self.hosts.name_space(host);
        let command = ["ip", "netns", "exec", &space, agencia, "--peers", peers, "--keys", keys];
        let Output { status, stdout, stderr } = attempt(&[&command[..], words].concat());
        let said = [stdout, stderr].concat();
        (status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Starts a web client on its host, with the keys of this folder, and waits until it listens.
    pub(crate) fn web(&self, keys: &Path) -> Web {
        let (reader, writer) = std::io::pipe().unwrap();
        let address = SocketAddr::from((self.hosts.address(WEB), 5000));
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.hosts.name_space(WEB)]);
        command.arg(program::path("agencia-web"));
        command.args(["--listen", &address.ip().to_string(), "--port", "5000", "--peers"]);
        command.arg(self.trio.peers()).arg("--keys").arg(keys);
        command.arg("--state").arg(self.trio.path().join("web"));
        command.stdin(Stdio::null()).stderr(writer);
        let process = Process::start(&mut command, vec![Box::new(reader)], || {});
        drop(command);
        process.lines.wait_for("Listening for connections on ");
        Web { address, process }
    }
}

/// A running web client.
pub(crate) struct Web {
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
}

/// The keys of an agency as its administrator makes them, and what the other hosts were given.
pub(crate) struct Keys {
    folder: tempfile::TempDir,
}

impl Keys {
    /// Made where the daemons are; the web client's host and the administrator's have imported
    /// theirs.
    pub(crate) fn make() -> Self {
        let keys = Self { folder: tempfile::tempdir().unwrap() };
        let state = keys.path("state");
        keys.run("srv", &["init", "--state", state.to_str().unwrap()]);
        for (role, host) in [("web", "web"), ("administrador", "adm")] {
            let file = keys.path(&format!("{role}.toml"));
            let file = file.to_str().unwrap();
            keys.run("srv", &["export", role, file]);
            keys.run(host, &["import", file, "--state", state.to_str().unwrap()]);
        }
        keys
    }

    fn run(&self, host: &str, words: &[&str]) {
        let (agencia, keys) = (program::path("agencia"), self.path(host));
        let command = [agencia.to_str().unwrap(), "keys", "--keys", keys.to_str().unwrap()];
        run(&[&command[..], words].concat());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Those of the daemons' host, which has the authority, too.
    pub(crate) fn daemons(&self) -> PathBuf {
        self.path("srv")
    }

    /// Those of the web client's host.
    pub(crate) fn web(&self) -> PathBuf {
        self.path("web")
    }

    /// Those of an administrator's host.
    pub(crate) fn administrator(&self) -> PathBuf {
        self.path("adm")
    }
}
