//! `apt remove` and `apt purge`.

use crate::package::{ALL, assert_active, installed, small};
use agencia_tests::PATIENCE;
use agencia_tests::machine::{Debian, Machine};
use std::net::TcpStream;

/// Every file of ours on the system, and every unit.
const OURS: &str = "find / -xdev -iname '*agencia*' -not -path '/proc/*' -not -path '/root/*' \
                    -not -path '/var/log/*'";

/// Where the services and sockets below listen.
const PORTS: [u16; 7] = [5000, 5001, 5002, 5004, 5050, 5051, 5052];

pub(crate) fn all(debian: Debian) {
    let machine = small(debian);
    machine.write("/etc/agencia/voos.d/own.toml", "[limits]\nresults_max = 2000\n");
    machine.run(&["systemctl", "enable", "--now", "agencia@5002"]);
    // Also what is no part of the target.
    machine.run(&["systemctl", "stop", "agencia-passeios"]);
    for socket in ["agencia-passeios.socket", "agencia@5004.socket"] {
        machine.run(&["systemctl", "enable", "--now", socket]);
    }
    for port in PORTS {
        assert!(is_answered(&machine, port), "{port}");
    }

    machine.run(&["apt-get", "remove", "--yes", "agencia"]);
    assert_active(&machine, &[]);
    for port in PORTS {
        assert!(!is_answered(&machine, port), "{port}: somebody listens");
    }
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

fn is_answered(machine: &Machine, port: u16) -> bool {
    let address = machine.from_itself(port);
    machine.inside(|| TcpStream::connect_timeout(&address, PATIENCE)).is_ok()
}

fn installed_again(machine: &Machine) {
    machine.run(&["apt-get", "install", "--yes", crate::package::PLACE]);
    assert_active(machine, &[&ALL[..], &["agencia@5002.service"]].concat());
    let kept = machine.run(&["cat", "/etc/agencia/voos.d/own.toml"]);
    assert!(kept.contains("2000"));
}
