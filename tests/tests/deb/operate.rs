//! The commands of agencia.systemd(7), after a full stop each.

use crate::package::{ALL, assert_active, small};
use agencia_tests::machine::{Debian, Machine};

const DAEMONS: [&str; 3] =
    ["agencia-hospedagens.service", "agencia-passeios.service", "agencia-voos.service"];

pub(crate) fn every_start(debian: Debian) {
    let mut machine = small(debian);
    let with = |more: &[&'static str]| -> Vec<&str> { [&DAEMONS[..], more].concat() };
    let (one, two) = ("agencia@5000.service", "agencia@5001.service");
    let start = ["systemctl", "start"];

    after_a_stop(&machine, &[&start[..], &["--all", "agencia@*"]].concat());
    assert_active(&machine, &with(&[one, two]));
    after_a_stop(&machine, &[&start[..], &["agencia@5000"]].concat());
    assert_active(&machine, &with(&[one]));
    after_a_stop(&machine, &[&start[..], &["agencia.target"]].concat());
    assert_active(&machine, &ALL);

    // The pattern finds them even where nothing is to be started at boot.
    machine.run(&["systemctl", "disable", "agencia.target"]);
    machine.reboot();
    assert_active(&machine, &[]);
    machine.run(&["systemctl", "start", "--all", "agencia@*"]);
    assert_active(&machine, &with(&[one, two]));
    machine.run(&["systemctl", "enable", "--now", "agencia.target"]);
    assert_active(&machine, &ALL);

    // A third instance belongs to all of it from then on.
    machine.run(&["systemctl", "enable", "--now", "agencia@5002"]);
    let three = [&ALL[..], &["agencia@5002.service"]].concat();
    assert_active(&machine, &three);
    after_a_stop(&machine, &[&start[..], &["agencia.target"]].concat());
    assert_active(&machine, &three);
    after_a_stop(&machine, &[&start[..], &["--all", "agencia@*"]].concat());
    assert_active(&machine, &with(&[one, two, "agencia@5002.service"]));
    machine.reboot();
    assert_active(&machine, &three);

    // On a host that has only pages the daemons are disabled, and nothing brings them.
    machine.run(&[&["systemctl", "disable", "--now"], &DAEMONS[..]].concat());
    after_a_stop(&machine, &[&start[..], &["agencia.target"]].concat());
    assert_active(&machine, &["agencia.target", one, two, "agencia@5002.service"]);
}

fn after_a_stop(machine: &Machine, command: &[&str]) {
    // A stopped target's services may be started alone: the order is over when they are, if they are
    // named as well.
    machine.run(&["systemctl", "stop", "agencia.target", "agencia*"]);
    assert_active(machine, &[]);
    machine.run(command);
}

/// What a unit's lists of addresses reach: listeners that were made after them.
pub(crate) fn listeners(debian: Debian) {
    let machine = small(debian);
    let units = ["agencia-voos", "agencia@5000"];
    let taken_back = |unit: &str| {
        let said = journal(&machine, unit);
        said.matches("Taking back the socket of ").count()
    };
    machine.run(&["systemctl", "restart", "agencia.target"]);
    for unit in units {
        assert_eq!(machine.property(unit, "NFileDescriptorStore"), "1", "{unit}");
        assert_eq!(taken_back(unit), 1, "{unit}");
    }
    machine.run(&["systemctl", "stop", "agencia.target", "agencia*"]);
    for unit in units {
        // The order is over when the services are.
        assert_eq!(machine.property(unit, "ActiveState"), "inactive", "{unit}");
        assert_eq!(machine.property(unit, "NFileDescriptorStore"), "0", "{unit}");
    }
    machine.run(&["systemctl", "start", "agencia.target"]);
    assert_active(&machine, &ALL);
    for unit in units {
        assert_eq!(taken_back(unit), 1, "{unit}: a new one was made");
    }
}

pub(crate) fn reloading(debian: Debian) {
    let machine = small(debian);
    let process = machine.property("agencia-voos", "MainPID");
    machine.write("/etc/agencia/voos.d/own.toml", "[limits]\nresults_max = 2000\n");
    machine.run(&["systemctl", "reload", "agencia-voos"]);
    assert!(journal(&machine, "agencia-voos").contains("now in force: limits.results_max"));
    let status = |unit: &str| machine.property(unit, "StatusText");
    assert!(!status("agencia-voos").contains("refused"));

    machine.write("/etc/agencia/voos.d/own.toml", "[limits]\nresults_maxx = 2000\n");
    let (succeeded, _) = machine.attempt(&["systemctl", "reload", "agencia-voos"]);
    assert!(!succeeded, "a refused reload is a failed command");
    let refused = status("agencia-voos");
    for part in ["reload refused", "/etc/agencia/voos.d/own.toml", "results_maxx"] {
        assert!(refused.contains(part), "{part} is not in {refused}");
    }
    machine.write("/etc/agencia/web.d/own.toml", "prot = 1\n");
    assert!(!machine.attempt(&["systemctl", "reload", "agencia@5000"]).0);
    let refused = status("agencia@5000");
    assert!(refused.contains("web.d/own.toml") && refused.contains("prot"), "{refused}");

    // One through the target is passed on, and does not fail with what refuses it.
    machine.write("/etc/agencia/passeios.d/own.toml", "lisen = 1\n");
    machine.run(&["systemctl", "reload", "agencia.target"]);
    let refused = machine
        .wait_for("agencia-passeios", "StatusText", |status| status.contains("reload refused"));
    assert!(refused.contains("passeios.d/own.toml") && refused.contains("lisen"), "{refused}");
    machine.run(&["rm", "/etc/agencia/passeios.d/own.toml"]);

    // A reload of all reaches each.
    for file in ["voos", "web"] {
        machine.run(&["rm", &format!("/etc/agencia/{file}.d/own.toml")]);
    }
    machine.run(&["systemctl", "reload", "agencia.target"]);
    for unit in ALL.iter().filter(|unit| unit.ends_with(".service")) {
        machine.wait_for(unit, "StatusText", |status| !status.contains("refused"));
        machine.wait_for(unit, "SubState", |state| state == "running");
        assert!(journal(&machine, unit).contains("Reloaded: "), "{unit}");
    }
    assert_eq!(machine.property("agencia-voos", "MainPID"), process, "it is the same process");
    assert_active(&machine, &ALL);
}

pub(crate) fn journal(machine: &Machine, unit: &str) -> String {
    machine.run(&["journalctl", "--no-pager", "--sync", "--unit", unit]);
    machine.run(&["journalctl", "--no-pager", "--unit", unit])
}
