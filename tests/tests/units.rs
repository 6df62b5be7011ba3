//! The files as installed: units that systemd understands and finds closed enough, and settings that
//! the programs take.
#![allow(clippy::unwrap_used, reason = "this is a test")]

use agencia_tests::program;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const DAEMONS: [&str; 3] = ["voos", "hospedagens", "passeios"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn unit(name: &str) -> String {
    fs::read_to_string(root().join("systemd").join(name)).unwrap()
}

/// The units in a folder of their own, with the programs that were built.
fn units() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(root().join("systemd")).unwrap() {
        let path = entry.unwrap().path();
        let ending = path.extension().unwrap_or_default();
        if !["service", "socket", "target"].iter().any(|known| ending == *known) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let built = program::path("agencia");
        let built = built.to_str().unwrap();
        let name = path.file_name().unwrap();
        fs::write(folder.path().join(name), text.replace("/usr/bin/agencia", built)).unwrap();
    }
    folder
}

/// The exposure that systemd gives a unit, with this example as its drop-in.
fn exposure(unit: &str, example: Option<&str>) -> f64 {
    let folder = units();
    if let Some(example) = example {
        let drop_ins = folder.path().join(format!("{unit}.d"));
        fs::create_dir(&drop_ins).unwrap();
        let example = root().join("systemd/examples").join(example);
        fs::copy(example, drop_ins.join("lan.conf")).unwrap();
    }
    let mut command = Command::new("systemd-analyze");
    let output =
        command.args(["security", "--offline=true"]).arg(folder.path().join(unit)).output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let line = text.lines().find(|line| line.contains("Overall exposure level")).expect(&text);
    let level = line.split(": ").last().unwrap().split(' ').next().unwrap();
    level.parse().expect(line)
}

/// The lines of an example, of the key that is given.
fn values(example: &str, key: &str) -> Vec<String> {
    let text = unit(&format!("examples/{example}"));
    let lines = text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    lines.map(str::to_owned).collect()
}

fn check_exposure(unit: &str, example: Option<&str>, at_most: f64) {
    let exposure = exposure(unit, example);
    println!("{unit} {}: {exposure}", example.unwrap_or("as installed"));
    assert!(exposure <= at_most, "{unit} with {example:?}: {exposure} is above {at_most}");
}

#[test]
fn the_services_are_closed_as_far_as_they_can_be() {
    for daemon in DAEMONS {
        let unit = format!("agencia-{daemon}.service");
        check_exposure(&unit, None, 1.0);
        check_exposure(&unit, Some("daemons-lan.conf"), 1.0);
    }
    check_exposure("agencia@.service", None, 1.1);
    check_exposure("agencia@.service", Some("web-lan.conf"), 1.0);
    check_exposure("agencia-mocks.service", None, 1.0);
}

#[test]
fn systemd_understands_every_unit() {
    let folder = units();
    let mut command = Command::new("systemd-analyze");
    command.args(["verify", "--man=no", "--recursive-errors=one"]);
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        // A template is verified as one of its instances.
        command.arg(path.with_file_name(name.replace("@.", "@5000.")));
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

/// What the examples say of it is done: a drop-in of the service, and of its socket, too.
#[test]
fn systemd_understands_every_example_and_each_lets_a_network_in() {
    for (example, name) in [("daemons-lan.conf", "agencia-voos"), ("web-lan.conf", "agencia@")] {
        let allowed = values(example, "IPAddressAllow");
        let beyond: Vec<_> = allowed.into_iter().filter(|list| list != "localhost").collect();
        assert_eq!(beyond, ["192.168.0.0/16", "fe80::/64"], "{example}");
        let text = unit(&format!("examples/{example}"));
        let folder = units();
        let service = text.clone();
        let socket = text.replace("\n[Service]\n", "\n[Socket]\n");
        assert_ne!(service, socket, "{example}");
        for (ending, text) in [("service", service), ("socket", socket)] {
            let drop_ins = folder.path().join(format!("{name}.{ending}.d"));
            fs::create_dir(&drop_ins).unwrap();
            fs::write(drop_ins.join("lan.conf"), text).unwrap();
            let unit = format!("{name}.{ending}").replace("@.", "@5000.");
            let mut command = Command::new("systemd-analyze");
            command.args(["verify", "--man=no", "--recursive-errors=no"]);
            let output = command.arg(folder.path().join(unit)).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.is_empty(), "{example}: {said}");
        }
    }
    // What is handed over has the lists of the socket and not of the service.
    for daemon in DAEMONS {
        for ending in ["service", "socket"] {
            let text = unit(&format!("agencia-{daemon}.{ending}"));
            assert!(text.contains("\nIPAddressDeny=any\nIPAddressAllow=localhost\n"), "{ending}");
        }
    }
}

#[test]
fn a_service_that_fails_is_tried_for_ever_and_within_a_second() {
    for name in ["agencia-voos", "agencia-hospedagens", "agencia-passeios", "agencia@"] {
        let text = unit(&format!("{name}.service"));
        for line in ["StartLimitIntervalSec=0", "Restart=on-failure", "RestartPreventExitStatus=78"]
        {
            assert!(text.contains(&format!("\n{line}\n")), "{name}: no {line}");
        }
        let pause = text.lines().find_map(|line| line.strip_prefix("RestartSec=")).unwrap();
        let millis: u32 = pause.strip_suffix("ms").unwrap().parse().unwrap();
        assert!((100..=500).contains(&millis), "{name}: {pause}");
    }
}

#[test]
fn the_units_of_the_daemons_differ_in_names_only() {
    let plain = |text: &str, names: [&str; 4]| {
        let [name, title, port, product] = names;
        text.replace(name, "NAME")
            .replace(title, "TITLE")
            .replace(port, "PORT")
            .replace(&format!("Agência: {product}"), "Agência: PRODUCT")
    };
    let flights = ["voos", "Flights", "5050", "flights"];
    let stays = ["hospedagens", "Stays", "5051", "stays"];
    let tours = ["passeios", "Tours", "5052", "tours"];
    for ending in ["service", "socket"] {
        let [flights, stays, tours] = [flights, stays, tours].map(|names| {
            let text = unit(&format!("agencia-{}.{ending}", names[0]));
            plain(&text, names).replace(&format!("of {}\n", names[3]), "of PRODUCT\n")
        });
        assert_eq!(flights, stays);
        assert_eq!(flights, tours);
    }
}

#[test]
fn the_programs_take_the_settings_as_installed() {
    let etc = root().join("etc/agencia");
    for name in ["voos", "hospedagens", "passeios", "web"] {
        let mut command = Command::new(program::path(&format!("agencia-{name}")));
        command.arg("--check").arg("--config").arg(etc.join(format!("{name}.toml")));
        command.arg("--peers").arg(etc.join("pares.toml"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{name}: {output:?}");
    }
    // An inventory for everybody, so that there is nothing to make.
    let folder = tempfile::tempdir().unwrap();
    let inventory = folder.path().join("inventory");
    fs::create_dir(&inventory).unwrap();
    for file in ["passagens", "hospedagens", "passeios"] {
        fs::write(inventory.join(format!("{file}.json")), "[]").unwrap();
    }
    let mut command = Command::new(program::path("agencia"));
    command.args(["demo", "fill", "--settings"]).arg(etc.join("mocks.toml"));
    let output = command.arg("--dir").arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
