//! Nothing but `apt install`: everything runs, can be browsed and booked, and is back after a boot.

use crate::package::{ALL, assert_active, installed};
use crate::pages::{self, Came};
use crate::visits::RESULTS;
use agencia_tests::http::{Browser, Page, get};
use agencia_tests::machine::{Debian, Machine};
use agencia_tests::{Client, Kind};
use serde_json::Value;

pub(crate) fn one_command(debian: Debian) {
    let mut machine = Machine::boot(debian);
    installed(&machine);
    browse(&machine);
    book(&machine);
    let state = ["/var/lib/agencia", "/var/lib/agencia/chave", "/var/lib/agencia/web/chave"];
    let state = machine.run(&[&["stat", "--format=%U %a"], &state[..]].concat());
    assert_eq!(state, "agencia 750\nagencia 600\nagencia 600\n");
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

/// A trip of a flight, a night and a tour, booked on the pages of one instance by a visitor from the
/// LAN and shown by the other one.
fn book(machine: &Machine) {
    let offers = machine.inside(|| {
        [(Kind::Flights, 5050), (Kind::Stays, 5051), (Kind::Tours, 5052)]
            .map(|(kind, port)| an_offer(kind, &mut Client::connect(machine.from_itself(port))))
    });
    let [first, second] = [5000, 5001].map(|port| machine.from_lan(port));
    let voucher = machine.on_lan(|| {
        let mut browser = Browser::default();
        match pages::book(&mut browser, first, &offers) {
            Came::Booked { trip, .. } => browser.get(second, &format!("/viagem/{trip}")),
            Came::To(page) => panic!("{}", page.text()),
        }
    });
    let listed = machine.inside(|| {
        let request = r#"{"action":"listar","filtro":"reservas"}"#;
        Client::connect(machine.from_itself(5050)).ask(request)
    });
    let locator = listed["viagens"][0]["localizador"].as_str();
    assert!(locator.is_some(), "{listed}");
    assert_eq!(voucher.locator().as_deref(), locator, "{}", voucher.text());
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
