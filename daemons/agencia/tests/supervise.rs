//! Supervision of real processes: small shell scripts as children.
//!
//! A script says that it is ready by running this test binary again, see [`say_ready`].

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use agencia::supervise::{self, Limits, Outcome, Program, Sink, Supervision};
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Far more than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

const LIMITS: Limits = Limits {
    restart_after: Duration::from_millis(20),
    restart_after_max: Duration::from_millis(100),
    steady: Duration::from_secs(60),
    stop: Duration::from_secs(20),
    slow: Duration::from_secs(60),
};

/// Says to the supervisor that the process which runs it is ready; as a test it does nothing.
#[test]
fn say_ready() {
    if std::env::var_os("AGENCIA_SAY_READY").is_some() {
        let socket = UnixDatagram::unbound().unwrap();
        let path = std::env::var_os("NOTIFY_SOCKET").unwrap();
        socket.send_to(b"STATUS=12 offers; 0 sales\nREADY=1\n", path).unwrap();
    }
}

/// A supervisor in a thread, and all that it prints.
struct Scene {
    folder: tempfile::TempDir,
    stop: async_channel::Sender<()>,
    printed: Receiver<(bool, u8)>,
    lines: Vec<String>,
    supervisor: Option<JoinHandle<Outcome>>,
}

impl Scene {
    /// Supervises scripts, each with its name and group. In a script `ready` says so, and `forever`
    /// waits until it is told to stop, says `bye` in the file `stopped` and exits.
    fn start(limits: Limits, scripts: &[(&str, usize, &str)]) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let programs = scripts.iter().map(|&(name, group, script)| Program {
            name: name.to_owned(),
            group,
            command: shell(folder.path(), name, script),
        });
        let (out, printed) = channel();
        let sink =
            |is_err| Sink { stream: Box::new(Chars { is_err, to: out.clone() }), coloured: false };
        let supervision = Supervision {
            programs: programs.collect(),
            limits,
            folder: folder.path().to_owned(),
            sinks: [sink(false), sink(true)],
            welcome: vec!["all is ready".to_owned()],
        };
        let (stop, stops) = async_channel::unbounded();
        let supervisor =
            std::thread::spawn(move || smol::block_on(supervise::run(supervision, stops)).unwrap());
        Scene { folder, stop, printed, lines: Vec::new(), supervisor: Some(supervisor) }
    }

    /// Waits for a line, and gives all that came before it since the last one.
    fn wait_for(&mut self, wanted: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            let line = self.next_line().unwrap_or_else(|| {
                panic!("no line {wanted:?} in {:#?}", self.lines);
            });
            let found = line.contains(wanted);
            before.push(line);
            if found {
                return before;
            }
        }
    }

    /// The next line, with what it was printed to before it.
    fn next_line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let (mut is_err, mut byte) = self.printed.recv_timeout(PATIENCE).ok()?;
        let stream = if is_err { "err: " } else { "out: " };
        while byte != b'\n' {
            line.push(byte);
            (is_err, byte) = self.printed.recv_timeout(PATIENCE).ok()?;
        }
        assert_eq!(is_err, stream == "err: ", "a torn line");
        let line = format!("{stream}{}", String::from_utf8_lossy(&line));
        self.lines.push(line.clone());
        Some(line)
    }

    fn stop(&mut self) -> Outcome {
        self.stop.send_blocking(()).unwrap();
        self.end()
    }

    fn end(&mut self) -> Outcome {
        self.supervisor.take().unwrap().join().unwrap()
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

struct Chars {
    is_err: bool,
    to: Sender<(bool, u8)>,
}

impl Write for Chars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for &byte in bytes {
            // The test may have seen enough.
            let _ = self.to.send((self.is_err, byte));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn shell(folder: &Path, name: &str, script: &str) -> Command {
    let functions = format!(
        "ready() {{ AGENCIA_SAY_READY=1 '{}' --exact say_ready > /dev/null; }}
         forever() {{ while :; do sleep 0.02; done; }}
         trap 'echo {name} bye >> stopped; exit 0' TERM",
        std::env::current_exe().unwrap().display()
    );
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{functions}\n{script}")]).current_dir(folder);
    command
}

#[test]
fn a_group_waits_until_the_one_before_it_says_that_it_is_ready() {
    let mut scene = Scene::start(
        LIMITS,
        &[
            ("voos", 0, "echo up; until [ -e go ]; do sleep 0.02; done; echo gone; ready; forever"),
            ("web", 1, "echo up; ready; forever"),
        ],
    );
    let lines = scene.wait_for("voos    | up");
    assert_eq!(lines, ["out: voos    | up"]);
    std::fs::write(scene.folder.path().join("go"), "").unwrap();
    let lines = scene.wait_for("all is ready");
    assert_eq!(
        lines,
        [
            "out: voos    | gone",
            "err: agencia | voos (12 offers) is ready",
            "out: web     | up",
            "err: agencia | web (12 offers) is ready",
            "out: agencia | all is ready",
        ]
    );
    assert_eq!(scene.stop(), Outcome::Stopped);
}

#[test]
fn stopping_goes_in_order_and_waits() {
    let scripts = [("voos", 0, "ready; forever"), ("web", 1, "ready; forever")];
    let mut scene = Scene::start(LIMITS, &scripts);
    scene.wait_for("all is ready");
    assert_eq!(scene.stop(), Outcome::Stopped);
    assert_eq!(scene.file("stopped"), "web bye\nvoos bye\n");
}

#[test]
fn what_is_printed_keeps_its_stream_and_gets_the_name_of_its_child() {
    let script = "printf 'one\\n\\nlast'; echo failed >&2; exec >&- 2>&-; ready; forever";
    let mut scene = Scene::start(LIMITS, &[("voos", 0, script)]);
    let mut lines = scene.wait_for("all is ready");
    lines.sort();
    assert_eq!(
        lines,
        [
            "err: agencia | voos (12 offers) is ready",
            "err: voos    | failed",
            "out: agencia | all is ready",
            "out: voos    | ",
            "out: voos    | last",
            "out: voos    | one",
        ]
    );
    assert_eq!(scene.stop(), Outcome::Stopped);
}

#[test]
fn a_child_that_dies_is_told_of_and_started_again() {
    let dying = "echo run >> runs
        case $(wc -l < runs) in
            1) echo last words; exit 3 ;;
            2) ready; kill -KILL $$ ;;
            *) ready; forever ;;
        esac";
    let mut scene = Scene::start(LIMITS, &[("voos", 0, dying)]);
    let lines = scene.wait_for("exit code 3");
    assert_eq!(
        lines,
        [
            "out: voos    | last words",
            "err: agencia | voos ended with exit code 3; it is started again in 0.02 s",
        ]
    );
    scene.wait_for("was killed by SIGKILL; it is started again in 0.04 s");
    scene.wait_for("voos (12 offers) is ready");
    assert_eq!(scene.stop(), Outcome::Stopped);
    assert_eq!(scene.file("runs"), "run\nrun\nrun\n");
}

#[test]
fn a_program_that_is_not_there_is_told_of() {
    let mut scene = Scene::start(LIMITS, &[("voos", 0, "ready; forever")]);
    scene.wait_for("all is ready");
    scene.stop();

    let folder = tempfile::tempdir().unwrap();
    let (out, printed) = channel();
    let sink =
        |is_err| Sink { stream: Box::new(Chars { is_err, to: out.clone() }), coloured: false };
    let program =
        Program { name: "voos".into(), group: 0, command: Command::new("/nonexistent/voos") };
    let supervision = Supervision {
        programs: vec![program],
        limits: LIMITS,
        folder: folder.path().to_owned(),
        sinks: [sink(false), sink(true)],
        welcome: Vec::new(),
    };
    let (stop, stops) = async_channel::unbounded();
    let supervisor =
        std::thread::spawn(move || smol::block_on(supervise::run(supervision, stops)).unwrap());
    let mut scene =
        Scene { folder, stop, printed, lines: Vec::new(), supervisor: Some(supervisor) };
    let lines = scene.wait_for("could not be started; it is started again in");
    assert!(lines[0].starts_with("err: voos    | cannot be started: "), "{lines:?}");
    assert_eq!(scene.stop(), Outcome::Stopped);
}

#[test]
fn bad_settings_stop_everything() {
    let mut scene = Scene::start(
        LIMITS,
        &[
            ("voos", 0, "ready; forever"),
            ("passeios", 0, "until [ -e go ]; do sleep 0.02; done; echo bad port; exit 78"),
            ("web", 1, "ready; forever"),
        ],
    );
    scene.wait_for("voos (12 offers) is ready");
    std::fs::write(scene.folder.path().join("go"), "").unwrap();
    scene.wait_for("passeios cannot run with its settings (exit code 78)");
    assert_eq!(scene.end(), Outcome::BadSettings);
    assert_eq!(scene.file("stopped"), "voos bye\n");
}

#[test]
fn a_child_that_does_not_stop_in_time_is_killed() {
    let limits = Limits { stop: Duration::from_millis(300), ..LIMITS };
    let stubborn = "trap '' TERM; ready; forever";
    let mut scene = Scene::start(limits, &[("voos", 0, stubborn), ("web", 1, "ready; forever")]);
    scene.wait_for("all is ready");
    assert_eq!(scene.stop(), Outcome::StoppedBadly);
    scene.wait_for("voos (12 offers) did not stop within 0.3 s and is killed");
    assert_eq!(scene.file("stopped"), "web bye\n");
}

#[test]
fn asked_twice_it_kills_at_once() {
    let stubborn = "trap '' TERM; ready; forever";
    let mut scene = Scene::start(LIMITS, &[("voos", 0, stubborn)]);
    scene.wait_for("all is ready");
    scene.stop.send_blocking(()).unwrap();
    scene.wait_for("stopping; once more");
    assert_eq!(scene.stop(), Outcome::StoppedBadly);
}

#[test]
fn a_folder_with_too_long_a_path_is_refused_by_name() {
    let folder = std::path::PathBuf::from(format!("/{}", "x".repeat(98)));
    let program =
        |name: &str| Program { name: name.to_owned(), group: 0, command: Command::new("true") };
    let sink = || Sink { stream: Box::new(io::sink()), coloured: false };
    let run = |name: &str| {
        let supervision = Supervision {
            programs: vec![program(name)],
            limits: LIMITS,
            folder: folder.clone(),
            sinks: [sink(), sink()],
            welcome: Vec::new(),
        };
        let (_, stops) = async_channel::unbounded();
        smol::block_on(supervise::run(supervision, stops)).unwrap_err().to_string()
    };
    // 107 bytes are as long as a path may be: there it fails for want of the folder.
    assert!(run("ab").contains("/ab.sock: cannot make a socket: "), "{}", run("ab"));
    assert!(run("abc").contains("/abc.sock: too long for a socket"), "{}", run("abc"));
}
