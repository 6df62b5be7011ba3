//! What becomes of a booked trip: its terms, its names, its cancelling, and a part of it that these

//! pages do not know.

use crate::support::fake::Mood;
use crate::support::http::{Reply, encode};
use crate::support::walk::{book, held, hold, locator, travellers, trip_of};
use crate::support::{Agency, Visitor, Web};
use agencia_protocol::trip::PartState;
use serde_json::{Value, json};
use std::time::Duration;

/// Whoever looks in English.
fn english(visitor: &Visitor) -> Visitor {
    let mut other = visitor.clone();
    other.headers.push(("accept-language", "en".to_owned()));
    other
}

#[test]
fn what_cancelling_gives_back_is_said_before_booking_and_after() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let choice = "ida=ida1&passeio=orla&hospedagem=quarto6";
    let said = |page: &Reply| {
        page.says(&[
            "Se você cancelar",
            "<dt>Voos</dt>",
            "<dt>Hospedagem</dt>",
            "<dt>Passeios</dt>",
        ]);
        for line in ["100% até qui, 28/10/2027", "50% até ter, 02/11/2027", "depois, nada"] {
            assert_eq!(page.body.matches(&format!("<dd>{line}</dd>")).count(), 3, "{}", page.body);
        }
    };
    let review = ana.get(&web, &format!("/pacote?{choice}"));
    said(&review);
    english(&ana).get(&web, &format!("/pacote?{choice}")).says(&[
        "Should you cancel",
        "100% until Thu, 28 Oct 2027",
        "then nothing",
    ]);
    let page = ana.follow(&web, "/pacote", &encode(&review.form()));
    said(&page);
    said(&book(&mut ana, &web, &page));
    // What costs nothing gives nothing back, and a daemon that tells no policy promises none.
    let free = ana.get(&web, "/pacote?passeio=cachoeira");
    free.says(&["Grátis"]).says_not(&["Se você cancelar"]);
    let silent = json!({"ofertas": [{"horario": "10:30h", "valor": "15,00R$", "dia": "04/11/2027",
        "local": "Mercado Municipal", "endereco": "Altamira - PA", "cidade": "Altamira (PA)",
        "id": "mercado", "disponiveis": 8}]});
    agency.tours.mood(Mood::Odd("ofertas", silent));
    let page = ana.get(&web, "/pacote?passeio=mercado");
    page.says(&["Mercado Municipal"]).says_not(&["Se você cancelar"]);
}

#[test]
fn cancelling_shows_the_refund_first_and_releases_every_part() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    let trip = trip_of(&page);
    // What is not booked is not cancelled.
    assert_eq!(ana.get(&web, &format!("{trip}/cancelar")).status, 303);
    let booked = book(&mut ana, &web, &page);
    let ask = ana.get(&web, &booked.link("Cancelar a viagem"));
    ask.says(&[
        "Cancelar a viagem inteira?",
        "R$\u{a0}123,45",
        // Each part by its own policy.
        "<dt>Voos</dt><dd><strong>R$\u{a0}100,00</strong> <span class=\"small\">de R$\u{a0}10.606,00",
        "<dt>Hospedagem</dt><dd><strong>R$\u{a0}20,00</strong> <span class=\"small\">de R$\u{a0}2.874,00",
        "<dt>Passeios</dt><dd><strong>R$\u{a0}3,45</strong> <span class=\"small\">de R$\u{a0}35,00",
        "De R$\u{a0}13.515,00 pagos.",
    ]);
    // Of what cost nothing nothing is said.
    ask.says_not(&["de R$\u{a0}0,00"]);
    assert_eq!(agency.parts(PartState::Confirmed), 3);
    let form = encode(&ask.form());
    let over = ana.follow(&web, &format!("{trip}/cancelar"), &form);
    over.says(&["Viagem cancelada", "R$\u{a0}123,45", "class=\"stamp\">Cancelada"]);
    assert_eq!(agency.parts(PartState::Released), 3);
    assert_eq!((agency.flights.left("ida1"), agency.stays.left("quarto6")), (120, 1));
    // Once more, and the names once more: it stays cancelled.
    ana.follow(&web, &format!("{trip}/cancelar"), &form).says(&["Viagem cancelada"]);
    book(&mut ana, &web, &page).says(&["Viagem cancelada"]);
}

#[test]
fn an_expired_quote_is_quoted_again() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = hold(&mut ana, &web, "passeio=orla");
    let trip = trip_of(&page);
    let booked = book(&mut ana, &web, &page);
    let ask = ana.get(&web, &booked.link("Cancelar a viagem"));
    agency.tours.ahead(Duration::from_secs(16 * 60));
    for form in [encode(&ask.form()), String::new(), "cotacao=123.456.abc".to_owned()] {
        let again = ana.post(&web, &format!("{trip}/cancelar"), &form);
        assert_eq!(again.status, 409, "{form}");
        again.says(&["não vale mais", "R$\u{a0}3,45"]);
        assert_eq!(agency.parts(PartState::Confirmed), 1);
    }
    let again = ana.post(&web, &format!("{trip}/cancelar"), "");
    let over = ana.follow(&web, &format!("{trip}/cancelar"), &encode(&again.form()));
    over.says(&["Viagem cancelada"]);
}

#[test]
fn a_lost_reply_to_cancelling_leads_to_one_cancelled_trip() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[trips]\nlead_millis = 200\n");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    let trip = trip_of(&page);
    let booked = book(&mut ana, &web, &page);
    let form = encode(&ana.get(&web, &booked.link("Cancelar a viagem")).form());
    // It is cancelled, and nobody hears of it: the trip's page asks, and says it.
    agency.flights.mood(Mood::Loses("cancelar"));
    let over = ana.follow(&web, &format!("{trip}/cancelar"), &form);
    over.says(&["Viagem cancelada", "R$\u{a0}123,45"]);
    agency.flights.mood(Mood::Good);
    // Whoever sends the form once more is not given anything back twice.
    let again = ana.follow(&web, &format!("{trip}/cancelar"), &form);
    again.says(&["Viagem cancelada", "R$\u{a0}123,45"]);
    assert_eq!(agency.flights.parts(PartState::Released), 1);
    assert_eq!((agency.flights.left("ida1"), agency.flights.requests("cancelar").len()), (120, 1));
}

#[test]
fn a_part_that_does_not_hear_of_the_cancelling_leaves_it_said_as_not_settled() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[trips]\nlead_millis = 200\n");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    let trip = trip_of(&page);
    let booked = book(&mut ana, &web, &page);
    let ask = ana.get(&web, &booked.link("Cancelar a viagem"));
    agency.tours.mood(Mood::MuteOn("aplicar"));
    let over = ana.follow(&web, &format!("{trip}/cancelar"), &encode(&ask.form()));
    over.says(&["Viagem cancelada"]);
    assert!(over.header("refresh").is_some());
}

#[test]
fn what_a_part_gives_back_is_not_made_up_while_its_daemon_is_silent() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    let trip = trip_of(&page);
    book(&mut ana, &web, &page);
    agency.stays.mood(Mood::Down);
    let ask = ana.get(&web, &format!("{trip}/cancelar"));
    assert_eq!(ask.status, 503);
    ask.says(&["hospedagens", "Voltar à viagem"]).says_not(&["Cancelar tudo"]);
    agency.stays.mood(Mood::Good);
    ana.get(&web, &format!("{trip}/cancelar")).says(&["Cancelar tudo"]);
}

/// The form that changes names, with these values typed.
fn typed(page: &Reply, values: &[(&str, &str)]) -> String {
    let mut fields = page.form_to("/viagem/");
    for (name, value) in values {
        let field = fields.iter_mut().find(|(field, _)| field == name);
        (*value).clone_into(&mut field.unwrap_or_else(|| panic!("no {name}")).1);
    }
    encode(&fields)
}

/// Who travels, as the flights' daemon was told last.
fn told(agency: &Agency) -> Value {
    agency.flights.requests("alterar").pop().expect("names were changed")["viajantes"].clone()
}

#[test]
fn names_are_changed_by_the_form_that_took_them_and_the_voucher_has_the_new_ones() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "2");
    let trip = trip_of(&page);
    // What is not booked has no names to change.
    assert_eq!(ana.get(&web, &format!("{trip}/alterar")).status, 303);
    let names = travellers(&page).replace("documento1=", "documento1=MG-12");
    let booked = ana.follow(&web, &trip, &names.replace("contato=", "contato=31+99999"));
    let voucher = locator(&booked).unwrap();
    let form = ana.get(&web, &booked.link("Mudar os nomes"));
    form.says(&["Mudar os nomes", &voucher, "value=\"Ana\"", "value=\"Bento\"", "31 99999"]);
    form.says_not(&["MG-12"]);
    english(&ana)
        .get(&web, &format!("{trip}/alterar"))
        .says(&["Change the names", "Save the names"]);

    // Wrong names are told where they stand, and what was typed is kept.
    let wrong = [("nome1", "Zoé <b>"), ("sobrenome1", " "), ("documento2", "RJ-7")];
    let again = ana.post(&web, &format!("{trip}/alterar"), &typed(&form, &wrong));
    assert_eq!(again.status, 400);
    again.says(&["<a href=\"#sobrenome1\">", "Preencha este campo.", "Zoé &#60;b&#62;", "RJ-7"]);
    assert_eq!(again.body.matches("-erro\">").count(), 2, "{}", again.body);
    assert_eq!(agency.flights.requests("alterar").len(), 0);

    let right = [("nome2", "Caio"), ("sobrenome2", "Lima"), ("contato", "")];
    let changed = ana.follow(&web, &format!("{trip}/alterar"), &typed(&form, &right));
    changed.says(&["Boa viagem!", &voucher, "Ana Souza", "Caio Lima", "31 99999"]);
    changed.says_not(&["Bento"]);
    // The document of whoever stays is kept, and nobody inherits another's.
    let ana_and_caio = json!([{"nome": "Ana", "sobrenome": "Souza", "documento": "MG-12"},
        {"nome": "Caio", "sobrenome": "Lima"}]);
    assert_eq!(told(&agency), ana_and_caio);
    let form = ana.get(&web, &format!("{trip}/alterar"));
    let other = [("nome1", "Rita"), ("documento2", "SP-3")];
    ana.follow(&web, &format!("{trip}/alterar"), &typed(&form, &other)).says(&["Rita Souza"]);
    let rita_and_caio = json!([{"nome": "Rita", "sobrenome": "Souza"},
        {"nome": "Caio", "sobrenome": "Lima", "documento": "SP-3"}]);
    assert_eq!(told(&agency), rita_and_caio);
    // The voucher opens with a new surname.
    let found = web.post("/viagem", &format!("localizador={voucher}&sobrenome=Lima"));
    assert_eq!(found.status, 303);
}

#[test]
fn names_that_were_perhaps_not_saved_stay_typed_and_a_cancelled_trip_has_none_to_change() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    let trip = trip_of(&page);
    let booked = book(&mut ana, &web, &page);
    let alter = format!("{trip}/alterar");
    let form = ana.get(&web, &alter);
    let names = typed(&form, &[("nome1", "Rita")]);
    for mood in [Mood::Refuses("alterar", "ocupado"), Mood::Loses("alterar")] {
        agency.flights.mood(mood);
        let page = ana.post(&web, &alter, &names);
        assert_eq!(page.status, 503);
        page.says(&["Não sabemos se os nomes foram gravados", "value=\"Rita\""]);
    }
    agency.flights.mood(Mood::Good);
    ana.follow(&web, &alter, &names).says(&["Rita Souza"]);
    // Cancelled in another window, before the form is sent and while it is.
    agency.flights.mood(Mood::Refuses("alterar", "desfeita"));
    assert_eq!(ana.post(&web, &alter, &names).status, 303);
    agency.flights.mood(Mood::Good);
    let ask = ana.get(&web, &booked.link("Cancelar a viagem"));
    ana.follow(&web, &format!("{trip}/cancelar"), &encode(&ask.form()));
    let over = ana.follow(&web, &alter, &names);
    over.says(&["Viagem cancelada"]).says_not(&["Mudar os nomes"]);
    // Nobody else's names.
    let mut bento = Visitor::default();
    assert_eq!(bento.get(&web, &alter).status, 404);
    assert_eq!(bento.post(&web, &alter, &names).status, 404);
}

#[test]
fn a_part_in_a_daemon_that_the_pages_do_not_know_is_shown_and_not_cancelled_blindly() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = hold(&mut ana, &web, "ida=ida1");
    let trip = trip_of(&page);
    let booked = book(&mut ana, &web, &page);
    booked.says(&["Cancelar a viagem"]).says_not(&["não conhece"]);
    // As a newer agency says it, which sells cars as well.
    let item = json!({"id": "ida1", "quantidade": 1, "valor": "9906,00R$"});
    let view = json!({"viagem": &trip[8..], "estado": "confirmada", "revisao": 1, "pedido": [item],
        "itens": [], "localizador": "VA9AAC", "ancora": "voos",
        "partes": {"voos": [item], "carros": [{"id": "gol"}, {"id": "uno"}]},
        "viajantes": [{"nome": "Ana", "sobrenome": "Souza"}],
        "decisao": {"desfecho": "confirmada", "quando": "2027-01-01T12:00:00Z", "pendentes": []}});
    agency.flights.mood(Mood::Odd("consultar", view));
    let page = ana.get(&web, &trip);
    assert_eq!(page.status, 200);
    page.says(&[
        "Boa viagem!",
        "Outra parte desta viagem (2 itens) é de um serviço que este site não conhece: carros.",
        "Total do que este site conhece",
    ]);
    page.says_not(&["Cancelar a viagem<"]);
    web.log_with("a trip has a part in carros");
    english(&ana)
        .get(&web, &trip)
        .says(&["(2 items) belongs to a service that this site does not"]);
    // Its refund cannot be asked here.
    for form in ["", "cotacao=1.1.ab"] {
        assert_eq!(ana.post(&web, &format!("{trip}/cancelar"), form).status, 303);
    }
    assert_eq!(ana.get(&web, &format!("{trip}/cancelar")).status, 303);
    assert!(agency.flights.requests("cancelar").is_empty());
}
