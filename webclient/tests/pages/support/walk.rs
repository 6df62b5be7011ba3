//! The flow as a browser without script walks it: links followed, forms sent as they stand.

use super::fake::AIRPORT;
use super::http::{Reply, encode};
use super::{Visitor, Web};

/// The forms of a page as they would be sent after these were picked.
pub(crate) fn send(page: &Reply, picked: &[(&str, &str)]) -> String {
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
pub(crate) fn review(visitor: &mut Visitor, web: &Web, people: &str) -> Reply {
    let start = visitor.get(web, "/");
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
    let flights = visitor.get(web, &format!("/voos?{flights}"));
    flights.says(&[
        "Escolha sua passagem.",
        "R$\u{a0}9.906,00",
        "qui, 04/11/2027",
        "dom, 07/11/2027",
    ]);
    let picked = send(&flights, &[("ida", "ida1"), ("volta", "volta2")]);
    let hotel = visitor.get(web, &format!("/hospedagem?{picked}"));
    hotel.says(&["Compre sua hospedagem."]);
    let stays = visitor.get(web, &format!("/hospedagens?{}", encode(&hotel.form())));
    stays.says(&["Escolha seu hotel.", "Amazon Xingu Hotel", "3 noites"]);
    let tour =
        visitor.get(web, &format!("/passeio?{}", send(&stays, &[("hospedagem", "quarto6")])));
    tour.says(&["Passeios disponíveis."]);
    // The form says the day after: the flight arrives in the evening.
    let tours =
        visitor.get(web, &format!("/passeios?{}", send(&tour, &[("dataIda", "2027-11-04")])));
    tours.says(&["Escolha seu passeio.", "Cachoeira do Rio Curuá", "Grátis"]);
    let chosen = send(&tours, &[("passeio", "cachoeira"), ("passeio", "orla")]);
    visitor.get(web, &format!("/pacote?{chosen}"))
}

/// The page of a trip of everything that is held.
pub(crate) fn held(visitor: &mut Visitor, web: &Web, people: &str) -> Reply {
    let review = review(visitor, web, people);
    visitor.follow(web, "/pacote", &encode(&review.form()))
}

/// The page of a trip of this choice that is held.
pub(crate) fn hold(visitor: &mut Visitor, web: &Web, choice: &str) -> Reply {
    let review = visitor.get(web, &format!("/pacote?{choice}"));
    visitor.follow(web, "/pacote", &encode(&review.form()))
}

/// The travellers' form of a page, filled: Ana, Bento, Caio, … Souza.
pub(crate) fn travellers(page: &Reply) -> String {
    let mut fields = page.form_to("/viagem/");
    let names = ["Ana", "Bento", "Caio", "Davi"].into_iter().cycle();
    let mut names = names;
    for (name, value) in &mut fields {
        if name.starts_with("nome") {
            *value = names.next().unwrap().to_owned();
        } else if name.starts_with("sobrenome") {
            *value = "Souza".to_owned();
        }
    }
    encode(&fields)
}

/// Books the held trip of a page, for those people.
pub(crate) fn book(visitor: &mut Visitor, web: &Web, page: &Reply) -> Reply {
    visitor.follow(web, &trip_of(page), &travellers(page))
}

/// The address of the trip of a page, as its forms have it.
pub(crate) fn trip_of(page: &Reply) -> String {
    let (_, rest) =
        page.body.split_once("action=\"/viagem/").unwrap_or_else(|| panic!("{}", page.body));
    format!("/viagem/{}", &rest[..36])
}

/// The locator on a page.
pub(crate) fn locator(page: &Reply) -> Option<String> {
    let (_, rest) = page.body.split_once("Localizador</span> <strong>")?;
    Some(rest[..6].to_owned())
}
