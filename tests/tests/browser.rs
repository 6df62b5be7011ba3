//! The pages in a real browser: starts the agency and lets `tests/browser` walk through it.
//!
//! The walks themselves are JavaScript (`tests/browser/*.test.mjs`), because that is what drives
//! Chromium; what they walk through is started here, so that both flow suites have one harness.

use agencia_tests::agency::Site;
use agencia_tests::inventory::Kind;
use agencia_tests::program;
use agencia_tests::seed::is_soak;
use std::path::Path;
use std::process::Command;

/// How many trips may be held from one address, in each daemon's settings.
const HOLDS_PER_ADDRESS_MAX: [&str; 3] = [
    "AGENCIA_VOOS_LIMITS__HOLDS_PER_ADDRESS_MAX",
    "AGENCIA_HOSPEDAGENS_LIMITS__HOLDS_PER_ADDRESS_MAX",
    "AGENCIA_PASSEIOS_LIMITS__HOLDS_PER_ADDRESS_MAX",
];

#[test]
fn the_whole_flow_works_in_a_browser() {
    walk("flow.test.mjs");
}

#[test]
fn everything_is_in_reach() {
    walk("reach.test.mjs");
}

#[test]
fn whatever_goes_wrong_says_what_happened_and_what_to_do() {
    walk("states.test.mjs");
}

#[test]
#[ignore = "takes minutes and 185 MB of packages: by name, tests/run lighthouse"]
fn lighthouse_finds_no_fault() {
    walk("lighthouse/pages.test.mjs");
}

/// Has node run a file of tests beside an agency.
fn walk(file: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    for needed in [&*folder, folder.join(file).parent().expect("a folder")] {
        let modules = needed.join("node_modules");
        assert!(modules.is_dir(), "{} is missing: `npm ci` makes it", modules.display());
    }
    let mut site = Site::new();
    if is_soak() {
        // All visitors are at one address.
        for name in HOLDS_PER_ADDRESS_MAX {
            site = site.with(name, "1000");
        }
    }
    let _agency = site.up(&[]);
    // Another agency, whose holds are over before anybody has read the page.
    let short = Site::new().with("AGENCIA_WEB_TRIPS__HOLD_SECS", "4");
    let _short = short.up(&[]);
    let short_site = format!("http://localhost:{}", short.web()[0].port());
    let sites = site.web().map(|address| format!("http://localhost:{}", address.port()));
    let daemons = Kind::ALL.map(|kind| format!("{}={}", kind.name(), site.daemon(kind)));
    let done = Command::new("node")
        .args(["--test", "--test-reporter=spec", file])
        .current_dir(&folder)
        .env("AGENCIA_SITES", sites.join(","))
        .env("AGENCIA_SHORT_SITE", short_site)
        .env("AGENCIA_DAEMONS", daemons.join(","))
        .env("AGENCIA_WEB", program::path("agencia-web"))
        .env("AGENCIA_SCREENS", folder.join("../../target/screens"))
        .status()
        .expect("node is installed");
    assert!(done.success(), "see what node says above");
}
