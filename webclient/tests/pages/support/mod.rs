//! Fake daemons and a real web client, for tests.
//!
//! The daemons speak frames on port 0 and answer from a handful of offers; they honour `viagem`
//! and can be told to be down, mute or unkind. The web client is the program itself.

pub(crate) mod fake;
pub(crate) mod trips;
pub(crate) mod walk;
pub(crate) mod http;

use agencia_protocol::trip::PartState;
use fake::Fake;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long anything may take that should take no time: a hang fails the test instead.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The three daemons.
pub(crate) struct Agency {
    pub(crate) flights: Fake,
    pub(crate) stays: Fake,
    pub(crate) tours: Fake,
    /// What all web clients of the agency keep.
    state: tempfile::TempDir,
}

impl Agency {
    pub(crate) fn start() -> Self {
        let state = tempfile::tempdir().unwrap();
        Self { flights: Fake::flights(), stays: Fake::stays(), tours: Fake::tours(), state }
    }

    /// All three.
    pub(crate) fn all(&self) -> [&Fake; 3] {
        [&self.flights, &self.stays, &self.tours]
    }

    /// How many parts of trips all daemons have that are like this.
    pub(crate) fn parts(&self, state: PartState) -> usize {
        self.all().iter().map(|fake| fake.parts(state)).sum()
    }

    /// The text of `pares.toml`.
    pub(crate) fn peers(&self) -> String {
        [("voos", &self.flights), ("hospedagens", &self.stays), ("passeios", &self.tours)]
            .map(|(name, fake)| {
                format!("[[daemon]]\nname = \"{name}\"\naddress = \"{}\"\n", fake.address)
            })
            .concat()
    }
}

/// A running web client; killed when dropped.
pub(crate) struct Web {
    pub(crate) address: SocketAddr,
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    _folder: tempfile::TempDir,
}

impl Web {
    /// Starts one on port 0 with these settings.
    pub(crate) fn start(agency: &Agency, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = program(folder.path(), &agency.peers(), settings);
        command.args(["--port", "0", "--listen", "127.0.0.1"]);
        command.arg("--state").arg(agency.state.path());
        Self::spawn(command, folder)
    }

    /// Starts this command and waits until it listens.
    pub(crate) fn spawn(mut command: Command, folder: tempfile::TempDir) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let (listening, told) = mpsc::channel();
        let lines = log.clone();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if let Some((_, address)) = line.split_once("Listening for connections on ") {
                    listening.send(address.parse::<SocketAddr>().unwrap()).ok();
                }
                lines.lock().unwrap().push(line);
            }
        });
        let address = told.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            panic!("it does not listen; it said {:?}", log.lock().unwrap());
        });
        Self { address, child, log, _folder: folder }
    }

    /// Visits as somebody without a cookie.
    pub(crate) fn get(&self, target: &str) -> http::Reply {
        Visitor::default().get(self, target)
    }

    /// Posts as a page of this site does, without a cookie.
    pub(crate) fn post(&self, target: &str, form: &str) -> http::Reply {
        Visitor::default().post(self, target, form)
    }

    /// What it has logged so far, waiting until a line has this in it.
    pub(crate) fn log_with(&self, text: &str) -> Vec<String> {
        let began = Instant::now();
        loop {
            let log = self.log.lock().unwrap().clone();
            if log.iter().any(|line| line.contains(text)) {
                return log;
            }
            assert!(began.elapsed() < PATIENCE, "{text:?} is not logged: {log:#?}");
            std::thread::yield_now();
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }
}

/// Somebody's browser: it keeps its cookie, and follows where it is led.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visitor {
    pub(crate) cookie: Option<String>,
    /// More headers of every request.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Visitor {
    pub(crate) fn get(&mut self, web: &Web, target: &str) -> http::Reply {
        self.send(web, "GET", target, "")
    }

    /// Posts as a page of this site does; the reply is not followed.
    pub(crate) fn post(&mut self, web: &Web, target: &str, form: &str) -> http::Reply {
        self.send(web, "POST", target, form)
    }

    /// Posts, and visits the page that this leads to.
    pub(crate) fn follow(&mut self, web: &Web, target: &str, form: &str) -> http::Reply {
        let led = self.post(web, target, form);
        assert_eq!(led.status, 303, "{}", led.body);
        self.get(web, led.header("location").expect("303 leads somewhere"))
    }

    /// Keeps a cookie beside those of other names.
    fn keep(&mut self, set: &str) {
        let name = |cookie: &str| cookie.split('=').next().map(str::to_owned);
        let kept = self.cookie.take().unwrap_or_default();
        let others = kept.split("; ").filter(|one| !one.is_empty() && name(one) != name(set));
        self.cookie = Some(others.chain([set]).collect::<Vec<_>>().join("; "));
    }

    fn send(&mut self, web: &Web, method: &str, target: &str, form: &str) -> http::Reply {
        let origin = format!("http://{}", web.address);
        let mut headers: Vec<(&str, &str)> = Vec::new();
        if method == "POST" {
            headers.extend([("origin", origin.as_str()), ("content-type", http::FORM)]);
        }
        let cookie = self.cookie.clone().unwrap_or_default();
        if !cookie.is_empty() {
            headers.push(("cookie", &cookie));
        }
        headers.extend(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        let request = http::request_to(web.address, method, target, &headers, form);
        let reply = http::ask(web.address, &request);
        if let Some(set) = reply.header("set-cookie").and_then(|set| set.split(';').next()) {
            self.keep(set);
        }
        reply
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Waits for a process that should end by itself.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(began.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The program with its files in this folder, and with no settings of this machine.
pub(crate) fn program(folder: &Path, peers: &str, settings: &str) -> Command {
    std::fs::write(folder.join("pares.toml"), peers).unwrap();
    std::fs::write(folder.join("web.toml"), settings).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agencia-web"));
    command.env_remove("JOURNAL_STREAM").env_remove("LISTEN_FDS").env_remove("NOTIFY_SOCKET");
    command.arg("--config").arg(folder.join("web.toml"));
    command.arg("--peers").arg(folder.join("pares.toml"));
    command.env("AGENCIA_WEB_STATE", folder.join("state"));
    command
}
