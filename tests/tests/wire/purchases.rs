//! `reservar`: a purchase in one step, under a key that buys once, with a locator.

use agencia_tests::inventory::{RECORD_PAST, with};
use agencia_tests::wire::{check_error, code, frame};
use agencia_tests::{Client, Daemon, Kind, Setup};
use serde_json::{Value, json};
use std::collections::HashSet;

/// A purchase of this offer, with more fields.
fn buy(id: &str, more: &str) -> String {
    format!(r#"{{"action":"reservar","id":"{id}"{more}}}"#)
}

/// The key of a purchase.
fn key(number: u128) -> String {
    uuid::Uuid::from_u128(number).to_string()
}

fn left(daemon: &Daemon<'_>) -> Vec<u64> {
    daemon.offers().iter().map(|offer| offer["disponiveis"].as_u64().expect("a count")).collect()
}

#[test]
fn a_purchase_answers_the_offer_with_its_locator() {
    for (kind, letter) in [(Kind::Flights, "V"), (Kind::Stays, "H"), (Kind::Tours, "P")] {
        let setup = Setup::of(kind, 1, 5);
        let daemon = setup.start();
        let offer = daemon.offers()[0].clone();
        let id = offer["id"].as_str().expect("an id");
        let sold = daemon.connect().ask(buy(id, r#","quantidade":"2""#));
        let locator = sold["localizador"].as_str().unwrap_or_else(|| panic!("{sold}"));
        let letters = "ACDEFGHJKMNPQRTUVWXY34679";
        assert!(locator.len() == 6 && locator.chars().all(|c| letters.contains(c)), "{locator}");
        assert!(locator.starts_with(letter), "{locator} of {}", kind.name());
        let told = with(offer, [("quantidade", json!(2)), ("localizador", json!(locator))]);
        assert_eq!(sold, agencia_tests::inventory::without(told, &["disponiveis"]));
        assert_eq!(left(&daemon), [3]);
    }
}

#[test]
fn nothing_is_sold_above_what_is_left() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 3);
        let daemon = setup.start();
        let id = &daemon.ids()[0];
        let mut client = daemon.connect();
        let refused = client.ask(buy(id, r#","quantidade":4"#));
        check_error(&refused, "esgotado", "");
        assert_eq!(refused["erro"]["id"], id.as_str());
        assert_eq!(code(&client.ask(buy(id, r#","quantidade":2"#))), None);
        check_error(&client.ask(buy(id, r#","quantidade":2"#)), "esgotado", "");
        assert_eq!(code(&client.ask(buy(id, ""))), None);
        check_error(&client.ask(buy(id, "")), "esgotado", "");
        assert_eq!(left(&daemon), [0; 0], "what is sold out is not listed");
    }
}

#[test]
fn purchases_without_a_key_are_purchases_of_their_own() {
    let setup = Setup::of(Kind::Flights, 1, 200);
    let daemon = setup.start();
    let id = &daemon.ids()[0];
    let mut client = daemon.connect();
    client.send_raw(frame(buy(id, "")).repeat(100));
    let locators: HashSet<String> = (0..100).map(|_| locator(&client.read())).collect();
    assert_eq!(locators.len(), 100, "no locator is given twice");
    assert_eq!(left(&daemon), [100]);
}

fn locator(reply: &Value) -> String {
    reply["localizador"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
}

#[test]
fn the_same_key_buys_once_and_answers_as_the_first_time() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 2, 1);
        let first = {
            let daemon = setup.start();
            let id = &daemon.ids()[0];
            let body = buy(id, &format!(r#","viagem":"{}""#, key(1)));
            let first = daemon.connect().ask(&body);
            assert_eq!(code(&first), None, "{first}");
            // The last unit is gone, and was bought by this very purchase.
            assert_eq!(daemon.connect().ask(&body), first);
            let mut client = daemon.connect();
            client.send_raw(frame(&body).repeat(3));
            for _ in 0..3 {
                assert_eq!(client.read(), first);
            }
            assert_eq!(left(&daemon), [1]);
            check_conflicts(&mut client, &daemon.ids()[0], id);
            first
        };
        let daemon = setup.start();
        let id = first["id"].as_str().expect("an id");
        let body = buy(id, &format!(r#","viagem":"{}""#, key(1)));
        assert_eq!(daemon.connect().ask(body), first, "also after a restart");
        assert_eq!(left(&daemon), [1]);
    }
}

/// The key of the test above says one unit of `sold`.
fn check_conflicts(client: &mut Client, other: &str, sold: &str) {
    let under = |more: &str| format!(r#","viagem":"{}"{more}"#, key(1));
    check_error(&client.ask(buy(other, &under(""))), "conflito", "");
    check_error(&client.ask(buy(sold, &under(r#","quantidade":2"#))), "conflito", "");
}

#[test]
fn the_same_key_at_the_same_time_buys_once() {
    let setup = Setup::of(Kind::Tours, 1, 50);
    let daemon = setup.start();
    let body = buy(&daemon.ids()[0], &format!(r#","viagem":"{}""#, key(7)));
    let mut clients: Vec<_> = (0..20).map(|_| daemon.connect()).collect();
    for client in &mut clients {
        client.send(&body);
    }
    let locators: HashSet<String> = clients.iter_mut().map(|c| locator(&c.read())).collect();
    assert_eq!(locators.len(), 1, "{locators:?}");
    assert_eq!(left(&daemon), [49]);
}

#[test]
fn a_purchase_of_what_has_begun_is_refused() {
    for kind in Kind::ALL {
        let day = json!(RECORD_PAST);
        let past = with(kind.offer(0), [(kind.day_field(), day.clone()), ("id", json!("x1"))]);
        let past = if kind == Kind::Flights { with(past, [("diaChegada", day)]) } else { past };
        let setup = Setup::new(kind, &[past]);
        let daemon = setup.start();
        let refused = daemon.connect().ask(buy("x1", ""));
        check_error(&refused, "encerrado", "");
        assert_eq!(refused["erro"]["id"], "x1");
        assert_eq!(daemon.connect().ask(r#"{"action":"saude"}"#)["reservas"], 0);
    }
}

#[test]
fn only_stays_have_nights() {
    for kind in [Kind::Flights, Kind::Tours] {
        let setup = Setup::of(kind, 1, 5);
        let daemon = setup.start();
        let id = &daemon.ids()[0];
        let reply = daemon.connect().ask(buy(id, r#","noites":2"#));
        check_error(&reply, "campo_invalido", "noites");
        assert_eq!(left(&daemon), [5]);
    }
}

#[test]
fn what_was_sold_is_sold_after_a_restart() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 2, 3);
        let ids = {
            let daemon = setup.start();
            let ids = daemon.ids();
            let reply = daemon.connect().ask(buy(&ids[1], r#","quantidade":2"#));
            assert_eq!(code(&reply), None, "{reply}");
            ids
        };
        let daemon = setup.start();
        assert_eq!(daemon.ids(), ids, "an offer keeps its id");
        assert_eq!(left(&daemon), [3, 1]);
    }
}

#[test]
fn the_letter_of_locators_is_a_setting() {
    let setup = Setup::of(Kind::Flights, 1, 5);
    setup.settings("locator_letter = \"Q\"");
    let daemon = setup.start();
    let sold = daemon.connect().ask(buy(&daemon.ids()[0], ""));
    assert!(locator(&sold).starts_with('Q'), "{sold}");
}
