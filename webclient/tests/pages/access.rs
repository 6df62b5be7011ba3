//! Whose a trip is: cookie, token, or locator and surname. Somebody else's is an unknown one.

use crate::support::fake::Mood;
use crate::support::http::{Reply, encode};
use crate::support::walk::{book, held, hold, locator, review, travellers, trip_of};
use crate::support::{Agency, Visitor, Web};
use agencia_protocol::trip::PartState;

#[test]
fn an_instance_with_another_key_knows_nobodys_trip() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let trip = trip_of(&held(&mut ana, &web, "1"));
    let other = Web::start(&agency, "key_file = \"outra\"\n");
    assert_eq!(ana.get(&other, &trip).status, 404);
}

#[test]
fn the_first_page_of_a_trip_sets_a_cookie_and_no_other_does() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    for path in ["/", "/hospedagem?ida=ida1", "/passeio", "/viagem", "/viagem/x"] {
        assert_eq!(ana.get(&web, path).header("set-cookie"), None, "{path}");
    }
    let set = ana.get(&web, "/pacote?ida=ida1");
    let set = set.header("set-cookie").unwrap();
    for part in ["visitante=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(set.contains(part), "{set}");
    }
    assert_eq!(ana.get(&web, "/pacote?ida=ida1").header("set-cookie"), None, "it has one");
    ana.cookie = Some("visitante=forjado".to_owned());
    assert!(ana.get(&web, "/pacote?ida=ida1").header("set-cookie").is_some());
}

#[test]
fn somebody_elses_trip_is_an_unknown_one_byte_for_byte_and_nobody_is_asked() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let (mut ana, mut bento) = (Visitor::default(), Visitor::default());
    let page = held(&mut ana, &web, "1");
    let trip = trip_of(&page);
    hold(&mut bento, &web, "passeio=orla");
    let asked = || agency.all().iter().map(|fake| fake.requests("consultar").len()).sum::<usize>();
    let before = asked();
    let unknown = "/viagem/0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11";
    let bytes = |page: Reply| {
        page.says(&["Abrir minha viagem", "name=\"localizador\"", "name=\"sobrenome\""]);
        (page.status, page.body.clone(), page.header("server-timing").map(str::to_owned))
    };
    let expected = bytes(bento.get(&web, unknown));
    assert_eq!(expected.0, 404);
    let names = travellers(&page);
    for of in [&trip, &trip.to_uppercase().replace("/VIAGEM", "/viagem"), "/viagem/x"] {
        for below in ["", "/cancelar", "?acesso=0190a5ee7c1e7c538b519a2d0e8f7b11"] {
            assert_eq!(bytes(bento.get(&web, &format!("{of}{below}"))), expected, "{of}{below}");
            assert_eq!(bytes(web.get(&format!("{of}{below}"))), expected);
        }
        for below in ["", "/cancelar", "/desistir"] {
            assert_eq!(bytes(bento.post(&web, &format!("{of}{below}"), &names)), expected);
        }
    }
    assert_eq!(asked(), before);
    assert_eq!(agency.parts(PartState::Held), 4, "nothing was let go or booked");
    ana.get(&web, &trip).says(&["Tudo reservado"]);
}

#[test]
fn a_form_for_somebody_elses_trip_or_an_incomplete_one_takes_nothing() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let (mut ana, mut bento) = (Visitor::default(), Visitor::default());
    let form = review(&mut ana, &web, "1").form();
    bento.get(&web, "/pacote?ida=ida1");
    for mut visitor in [bento, Visitor::default()] {
        let page = visitor.post(&web, "/pacote", &encode(&form));
        assert_eq!(page.status, 400);
        page.says(&["Você não deveria estar aqui", "Voltar à revisão"]);
    }
    for missing in
        ["viagem", "revisao", "valorIda", "valorVolta", "valorHospedagem", "valorPasseio"]
    {
        let fields: Vec<_> = form.iter().filter(|(name, _)| name != missing).cloned().collect();
        assert_eq!(ana.post(&web, "/pacote", &encode(&fields)).status, 400, "{missing}");
    }
    assert_eq!(ana.post(&web, "/pacote", "").status, 400);
    for fake in agency.all() {
        assert_eq!(fake.requests("segurar").len(), 0);
    }
}

#[test]
fn whoever_knows_locator_and_surname_opens_the_trip_and_may_cancel_it() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = held(&mut ana, &web, "1");
    let trip = trip_of(&page);
    let booked = book(&mut ana, &web, &page);
    let voucher = locator(&booked).unwrap();
    let mut bento = Visitor::default();
    let led = bento.post(&web, "/viagem", &format!("localizador={voucher}&sobrenome=Souza"));
    let to = led.header("location").unwrap().to_owned();
    assert!(led.status == 303 && to.starts_with(&format!("{trip}?acesso=")), "{to}");
    let opened = bento.get(&web, &to);
    opened.says(&["Boa viagem!", &voucher]);
    // The token is this trip's alone, and every link and form carries it on.
    let (_, token) = to.split_once('?').unwrap();
    let other = trip_of(&hold(&mut ana, &web, "passeio=orla"));
    assert_eq!(bento.get(&web, &format!("{other}?{token}")).status, 404);
    let ask = bento.get(&web, &opened.link("Cancelar a viagem"));
    let over = bento.follow(&web, &format!("{trip}/cancelar"), &encode(&ask.form()));
    over.says(&["Viagem cancelada"]);
}

#[test]
fn a_wrong_voucher_is_told_kept_and_not_told_apart() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let page = hold(&mut ana, &web, "hospedagem=quarto6");
    let booked = book(&mut ana, &web, &page);
    let right = locator(&booked).unwrap();
    let check = |form: &str, status: u16, said: &str| {
        let page = web.post("/viagem", form);
        assert_eq!(page.status, status, "{form}");
        page.says(&[said, "Abrir minha viagem"]);
        page.body.clone()
    };
    let foreign = check(&format!("localizador={right}&sobrenome=Silva"), 404, "Não há viagem");
    let none = check("localizador=HA9AAC&sobrenome=Silva", 404, "Não há viagem");
    assert_eq!(foreign.replace(&right, "HA9AAC"), none);
    check("localizador=HA9AA&sobrenome=Silva", 400, "value=\"HA9AA\"");
    check("localizador=HA9AAC&sobrenome=", 400, "Preencha este campo.");
    for fake in agency.all() {
        fake.mood(Mood::Refuses("consultar", "ocupado"));
    }
    check("localizador=HA9AAC&sobrenome=Silva", 429, "Houve tentativas demais");
    agency.tours.mood(Mood::Down);
    assert_eq!(web.post("/viagem", "localizador=HA9AAC&sobrenome=Silva").status, 503);
}

#[test]
fn daemons_are_told_for_whom_and_from_where_and_only_a_trusted_proxy_says_otherwise() {
    let agency = Agency::start();
    let far = || vec![("x-forwarded-for", "203.0.113.9".to_owned())];
    for (settings, address) in
        [("", "127.0.0.1"), ("[http]\ntrusted_proxies = [\"127.0.0.1\"]\n", "203.0.113.9")]
    {
        let web = Web::start(&agency, settings);
        let mut ana = Visitor { headers: far(), ..Visitor::default() };
        hold(&mut ana, &web, "passeio=orla");
        let told = agency.tours.requests("segurar").pop().unwrap();
        assert_eq!(told["endereco"], address, "{settings}");
        let visitor = told["visitante"].as_str().unwrap();
        assert!(!ana.cookie.unwrap().contains(visitor), "the cookie is the visitor's alone");
        web.post("/viagem", "localizador=PA9AAC&sobrenome=Souza");
        ana = Visitor { headers: far(), ..Visitor::default() };
        ana.post(&web, "/viagem", "localizador=PA9AAC&sobrenome=Souza");
        assert_eq!(agency.tours.requests("consultar").pop().unwrap()["endereco"], address);
    }
}
