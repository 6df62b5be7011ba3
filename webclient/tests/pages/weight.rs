//! What a page weighs with everything that it loads: little enough for a phone far from the next mast, also where its lists are full.

use crate::support::fake::{AIRPORT, Fake, Mood};
use crate::support::http::{Reply, encode};
use crate::support::walk::{hold, trip_of};
use crate::support::{Agency, Visitor, Web};
use agencia_protocol::trip::ITEMS_MAX;
use serde_json::Value;

/// The most bytes of a page, nothing of it compressed.
const BYTES_MAX: usize = 60_000;

/// How many offers a list has where nobody set another number.
const OFFERS_MAX: usize = 10;

/// The bytes of a page and of all files that it names.
fn weight(web: &Web, page: &Reply) -> usize {
    assert!([200, 400].contains(&page.status), "{}", page.body);
    let mut files: Vec<_> = page.body.split(['"', '\'']).collect();
    files.retain(|text| text.starts_with("/static/"));
    files.sort_unstable();
    files.dedup();
    assert!(files.len() >= 2, "a page has its look and its icon: {files:?}");
    let bytes = |file: &&str| {
        let file = web.get(file);
        assert_eq!(file.status, 200);
        file.body.len()
    };
    page.body.len() + files.iter().map(bytes).sum::<usize>()
}

fn check(what: &str, web: &Web, page: &Reply) {
    let bytes = weight(web, page);
    println!("{what}: {bytes} bytes, {} of them HTML", page.body.len());
    assert!(bytes < BYTES_MAX, "{what} weighs {bytes} bytes");
}

/// So many offers like this one, with ids as long as daemons make them, and one on every other day of
/// the month.
fn fill(fake: &Fake, id: &str, count: usize, day: &str, change: impl Fn(&mut Value)) {
    fake.change(id, |offer| {
        offer["id"] = format!("{id:0<13}").into();
        change(offer);
    });
    fake.copies(&format!("{id:0<13}"), count - 1);
    fake.every_day(&format!("{id:0<13}"), day);
}

/// An agency that has as much as this of everything, and few of each.
fn full(count: usize) -> Agency {
    let agency = Agency::start();
    for id in ["ida2", "ida3"] {
        agency.flights.change(id, |flight| *flight = Value::Null);
    }
    agency.flights.change("volta1", |flight| *flight = Value::Null);
    fill(&agency.flights, "ida1", count, "diaIda", |flight| {
        flight["disponiveis"] = 9.into();
        flight["diaChegada"] = "05/11/2027".into();
    });
    fill(&agency.flights, "volta2", count, "diaIda", |flight| {
        flight["disponiveis"] = 9.into();
        flight["diaChegada"] = "08/11/2027".into();
    });
    for id in ["quarto7", "quarto8"] {
        agency.stays.change(id, |stay| *stay = Value::Null);
    }
    fill(&agency.stays, "quarto6", count, "diaEntrada", |stay| stay["disponiveis"] = 9.into());
    for id in ["cachoeira", "mercado"] {
        agency.tours.change(id, |tour| *tour = Value::Null);
    }
    fill(&agency.tours, "orla", count, "dia", |tour| tour["disponiveis"] = 9.into());
    agency
}

/// A room and some tours for nine.
const REST: &str = "&pessoas=9&hospedagem=quarto6000000&noites=3&passeio=orla000000000\
    &passeio=orla000000000-1&passeio=orla000000000-2&passeio=orla000000000-3";

const FLIGHTS: &str = "&ida=ida1000000000&volta=volta20000000";

#[test]
fn a_page_with_full_lists_is_light() {
    let airport = encode(&[("paraAeroporto".to_owned(), AIRPORT.to_owned())]);
    let flights =
        format!("/voos?{airport}&dataIda=2027-11-04&dataVolta=2027-11-07&numeroPassagens=9");
    let stays = "/hospedagens?cidade=Altamira+%28PA%29&dataIda=2027-11-04&dataVolta=2027-11-07&numeroDePessoas=9";
    let tours = "/passeios?cidade=Altamira+%28PA%29&dataIda=2027-11-04&numeroDePessoas=9";
    // As many as a list shows, and more.
    for count in [OFFERS_MAX, OFFERS_MAX + 1] {
        let agency = full(count);
        let web = Web::start(&agency, "");
        // With the month, which is heavier than the days around.
        let page = web.get(&format!("{flights}{REST}{FLIGHTS}&mes=2027-11"));
        let cards = page.body.matches("class=\"offer flight\"").count();
        assert_eq!(cards, 2 * OFFERS_MAX, "the lists are full");
        assert_eq!(page.has_button("Mais voos de ida"), count > OFFERS_MAX);
        assert!(page.body.contains("id=\"pares\""), "pairs are offered");
        assert_eq!(
            page.body.matches("<b aria-hidden").count(),
            29,
            "there are all other days of the month"
        );
        check("flights", &web, &page);
        let page = web.get(&format!("{stays}{REST}{FLIGHTS}&mes=2027-11"));
        assert_eq!(page.body.matches("class=\"offer stay\"").count(), OFFERS_MAX);
        check("stays", &web, &page);
        let page = web.get(&format!("{tours}{REST}{FLIGHTS}&mes=2027-11"));
        assert_eq!(page.body.matches("class=\"offer tour\"").count(), OFFERS_MAX);
        check("tours", &web, &page);
    }
}

#[test]
fn a_review_and_a_trip_of_nine_travellers_are_light() {
    let agency = full(OFFERS_MAX);
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let choice = format!("{REST}{FLIGHTS}");
    check("review", &web, &ana.get(&web, &format!("/pacote?{choice}")));
    let page = hold(&mut ana, &web, &choice);
    page.says(&["Viajante 9"]);
    check("trip", &web, &page);
}

#[test]
fn a_review_and_a_trip_of_as_many_tours_as_one_can_have_are_light() {
    let agency = full(ITEMS_MAX);
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let tours = (1..ITEMS_MAX).map(|number| format!("&passeio=orla000000000-{number}"));
    let tours: String = tours.collect();
    let choice = format!(
        "&passeio=orla000000000{tours}&pessoas=9&hospedagem=quarto6000000&noites=3{FLIGHTS}"
    );
    let review = ana.get(&web, &format!("/pacote?{choice}"));
    assert_eq!(review.body.matches("class=\"line card\"").count(), ITEMS_MAX + 3);
    check("review", &web, &review);
    let page = hold(&mut ana, &web, &choice);
    page.says(&["Viajante 9"]);
    check("trip", &web, &page);
}

#[test]
fn a_partly_held_trip_is_light_whichever_part_of_it_is_missing() {
    // More tours than a trip has, so that there are others to offer.
    let agency = full(2 * ITEMS_MAX);
    let web = Web::start(&agency, "");
    let tours = (1..ITEMS_MAX).map(|number| format!("&passeio=orla000000000-{number}"));
    let tours: String = tours.collect();
    let choice = format!(
        "&passeio=orla000000000{tours}&pessoas=9&hospedagem=quarto6000000&noites=3{FLIGHTS}"
    );
    for (what, missing) in [
        ("without the stay", &[&agency.stays][..]),
        ("without the tours", &[&agency.tours]),
        ("without the tours and the stay", &[&agency.tours, &agency.stays]),
        ("without the flights", &[&agency.flights]),
    ] {
        for code in ["esgotado", "preco_mudou"] {
            let mut ana = Visitor::default();
            for fake in missing {
                fake.mood(Mood::Refuses("segurar", code));
            }
            let page = hold(&mut ana, &web, &choice);
            check(&format!("{what}: {code}"), &web, page.says(&["Falta um pedaço"]));
            let (errors, ways_on) =
                (page.body.matches("card wrong"), page.body.matches("Seguir sem"));
            let (errors, ways_on) = (errors.count(), ways_on.count());
            assert!(ways_on == errors.min(4), "{ways_on} of {errors} have their own ways on");
            // The review has those of all.
            let more = page.body.contains("class=\"button\" href=\"/pacote");
            assert_eq!(more, errors > 4, "{what}");
            for fake in agency.all() {
                fake.mood(Mood::Good);
            }
            ana.post(&web, &format!("{}/desistir", trip_of(&page)), "");
        }
    }
}

#[test]
fn a_group_of_a_hundred_is_light_also_with_a_mistake_in_every_line() {
    let agency = full(OFFERS_MAX);
    for (fake, id) in [(&agency.flights, "ida1000000000"), (&agency.flights, "volta20000000")] {
        fake.change(id, |flight| flight["disponiveis"] = 200.into());
    }
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = hold(&mut ana, &web, &format!("pessoas=100{FLIGHTS}"));
    check("held", &web, &page);
    let trip = trip_of(&page);
    let list = |line: &str| {
        let mut fields = page.form_to("/viagem/");
        let field = fields.iter_mut().find(|(name, _)| name == "grupo").unwrap();
        field.1 = (1..=100).map(|number| line.replace('#', &number.to_string()) + "\r\n").collect();
        encode(&fields)
    };
    let wrong = ana.post(&web, &trip, &list("; Maria das Graças <#>"));
    wrong.says(&["Linha 20, nome", "e mais 80 erros"]).says_not(&["Linha 21"]);
    check("a hundred mistakes", &web, &wrong);
    let booked =
        ana.follow(&web, &trip, &list("Maria das Graças #; de Souza e Silva; MG-12.345.678"));
    check("booked", &web, booked.says(&["Maria das Graças 100 de Souza e Silva"]));
    check("names", &web, &ana.get(&web, &format!("{trip}/alterar")));
}
