//! Bytes in any split, requests by the dozen: replies come whole and in the order of the requests.

use agencia_tests::wire::{code, frame};
use agencia_tests::{Client, Kind, Setup};
use serde_json::Value;

#[test]
fn a_request_that_comes_byte_by_byte_is_answered_as_one_that_comes_at_once() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 3, 2);
        let daemon = setup.start();
        let at_once = daemon.connect().ask(kind.search(""));
        assert_eq!(at_once[kind.list()].as_array().map(Vec::len), Some(3), "{at_once}");
        let mut client = daemon.connect();
        for byte in [frame("\"I'm live!\""), frame(kind.search(""))].concat() {
            client.send_raw([byte]);
        }
        assert_eq!(client.read(), at_once);
    }
}

#[test]
fn frames_may_be_cut_anywhere_and_several_may_come_at_once() {
    let setup = Setup::of(Kind::Tours, 1, 1);
    let daemon = setup.start();
    let months = ["2099-01", "2099-02", "2099-03", "2099-04"];
    let bytes: Vec<u8> = months.iter().flat_map(|month| frame(calendar(month))).collect();
    for step in [2, 7, 9, 10, 11, 60, 61, bytes.len()] {
        let mut client = daemon.connect();
        for piece in bytes.chunks(step) {
            client.send_raw(piece);
        }
        for month in months {
            assert_eq!(client.read()["mes"], month, "in pieces of {step}");
        }
    }
}

fn calendar(month: &str) -> String {
    let (field, place) = Kind::Tours.place();
    format!(r#"{{"action":"calendario","{field}":"{place}","mes":"{month}"}}"#)
}

/// What a reply is, in one word.
fn word(reply: &Value) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    code(reply)
        .map(str::to_owned)
        .or(text(&reply["mes"]))
        .or(reply["quantidade"].as_u64().map(|count| format!("bought {count}")))
        .or(text(&reply["servidor"]))
        .unwrap_or_else(|| panic!("{reply}"))
}

fn check_in_order(client: &mut Client, requests: &[(String, &str)]) {
    let bytes: Vec<u8> = requests.iter().flat_map(|(body, _)| frame(body)).collect();
    client.send_raw(bytes);
    let expected: Vec<_> = requests.iter().map(|(_, word)| *word).collect();
    let replies: Vec<_> = requests.iter().map(|_| word(&client.read())).collect();
    assert_eq!(replies, expected);
}

#[test]
fn sixteen_requests_of_all_sorts_in_one_write_are_answered_in_their_order() {
    let setup = Setup::of(Kind::Tours, 1, 100);
    let daemon = setup.start();
    let id = &daemon.ids()[0];
    let buy = |count: u32| format!(r#"{{"action":"reservar","id":"{id}","quantidade":{count}}}"#);
    let requests = [
        (buy(1), "bought 1"),
        (calendar("2099-01"), "2099-01"),
        (buy(2), "bought 2"),
        (buy(3), "bought 3"),
        ("[]".to_owned(), "json_invalido"),
        (buy(4), "bought 4"),
        (calendar("2099-02"), "2099-02"),
        (calendar("2099-03"), "2099-03"),
        (r#"{"action":"saude"}"#.to_owned(), "passeios"),
        (buy(0), "campo_invalido"),
        (buy(5), "bought 5"),
        (buy(999), "esgotado"),
        (buy(6), "bought 6"),
        (r#"{"action":"voar"}"#.to_owned(), "acao_desconhecida"),
        (buy(7), "bought 7"),
        (calendar("2099-04"), "2099-04"),
    ];
    assert_eq!(requests.len(), 16);
    check_in_order(&mut daemon.connect(), &requests);
    assert_eq!(daemon.offers()[0]["disponiveis"], 100 - (1 + 2 + 3 + 4 + 5 + 6 + 7));
}

#[test]
fn a_search_after_a_purchase_on_one_connection_sees_it() {
    let setup = Setup::of(Kind::Flights, 1, 5);
    let daemon = setup.start();
    let buy = format!(r#"{{"action":"reservar","id":"{}","quantidade":2}}"#, daemon.ids()[0]);
    let mut client = daemon.connect();
    client.send_raw([frame(&buy), frame(Kind::Flights.search("")), frame(&buy)].concat());
    assert!(client.read()["localizador"].is_string());
    assert_eq!(client.read()["ida"][0]["disponiveis"], 3);
    assert!(client.read()["localizador"].is_string());
}

#[test]
fn a_thousand_requests_in_one_write_are_all_answered() {
    let setup = Setup::of(Kind::Tours, 1, 1);
    let daemon = setup.start();
    let mut client = daemon.connect();
    let month = |number: usize| format!("{}-{:02}", 2000 + number / 12, number % 12 + 1);
    let bytes: Vec<u8> = (0..1000).flat_map(|number| frame(calendar(&month(number)))).collect();
    client.send_raw(bytes);
    client.end();
    for number in 0..1000 {
        assert_eq!(client.read()["mes"], month(number).as_str());
    }
    client.expect_end();
}
