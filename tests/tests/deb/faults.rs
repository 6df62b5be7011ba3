//! What goes wrong on a system: each is told where an administrator looks, and mended without one
//! where it can be.

use crate::package::{ALL, assert_active, small};
use agencia_tests::faults::command::run;
use agencia_tests::machine::{Debian, Machine};
use std::net::TcpListener;

pub(crate) fn all(debian: Debian) {
    let machine = small(debian);
    wrong_settings(&machine);
    a_taken_port(&machine);
    an_address_to_come(&machine);
    killed_and_hung(&machine);
    assert_active(&machine, &ALL);
}

/// Exit code 78, no second try, and the status names file and key.
fn wrong_settings(machine: &Machine) {
    for (unit, file, key) in
        [("agencia-voos", "voos.d/own.toml", "limites"), ("agencia@5000", "web.d/own.toml", "prot")]
    {
        let path = format!("/etc/agencia/{file}");
        machine.write(&path, &format!("{key} = 1\n"));
        assert!(!machine.attempt(&["systemctl", "restart", unit]).0, "{unit}");
        let status = machine.property(unit, "StatusText");
        assert!(status.contains(file) && status.contains(key), "{unit}: {status}");
        assert_eq!(machine.property(unit, "ExecMainStatus"), "78", "{unit}");
        assert_eq!(machine.property(unit, "ActiveState"), "failed", "{unit}");
        assert_eq!(machine.property(unit, "NRestarts"), "0", "{unit}");
        machine.run(&["rm", &path]);
        machine.run(&["systemctl", "start", unit]);
    }
}

/// No READY, and the status names the port; once it is free, the service comes by itself.
fn a_taken_port(machine: &Machine) {
    machine.run(&["systemctl", "disable", "--now", "agencia@5001"]);
    for (unit, port) in [("agencia-passeios", 5052), ("agencia@5003", 5003)] {
        machine.run(&["systemctl", "stop", unit]);
        let taken = machine.inside(|| TcpListener::bind(("0.0.0.0", port)));
        let taken = taken.expect("the port is free now");
        machine.run(&["systemctl", "start", "--no-block", unit]);
        let port = port.to_string();
        machine.wait_for(unit, "StatusText", |status| status.contains(&port));
        assert_ne!(machine.property(unit, "ActiveState"), "active", "{unit}");
        // For longer than any number of tries in a burst.
        machine.wait_for(unit, "NRestarts", |restarts| restarts.parse().is_ok_and(|n: u32| n > 12));
        drop(taken);
        machine.wait_for(unit, "ActiveState", |state| state == "active");
    }
    machine.run(&["systemctl", "stop", "agencia@5003"]);
    machine.run(&["systemctl", "enable", "--now", "agencia@5001"]);
}

/// The network is not all there when the daemon starts; once it is, the daemon comes by itself.
fn an_address_to_come(machine: &Machine) {
    let (unit, settings) = ("agencia-passeios", "/etc/agencia/passeios.d/late.toml");
    machine.write(settings, "listen = [\"10.77.0.99:5052\"]\n");
    machine.run(&["systemctl", "restart", "--no-block", unit]);
    machine.wait_for(unit, "StatusText", |status| status.contains("10.77.0.99:5052"));
    machine.wait_for(unit, "NRestarts", |restarts| restarts.parse().is_ok_and(|n: u32| n > 12));
    let address = |change| {
        machine.inside(|| run(&["ip", "address", change, "10.77.0.99/24", "dev", "eth"]));
    };
    address("add");
    machine.wait_for(unit, "ActiveState", |state| state == "active");
    machine.run(&["rm", settings]);
    machine.run(&["systemctl", "restart", unit]);
    address("delete");
}

/// Whoever is killed or hangs is started again.
fn killed_and_hung(machine: &Machine) {
    let units = ["agencia-hospedagens", "agencia@5001"];
    for unit in units {
        // "Within a second" leaves half of it for the start.
        let pause = machine.property(unit, "RestartUSec");
        let millis = pause.strip_suffix("ms").and_then(|millis| millis.parse::<u32>().ok());
        assert!(millis.is_some_and(|millis| millis <= 500), "{unit}: {pause}");
    }
    for (signal, result) in [("KILL", "signal"), ("STOP", "watchdog")] {
        let processes = units.map(|unit| {
            machine.run(&["systemctl", "reset-failed", unit]);
            machine.property(unit, "MainPID")
        });
        // Together: a watchdog takes its time.
        for unit in units {
            machine.run(&["systemctl", "kill", "--kill-whom=main", "--signal", signal, unit]);
        }
        for (unit, process) in units.into_iter().zip(processes) {
            machine.wait_for(unit, "NRestarts", |restarts| restarts == "1");
            machine.wait_for(unit, "SubState", |state| state == "running");
            let [ended, back] =
                ["InactiveEnterTimestampMonotonic", "ActiveEnterTimestampMonotonic"].map(
                    |moment| machine.property(unit, moment).parse::<u64>().expect("microseconds"),
                );
            println!("{unit}: {result}; active again after {} ms", (back - ended) / 1000);
            assert_ne!(machine.property(unit, "MainPID"), process, "{unit}: {signal}");
            let journal = crate::operate::journal(machine, unit);
            let told = format!("Failed with result '{result}'");
            assert!(journal.contains(&told), "{unit}: {told} is not in\n{journal}");
        }
    }
}
