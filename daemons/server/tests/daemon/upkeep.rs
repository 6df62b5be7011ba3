//! A daemon that is restarted, upgraded and reloaded: nobody is refused, nothing that was asked is
//! lost, and a bad file changes nothing.

use crate::support::process::{Process, daemon, daemon_after, hand_back, on_a_free_port, program};
use crate::support::*;
use rustix::process::Signal;
use std::net::{TcpListener, TcpStream};
use std::process::Command;

/// Starts the daemon with what systemd kept of an earlier one.
fn restarted(house: &House, listen: &str, kept: Vec<(String, std::os::fd::OwnedFd)>) -> Process {
    let mut command = daemon_after("export LISTEN_PID=$$", house);
    command.args(["--listen", listen]);
    hand_back(&mut command, kept);
    Process::start(house, command)
}

fn first(house: &House, listen: &str) -> Process {
    let mut command = daemon(house);
    command.args(["--listen", listen]);
    let process = Process::start(house, command);
    process.wait_until_ready();
    process
}

#[test]
fn whoever_connects_while_the_daemon_is_restarted_waits_and_is_answered() {
    let house = House::new(INVENTORY);
    // Port 0: which port it is, only the socket itself knows.
    let mut process = first(&house, "127.0.0.1:0");
    let address = process.addresses(1)[0];
    let kept = process.kept();
    assert_eq!(kept.len(), 1);
    process.signal(Signal::TERM);
    assert_eq!(process.end().code(), Some(0));

    let mut early = Client::connect(address).unwrap();
    early.send(&[SEARCH]);
    let process = restarted(&house, "127.0.0.1:0", kept);
    process.wait_until_ready();
    assert_eq!(process.addresses(1), [address]);
    assert_eq!(early.error(), "none");
    process.check_logged_once("Taking back the socket of 127.0.0.1:0");
}

#[test]
fn a_socket_for_an_address_that_is_no_longer_configured_is_closed_and_forgotten() {
    let house = House::new(INVENTORY);
    let mut process = first(&house, "127.0.0.1:0");
    let address = process.addresses(1)[0];
    let kept = process.kept();
    process.signal(Signal::TERM);
    process.end();

    // systemd has a copy until it has read that it may forget it.
    let systemds: Vec<_> = kept.iter().map(|(_, socket)| socket.try_clone().unwrap()).collect();
    let everywhere = format!("0.0.0.0:{}", address.port());
    let process = restarted(&house, &everywhere, kept);
    let told = process.told();
    assert!(told.contains("FDSTOREREMOVE=1\nFDNAME=agencia-listen-127.0.0.1_0"), "{told}");
    process.wait_until_ready();
    assert_eq!(process.addresses(1), [everywhere.parse().unwrap()]);
    assert_eq!(code(&Client::connect(address).unwrap().ask(SEARCH)), "none");
    drop(systemds);
}

#[test]
fn with_a_socket_unit_what_was_kept_is_let_go() {
    let house = House::new(INVENTORY);
    let [unit, kept] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [expected, gone] = [&unit, &kept].map(|socket| socket.local_addr().unwrap());
    let sockets = [("agencia-carros.socket", unit), ("agencia-listen-127.0.0.1_0", kept)];
    let sockets = sockets.map(|(name, socket)| (name.to_owned(), socket.into()));
    let process = restarted(&house, "127.0.0.1:0", sockets.into());
    process.wait_until_ready();
    assert_eq!(process.addresses(1), [expected]);
    assert!(TcpStream::connect(gone).is_err());
}

#[test]
fn what_had_begun_to_arrive_is_answered_by_a_daemon_that_stops() {
    let house = House::new(INVENTORY);
    let mut process = Process::start(&house, on_a_free_port(daemon(&house)));
    process.wait_until_ready();
    let (mut half, mut fresh) = (process.connect(), process.connect());
    let frame = format!("{:<10}{SEARCH}", SEARCH.len());
    let (start, rest) = frame.split_at(20);
    half.raw(start.as_bytes());
    eventually("both are in", || process.lines_with("Welcome").len() == 2);
    process.signal(Signal::TERM);
    assert!(process.told().contains("STOPPING=1"));
    fresh.send(&[SEARCH]);
    half.raw(rest.as_bytes());
    assert_eq!((half.error(), fresh.error()), ("none".into(), "none".into()));
    drop((half, fresh));
    assert_eq!(process.end().code(), Some(0));
}

/// A daemon that writes into a runtime folder, as in its unit, and debug lines it never had.
fn reloadable(house: &House) -> Process {
    let mut command = on_a_free_port(daemon(house));
    command.env("RUNTIME_DIRECTORY", house.folder());
    let process = Process::start(house, command);
    process.wait_until_ready();
    process
}

/// What `ExecReload=` runs: whether it ends well, and what it says.
fn reload(house: &House, process: &Process) -> (bool, String) {
    let mut command = Command::new(program());
    command.args(["--reload", &process.pid().to_string()]);
    let done = command.env("RUNTIME_DIRECTORY", house.folder()).output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8(said).unwrap())
}

fn check_reload(house: &House, process: &Process, done: bool, parts: &[&str]) {
    let (ended_well, said) = reload(house, process);
    let told = process.told();
    assert_eq!(ended_well, done, "{said}");
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in: {said}");
        assert!(done || told.contains(part), "{part:?} is not in the status: {told}");
    }
    let refused = told.starts_with("STATUS=reload refused, what was in force stays: ");
    assert_eq!(refused, !done, "{told}");
}

#[test]
fn settings_are_taken_over_by_a_reload_and_those_that_wait_are_named() {
    let house = House::new(INVENTORY);
    let process = reloadable(&house);
    let mut early = process.connect();
    assert_eq!(early.ask(SEARCH)["carros"].as_array().unwrap().len(), 2);
    house.write("carros.toml", "log = \"debug\"\nthreads = 3\n[limits]\nresults_default = 1\n");
    let now = "now in force: limits.results_default, log; waiting for a restart: threads";
    check_reload(&house, &process, true, &["2 offers", now]);
    // On a connection that was open before, too.
    assert_eq!(early.ask(SEARCH)["carros"].as_array().unwrap().len(), 1);
    // The reply may come before the line is read.
    eventually("the message is logged", || process.lines_with("DEBUG Received message").len() == 1);
    house.write("carros.toml", "[limits]\nconnections_max = 1\n");
    check_reload(&house, &process, true, &["limits.connections_max"]);
    assert_eq!(process.connect().error(), "ocupado");
}

#[test]
fn a_bad_file_is_refused_by_a_reload_and_everything_stays() {
    let house = House::new(INVENTORY);
    let process = reloadable(&house);
    let mut client = process.connect();
    house.write("carros.toml", "lisen = []\n[limits]\nresults_default = 1\n");
    check_reload(&house, &process, false, &["carros.toml", "lisen", "did you mean listen?"]);
    assert_eq!(client.ask(SEARCH)["carros"].as_array().unwrap().len(), 2);

    // Good settings do not come into force without a good inventory.
    house.write("carros.toml", "[limits]\nresults_default = 1\n");
    house.write("inventario.json", "[{}]");
    check_reload(&house, &process, false, &["inventario.json"]);
    std::fs::remove_file(house.path("inventario.json")).unwrap();
    check_reload(&house, &process, false, &["inventario.json", "there is no inventory"]);
    assert_eq!(client.ask(SEARCH)["carros"].as_array().unwrap().len(), 2);

    // The status says so until a later one is good.
    house.write("inventario.json", INVENTORY);
    check_reload(&house, &process, true, &["limits.results_default"]);
    assert_eq!(client.ask(SEARCH)["carros"].as_array().unwrap().len(), 1);
}

#[test]
fn the_inventory_is_read_again_by_a_reload_unless_it_gives_less_than_is_sold() {
    let house = House::new(INVENTORY);
    let process = reloadable(&house);
    let mut client = process.connect();
    for _ in 0..2 {
        assert_eq!(code(&client.ask(&buy("gol"))), "none");
    }
    house.write("inventario.json", &INVENTORY.replace("\"carros\":2", "\"carros\":1"));
    check_reload(&house, &process, false, &["the offer gol has 1 units there and 2 are sold"]);
    house.write("inventario.json", &INVENTORY.replace("\"carros\":2", "\"carros\":3"));
    check_reload(&house, &process, true, &["2 offers"]);
    let found = client.ask(SEARCH);
    assert_eq!(found["carros"][1]["disponiveis"], 1);
    assert_eq!(code(&client.ask(&buy("gol"))), "none");
    assert_eq!(code(&client.ask(&buy("gol"))), "esgotado");
}

#[test]
fn a_signal_alone_reloads_too_and_does_not_end_the_daemon() {
    let house = House::new(INVENTORY);
    let mut process = Process::start(&house, on_a_free_port(daemon(&house)));
    process.wait_until_ready();
    house.write("carros.toml", "[limits]\nresults_default = 1\n");
    process.signal(Signal::HUP);
    assert!(process.told().starts_with("STATUS=2 offers"));
    assert_eq!(process.connect().ask(SEARCH)["carros"].as_array().unwrap().len(), 1);
    process.signal(Signal::TERM);
    assert_eq!(process.end().code(), Some(0));
}

#[test]
fn a_reload_of_nobody_is_an_error() {
    let house = House::new(INVENTORY);
    let mut ended = Process::start(&house, on_a_free_port(daemon(&house)));
    ended.wait_until_ready();
    ended.signal(Signal::TERM);
    ended.end();
    let (done, said) = reload(&house, &ended);
    assert!(!done && said.contains("cannot be asked to reload"), "{said}");
    let output = Command::new(program()).args(["--reload", "2"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("RUNTIME_DIRECTORY"));
}
