//! Layers over layers, and every way in which a layer can be wrong.

use super::*;
use crate::cars::{CarSettings, Cars};
use std::fs;
use tempfile::TempDir;

type CarsSettings = Settings<CarSettings>;

/// A folder with `carros.toml` and what else a test puts there.
struct Etc(TempDir);

impl Etc {
    fn new(main: &str) -> Self {
        let etc = Self(tempfile::tempdir().unwrap());
        etc.put("carros.toml", main);
        etc
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn load(&self, flags: &[&str], environment: &[(&str, &str)]) -> Result<CarsSettings, String> {
        let config = self.0.path().join("carros.toml");
        let mut args: Vec<OsString> = vec!["carros".into(), "--config".into(), config.into()];
        args.extend(flags.iter().map(OsString::from));
        let flags = Flags::read("carros", args).unwrap();
        let environment = environment.iter().map(|(name, text)| (name.into(), text.into()));
        Settings::load::<Cars>(&flags, environment).map_err(|error| error.to_string())
    }
}

fn defaults() -> CarsSettings {
    Settings::defaults::<Cars>()
}

/// The error names all of `parts`.
fn check_error(found: Result<CarsSettings, String>, parts: &[&str]) {
    let error = found.expect_err("taken");
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
}

#[test]
fn nothing_set_is_the_defaults() {
    let settings = Etc::new("").load(&[], &[("AGENCIA_VOOS_LISTEN", "x"), ("HOME", "/")]).unwrap();
    assert_eq!(settings, defaults());
    assert_eq!(settings.listen, ["127.0.0.1:5053".parse().unwrap()]);
    assert_eq!(settings.inventory, Path::new("/var/lib/agencia/carros/inventario.json"));
    assert_eq!(settings.ledger(), Path::new("/var/lib/agencia/carros/livro.sqlite"));
    assert_eq!((settings.locator_letter, settings.capacity_default), ('C', 3));
    assert!(settings.threads() >= 1);
}

#[test]
fn each_layer_wins_over_those_before_it_and_leaves_other_keys_alone() {
    let etc = Etc::new("threads = 1\ncapacity_default = 11\n[limits]\nresults_max = 1500\n");
    let all = |flags, environment| etc.load(flags, environment).unwrap();
    assert_eq!(all(&[], &[]).threads, 1);

    etc.put("carros.d/20-b.toml", "threads = 3\n");
    etc.put("carros.d/10-a.toml", "threads = 2\nlog = \"warn\"\n[product]\ndeposit = 7\n");
    etc.put("carros.d/30-c.toml.disabled", "threads = 4\n");
    let settings = all(&[], &[]);
    assert_eq!((settings.threads, settings.log), (3, LevelFilter::Warn));
    assert_eq!((settings.capacity_default, settings.limits.results_max), (11, 1500));
    assert_eq!(settings.product, CarSettings { deposit: 7 });

    let environment = [
        ("AGENCIA_CARROS_THREADS", "5"),
        ("AGENCIA_CARROS_LOG", "error"),
        ("AGENCIA_CARROS_LIMITS__CONNECTIONS_MAX", "9"),
        ("AGENCIA_CARROS_DEADLINES__IDLE_SECS", "0.5"),
        ("AGENCIA_CARROS_LOCATOR_LETTER", "7"),
        ("AGENCIA_CARROS_LISTEN", "127.0.0.1:1, [::1]:2"),
        ("AGENCIA_CARROS_PRODUCT__DEPOSIT", "8"),
    ];
    let settings = all(&[], &environment);
    assert_eq!((settings.threads, settings.log), (5, LevelFilter::Error));
    assert_eq!((settings.limits.connections_max, settings.limits.results_max), (9, 1500));
    assert_eq!(settings.deadlines.idle, Duration::from_millis(500));
    assert_eq!(settings.locator_letter, '7');
    assert_eq!(settings.listen, ["127.0.0.1:1".parse().unwrap(), "[::1]:2".parse().unwrap()]);
    assert_eq!(settings.product, CarSettings { deposit: 8 });

    let flags = [
        ["--listen", "127.0.0.1:3"],
        ["--listen", "127.0.0.1:4"],
        ["--log", "trace"],
        ["--inventory", "i.csv"],
        ["--state", "var"],
        ["--peers", "p.toml"],
    ];
    let settings = all(&flags.concat(), &environment);
    assert_eq!(settings.listen, ["127.0.0.1:3".parse().unwrap(), "127.0.0.1:4".parse().unwrap()]);
    assert_eq!((settings.log, settings.threads), (LevelFilter::Trace, 5));
    let paths = [settings.inventory, settings.state, settings.peers];
    assert_eq!(paths, ["i.csv", "var", "p.toml"].map(PathBuf::from));
}

#[test]
fn a_file_that_is_wrong_is_named_with_the_key_and_the_way_out() {
    for (text, parts) in [
        ("lisen = []", &["lisen", "no such setting", "did you mean listen?"][..]),
        ("[limits]\nframe_bytes = 1", &["limits.frame_bytes", "did you mean frame_bytes_max?"]),
        ("[limit]\nframe_bytes_max = 1", &["limit:", "did you mean limits?"]),
        ("[deadlines]\nqqq = 1", &["deadlines.qqq", "there are header_secs, body_secs"]),
        ("[product]\ndepozit = 1", &["product.depozit", "did you mean deposit?"]),
        ("listen = \"127.0.0.1:1\"", &["listen", "expected a sequence"]),
        ("listen = []", &["listen", "at least one address"]),
        ("listen = [\"127.0.0.1\"]", &["listen[0]", "127.0.0.1", "an IP address and a port"]),
        ("threads = -1", &["threads", "`-1`", "a whole number from 0 to 256"]),
        ("threads = \"2\"", &["threads", "\"2\"", "a whole number from 0 to 256"]),
        ("threads = 1.5", &["threads", "a whole number from 0 to 256"]),
        ("capacity_default = 0", &["capacity_default", "from 1 to 65535"]),
        ("time_zone = \"America/Sao Paulo\"", &["time_zone", "perhaps America/Sao_Paulo"]),
        ("locator_letter = \"B\"", &["locator_letter", "\"B\"", "ACDEFGHJKMNPQRTUVWXY34679"]),
        ("log = \"loud\"", &["log", "\"loud\"", "one of off, error, warn, info, debug, trace"]),
        ("state = \"\"", &["state", "a path"]),
        ("inventory = 1", &["inventory", "expected a string"]),
        ("[deadlines]\nidle_secs = 0", &["deadlines.idle_secs", "seconds from 0.001 to 86400"]),
        ("[deadlines]\nidle_secs = nan", &["deadlines.idle_secs", "seconds from 0.001 to 86400"]),
        ("[deadlines]\nidle_secs = \"1s\"", &["deadlines.idle_secs", "fractions allowed"]),
        ("limits = 3", &["limits", "integer `3`"]),
        ("key_file = \"\"", &["key_file", "a path"]),
        ("[trips]\nhold_secs_max = 2000", &["trips.hold_secs_max", "held_in_all_secs_max", "1800"]),
        ("[trips]\nask_pause_secs_max = 4", &["trips.ask_first_secs", "ask_pause_secs_max"]),
        ("[trips]\nrefunds = 1", &["trips.refunds", "expected a sequence"]),
        ("[[trips.refunds]]\ndays = 1", &["trips.refunds", "percent"]),
        ("[[trips.refunds]]\ndays = 3651\npercent = 1", &["refunds[0].days", "0 to 3650"]),
        ("[[trips.refunds]]\ndays = 1\npercent = 101", &["refunds[0].percent", "0 to 100"]),
        ("threads = 1\nthreads = 2", &["line 2", "duplicate key"]),
        ("threads = 1\n\nlog = loud", &["line 3"]),
        ("[limits]\nresults_max = 10", &["limits.results_default", "1000", "results_max", "10"]),
    ] {
        // The same by itself and beside a good file.
        let etc = Etc::new(text);
        check_error(etc.load(&[], &[]), &[&["carros.toml"], parts].concat());
        let etc = Etc::new("threads = 2");
        etc.put("carros.d/x.toml", text);
        check_error(etc.load(&[], &[]), &[&["carros.d/x.toml"], parts].concat());
    }
}

#[test]
fn every_range_has_its_ends() {
    for (key, least, most) in [
        ("threads", 0, 256),
        ("capacity_default", 1, 65_535),
        ("limits.frame_bytes_max", 1_024, 1_000_000_000),
        ("limits.connections_max", 1, 1_000_000),
        ("limits.results_default", 1, 1_000),
        ("limits.results_max", 1_000, 100_000),
        ("limits.ledger_queue_max", 1, 1_000_000),
        ("limits.ledger_batch_max", 1, 100_000),
        ("limits.reply_bytes_flush", 4_096, 16_777_216),
        ("limits.ballast_bytes", 0, 1_073_741_824),
        ("limits.holds_max", 1, 10_000_000),
        ("limits.holds_per_visitor_max", 1, 10_000_000),
        ("limits.holds_per_address_max", 1, 10_000_000),
        ("limits.units_held_per_visitor_max", 1, 1_000_000_000),
        ("limits.units_held_per_address_max", 1, 1_000_000_000),
        ("limits.guesses_per_locator_max", 1, 1_000_000),
        ("limits.guesses_per_address_max", 1, 1_000_000),
        ("limits.settling_max", 1, 10_000),
        ("deadlines.header_secs", 1, 86_400),
        ("deadlines.body_secs", 1, 86_400),
        ("deadlines.idle_secs", 1, 86_400),
        ("deadlines.write_secs", 1, 86_400),
        ("deadlines.drain_secs", 1, 86_400),
        ("deadlines.peer_connect_secs", 1, 86_400),
        ("deadlines.peer_reply_secs", 1, 86_400),
        ("trips.hold_secs_max", 1, 1_800),
        ("trips.held_in_all_secs_max", 900, 86_400),
        ("trips.age_secs_max", 1, 86_400),
        ("trips.decision_secs", 1, 86_400),
        ("trips.ask_first_secs", 1, 30),
        ("trips.ask_pause_secs_max", 5, 86_400),
        ("trips.quote_secs", 1, 86_400),
        ("trips.guess_secs", 1, 86_400),
        ("trips.tombstone_days", 2, 3_650),
        ("trips.booking_days", 2, 3_650),
        ("trips.forget_secs", 1, 86_400),
    ] {
        let load = |value: i64| Etc::new(&format!("{key} = {value}")).load(&[], &[]);
        load(least).unwrap();
        load(most).unwrap();
        check_error(load(least - 1), &[key]);
        check_error(load(most + 1), &[key]);
    }
    let load = |secs: &str| Etc::new(&format!("deadlines.idle_secs = {secs}")).load(&[], &[]);
    load("0.001").unwrap();
    check_error(load("0.0009"), &["deadlines.idle_secs"]);
}

#[test]
fn a_refund_policy_has_sixteen_rules_at_most() {
    let load = |count| {
        let rules = "[[trips.refunds]]\ndays = 1\npercent = 1\n".repeat(count);
        Etc::new(&rules).load(&[], &[])
    };
    assert_eq!(load(16).unwrap().trips.refunds.len(), 16);
    check_error(load(17), &["trips.refunds", "at most 16"]);
    let none = Etc::new("trips.refunds = []").load(&[], &[]).unwrap();
    assert_eq!(none.trips.refunds, []);
}

#[test]
fn the_key_lies_beside_the_folders_of_the_ledgers_unless_it_is_said_where() {
    let key = |text: &str| Etc::new(text).load(&[], &[]).unwrap().key_path();
    assert_eq!(key(""), Path::new("/var/lib/agencia/carros/../chave"));
    assert_eq!(key("key_file = \"/etc/chave\""), Path::new("/etc/chave"));
}

#[test]
fn a_variable_that_is_wrong_is_named() {
    let etc = Etc::new("");
    let load = |name, text| etc.load(&[], &[(name, text)]);
    check_error(
        load("AGENCIA_CARROS_LIMITS__CONECTIONS_MAX", "1"),
        &["AGENCIA_CARROS_LIMITS__CONECTIONS_MAX", "limits.conections_max", "connections_max?"],
    );
    check_error(
        load("AGENCIA_CARROS_LIMITS__CONNECTIONS_MAX", "0"),
        &["AGENCIA_CARROS_LIMITS__CONNECTIONS_MAX", "limits.connections_max", "from 1 to 1000000"],
    );
    check_error(load("AGENCIA_CARROS_THREADS", "two"), &["AGENCIA_CARROS_THREADS", "\"two\""]);
    check_error(
        load("AGENCIA_CARROS_LIMITS__RESULTS_MAX", "10"),
        &["AGENCIA_CARROS_LIMITS__RESULTS_MAX", "limits.results_default"],
    );

    {
        use std::os::unix::ffi::OsStringExt;
        let environment = [("AGENCIA_CARROS_STATE".into(), OsString::from_vec(vec![0xff]))];
        let flags = Flags { config: Some(etc.0.path().join("carros.toml")), ..Flags::default() };
        let found = Settings::load::<Cars>(&flags, environment).map_err(|error| error.to_string());
        check_error(found, &["AGENCIA_CARROS_STATE", "UTF-8"]);
    }
}

#[test]
fn a_flag_that_is_wrong_is_named() {
    let etc = Etc::new("");
    check_error(etc.load(&["--log", "loud"], &[]), &["--log", "one of off, error"]);
    check_error(etc.load(&["--listen", "5050"], &[]), &["--listen", "an IP address and a port"]);
}

#[test]
fn a_bad_variable_is_told_even_when_a_flag_would_win_over_it() {
    let etc = Etc::new("");
    let found = etc.load(&["--log", "warn"], &[("AGENCIA_CARROS_LOG", "loud")]);
    check_error(found, &["AGENCIA_CARROS_LOG"]);
}

#[test]
fn a_named_file_must_be_there_and_the_default_one_need_not() {
    let missing = tempfile::tempdir().unwrap().path().join("carros.toml");
    let flags = Flags { config: Some(missing.clone()), ..Flags::default() };
    let error = Settings::load::<Cars>(&flags, []).unwrap_err().to_string();
    assert!(error.starts_with(&missing.display().to_string()), "{error}");
    // Nobody has installed car rental on this machine.
    assert_eq!(Settings::load::<Cars>(&Flags::default(), []).unwrap(), defaults());
}

#[test]
fn a_folder_beside_a_missing_default_file_counts() {
    let etc = tempfile::tempdir().unwrap();
    fs::create_dir(etc.path().join("carros.d")).unwrap();
    fs::write(etc.path().join("carros.d/a.toml"), "threads = 2").unwrap();
    let layers = layers::files(None, || etc.path().join("carros.toml")).unwrap();
    assert_eq!(layers.len(), 1);
}

#[test]
fn what_is_written_out_is_read_back() {
    let mut settings = defaults();
    settings.deadlines.idle = Duration::from_millis(1_500);
    settings.log = LevelFilter::Off;
    let etc = Etc::new(&toml::to_string(&settings).unwrap());
    assert_eq!(etc.load(&[], &[]).unwrap(), settings);
}
