//! A daemon as systemd runs it: its socket handed over, its readiness awaited, its lines kept.

use crate::inventory::{Kind, file_of};
use crate::notify::{ENDED, Notices};
use crate::process::{Lines, Process, Signal};
use crate::{Client, program};
use command_fds::{CommandFdExt, FdMapping};
use serde_json::Value;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use tempfile::TempDir;

/// What a daemon is to be started with. It owns the folder with the daemon's files, so that the
/// same state can be started again.
#[derive(Debug)]
pub struct Setup {
    kind: Kind,
    folder: TempDir,
    address: Option<SocketAddr>,
    descriptors_max: Option<u32>,
    under_journal: bool,
    wrapper: Vec<String>,
    flags: Vec<String>,
    variables: Vec<(String, String)>,
}

impl Setup {
    /// A daemon over these records. Its settings are the defaults, but for where its files are.
    ///
    /// # Panics
    /// When the temporary folder cannot be written.
    pub fn new(kind: Kind, records: &[Value]) -> Self {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let setup = Self {
            kind,
            folder,
            address: Some((Ipv4Addr::LOCALHOST, 0).into()),
            descriptors_max: None,
            under_journal: false,
            wrapper: Vec::new(),
            flags: Vec::new(),
            variables: Vec::new(),
        };
        setup.write("inventory.json", &file_of(records));
        setup.settings("");
        setup
    }

    /// A daemon over the first `count` offers of its kind, with so many units each.
    pub fn of(kind: Kind, count: u16, capacity: u32) -> Self {
        let offers: Vec<_> = (0..count).map(|number| kind.offer_of(number, capacity)).collect();
        Self::new(kind, &offers)
    }

    /// Settings beside those of where its files are, as TOML; plain keys before tables.
    pub fn settings(&self, more: &str) -> &Self {
        let path = self.path();
        let text = format!(
            "inventory = \"{0}/inventory.json\"\nstate = \"{0}/state\"\n{more}\n",
            path.display()
        );
        self.write("daemon.toml", &text)
    }

    /// Writes a file into the daemon's folder.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path().join(name);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self
    }

    /// The daemon's folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Its settings file.
    pub fn config(&self) -> PathBuf {
        self.path().join("daemon.toml")
    }

    /// Listens on this address instead of 127.0.0.1; `None` hands nothing over: the daemon binds.
    #[must_use]
    pub fn at(mut self, address: Option<SocketAddr>) -> Self {
        self.address = address;
        self
    }

    /// Lets it have no more than so many file descriptors.
    #[must_use]
    pub fn descriptors_max(mut self, most: u32) -> Self {
        self.descriptors_max = Some(most);
        self
    }

    /// Has its standard error lead to the journal, as far as it can tell.
    #[must_use]
    pub fn under_journal(mut self) -> Self {
        self.under_journal = true;
        self
    }

    /// Starts it by this command, which takes the daemon's command line as its last arguments:
    /// `ip netns exec NAME`, say.
    #[must_use]
    pub fn under(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// One more flag.
    #[must_use]
    pub fn flag(mut self, flag: impl Into<String>) -> Self {
        self.flags.push(flag.into());
        self
    }

    /// One more variable of its environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn start(&self) -> Daemon<'_> {
        let daemon = self.launch();
        let ready = daemon.notices.wait_for("READY=1");
        assert!(ready.is_some(), "{} ended:\n{}", self.kind.name(), daemon.lines().text());
        daemon
    }

    /// Starts it and waits for nothing.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn launch(&self) -> Daemon<'_> {
        let notices = Notices::open(self.path());
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        let writer = fs::File::from(std::os::fd::OwnedFd::from(writer));
        let mut command = self.command();
        command.env("NOTIFY_SOCKET", notices.path());
        if self.under_journal {
            let stream = writer.metadata().expect("a pipe has an inode");
            command.env("JOURNAL_STREAM", format!("{}:{}", stream.dev(), stream.ino()));
        }
        command.stderr(writer);
        let listener = self.address.map(listen);
        let address = listener.as_ref().map(|listener| listener.local_addr().expect("it is bound"));
        if let Some(listener) = listener {
            command.env("LISTEN_FDS", "1");
            let mapping = FdMapping { parent_fd: listener.into(), child_fd: 3 };
            command.fd_mappings(vec![mapping]).expect("nothing else is mapped to 3");
        }
        let path = notices.path().to_owned();
        let ended = move || {
            // Whoever no longer listens does not need to know.
            UnixDatagram::unbound().and_then(|s| s.send_to(ENDED.as_bytes(), path)).ok();
        };
        let process = Process::start(&mut command, vec![Box::new(reader)], ended);
        // The command holds this side's copies of the listener and of the pipe.
        drop(command);
        Daemon { setup: self, address, notices, process }
    }

    /// Its command line, through a shell that says which process the socket is for.
    fn command(&self) -> Command {
        let limit = self.descriptors_max.map(|most| format!("ulimit -n {most}; "));
        let script = format!(r#"{}LISTEN_PID=$$ exec "$0" "$@""#, limit.unwrap_or_default());
        let mut words = self.wrapper.iter().map(String::as_str).chain(["sh"]);
        let mut command = Command::new(words.next().expect("there is at least the shell"));
        command.args(words);
        command.arg("-c").arg(script).arg(program::path(&format!("agencia-{}", self.kind.name())));
        command.arg("--config").arg(self.config()).args(&self.flags);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

/// Listens as systemd does, whose backlog is longer than that of the standard library.
fn listen(address: SocketAddr) -> TcpListener {
    let listener = TcpListener::bind(address).unwrap_or_else(|e| panic!("{address}: {e}"));
    rustix::net::listen(&listener, 4096).expect("it listens already");
    listener
}

/// A daemon that runs; it is killed when this is dropped.
#[derive(Debug)]
pub struct Daemon<'a> {
    setup: &'a Setup,
    address: Option<SocketAddr>,
    /// What it tells systemd.
    pub notices: Notices,
    process: Process,
}

impl Daemon<'_> {
    /// Where it listens: what it was handed, or what it says it has bound.
    ///
    /// # Panics
    /// When its log line names no address.
    pub fn address(&self) -> SocketAddr {
        self.address.unwrap_or_else(|| {
            let line = self.lines().wait_for("Listening for connections on ");
            let named = line.rsplit(' ').next().and_then(|word| word.strip_suffix("..."));
            named.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("{line}"))
        })
    }

    /// A new connection to it.
    pub fn connect(&self) -> Client {
        Client::connect(self.address())
    }

    /// What it logs.
    pub fn lines(&self) -> &Lines {
        &self.process.lines
    }

    /// The offers of [`RECORD_DAY`](crate::inventory::RECORD_DAY) that it lists, in its order.
    ///
    /// # Panics
    /// When the reply is no list.
    pub fn offers(&self) -> Vec<Value> {
        let kind = self.setup.kind;
        let reply = self.connect().ask(kind.search(""));
        let list = reply[kind.list()].as_array();
        list.unwrap_or_else(|| panic!("{reply}")).clone()
    }

    /// The ids of these offers.
    pub fn ids(&self) -> Vec<String> {
        let ids = self.offers().into_iter().map(|offer| offer["id"].as_str().map(str::to_owned));
        ids.map(|id| id.expect("every listed offer has an id")).collect()
    }

    /// Whether it has ended, by itself or not.
    pub fn has_ended(&self) -> bool {
        self.notices.has_ended()
    }

    /// Its process id.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Stops it where it is: from now on it tells nobody anything.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// Stops it and answers everything that it has logged.
    ///
    /// # Panics
    /// When it does not end well.
    pub fn finish(mut self) -> String {
        self.signal(Signal::TERM);
        assert!(self.wait().success(), "{}", self.lines().text());
        self.lines().text()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        self.process.wait()
    }
}
