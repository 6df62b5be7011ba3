//! `apt remove` and `apt purge`.

use crate::package::{ALL, assert_active, installed, small};
use agencia_tests::machine::Debian;

/// Every file of ours on the system, and every unit.
const OURS: &str = "find / -xdev -iname '*agencia*' -not -path '/proc/*' -not -path '/root/*' \
                    -not -path '/var/log/*'";

pub(crate) fn all(debian: Debian) {
    let machine = small(debian);
    machine.write("/etc/agencia/voos.d/own.toml", "[limits]\nresults_max = 2000\n");
    machine.run(&["systemctl", "enable", "--now", "agencia@5002"]);

    machine.run(&["apt-get", "remove", "--yes", "agencia"]);
    assert_active(&machine, &[]);
    assert!(!machine.path("/usr/bin/agencia").exists());
    for kept in ["/etc/agencia/voos.d/own.toml", "/var/lib/agencia/voos/livro.sqlite"] {
        assert!(machine.path(kept).exists(), "{kept} is for a purge");
    }

    // Installed again it goes on as it was.
    installed_again(&machine);
    machine.run(&["apt-get", "purge", "--yes", "agencia"]);
    assert_active(&machine, &[]);
    assert_eq!(machine.run(&["sh", "-c", OURS]), "", "nothing is left");
    let failed = machine.run(&["systemctl", "list-units", "--no-legend", "--all", "agencia*"]);
    assert_eq!(failed, "", "systemd knows nothing of it any more");
    // The user stays: its number must not become somebody else's.
    assert!(machine.run(&["getent", "passwd", "agencia"]).contains("/usr/sbin/nologin"));
    installed(&machine);
}

fn installed_again(machine: &agencia_tests::machine::Machine) {
    machine.run(&["apt-get", "install", "--yes", crate::package::PLACE]);
    assert_active(machine, &[&ALL[..], &["agencia@5002.service"]].concat());
    let kept = machine.run(&["cat", "/etc/agencia/voos.d/own.toml"]);
    assert!(kept.contains("2000"));
}
