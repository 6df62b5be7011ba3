//! Nothing but `apt install`: everything runs, can be browsed and booked, and is back after a boot.

use crate::package::{ALL, assert_active, installed};
use crate::visits::RESULTS;
use agencia_tests::http::{Page, get};
use agencia_tests::load::Ahead;
use agencia_tests::machine::{Debian, Machine};
use agencia_tests::{Client, Kind, lead};
use serde_json::Value;

pub(crate) fn one_command(debian: Debian) {
    let mut machine = Machine::boot(debian);
    installed(&machine);
    browse(&machine);
    book(&machine);
    let state =
        machine.run(&["stat", "--format=%U %a", "/var/lib/agencia", "/var/lib/agencia/chave"]);
    assert_eq!(state, "agencia 750\nagencia 600\n");
    assert_eq!(machine.property("agencia-voos", "NRestarts"), "0");

    machine.reboot();
    assert_active(&machine, &ALL);
    browse(&machine);
    let sold = machine.inside(|| Client::connect(machine.from_itself(5050)).ask(SALES));
    assert_eq!(sold["confirmadas"], 1, "the booking outlives a boot: {sold}");
}

/// How many units are sold, among others.
pub(crate) const SALES: &str = r#"{"action":"auditar"}"#;

/// Both instances answer to a browser on the LAN, and what they show comes from the daemons.
fn browse(machine: &Machine) {
    for port in [5000, 5001] {
        let address = machine.from_lan(port);
        let page = |path: &str| -> Page { machine.on_lan(|| get(address, path)) };
        let start = page("/");
        assert_eq!(start.status, 200, "{}", start.text());
        let airports = start.attributes("option", "value");
        assert!(airports.len() > 10, "destinations to choose from: {airports:?}");
        assert_eq!(page(RESULTS).status, 200);
    }
}

/// A trip of a flight, a night and a tour, by the daemons that were just installed.
fn book(machine: &Machine) {
    let addresses = [(Kind::Flights, 5050), (Kind::Stays, 5051), (Kind::Tours, 5052)]
        .map(|(kind, port)| (kind, machine.from_itself(port)));
    let parts: Vec<(Kind, String)> = machine.inside(|| {
        let offer = |(kind, address)| (kind, an_offer(kind, &mut Client::connect(address)));
        addresses.map(offer).into()
    });
    let mut words = vec![Ahead::default().mint().to_string(), "60".into(), "20".into()];
    for ((kind, address), (_, offer)) in addresses.iter().zip(&parts) {
        words.push(format!("{}={address}={offer}=1", kind.name()));
    }
    let booked = machine.inside(|| lead::by_a_process(&words));
    assert!(booked.starts_with("booked "), "{booked}");
}

/// The id of any offer of a daemon, of its last destination's last day.
fn an_offer(kind: Kind, client: &mut Client) -> String {
    let destinations = client.ask(r#"{"action":"destinos"}"#);
    let last = destinations["destinos"].as_array().and_then(|all| all.last()).cloned();
    let last: Value = last.unwrap_or_else(|| panic!("{destinations}"));
    let (place, _) = kind.place();
    let request = serde_json::json!({
        "action": kind.action(), place: last["nome"], "dataIda": last["ultimoDia"],
    });
    let found = client.ask(request.to_string());
    let id = found[kind.list()][0]["id"].as_str();
    id.unwrap_or_else(|| panic!("{request}: {found}")).to_owned()
}
