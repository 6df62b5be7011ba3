//! The peers: other people's servers, each on a free port, over files of its own in one folder that
//! goes with the run. None outlives this process.

use agencia_tests::ports::free_addresses;
use agencia_tests::process::Signal;
use rustix::process::{Pid, kill_process};
use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a peer may take to begin, and to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause between two looks at whether it has.
const PAUSE: Duration = Duration::from_millis(20);

/// Something that went wrong with a peer.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// A server that runs; it is stopped when this is dropped.
pub(crate) struct Peer {
    child: Child,
    address: SocketAddr,
    /// What ends it at once and in order.
    stop: Signal,
}

impl Peer {
    /// Starts a server that will listen there, and waits until it does.
    pub(crate) fn start(
        mut command: Command,
        (address, stop): (SocketAddr, Signal),
        folder: &Path,
    ) -> Result<Self, Failure> {
        let log = folder.join(format!("{}.log", address.port()));
        let file = fs::File::create(&log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let mut peer = Self { child: command.spawn()?, address, stop };
        let due = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            let ended = peer.child.try_wait()?;
            if ended.is_some() || Instant::now() > due {
                let said = fs::read_to_string(&log).unwrap_or_default();
                return Err(format!("{command:?} does not listen ({ended:?}):\n{said}").into());
            }
            std::thread::sleep(PAUSE);
        }
        Ok(peer)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // One that has ended by itself needs no signal.
            kill_process(pid, self.stop).ok();
        }
        let due = Instant::now() + PATIENCE;
        while Instant::now() < due {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A command that ends when this process does, whatever ends it.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]).arg(program);
    command
}

/// The address of a peer to come.
fn address() -> SocketAddr {
    let [address] = free_addresses();
    address
}

/// Has Redis sync every command before it answers, and not rewrite its log in the middle of a round.
pub(crate) const SYNCED: [&str; 6] =
    ["--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"];

/// Redis as Debian ships it, with these settings.
pub(crate) fn redis(folder: &Path, settings: &[&str]) -> Result<Peer, Failure> {
    let address = address();
    let files = folder.join(format!("redis-{}", address.port()));
    fs::create_dir_all(&files)?;
    let mut command = command("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
    command.arg("--dir").arg(files).args(["--save", "", "--loglevel", "warning"]);
    command.args(settings);
    Peer::start(command, (address, Signal::TERM), folder)
}

/// A command of Redis's protocol.
pub(crate) fn redis_command(words: &[&[u8]], out: &mut Vec<u8>) {
    let line = |out: &mut Vec<u8>, letter: char, count: usize| {
        write!(out, "{letter}{count}\r\n").expect("memory takes every byte");
    };
    line(out, '*', words.len());
    for word in words {
        line(out, '$', word.len());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

/// Sends a command and answers the first line of its reply.
pub(crate) fn redis_ask(peer: &Peer, words: &[&[u8]]) -> Result<String, Failure> {
    let mut out = Vec::new();
    redis_command(words, &mut out);
    let mut stream = TcpStream::connect(peer.address())?;
    stream.write_all(&out)?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    if line.starts_with('-') {
        return Err(line.into());
    }
    if line.starts_with('$') {
        line.clear();
        reader.read_line(&mut line)?;
    }
    Ok(line.trim_end().to_owned())
}

/// PostgreSQL as Debian ships it, with a new database; it runs as `postgres` where this process is
/// root, because it refuses to be root.
pub(crate) fn postgresql(folder: &Path) -> Result<Peer, Failure> {
    let address = address();
    let files = folder.join("postgresql");
    if files.exists() {
        fs::remove_dir_all(&files)?;
    }
    fs::create_dir_all(&files)?;
    let is_root = rustix::process::geteuid().is_root();
    let as_owner = |program: &str| {
        let mut command = Command::new("setpriv");
        if is_root {
            command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
        }
        command.args(["--pdeathsig", "INT", "--", program]).current_dir("/");
        command
    };
    if is_root {
        run(Command::new("chown").arg("postgres").arg(&files))?;
        reachable(&files)?;
    }
    let mut initdb = as_owner("initdb");
    run(initdb.args(["--auth", "trust", "--username", "postgres", "-D"]).arg(&files))?;
    let mut command = as_owner("postgres");
    command.arg("-D").arg(&files).args(["-h", "127.0.0.1", "-p", &address.port().to_string()]);
    command.arg("-k").arg(&files).args(["-c", "max_connections=300"]);
    command.args(["-c", "synchronous_commit=on", "-c", "fsync=on"]);
    let peer = Peer::start(command, (address, Signal::INT), folder)?;
    // It listens before it is ready.
    let due = Instant::now() + PATIENCE;
    while psql(&peer, "select 1").is_err() {
        if Instant::now() > due {
            return Err("postgresql is not ready".into());
        }
        std::thread::sleep(PAUSE);
    }
    Ok(peer)
}

/// Runs statements in it.
pub(crate) fn psql(peer: &Peer, statements: &str) -> Result<(), Failure> {
    let port = peer.address().port().to_string();
    let mut command = Command::new("psql");
    command.args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-q", "-v", "ON_ERROR_STOP=1"]);
    run(command.args(["-c", statements])).map(|_| ())
}

/// nginx as Debian ships it, over a folder with files; it logs no requests.
pub(crate) fn nginx(folder: &Path, files: &Path) -> Result<Peer, Failure> {
    let address = address();
    let here = folder.join("nginx");
    fs::create_dir_all(&here)?;
    let configuration = format!(
        "daemon off;\nworker_processes auto;\npid {here}/pid;\nerror_log {here}/error.log;\n\
         events {{ worker_connections 2048; }}\n\
         http {{\n  access_log off;\n  sendfile on;\n  tcp_nopush on;\n\
         keepalive_requests 1000000;\n  open_file_cache max=16;\n\
         client_body_temp_path {here}/body;\n  proxy_temp_path {here}/proxy;\n\
         fastcgi_temp_path {here}/fastcgi;\n  uwsgi_temp_path {here}/uwsgi;\n\
         scgi_temp_path {here}/scgi;\n\
         server {{\n    listen {address};\n    root {root};\n    default_type text/html;\n  }}\n}}\n",
        here = here.display(),
        root = files.display(),
    );
    let path = here.join("nginx.conf");
    fs::write(&path, configuration)?;
    if rustix::process::geteuid().is_root() {
        reachable(files)?;
    }
    let mut command = command("nginx");
    command.arg("-c").arg(&path).arg("-e").arg(here.join("start.log")).arg("-p").arg(&here);
    Peer::start(command, (address, Signal::TERM), folder)
}

/// A Python program of this folder, given these words and then its port.
pub(crate) fn python(folder: &Path, program: &str, words: &[&Path]) -> Result<Peer, Failure> {
    let address = address();
    let mut command = command("python3");
    command.arg(source(program)).args(words).arg(address.port().to_string());
    Peer::start(command, (address, Signal::TERM), folder)
}

/// The Flask program of this folder under gunicorn, with as many workers as gunicorn advises.
pub(crate) fn gunicorn(folder: &Path, variables: &[(&str, &Path)]) -> Result<Peer, Failure> {
    let address = address();
    let environment = folder.ancestors().find(|folder| folder.join("python/bin").is_dir());
    let environment = environment.ok_or("no python environment: use tests/bench/run")?;
    let workers = 2 * std::thread::available_parallelism()?.get() + 1;
    let mut command = command(environment.join("python/bin/gunicorn"));
    command.args(["--workers", &workers.to_string(), "--bind", &address.to_string()]);
    command.args(["--log-level", "warning", "flask_page:app"]);
    command.current_dir(source("")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.envs(variables.iter().copied());
    Peer::start(command, (address, Signal::TERM), folder)
}

/// A bare echo of these bytes: this program again.
pub(crate) fn echo(folder: &Path, reply: &[u8]) -> Result<Peer, Failure> {
    let path = folder.join("echo.bytes");
    fs::write(&path, reply)?;
    let mut command = command(std::env::current_exe()?);
    command.arg("echo").arg(&path).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut line = String::new();
    let said = child.stdout.take().ok_or("its output is a pipe")?;
    BufReader::new(said).read_line(&mut line)?;
    let address = SocketAddr::from(([127, 0, 0, 1], line.trim().parse()?));
    Ok(Peer { child, address, stop: Signal::TERM })
}

/// Runs a command to its end and answers what it printed.
pub(crate) fn run(command: &mut Command) -> Result<String, Failure> {
    let output = command.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}\n{said}{error}", output.status).into())
}

/// Whoever is not root, as some peers are, must get to these files: refused by the folder's name.
fn reachable(files: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    for folder in files.ancestors().skip(1) {
        if folder.metadata()?.permissions().mode() & 0o001 == 0 {
            let folder = folder.display();
            return Err(format!("{folder}: others cannot pass; chmod o+x it").into());
        }
    }
    Ok(())
}

/// A file beside this one.
fn source(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench").join(name)
}

/// The body of a page, and its head, as one connection gets them.
pub(crate) fn page(address: SocketAddr, path: &str) -> Result<String, Failure> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    match reply.split_once("\r\n\r\n") {
        Some((head, body)) if head.contains(" 200 ") => Ok(body.to_owned()),
        _ => Err(format!("{path}: {reply}").into()),
    }
}
