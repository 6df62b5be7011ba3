//! The web client as it is restarted, upgraded and reloaded.

use crate::support::http::{Reply, connect};
use crate::support::{Agency, PATIENCE, Web, program};
use command_fds::{CommandFdExt, FdMapping};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Command;

/// Starts it with a listener that systemd kept under this name.
fn restarted(agency: &Agency, listener: TcpListener, name: &str) -> Web {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), &agency.peers(), "");
    command.args(["--listen", "127.0.0.1", "--port", "0"]);
    command.env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", name);
    command.fd_mappings(vec![FdMapping { parent_fd: listener.into(), child_fd: 3 }]).unwrap();
    Web::spawn(command, folder)
}

#[test]
fn systemd_is_given_the_listener_to_keep() {
    let agency = Agency::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = program(folder.path(), &agency.peers(), "");
    command.args(["--port", "0", "--listen", "127.0.0.1"]).env("NOTIFY_SOCKET", &path);
    let _web = Web::spawn(command, folder);
    let mut bytes = [0; 512];
    let count = socket.recv(&mut bytes).unwrap();
    assert_eq!(&bytes[..count], b"FDSTORE=1\nFDNAME=agencia-listen-127.0.0.1_0\n");
}

#[test]
fn whoever_connects_while_it_is_restarted_waits_and_is_answered() {
    let agency = Agency::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut early = connect(address);
    early.write_all(b"GET /saude HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let web = restarted(&agency, listener, "agencia-listen-127.0.0.1_0");
    assert_eq!(web.address, address);
    let mut answer = Vec::new();
    early.read_to_end(&mut answer).unwrap();
    assert_eq!(Reply::parse(&answer).status, 200);
    web.log_with("Taking back the socket of 127.0.0.1:0");
}

#[test]
fn a_listener_that_was_kept_for_another_address_is_closed() {
    let agency = Agency::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (systemds, old) = (listener.try_clone().unwrap(), listener.local_addr().unwrap());
    let web = restarted(&agency, listener, "agencia-listen-127.0.0.1_5000");
    assert_ne!(web.address, old);
    assert!(TcpStream::connect(old).is_err());
    assert_eq!(web.get("/saude").status, 200);
    drop(systemds);
}

#[test]
fn a_visitor_who_has_only_just_come_is_answered_by_one_that_stops() {
    let agency = Agency::start();
    let mut web = Web::start(&agency, "log = \"debug\"\n");
    let mut fresh = connect(web.address);
    web.log_with("New connection from");
    web.terminate();
    web.log_with("Stopping");
    fresh.write_all(b"GET /saude HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    fresh.read_to_end(&mut answer).unwrap();
    let reply = Reply::parse(&answer);
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    assert_eq!(web.wait().code(), Some(0));
}

/// A web client with files to change, and the folder they are in.
fn reloadable(agency: &Agency, settings: &str) -> (Web, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let mut command = program(&path, &agency.peers(), settings);
    command.args(["--port", "0", "--listen", "127.0.0.1"]).env("RUNTIME_DIRECTORY", &path);
    (Web::spawn(command, folder), path)
}

fn reload(web: &Web, folder: &PathBuf) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agencia-web"));
    command.args(["--reload", &web.pid().to_string()]).env("RUNTIME_DIRECTORY", folder);
    let done = command.output().unwrap();
    (done.status.success(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
}

#[test]
fn settings_and_daemons_are_taken_over_by_a_reload() {
    let agency = Agency::start();
    let (web, folder) = reloadable(&agency, "home_airport = \"A1\"\n");
    web.get("/").says(&["Saída do A1."]);
    std::fs::write(folder.join("web.toml"), "home_airport = \"A2\"\nport = 7\n").unwrap();
    let (done, said) = reload(&web, &folder);
    assert!(done && said.contains("settings and the list of daemons"), "{said}");
    web.get("/").says(&["Saída do A2."]);
    // Flags say which port and state, whatever the file says; what only a restart changes is named.
    // A certificate that is none is not read before that.
    let keys = folder.join("outras");
    std::fs::create_dir(&keys).unwrap();
    for name in ["web.pem", "web.chave", "autoridade.pem"] {
        std::fs::write(keys.join(name), "???").unwrap();
    }
    let restart = format!(
        "state = \"/elsewhere\"\nkey_file = \"other\"\nkeys = {keys:?}\nlog = \"debug\"\n[http]\n\
         connections_max = 9\n"
    );
    std::fs::write(folder.join("web.toml"), restart).unwrap();
    let (done, said) = reload(&web, &folder);
    let waiting = "in force; waiting for a restart: key_file, keys, http.connections_max";
    assert!(done && said.contains(waiting), "{said}");
    web.get("/saude");
    web.log_with("DEBUG GET /saude");

    let other = Agency::start();
    std::fs::write(folder.join("pares.toml"), other.peers()).unwrap();
    assert!(reload(&web, &folder).0);
    web.get("/");
    assert!(!other.flights.requests("destinos").is_empty());
}

#[test]
fn a_bad_file_is_refused_by_a_reload_and_the_pages_stay() {
    let agency = Agency::start();
    let (mut web, folder) = reloadable(&agency, "home_airport = \"A1\"\n");
    for (file, text, part) in [
        ("web.toml", "home_airport = \"A2\"\nprot = 1\n", "web.toml: "),
        ("web.toml", "home_airport = \"A2\"\nlog = \"loud\"\n", "web.toml: log"),
        ("pares.toml", "daemon = 3", "pares.toml: "),
    ] {
        let before = std::fs::read(folder.join(file)).unwrap();
        std::fs::write(folder.join(file), text).unwrap();
        let (done, said) = reload(&web, &folder);
        assert!(!done && said.contains("refused: ") && said.contains(part), "{said}");
        web.get("/").says(&["Saída do A1."]);
        std::fs::write(folder.join(file), before).unwrap();
    }
    assert!(reload(&web, &folder).0);
    web.terminate();
    assert_eq!(web.wait().code(), Some(0));
}
