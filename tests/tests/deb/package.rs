//! The package under test, and systems on which it is installed.

use agencia_tests::Kind;
use agencia_tests::faults::command::run;
use agencia_tests::inventory::file_of;
use agencia_tests::machine::{Debian, Machine};
use agencia_tests::trio::records;
use std::path::{Path, PathBuf};

/// Everything that the package starts.
pub(crate) const ALL: [&str; 6] = [
    "agencia-hospedagens.service",
    "agencia-passeios.service",
    "agencia-voos.service",
    "agencia.target",
    "agencia@5000.service",
    "agencia@5001.service",
];

/// Where the package lies on a system.
pub(crate) const PLACE: &str = "/root/agencia.deb";

/// A file of the package that `packaging/build` made.
fn built() -> PathBuf {
    let architecture = run(&["dpkg", "--print-architecture"]);
    let name = format!("agencia_{}_{}.deb", env!("CARGO_PKG_VERSION"), architecture.trim());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/deb").join(name);
    assert!(path.is_file(), "{}: is not there: `packaging/build` makes it", path.display());
    path
}

/// Boots a system and has apt install the package: the one command.
pub(crate) fn installed(machine: &Machine) {
    std::fs::copy(built(), machine.path(PLACE)).expect("root may write there");
    machine.run(&["apt-get", "install", "--yes", PLACE]);
    assert_active(machine, &ALL);
}

/// A system with the package, and few offers, so that a start is quick.
pub(crate) fn small(debian: Debian) -> Machine {
    let machine = Machine::boot(debian);
    machine.write("/etc/agencia/mocks.d/small.toml", "days = 2\n");
    installed(&machine);
    machine
}

/// A system with the package and offers of these capacities, whose ids the harness knows.
pub(crate) fn of_offers(debian: Debian, capacities: &[u32]) -> Machine {
    let machine = Machine::boot(debian);
    stocked(&machine, capacities);
    installed(&machine);
    machine
}

/// Puts such offers where the package will look for them.
pub(crate) fn stocked(machine: &Machine, capacities: &[u32]) {
    for kind in Kind::ALL {
        let file = format!("/var/lib/agencia/{}/inventario.json", kind.name());
        machine.write(&file, &file_of(&records(kind, capacities)));
    }
}

/// Puts the package on a system once more, as the next version, with a change of `web.toml` in it.
/// Answers where it is.
pub(crate) fn next_version(machine: &Machine) -> &'static str {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let tree = folder.path().join("tree");
    let tree = tree.to_str().expect("its name is text");
    run(&["dpkg-deb", "--raw-extract", built().to_str().expect("its name is text"), tree]);
    let change = |file: &str, change: &dyn Fn(&str) -> String| {
        let path = Path::new(tree).join(file);
        let text = std::fs::read_to_string(&path).expect("the package has it");
        let changed = change(&text);
        assert_ne!(text, changed, "{file}");
        std::fs::write(&path, changed).expect("root may write there");
    };
    let version = format!("Version: {}", env!("CARGO_PKG_VERSION"));
    change("DEBIAN/control", &|text| text.replace(&version, &format!("{version}+next")));
    change("etc/agencia/web.toml", &|text| format!("# The next version.\n{text}"));
    let next = folder.path().join("next.deb");
    let next = next.to_str().expect("its name is text");
    run(&["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, next]);
    std::fs::copy(next, machine.path("/root/next.deb")).expect("root may write there");
    "/root/next.deb"
}

/// Checks which of our units are active, the demonstration inventory's apart.
pub(crate) fn assert_active(machine: &Machine, expected: &[&str]) {
    let mut active = machine.active("agencia*");
    active.retain(|unit| unit != "agencia-mocks.service");
    let failed = ["systemctl", "status", "--no-pager", "--failed", "--all"];
    assert_eq!(active, expected, "{}", machine.attempt(&failed).1);
}
