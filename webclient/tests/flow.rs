//! The whole flow, as a browser without script walks it: links followed, forms sent as they stand.

mod support;

use support::fake::{AIRPORT, Mood};
use support::http::{Reply, encode};
use support::{Agency, Web};

/// The forms of a page as they would be sent after these were picked.
fn send(page: &Reply, picked: &[(&str, &str)]) -> String {
    let mut fields = page.form();
    for (name, value) in picked {
        if !matches!(*name, "passeio" | "ida" | "volta" | "hospedagem") {
            fields.retain(|(key, _)| key != name);
        }
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    encode(&fields)
}

/// The whole flow up to the review, which it gives back.
fn review(web: &Web, people: &str) -> Reply {
    let start = web.get("/");
    start.says(&[
        "Compre suas passagens aéreas.",
        "Saída do Aeroporto Internacional de Confins - Tancredo Neves",
    ]);
    let flights = send(
        &start,
        &[
            ("paraAeroporto", AIRPORT),
            ("dataIda", "2027-11-04"),
            ("dataVolta", "2027-11-07"),
            ("numeroPassagens", people),
        ],
    );
    let flights = web.get(&format!("/voos?{flights}"));
    flights.says(&[
        "Escolha sua passagem.",
        "R$\u{a0}9.906,00",
        "qui, 04/11/2027",
        "dom, 07/11/2027",
    ]);
    let hotel = web
        .get(&format!("/hospedagem?{}", send(&flights, &[("ida", "ida1"), ("volta", "volta2")])));
    hotel.says(&["Compre sua hospedagem."]);
    let stays = web.get(&format!("/hospedagens?{}", encode(&hotel.form())));
    stays.says(&["Escolha seu hotel.", "Amazon Xingu Hotel", "3 noites"]);
    let tour = web.get(&format!("/passeio?{}", send(&stays, &[("hospedagem", "quarto6")])));
    tour.says(&["Passeios disponíveis."]);
    let tours = web.get(&format!("/passeios?{}", encode(&tour.form())));
    tours.says(&["Escolha seu passeio.", "Cachoeira do Rio Curuá", "Grátis"]);
    let chosen = send(&tours, &[("passeio", "cachoeira"), ("passeio", "orla")]);
    web.get(&format!("/pacote?{chosen}"))
}

/// The locators on a page, in order.
fn locators(page: &Reply) -> Vec<String> {
    let marks = page.body.split("Localizador</span> <strong>").skip(1);
    marks.map(|rest| rest[..6].to_owned()).collect()
}

#[test]
fn the_flow_ends_in_a_locator_for_every_part() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let review = review(&web, "2");
    // 2 × 9906,00 + 2 × 700,00 + 3 × 958,00 + 2 × 35,00
    review.says(&["Revise o seu pacote.", "R$\u{a0}24.156,00", "Para 2 pessoas"]);
    assert_eq!(
        agency.flights.sold() + agency.stays.sold() + agency.tours.sold(),
        0,
        "choosing took something"
    );
    let vouchers = web.post("/pacote", &encode(&review.form()));
    assert_eq!(vouchers.status, 200);
    vouchers.says(&["Boa viagem!", "Amazon Xingu Hotel", "R$\u{a0}24.156,00"]);
    let locators = locators(&vouchers);
    assert_eq!(locators.iter().map(|locator| &locator[..1]).collect::<String>(), "VVHPP");
    assert_eq!((agency.flights.sold(), agency.stays.sold(), agency.tours.sold()), (2, 1, 2));
    let units: Vec<_> =
        agency.flights.requests("reservar").iter().map(|r| r["quantidade"].clone()).collect();
    assert_eq!(units, [2, 2]);
    let stay = &agency.stays.requests("reservar")[0];
    assert_eq!((&stay["quantidade"], &stay["noites"]), (&1.into(), &3.into()));
}

#[test]
fn city_and_days_and_people_flow_along() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let hotel = web.get("/hospedagem?ida=ida1&volta=volta1&pessoas=3").form();
    let has = |form: &[(String, String)], name: &str, value: &str| {
        assert!(
            form.contains(&(name.to_owned(), value.to_owned())),
            "{name}={value} is not in {form:?}"
        );
    };
    has(&hotel, "cidade", "Altamira (PA)");
    has(&hotel, "dataIda", "2027-11-04");
    has(&hotel, "dataVolta", "2027-11-07");
    has(&hotel, "numeroDePessoas", "3");
    let tour = web.get("/passeio?ida=ida1&pessoas=3&hospedagem=quarto8&noites=2").form();
    has(&tour, "cidade", "Altamira (PA)");
    has(&tour, "dataIda", "2027-11-04");
    has(&tour, "numeroDePessoas", "3");
    has(&tour, "hospedagem", "quarto8");
    has(&tour, "noites", "2");
    let back = web.get("/?ida=ida1&volta=volta1&pessoas=3&hospedagem=quarto8").form();
    has(&back, "paraAeroporto", AIRPORT);
    has(&back, "numeroPassagens", "3");
    has(&back, "hospedagem", "quarto8");
}

#[test]
fn a_city_without_a_hotel_is_not_filled_in() {
    let agency = Agency::start();
    agency.flights.change("ida1", |flight| {
        flight["paraAeroporto"] = "Aeroporto X - Lugar Nenhum (XX)".into()
    });
    let web = Web::start(&agency, "");
    web.get("/hospedagem?ida=ida1").says_not(&["selected"]);
}

#[test]
fn every_part_may_be_left_out() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let start = web.get("/");
    let hotel = web.get(&start.link("Continuar sem voo"));
    let tour = web.get(&hotel.link("Continuar sem hospedagem"));
    let review = web.get(&tour.link("Ir para a revisão"));
    review.says(&[
        "Seu pacote está vazio",
        "Escolher voo",
        "Escolher hospedagem",
        "Escolher passeio",
    ]);
    for (choice, expected) in [
        ("ida=ida2&pessoas=1", "V"),
        ("volta=volta1", "V"),
        ("hospedagem=quarto6", "H"),
        ("passeio=orla&passeio=mercado&pessoas=2", "PP"),
    ] {
        let review = web.get(&format!("/pacote?{choice}"));
        let vouchers = web.post("/pacote", &encode(&review.form()));
        let letters: String = locators(&vouchers).iter().map(|locator| &locator[..1]).collect();
        assert_eq!(letters, expected, "{choice}");
    }
}

#[test]
fn skipping_the_flights_takes_city_and_days_along() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let airport = encode(&[("paraAeroporto".to_owned(), AIRPORT.to_owned())]);
    let flights = web
        .get(&format!("/voos?{airport}&dataIda=2027-11-04&dataVolta=2027-11-07&numeroPassagens=2"));
    let hotel = web.get(&flights.link("Continuar sem voo")).form();
    let value =
        |name: &str| hotel.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(value("cidade"), Some("Altamira (PA)"));
    assert_eq!(value("dataVolta"), Some("2027-11-07"));
    assert_eq!(value("numeroDePessoas"), Some("2"));
}

#[test]
fn the_same_form_twice_buys_once() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let form = encode(&review(&web, "1").form());
    let first = locators(&web.post("/pacote", &form));
    let second = locators(&web.post("/pacote", &form));
    assert_eq!(first.len(), 5);
    assert_eq!(first, second);
    assert_eq!(agency.flights.sold(), 2);
}

#[test]
fn any_instance_serves_any_step() {
    let agency = Agency::start();
    let (one, other) = (Web::start(&agency, ""), Web::start(&agency, ""));
    let form = encode(&review(&one, "1").form());
    // Its origin is the other instance: this is what a page of that one would have sent.
    let vouchers = other.post("/pacote", &form);
    assert_eq!(locators(&vouchers).len(), 5);
    assert_eq!(locators(&one.post("/pacote", &form)), locators(&vouchers));
}

#[test]
fn two_visitors_never_share_a_basket() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    web.get("/pacote?hospedagem=quarto6&noites=3").says(&["Amazon Xingu Hotel"]);
    web.get("/pacote").says(&["Seu pacote está vazio"]);
    web.get("/pacote?hospedagem=quarto8").says(&["Volta Grande"]).says_not(&["Amazon Xingu"]);
    web.get("/passeio").says_not(&["Sua viagem até aqui"]);
    assert_eq!(web.get("/hospedagem?ida=ida1").header("set-cookie"), None);
}

#[test]
fn what_is_gone_or_sold_out_is_said_of_its_item() {
    let agency = Agency::start();
    agency.flights.change("ida1", |flight| flight["disponiveis"] = 1.into());
    agency.stays.change("quarto6", |stay| *stay = serde_json::Value::Null);
    let web = Web::start(&agency, "");
    let review =
        web.get("/pacote?ida=ida1&volta=volta1&pessoas=2&hospedagem=quarto6&noites=3&passeio=orla");
    review.says(&["Esgotou", "Esta oferta não está mais à venda", "não pode ser comprado"]);
    review.says_not(&["Confirmar a compra"]);
    let search = review.link("Escolha outra opção");
    assert!(
        search.starts_with("/voos?paraAeroporto=") && search.contains("dataVolta=2027-11-07"),
        "{search}"
    );
    let rest = web.get(&review.link("retire do pacote"));
    rest.says_not(&["Voo de ida"]);
    rest.says(&["Voo de volta"]);
}

#[test]
fn the_review_shows_the_price_of_now() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    web.get("/pacote?ida=ida2").says(&["R$\u{a0}812,50"]);
    agency.flights.change("ida2", |flight| flight["valor"] = "900,00R$".into());
    web.get("/pacote?ida=ida2").says(&["R$\u{a0}900,00"]);
}

#[test]
fn a_refused_part_stops_the_rest_and_says_what_was_bought() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let form = encode(&review(&web, "2").form());
    agency.stays.mood(Mood::Refuses("esgotado"));
    let page = web.post("/pacote", &form);
    assert_eq!(page.status, 409);
    page.says(&[
        "Só uma parte do pacote foi comprada.",
        "O que não foi comprado",
        "Esgotou",
        "Amazon Xingu Hotel",
        "Não foi comprada, porque uma parte antes dela não foi.",
    ]);
    assert_eq!(locators(&page).len(), 2);
    assert_eq!((agency.flights.sold(), agency.stays.sold(), agency.tours.sold()), (2, 0, 0));
    // The way on holds what was not tried, and nothing that is bought already.
    let rest = page.link("Revisar o que falta");
    assert_eq!(rest, "/pacote?pessoas=2&passeio=cachoeira&passeio=orla");
    let another = page.link("Escolha outra opção");
    assert!(
        another.starts_with("/hospedagens?cidade=Altamira") && !another.contains("ida="),
        "{another}"
    );
    assert!(another.contains("passeio=orla"), "{another}");
}

#[test]
fn nothing_bought_is_said_as_nothing_bought() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let form = encode(&review(&web, "2").form());
    agency.flights.mood(Mood::Refuses("encerrado"));
    let page = web.post("/pacote", &form);
    page.says(&["Nada foi comprado.", "Nenhum item do pacote foi comprado."])
        .says_not(&["Boa viagem"]);
    assert!(locators(&page).is_empty());
}

#[test]
fn a_lost_reply_leads_to_one_purchase() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let form = encode(&review(&web, "1").form());
    agency.flights.mood(Mood::LosesReplies);
    let page = web.post("/pacote", &form);
    assert_eq!(page.status, 504);
    page.says(&["Ainda não sabemos se a compra foi feita.", "pode ter sido comprada ou não"]);
    // It was bought once, and it was not asked for twice behind the traveller's back.
    assert_eq!(agency.flights.requests("reservar").len(), 1);
    agency.flights.mood(Mood::Good);
    let vouchers = web.post("/pacote", &encode(&page.form()));
    assert_eq!((vouchers.status, locators(&vouchers).len()), (200, 5));
    assert_eq!(agency.flights.sold(), 2);
}

#[test]
fn a_daemon_that_does_not_answer_a_purchase_leaves_it_unknown() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[daemons]\nreply_millis = 300\n");
    let form = encode(&web.get("/pacote?passeio=orla").form());
    agency.tours.mood(Mood::Mute);
    let page = web.post("/pacote", &form);
    assert_eq!(page.status, 504);
    page.says(&["Perguntar de novo"]);
}

#[test]
fn a_form_without_its_keys_buys_nothing() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    for form in [
        "ida=ida1",
        "ida=ida1&viagemIda=x",
        "",
        "passeio=a&passeio=b&viagemPasseio=0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11",
    ] {
        let page = web.post("/pacote", form);
        assert_eq!(page.status, 400, "{form}");
        page.says(&["You shouldn't be here"]);
    }
    assert_eq!(agency.flights.sold() + agency.tours.sold(), 0);
}

#[test]
fn a_tour_of_another_day_stays_chosen() {
    let agency = Agency::start();
    agency.tours.change("mercado", |tour| tour["dia"] = "05/11/2027".into());
    let web = Web::start(&agency, "");
    let page = web.get("/passeios?cidade=Altamira+%28PA%29&dataIda=2027-11-05&numeroDePessoas=1&passeio=orla&passeio=mercado");
    let chosen: Vec<_> =
        page.form().into_iter().filter(|(name, _)| name == "passeio").map(|(_, id)| id).collect();
    assert_eq!(chosen, ["mercado", "orla"]);
}
