//! An upgrade and a restart while visitors and travellers come without a pause; and an upgrade where
//! somebody runs less than all of it.

use crate::install::SALES;
use crate::package::{ALL, assert_active, next_version, of_offers};
use crate::pages::Booker;
use crate::visits::Visits;
use agencia_tests::books::{Books, Told, Trip};
use agencia_tests::load::{Load, Work};
use agencia_tests::machine::{Debian, Machine};
use agencia_tests::seed::{random, seed};
use agencia_tests::{Client, Kind};
use std::time::{Duration, Instant};

const CAPACITIES: [u32; 4] = [60_000, 60_000, 60_000, 60_000];
/// How often each visitor is served before and after each change.
const VISITS: usize = 10;
/// The longest that what is not settled yet may take.
const SETTLING: Duration = Duration::from_secs(60);

pub(crate) fn under_load(debian: Debian) {
    let mut machine = of_offers(debian, &CAPACITIES);
    let next = next_version(&machine);
    // What the administrator set, enabled and disabled.
    machine.write("/etc/agencia/voos.d/own.toml", "[limits]\nresults_max = 2000\n");
    let settings = format!("# Mine.\n{}", machine.run(&["cat", "/etc/agencia/passeios.toml"]));
    machine.write("/etc/agencia/passeios.toml", &settings);
    machine.run(&["systemctl", "enable", "--now", "agencia@5002"]);
    machine.run(&["systemctl", "disable", "--now", "agencia@5001"]);
    let mut units = [&ALL[..], &["agencia@5002.service"]].concat();
    units.retain(|unit| *unit != "agencia@5001.service");
    assert_active(&machine, &units);
    let services: Vec<_> = units.iter().filter(|unit| unit.ends_with(".service")).collect();
    let processes =
        || -> Vec<_> { services.iter().map(|unit| machine.property(unit, "MainPID")).collect() };

    let addresses = Kind::ALL.map(|kind| {
        let place = agencia_tests::trio::place(kind);
        (kind, machine.from_itself([5050, 5051, 5052][place]))
    });
    let work = Work {
        travellers: 4,
        patience: Duration::from_secs(30),
        pause: Duration::from_millis(20),
        ..Work::new(20)
    };
    let random = random(seed("deb"));
    let load = Load::start(addresses, &CAPACITIES, work, random, machine.entrance());
    let visits = Visits::start(&machine, &[5000, 5002]);
    let booker = Booker::start(&machine, 5000);
    let wait = || {
        visits.wait_for(VISITS);
        booker.wait_for(1);
    };
    wait();
    let first = processes();
    machine.run(&["dpkg", "--install", next]);
    let second = processes();
    wait();
    machine.run(&["systemctl", "restart", "agencia.target"]);
    let third = processes();
    wait();
    let visited = visits.expect_no_failure();
    let (on_pages, connections) = booker.finish();
    let (mut trips, unreached) = load.finish_and_count();
    println!(
        "visits: {visited}, trips: {}; on the pages: {} over {connections} connections",
        trips.len(),
        on_pages.len()
    );

    for (place, unit) in services.iter().enumerate() {
        let ids = [&first[place], &second[place], &third[place]];
        assert!(ids[0] != ids[1] && ids[1] != ids[2], "{unit} was started anew: {ids:?}");
        assert_eq!(machine.property(unit, "NRestarts"), "0", "{unit} did not fail");
    }
    assert_eq!(unreached, 0, "connections that could not be made");
    // There is enough of everything, and nobody was in anybody's way. Some cancel what they booked.
    let was_booked = |trip: &&Trip| matches!(trip.told, Told::Booked(_) | Told::Cancelled);
    let other = trips.iter().filter(|trip| !was_booked(trip));
    let other: Vec<_> = other.take(5).collect();
    assert!(other.is_empty(), "not booked: {other:#?}");
    // One for each process that served the pages.
    assert_eq!(connections, 3, "a connection is kept until its process ends");
    trips.extend(on_pages);
    check_books(&machine, trips, addresses);

    let version = machine.run(&["dpkg-query", "--show", "--showformat=${Version}", "agencia"]);
    assert!(version.ends_with("+next"), "{version}");
    assert_active(&machine, &units);
    assert_eq!(machine.run(&["cat", "/etc/agencia/passeios.toml"]), settings, "settings stay");
    assert!(machine.run(&["cat", "/etc/agencia/web.toml"]).starts_with("# The next version."));
    machine.reboot();
    assert_active(&machine, &units);
    one_service_alone(&machine);
}

/// Where somebody started pages and nothing else, an upgrade starts them anew and nothing else, and
/// what was disabled stays so.
fn one_service_alone(machine: &Machine) {
    let disabled = [
        "agencia.target",
        "agencia-voos.service",
        "agencia-hospedagens.service",
        "agencia-passeios.service",
    ];
    machine.run(&[&["systemctl", "disable"], &disabled[..]].concat());
    machine.run(&["systemctl", "stop", "agencia.target", "agencia*"]);
    machine.run(&["systemctl", "start", "agencia@5000"]);
    assert_active(machine, &["agencia@5000.service"]);
    let before = machine.property("agencia@5000", "MainPID");
    machine.run(&["dpkg", "--install", "/root/next.deb"]);
    assert_active(machine, &["agencia@5000.service"]);
    assert_ne!(machine.property("agencia@5000", "MainPID"), before, "it runs what was installed");
    for unit in disabled {
        assert_eq!(machine.property(unit, "UnitFileState"), "disabled", "{unit}");
    }
}

/// Every booking of before, in between and after is there.
fn check_books(machine: &Machine, trips: Vec<Trip>, addresses: [(Kind, std::net::SocketAddr); 3]) {
    let mut books = Books::new(&CAPACITIES);
    books.trips = trips;
    let findings = machine.inside(|| {
        let mut clients = addresses.map(|(_, address)| Client::connect(address));
        books.check(&mut clients, Instant::now() + SETTLING)
    });
    findings.expect_none();
    assert!(findings.booked > 0);
    let audit = machine.inside(|| Client::connect(addresses[0].1).ask(SALES));
    assert_eq!(audit["consistente"], true, "{audit}");
}
