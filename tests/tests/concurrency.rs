//! The last unit, wanted by 200 clients at the same moment, is sold once.
//!
//! The guard is the ledger's `check (used <= capacity)` in its one transaction. Its negative control,
//! the same race with the guard taken away, is in `daemons/store` (`battery`), because no setting
//! takes it away here. The control here is of the harness: with two units left it counts two.

use agencia_tests::wire::code;
use agencia_tests::{Client, Kind, Setup};
use serde_json::Value;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Barrier};
use std::thread;

const CLIENTS: usize = 200;

/// Lets all clients ask for one unit at once, each on a connection that is open already.
fn race(address: SocketAddr, body: &str) -> Vec<Value> {
    let start = Arc::new(Barrier::new(CLIENTS));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (start, body) = (start.clone(), body.to_owned());
            let mut client = Client::connect(address);
            thread::spawn(move || {
                start.wait();
                client.ask(body)
            })
        })
        .collect();
    clients.into_iter().map(|client| client.join().expect("every client is answered")).collect()
}

/// Of a single offer with `capacity` units exactly that many are sold, and everybody else is told.
fn check(kind: Kind, capacity: u32) {
    let setup = Setup::of(kind, 1, capacity);
    let daemon = setup.start();
    let id = daemon.ids().remove(0);
    let replies = race(daemon.address(), &format!(r#"{{"action":"reservar","id":"{id}"}}"#));
    let locators: Vec<_> = replies.iter().filter_map(|r| r["localizador"].as_str()).collect();
    let refused = replies.iter().filter(|reply| code(reply) == Some("esgotado")).count();
    let expected = usize::try_from(capacity).expect("a small number");
    assert_eq!((locators.len(), refused), (expected, CLIENTS - expected), "{}", kind.name());
    assert_eq!(locators.iter().collect::<HashSet<_>>().len(), expected, "{locators:?}");
    assert_eq!(daemon.ids().len(), 0, "nothing is left");
    assert_eq!(daemon.connect().ask(r#"{"action":"saude"}"#)["reservas"], capacity);
}

#[test]
fn the_last_unit_is_sold_once() {
    for kind in Kind::ALL {
        check(kind, 1);
    }
}

#[test]
fn the_last_two_units_are_sold_twice() {
    for kind in Kind::ALL {
        check(kind, 2);
    }
}

#[test]
fn the_last_night_of_overlapping_stays_is_sold_once() {
    // Every stay has the night of the 25th: whoever gets it, nobody else does.
    let night = |day: u16| {
        let day = serde_json::json!(format!("{day}/12/2099"));
        agencia_tests::inventory::with(Kind::Stays.offer(1), [("diaEntrada", day)])
    };
    let setup = Setup::new(Kind::Stays, &[night(24), night(25), night(26)]);
    let daemon = setup.start();
    let mut find = daemon.connect();
    let mut id = |day: &str| {
        let search = Kind::Stays.search("").replace(agencia_tests::inventory::DAY, day);
        find.ask(search)["hospedagens"][0]["id"].as_str().expect("an id").to_owned()
    };
    let stays = [
        format!(r#"{{"action":"reservar","id":"{}","noites":2}}"#, id("2099-12-24")),
        format!(r#"{{"action":"reservar","id":"{}","noites":2}}"#, id("2099-12-25")),
        format!(r#"{{"action":"reservar","id":"{}","noites":1}}"#, id("2099-12-25")),
    ];
    let start = Arc::new(Barrier::new(CLIENTS));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (start, body) = (start.clone(), stays[number % stays.len()].clone());
            let mut client = daemon.connect();
            thread::spawn(move || {
                start.wait();
                client.ask(body)["localizador"].is_string()
            })
        })
        .collect();
    let sold = clients.into_iter().filter_map(|c| c.join().expect("answered").then_some(()));
    assert_eq!(sold.count(), 1);
}
