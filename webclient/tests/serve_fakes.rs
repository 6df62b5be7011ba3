//! Looking at the pages by hand: three fake daemons and a web client on a fixed port.
//! `AGENCIA_LOOK=5600 cargo test -p agencia-web --test serve_fakes` serves until it is stopped.

mod support;

use support::{Agency, program};

#[test]
fn serves_only_when_told_to() {
    let Ok(port) = std::env::var("AGENCIA_LOOK") else { return };
    let agency = Agency::start();
    let folder = tempfile::tempdir().unwrap();
    let mut child = program(folder.path(), &agency.peers(), "").args(["--port", &port]).spawn().unwrap();
    child.wait().unwrap();
}
