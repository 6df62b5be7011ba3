//! A daemon as a process: exit codes, what systemd hands over and is told, log lines, signals,
//! and the system running out of descriptors and of disk.

use crate::support::process::{Process, daemon, daemon_after, hand_over, on_a_free_port, program};
use crate::support::*;
use rustix::process::Signal;
use std::fs::File;
use std::io::Write;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::process::Command;

#[test]
fn a_daemon_says_the_reports_lines_and_ends_with_0_when_told() {
    for signal in [Signal::TERM, Signal::INT] {
        let house = House::new(INVENTORY);
        let mut command = on_a_free_port(daemon(&house));
        command.args(["--listen", "127.0.0.1:0", "--log", "debug"]);
        let mut process = Process::start(&house, command);
        let ready = process.wait_until_ready();
        assert!(ready.contains("STATUS=2 offers; 0 connections"), "{ready}");
        let addresses = process.addresses(2);
        assert_eq!(addresses.len(), 2);
        let clients: Vec<_> = addresses
            .iter()
            .map(|&address| {
                let mut client = Client::connect(address).unwrap();
                client.send(&["\"I'm live!\"", SEARCH]);
                assert_eq!(client.error(), "none");
                client
            })
            .collect();
        process.signal(signal);
        let stopping = process.told();
        assert!(stopping.contains("STOPPING=1"), "{stopping}");
        drop(clients);
        assert_eq!(process.end().code(), Some(0));
        assert_eq!(process.lines_with("INFO  New connection in Carros").len(), 2);
        assert_eq!(process.lines_with("INFO  Welcome 127.0.0.1:").len(), 2);
        assert_eq!(process.lines_with("INFO  Greeting from 127.0.0.1:").len(), 2);
        assert_eq!(process.lines_with("DEBUG Received message from 127.0.0.1:").len(), 2);
    }
}

#[test]
fn ready_is_told_only_when_the_inventory_is_loaded() {
    let house = House::new(INVENTORY);
    let inventory = house.path("inventario.json");
    std::fs::remove_file(&inventory).unwrap();
    assert!(Command::new("mkfifo").arg(&inventory).status().unwrap().success());
    let process = Process::start(&house, on_a_free_port(daemon(&house)));
    // Opened once the daemon reads: it can get no further before the pipe is written and closed.
    let mut pipe = File::options().write(true).open(&inventory).unwrap();
    assert_eq!(process.was_told_more(), None);
    pipe.write_all(INVENTORY.as_bytes()).unwrap();
    assert_eq!(process.was_told_more(), None);
    drop(pipe);
    process.wait_until_ready();
    assert_eq!(code(&process.connect().ask(SEARCH)), "none");
}

/// Of huge ones much is resident that nobody uses.
#[test]
fn a_daemon_is_given_small_pages() {
    let house = House::new(INVENTORY);
    let process = Process::start(&house, on_a_free_port(daemon(&house)));
    process.wait_until_ready();
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid())).unwrap();
    assert!(status.contains("THP_enabled:\t0\n"), "{status}");
}

#[test]
fn a_taken_port_is_named_and_never_ready() {
    let house = House::new(INVENTORY);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = daemon(&house);
    command.args(["--listen", &address]);
    let mut process = Process::start(&house, command);
    assert_eq!(process.end().code(), Some(1));
    let said = process.said();
    assert!(said.contains(&address) && said.contains("the port is taken"), "{said}");
    let told = process.told();
    assert!(told.starts_with("STATUS=cannot listen on"), "{told}");
    assert_eq!(process.was_told_more(), None);
}

/// How it ends, and what it says.
fn check_end(house: &House, args: &[&str], exit_code: i32, parts: &[&str]) {
    let mut command = on_a_free_port(daemon(house));
    command.args(args);
    let mut process = Process::start(house, command);
    assert_eq!(process.end().code(), Some(exit_code), "{args:?}");
    let said = process.said();
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
    if exit_code == 78 {
        assert!(process.told().starts_with("STATUS="));
    }
}

#[test]
fn settings_that_are_wrong_end_with_78_and_are_named() {
    let house = House::new(INVENTORY);
    house.write("carros.toml", "lisen = []");
    let parts = ["carros.toml", "lisen", "did you mean listen?"];
    check_end(&house, &[], 78, &parts);
    check_end(&house, &["--check"], 78, &parts);
    house.write("carros.toml", "");
    check_end(&house, &["--log", "loud"], 78, &["--log", "loud"]);
}

#[test]
fn a_key_that_others_may_read_is_refused_with_78() {
    let house = House::new(INVENTORY);
    house.write("chave", &"0".repeat(64));
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(house.path("chave"), open).unwrap();
    check_end(&house, &[], 78, &["chave", "mode 644", "chmod 600"]);
}

#[test]
fn a_daemon_that_is_not_among_its_peers_does_not_start() {
    let house = House::new(INVENTORY);
    let entry = "[[daemon]]\nname = \"voos\"\naddress = \"127.0.0.1:5050\"\n";
    house.write("pares.toml", entry);
    let peers = house.path("pares.toml");
    let peers = peers.to_str().unwrap();
    check_end(&house, &["--peers", peers], 78, &["pares.toml: names no daemon carros; add it"]);
    house.write("pares.toml", "nonsense");
    check_end(&house, &["--peers", peers], 78, &["pares.toml: line 1"]);
    // A file that was named must be there.
    check_end(
        &house,
        &["--peers", "/nonexistent/p.toml"],
        78,
        &["/nonexistent/p.toml: cannot be read"],
    );
}

#[test]
fn a_daemon_that_others_can_reach_says_that_it_serves_them_searches_only() {
    let house = House::new(INVENTORY);
    let mut command = daemon(&house);
    command.args(["--listen", "127.0.0.1:0", "--listen", "0.0.0.0:0"]);
    let process = Process::start(&house, command);
    process.wait_until_ready();
    process.check_logged_once("they are served searches only");
    process.check_logged_once("WARN  0.0.0.0:");
}

#[test]
fn a_daemon_that_recovers_says_so_to_whoever_asks() {
    let house = House::new(INVENTORY);
    drop(house.serve());
    let ledger = house.path("estado/livro.sqlite");
    agencia_store::mark_restored(&ledger, Stopped::timestamp(), None).unwrap();
    // A peer that nobody will ever be.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let entry =
        |name, port| format!("[[daemon]]\nname = \"{name}\"\naddress = \"127.0.0.1:{port}\"\n");
    let peers = entry("voos", taken.local_addr().unwrap().port()) + &entry("carros", 5053);
    house.write("pares.toml", &peers);
    let mut command = on_a_free_port(daemon(&house));
    command.arg("--peers").arg(house.path("pares.toml"));
    let process = Process::start(&house, command);
    let ready = process.wait_until_ready();
    assert!(ready.contains("STATUS=in recovery, searches only; 2 offers"), "{ready}");
    let mut client = process.connect();
    assert_eq!(client.ask(HEALTH)["emRecuperacao"], true);
    assert_eq!(code(&client.ask(&buy("gol"))), "em_recuperacao");
    assert_eq!(code(&client.ask(SEARCH)), "none");
    process.check_logged_once("A backup was restored");
}

#[test]
fn checking_needs_no_inventory_and_starts_nothing() {
    let house = House::new(INVENTORY);
    std::fs::remove_file(house.path("inventario.json")).unwrap();
    check_end(&house, &["--check"], 0, &[]);
    assert!(!house.path("estado").exists());
}

#[test]
fn a_flag_that_does_not_exist_ends_with_2() {
    let house = House::new(INVENTORY);
    check_end(&house, &["--lisen", "x"], 2, &["--lisen", "agencia-carros"]);
}

#[test]
fn without_inventory_it_ends_with_1_and_says_how_to_come_by_one() {
    let house = House::new(INVENTORY);
    std::fs::remove_file(house.path("inventario.json")).unwrap();
    check_end(&house, &[], 1, &["inventario.json", "agencia-mocks --out"]);
}

#[test]
fn sockets_that_systemd_hands_over_are_used_and_nothing_is_bound() {
    let house = House::new(INVENTORY);
    let sockets = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let expected = sockets.each_ref().map(|socket| socket.local_addr().unwrap());
    // This port is taken: binding it would fail.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = daemon_after("export LISTEN_PID=$$", &house);
    command.args(["--listen", &taken.local_addr().unwrap().to_string()]);
    hand_over(&mut command, sockets.into_iter().map(OwnedFd::from).collect());
    let process = Process::start(&house, command);
    process.wait_until_ready();
    assert_eq!(process.addresses(expected.len()), expected);
    for address in expected {
        assert_eq!(code(&Client::connect(address).unwrap().ask(SEARCH)), "none");
    }
    process.check_logged_once("systemd handed over its own sockets");
}

#[test]
fn a_handed_over_socket_that_is_none_is_refused() {
    let house = House::new(INVENTORY);
    let mut command = daemon_after("export LISTEN_PID=$$", &house);
    hand_over(&mut command, vec![UnixDatagram::unbound().unwrap().into()]);
    let mut process = Process::start(&house, on_a_free_port(command));
    assert_eq!(process.end().code(), Some(1));
    let said = process.said();
    assert!(said.contains("descriptor 1 of the 1 that systemd handed over"), "{said}");
}

#[test]
fn the_watchdog_is_told_when_it_asks_and_only_then() {
    let house = House::new(INVENTORY);
    let mut command = on_a_free_port(daemon(&house));
    command.env("WATCHDOG_USEC", "100000");
    let process = Process::start(&house, command);
    process.wait_until_ready();
    for _ in 0..3 {
        assert_eq!(process.told(), "WATCHDOG=1\n");
    }

    let house = House::new(INVENTORY);
    let process = Process::start(&house, on_a_free_port(daemon(&house)));
    process.wait_until_ready();
    assert_eq!(code(&process.connect().ask(SEARCH)), "none");
    assert_eq!(process.was_told_more(), None);
}

#[test]
fn under_the_journal_lines_have_a_priority_and_no_time() {
    let house = House::new(INVENTORY);
    let journal = File::create(house.path("journal")).unwrap();
    let file = journal.metadata().unwrap();
    for (args, status, expected) in [
        (&["--check"][..], 0, ""),
        (&["--log", "loud"], 78, "<3>--log: log: "),
        (&["--listen", "192.0.2.1:1"], 1, "<3>cannot listen on 192.0.2.1:1"),
    ] {
        let mut command = daemon(&house);
        command.args(args).env("JOURNAL_STREAM", format!("{}:{}", file.dev(), file.ino()));
        let ended = command.stderr(journal.try_clone().unwrap()).status().unwrap();
        assert_eq!(ended.code(), Some(status));
        let written = house.read("journal").unwrap();
        let last = written.lines().last().unwrap_or_default();
        assert!(last.starts_with(expected), "{written}");
    }
}

#[test]
fn running_out_of_descriptors_is_survived_and_logged_once() {
    let house = House::new(INVENTORY);
    let command = on_a_free_port(daemon_after("ulimit -n 40", &house));
    let process = Process::start(&house, command);
    process.wait_until_ready();
    let mut early = process.connect();
    assert_eq!(code(&early.ask(SEARCH)), "none");
    let crowd: Vec<_> = (0..60).map(|_| process.connect()).collect();
    let complaint = "No connection can be accepted for now";
    eventually("it runs out", || process.lines_with(complaint).len() == 1);
    // Those who are in are served, whatever they ask.
    assert_eq!(code(&early.ask(&buy("uno"))), "none");
    drop(crowd);
    let mut late = process.connect();
    assert_eq!(code(&late.ask(SEARCH)), "none");
    process.check_logged_once(complaint);
    process.check_logged_once("40 file descriptors are enough for 0 only");
}

#[test]
fn a_low_soft_limit_of_descriptors_is_raised() {
    let house = House::new(INVENTORY);
    let process = Process::start(&house, on_a_free_port(daemon_after("ulimit -Sn 40", &house)));
    process.wait_until_ready();
    let mut crowd: Vec<_> = (0..60).map(|_| process.connect()).collect();
    for client in &mut crowd {
        assert_eq!(code(&client.ask(SEARCH)), "none");
    }
}

#[test]
fn a_ledger_that_fails_is_never_taken_for_a_no_and_ends_the_daemon() {
    let house = House::new(&INVENTORY.replace("\"carros\":2", "\"carros\":60000"));
    // What is kept in reserve would be all that may be written.
    house.write("carros.toml", "limits.ballast_bytes = 0");
    // No file may grow beyond some hundred kilobytes: the disk is full, in effect.
    let preparation = "trap '' XFSZ; ulimit -f 600";
    let command = on_a_free_port(daemon_after(preparation, &house));
    let mut process = Process::start(&house, command);
    process.wait_until_ready();
    let mut client = process.connect();
    let mut sold = 0;
    let last = loop {
        match code(&client.ask(&buy("gol"))).as_str() {
            "none" => sold += 1,
            other => break other.to_owned(),
        }
        assert!(sold < 60_000, "the disk never filled");
    };
    assert_eq!(last, "desconhecido");
    drop(client);
    assert_eq!(process.end().code(), Some(1));
    let said = process.said();
    assert!(said.contains("livro.sqlite failed: check the disk"), "{said}");

    // Every purchase that was answered is there again.
    let again = Process::start(&house, on_a_free_port(daemon(&house)));
    again.wait_until_ready();
    let found = again.connect().ask(SEARCH);
    let left = found["carros"][1]["disponiveis"].as_u64().unwrap();
    assert!(sold > 0 && left <= 60_000 - sold, "{sold} sold, {left} left");
}

#[test]
fn help_names_every_flag() {
    let help = Command::new(program()).arg("--help").output().unwrap();
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    for flag in [
        "--config",
        "--listen",
        "--inventory",
        "--state",
        "--peers",
        "--log",
        "--check",
        "--reload",
    ] {
        assert!(text.contains(flag), "{flag} is not in: {text}");
    }
    let version = Command::new(program()).arg("--version").output().unwrap();
    assert!(version.stdout.starts_with(b"agencia-carros "), "{version:?}");
}
