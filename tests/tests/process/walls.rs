//! The walls of ARCHITECTURE.md, kept as absences in the tree of dependencies.

use std::collections::BTreeSet;
use std::process::Command;

/// The names of the crates in a tree.
fn tree(package: &str, arguments: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p}"]);
    command.args(["-e", "normal", "-p", package]).args(arguments);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().expect("cargo is there");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let listed = String::from_utf8(output.stdout).expect("crates have plain names");
    let names: BTreeSet<_> =
        listed.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert!(names.contains(package), "{names:?}");
    names
}

/// Everything that a package is made of.
fn all(package: &str) -> BTreeSet<String> {
    tree(package, &[])
}

/// The crates of this workspace that a package uses by itself.
fn arrows(package: &str) -> BTreeSet<String> {
    let mut direct = tree(package, &["--depth", "1"]);
    direct.retain(|name| name.starts_with("agencia") && name != package);
    direct
}

fn check_absent(package: &str, absent: &[&str]) {
    let names = all(package);
    let there: Vec<_> = absent.iter().filter(|name| names.contains(**name)).collect();
    assert!(there.is_empty(), "{package} has {there:?}");
}

const DAEMONS: [&str; 3] = ["agencia-voos", "agencia-hospedagens", "agencia-passeios"];

#[test]
fn no_daemon_has_tokio() {
    for package in DAEMONS.into_iter().chain(["agencia-server", "agencia-client"]) {
        check_absent(package, &["tokio", "hyper", "warp", "reqwest"]);
        assert!(all(package).contains("serde_json"), "the tree of {package} is read");
    }
    // The control: where tokio is, this finds it.
    assert!(all("agencia-web").contains("tokio"));
    assert!(all("agencia").contains("tokio"), "it runs the web client");
}

#[test]
fn the_protocol_knows_no_socket_and_no_executor() {
    let sockets = ["smol", "async-io", "async-net", "async-executor", "socket2", "mio", "tokio"];
    check_absent("agencia-protocol", &sockets);
    check_absent("agencia-trip", &sockets);
    assert!(all("agencia-client").contains("smol") || all("agencia-client").contains("async-net"));
}

#[test]
fn sql_is_in_the_store_only() {
    for package in ["agencia-protocol", "agencia-catalog", "agencia-client", "agencia-web"] {
        check_absent(package, &["rusqlite", "libsqlite3-sys"]);
    }
    for package in DAEMONS.into_iter().chain(["agencia-server", "agencia"]) {
        let direct = tree(package, &["--depth", "1"]);
        assert!(!direct.contains("rusqlite"), "{package} uses rusqlite by itself");
    }
    assert!(tree("agencia-store", &["--depth", "1"]).contains("rusqlite"));
}

#[test]
fn arrows_point_down_and_never_back() {
    let check = |package: &str, allowed: &[&str]| {
        let allowed: BTreeSet<_> = allowed.iter().map(|name| format!("agencia-{name}")).collect();
        let found = arrows(package);
        let wrong: Vec<_> = found.difference(&allowed).collect();
        assert!(wrong.is_empty(), "{package} uses {wrong:?}");
    };
    check("agencia-protocol", &[]);
    check("agencia-client", &["protocol"]);
    check("agencia-catalog", &["protocol"]);
    check("agencia-trip", &["protocol"]);
    check("agencia-store", &["protocol", "trip"]);
    check("agencia-systemd", &[]);
    check("agencia-keys", &[]);
    check("agencia-server", &["protocol", "catalog", "store", "client", "trip", "systemd"]);
    check("agencia-web", &["protocol", "client", "trip", "systemd"]);
    check("agencia-mocks", &[]);
    for daemon in DAEMONS {
        check(daemon, &["protocol", "catalog", "server"]);
    }
    check("agencia-tests", &["protocol", "client", "trip", "keys"]);
}

#[test]
fn a_product_never_has_another_product_and_nothing_has_the_tests() {
    for daemon in DAEMONS {
        for other in DAEMONS.into_iter().filter(|other| *other != daemon) {
            check_absent(daemon, &[other]);
        }
        check_absent(daemon, &["agencia-tests"]);
    }
    for package in ["agencia", "agencia-web", "agencia-mocks"] {
        check_absent(package, &["agencia-tests"]);
    }
}
