//! Stays over several nights: the same room, named by hotel, address and number, on every night.

use agencia_tests::inventory::with;
use agencia_tests::wire::{check_error, code};
use agencia_tests::{Daemon, Kind, Setup};
use serde_json::{Value, json};

/// A room for the night of that day of December 2099.
fn night(room: u16, day: u16) -> Value {
    let price = format!("{},50R$", 100 * room + day);
    let day = format!("{day}/12/2099");
    with(Kind::Stays.offer(room), [("diaEntrada", json!(day)), ("valor", json!(price))])
}

fn search(daemon: &Daemon<'_>, more: &str) -> Vec<Value> {
    let reply = daemon.connect().ask(Kind::Stays.search(more));
    reply["hospedagens"].as_array().unwrap_or_else(|| panic!("{reply}")).clone()
}

fn rooms(daemon: &Daemon<'_>, more: &str) -> Vec<u64> {
    let number = |stay: &Value| stay["numero"].as_u64().expect("a room has a number");
    search(daemon, more).iter().map(number).collect()
}

#[test]
fn a_stay_of_three_nights_says_its_days_and_its_price() {
    let setup = Setup::new(Kind::Stays, &[night(1, 24), night(1, 25), night(1, 26)]);
    let daemon = setup.start();
    let stay = &search(&daemon, r#","dataVolta":"2099-12-27""#)[0];
    assert_eq!(stay["diaEntrada"], "24/12/2099");
    assert_eq!(stay["diaSaida"], "27/12/2099");
    assert_eq!(stay["noites"], 3);
    assert_eq!(stay["valor"], "124,50R$", "the first night's");
    assert_eq!(stay["valorTotal"], "376,50R$");
    for one_night in ["", r#","dataVolta":"2099-12-24""#, r#","dataVolta":"2099-12-25""#] {
        let stay = &search(&daemon, one_night)[0];
        for field in ["diaSaida", "noites", "valorTotal"] {
            assert_eq!(stay.get(field), None, "{one_night}");
        }
    }
}

#[test]
fn a_room_must_be_there_on_every_night_and_be_the_same() {
    let elsewhere = |name: &str, value: &str, day| with(night(3, day), [(name, json!(value))]);
    let setup = Setup::new(
        Kind::Stays,
        &[
            night(1, 24),
            night(1, 25),
            // No second night.
            night(2, 24),
            // The second night is in another hotel, or in another street.
            night(3, 24),
            elsewhere("nome", "Hotel Iriri", 25),
            elsewhere("endereco", "Rua Nove, 9", 25),
        ],
    );
    let daemon = setup.start();
    assert_eq!(rooms(&daemon, ""), [1, 2, 3]);
    assert_eq!(rooms(&daemon, r#","dataVolta":"2099-12-26""#), [1]);
    assert_eq!(rooms(&daemon, r#","dataVolta":"2099-12-27""#), [0; 0]);
}

#[test]
fn there_are_beds_for_everybody() {
    let beds = |room, beds: u16| with(night(room, 24), [("qtdCamas", json!(beds))]);
    let setup = Setup::new(Kind::Stays, &[beds(1, 1), beds(2, 2), beds(3, 3)]);
    let daemon = setup.start();
    assert_eq!(rooms(&daemon, r#","numeroDePessoas":1"#), [1, 2, 3]);
    assert_eq!(rooms(&daemon, r#","numeroDePessoas":2"#), [2, 3]);
    assert_eq!(rooms(&daemon, r#","numeroDePessoas":"3""#), [3]);
    assert_eq!(rooms(&daemon, r#","numeroDePessoas":4"#), [0; 0]);
}

#[test]
fn buying_several_nights_takes_every_one_of_them_or_none() {
    let nights = |room| [24, 25, 26].map(|day| night(room, day));
    let setup = Setup::new(Kind::Stays, &nights(1));
    let daemon = setup.start();
    let id = search(&daemon, "")[0]["id"].as_str().expect("an id").to_owned();
    let second = search_at(&daemon, "2099-12-25")[0]["id"].as_str().expect("an id").to_owned();
    let buy = |id: &str, nights: u16| {
        let body = format!(r#"{{"action":"reservar","id":"{id}","noites":{nights}}}"#);
        daemon.connect().ask(body)
    };
    check_error(&buy(&id, 4), "esgotado", "");
    assert_eq!(buy(&second, 1)["valor"], "125,50R$");
    let refused = buy(&id, 3);
    check_error(&refused, "esgotado", "");
    assert_eq!(refused["erro"]["id"], id.as_str());
    assert_eq!(rooms(&daemon, ""), [1], "the refused purchase took no night");
    assert_eq!(search_at(&daemon, "2099-12-26").len(), 1);
    assert_eq!(code(&buy(&id, 1)), None);
    assert_eq!(rooms(&daemon, ""), [0; 0]);
}

#[test]
fn a_voucher_of_several_nights_says_all_of_it() {
    let setup = Setup::new(Kind::Stays, &[night(1, 24), night(1, 25)]);
    let daemon = setup.start();
    let listed = search(&daemon, r#","dataVolta":"2099-12-26""#)[0].clone();
    let id = listed["id"].as_str().expect("an id");
    let body = format!(r#"{{"action":"reservar","id":"{id}","noites":"2"}}"#);
    let sold = daemon.connect().ask(body);
    for field in ["diaEntrada", "diaSaida", "noites", "valorTotal", "nome", "numero"] {
        assert_eq!(sold[field], listed[field], "{field} in {sold}");
    }
    assert_eq!(search(&daemon, "").len() + search_at(&daemon, "2099-12-25").len(), 0);
}

fn search_at(daemon: &Daemon<'_>, day: &str) -> Vec<Value> {
    let body = Kind::Stays.search("").replace(agencia_tests::inventory::DAY, day);
    daemon.connect().ask(body)["hospedagens"].as_array().expect("a list").clone()
}

#[test]
fn a_calendar_for_several_nights_tells_the_rooms_that_are_free_on_all_of_them() {
    let setup = Setup::new(Kind::Stays, &[night(1, 24), night(2, 24), night(2, 25)]);
    let daemon = setup.start();
    let (field, city) = Kind::Stays.place();
    let lowest = |nights: u16| {
        let fields = format!(r#""{field}":"{city}","mes":"2099-12","noites":{nights}"#);
        let reply = daemon.connect().ask(format!(r#"{{"action":"calendario",{fields}}}"#));
        let days = reply["dias"].as_array().unwrap_or_else(|| panic!("{reply}"));
        days.iter().map(|day| day["menorPreco"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(lowest(1), ["124,50R$", "225,50R$"]);
    assert_eq!(lowest(2), [json!("224,50R$"), Value::Null]);
    assert_eq!(lowest(3), [Value::Null, Value::Null]);
}
