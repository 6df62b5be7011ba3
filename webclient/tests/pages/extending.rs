//! More time for a held trip: all of its parts at once, as far as the daemons go, and no further by

//! asking twice.

use crate::support::fake::Mood;
use crate::support::http::{Reply, encode};
use crate::support::walk::{held, hold, travellers, trip_of};
use crate::support::{Agency, Visitor, Web};
use agencia_protocol::trip::PartState;
use std::time::Duration;

/// The milliseconds since 1970 at which a page says that its trip is held no longer.
fn deadline(page: &Reply) -> i64 {
    let (_, rest) = page.body.split_once("data-fim=\"").expect("the page has a deadline");
    rest.split('"').next().and_then(|millis| millis.parse().ok()).expect("it is a number")
}

/// Presses the button of a page that asks for more time, with what is typed there.
fn extend(visitor: &mut Visitor, web: &Web, page: &Reply) -> Reply {
    let button =
        page.body.split_once("name=\"prazo\" value=\"").expect("the page has the button").1;
    let until = button.split('"').next().expect("a value");
    let form = encode(&page.form_to(&format!("{}\"", trip_of(page))));
    let sent = visitor.post(web, &trip_of(page), &format!("{form}&prazo={until}"));
    match sent.header("location") {
        Some(page) => visitor.get(web, page),
        None => sent,
    }
}

/// The moments until which the daemons were asked to hold.
fn asked(agency: &Agency) -> Vec<String> {
    let fakes = agency.all();
    let asked = fakes.iter().flat_map(|fake| fake.requests("prorrogar"));
    asked.map(|request| request["ate"].as_str().expect("a moment").to_owned()).collect()
}

#[test]
fn all_parts_get_more_time_together_and_the_same_click_again_gets_no_more() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "2");
    page.says(&["Preciso de mais tempo"]);
    let longer = extend(&mut ana, &web, &page);
    assert_eq!(longer.status, 200);
    longer.says(&["Tudo reservado", "Você tem mais tempo: tudo está reservado até", "Viajante 2"]);
    assert_eq!(deadline(&longer) - deadline(&page), 900_000);
    let moments = asked(&agency);
    assert!(moments.len() == 3 && moments.iter().all(|until| *until == moments[0]), "{moments:?}");
    let again = extend(&mut ana, &web, &page);
    again.says(&["Você tem mais tempo"]);
    assert_eq!(deadline(&again), deadline(&longer));
    // What was written in time counts to the new deadline.
    for fake in agency.all() {
        fake.ahead(Duration::from_secs(20 * 60));
    }
    ana.follow(&web, &trip_of(&page), &travellers(&longer)).says(&["Boa viagem!"]);
}

#[test]
fn what_was_typed_stays_also_where_it_is_not_whole() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "2");
    let until = deadline(&page);
    let mut form = page.form_to(&format!("{}\"", trip_of(&page)));
    form.iter_mut().find(|(name, _)| name == "nome2").unwrap().1 = "Bento".to_owned();
    form.push(("prazo".to_owned(), until.to_string()));
    let longer = ana.post(&web, &trip_of(&page), &encode(&form));
    assert_eq!(longer.status, 200);
    longer.says(&["Você tem mais tempo", "name=\"nome2\" type=\"text\""]);
    longer.says(&["value=\"Bento\""]).says_not(&["aria-invalid"]);
    assert_eq!(agency.flights.booked(), 0, "more time books nothing");
}

#[test]
fn when_no_more_is_possible_the_page_says_so_and_asks_no_more() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    let longer = extend(&mut ana, &web, &page);
    let end = extend(&mut ana, &web, &longer);
    end.says(&["mais tempo que isso não é possível", "Confirmar a compra"]);
    end.says_not(&["Preciso de mais tempo"]);
    assert!(deadline(&end) >= deadline(&longer), "asking never shortens");
}

#[test]
fn the_whole_lasts_as_long_as_the_part_that_cannot_be_held_longer() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    agency.stays.mood(Mood::Refuses("prorrogar", "nao_autorizado"));
    let end = extend(&mut ana, &web, &page);
    end.says(&["Reservado até", "mais tempo que isso não é possível"]);
    // The parts were held milliseconds apart.
    assert!((deadline(&end) - deadline(&page)).abs() < 1000);
    agency.stays.mood(Mood::Good);
    agency.tours.mood(Mood::Loses("prorrogar"));
    let page = ana.get(&web, &trip_of(&page));
    let unsure = extend(&mut ana, &web, &page);
    unsure.says(&["Um servidor não respondeu: vale o prazo", "Preciso de mais tempo"]);
}

#[test]
fn a_hold_that_is_over_is_not_held_again() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    for fake in agency.all() {
        fake.ahead(Duration::from_secs(15 * 60 + 1));
    }
    extend(&mut ana, &web, &page).says(&["A viagem não foi comprada"]);
    assert_eq!((agency.parts(PartState::Held), asked(&agency).len()), (0, 0));
}

#[test]
fn what_is_missing_of_a_trip_stays_on_its_page_and_a_stranger_gets_none() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    agency.stays.mood(Mood::Refuses("segurar", "esgotado"));
    let page = hold(&mut ana, &web, "ida=ida1&hospedagem=quarto6&noites=3");
    page.says(&["Falta um pedaço", "Esgotou", "Preciso de mais tempo"]);
    extend(&mut ana, &web, &page).says(&["Falta um pedaço", "Esgotou", "Você tem mais tempo"]);
    let path = trip_of(&page);
    assert_eq!(Visitor::default().post(&web, &path, "prazo=1").status, 404);
    for prazo in ["", "x", "-1", "99999999999999999999"] {
        let kept = ana.follow(&web, &path, &format!("prazo={prazo}"));
        assert_eq!(kept.status, 200, "{prazo}");
    }
}
