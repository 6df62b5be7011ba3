//! Headers and bodies that are none: answered once, by name, and closed where no boundary is left.

use agencia_tests::wire::{check_error, frame};
use agencia_tests::{Kind, Setup};

const HEALTH: &str = r#"{"action":"saude"}"#;

/// A request of so many bytes.
fn padded(bytes: usize) -> String {
    HEALTH.to_owned() + &" ".repeat(bytes - HEALTH.len())
}

/// What is no header is answered once, and then the connection ends.
fn check_closes(setup: &Setup, bytes: &[u8], code: &str) {
    let daemon = setup.start();
    check_closes_at(&daemon, bytes, code);
}

fn check_closes_at(daemon: &agencia_tests::Daemon<'_>, bytes: &[u8], code: &str) {
    let mut client = daemon.connect();
    client.send_raw(bytes);
    check_error(&client.read(), code, "");
    client.expect_end();
}

#[test]
fn garbage_for_a_header_is_answered_and_ends_the_connection() {
    let setup = Setup::of(Kind::Flights, 1, 1);
    let daemon = setup.start();
    let garbage: [&[u8]; 12] = [
        b"X",
        b"abcdefghij",
        b"-5        ",
        b"+5        ",
        b" 5        ",
        b"5 5       ",
        b"5\t        ",
        b"5.0       ",
        b"0x10      ",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\x00\x00\x12\x00\x00\x00\x00\x00\x00",
        b"\xff\xfe",
    ];
    for bytes in garbage {
        check_closes_at(&daemon, bytes, "cabecalho_invalido");
    }
    assert_eq!(daemon.connect().ask(HEALTH)["pronto"], true, "others are served as before");
}

#[test]
fn an_empty_frame_is_answered_and_ends_the_connection() {
    let setup = Setup::of(Kind::Tours, 1, 1);
    check_closes(&setup, b"0         ", "quadro_vazio");
    check_closes(&setup, b"0000000000", "quadro_vazio");
}

#[test]
fn a_frame_of_exactly_the_limit_is_read_and_one_byte_more_ends_the_connection() {
    let setup = Setup::of(Kind::Stays, 1, 1);
    for limit in [65_536, 1_024] {
        setup.settings(&format!("[limits]\nframe_bytes_max = {limit}"));
        let daemon = setup.start();
        let mut client = daemon.connect();
        assert_eq!(client.ask(padded(limit))["pronto"], true);
        client.send_raw(format!("{:<10}", limit + 1));
        check_error(&client.read(), "quadro_grande", "");
        client.expect_end();
        check_closes_at(&daemon, b"9999999999", "quadro_grande");
    }
}

#[test]
fn the_default_limit_is_64_kib() {
    let setup = Setup::of(Kind::Tours, 1, 1);
    let daemon = setup.start();
    assert_eq!(daemon.connect().ask(padded(65_536))["pronto"], true);
    check_closes_at(&daemon, b"65537     ", "quadro_grande");
}

#[test]
fn the_ceiling_of_the_protocol_cannot_be_set_away() {
    let setup = Setup::of(Kind::Tours, 1, 1);
    setup.settings("[limits]\nframe_bytes_max = 1_000_000_000");
    check_closes(&setup, b"1000000001", "quadro_grande");
}

#[test]
fn a_header_alone_reserves_no_memory() {
    let setup = Setup::of(Kind::Flights, 1, 1);
    setup.settings("[limits]\nframe_bytes_max = 1_000_000_000");
    let daemon = setup.start();
    let peak_kib = || {
        let status = format!("/proc/{}/status", daemon.process_id());
        let status = std::fs::read_to_string(status).expect("the daemon is there");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
        let digits = peak.and_then(|peak| peak.trim().strip_suffix(" kB")).expect("a size in kB");
        digits.parse::<u64>().expect("a size is a number")
    };
    let before = peak_kib();
    for _ in 0..8 {
        let mut client = daemon.connect();
        client.send_raw(b"1000000000{\"action\":");
        client.end();
        client.expect_end();
    }
    let grown = peak_kib() - before;
    assert!(grown < 256 * 1024, "eight announcements of 1 GB cost {grown} KiB");
}

#[test]
fn what_came_before_garbage_is_answered_first() {
    let setup = Setup::of(Kind::Flights, 1, 1);
    let daemon = setup.start();
    let mut client = daemon.connect();
    client.send_raw([frame(HEALTH), frame(HEALTH), b"garbage".to_vec()].concat());
    assert_eq!(client.read()["pronto"], true);
    assert_eq!(client.read()["pronto"], true);
    check_error(&client.read(), "cabecalho_invalido", "");
    client.expect_end();
}

#[test]
fn a_peer_that_ends_within_a_frame_is_let_go() {
    let setup = Setup::of(Kind::Flights, 1, 1);
    let daemon = setup.start();
    for bytes in ["", "1", "18        ", "18        {\"action\""] {
        let mut client = daemon.connect();
        client.send_raw(bytes);
        client.end();
        client.expect_end();
    }
}

#[test]
fn a_body_that_is_no_object_is_named_and_the_connection_goes_on() {
    let setup = Setup::of(Kind::Flights, 1, 1);
    setup.settings("[limits]\nframe_bytes_max = 1_000_000");
    let daemon = setup.start();
    let mut client = daemon.connect();
    assert_eq!(client.ask(HEALTH)["pronto"], true);
    let arrays = "[".repeat(100_000);
    let objects = r#"{"a":"#.repeat(100_000);
    let as_array = format!(r#"["passagem","X","{}"]"#, agencia_tests::inventory::DAY);
    let bodies: [&[u8]; 18] = [
        b"{",
        b"}",
        b" ",
        b"[]",
        b"[{}]",
        as_array.as_bytes(),
        b"1",
        b"true",
        b"null",
        b"\"a greeting that comes too late\"",
        b"{} {}",
        b"{\"action\":\"saude\",}",
        b"{action:1}",
        b"\xef\xbb\xbf{}",
        b"{\"action\":\"\xff\xfe\"}",
        b"{\"action\":\"saude\",\"x\":\"\xc3\"}",
        arrays.as_bytes(),
        objects.as_bytes(),
    ];
    for body in bodies {
        check_error(&client.ask(body), "json_invalido", "");
        assert_eq!(client.ask(HEALTH)["pronto"], true, "after {:?}", body.get(..20));
    }
    let deep_field = format!(r#"{{"action":{arrays}"#);
    check_error(&client.ask(&deep_field), "campo_invalido", "action");
    let deep_unknown = format!(r#"{{"outro":{arrays}"#);
    check_error(&client.ask(&deep_unknown), "json_invalido", "");
    assert_eq!(client.ask(HEALTH)["pronto"], true);
}
