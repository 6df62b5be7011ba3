//! SIGTERM: what has arrived or begun to arrive is answered, then the daemon is gone, with exit code 0.

use agencia_tests::process::Signal;
use agencia_tests::wire::{code, frame};
use agencia_tests::{Kind, Setup};

const HEALTH: &str = r#"{"action":"saude"}"#;

#[test]
fn what_has_arrived_is_answered_before_the_end() {
    for (kind, signal) in
        [(Kind::Flights, Signal::TERM), (Kind::Stays, Signal::TERM), (Kind::Tours, Signal::INT)]
    {
        let setup = Setup::of(kind, 1, 400);
        let mut daemon = setup.start();
        let buy = format!(r#"{{"action":"reservar","id":"{}"}}"#, daemon.ids()[0]);
        let mut clients: Vec<_> = (0..4).map(|_| daemon.connect()).collect();
        // An answer each, so that all of them have been accepted.
        for client in &mut clients {
            assert_eq!(client.ask(HEALTH)["pronto"], true);
        }
        let mut idle = daemon.connect();
        assert_eq!(idle.ask(HEALTH)["pronto"], true);
        for client in &mut clients {
            client.send_raw(frame(&buy).repeat(100));
        }
        daemon.signal(signal);
        for client in &mut clients {
            for _ in 0..100 {
                let sold = client.read();
                assert!(sold["localizador"].is_string(), "{sold}");
            }
            client.expect_end();
        }
        idle.expect_end();
        assert_eq!(daemon.wait().code(), Some(0));
        assert!(daemon.notices.wait_for("STOPPING=1").is_some());
        drop(daemon);
        assert_eq!(setup.start().ids().len(), 0, "all 400 that were answered are sold");
    }
}

#[test]
fn nobody_is_let_in_after_the_end() {
    let setup = Setup::of(Kind::Tours, 1, 1);
    let mut daemon = setup.start();
    let address = daemon.address();
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.wait().code(), Some(0));
    let refused = std::net::TcpStream::connect(address).expect_err("nobody listens");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn half_a_request_holds_up_the_end_no_longer_than_its_deadline() {
    let setup = Setup::of(Kind::Tours, 1, 1);
    // Above what the drain would leave it.
    setup.settings("[deadlines]\nbody_secs = 0.3\ndrain_secs = 3600");
    let mut daemon = setup.start();
    let mut client = daemon.connect();
    assert_eq!(client.ask(HEALTH)["pronto"], true);
    client.send_raw("18        {\"action\"");
    daemon.signal(Signal::TERM);
    assert_eq!(code(&client.read()), Some("prazo_vencido"));
    client.expect_end();
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn a_peer_that_does_not_read_holds_up_the_end_no_longer_than_the_drain() {
    let setup = Setup::of(Kind::Tours, 300, 1);
    setup.settings("log = \"debug\"\n[deadlines]\ndrain_secs = 0.3\nwrite_secs = 3600");
    let mut daemon = setup.start();
    let mut client = daemon.connect();
    client.send_raw(frame(Kind::Tours.search("")).repeat(500));
    // The daemon is in the middle of its replies.
    client.stream().peek(&mut [0]).expect("some of it comes");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.wait().code(), Some(0));
    assert!(daemon.lines().text().contains("did not finish"), "{}", daemon.lines().text());
}

#[test]
fn the_end_is_told_and_logged_in_order() {
    let setup = Setup::of(Kind::Flights, 1, 1);
    let mut daemon = setup.start();
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.wait().code(), Some(0));
    let heard = daemon.notices.heard();
    let at = |line: &str| heard.iter().position(|heard| heard == line);
    assert!(at("READY=1").is_some() && at("READY=1") < at("STOPPING=1"), "{heard:?}");
    let last = daemon.lines().all().pop().expect("some lines");
    assert!(last.ends_with("Stopped"), "{last}");
}
