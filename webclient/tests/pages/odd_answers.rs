//! A trip's pages when daemons answer late, oddly or not at all: nothing is claimed that no daemon has

//! said, and what was begun is finished once.

use crate::support::fake::Mood;
use crate::support::http::encode;
use crate::support::walk::{held, hold, locator, travellers, trip_of};
use crate::support::{Agency, Visitor, Web};
use agencia_protocol::trip::PartState;
use serde_json::json;

#[test]
fn a_lost_reply_leads_to_one_booking() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[trips]\nlead_millis = 400\npause_millis = 10\n");
    let mut ana = Visitor::default();
    // The hold is taken, and nobody hears of it.
    agency.stays.mood(Mood::Loses("segurar"));
    let page = held(&mut ana, &web, "1");
    page.says(&["Tudo reservado"]);
    agency.stays.mood(Mood::Good);
    // The decision is made, and nobody hears of it.
    agency.flights.mood(Mood::Loses("decidir"));
    let names = travellers(&page);
    let booked = ana.follow(&web, &trip_of(&page), &names);
    booked.says(&["Comprado"]);
    assert!(booked.header("refresh").is_some());
    agency.flights.mood(Mood::Good);
    let again = ana.follow(&web, &trip_of(&page), &names);
    assert_eq!(locator(&booked), locator(&again));
    assert_eq!(agency.flights.booked(), 1);
}

#[test]
fn what_another_request_began_is_finished_by_the_next_one() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[trips]\nlead_millis = 300\npause_millis = 10\n");
    let other = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    let (trip, names) = (trip_of(&page), travellers(&page));
    // The parts are pinned; then the anchor hears nothing more.
    agency.flights.mood(Mood::MuteOn("decidir"));
    let waits = ana.follow(&web, &trip, &names);
    waits.says(&["Ainda não sabemos", "pergunta de novo sozinha"]);
    waits.says_not(&["Boa viagem", "não foi comprada"]);
    assert!(waits.header("refresh").is_some());
    assert_eq!(agency.parts(PartState::Pinned), 2);
    agency.flights.mood(Mood::Good);
    ana.follow(&other, &trip, &names).says(&["Boa viagem!"]);
    assert_eq!((agency.parts(PartState::Confirmed), agency.flights.booked()), (3, 1));
}

#[test]
fn a_daemon_that_does_not_answer_makes_the_page_say_so_and_nothing_more() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[daemons]\nreply_millis = 200\n[trips]\nlead_millis = 300\n");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    let (trip, names) = (trip_of(&page), travellers(&page));
    for mood in [Mood::Down, Mood::Mute, Mood::Says(json!({})), Mood::Says(json!([]))] {
        agency.tours.mood(mood.clone());
        let waits = ana.get(&web, &trip);
        assert_eq!(waits.status, 200, "{mood:?}");
        waits.says(&["não pode ser confirmada agora", "o servidor de passeios", "Amazon Xingu"]);
        waits.says_not(&["Boa viagem", "não foi comprada", "name=\"nome1\""]);
        assert!(waits.header("refresh").is_some());
        ana.follow(&web, &trip, &names).says(&["dizem os outros servidores, nada foi comprado"]);
        agency.tours.mood(Mood::Good);
    }
    assert_eq!(agency.parts(PartState::Held), 3);
    for fake in agency.all() {
        fake.mood(Mood::Down);
    }
    let nothing = ana.get(&web, &trip);
    assert_eq!(nothing.status, 503);
    nothing.says(&["Não conseguimos consultar", "pergunta de novo sozinha"]);
    nothing.says_not(&["o que os outros servidores dizem"]);
    assert!(nothing.header("retry-after").is_some() && nothing.header("refresh").is_some());
    for fake in agency.all() {
        fake.mood(Mood::Good);
    }
    ana.follow(&web, &trip, &names).says(&["Boa viagem!"]);
    // A booking is shown also while a daemon is down, as far as the others know it.
    agency.stays.mood(Mood::Down);
    ana.get(&web, &trip).says(&["Comprado", "o servidor de hospedagens", "Orla do Cais"]);
    agency.stays.mood(Mood::Good);
    agency.flights.mood(Mood::Down);
    let booked = ana.get(&web, &trip);
    booked.says(&["Comprado", "o servidor de voos", "Amazon Xingu"]);
    assert!(locator(&booked).is_some());
}

#[test]
fn a_page_that_waits_counts_its_tries_and_stops() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let trip = trip_of(&hold(&mut ana, &web, "ida=ida1&passeio=orla"));
    agency.tours.mood(Mood::Down);
    let mut address = format!("{trip}?ida=ida1&passeio=orla");
    let mut waits = Vec::new();
    let last = loop {
        let page = ana.get(&web, &address);
        page.says(&["não pode ser confirmada agora", "Pelo que dizem os outros servidores"]);
        let Some(refresh) = page.header("refresh") else { break page };
        page.says(&["pergunta de novo sozinha"]);
        let (secs, next) = refresh.split_once("; url=").unwrap();
        waits.push(secs.to_owned());
        address = next.to_owned();
        assert!(address.starts_with(&format!("{trip}?ida=ida1&passeio=orla&tentativa=")));
        assert!(waits.len() <= 10, "it asks for ever");
    };
    assert_eq!(waits, ["3", "6", "12", "24", "48", "60", "60", "60", "60", "60"]);
    last.says(&["parou", "Perguntar agora"]).says_not(&["pergunta de novo sozinha"]);
    // Whoever asks by hand has it ask by itself again.
    let now = last.link("Perguntar agora");
    assert_eq!(now, format!("{trip}?ida=ida1&passeio=orla"));
    assert!(ana.get(&web, &now).header("refresh").unwrap().starts_with("3;"));
}

#[test]
fn odd_answers_are_not_believed() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[trips]\nlead_millis = 300\npause_millis = 10\n");
    let mut ana = Visitor::default();
    let page = hold(&mut ana, &web, "ida=ida1&passeio=orla");
    let (trip, names) = (trip_of(&page), travellers(&page));
    let other = json!({"viagem": "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11", "estado": "confirmada"});
    for odd in
        [other, json!({"viagem": &trip[8..], "estado": "comprada"}), json!({"estado": "solta"})]
    {
        agency.tours.mood(Mood::Odd("consultar", odd));
        ana.get(&web, &trip).says(&["não pode ser confirmada agora", "o servidor de passeios"]);
    }
    agency.tours.mood(Mood::Good);
    for odd in [json!({"estado": "confirmada"}), json!({"estado": 7}), json!({})] {
        agency.flights.mood(Mood::Odd("decidir", odd));
        ana.follow(&web, &trip, &names).says(&["Ainda não sabemos"]).says_not(&["Boa viagem"]);
    }
    agency.flights.mood(Mood::Good);
    ana.follow(&web, &trip, &names).says(&["Boa viagem!"]);
}

#[test]
fn a_daemon_that_is_busy_is_asked_again_and_then_named() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[trips]\npause_millis = 10\n");
    let mut ana = Visitor::default();
    agency.tours.mood(Mood::Refuses("segurar", "ocupado"));
    let page = hold(&mut ana, &web, "ida=ida1&passeio=orla");
    page.says(&["Há reservas temporárias demais", "Rever e tentar de novo"]);
    assert_eq!(agency.tours.requests("segurar").len(), 3);
    agency.tours.mood(Mood::Good);
    let review = ana.get(&web, &page.link("Rever e tentar de novo"));
    ana.follow(&web, "/pacote", &encode(&review.form())).says(&["Tudo reservado"]);
}

#[test]
fn what_is_missing_for_one_reason_is_told_once() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[trips]\npause_millis = 10\n");
    let mut ana = Visitor::default();
    for fake in agency.all() {
        fake.mood(Mood::Refuses("segurar", "ocupado"));
    }
    let busy = "Há reservas temporárias demais";
    let page = hold(&mut ana, &web, "ida=ida1&hospedagem=quarto6&passeio=orla");
    page.says(&["Nada foi reservado", busy]);
    assert_eq!(page.body.matches(busy).count(), 1);
    agency.tours.mood(Mood::Refuses("segurar", "esgotado"));
    let page = hold(&mut ana, &web, "ida=ida1&hospedagem=quarto6&passeio=orla");
    page.says(&["Esgotou"]);
    assert_eq!(page.body.matches(busy).count(), 2);
}

#[test]
fn a_review_without_its_trip_is_logged_once() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let trip = trip_of(&hold(&mut ana, &web, "ida=ida1"));
    agency.tours.mood(Mood::Down);
    let page = ana.get(&web, &format!("/pacote?ida=ida2&viagem={}", &trip[8..]));
    assert_eq!(page.status, 503);
    page.says(&["agencia-passeios"]);
    let log = web.log_with("GET /pacote 503");
    assert_eq!(log.iter().filter(|line| line.contains("ERROR")).count(), 1, "{log:?}");
}

#[test]
fn a_host_that_may_only_search_says_so_and_tells_its_administrator_what_to_do() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    // What was held while this host still might.
    let held_before = trip_of(&hold(&mut ana, &web, "ida=ida1"));
    let form = encode(&ana.get(&web, "/pacote?ida=ida1&passeio=orla").form());
    agency.flights.mood(Mood::Refuses("segurar", "nao_autorizado"));
    let page = ana.post(&web, "/pacote", &form);
    assert_eq!(page.status, 503);
    page.says(&["Por enquanto, só pesquisa", "no momento não pode reservar"]);
    assert_eq!(page.header("refresh"), None, "asking again is of no use");
    assert_eq!(agency.tours.left("orla"), 8, "what another daemon held is let go");
    let log = web.log_with("agencia keys export web web.toml");
    assert_eq!(log.iter().filter(|line| line.contains("ERROR")).count(), 1, "{log:?}");
    // Every page of a trip, the review that changes one, and whoever has a voucher.
    for fake in agency.all() {
        fake.mood(Mood::Refuses("consultar", "nao_autorizado"));
    }
    let review = format!("/pacote?ida=ida2&viagem={}", &held_before[8..]);
    for path in [&held_before, &review] {
        let page = ana.get(&web, path);
        assert_eq!((page.status, page.header("refresh")), (503, None), "{path}");
        page.says(&["Por enquanto, só pesquisa"]).says_not(&["consultar sua viagem agora"]);
    }
    for below in ["/alterar", "/cancelar"] {
        assert_eq!(ana.get(&web, &format!("{held_before}{below}")).status, 303);
    }
    let voucher = ana.post(&web, "/viagem", "localizador=VA9AAC&sobrenome=Souza");
    voucher.says(&["Por enquanto, só pesquisa"]);
    let mut english = Visitor { headers: vec![("accept-language", "en".to_owned())], ..ana };
    english.get(&web, &held_before).says(&["Searching only, for now"]);
    // A search goes on.
    english.get(&web, "/").says(&["Book your flights."]);
}
