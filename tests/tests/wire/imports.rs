//! `importar`: the staged inventory is checked whole and replaces the old one with its bookings, or
//! changes nothing.

use agencia_tests::inventory::{file_of, with, without};
use agencia_tests::wire::{check_error, code};
use agencia_tests::{Daemon, Kind, Setup};
use serde_json::{Value, json};

const IMPORT: &str = r#"{"action":"importar"}"#;

fn import(setup: &Setup, daemon: &Daemon<'_>, records: &[Value]) -> Value {
    setup.write("inventory.json.novo", &file_of(records));
    daemon.connect().ask(IMPORT)
}

fn buy(daemon: &Daemon<'_>, id: &str, more: &str) -> Value {
    daemon.connect().ask(format!(r#"{{"action":"reservar","id":"{id}"{more}}}"#))
}

/// The ids and what is left of each.
fn on_sale(daemon: &Daemon<'_>) -> Vec<(String, u64)> {
    let told = |offer: &Value| {
        (
            offer["id"].as_str().expect("an id").to_owned(),
            offer["disponiveis"].as_u64().unwrap_or(0),
        )
    };
    daemon.offers().iter().map(told).collect()
}

#[test]
fn a_new_inventory_is_in_force_at_once_and_after_a_restart() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        let daemon = setup.start();
        let reply = import(&setup, &daemon, &[kind.offer_of(1, 7), kind.offer_of(2, 8)]);
        assert_eq!(reply, json!({"ofertas": 2, "retiradas": 0}));
        let now = on_sale(&daemon);
        assert_eq!(now.iter().map(|(_, left)| *left).collect::<Vec<_>>(), [7, 8]);
        drop(daemon);
        assert_eq!(on_sale(&setup.start()), now);
    }
}

#[test]
fn a_reimport_keeps_bookings_whatever_the_price_and_the_order() {
    for kind in Kind::ALL {
        let offers: Vec<_> = (0..4).map(|number| kind.offer_of(number, 9)).collect();
        let setup = Setup::new(kind, &offers);
        let daemon = setup.start();
        let ids = daemon.ids();
        assert_eq!(code(&buy(&daemon, &ids[2], r#","quantidade":5"#)), None);
        let before = on_sale(&daemon);
        let cheaper = |offer: &Value| with(offer.clone(), [("valor", json!("1,00R$"))]);
        let mut again: Vec<_> = offers.iter().map(cheaper).collect();
        again.reverse();
        assert_eq!(import(&setup, &daemon, &again), json!({"ofertas": 4, "retiradas": 0}));
        let mut after = on_sale(&daemon);
        let mut expected = before;
        after.sort();
        expected.sort();
        assert_eq!(after, expected);
        assert!(daemon.offers().iter().all(|offer| offer["valor"] == "1,00R$"));
    }
}

#[test]
fn equal_offers_are_told_apart_and_stay_so() {
    for kind in Kind::ALL {
        let offers = [kind.offer_of(0, 5), kind.offer_of(0, 5), kind.offer_of(0, 5)];
        let setup = Setup::new(kind, &offers);
        let daemon = setup.start();
        let mut ids = daemon.ids();
        assert_eq!(code(&buy(&daemon, &ids[1], r#","quantidade":2"#)), None);
        let before = on_sale(&daemon);
        assert_eq!(import(&setup, &daemon, &offers)["retiradas"], 0);
        assert_eq!(on_sale(&daemon), before);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 3);
    }
}

#[test]
fn a_capacity_below_what_is_sold_is_refused_by_name_and_changes_nothing() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 2, 9);
        let daemon = setup.start();
        let ids = daemon.ids();
        assert_eq!(code(&buy(&daemon, &ids[1], r#","quantidade":4"#)), None);
        let before = daemon.offers();
        let refused = import(&setup, &daemon, &[kind.offer_of(0, 1), kind.offer_of(1, 3)]);
        check_error(&refused, "conflito", "");
        assert_eq!(refused["erro"]["id"], ids[1].as_str());
        assert_eq!(daemon.offers(), before);
        // Exactly what is sold is enough.
        let taken = import(&setup, &daemon, &[kind.offer_of(0, 1), kind.offer_of(1, 4)]);
        assert_eq!(taken["ofertas"], 2, "{taken}");
        assert_eq!(on_sale(&daemon), [(ids[0].clone(), 1)]);
    }
}

#[test]
fn an_offer_that_vanishes_with_bookings_is_withdrawn_and_may_come_back() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 3, 9);
        let daemon = setup.start();
        let ids = daemon.ids();
        let under_key = r#","quantidade":4,"viagem":"00000000-0000-0000-0000-000000000001""#;
        let sold = buy(&daemon, &ids[0], under_key);
        assert_eq!(code(&sold), None, "{sold}");
        // The first has bookings, the second has none.
        let reply = import(&setup, &daemon, &[kind.offer_of(2, 9)]);
        assert_eq!(reply, json!({"ofertas": 1, "retiradas": 1}));
        assert_eq!(daemon.ids(), ids[2..]);
        assert_ne!(code(&buy(&daemon, &ids[0], "")), None, "it is not sold any more");
        let all: Vec<_> = (0..3).map(|number| kind.offer_of(number, 9)).collect();
        assert_eq!(import(&setup, &daemon, &all), json!({"ofertas": 3, "retiradas": 0}));
        let left: Vec<_> = on_sale(&daemon).into_iter().map(|(_, left)| left).collect();
        assert_eq!(left, [5, 9, 9]);
        assert_eq!(buy(&daemon, &ids[0], under_key), sold);
    }
}

#[test]
fn an_inventory_that_is_wrong_anywhere_changes_nothing_and_is_named() {
    let kind = Kind::Tours;
    let setup = Setup::of(kind, 2, 9);
    let daemon = setup.start();
    let before = daemon.offers();
    let good = kind.offer_of(5, 1);
    let second = |record: Value| file_of(&[good.clone(), record]);
    let whole = file_of(std::slice::from_ref(&good));
    for (text, code, field) in [
        (second(with(good.clone(), [("dia", json!("31/11/2099"))])), "campo_invalido", "dia"),
        (second(with(good.clone(), [("valor", json!("dez"))])), "campo_invalido", "valor"),
        (second(with(good.clone(), [("vagass", json!(1))])), "campo_invalido", "vagass"),
        (second(without(good.clone(), &["cidade"])), "campo_invalido", "cidade"),
        (second(json!(1)), "json_invalido", ""),
        (whole.replace(']', ""), "json_invalido", ""),
        ("{}".to_owned(), "json_invalido", ""),
        (String::new(), "json_invalido", ""),
    ] {
        setup.write("inventory.json.novo", &text);
        let reply = daemon.connect().ask(IMPORT);
        check_error(&reply, code, field);
        let message = reply["erro"]["mensagem"].as_str().unwrap_or("");
        let record = if text.starts_with("[\n{") { "registro 2" } else { "registro 1" };
        assert!(message.contains(record), "{message}");
        assert_eq!(daemon.offers(), before);
    }
    drop(daemon);
    assert_eq!(setup.start().offers(), before);
}

#[test]
fn two_offers_of_one_id_are_refused() {
    let kind = Kind::Flights;
    let setup = Setup::of(kind, 1, 1);
    let daemon = setup.start();
    let before = daemon.offers();
    let named = |number| with(kind.offer(number), [("id", json!("x1"))]);
    let reply = import(&setup, &daemon, &[named(1), named(2)]);
    assert_ne!(code(&reply), None, "{reply}");
    assert_eq!(daemon.offers(), before);
}

#[test]
fn without_a_staged_inventory_there_is_nothing_to_import() {
    let setup = Setup::of(Kind::Stays, 1, 1);
    let daemon = setup.start();
    let reply = daemon.connect().ask(IMPORT);
    check_error(&reply, "campo_invalido", "action");
    assert_eq!(daemon.offers().len(), 1);
}

#[test]
fn searches_go_on_during_imports() {
    let kind = Kind::Flights;
    let setup = Setup::of(kind, 40, 1);
    let daemon = setup.start();
    let many: Vec<_> = (0..1000).map(|number| kind.offer_of(number, 2)).collect();
    let mut importer = daemon.connect();
    setup.write("inventory.json.novo", &file_of(&many));
    importer.send(IMPORT);
    let mut client = daemon.connect();
    // Every reply is the whole of one inventory or the whole of the other.
    let mut counts: Vec<usize> = Vec::new();
    for _ in 0..50 {
        let reply = client.ask(kind.search(""));
        counts.push(reply["ida"].as_array().map_or(0, Vec::len));
    }
    assert_eq!(importer.read()["ofertas"], 1000);
    counts.dedup();
    assert!([&[40][..], &[1000], &[40, 1000]].contains(&&counts[..]), "{counts:?}");
    assert_eq!(daemon.ids().len(), 1000);
}
