//! Requests that are objects and still wrong: the error names the field and the connection goes on.

use agencia_tests::inventory::{DAY, PAST};
use agencia_tests::wire::{check_error, code};
use agencia_tests::{Client, Kind, Setup};

/// A search with these fields beside the place.
fn search(kind: Kind, fields: &str) -> String {
    let (field, place) = kind.place();
    format!(r#"{{"{field}":"{place}"{fields}}}"#)
}

fn check_wrong(client: &mut Client, body: &str, field: &str) {
    let reply = client.ask(body);
    check_error(&reply, "campo_invalido", field);
}

#[test]
fn a_day_that_is_none_is_refused_by_its_field() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        let daemon = setup.start();
        let mut client = daemon.connect();
        let days = [
            r#""2021-02-30""#,
            r#""2100-02-29""#,
            r#""2099-13-01""#,
            r#""24/12/2099""#,
            r#""2099-12-24T10:00""#,
            r#""2099-1-1""#,
            r#""amanhã""#,
            r#""""#,
            "20991224",
            "null",
            "true",
            r#"["2099-12-24"]"#,
            "{}",
        ];
        for day in days {
            check_wrong(&mut client, &search(kind, &format!(r#","dataIda":{day}"#)), "dataIda");
        }
        check_wrong(&mut client, &search(kind, ""), "dataIda");
        let both = format!(r#","dataIda":"{DAY}","dataIda":"{DAY}""#);
        check_wrong(&mut client, &search(kind, &both), "dataIda");
        assert_eq!(code(&client.ask(kind.search(""))), None);
    }
}

#[test]
fn a_return_is_not_before_the_departure() {
    for kind in [Kind::Flights, Kind::Stays] {
        let setup = Setup::of(kind, 1, 1);
        let daemon = setup.start();
        let mut client = daemon.connect();
        let back = |day: &str| search(kind, &format!(r#","dataIda":"{DAY}","dataVolta":{day}"#));
        check_wrong(&mut client, &back(r#""2099-12-23""#), "dataVolta");
        check_wrong(&mut client, &back(r#""2021-02-30""#), "dataVolta");
        assert_eq!(code(&client.ask(back(r#""2099-12-24""#))), None, "the same day is fine");
        assert_eq!(code(&client.ask(back(r#""2099-12-25""#))), None);
        assert_eq!(code(&client.ask(back(r#""""#))), None, "a form sends what is left empty");
    }
}

#[test]
fn people_are_1_to_999_as_a_number_or_as_digits() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        let daemon = setup.start();
        let mut client = daemon.connect();
        let people = kind.people_field();
        let with = |count: &str| kind.search(&format!(r#","{people}":{count}"#));
        for wrong in [
            "0",
            "1000",
            "1000000",
            "-1",
            "1.5",
            "1e2",
            "18446744073709551616",
            r#""0""#,
            r#""1000""#,
            r#""1000000""#,
            r#""-1""#,
            r#""dois""#,
            r#""1.0""#,
            "[1]",
            "true",
        ] {
            check_wrong(&mut client, &with(wrong), people);
        }
        check_wrong(&mut client, &with(&format!(r#"1,"{people}":1"#)), people);
        for fine in ["1", "999", r#""1""#, r#""999""#, r#""""#] {
            assert_eq!(code(&client.ask(with(fine))), None, "{fine}");
        }
        let found = |client: &mut Client, count: &str| {
            client.ask(with(count))[kind.list()].as_array().map_or(0, Vec::len)
        };
        // One unit is on sale, in a room of four beds.
        let most = if kind == Kind::Stays { 4 } else { 1 };
        assert_eq!(found(&mut client, &most.to_string()), 1);
        assert_eq!(found(&mut client, &format!(r#""{most}""#)), 1, "digits are a number");
        assert_eq!(found(&mut client, &(most + 1).to_string()), 0);
        assert_eq!(found(&mut client, &format!(r#""{}""#, most + 1)), 0);
    }
}

#[test]
fn a_place_is_named_and_not_empty() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        let daemon = setup.start();
        let mut client = daemon.connect();
        let (field, _) = kind.place();
        let at = |place: &str| format!(r#"{{"{field}":{place},"dataIda":"{DAY}"}}"#);
        for wrong in [r#""""#, "1", "null", r#"["X"]"#, "{}"] {
            check_wrong(&mut client, &at(wrong), field);
        }
        check_wrong(&mut client, &at(&format!(r#""X","{field}":"Y""#)), field);
        check_wrong(&mut client, &format!(r#"{{"dataIda":"{DAY}"}}"#), field);
        let nowhere = client.ask(at(r#""Lugar Nenhum""#));
        assert_eq!(nowhere[kind.list()].as_array().map(Vec::len), Some(0), "{nowhere}");
    }
}

#[test]
fn the_action_of_a_search_may_be_left_out() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 2, 1);
        let daemon = setup.start();
        let mut client = daemon.connect();
        let said = client.ask(kind.search(""));
        assert_eq!(said[kind.list()].as_array().map(Vec::len), Some(2));
        assert_eq!(client.ask(search(kind, &format!(r#","dataIda":"{DAY}""#))), said);
    }
}

#[test]
fn an_action_of_nobody_or_of_another_daemon_is_unknown() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        let daemon = setup.start();
        let mut client = daemon.connect();
        let others = Kind::ALL.into_iter().filter(|other| *other != kind).map(Kind::action);
        for action in others.chain(["voar", "", "SAUDE", "saude ", "reserva"]) {
            let reply = client.ask(format!(r#"{{"action":"{action}"}}"#));
            check_error(&reply, "acao_desconhecida", "");
        }
        check_wrong(&mut client, r#"{"action":1}"#, "action");
        check_wrong(&mut client, r#"{"action":"saude","action":"saude"}"#, "action");
        assert_eq!(client.ask(r#"{"action":"saude"}"#)["servidor"], kind.name());
    }
}

#[test]
fn a_search_ignores_what_it_does_not_know() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        let daemon = setup.start();
        let mut client = daemon.connect();
        // The report's own client sends the fields of all three forms to everybody.
        let more = r#","nome":"Ana","viagem":{"a":[1,null]},"preço":1.5"#;
        assert_eq!(client.ask(kind.search(more)), client.ask(kind.search("")));
    }
}

#[test]
fn a_purchase_names_its_field_and_takes_no_unknown_one() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 5);
        let daemon = setup.start();
        let id = &daemon.ids()[0];
        let mut client = daemon.connect();
        let buy = |fields: &str| format!(r#"{{"action":"reservar"{fields}}}"#);
        let of = |fields: &str| buy(&format!(r#","id":"{id}"{fields}"#));
        check_wrong(&mut client, &buy(""), "id");
        check_wrong(&mut client, &buy(r#","id":"""#), "id");
        check_wrong(&mut client, &buy(r#","id":{}"#), "id");
        check_wrong(&mut client, &buy(r#","id":"não há""#), "id");
        check_wrong(&mut client, &buy(r#","id":"ffffffffffffffff""#), "id");
        check_wrong(&mut client, &buy(&format!(r#","id":"{}""#, "x".repeat(65))), "id");
        check_wrong(&mut client, &of(&format!(r#","id":"{id}""#)), "id");
        for count in ["0", "1000", "1000000", "-1", r#""um""#] {
            let body = of(&format!(r#","quantidade":{count}"#));
            check_wrong(&mut client, &body, "quantidade");
        }
        for nights in ["0", "-1", "1000000", r#""x""#] {
            check_wrong(&mut client, &of(&format!(r#","noites":{nights}"#)), "noites");
        }
        for trip in ["1", r#""x""#, r#""0190a5ee7c1e7c538b519a2d0e8f7b11""#] {
            check_wrong(&mut client, &of(&format!(r#","viagem":{trip}"#)), "viagem");
        }
        check_wrong(&mut client, &of(r#","quantidadee":1"#), "quantidadee");
        assert_eq!(daemon.offers()[0]["disponiveis"], 5, "nothing of this sold anything");
    }
}

#[test]
fn days_that_are_over_can_be_asked_for_and_have_nothing() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        let daemon = setup.start();
        let reply = daemon.connect().ask(search(kind, &format!(r#","dataIda":"{PAST}""#)));
        assert_eq!(reply[kind.list()].as_array().map(Vec::len), Some(0), "{reply}");
    }
}
