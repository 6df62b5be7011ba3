//! An upgrade and a restart while visitors and travellers come without a pause.

use crate::install::SALES;
use crate::package::{ALL, assert_active, next_version, of_offers};
use crate::visits::Visits;
use agencia_tests::books::{Books, Told};
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
    visits.wait_for(VISITS);
    let first = processes();
    machine.run(&["dpkg", "--install", next]);
    let second = processes();
    visits.wait_for(VISITS);
    machine.run(&["systemctl", "restart", "agencia.target"]);
    let third = processes();
    visits.wait_for(VISITS);
    let visited = visits.expect_no_failure();
    let trips = load.finish();
    println!("visits: {visited}, trips: {}", trips.len());

    for (place, unit) in services.iter().enumerate() {
        let ids = [&first[place], &second[place], &third[place]];
        assert!(ids[0] != ids[1] && ids[1] != ids[2], "{unit} was started anew: {ids:?}");
        assert_eq!(machine.property(unit, "NRestarts"), "0", "{unit} did not fail");
    }
    let unknown = trips.iter().filter(|trip| trip.told == Told::Unknown).count();
    assert_eq!(unknown, 0, "every traveller was told");
    check_books(&machine, trips, addresses);

    let version = machine.run(&["dpkg-query", "--show", "--showformat=${Version}", "agencia"]);
    assert!(version.ends_with("+next"), "{version}");
    assert_active(&machine, &units);
    assert_eq!(machine.run(&["cat", "/etc/agencia/passeios.toml"]), settings, "settings stay");
    assert!(machine.run(&["cat", "/etc/agencia/web.toml"]).starts_with("# The next version."));
    machine.reboot();
    assert_active(&machine, &units);
}

/// Every booking of before, in between and after is there.
fn check_books(
    machine: &Machine,
    trips: Vec<agencia_tests::books::Trip>,
    addresses: [(Kind, std::net::SocketAddr); 3],
) {
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
