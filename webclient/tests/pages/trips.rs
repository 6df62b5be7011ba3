//! Trips on their pages: held, shown, changed and booked.

use crate::support::fake::Fake;
use crate::support::http::encode;
use crate::support::walk::{book, held, hold, locator, review, travellers, trip_of};
use crate::support::{Agency, Visitor, Web};
use agencia_protocol::trip::PartState;
use std::time::Duration;

#[test]
fn the_flow_ends_in_one_locator_for_everything() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let review = review(&mut ana, &web, "2");
    // 2 × 9906,00 + 2 × 700,00 + 3 × 958,00 + 2 × 35,00
    review.says(&["Revise o seu pacote.", "R$\u{a0}24.156,00", "Para 2 pessoas", "Reservar tudo"]);
    for fake in agency.all() {
        assert_eq!(fake.requests("segurar").len(), 0, "choosing took something");
    }
    let page = ana.follow(&web, "/pacote", &encode(&review.form()));
    page.says(&[
        "Tudo reservado",
        "Reservado até",
        "faltam 14 min",
        "Viajante 2",
        "R$\u{a0}24.156,00",
    ]);
    assert_eq!((agency.flights.left("ida1"), agency.stays.left("quarto6")), (118, 0));
    assert_eq!(agency.parts(PartState::Held), 3);
    let booked = book(&mut ana, &web, &page);
    booked.says(&[
        "Boa viagem!",
        "Amazon Xingu Hotel",
        "R$\u{a0}24.156,00",
        "Ana Souza",
        "Bento Souza",
    ]);
    assert_eq!(locator(&booked).unwrap().chars().next(), Some('V'));
    assert_eq!(agency.parts(PartState::Confirmed), 3);
    let stay = &agency.stays.requests("segurar")[0]["itens"][0];
    assert_eq!((&stay["quantidade"], &stay["noites"]), (&1.into(), &3.into()));
    assert_eq!(stay["valor"], "2874,00R$", "the price of all nights is what was seen");
}

#[test]
fn any_instance_shows_and_finishes_any_trip() {
    let agency = Agency::start();
    let (one, other) = (Web::start(&agency, ""), Web::start(&agency, ""));
    let mut ana = Visitor::default();
    let page = held(&mut ana, &one, "1");
    let trip = trip_of(&page);
    ana.get(&other, &trip).says(&["Tudo reservado"]);
    let booked = book(&mut ana, &other, &page);
    assert_eq!(locator(&booked), locator(&ana.get(&one, &trip)));
    assert!(locator(&booked).is_some());
}

#[test]
fn the_same_forms_twice_are_one_trip_and_one_booking() {
    let agency = Agency::start();
    let (web, other) = (Web::start(&agency, ""), Web::start(&agency, ""));
    let mut ana = Visitor::default();
    let review = encode(&review(&mut ana, &web, "1").form());
    let page = ana.follow(&web, "/pacote", &review);
    let again = ana.follow(&other, "/pacote", &review);
    assert_eq!(trip_of(&page), trip_of(&again));
    assert_eq!(agency.flights.left("ida1"), 119);
    let names = travellers(&page);
    let booked = ana.follow(&web, &trip_of(&page), &names);
    // The back button, and the same form once more; also the review's.
    let twice = ana.follow(&other, &trip_of(&page), &names);
    let thrice = ana.follow(&web, "/pacote", &review);
    assert_eq!(locator(&booked), locator(&twice));
    assert_eq!(locator(&booked), locator(&thrice));
    assert_eq!(agency.flights.booked(), 1);
    assert_eq!(agency.flights.left("ida1"), 119);
}

#[test]
fn every_kind_of_trip_has_its_anchors_locator() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    for (choice, letter) in [
        ("ida=ida2&pessoas=1", 'V'),
        ("volta=volta1", 'V'),
        ("hospedagem=quarto6", 'H'),
        ("passeio=orla&passeio=mercado&pessoas=2", 'P'),
        ("hospedagem=quarto8&passeio=orla&pessoas=3", 'H'),
    ] {
        let mut ana = Visitor::default();
        let page = hold(&mut ana, &web, choice);
        let booked = book(&mut ana, &web, &page);
        assert_eq!(locator(&booked).unwrap().chars().next(), Some(letter), "{choice}");
    }
}

#[test]
fn the_bare_address_is_enough() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "3");
    let bare = ana.get(&web, &trip_of(&page));
    bare.says(&["Tudo reservado", "Viajante 3", "Voo de volta", "Amazon Xingu Hotel"]);
    let booked = ana.follow(&web, &trip_of(&page), &travellers(&bare));
    booked.says(&["Boa viagem!"]);
}

#[test]
fn a_sold_out_part_is_named_the_others_stay_held_and_alternatives_lead_on() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let form = encode(&review(&mut ana, &web, "2").form());
    agency.stays.sell_out("quarto6");
    let page = ana.follow(&web, "/pacote", &form);
    page.says(&[
        "Falta um pedaço",
        "Não reservado",
        "Esgotou",
        "Amazon Xingu Hotel",
        "Reservado até",
    ]);
    page.says_not(&["Quem viaja?", "name=\"nome1\""]);
    assert_eq!(agency.parts(PartState::Held), 2);
    let trip = trip_of(&page);
    // Three nights for two: the cheaper of the others comes first.
    let instead = page.link("Pousada");
    assert!(page.body.find("Pousada").unwrap() < page.body.find("Hotel Volta Grande").unwrap());
    assert!(instead.contains(&format!("viagem={}", &trip["/viagem/".len()..])), "{instead}");
    let search = page.link("Ver todas as opções");
    assert!(search.starts_with("/hospedagens?cidade=Altamira") && search.contains("viagem="));
    // The search's results carry the trip on, to a review of the same trip.
    let stays = ana.get(&web, &search);
    assert!(stays.form().iter().any(|(name, _)| name == "viagem"), "{:?}", stays.form());
    let review = ana.get(&web, &instead);
    review.says(&["Mudar a reserva", "Sua reserva atual continua"]);
    let whole = ana.follow(&web, "/pacote", &encode(&review.form()));
    whole.says(&["Tudo reservado", "Pousada &#60;b&#62;do Rio"]);
    assert_eq!(trip_of(&whole), trip);
    assert_eq!(agency.flights.left("ida1"), 118, "the flights were held once");
    book(&mut ana, &web, &whole).says(&["Boa viagem!"]);
}

#[test]
fn going_on_without_the_missing_part_books_the_rest() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let form = encode(&review(&mut ana, &web, "1").form());
    agency.stays.sell_out("quarto6");
    let page = ana.follow(&web, "/pacote", &form);
    let without = page.link("Seguir sem");
    assert!(without.starts_with("/viagem/"), "all the rest is held: {without}");
    let rest = ana.get(&web, &without);
    rest.says(&["Tudo reservado"]).says_not(&["Amazon Xingu"]);
    let booked = book(&mut ana, &web, &rest);
    booked.says(&["Boa viagem!", "Orla do Cais"]).says_not(&["Amazon Xingu"]);
    assert_eq!(agency.parts(PartState::Confirmed), 2);
}

#[test]
fn of_two_tours_only_the_one_at_fault_is_named_and_the_other_is_held_by_the_next_form() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let form = encode(&ana.get(&web, "/pacote?ida=ida1&passeio=orla&passeio=cachoeira").form());
    agency.tours.sell_out("orla");
    let page = ana.follow(&web, "/pacote", &form);
    page.says(&["Esgotou", "outro item do mesmo grupo", "Mercado Municipal"]);
    let without = page.link("Seguir sem");
    assert!(without.starts_with("/pacote?"), "the other tour is not held: {without}");
    let review = ana.get(&web, &without);
    let whole = ana.follow(&web, "/pacote", &encode(&review.form()));
    whole.says(&["Tudo reservado", "Cachoeira"]).says_not(&["Orla"]);
    assert_eq!(agency.tours.left("cachoeira"), 7);
}

#[test]
fn a_changed_price_is_told_with_the_old_one_and_asked_again_before_it_is_held() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let form = "/pacote?ida=ida2&passeio=orla&hospedagem=quarto6&noites=3&pessoas=2";
    let form = encode(&ana.get(&web, form).form());
    agency.flights.change("ida2", |flight| flight["valor"] = "900,00R$".into());
    agency.stays.change("quarto6", |stay| stay["valor"] = "900,00R$".into());
    let page = ana.follow(&web, "/pacote", &form);
    page.says(&[
        // Two people each, and three nights.
        "era R$\u{a0}1.625,00 quando você viu, agora é R$\u{a0}1.800,00",
        "era R$\u{a0}2.874,00 quando você viu, agora é R$\u{a0}2.700,00",
    ]);
    page.says_not(&["Tudo reservado", "name=\"nome1\"", "O preço mudou desde"]);
    assert_eq!((agency.flights.left("ida2"), agency.tours.left("orla")), (120, 6));
    // What was not held is asked for once more, with both prices.
    let review = ana.get(&web, &page.link("Rever com o novo preço"));
    review.says(&[
        "era R$\u{a0}1.625,00 quando você viu, agora é R$\u{a0}1.800,00",
        "era R$\u{a0}2.874,00 quando você viu, agora é R$\u{a0}2.700,00",
        "Mudar a reserva",
    ]);
    let mut english = ana.clone();
    english.headers.push(("accept-language", "en".to_owned()));
    english
        .get(&web, &page.link("Rever com o novo preço"))
        .says(&["it was R$\u{a0}1,625.00 when you saw it, now it is R$\u{a0}1,800.00"]);
    assert_eq!((agency.flights.left("ida2"), agency.stays.left("quarto6")), (120, 1));
    let held = ana.follow(&web, "/pacote", &encode(&review.form()));
    held.says(&["Tudo reservado", "R$\u{a0}4.570,00"]).says_not(&["quando você viu"]);
    // One that is as it was seen is not said to have changed.
    agency.flights.change("ida2", |flight| flight["valor"] = "812,50R$".into());
    let same = ana.get(&web, "/pacote?ida=ida2&pessoas=2&antes=ida2:812,50R$&antes=x&antes=y:z");
    same.says(&["R$\u{a0}1.625,00"]).says_not(&["quando você viu"]);
}

#[test]
fn nothing_that_could_be_held_is_said_as_nothing_held() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let form = encode(&ana.get(&web, "/pacote?hospedagem=quarto6&noites=3").form());
    agency.stays.sell_out("quarto6");
    let page = ana.follow(&web, "/pacote", &form);
    page.says(&["Nada foi reservado", "Esgotou", "Hotel Volta Grande"]);
    assert!(page.link("Rever e tentar de novo").starts_with("/pacote?"));
    page.says_not(&["Tudo reservado", "Reservado até", "Seguir sem", "name=\"nome1\""]);
}

#[test]
fn a_part_that_is_left_out_is_let_go_and_one_that_comes_back_begins_a_new_trip() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    let trip = trip_of(&page);
    let review = ana.get(&web, &page.link("Rever os itens"));
    let review = ana.get(&web, &review.press("Retirar<span class=\"hidden\"> hospedagem"));
    let less = ana.follow(&web, "/pacote", &encode(&review.form()));
    less.says(&["Tudo reservado"]).says_not(&["Amazon Xingu"]);
    assert_eq!(trip_of(&less), trip);
    assert_eq!(agency.stays.left("quarto6"), 1, "it was let go");
    // Let go is for good: the room comes back in another trip, and the first one is let go.
    let back = "hospedagem=quarto6&noites=3&ida=ida1";
    let review = ana.get(&web, &format!("/pacote?{back}&viagem={}", &trip["/viagem/".len()..]));
    let other = ana.follow(&web, "/pacote", &encode(&review.form()));
    other.says(&["Tudo reservado", "Amazon Xingu"]);
    assert_ne!(trip_of(&other), trip);
    assert_eq!((agency.flights.left("ida1"), agency.flights.left("volta2")), (119, 120));
    ana.get(&web, &trip).says(&["A viagem não foi comprada"]);
}

#[test]
fn a_form_of_an_older_version_changes_nothing() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let old = encode(&ana.get(&web, "/pacote?passeio=orla&pessoas=2").form());
    let page = ana.follow(&web, "/pacote", &old);
    let id = trip_of(&page).replace("/viagem/", "");
    let review = ana.get(&web, &format!("/pacote?passeio=mercado&pessoas=2&viagem={id}"));
    ana.follow(&web, "/pacote", &encode(&review.form())).says(&["Mercado Municipal"]);
    let now = ana.follow(&web, "/pacote", &old);
    now.says(&["Tudo reservado", "Mercado Municipal"]).says_not(&["Orla"]);
    assert_eq!((agency.tours.left("orla"), agency.tours.left("mercado")), (8, 6));
}

#[test]
fn the_last_room_that_the_trip_holds_itself_is_not_sold_out_to_it() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    assert_eq!(agency.stays.left("quarto6"), 0);
    let review = ana.get(&web, &page.link("Rever os itens"));
    review.says(&["Mudar a reserva"]).says_not(&["Esgotou"]);
    // To everybody else it is.
    web.get("/pacote?hospedagem=quarto6&noites=3").says(&["Esgotou"]);
}

#[test]
fn what_is_wrong_with_a_name_is_told_and_what_was_typed_is_kept() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = hold(&mut ana, &web, "ida=ida1&pessoas=2");
    let trip = trip_of(&page);
    let mut fields = page.form_to("/viagem/");
    let long = "é".repeat(51);
    for (name, value) in &mut fields {
        match name.as_str() {
            "nome1" => *value = "Zoé <b>".to_owned(),
            "sobrenome2" => *value = long.clone(),
            "documento2" => *value = "MG-12".to_owned(),
            "contato" => *value = "a".repeat(201),
            _ => {}
        }
    }
    let wrong = ana.post(&web, &trip, &encode(&fields));
    assert_eq!(wrong.status, 400);
    for field in ["sobrenome1", "nome2", "sobrenome2", "contato"] {
        wrong.says(&[&format!("<a href=\"#{field}\">"), &format!("id=\"{field}-erro\"")]);
    }
    wrong.says(&[
        "Sobrenome do viajante 1",
        "Nome do viajante 2",
        "Zoé &#60;b&#62;",
        &long,
        "MG-12",
    ]);
    assert_eq!(wrong.body.matches("-erro\">").count(), 2 * 4, "{}", wrong.body);
    assert_eq!(agency.flights.booked(), 0);
    // At the limit it is a name.
    for (name, value) in &mut fields {
        match name.as_str() {
            "sobrenome1" | "nome2" | "sobrenome2" => *value = "é".repeat(50),
            "contato" => *value = "a".repeat(200),
            _ => {}
        }
    }
    let booked = ana.follow(&web, &trip, &encode(&fields));
    booked.says(&["Boa viagem!", "Zoé &#60;b&#62;"]).says_not(&["MG-12"]);
}

#[test]
fn a_hold_that_has_expired_is_not_booked_and_leads_to_the_same_items_again() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = hold(&mut ana, &web, "ida=ida1&passeio=orla");
    for fake in agency.all() {
        fake.ahead(Duration::from_secs(901));
    }
    let trip = trip_of(&page);
    let over = book(&mut ana, &web, &page);
    over.says(&["A viagem não foi comprada", "prazo"]).says_not(&["Boa viagem", "Localizador"]);
    assert_eq!((agency.flights.left("ida1"), agency.tours.left("orla")), (120, 8));
    let review = ana.get(&web, &over.link("Escolher de novo os mesmos itens"));
    let form = review.form();
    assert!(form.iter().all(|(_, value)| !trip.contains(value.as_str()) || value.len() < 36));
    let again = ana.follow(&web, "/pacote", &encode(&form));
    assert_ne!(trip_of(&again), trip);
}

#[test]
fn one_part_that_expired_before_the_others_is_not_left_behind() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = hold(&mut ana, &web, "ida=ida1&hospedagem=quarto6&passeio=orla");
    agency.stays.ahead(Duration::from_secs(901));
    let names = travellers(&page);
    let over = ana.follow(&web, &trip_of(&page), &names);
    over.says(&["A viagem não foi comprada"]);
    // Nor by whoever sends the form once more, when the page knows that the room is gone.
    ana.follow(&web, &trip_of(&page), &names).says(&["A viagem não foi comprada"]);
    assert_eq!(agency.parts(PartState::Confirmed), 0);
    assert_eq!(agency.flights.left("ida1"), 120);
}

#[test]
fn what_was_not_seen_is_not_booked() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = hold(&mut ana, &web, "passeio=orla");
    let id = trip_of(&page).replace("/viagem/", "");
    let review = ana.get(&web, &format!("/pacote?passeio=mercado&viagem={id}"));
    ana.follow(&web, "/pacote", &encode(&review.form())).says(&["Mercado"]);
    let changed = ana.post(&web, &trip_of(&page), &travellers(&page));
    assert_eq!(changed.status, 409);
    changed.says(&["A viagem mudou", "Mercado", "value=\"Ana\""]);
    assert_eq!(agency.tours.booked(), 0);
    ana.follow(&web, &trip_of(&page), &encode(&changed.form_to("/viagem/"))).says(&["Boa viagem!"]);
}

#[test]
fn giving_up_lets_everything_go() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    let over = ana.follow(&web, &format!("{}/desistir", trip_of(&page)), "");
    over.says(&["A viagem não foi comprada", "A reserva foi solta antes da confirmação."]);
    // Whoever comes by another way is not told whose doing it was.
    ana.get(&web, &trip_of(&page)).says(&["O prazo da reserva terminou, ou ela foi solta."]);
    assert_eq!(agency.parts(PartState::Held), 0);
    assert_eq!((agency.flights.left("ida1"), agency.stays.left("quarto6")), (120, 1));
}

#[test]
fn no_get_changes_anything() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let review = review(&mut ana, &web, "1");
    let page = ana.follow(&web, "/pacote", &encode(&review.form()));
    let trip = trip_of(&page);
    let id = trip.replace("/viagem/", "");
    let changes = || {
        let of = |fake: &&Fake| {
            ["segurar", "soltar", "fixar", "decidir", "aplicar", "cancelar", "prorrogar"]
                .iter()
                .map(|action| fake.requests(action).len())
                .sum::<usize>()
        };
        agency.all().iter().map(of).sum::<usize>()
    };
    let before = changes();
    let form = encode(&review.form());
    let names = travellers(&page);
    for path in [
        "/".to_owned(),
        format!("/pacote?{form}"),
        format!("/pacote?ida=ida1&viagem={id}"),
        trip.clone(),
        format!("{trip}?{names}"),
        format!("{trip}/cancelar"),
        format!("{trip}/desistir"),
        "/viagem".to_owned(),
        "/viagem?localizador=VA9AAC&sobrenome=Souza".to_owned(),
    ] {
        ana.get(&web, &path);
        assert_eq!(changes(), before, "{path}");
    }
}

#[test]
fn scripts_are_files_of_this_site_and_the_page_is_whole_without_them() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    let scripts: Vec<_> = page.body.split("<script ").skip(1).collect();
    let files: Vec<_> = scripts.iter().map(|tag| tag.split('"').nth(1).unwrap()).collect();
    let [countdown, sending] = files[..] else { panic!("two scripts: {files:?}") };
    assert!(countdown.contains("contagem.js") && sending.contains("envio.js"), "{files:?}");
    for file in files {
        assert_eq!(web.get(file).status, 200, "{file}");
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    page.says(&["Reservado até <strong>"]).says_not(&["style=", " onclick"]);
}

#[test]
fn a_trip_is_held_for_as_long_as_the_settings_say() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[trips]\nhold_secs = 61\n");
    let mut ana = Visitor::default();
    hold(&mut ana, &web, "passeio=orla").says(&["falta 1 minuto"]);
    assert_eq!(agency.tours.requests("segurar")[0]["validade"], 61);
}

#[test]
fn whoever_goes_back_from_what_is_held_does_not_find_it_sold_out() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let (mut ana, mut bento) = (Visitor::default(), Visitor::default());
    let back = "/pacote?hospedagem=quarto6&noites=3&passeio=orla";
    let trip = trip_of(&hold(&mut ana, &web, "hospedagem=quarto6&noites=3&passeio=orla"));
    let review = ana.get(&web, back);
    review.says(&["Esta viagem já está reservada.", "Mudar a reserva"]).says_not(&["Esgotou"]);
    assert_eq!(review.link("Veja o que está reservado"), trip);
    // To hold it again is to change it: nothing is held twice.
    let again = ana.follow(&web, "/pacote", &encode(&review.form()));
    assert_eq!((trip_of(&again), agency.tours.left("orla")), (trip.clone(), 7));
    // To others it is sold out, and another choice is another trip.
    bento.get(&web, back).says(&["Esgotou"]).says_not(&["já está reservada"]);
    ana.get(&web, "/pacote?passeio=mercado").says_not(&["já está reservada", "Mudar a reserva"]);
    // What was let go is held no more.
    ana.post(&web, &format!("{trip}/desistir"), "");
    ana.get(&web, back).says_not(&["já está reservada", "Esgotou"]);
}
