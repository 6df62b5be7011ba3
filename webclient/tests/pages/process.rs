//! The process: settings, sockets, signals, systemd.

use crate::support::fake::Mood;
use crate::support::http::{Reply, ask, connect, request};
use crate::support::{Agency, PATIENCE, Web, program};
use command_fds::{CommandFdExt, FdMapping};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::process::Output;

const PEERS: &str = "[[daemon]]\nname = \"voos\"\naddress = \"127.0.0.1:1\"\n\
    [[daemon]]\nname = \"hospedagens\"\naddress = \"127.0.0.1:2\"\n\
    [[daemon]]\nname = \"passeios\"\naddress = \"127.0.0.1:3\"\n";

/// Runs `--check` and gives what it said.
fn check(
    settings: &str,
    peers: &str,
    environment: &[(&str, &str)],
    flags: &[&str],
) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), peers, settings);
    command.arg("--check").args(flags).envs(environment.iter().copied());
    let Output { status, stderr, .. } = command.output().unwrap();
    let told = String::from_utf8(stderr).unwrap();
    (status.code(), told.replace(folder.path().to_str().unwrap(), "DIR"))
}

fn check_wrong(settings: &str, peers: &str, environment: &[(&str, &str)], named: &[&str]) {
    let (code, told) = check(settings, peers, environment, &[]);
    assert_eq!(code, Some(78), "{settings:?} {environment:?}: {told}");
    for name in named {
        assert!(told.contains(name), "{name:?} is not in {told:?}");
    }
    assert_eq!(told.lines().count(), 1, "{told:?}");
}

#[test]
fn good_settings_are_good() {
    let settings = "port = 5001\nlisten = [\"::1\"]\n[http]\nhead_secs = 3\n";
    let environment =
        [("AGENCIA_WEB_HTTP__BODY_SECS", "4"), ("AGENCIA_WEB_LISTEN", "127.0.0.1,::1")];
    let (code, told) = check(settings, PEERS, &environment, &["--log", "debug"]);
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn a_wrong_setting_names_file_and_key_and_the_way_out() {
    check_wrong(
        "prot = 5001\n",
        PEERS,
        &[],
        &["DIR/web.toml", "prot", "line 1", "remove that line"],
    );
    check_wrong("port = \"high\"\n", PEERS, &[], &["DIR/web.toml", "port"]);
    check_wrong("port = 70000\n", PEERS, &[], &["DIR/web.toml", "port", "70000"]);
    check_wrong("[http]\nhead_secs = 0\n", PEERS, &[], &["DIR/web.toml", "head_secs", "nonzero"]);
    check_wrong(
        "[http]\nhead_secs = 9223372036854775807\n",
        PEERS,
        &[],
        &["DIR/web.toml", "http.head_secs is 9223372036854775807, and can be 1 to 86400"],
    );
    check_wrong("[http]\nhead_sec = 1\n", PEERS, &[], &["DIR/web.toml", "head_sec"]);
    check_wrong("listen = [\"localhost\"]\n", PEERS, &[], &["DIR/web.toml", "listen"]);
    check_wrong("time_zone = \"Minas\"\n", PEERS, &[], &["DIR/web.toml", "time_zone", "Minas"]);
    check_wrong("port = ", PEERS, &[], &["DIR/web.toml"]);
    check_wrong("", PEERS, &[("AGENCIA_WEB_PROT", "1")], &["AGENCIA_WEB_", "prot"]);
    check_wrong("", PEERS, &[("AGENCIA_WEB_PORT", "x")], &["AGENCIA_WEB_", "port"]);
    check_wrong("", PEERS, &[("AGENCIA_WEB_HTTP__HEAD_SECS", "0")], &["AGENCIA_WEB_", "head_secs"]);
    check_wrong("", PEERS, &[("AGENCIA_WEB_PAGES__OFFERS_MAX", "100001")], &["pages.offers_max"]);
    check_wrong("", "daemon = 3", &[], &["DIR/pares.toml"]);
    check_wrong(
        "",
        PEERS.split("[[daemon]]\nname = \"passeios").next().unwrap(),
        &[],
        &["DIR/pares.toml", "passeios"],
    );
}

#[test]
fn a_wrong_file_of_the_folder_is_named_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), PEERS, "port = 5001\n");
    std::fs::create_dir(folder.path().join("web.d")).unwrap();
    std::fs::write(folder.path().join("web.d/10-ok.toml"), "port = 5002\n").unwrap();
    std::fs::write(folder.path().join("web.d/20-local.toml"), "prot = 5003\n").unwrap();
    std::fs::write(folder.path().join("web.d/30-old.toml.bak"), "???").unwrap();
    let output = command.arg("--check").output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8(output.stderr).unwrap().contains("web.d/20-local.toml"));
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let (code, told) = check("", PEERS, &[], &[]);
    assert_eq!(code, Some(0), "{told}");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_agencia-web"));
    let output = command.args(["--check", "--config", "/nonexistent/web.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8(output.stderr).unwrap().contains("/nonexistent/web.toml"));
}

#[test]
fn later_layers_win() {
    let agency = Agency::start();
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(
        folder.path(),
        &agency.peers(),
        "home_airport = \"A1\"\nlisten = [\"127.0.0.1\"]\nport = 0\n",
    );
    std::fs::create_dir(folder.path().join("web.d")).unwrap();
    std::fs::write(folder.path().join("web.d/a.toml"), "home_airport = \"A2\"\n").unwrap();
    std::fs::write(folder.path().join("web.d/b.toml"), "home_airport = \"A3\"\nlog = \"error\"\n")
        .unwrap();
    command.args(["--log", "info"]);
    let web = Web::spawn(command, folder);
    web.get("/").says(&["Saída do A3."]);

    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), &agency.peers(), "home_airport = \"A1\"\nport = 0\n");
    command.env("AGENCIA_WEB_HOME_AIRPORT", "A4").env("AGENCIA_WEB_LISTEN", "127.0.0.1");
    let web = Web::spawn(command, folder);
    web.get("/").says(&["Saída do A4."]);
}

#[test]
fn a_wrong_flag_is_told_with_usage() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_agencia-web"))
        .arg("--prot")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), PEERS, "");
    let output = command.args(["--listen", "127.0.0.1", "--port", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(&format!("port {port} is taken")) && told.contains("--port"), "{told}");
}

#[test]
fn all_interfaces_are_the_default() {
    let agency = Agency::start();
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), &agency.peers(), "");
    command.args(["--port", "0"]);
    let web = Web::spawn(command, folder);
    assert!(web.address.ip().is_unspecified());
    let v4 = std::net::SocketAddr::from(([127, 0, 0, 1], web.address.port()));
    assert_eq!(ask(v4, &request("GET", "/saude", &[], "")).status, 200);
}

#[test]
fn a_listener_that_is_handed_over_is_served() {
    let agency = Agency::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), &agency.peers(), "");
    // This port is not bound: it could not be.
    command.args(["--listen", "192.0.2.1"]).env("LISTEN_FDS", "1");
    command.fd_mappings(vec![FdMapping { parent_fd: listener.into(), child_fd: 3 }]).unwrap();
    let web = Web::spawn(command, folder);
    assert_eq!(web.address, address);
    assert_eq!(web.get("/").status, 200);
}

#[test]
fn systemd_is_told_what_happens() {
    let agency = Agency::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let told = || {
        let mut bytes = [0; 512];
        let count = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    };
    let mut command = program(folder.path(), &agency.peers(), "");
    command.args(["--port", "0", "--listen", "127.0.0.1"]).env("NOTIFY_SOCKET", &path);
    command.env("JOURNAL_STREAM", "8:1").env("WATCHDOG_USEC", "40000");
    let mut web = Web::spawn(command, folder);
    assert!(told().contains("FDSTORE=1"));
    let ready = told();
    assert!(
        ready.contains("READY=1") && ready.contains("STATUS=serving pages on 127.0.0.1:"),
        "{ready}"
    );
    assert!(told().contains("WATCHDOG=1"));
    assert_eq!(web.get("/saude").status, 200);
    web.terminate();
    let mut stopping = told();
    while stopping.contains("WATCHDOG=1") {
        stopping = told();
    }
    assert!(stopping.contains("STOPPING=1"), "{stopping}");
    assert_eq!(web.wait().code(), Some(0));
    let log = web.log_with("Stopped");
    assert!(log.iter().all(|line| line.starts_with("<6>")), "{log:?}");
}

#[test]
fn whoever_hears_that_it_is_ready_can_have_it_reload() {
    let agency = Agency::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    // Full, but for the listener that systemd is to keep: the word that it is ready waits.
    let before = UnixDatagram::unbound().unwrap();
    before.set_nonblocking(true).unwrap();
    while before.send_to(b"X_BEFORE=1", &path).is_ok() {}
    assert!(socket.recv(&mut [0; 16]).unwrap() > 0);
    let mut command = program(folder.path(), &agency.peers(), "");
    command.args(["--port", "0", "--listen", "127.0.0.1"]).env("NOTIFY_SOCKET", &path);
    let web = Web::spawn(command, folder);
    let status = std::fs::read_to_string(format!("/proc/{}/status", web.pid())).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
    assert_eq!(caught & 1, 1, "SIGHUP would end it: {caught:x}");
}

#[test]
fn sigterm_lets_a_request_finish() {
    let agency = Agency::start();
    let mut web = Web::start(&agency, "[daemons]\nreply_millis = 1500\n");
    agency.flights.mood(Mood::Mute);
    let mut busy = connect(web.address);
    let mut idle = connect(web.address);
    idle.write_all(b"GET /saude HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut bytes = [0; 2048];
    assert!(idle.read(&mut bytes).unwrap() > 0);
    // The page waits for a daemon that says nothing, and is answered when the wait is over.
    busy.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let began = std::time::Instant::now();
    while agency.flights.requests("destinos").is_empty() {
        assert!(began.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    web.terminate();
    web.log_with("Stopping");
    let mut answer = Vec::new();
    busy.read_to_end(&mut answer).unwrap();
    let reply = Reply::parse(&answer);
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("connection"), Some("close"));
    assert_eq!(idle.read(&mut bytes).unwrap(), 0, "an idle connection is closed");
    assert_eq!(web.wait().code(), Some(0));
    assert!(std::net::TcpStream::connect(web.address).is_err());
}

#[test]
fn running_out_of_file_descriptors_is_survived() {
    let agency = Agency::start();
    let folder = tempfile::tempdir().unwrap();
    let mut inner = program(folder.path(), &agency.peers(), "");
    inner.args(["--port", "0", "--listen", "127.0.0.1"]);
    let mut command = std::process::Command::new("sh");
    command
        .arg("-c")
        .arg("ulimit -n 40; exec \"$0\" \"$@\"")
        .arg(inner.get_program())
        .args(inner.get_args());
    let web = Web::spawn(command, folder);
    let crowd: Vec<_> = (0..80).map(|_| connect(web.address)).collect();
    web.log_with("cannot accept connections for the moment");
    drop(crowd);
    assert_eq!(web.get("/saude").status, 200);
}
