//! What the whole is for: a trip is booked from host to host, and goes on when daemons come back.

use crate::peer::{Peer, Proof};
use crate::stage::{Keys, LAN, Site, WEB, Web};
use agencia_keys::Issued;
use agencia_tests::http::{Browser, Page, get};
use agencia_tests::keys::Certifier;
use agencia_tests::process::Signal;
use agencia_tests::trio::offer_id;
use agencia_tests::{Kind, PATIENCE};
use serde_json::{Map, Value, json};
use std::fs;
use std::time::Instant;
use uuid::Uuid;

/// A review of one of each.
fn choice() -> String {
    let [flight, room, tour] = Kind::ALL.map(|kind| offer_id(kind, 0));
    format!("/pacote?ida={flight}&pessoas=1&hospedagem={room}&passeio={tour}")
}

/// From the review to the last page.
fn book(web: &Web) -> Page {
    let mut browser = Browser::default();
    let review = browser.get(web.address, &choice());
    let (action, fields) = review.form("/pacote").unwrap_or_else(|| panic!("{}", review.text()));
    let held = browser.post(web.address, &action, &fields);
    let Some((action, fields)) = held.travellers() else { return held };
    browser.post(web.address, &action, &fields)
}

fn is_booked(page: &Page) -> bool {
    page.body.contains("class=\"locator")
}

#[test]
fn a_trip_is_booked_from_a_third_host_over_tls_and_an_administrator_sees_it() {
    let keys = Keys::make();
    let site = Site::new(&keys.daemons(), "");
    let daemons = site.trio.start();
    let web = site.web(&keys.web());
    for daemon in &daemons {
        daemon.lines().wait_for("bookings over TLS with a certificate of this agency");
    }
    for kind in Kind::ALL {
        let told = format!("{} ({}) is on another host", kind.name(), site.trio.address(kind));
        assert!(web.process.lines.wait_for(&told).contains("over TLS with"), "{told}");
    }

    let page = site.on(LAN, || book(&web));
    assert!(is_booked(&page), "{}", page.text());
    let (code, said) = site.command(LAN, &keys.administrator(), &["audit"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = site.command(LAN, &keys.administrator(), &["trips", "--json"]);
    assert_eq!((code, said.matches("\"locator\"").count() > 0), (Some(0), true), "{said}");

    // The same question with the web client's keys, which have no administrator's certificate.
    let (code, said) = site.command(LAN, &keys.web(), &["audit"]);
    assert_ne!(code, Some(0), "{said}");
    let missing = "administrador: a conexão veio sem TLS";
    assert!(said.contains(missing), "no {missing:?} in: {said}");

    // All use the keys that were made for them, and none of their own.
    let own = Kind::ALL.map(|kind| site.trio.setup(kind).path().join("chave"));
    let own: Vec<_> = own.into_iter().chain([site.trio.path().join("web/chave")]).collect();
    assert!(own.iter().all(|key| !key.exists()), "one of {own:?} was made");

    // What the web client's host was not given.
    let mut files: Vec<_> = fs::read_dir(keys.web())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["autoridade.pem", "chave-web", "web.chave", "web.pem"]);
}

#[test]
fn daemons_that_come_back_are_found_again_by_the_same_web_client_over_tls() {
    let keys = Keys::make();
    let site = Site::new(&keys.daemons(), "");
    let daemons = site.trio.start();
    let web = site.web(&keys.web());
    let page = site.on(LAN, || book(&web));
    assert!(is_booked(&page), "{}", page.text());

    daemons.into_iter().for_each(|daemon| drop(daemon.finish()));
    let search = "/hospedagens?cidade=Altamira+%28PA%29&dataIda=2099-12-24&numeroDePessoas=1";
    let page = site.on(LAN, || get(web.address, search));
    assert_eq!((page.status, page.header("retry-after")), (503, Some("5")), "{}", page.text());

    let again = site.trio.start();
    let due = Instant::now() + PATIENCE;
    let mut page = site.on(LAN, || get(web.address, search));
    while page.status != 200 && Instant::now() < due {
        page = site.on(LAN, || get(web.address, search));
    }
    assert_eq!(page.status, 200, "{}", page.text());
    let page = site.on(LAN, || book(&web));
    assert!(is_booked(&page), "{}", page.text());
    assert!(!web.process.has_ended());
    web.process.signal(Signal::TERM);
    drop(again);
}

#[test]
fn daemons_settle_among_themselves_over_tls() {
    let keys = Keys::make();
    let site = Site::new(&keys.daemons(), "");
    let daemons = site.trio.start();
    let agency = Certifier::of(&keys.daemons());
    let authority = fs::read_to_string(keys.web().join("autoridade.pem")).unwrap();
    let [web, administrator] = ["web", "administrador"].map(|role| agency.issue(role, -1, 9));
    let ask = |kind: Kind, shows: &Issued, request: Value| {
        let address = site.trio.address(kind);
        let reply =
            Peer::connect(address, &authority, Proof::Shows(shows)).ask(&request.to_string());
        assert!(reply["erro"].is_null(), "{request}: {reply}");
        reply
    };
    let trip = Uuid::now_v7().to_string();
    let items = |kind: Kind| json!([{"id": offer_id(kind, 0), "quantidade": 1}]);
    let parts: Map<_, _> =
        Kind::ALL.into_iter().map(|kind| (kind.name().to_owned(), items(kind))).collect();
    site.on(WEB, || {
        for kind in Kind::ALL {
            let hold = json!({"action": "segurar", "viagem": trip, "revisao": 1,
                "itens": items(kind), "validade": 60});
            assert_eq!(ask(kind, &web, hold)["estado"], "segura");
        }
        let mut receipts = Map::new();
        for kind in [Kind::Stays, Kind::Tours] {
            let pin = json!({"action": "fixar", "viagem": trip, "revisao": 1, "ancora": "voos",
                "partes": parts});
            receipts.insert(kind.name().to_owned(), ask(kind, &web, pin)["recibo"].clone());
        }
        let decide = json!({"action": "decidir", "viagem": trip, "partes": parts,
            "recibos": receipts, "viajantes": [{"nome": "Ana", "sobrenome": "Souza"}]});
        assert_eq!(ask(Kind::Flights, &web, decide)["estado"], "confirmada");
        // Whoever led the trip tells nobody: only the daemons can, over TLS like everybody else.
        let due = Instant::now() + PATIENCE;
        let confirmed = || {
            Kind::ALL.map(|kind| {
                ask(kind, &administrator, json!({"action": "auditar"}))["confirmadas"].clone()
            })
        };
        while confirmed() != [json!(1), json!(1), json!(1)] {
            assert!(Instant::now() < due, "{:?}", confirmed());
        }
    });
    daemons.into_iter().for_each(|daemon| drop(daemon.finish()));
}
