//! Large groups: one list of travellers instead of inputs for each, wherever names are typed.

use crate::support::http::{Reply, encode};
use crate::support::walk::{hold, trip_of};
use crate::support::{Agency, Visitor, Web};
use serde_json::{Value, json};

/// An agency that has flights for all of them.
fn agency() -> Agency {
    let agency = Agency::start();
    for id in ["ida1", "ida2"] {
        agency.flights.change(id, |flight| flight["disponiveis"] = 200.into());
    }
    agency
}

/// A held trip of so many.
fn held(visitor: &mut Visitor, web: &Web, people: usize) -> Reply {
    hold(visitor, web, &format!("ida=ida1&pessoas={people}"))
}

/// The form of a page with this list in it.
fn listing(page: &Reply, list: &str) -> String {
    let mut fields = page.form_to("/viagem/");
    let field = fields.iter_mut().find(|(name, _)| name == "grupo").expect("a list");
    list.clone_into(&mut field.1);
    encode(&fields)
}

/// The list that a page shows.
fn shown(page: &Reply) -> String {
    let fields = page.form_to("/viagem/");
    fields.into_iter().find(|(name, _)| name == "grupo").expect("a list").1
}

/// So many lines like this one, each with its number in the place of `#`.
fn lines(count: usize, line: &str) -> String {
    (1..=count).map(|number| line.replace('#', &number.to_string()) + "\r\n").collect()
}

/// Who travels, as the flights' daemon was told last in such a message.
fn told(agency: &Agency, action: &str) -> Vec<Value> {
    let message = agency.flights.requests(action).pop().expect("it was sent");
    message["viajantes"].as_array().expect("travellers").clone()
}

#[test]
fn up_to_twenty_have_inputs_more_are_a_list_and_no_more_than_a_hundred_are_named() {
    let agency = agency();
    let web = Web::start(&agency, "");
    for (people, is_listed) in [(20, false), (21, true), (100, true), (101, true)] {
        let mut ana = Visitor::default();
        let page = held(&mut ana, &web, people);
        assert_eq!(page.body.contains("<textarea id=\"grupo\""), is_listed, "{people}");
        assert_eq!(page.body.contains("name=\"nome20\""), !is_listed, "{people}");
        assert_eq!(page.body.contains("basta o nome de cem"), people > 100, "{people}");
        if is_listed {
            let list = listing(&page, &lines(people.min(100), "Ana #; Souza"));
            ana.follow(&web, &trip_of(&page), &list).says(&["Boa viagem!", "Ana 21 Souza"]);
        }
        agency.flights.change("ida1", |flight| flight["disponiveis"] = 200.into());
    }
}

#[test]
fn what_comes_out_of_a_spreadsheet_is_read_as_it_is() {
    let agency = agency();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, 21);
    let list = "\r\nZoé <b>\tde Souza; Lima\tMG-12\t\r\n\r\nRita,Souza,RJ-7\r\n \r\n".to_owned()
        + &lines(19, "Caio #;Lima;SP-#");
    ana.follow(&web, &trip_of(&page), &listing(&page, &list)).says(&["Boa viagem!", "Zoé &#60;b"]);
    let travellers = told(&agency, "decidir");
    let zoe = json!({"nome": "Zoé <b>", "sobrenome": "de Souza; Lima", "documento": "MG-12"});
    let rita = json!({"nome": "Rita", "sobrenome": "Souza", "documento": "RJ-7"});
    let last = json!({"nome": "Caio 19", "sobrenome": "Lima", "documento": "SP-19"});
    assert_eq!((&travellers[..2], &travellers[20]), (&[zoe, rita][..], &last));
}

#[test]
fn each_mistake_in_a_list_is_named_by_line_and_field_and_the_list_stays_as_it_was_typed() {
    let agency = agency();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, 21);
    let (trip, long) = (trip_of(&page), "é".repeat(51));
    let typed = format!("\r\n; <i>Souza\r\n\r\nBento\r\nRita; {long}; 1; 2\r\n")
        + &lines(17, "Caio #; Lima");
    let wrong = ana.post(&web, &trip, &listing(&page, &typed));
    assert_eq!(wrong.status, 400);
    wrong.says(&[
        "<a href=\"#grupo\">Lista de viajantes</a>: A lista tem 20 pessoas: escreva os nomes de 21",
        "<a href=\"#grupo\">Linha 2, nome</a>: Preencha este campo.",
        "<a href=\"#grupo\">Linha 4, sobrenome</a>: Preencha este campo.",
        "<a href=\"#grupo\">Linha 5, sobrenome</a>: Escreva um texto de até 100 letras",
        "<a href=\"#grupo\">Linha 5, documento</a>: Há algo depois do documento",
        "aria-invalid=\"true\" aria-describedby=\"grupo-dica erros\"",
        "; &#60;i&#62;Souza",
    ]);
    assert_eq!(wrong.body.matches("<a href=\"#grupo\">").count(), 5);
    assert_eq!((shown(&wrong), agency.flights.booked()), (typed, 0));
    let mut english = ana.clone();
    english.headers.push(("accept-language", "en".to_owned()));
    let many = english.post(&web, &trip, &listing(&page, &lines(22, "Ana #")));
    many.says(&["The list has 22 people: write the names of 21 people", "Line 19, surname"]);
    many.says(&["and 3 more mistakes"]).says_not(&["Line 20"]);
    // A mistake of the contact's is none of the list's.
    let mended = listing(&page, &lines(21, "Ana #; Souza"));
    let contact = mended.replace("contato=", &format!("contato={}", "1".repeat(201)));
    ana.post(&web, &trip, &contact).says(&["href=\"#contato\""]).says_not(&["grupo-dica erros"]);
    ana.follow(&web, &trip, &mended).says(&["Boa viagem!"]);
}

#[test]
fn a_list_stays_typed_when_more_time_is_asked_for_and_when_the_trip_has_changed() {
    let agency = agency();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, 30);
    let (trip, typed) = (trip_of(&page), lines(2, "Ana #; Souza"));
    let (_, until) = page.body.split_once("data-fim=\"").expect("a deadline");
    let until = until.split('"').next().expect("a moment");
    let more = format!("{}&prazo={until}", listing(&page, &typed));
    let longer = ana.post(&web, &trip, &more);
    longer.says(&["Você tem mais tempo"]).says_not(&["aria-invalid"]);
    assert_eq!(shown(&longer), typed);
    // The same trip with another flight, at another price.
    let review = ana.get(&web, &format!("/pacote?ida=ida2&pessoas=30&viagem={}", &trip[8..]));
    ana.follow(&web, "/pacote", &encode(&review.form()));
    let typed = lines(30, "Ana #; Souza");
    let changed = ana.post(&web, &trip, &listing(&page, &typed));
    assert_eq!(changed.status, 409);
    assert_eq!(shown(changed.says(&["A viagem mudou"])), typed);
    // With fewer people what was listed stands in inputs, and with more again in a list.
    let review = ana.get(&web, &format!("/pacote?ida=ida2&pessoas=2&viagem={}", &trip[8..]));
    ana.follow(&web, "/pacote", &encode(&review.form()));
    let fewer = ana.post(&web, &trip, &listing(&page, &typed));
    assert_eq!(fewer.status, 409);
    fewer.says(&["name=\"nome2\"", "value=\"Ana 2\""]).says_not(&["id=\"grupo", "nome3"]);
    let review = ana.get(&web, &format!("/pacote?ida=ida2&pessoas=30&viagem={}", &trip[8..]));
    ana.follow(&web, "/pacote", &encode(&review.form()));
    let again = ana.post(&web, &trip, &encode(&fewer.form_to("/viagem/")));
    assert_eq!((again.status, &*shown(&again)), (409, "Ana 1; Souza\r\nAna 2; Souza"));
}

#[test]
fn names_of_a_group_are_changed_as_a_list_and_each_document_stays_with_its_own() {
    let agency = agency();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, 22);
    let trip = trip_of(&page);
    let list = "Ana; Souza; A\r\nAna; Souza; B\r\n".to_owned() + &lines(20, "Caio #; Lima; C#");
    ana.follow(&web, &trip, &listing(&page, &list));
    let alter = format!("{trip}/alterar");
    let form = ana.get(&web, &alter);
    let (names, others) = (shown(&form), lines(20, "Caio #; Lima"));
    assert_eq!(names, format!("Ana; Souza\r\nAna; Souza\r\n{}", others.trim_end()));
    let wrong = ana.post(&web, &alter, &listing(&form, &names.replace("Caio 1; Lima", "Caio")));
    assert_eq!(wrong.status, 400);
    wrong.says(&["Linha 3, sobrenome", "Gravar os nomes"]);
    let changed = listing(&form, &names.replace("Caio 1;", "Rita;"));
    ana.follow(&web, &alter, &changed).says(&["Boa viagem!", "Rita Lima"]);
    let travellers = told(&agency, "alterar");
    let documents: Vec<_> = travellers.iter().map(|one| one["documento"].as_str()).collect();
    assert_eq!(documents[..4], [Some("A"), Some("B"), None, Some("C2")]);
    // Who gets another document leaves that of a namesake alone.
    let form = ana.get(&web, &alter);
    let changed = listing(&form, &shown(&form).replacen("Ana; Souza", "Ana; Souza; X", 1));
    ana.follow(&web, &alter, &changed).says(&["Boa viagem!"]);
    let travellers = told(&agency, "alterar");
    let documents: Vec<_> = travellers.iter().map(|one| one["documento"].as_str()).collect();
    assert_eq!(documents[..2], [Some("X"), Some("B")]);
}

#[test]
fn a_hundred_longest_names_fit_a_form_unless_each_letter_takes_six_bytes_on_the_way() {
    let agency = agency();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, 100);
    let list = |letter: &str| {
        let name = letter.repeat(100 / letter.len());
        listing(&page, &lines(100, &[&*name; 3].join("; ")))
    };
    let refused = ana.post(&web, &trip_of(&page), &list("é"));
    assert_eq!(refused.status, 413);
    refused.says(&["maior do que a agência aceita. Nada foi comprado."]);
    ana.follow(&web, &trip_of(&page), &list("a")).says(&["Boa viagem!"]);
}
