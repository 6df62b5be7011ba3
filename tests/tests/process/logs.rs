//! Log lines: the report's, one an event, for a terminal or for the journal.

use agencia_tests::{Daemon, Kind, Setup};

const HEALTH: &str = r#"{"action":"saude"}"#;

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Flights => "Voos",
        Kind::Stays => "Hoteis",
        Kind::Tours => "Passeios",
    }
}

/// Lets a peer greet and ask, and answers its address.
fn visit(daemon: &Daemon<'_>) -> String {
    let mut client = daemon.connect();
    client.send("\"I'm live!\"");
    client.ask(HEALTH);
    client.address().to_string()
}

#[test]
fn the_reports_lines_are_logged() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        let daemon = setup.start();
        let listening = format!("Listening for connections on {}...", daemon.address());
        daemon.lines().wait_for(&listening);
        let peer = visit(&daemon);
        daemon.lines().wait_for(&format!("New connection in {}", title(kind)));
        daemon.lines().wait_for(&format!("Welcome {peer}"));
        let text = daemon.finish();
        assert!(!text.contains("Received message"), "only at debug: {text}");
    }
}

#[test]
fn a_line_for_each_message_is_logged_at_debug() {
    let setup = Setup::of(Kind::Tours, 1, 1).flag("--log").flag("debug");
    let daemon = setup.start();
    let peer = visit(&daemon);
    daemon.lines().wait_for(&format!("Received message from {peer}"));
}

#[test]
fn nothing_but_warnings_is_logged_at_warn() {
    let setup = Setup::of(Kind::Tours, 1, 1).flag("--log").flag("warn");
    let daemon = setup.start();
    visit(&daemon);
    assert_eq!(daemon.finish(), "");
}

#[test]
fn on_a_terminal_a_line_begins_with_its_time_and_level() {
    let setup = Setup::of(Kind::Flights, 1, 1);
    let daemon = setup.start();
    visit(&daemon);
    for line in daemon.finish().lines() {
        let (time, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        let shape: String =
            time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{line}");
        assert!(rest.starts_with("INFO  "), "{line}");
    }
}

#[test]
fn under_the_journal_a_line_begins_with_its_priority_and_has_no_time() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1).under_journal().flag("--log").flag("debug");
        let daemon = setup.start();
        visit(&daemon);
        daemon.lines().wait_for("<6>Listening for connections on 127.0.0.1:");
        daemon.lines().wait_for(&format!("<6>New connection in {}", title(kind)));
        daemon.lines().wait_for("<7>Received message from 127.0.0.1:");
        for line in daemon.finish().lines() {
            let plain = line.strip_prefix('<').and_then(|line| line.split_once('>'));
            let (priority, message) = plain.unwrap_or_else(|| panic!("{line}"));
            assert!(["3", "4", "6", "7"].contains(&priority), "{line}");
            assert!(!message.starts_with("20"), "no time of its own: {line}");
        }
    }
}

#[test]
fn under_the_journal_a_wrong_setting_is_an_error() {
    let setup = Setup::of(Kind::Tours, 1, 1).under_journal();
    setup.settings("porta = 1");
    let mut daemon = setup.launch();
    assert_eq!(daemon.wait().code(), Some(78));
    let text = daemon.lines().text();
    assert!(text.starts_with("<3>"), "{text}");
}

#[test]
fn what_peers_send_is_not_logged() {
    let setup = Setup::of(Kind::Tours, 1, 5).flag("--log").flag("debug");
    let daemon = setup.start();
    let mut client = daemon.connect();
    let secret = "Maria-Secreta";
    client.ask(format!(r#"{{"action":"{secret}"}}"#));
    client.ask(Kind::Tours.search(&format!(r#","nome":"{secret}""#)));
    client.ask(format!(r#"{{"action":"reservar","id":"{secret}"}}"#));
    client.ask(HEALTH);
    let text = daemon.finish();
    assert!(text.contains("Received message") && !text.contains(secret), "{text}");
}
