//! Handshakes that never end do not keep others out.

use crate::peer::{Peer, Proof, tcp};
use crate::stage::{Keys, LAN, Site};
use agencia_tests::keys::Certifier;
use agencia_tests::{Kind, PATIENCE};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

const HALF_OPEN: usize = 1_000;
const KIND: Kind = Kind::Tours;
const HEALTH: &str = r#"{"action":"saude"}"#;

/// The first bytes of a ClientHello, as many as this one sends.
fn half_open(address: SocketAddr, number: usize) -> TcpStream {
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    let mut stream = tcp(address);
    stream.write_all(&hello[..1 + number % hello.len()]).unwrap();
    stream
}

/// Waits until the daemon has closed a connection, however it says so.
fn is_closed(mut stream: TcpStream) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn a_thousand_half_open_handshakes_do_not_keep_others_from_being_served_and_end() {
    let keys = Keys::make();
    let site = Site::new(&keys.daemons(), "[deadlines]\nheader_secs = 3\n");
    let daemon = site.trio.setup(KIND).start();
    let authority = std::fs::read_to_string(keys.web().join("autoridade.pem")).unwrap();
    let web = Certifier::of(&keys.daemons()).issue("web", -1, 9);
    let address = site.trio.address(KIND);
    site.on(LAN, || {
        let half: Vec<_> = (0..HALF_OPEN).map(|number| half_open(address, number)).collect();
        for proof in [Proof::InTheClear, Proof::None, Proof::Shows(&web)] {
            let mut peer = Peer::connect(address, &authority, proof);
            let found = peer.ask(&KIND.search(""));
            assert_eq!(found[KIND.list()].as_array().map(Vec::len), Some(1), "{found}");
        }
        assert!(half.into_iter().all(is_closed), "each ends at its deadline");
        let mut peer = Peer::connect(address, &authority, Proof::Shows(&web));
        let due = Instant::now() + PATIENCE;
        while peer.ask(HEALTH)["conexoes"] != 1 {
            assert!(Instant::now() < due, "{}", peer.ask(HEALTH));
        }
    });
    daemon.finish();
}

#[test]
fn more_half_open_handshakes_than_connections_keep_others_out_until_their_deadline_only() {
    let keys = Keys::make();
    let tables = "[deadlines]\nheader_secs = 1\n[limits]\nconnections_max = 100\n";
    let site = Site::new(&keys.daemons(), tables);
    let daemon = site.trio.setup(KIND).start();
    let authority = std::fs::read_to_string(keys.web().join("autoridade.pem")).unwrap();
    let web = Certifier::of(&keys.daemons()).issue("web", -1, 9);
    let address = site.trio.address(KIND);
    site.on(LAN, || {
        let half: Vec<_> = (0..HALF_OPEN).map(|number| half_open(address, number)).collect();
        let due = Instant::now() + PATIENCE;
        let open = loop {
            let mut peer = Peer::connect(address, &authority, Proof::Shows(&web));
            // Whoever finds no room is told so in the clear, which is no handshake.
            match peer.try_ask(HEALTH) {
                Ok(health) => break health["conexoes"].as_u64().unwrap(),
                Err(error) => assert!(Instant::now() < due, "{error}"),
            }
        };
        assert!(open <= 100, "{open} connections");
        drop(half);
    });
    daemon.finish();
}
