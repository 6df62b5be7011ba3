//! Settings: every layer by itself, the error by file and key, exit code 78, and `--check`.

use agencia_tests::{Kind, Setup, program};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const HEALTH: &str = r#"{"action":"saude"}"#;

/// The daemon with `--check`, these flags, and nothing else from its surroundings.
fn check_settings(kind: Kind, config: &Path, flags: &[&str], variable: (&str, &str)) -> Output {
    let program = program::path(&format!("agencia-{}", kind.name()));
    let mut command = Command::new(program);
    command.arg("--check").arg("--config").arg(config).args(flags).env(variable.0, variable.1);
    command.output().expect("the daemon is started")
}

fn check_refused(output: &Output, says: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for part in says {
        assert!(said.contains(part), "no {part:?} in: {said}");
    }
}

const NONE: (&str, &str) = ("AGENCIA_TESTS", "");

#[test]
fn a_wrong_file_is_named_with_its_key() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        let path = setup.config().display().to_string();
        let check = |text: &str, says: &[&str]| {
            setup.settings(text);
            let says: Vec<_> = says.iter().copied().chain([path.as_str()]).collect();
            check_refused(&check_settings(kind, &setup.config(), &[], NONE), &says);
        };
        check("log = ", &["line 3"]);
        check("porta = 5050", &["porta", "no such setting"]);
        check("lisen = [\"127.0.0.1:0\"]", &["lisen", "did you mean listen?"]);
        check("listen = []", &["listen"]);
        check("listen = [\"localhost\"]", &["listen"]);
        check("log = \"loud\"", &["log"]);
        check("time_zone = \"America/Altamira\"", &["time_zone"]);
        check("capacity_default = 0", &["capacity_default", "1 to 65535"]);
        check("capacity_default = 65536", &["capacity_default", "1 to 65535"]);
        check("locator_letter = \"B\"", &["locator_letter"]);
        check("[limits]\nframe_bytes_max = 1023", &["limits.frame_bytes_max", "1024"]);
        check("[limits]\nframe_bytes_max = 1_000_000_001", &["limits.frame_bytes_max"]);
        check("[limits]\nconnections_max = \"many\"", &["limits.connections_max"]);
        check("[limits]\nconnections = 1", &["limits.connections"]);
        check("[limits]\nresults_default = 9\nresults_max = 8", &["limits.results_default"]);
        check("[deadlines]\nheader_secs = 0", &["deadlines.header_secs"]);
        check("[deadlines]\nidle_secs = 86_401", &["deadlines.idle_secs"]);
        check("[product]\nstars = 5", &["product.stars"]);
    }
}

#[test]
fn a_wrong_drop_in_variable_or_flag_is_named() {
    let kind = Kind::Flights;
    let setup = Setup::of(kind, 1, 1);
    let config = setup.config();
    let check = |flags: &[&str], variable, says: &[&str]| {
        check_refused(&check_settings(kind, &config, flags, variable), says);
    };
    check(&["--log", "loud"], NONE, &["--log", "loud"]);
    check(&["--listen", "5050"], NONE, &["--listen"]);
    let variable = "AGENCIA_VOOS_LIMITS__CONNECTIONS_MAX";
    check(&[], (variable, "0"), &[variable, "limits.connections_max"]);
    check(&[], ("AGENCIA_VOOS_PORTA", "1"), &["AGENCIA_VOOS_PORTA", "no such setting"]);
    std::fs::create_dir(setup.path().join("daemon.d")).expect("nobody else makes it");
    setup.write("daemon.d/10-fine.toml", "log = \"debug\"");
    setup.write("daemon.d/20-wrong.toml", "[limits]\nframe_bytes_max = 1");
    check(&[], NONE, &["daemon.d/20-wrong.toml", "limits.frame_bytes_max"]);
    let missing = setup.path().join("missing.toml");
    let output = check_settings(kind, &missing, &[], NONE);
    check_refused(&output, &["missing.toml"]);
}

#[test]
fn a_daemon_with_wrong_settings_exits_78_and_is_never_ready() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        setup.settings("porta = 5050");
        let mut daemon = setup.launch();
        assert_eq!(daemon.wait().code(), Some(78));
        let text = daemon.lines().text();
        assert!(text.contains("daemon.toml") && text.contains("porta"), "{text}");
        assert_eq!(daemon.notices.wait_for("READY=1"), None);
    }
}

#[test]
fn what_is_right_is_said_to_be_and_nothing_is_started() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        let output = check_settings(kind, &setup.config(), &[], NONE);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.contains(&format!("agencia-{} are valid", kind.name())), "{said}");
        assert!(!setup.path().join("state").exists(), "a check makes no ledger");
    }
}

#[test]
fn the_files_that_are_shipped_are_right_also_with_every_default_taken_out_of_its_comment() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../etc/agencia");
    for kind in Kind::ALL {
        let path: PathBuf = shipped.join(format!("{}.toml", kind.name()));
        let text = std::fs::read_to_string(&path).expect("it is shipped");
        // Settings are commented out as `#key`, and sentences as `# Sentence`.
        let uncomment = |line: &str| match line.strip_prefix('#') {
            Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting.to_owned(),
            _ => line.to_owned(),
        };
        let all: Vec<_> = text.lines().map(uncomment).collect();
        let setup = Setup::new(kind, &[]);
        setup.write("all.toml", &all.join("\n"));
        for file in [path, setup.path().join("all.toml")] {
            let output = check_settings(kind, &file, &[], NONE);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{said}");
        }
    }
}

#[test]
fn a_later_layer_wins() {
    let kind = Kind::Tours;
    let one = |setup: &Setup| {
        let daemon = setup.start();
        let id = daemon.ids().remove(0);
        let body = format!(r#"{{"action":"reservar","id":"{id}"}}"#);
        let sold = daemon.connect().ask(body);
        sold["localizador"].as_str().unwrap_or("none").chars().next()
    };
    let setup = Setup::of(kind, 1, 9);
    assert_eq!(one(&setup), Some('P'), "the default");
    setup.settings("locator_letter = \"A\"");
    assert_eq!(one(&setup), Some('A'), "the file");
    std::fs::create_dir(setup.path().join("daemon.d")).expect("nobody else makes it");
    setup.write("daemon.d/20.toml", "locator_letter = \"D\"");
    setup.write("daemon.d/10.toml", "locator_letter = \"C\"");
    setup.write("daemon.d/30.disabled", "locator_letter = \"E\"");
    assert_eq!(one(&setup), Some('D'), "the last file by name");
    let setup = setup.variable("AGENCIA_PASSEIOS_LOCATOR_LETTER", "F");
    assert_eq!(one(&setup), Some('F'), "the environment");
}

#[test]
fn a_flag_wins_over_everything() {
    let setup = Setup::of(Kind::Tours, 1, 1);
    let other = Setup::of(Kind::Tours, 4, 1);
    let other_inventory = other.path().join("inventory.json").display().to_string();
    let setup = setup
        .variable("AGENCIA_PASSEIOS_INVENTORY", "/nowhere/else.json")
        .flag("--inventory")
        .flag(other_inventory);
    assert_eq!(setup.start().connect().ask(HEALTH)["ofertas"], 4);
}
