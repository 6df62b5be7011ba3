//! Both languages: which one a visitor gets, how they change it, and that it stays.

use crate::support::fake::AIRPORT;
use crate::support::http::encode;
use crate::support::{Agency, Visitor, Web};

fn english() -> Visitor {
    Visitor {
        headers: vec![("accept-language", "en-GB,en;q=0.9".to_owned())],
        ..Default::default()
    }
}

fn flights() -> String {
    let airport = encode(&[("paraAeroporto".to_owned(), AIRPORT.to_owned())]);
    format!("/voos?{airport}&dataIda=2027-11-04&dataVolta=2027-11-07&numeroPassagens=2")
}

#[test]
fn a_page_speaks_what_the_browser_accepts_with_dates_and_money_to_match() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let page = english().get(&web, &flights());
    page.says(&["<html lang=\"en\">", "Choose your flight", "R$\u{a0}9,906.00", "Thu, 4 Nov 2027"]);
    page.says_not(&["Escolha", "9.906,00"]);
    let page = web.get(&flights());
    page.says(&["<html lang=\"pt-BR\">", "Escolha sua passagem", "qui, 04/11/2027"]);
}

#[test]
fn the_switch_leads_back_to_the_page_and_stays() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut visitor = Visitor::default();
    let page = visitor.get(&web, &flights());
    let form = page.form_to("/idioma");
    let led = visitor.post(&web, "/idioma", &encode(&form));
    assert_eq!((led.status, led.header("location")), (303, Some(flights().as_str())));
    let cookie = led.header("set-cookie").unwrap();
    for part in ["idioma=en;", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(cookie.contains(part), "{cookie}");
    }
    visitor.get(&web, "/passeio").says(&["<html lang=\"en\">", "Tours and sights."]);
    // The choice is stronger than what the browser accepts.
    visitor.headers.push(("accept-language", "pt-BR".to_owned()));
    visitor.get(&web, "/nada").says(&["<html lang=\"en\">", "Page not found"]);
}

#[test]
fn the_switch_of_a_review_that_was_refused_leads_back_to_the_same_choice() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut visitor = Visitor::default();
    let refused = visitor.post(&web, "/pacote", "ida=ida1&pessoas=2&passeio=orla");
    assert_eq!(refused.status, 400);
    let review = visitor.follow(&web, "/idioma", &encode(&refused.form_to("/idioma")));
    review.says(&["<html lang=\"en\">", "Orla do Cais", "For 2 people"]);
}

#[test]
fn the_switch_leads_nowhere_else_and_no_other_site_uses_it() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let led = web.post("/idioma", "lingua=en&pagina=%2F%2Fevil.example");
    assert_eq!((led.status, led.header("location")), (303, Some("/")));
    assert_eq!(web.post("/idioma", "lingua=xx").status, 404);
    let mut stranger = Visitor::default();
    stranger.headers.push(("sec-fetch-site", "cross-site".to_owned()));
    assert_eq!(stranger.post(&web, "/idioma", "lingua=en").status, 403);
}

#[test]
fn what_is_wrong_is_said_in_english_as_well() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let page = english().get(&web, "/voos?paraAeroporto=&dataIda=x");
    assert_eq!(page.status, 400);
    page.says(&["Fill in this field.", "There is no such date.", "Destination airport"]);
    let long = format!("/voos?{}", "a".repeat(9000));
    let page = english().get(&web, &long);
    assert_eq!(page.status, 414);
    page.says(&["The address is too long"]);
}

#[test]
fn who_sells_stands_below_every_page_in_their_own_words() {
    let agency = Agency::start();
    let settings = "[agency]\nname = \"Rio & Cia\"\ntax_number = \"CNPJ 12.345\"\n\
                    phone = \"31 3333-4444\"\npayment = \"Pix ou <dinheiro>\"\n";
    let web = Web::start(&agency, settings);
    for path in ["/", "/passeio", "/nada", "/viagem"] {
        web.get(path).says(&["CNPJ 12.345", "31 3333-4444", "Pix ou &#60;dinheiro&#62;"]);
    }
    let page = Web::start(&agency, "").get("/");
    page.says(&["Agência de Turismo"]).says_not(&["Telefone:", "Pagamento:"]);
}
