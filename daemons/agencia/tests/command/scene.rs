//! An agency of its own for a test: a folder, free ports, a small inventory, and the command.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Far more than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const FLIGHT: &str = r#"{"horarioIda":"14:00h","chegadaIda":"15:00h","valor":"906,00R$","diaIda":"24/12/2099","diaChegada":"24/12/2099","deAeroporto":"Confins","paraAeroporto":"Bagé","id":"ida","lugares":3}"#;
const STAY: &str = r#"{"diaEntrada":"24/12/2099","numero":6,"qtdQuartos":1,"qtdCamas":2,"valor":"958,00R$","nome":"Hotel","endereco":"Rua 1","cidade":"Bagé (RS)","cafeDaManha":true}"#;
pub(crate) const TOUR: &str = r#"{"horario":"21:00h","valor":"0,00R$","dia":"24/12/2099","local":"Praça","endereco":"Centro","cidade":"Bagé (RS)"}"#;

pub(crate) struct Scene {
    folder: tempfile::TempDir,
    /// Of the daemons, then of two web clients.
    pub(crate) ports: [u16; 5],
}

impl Scene {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listeners = [0; 5].map(|port| TcpListener::bind(("127.0.0.1", port)).unwrap());
        let ports = listeners.each_ref().map(|free| free.local_addr().unwrap().port());
        let scene = Scene { folder, ports };
        let daemon = |(name, port): (&str, u16)| {
            format!("[[daemon]]\nname = \"{name}\"\naddress = \"127.0.0.1:{port}\"\n")
        };
        let names = ["voos", "hospedagens", "passeios"];
        let peers: String = names.into_iter().zip(ports).map(daemon).collect();
        scene.write("pares.toml", &peers);
        std::fs::create_dir_all(scene.path("var/inventory")).unwrap();
        for (file, record) in [("passagens", FLIGHT), ("hospedagens", STAY), ("passeios", TOUR)] {
            scene.write(&format!("var/inventory/{file}.json"), &format!("[{record}]"));
        }
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agencia"));
        command.current_dir(self.folder.path()).args(["--peers", "pares.toml"]).args(args);
        command.env("TZ", "America/Sao_Paulo").stdin(Stdio::null());
        command
    }

    /// Runs a command to its end: its exit code, what it printed, and the errors it printed.
    pub(crate) fn run(&self, args: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    /// Starts `up` with the two web ports.
    pub(crate) fn up(&self) -> Up {
        let [.., first, second] = self.ports.map(|port| port.to_string());
        Up::start(self.command(&["up", "--port", &first, "--port", &second]))
    }

    /// The same, and waits until everything is ready.
    pub(crate) fn up_and_ready(&self) -> Up {
        let mut up = self.up();
        up.wait_for("everything is ready");
        up
    }

    /// Asks a web client for a page and gives the first line of the answer.
    pub(crate) fn page(&self, port: u16, path: &str) -> String {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

/// A running `up`, killed when it is dropped.
pub(crate) struct Up {
    process: Child,
    printed: Receiver<String>,
    pub(crate) lines: Vec<String>,
}

impl Up {
    pub(crate) fn start(mut command: Command) -> Up {
        // As a shell starts it: the leader of a group of its own.
        command.process_group(0);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (lines, printed) = channel();
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(process.stdout.take().unwrap()), Box::new(process.stderr.take().unwrap())];
        for stream in streams {
            let lines = lines.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines() {
                    // The test may have seen enough.
                    drop(lines.send(line.unwrap()));
                }
            });
        }
        Up { process, printed, lines: Vec::new() }
    }

    pub(crate) fn wait_for(&mut self, wanted: &str) {
        loop {
            let Ok(line) = self.printed.recv_timeout(PATIENCE) else {
                panic!("no line {wanted:?} in {:#?}", self.lines);
            };
            let found = line.contains(wanted);
            self.lines.push(line);
            if found {
                return;
            }
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.process.id(), name);
    }

    /// What a terminal sends on Ctrl-C: to the whole group.
    pub(crate) fn ctrl_c(&self) {
        signal_to(&format!("-{}", self.process.id()), "INT");
    }

    /// Waits for its end: the exit code, after all its lines.
    pub(crate) fn end(&mut self) -> Option<i32> {
        while let Ok(line) = self.printed.recv_timeout(PATIENCE) {
            self.lines.push(line);
        }
        self.process.wait().unwrap().code()
    }

    /// Where a line is among those that were printed.
    pub(crate) fn position(&self, wanted: &str) -> usize {
        let found = self.lines.iter().position(|line| line.contains(wanted));
        found.unwrap_or_else(|| panic!("no line {wanted:?} in {:#?}", self.lines))
    }

    /// The processes that it has started, with their command lines.
    pub(crate) fn children(&self) -> Vec<(u32, String)> {
        let pid = self.process.id();
        let children = format!("/proc/{pid}/task/{pid}/children");
        let pids = std::fs::read_to_string(children).unwrap();
        let child = |pid: &str| {
            let line = std::fs::read_to_string(Path::new("/proc").join(pid).join("cmdline"));
            (pid.parse().unwrap(), line.unwrap_or_default().replace('\0', " "))
        };
        pids.split_whitespace().map(child).collect()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // It has ended already in most tests.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

pub(crate) fn signal(pid: u32, name: &str) {
    signal_to(&pid.to_string(), name);
}

fn signal_to(target: &str, name: &str) {
    let line = format!("kill -s {name} -- {target}");
    assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
}
