//! `agencia up` as an administrator sees it.

use agencia_tests::agency::Site;
use agencia_tests::{Client, Kind};
use std::net::{TcpListener, TcpStream};

#[test]
fn everything_that_was_started_is_gone_after_ctrl_c() {
    let site = Site::new();
    let mut agency = site.up(&[]);
    let addresses: Vec<_> =
        Kind::ALL.map(|kind| site.daemon(kind)).into_iter().chain(site.web()).collect();
    for address in &addresses {
        TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    }
    assert_eq!(agency.stop().code(), Some(0));
    for address in addresses {
        assert!(TcpStream::connect(address).is_err(), "{address} is still served");
    }
}

#[test]
fn the_addresses_are_printed() {
    let site = Site::new();
    let agency = site.up(&[]);
    let [first, second] = site.web().map(|address| address.port());
    let here = format!("here: http://localhost:{first}  http://localhost:{second}");
    agency.lines().wait_for(&here);
    for kind in Kind::ALL {
        agency.lines().wait_for(&format!("{} ({})", kind.name(), site.daemon(kind)));
    }
}

#[test]
fn the_lines_of_children_have_their_name_before_them() {
    let site = Site::new();
    let agency = site.up(&[]);
    let mut client = Client::connect(site.daemon(Kind::Stays));
    client.ask(r#"{"action":"saude"}"#);
    let line = agency.lines().wait_for(&format!("Welcome {}", client.address()));
    assert!(line.starts_with("hospedagens | "), "{line}");
}

#[test]
fn a_taken_port_is_told_by_name_and_nothing_is_started() {
    let site = Site::new();
    for taken in [site.daemon(Kind::Tours), site.web()[1]] {
        let _other = TcpListener::bind(taken).expect("nobody else has it");
        let mut agency = site.launch(&[]);
        assert_eq!(agency.wait().code(), Some(1));
        let text = agency.lines().text();
        assert!(text.contains(&format!("port {}", taken.port())), "{text}");
        assert!(text.contains("is taken"), "{text}");
        assert!(TcpStream::connect(site.daemon(Kind::Flights)).is_err(), "nothing is started");
    }
}
