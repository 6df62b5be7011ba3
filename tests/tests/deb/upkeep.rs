//! What an administrator does with offers, bookings and sockets, as root and with root's umask.

use crate::package::{ALL, assert_active, small};
use agencia_tests::inventory::file_of;
use agencia_tests::machine::{Debian, Machine};
use agencia_tests::trio::{offer_id, records};
use agencia_tests::{Client, Kind};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long daemons may take to tell each other what was decided.
const RECOVERY: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) fn all(debian: Debian) {
    let machine = small(debian);
    own_offers(&machine);
    let bought = buy(&machine);
    keys(&machine);
    backup_and_restore(&machine, &bought);
    sockets(&machine);
}

/// A command as somebody whose files are theirs alone types it.
fn as_root(machine: &Machine, command: &str) -> String {
    machine.run(&["sh", "-c", &format!("umask 077; {command}")])
}

fn ask(machine: &Machine, kind: Kind, request: &str) -> Value {
    let port = [5050, 5051, 5052][agencia_tests::trio::place(kind)];
    machine.inside(|| Client::connect(machine.from_itself(port)).ask(request))
}

fn destinations(machine: &Machine, kind: Kind) -> usize {
    let said = ask(machine, kind, r#"{"action":"destinos"}"#);
    said["destinos"].as_array().unwrap_or_else(|| panic!("{said}")).len()
}

/// The demonstration goes, the agency's own offers come, to a daemon that runs and to one that is
/// started later.
fn own_offers(machine: &Machine) {
    assert!(destinations(machine, Kind::Stays) > 0);
    as_root(machine, "agencia demo off");
    for kind in Kind::ALL {
        assert_eq!(destinations(machine, kind), 0, "{}", kind.name());
    }
    for kind in [Kind::Flights, Kind::Tours] {
        machine.write(&format!("/root/{}.json", kind.name()), &file_of(&records(kind, &[5])));
    }
    as_root(machine, "agencia import voos voos.json");
    as_root(machine, "systemctl stop agencia-passeios; agencia import passeios passeios.json");
    // Also once the demonstration's unit has looked again, as at a boot.
    as_root(machine, "systemctl stop agencia.target 'agencia*'; systemctl start agencia.target");
    assert_active(machine, &ALL);
    assert_eq!(machine.property("agencia-mocks", "Result"), "success");
    for (kind, expected) in [(Kind::Flights, 1), (Kind::Stays, 0), (Kind::Tours, 1)] {
        assert_eq!(destinations(machine, kind), expected, "{}", kind.name());
    }
    as_root(machine, "agencia status");
}

/// Buys a flight and answers its locator.
fn buy(machine: &Machine) -> String {
    let id = offer_id(Kind::Flights, 0);
    let request = format!(r#"{{"action":"reservar","id":"{id}"}}"#);
    let sold = ask(machine, Kind::Flights, &request);
    sold["localizador"].as_str().unwrap_or_else(|| panic!("{sold}")).to_owned()
}

/// Keys for other hosts are root's, and are handed to the services, which sell on under the key of
/// before.
fn keys(machine: &Machine) {
    as_root(machine, "agencia keys init");
    machine.write("/etc/agencia/voos.d/lan.toml", "listen = [\"0.0.0.0:5050\"]\n");
    as_root(machine, "systemctl restart agencia.target");
    assert_active(machine, &ALL);
    let said = crate::operate::journal(machine, "agencia-voos");
    let certificate = "over TLS with a certificate of this agency \
                       (/run/credentials/agencia-voos.service/servidor.pem)";
    assert!(said.contains(certificate), "{said}");
    as_root(machine, "agencia audit");
}

/// The disk is lost, and what was sold is there again.
fn backup_and_restore(machine: &Machine, bought: &str) {
    as_root(machine, "agencia backup --with-key /root/backup");
    as_root(
        machine,
        "systemctl stop agencia.target 'agencia*'; rm -r /var/lib/agencia/voos/livro.sqlite*",
    );
    as_root(machine, "agencia restore --daemon voos /root/backup; systemctl start agencia.target");
    assert_active(machine, &ALL);
    let due = Instant::now() + RECOVERY;
    let listed = loop {
        let listed = ask(machine, Kind::Flights, r#"{"action":"listar","filtro":"reservas"}"#);
        if listed.get("viagens").is_some() && !in_recovery(machine) {
            break listed;
        }
        assert!(Instant::now() < due, "{listed}");
        std::thread::sleep(PAUSE);
    };
    assert_eq!(listed["viagens"][0]["localizador"], bought, "{listed}");
    assert_ne!(buy(machine), bought, "it goes on selling");
}

fn in_recovery(machine: &Machine) -> bool {
    machine.property("agencia-voos", "StatusText").contains("in recovery")
}

/// The sockets that are installed for whoever wants them.
fn sockets(machine: &Machine) {
    for (service, port) in [("agencia-passeios", 5052), ("agencia@5004", 5004)] {
        let socket = format!("{service}.socket");
        machine.run(&["systemctl", "stop", service]);
        machine.run(&["systemctl", "enable", "--now", &socket]);
        assert_eq!(machine.property(service, "ActiveState"), "inactive", "{service}");
        match port {
            5052 => assert_eq!(destinations(machine, Kind::Tours), 1),
            _ => {
                let address = machine.from_lan(port);
                let page = machine.on_lan(|| agencia_tests::http::get(address, "/"));
                assert_eq!(page.status, 200, "{}", page.text());
            }
        }
        assert_eq!(machine.property(service, "ActiveState"), "active", "{service}");
        machine.run(&["systemctl", "restart", service]);
        assert_eq!(machine.property(service, "ActiveState"), "active", "{service}");
    }
}
