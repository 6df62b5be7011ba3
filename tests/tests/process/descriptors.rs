//! A daemon that runs out of file descriptors goes on with whom it has and takes more in later.

use agencia_tests::{Client, Kind, Setup};

const HEALTH: &str = r#"{"action":"saude"}"#;

#[test]
fn running_out_of_descriptors_is_survived_and_logged_once() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 10).descriptors_max(40);
        let daemon = setup.start();
        let mut first = daemon.connect();
        assert_eq!(first.ask(HEALTH)["pronto"], true);
        // The kernel completes these; the daemon cannot take all of them in.
        let crowd: Vec<Client> = (0..60).map(|_| daemon.connect()).collect();
        let line = daemon.lines().wait_for("No connection can be accepted for now");
        assert!(line.contains("WARN"), "{line}");
        // Whom it has it serves, purchases included.
        let reply = first.ask(kind.search(""));
        let id = reply[kind.list()][0]["id"].as_str().unwrap_or_else(|| panic!("{reply}"));
        let sold = first.ask(format!(r#"{{"action":"reservar","id":"{id}"}}"#));
        assert!(sold["localizador"].is_string(), "{sold}");
        drop(crowd);
        assert_eq!(daemon.connect().ask(HEALTH)["pronto"], true);
        let text = daemon.finish();
        assert_eq!(text.matches("No connection can be accepted").count(), 1, "{text}");
    }
}
