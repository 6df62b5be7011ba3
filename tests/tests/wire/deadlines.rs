//! Deadlines, shortened by settings: of a header, a body, an idle peer from another host, a peer
//! that stops reading. None of them is renewed by a drip.

use agencia_tests::wire::{check_error, frame};
use agencia_tests::{Client, Kind, Setup};
use std::io::{ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

const HEALTH: &str = r#"{"action":"saude"}"#;

/// The most that is made ready for a peer that reads nothing, in bytes: what is written together, what the
/// daemon's kernel takes of what it cannot send, and what the peer's own takes.
const READY_BYTES_MAX: u64 = 256 * 1024 + 64 * 1024 + 128 * 1024;

/// A daemon with this deadline short and all others too long to be met.
fn setup(short: &str) -> Setup {
    let setup = Setup::of(Kind::Tours, 300, 1);
    let long = ["header_secs", "body_secs", "idle_secs", "write_secs"];
    let long = long.into_iter().filter(|name| !short.starts_with(name));
    let long: Vec<_> = long.map(|name| format!("{name} = 3600")).collect();
    setup.settings(&format!("log = \"debug\"\n[deadlines]\n{short}\n{}", long.join("\n")));
    setup
}

fn check_late(client: &mut Client) {
    check_error(&client.read(), "prazo_vencido", "");
    client.expect_end();
}

/// Sends bytes one by one, waiting between them; the daemon must have enough of it before the last.
fn drip(client: &mut Client, bytes: &[u8]) {
    let pause = Some(Duration::from_millis(80));
    client.stream().set_read_timeout(pause).expect("a timeout above zero");
    let cut_off = bytes.iter().any(|byte| {
        client.send_raw([*byte]);
        match client.stream().peek(&mut [0]) {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                false
            }
        }
    });
    assert!(cut_off, "every byte has renewed the deadline");
    let patience = Some(agencia_tests::PATIENCE);
    client.stream().set_read_timeout(patience).expect("a timeout above zero");
}

#[test]
fn a_header_that_does_not_come_is_late() {
    let setup = setup("header_secs = 0.3");
    let daemon = setup.start();
    let mut client = daemon.connect();
    client.send_raw("1");
    check_late(&mut client);
}

#[test]
fn a_header_that_drips_is_late() {
    let setup = setup("header_secs = 0.15");
    let daemon = setup.start();
    let mut client = daemon.connect();
    drip(&mut client, b"18       ");
    check_late(&mut client);
}

#[test]
fn a_body_that_does_not_come_is_late() {
    let setup = setup("body_secs = 0.3");
    let daemon = setup.start();
    for begun in ["18        ", "18        {\"action\":"] {
        let mut client = daemon.connect();
        client.send_raw(begun);
        check_late(&mut client);
    }
}

#[test]
fn a_body_that_drips_is_late() {
    let setup = setup("body_secs = 0.3");
    let daemon = setup.start();
    let mut client = daemon.connect();
    client.send_raw("1000      ");
    drip(&mut client, &[b' '; 50]);
    check_late(&mut client);
}

#[test]
fn what_was_asked_before_a_late_frame_is_answered() {
    let setup = setup("header_secs = 0.3");
    let daemon = setup.start();
    let mut client = daemon.connect();
    client.send_raw([frame(HEALTH), b"18".to_vec()].concat());
    assert_eq!(client.read()["pronto"], true);
    check_late(&mut client);
}

#[test]
fn an_idle_peer_of_this_host_may_stay() {
    let setup = setup("idle_secs = 0.1");
    let daemon = setup.start();
    let mut client = daemon.connect();
    assert_eq!(client.ask(HEALTH)["pronto"], true);
    client.stream().set_read_timeout(Some(Duration::from_secs(1))).expect("above zero");
    let read = client.stream().peek(&mut [0]).expect_err("nothing comes, not even the end");
    assert_eq!(read.kind(), ErrorKind::WouldBlock);
    assert_eq!(client.ask(HEALTH)["pronto"], true);
}

/// An address of this machine that is not loopback: who connects to it comes from it.
fn own_address() -> IpAddr {
    // Connecting a datagram socket sends nothing and chooses the address to send from.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a socket");
    socket.connect(("192.0.2.1", 9)).expect(
        "this test needs an interface beside loopback: as root, `ip link add d0 type dummy; ip \
         addr add 192.0.2.2/24 dev d0; ip link set d0 up`",
    );
    socket.local_addr().expect("an address").ip()
}

#[test]
fn an_idle_peer_of_another_host_is_let_go() {
    let setup = setup("idle_secs = 0.3").at(Some(SocketAddr::new(own_address(), 0)));
    let daemon = setup.start();
    let mut silent = daemon.connect();
    silent.expect_end();
    let mut client = daemon.connect();
    assert_eq!(client.ask(HEALTH)["pronto"], true);
    client.expect_end();
}

#[test]
fn a_peer_of_another_host_may_search_and_buy_and_not_import() {
    let setup = setup("idle_secs = 3600").at(Some(SocketAddr::new(own_address(), 0)));
    let daemon = setup.start();
    assert_eq!(daemon.offers().len(), 300);
    setup.write("inventory.json.novo", "[]");
    let reply = daemon.connect().ask(r#"{"action":"importar"}"#);
    check_error(&reply, "nao_autorizado", "");
    assert_eq!(daemon.offers().len(), 300);
}

#[test]
fn a_peer_that_stops_reading_is_cut_off() {
    let setup = setup("write_secs = 0.3");
    let daemon = setup.start();
    let mut client = daemon.connect();
    // Some 40 KB each: far more than the sockets between take.
    let asked = 500;
    client.send_raw(frame(Kind::Tours.search("")).repeat(asked));
    let address = client.address();
    daemon.lines().wait_for(&format!("Goodbye {address}: the peer stopped reading"));
    let health = daemon.connect().ask(HEALTH);
    let one = daemon.connect().ask(Kind::Tours.search("")).to_string().len();
    // One of them is the question itself, and the last one may be too long.
    let made = health["pedidos"].as_u64().expect("a daemon counts") - 2;
    let bytes = made * one as u64;
    assert!(bytes <= READY_BYTES_MAX, "{made} replies of {one} bytes");
    let mut came = 0;
    let mut space = vec![0; 1 << 20];
    // What is on its way still comes, and then the end or a reset.
    while let Ok(count @ 1..) = client.stream().read(&mut space) {
        came += count;
    }
    assert!(came < one * asked, "all {came} bytes came");
}
