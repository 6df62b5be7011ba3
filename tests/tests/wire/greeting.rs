//! The first frame may be a greeting, any JSON string: it is logged and not answered.

use agencia_tests::wire::{check_error, frame};
use agencia_tests::{Kind, Setup};

const HEALTH: &str = r#"{"action":"saude"}"#;

#[test]
fn a_greeting_is_logged_and_not_answered() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        let daemon = setup.start();
        let mut client = daemon.connect();
        client.send(r#""I'm live!""#);
        // The first reply is the one to the first request.
        let reply = client.ask(HEALTH);
        assert_eq!(reply["servidor"], kind.name(), "{reply}");
        let line = daemon.lines().wait_for("Greeting from");
        assert!(line.contains(&client.address().to_string()), "{line}");
        assert!(line.contains("I'm live!"), "{line}");
    }
}

#[test]
fn any_json_string_is_a_greeting() {
    let setup = Setup::of(Kind::Tours, 1, 1);
    let daemon = setup.start();
    for greeting in [r#""""#, r#"  "olá""#, r#""\u00e9 \" \n""#, r#""{\"action\":\"saude\"}""#] {
        let mut client = daemon.connect();
        client.send(greeting);
        assert_eq!(client.ask(HEALTH)["servidor"], "passeios", "{greeting}");
    }
}

#[test]
fn only_the_first_frame_may_be_a_greeting() {
    let setup = Setup::of(Kind::Flights, 1, 1);
    let daemon = setup.start();
    let mut client = daemon.connect();
    client.send_raw([frame("\"one\""), frame("\"two\""), frame(HEALTH)].concat());
    check_error(&client.read(), "json_invalido", "");
    assert_eq!(client.read()["servidor"], "voos");

    let mut client = daemon.connect();
    client.ask(HEALTH);
    check_error(&client.ask("\"late\""), "json_invalido", "");
}

#[test]
fn a_string_that_is_cut_off_or_not_utf8_is_no_greeting() {
    let setup = Setup::of(Kind::Flights, 1, 1);
    let daemon = setup.start();
    let bodies: [&[u8]; 3] = [b"\"no end", b"\"\xff\"", b"\"one\" \"two\""];
    for body in bodies {
        check_error(&daemon.connect().ask(body), "json_invalido", "");
    }
}

#[test]
fn a_greeting_cannot_write_a_line_of_the_log() {
    let setup = Setup::of(Kind::Flights, 1, 1);
    let daemon = setup.start();
    let mut client = daemon.connect();
    client.send(r#""live\n2026-01-01 ERROR forged""#);
    client.ask(HEALTH);
    let text = daemon.finish();
    assert!(text.contains("Greeting from"), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("2026-01-01 ERROR")), "{text}");
}
