//! Choosing: what flows along from page to page, and what the review says. Nothing is taken here.

use crate::support::fake::AIRPORT;
use crate::support::http::encode;
use crate::support::{Agency, Visitor, Web};

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
    has(&tour, "dataIda", "2027-11-05");
    has(&tour, "numeroDePessoas", "3");
    // The last day there is better than none, and who arrives in the morning has the day.
    let short = web.get("/passeio?ida=ida1&pessoas=3&hospedagem=quarto8&noites=1").form();
    has(&short, "dataIda", "2027-11-04");
    agency.flights.change("ida1", |flight| flight["chegadaIda"] = "11:59h".into());
    let early = web.get("/passeio?ida=ida1&pessoas=3&hospedagem=quarto8&noites=2").form();
    has(&early, "dataIda", "2027-11-04");
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
    review.says(&["Esgotou", "Esta oferta não está mais à venda", "não pode ser"]);
    // What cannot be held has no bar that follows the visitor.
    review.says_not(&["class=\"pay bar"]);
    review.says_not(&["Reservar tudo"]);
    let search = review.press("Escolha outra opção");
    assert!(search.starts_with("/voos?ida=ida1") && search.contains("dataVolta"), "{search}");
    let found = web.get(&search);
    found.says(&["dom, 07/11/2027", "2 pessoas", "Hospedagem"]);
    let rest = web.get(&review.press("retire do pacote"));
    rest.says_not(&["Voo de ida"]);
    rest.says(&["Voo de volta", "Orla do Cais"]);
    web.get(&rest.press("Retirar<span class=\"hidden\"> passeio")).says_not(&["Orla do Cais"]);
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
fn a_tour_of_another_day_stays_chosen() {
    let agency = Agency::start();
    agency.tours.change("mercado", |tour| tour["dia"] = "05/11/2027".into());
    let web = Web::start(&agency, "");
    let page = web.get("/passeios?cidade=Altamira+%28PA%29&dataIda=2027-11-05&numeroDePessoas=1&passeio=orla&passeio=mercado");
    let chosen: Vec<_> =
        page.form().into_iter().filter(|(name, _)| name == "passeio").map(|(_, id)| id).collect();
    assert_eq!(chosen, ["mercado", "orla"]);
}

#[test]
fn a_hold_of_nothing_is_told_that_alone() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let page = Visitor::default().post(&web, "/pacote", "pessoas=1");
    assert_eq!(page.status, 400);
    page.says(&["O pacote está vazio"]).says_not(&["Volte à revisão"]);
}
