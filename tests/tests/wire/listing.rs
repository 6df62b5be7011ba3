//! Lists and what can be asked beside searches: pages, orders, destinations, calendars, offers,
//! health.

use agencia_tests::inventory::{AIRPORT, CITY, HOME, RECORD_PAST, with};
use agencia_tests::wire::check_error;
use agencia_tests::{Client, Kind, Setup};
use serde_json::{Value, json};

fn ids(kind: Kind, reply: &Value) -> Vec<String> {
    let list = reply[kind.list()].as_array().unwrap_or_else(|| panic!("{reply}"));
    list.iter().map(|offer| offer["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_list_is_cut_at_its_limit_and_goes_on_after_its_last_id() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 5, 1);
        let daemon = setup.start();
        let all = daemon.ids();
        let mut client = daemon.connect();
        let mut page = |more: &str| {
            let reply = client.ask(kind.search(more));
            (ids(kind, &reply), reply.get("mais").cloned())
        };
        assert_eq!(page(r#","limite":2"#), (all[..2].to_vec(), Some(json!(true))));
        assert_eq!(page(r#","limite":"2""#), (all[..2].to_vec(), Some(json!(true))));
        let after = |number: usize| format!(r#","limite":2,"apos":"{}""#, all[number]);
        assert_eq!(page(&after(1)), (all[2..4].to_vec(), Some(json!(true))));
        assert_eq!(page(&after(3)), (all[4..].to_vec(), None));
        assert_eq!(page(&after(4)), (vec![], None));
        assert_eq!(page(r#","limite":5"#), (all.clone(), None), "nothing was cut");
        assert_eq!(page(r#","limite":4"#), (all[..4].to_vec(), Some(json!(true))));
    }
}

#[test]
fn the_limits_of_lists_are_settings() {
    let setup = Setup::of(Kind::Tours, 5, 1);
    setup.settings("[limits]\nresults_default = 2\nresults_max = 3");
    let daemon = setup.start();
    let mut client = daemon.connect();
    let mut count = |more: &str| {
        let reply = client.ask(Kind::Tours.search(more));
        assert_eq!(reply["mais"], true, "{reply}");
        ids(Kind::Tours, &reply).len()
    };
    assert_eq!(count(""), 2);
    assert_eq!(count(r#","limite":1"#), 1);
    assert_eq!(count(r#","limite":3"#), 3);
    assert_eq!(count(r#","limite":1000"#), 3);
}

#[test]
fn a_list_is_by_time_then_price_or_by_price_then_time() {
    for kind in [Kind::Flights, Kind::Tours] {
        let time = if kind == Kind::Flights { "horarioIda" } else { "horario" };
        let offer = |hour: &str, price: &str| {
            with(kind.offer(0), [(time, json!(hour)), ("valor", json!(price))])
        };
        let setup = Setup::new(
            kind,
            &[
                offer("20:00h", "1,00R$"),
                offer("9:00h", "30,00R$"),
                offer("10:00h", "20,00R$"),
                offer("09:00h", "5,00R$"),
            ],
        );
        let daemon = setup.start();
        let mut client = daemon.connect();
        let mut prices = |more: &str| {
            let reply = client.ask(kind.search(more));
            let list = reply[kind.list()].as_array().unwrap_or_else(|| panic!("{reply}")).clone();
            list.iter().map(|o| o["valor"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
        };
        let by_time = ["5,00R$", "30,00R$", "20,00R$", "1,00R$"];
        assert_eq!(prices(""), by_time);
        assert_eq!(prices(r#","ordem":"horario""#), by_time);
        assert_eq!(prices(r#","ordem":"preco""#), ["1,00R$", "5,00R$", "20,00R$", "30,00R$"]);
        let reply = client.ask(kind.search(r#","ordem":"preco","limite":2"#));
        let more = format!(r#","ordem":"preco","limite":2,"apos":"{}""#, ids(kind, &reply)[1]);
        assert_eq!(client.ask(kind.search(&more))[kind.list()][0]["valor"], "20,00R$");
    }
}

#[test]
fn a_page_that_makes_no_sense_names_its_field() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 1);
        let daemon = setup.start();
        let mut client = daemon.connect();
        let mut check = |more: &str, field: &str| {
            check_error(&client.ask(kind.search(more)), "campo_invalido", field);
        };
        check(r#","limite":0"#, "limite");
        check(r#","limite":-1"#, "limite");
        check(r#","limite":"x""#, "limite");
        check(r#","ordem":"nome""#, "ordem");
        check(r#","apos":"<b>""#, "apos");
        check(r#","apos":"ffffffffffffffff""#, "apos");
    }
}

#[test]
fn destinations_are_what_can_be_searched_with_their_days() {
    for kind in Kind::ALL {
        let (field, place) = kind.place();
        let on = |number, place: &str, day: &str| {
            let offer = with(kind.offer(number), [(field, json!(place))]);
            let offer = with(offer, [(kind.day_field(), json!(day))]);
            if kind == Kind::Flights { with(offer, [("diaChegada", json!(day))]) } else { offer }
        };
        let setup = Setup::new(
            kind,
            &[
                on(1, place, "26/12/2099"),
                on(2, place, "24/12/2099"),
                on(3, place, RECORD_PAST),
                on(4, "Aaa", "25/12/2099"),
                on(5, "Só Passado", RECORD_PAST),
                on(6, HOME, "24/12/2099"),
            ],
        );
        let daemon = setup.start();
        let mut expected = vec![
            json!({"nome": "Aaa", "primeiroDia": "2099-12-25", "ultimoDia": "2099-12-25"}),
            json!({"nome": place, "primeiroDia": "2099-12-24", "ultimoDia": "2099-12-26"}),
        ];
        if kind != Kind::Flights {
            // Only for flights is the home airport no destination.
            let day = "2099-12-24";
            expected.insert(1, json!({"nome": HOME, "primeiroDia": day, "ultimoDia": day}));
            expected.sort_by_key(|place| place["nome"].to_string());
        }
        let reply = daemon.connect().ask(r#"{"action":"destinos"}"#);
        assert_eq!(reply, json!({"destinos": expected}));
    }
}

#[test]
fn a_calendar_has_the_lowest_price_of_each_day_and_whether_anything_is_left() {
    for kind in Kind::ALL {
        let on = |number, day: &str, capacity| {
            let offer = kind.offer_of(number, capacity);
            let offer = with(offer, [(kind.day_field(), json!(day))]);
            if kind == Kind::Flights { with(offer, [("diaChegada", json!(day))]) } else { offer }
        };
        let setup = Setup::new(
            kind,
            &[
                on(7, "24/12/2099", 1),
                on(3, "24/12/2099", 1),
                on(5, "31/12/2099", 0),
                on(1, "01/01/2100", 1),
            ],
        );
        let daemon = setup.start();
        let (field, place) = kind.place();
        let mut client = daemon.connect();
        let mut days = |month: &str| {
            let body = format!(r#"{{"action":"calendario","{field}":"{place}","mes":"{month}"}}"#);
            let reply = client.ask(body);
            assert_eq!(reply["mes"], month, "{reply}");
            reply["dias"].clone()
        };
        let december = json!([
            {"dia": "2099-12-24", "menorPreco": "103,00R$", "disponivel": true},
            {"dia": "2099-12-31", "disponivel": false},
        ]);
        assert_eq!(days("2099-12"), december);
        assert_eq!(days("2099-11"), json!([]));
        let january = json!([{"dia": "2100-01-01", "menorPreco": "101,00R$", "disponivel": true}]);
        assert_eq!(days("2100-01"), january);
        check_calendar_errors(&mut client, kind);
    }
}

#[test]
fn a_calendar_for_several_passes_over_what_is_too_small_for_them() {
    for kind in Kind::ALL {
        let of = |number, size| {
            let offer = kind.offer_of(number, size);
            if kind == Kind::Stays { with(offer, [("qtdCamas", json!(size))]) } else { offer }
        };
        let setup = Setup::new(kind, &[of(1, 1), of(3, 2)]);
        let daemon = setup.start();
        let (field, place) = kind.place();
        let mut client = daemon.connect();
        let mut lowest = |people: &str| {
            let more = format!(r#""{}":{people}"#, kind.people_field());
            let body =
                format!(r#"{{"action":"calendario","{field}":"{place}","mes":"2099-12",{more}}}"#);
            client.ask(body)["dias"][0]["menorPreco"].clone()
        };
        assert_eq!(lowest("1"), "101,00R$");
        assert_eq!(lowest("\"2\""), "103,00R$");
        assert_eq!(lowest("3"), Value::Null);
        let body = format!(r#"{{"action":"calendario","{field}":"{place}","mes":"2099-12""#);
        let wrong = format!(r#"{body},"{}":0}}"#, kind.people_field());
        check_error(&client.ask(wrong), "campo_invalido", kind.people_field());
    }
}

fn check_calendar_errors(client: &mut Client, kind: Kind) {
    let (field, place) = kind.place();
    let other = if field == "cidade" { "paraAeroporto" } else { "cidade" };
    for (fields, wrong) in [
        (format!(r#""{field}":"{place}""#), "mes"),
        (format!(r#""{field}":"{place}","mes":"2099-13""#), "mes"),
        (format!(r#""{field}":"{place}","mes":"2099-12-24""#), "mes"),
        (r#""mes":"2099-12""#.to_owned(), field),
        (format!(r#""{other}":"{place}","mes":"2099-12""#), field),
    ] {
        let reply = client.ask(format!(r#"{{"action":"calendario",{fields}}}"#));
        check_error(&reply, "campo_invalido", wrong);
    }
}

#[test]
fn offers_are_shown_again_as_they_are_now_and_null_when_gone() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 2, 3);
        let daemon = setup.start();
        let listed = daemon.offers();
        let id = |number: usize| listed[number]["id"].as_str().expect("an id");
        let mut client = daemon.connect();
        let buy = format!(r#"{{"action":"reservar","id":"{}","quantidade":3}}"#, id(0));
        assert!(client.ask(buy)["localizador"].is_string());
        let items = format!(r#"{{"id":"{}"}},{{"id":"nao-ha"}},{{"id":"{}"}}"#, id(1), id(0));
        let reply = client.ask(format!(r#"{{"action":"ofertas","itens":[{items}]}}"#));
        let sold_out = with(listed[0].clone(), [("disponiveis", json!(0))]);
        let policy = json!([{"dias": 7, "percentual": 100}, {"dias": 2, "percentual": 50}]);
        let offers = json!([listed[1], null, sold_out]);
        assert_eq!(reply, json!({"cancelamento": policy, "ofertas": offers}));

        let many = |count: usize| {
            let items = vec![r#"{"id":"x"}"#; count].join(",");
            format!(r#"{{"action":"ofertas","itens":[{items}]}}"#)
        };
        assert_eq!(client.ask(many(100))["ofertas"].as_array().map(Vec::len), Some(100));
        for count in [0, 101] {
            check_error(&client.ask(many(count)), "campo_invalido", "itens");
        }
    }
}

#[test]
fn health_counts_what_happened() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 4, 1);
        let daemon = setup.start();
        let id = &daemon.ids()[0];
        let mut client = daemon.connect();
        assert!(
            client.ask(format!(r#"{{"action":"reservar","id":"{id}"}}"#)).get("erro").is_none()
        );
        client.ask("[]");
        let health = client.ask(r#"{"action":"saude"}"#);
        for (field, expected) in [
            ("servidor", json!(kind.name())),
            ("versao", json!(env!("CARGO_PKG_VERSION"))),
            ("pronto", json!(true)),
            ("ofertas", json!(4)),
            ("pedidos", json!(4)),
            ("erros", json!(1)),
            ("reservas", json!(1)),
        ] {
            assert_eq!(health[field], expected, "{field} in {health}");
        }
        // The connection that listed the ids may not have been cleared away yet.
        assert!([json!(1), json!(2)].contains(&health["conexoes"]), "{health}");
        assert!(health["segundosAtivo"].is_u64(), "{health}");
    }
}

#[test]
fn the_home_airport_is_a_setting() {
    let setup = Setup::of(Kind::Flights, 1, 1);
    setup.settings(&format!("[product]\nhome_airport = \"{AIRPORT}\""));
    let reply = setup.start().connect().ask(r#"{"action":"destinos"}"#);
    assert_eq!(reply, json!({"destinos": []}), "{CITY} is at home now");
}
