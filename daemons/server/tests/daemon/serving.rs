//! A daemon under its clients: limits, deadlines, slow peers, crowds, and the end.

use crate::support::*;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn a_search_a_purchase_and_a_search_that_sees_it() {
    let house = House::new(INVENTORY);
    let running = house.serve();
    let mut client = running.connect();
    client.send(&["\"I'm live!\"", SEARCH, &buy("uno"), &buy("uno"), SEARCH, HEALTH]);
    let found = client.reply().unwrap();
    assert_eq!(found["carros"][0]["id"], "uno");
    assert_eq!(found["carros"][0]["disponiveis"], 1);
    let sold = client.reply().unwrap();
    assert_eq!((&sold["modelo"], &sold["quantidade"]), (&"Uno".into(), &1.into()));
    assert!(sold["localizador"].as_str().unwrap().starts_with('C'), "{sold}");
    let refused = client.reply().unwrap();
    assert_eq!((code(&refused).as_str(), &refused["erro"]["id"]), ("esgotado", &"uno".into()));
    assert_eq!(client.reply().unwrap()["carros"][0]["id"], "gol");
    let health = client.reply().unwrap();
    assert_eq!(health["servidor"], "carros");
    for (counter, expected) in
        [("ofertas", 2), ("conexoes", 1), ("pedidos", 5), ("erros", 1), ("reservas", 1)]
    {
        assert_eq!(health[counter], expected, "{counter} in {health}");
    }
}

#[test]
fn everything_that_can_be_asked_is_answered() {
    let house = House::new(INVENTORY);
    let running = house.serve();
    let mut client = running.connect();
    assert_eq!(client.ask(r#"{"action":"destinos"}"#)["destinos"][0]["nome"], "Goiânia (GO)");
    let month = r#"{"action":"calendario","cidade":"Goiânia (GO)","mes":"2030-01"}"#;
    assert_eq!(client.ask(month)["dias"][0]["menorPreco"], "90,00R$");
    let offers = r#"{"action":"ofertas","itens":[{"id":"gol"},{"id":"none"}]}"#;
    let found = client.ask(offers);
    assert_eq!((&found["ofertas"][0]["modelo"], &found["ofertas"][1]), (&"Gol".into(), &().into()));
    assert_eq!(code(&client.ask(r#"{"action":"voar"}"#)), "acao_desconhecida");
    assert_eq!(code(&client.ask(r#"{"action":"carro"}"#)), "campo_invalido");
    assert_eq!(code(&client.ask(&buy("none"))), "campo_invalido");
}

#[test]
fn what_is_still_sold_is_for_the_clock_to_say() {
    let house = House::new(INVENTORY);
    for (minute, expected) in [(20 * 60 - 1, "none"), (20 * 60, "encerrado")] {
        let clock = Stopped::at("2030-01-01", minute);
        let running = Running::start(house.settings(), clock);
        assert_eq!(code(&running.connect().ask(&buy("gol"))), expected, "at minute {minute}");
    }
}

#[test]
fn a_purchase_asked_again_is_answered_as_the_first_time_also_when_it_took_the_last() {
    let house = House::new(INVENTORY);
    let running = house.serve();
    let mut client = running.connect();
    let mint = || agencia_store::mint(Stopped::timestamp());
    let buy_for =
        |id: &str, trip| format!(r#"{{"action":"reservar","id":"{id}","viagem":"{trip}"}}"#);
    let (trip, other) = (mint(), mint());
    let first = client.ask(&buy_for("uno", trip));
    assert_eq!(code(&first), "none");
    assert_eq!(client.ask(&buy_for("uno", trip)), first);
    assert_eq!(code(&client.ask(&buy_for("gol", trip))), "conflito");
    assert_eq!(code(&client.ask(&buy_for("uno", other))), "esgotado");
    // Whatever has become of the offer: it was withdrawn.
    house.write("inventario.json.novo", "[]");
    assert_eq!(code(&client.ask(IMPORT)), "none");
    assert_eq!(client.ask(&buy_for("uno", trip)), first);
    assert_eq!(code(&client.ask(&buy_for("uno", other))), "campo_invalido");
    let old = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11".parse().unwrap();
    let fresh = House::new(INVENTORY);
    assert_eq!(code(&fresh.serve().connect().ask(&buy_for("uno", old))), "antiga");
}

#[test]
fn one_connection_more_than_the_limit_is_told_so_and_closed() {
    let house = House::new(INVENTORY);
    let running = house.serve_with(|settings| settings.limits.connections_max = 2);
    let (mut first, mut second) = (running.connect(), running.connect());
    assert_eq!(code(&first.ask(SEARCH)), "none");
    assert_eq!(code(&second.ask(SEARCH)), "none");
    let mut third = running.connect();
    assert_eq!(third.error(), "ocupado");
    assert!(third.reply().is_none());
    drop(first);
    eventually("a place is free again", || code(&running.connect().ask_or_refused()) == "none");
    assert_eq!(code(&second.ask(SEARCH)), "none");
}

#[test]
fn a_purchase_that_finds_the_ledgers_queue_full_is_told_so() {
    let house = House::new(&INVENTORY.replace("\"carros\":2", "\"carros\":1000"));
    let running = house.serve_with(|settings| {
        settings.limits.ledger_queue_max = 1;
        settings.limits.ledger_batch_max = 1;
    });
    let mut client = running.connect();
    let purchase = buy("gol");
    client.send(&[purchase.as_str(); 200]);
    let codes: Vec<_> = (0..200).map(|_| client.error()).collect();
    assert!(codes.iter().all(|code| ["none", "ocupado"].contains(&code.as_str())), "{codes:?}");
    let sold = codes.iter().filter(|code| *code == "none").count();
    assert!((1..200).contains(&sold), "{sold} of 200");
    assert_eq!(client.ask(HEALTH)["reservas"], sold);
}

#[test]
fn a_thousand_idle_connections_keep_nobody_from_being_served() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // Both ends of each connection are in this process.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let house = House::new(INVENTORY);
    let running = house.serve();
    let mut idle: Vec<_> = (0..1_000).map(|_| running.connect()).collect();
    let mut client = running.connect();
    assert_eq!(code(&client.ask(SEARCH)), "none");
    eventually("all are connected", || client.ask(HEALTH)["conexoes"] == 1_001);
    assert_eq!(code(&client.ask(&buy("uno"))), "none");
    assert_eq!(code(&idle[999].ask(SEARCH)), "none");
}

/// Enough offers for replies of some hundred kilobytes.
fn large_inventory() -> String {
    let record = |number| {
        format!(
            r#"{{"dia":"01/01/2030","valor":"90,00R$","modelo":"Uno","cidade":"Goiânia (GO)","id":"u{number}"}}"#
        )
    };
    format!("[{}]", (0..1_000).map(record).collect::<Vec<_>>().join(","))
}

#[test]
fn a_peer_that_stops_reading_is_dropped_and_others_are_served_meanwhile() {
    let house = House::new(&large_inventory());
    let running = house.serve_with(|settings| {
        settings.deadlines.write = Duration::from_millis(300);
        settings.threads = 1;
    });
    let mut stuck = running.connect();
    let mut client = running.connect();
    // Some 60 MB: more than any socket buffers.
    stuck.send(&[SEARCH; 500]);
    assert_eq!(client.ask(SEARCH)["carros"].as_array().unwrap().len(), 1_000);
    assert_eq!(client.ask(HEALTH)["conexoes"], 2);
    eventually("it is dropped", || client.ask(HEALTH)["conexoes"] == 1);
    // What it reads now is cut off.
    let mut rest = Vec::new();
    stuck.stream.read_to_end(&mut rest).ok();
    assert!(rest.len() < 500 * 100_000, "{} bytes", rest.len());
}

#[test]
fn a_peer_that_reads_slowly_but_goes_on_is_not_dropped() {
    let house = House::new(&large_inventory());
    let running = house.serve_with(|settings| {
        settings.deadlines.write = Duration::from_millis(300);
    });
    let mut slow = running.connect();
    slow.send(&[SEARCH; 200]);
    let start = Instant::now();
    // Each pause is shorter than the deadline, all of them together are not.
    for _ in 0..200 {
        assert_eq!(code(&slow.reply().unwrap()), "none");
        std::thread::sleep(Duration::from_millis(3));
    }
    assert!(start.elapsed() > Duration::from_millis(300));
}

#[test]
fn a_header_that_drips_is_cut_off_at_its_deadline() {
    let house = House::new(INVENTORY);
    let running = house.serve_with(|settings| {
        settings.deadlines.header = Duration::from_millis(250);
        settings.deadlines.body = Duration::from_secs(3600);
    });
    let mut client = running.connect();
    client.send(&[SEARCH]);
    assert_eq!(client.error(), "none");
    let start = Instant::now();
    // A byte every 50 ms: each comes in time, the tenth would come after 450 ms.
    let dripping = std::thread::scope(|scope| {
        let mut stream = client.stream.try_clone().unwrap();
        scope.spawn(move || {
            for byte in b"64        " {
                if stream.write_all(&[*byte]).is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        client.error()
    });
    assert_eq!(dripping, "prazo_vencido");
    assert!(start.elapsed() >= Duration::from_millis(250));
    assert!(client.reply().is_none());
}

#[test]
fn an_error_before_closing_is_read_whatever_was_sent_behind_the_mistake() {
    let house = House::new(INVENTORY);
    let running = house.serve();
    let mut client = running.connect();
    let mut bytes = b"POST /".to_vec();
    bytes.resize(900_000, b'x');
    client.raw(&bytes);
    assert_eq!(client.error(), "cabecalho_invalido");
    assert!(client.reply().is_none());
}

#[test]
fn a_client_that_has_finished_writing_still_reads_its_replies() {
    let house = House::new(INVENTORY);
    let running = house.serve();
    let mut client = running.connect();
    client.send(&[SEARCH, &buy("uno")]);
    client.finish_writing();
    assert_eq!((client.error(), client.error()), ("none".into(), "none".into()));
    assert!(client.reply().is_none());
}

#[test]
fn stopping_finishes_what_had_arrived_and_closes_what_is_idle() {
    let house = House::new(&INVENTORY.replace("\"carros\":2", "\"carros\":500"));
    // So long that it cannot be what closes the connections.
    let running = house.serve_with(|settings| settings.deadlines.drain = 4 * PATIENCE);
    let (mut idle, mut busy) = (running.connect(), running.connect());
    assert_eq!(code(&idle.ask(SEARCH)), "none");
    assert_eq!(code(&busy.ask(SEARCH)), "none");
    let purchase = buy("gol");
    busy.send(&[purchase.as_str(); 300]);
    running.tell_to_stop();
    for number in 0..300 {
        assert_eq!(busy.error(), "none", "purchase {number}");
    }
    assert!(busy.reply().is_none());
    assert!(idle.reply().is_none());
    let address = running.address;
    drop((idle, busy));
    running.wait().unwrap();
    assert!(TcpStream::connect(address).is_err());

    // Every answered purchase is in the ledger.
    let again = house.serve();
    assert_eq!(again.connect().ask(SEARCH)["carros"][1]["disponiveis"], 200);
}

#[test]
fn stopping_does_not_wait_longer_than_the_drain_deadline() {
    let house = House::new(&large_inventory());
    let running = house.serve_with(|settings| {
        settings.deadlines.write = Duration::from_secs(3600);
        settings.deadlines.drain = Duration::from_millis(200);
    });
    let mut stuck = running.connect();
    stuck.send(&[SEARCH; 500]);
    let mut client = running.connect();
    eventually("replies are being written", || client.ask(HEALTH)["pedidos"].as_u64() > Some(3));
    running.tell_to_stop();
    running.wait().unwrap();
}

#[test]
fn a_second_daemon_on_the_same_ledger_does_not_start() {
    let house = House::new(INVENTORY);
    let _running = house.serve();
    let error = house.open().unwrap_err().to_string();
    assert!(error.contains("livro.sqlite") && error.contains("in use"), "{error}");
}

impl Client {
    /// The reply to a search, or to having come at all.
    fn ask_or_refused(&mut self) -> serde_json::Value {
        // A refused connection may be closed before the search is written.
        self.stream.write_all(&framed(SEARCH)).ok();
        self.reply().unwrap()
    }
}

fn framed(body: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    agencia_protocol::frame::encode(body.as_bytes(), &mut frame);
    frame
}
