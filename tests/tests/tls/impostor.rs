//! Somebody listens at a daemon's address who is of the agency and no daemon.

use crate::stage::{DAEMONS, Keys, LAN, Site};
use agencia_keys::{Issued, Purpose};
use agencia_tests::http::get;
use agencia_tests::keys::{Certifier, days};
use agencia_tests::{Kind, PATIENCE};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

const SEARCH: &str = "/hospedagens?cidade=Altamira+%28PA%29&dataIda=2099-12-24&numeroDePessoas=1";
const PAUSE: Duration = Duration::from_millis(5);

/// Shakes hands with whoever connects, and shows this certificate.
fn pose(listener: &TcpListener, shows: &Issued, stop: &AtomicBool) {
    let certificate = CertificateDer::from_pem_slice(shows.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(shows.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    listener.set_nonblocking(true).unwrap();
    while !stop.load(Relaxed) {
        match listener.accept() {
            Ok((stream, _)) => shake_hands(stream, config.clone()),
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}

fn shake_hands(mut stream: TcpStream, config: Arc<ServerConfig>) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut connection = ServerConnection::new(config).unwrap();
    // Whoever does not believe it says so and leaves.
    while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
}

#[test]
fn whoever_has_a_certificate_of_the_web_clients_is_not_believed_at_a_daemons_address() {
    let keys = Keys::make();
    let site = Site::new(&keys.daemons(), "");
    let agency = Certifier::of(&keys.daemons());
    let _others = [Kind::Flights, Kind::Tours].map(|kind| site.trio.setup(kind).start());
    for (purpose, reason) in [
        (Purpose::ConnectAndListen, "its certificate is not that of a daemon"),
        // What is not for listening proves nothing there at all.
        (Purpose::Connect, "the certificate is not of this agency's authority"),
    ] {
        let shows = agency.issue_for(purpose, "web", days(-1, 9));
        let address = site.trio.address(Kind::Stays);
        let listener = site.on(DAEMONS, || TcpListener::bind(address).unwrap());
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| pose(&listener, &shows, &stop));
            let web = site.web(&keys.web());
            let page = site.on(LAN, || get(web.address, SEARCH));
            let told = format!("is not trusted: {reason}");
            let line = web.process.lines.wait_for("hospedagens did not answer for a page");
            let (code, said) = site.command(LAN, &keys.administrator(), &["status"]);
            stop.store(true, Relaxed);
            assert_eq!((page.status, page.header("retry-after")), (503, Some("5")), "{line}");
            assert!(line.contains(&told), "no {told:?} in {line}");
            assert!(code == Some(1) && said.contains(&told), "no {told:?} in {said}");
        });
    }
    // The daemon itself is, at the same address.
    let _daemon = site.trio.setup(Kind::Stays).start();
    let web = site.web(&keys.web());
    let page = site.on(LAN, || get(web.address, SEARCH));
    assert_eq!(page.status, 200, "{}", page.text());
}
