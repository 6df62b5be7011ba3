//! Searches over inventory in the report's format: records come back to the letter, with their id
//! and what is left.

use agencia_tests::inventory::{AIRPORT, CITY, DAY, HOME, RECORD_PAST, with};
use agencia_tests::{Kind, Setup};
use serde_json::{Value, json};

/// Three records as the report's generator wrote them, on a day that is still to come.
const REPORT: [(Kind, &str); 3] = [
    (
        Kind::Flights,
        r#"{"horarioIda":"0:00h","chegadaIda":"06:00h","valor":"9254,00R$","diaIda":"24/12/2099","diaChegada":"24/12/2099","deAeroporto":"Aeroporto Internacional de Confins - Tancredo Neves","paraAeroporto":"Aeroporto de Altamira (PA)"}"#,
    ),
    (
        Kind::Stays,
        r#"{"diaEntrada":"24/12/2099","numero":7,"qtdQuartos":2,"qtdCamas":3,"valor":"120,50R$","nome":"Hotel \"Açaí\" & Cia","endereco":"Rua Sete de Setembro, 7","cidade":"Altamira (PA)","cafeDaManha":false}"#,
    ),
    (
        Kind::Tours,
        r#"{"horario":"21:00h","valor":"0,00R$","dia":"24/12/2099","local":"Orla do Cais","endereco":"Av. João Pessoa","cidade":"Altamira (PA)"}"#,
    ),
];

/// The units of a record that says none.
fn default_capacity(kind: Kind) -> u32 {
    match kind {
        Kind::Flights => 180,
        Kind::Stays => 1,
        Kind::Tours => 20,
    }
}

#[test]
fn a_record_of_the_report_comes_back_to_the_letter() {
    for (kind, record) in REPORT {
        let setup = Setup::new(kind, &[]);
        setup.write("inventory.json", &format!("[{record}]"));
        let daemon = setup.start();
        let id = &daemon.ids()[0];
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        let open = record.strip_suffix('}').expect("an object");
        let left = default_capacity(kind);
        let listed = format!(r#"{open},"id":"{id}","disponiveis":{left}}}"#);
        let expected = match kind {
            Kind::Flights => format!(r#"{{"ida":[{listed}],"volta":[]}}"#),
            Kind::Stays | Kind::Tours => format!(r#"{{"{}":[{listed}]}}"#, kind.list()),
        };
        let mut client = daemon.connect();
        client.send(kind.search(""));
        assert_eq!(client.read_frame(), expected);
    }
}

#[test]
fn what_has_more_people_than_units_or_has_begun_is_not_listed() {
    for kind in Kind::ALL {
        let past = with(kind.offer(0), [(kind.day_field(), json!(RECORD_PAST))]);
        let past = if kind == Kind::Flights {
            with(past, [("diaChegada", json!(RECORD_PAST))])
        } else {
            past
        };
        let setup = Setup::new(kind, &[past, kind.offer_of(1, 3), kind.offer_of(2, 0)]);
        let daemon = setup.start();
        let offers = daemon.offers();
        assert_eq!(offers.len(), 1, "{offers:?}");
        assert_eq!(offers[0]["disponiveis"], 3);
        assert_eq!(daemon.connect().ask(r#"{"action":"saude"}"#)["ofertas"], 3, "all are known");
    }
}

#[test]
fn flights_go_there_on_one_day_and_back_on_another() {
    let there = |number, day: &str| {
        let day = json!(day);
        with(Kind::Flights.offer(number), [("diaIda", day.clone()), ("diaChegada", day)])
    };
    let back = |number, day: &str| {
        let airports = [("deAeroporto", json!(AIRPORT)), ("paraAeroporto", json!(HOME))];
        with(there(number, day), airports)
    };
    let days = ["24/12/2099", "25/12/2099"];
    let setup = Setup::new(
        Kind::Flights,
        &[there(1, days[0]), there(2, days[1]), back(3, days[0]), back(4, days[1])],
    );
    let daemon = setup.start();
    let mut client = daemon.connect();
    let mut check = |more: &str, expected: (&[&str], &[&str])| {
        let reply = client.ask(Kind::Flights.search(more));
        let times = |list: &Value| -> Vec<String> {
            let times = list.as_array().into_iter().flatten().map(|f| f["horarioIda"].as_str());
            times.map(|time| time.unwrap_or("none").to_owned()).collect()
        };
        let (outbound, inbound) = (times(&reply["ida"]), times(&reply["volta"]));
        assert_eq!((outbound, inbound), (owned(expected.0), owned(expected.1)), "{more}");
    };
    check("", (&["00:01h"], &[]));
    check(r#","dataVolta":"2099-12-25""#, (&["00:01h"], &["00:04h"]));
    check(&format!(r#","dataVolta":"{DAY}""#), (&["00:01h"], &["00:03h"]));
    check(r#","dataVolta":"2099-12-26""#, (&["00:01h"], &[]));
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_city_has_only_its_own_offers() {
    for kind in Kind::ALL {
        let (field, place) = kind.place();
        let elsewhere = with(kind.offer(1), [(field, json!(format!("{place} II")))]);
        let setup = Setup::new(kind, &[kind.offer(0), elsewhere]);
        let daemon = setup.start();
        let offers = daemon.offers();
        assert_eq!(offers.len(), 1, "{offers:?}");
        assert_eq!(offers[0][field], place);
    }
}

#[test]
fn csv_has_the_same_columns() {
    let setup = Setup::new(Kind::Tours, &[]);
    let path = setup.path().join("tours.csv");
    let setup = setup.flag("--inventory").flag(path.display().to_string());
    setup.write(
        "tours.csv",
        &format!(
            "horario,valor,dia,local,endereco,cidade,vagas,id\n\
             09:00h,\"10,00R$\",24/12/2099,\"Orla, do Cais\",Rua Dois,{CITY},7,\n\
             10:00h,\"11,00R$\",24/12/2099,Orla,Rua Dois,{CITY},,passeio-2\n"
        ),
    );
    let daemon = setup.start();
    let offers = daemon.offers();
    let told = |number: usize| (&offers[number]["local"], &offers[number]["disponiveis"]);
    assert_eq!(told(0), (&json!("Orla, do Cais"), &json!(7)));
    assert_eq!(told(1), (&json!("Orla"), &json!(20)));
    assert_eq!(offers[1]["id"], "passeio-2");
}
