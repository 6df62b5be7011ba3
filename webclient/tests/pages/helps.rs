//! What helps to choose: days around, filters, pairs, warnings; and what a voucher has for later.

use crate::support::fake::{AIRPORT, Fake, Mood};
use crate::support::http::{Reply, encode};
use crate::support::walk::{book, held, hold, trip_of};
use crate::support::{Agency, Visitor, Web};

fn flights(more: &str) -> String {
    let airport = encode(&[("paraAeroporto".to_owned(), AIRPORT.to_owned())]);
    format!("/voos?{airport}&dataIda=2027-11-04&dataVolta=2027-11-07&numeroPassagens=2{more}")
}

const STAYS: &str = "/hospedagens?cidade=Altamira+%28PA%29&dataIda=2027-11-04&dataVolta=2027-11-07&numeroDePessoas=2";
const TOURS: &str = "/passeios?cidade=Altamira+%28PA%29&dataIda=2027-11-04&numeroDePessoas=2";

/// The offers of this field, in the page's order.
fn offers(page: &Reply, name: &str) -> Vec<String> {
    let (_, list) = page.body.split_once("class=\"results\"").expect("a list");
    let input = format!("name=\"{name}\" value=\"");
    let ids = list.split(&input).skip(1).filter_map(|rest| rest.split('"').next());
    ids.filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

#[test]
fn an_empty_list_offers_the_days_around_that_have_something() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    for (path, price) in [
        (flights("").replace("2027-11-04", "2027-11-06"), "R$\u{a0}</span>640"),
        (STAYS.replace("2027-11-04", "2027-11-06"), "R$\u{a0}</span>120"),
        (TOURS.replace("2027-11-04", "2027-11-06"), "Grátis"),
    ] {
        let page = web.get(&path);
        page.says(&["class=\"empty\"", "Menores preços de novembro de 2027, em R$"]);
        page.says_not(&["class=\"week\""]);
        let near = page.turn("qui, 04/11", &[]);
        assert!(near.contains("dataIda%3D2027-11-04"), "{near}");
        page.says(&[price]);
        web.get(&near).says_not(&["class=\"empty\""]);
    }
    // What the days are for is what is searched.
    let asked = |daemon: &Fake| daemon.requests("calendario").remove(0);
    assert_eq!(asked(&agency.flights)["numeroPassagens"], 2);
    assert_eq!(asked(&agency.stays)["numeroDePessoas"], 2);
    assert_eq!(asked(&agency.stays)["noites"], 1);
    assert_eq!(asked(&agency.tours)["numeroDePessoas"], 2);
    // The nights stay as many as they were.
    let stays = web.get(&STAYS.replace("2027-11-04", "2027-11-06"));
    assert!(stays.turn("qui, 04/11", &[]).contains("dataVolta%3D2027-11-05"));
}

#[test]
fn an_empty_list_of_returns_offers_the_days_around_that_have_one() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let whole = "Preços da volta em dias próximos";
    web.get(&flights("")).says_not(&[whole]);
    let path = flights("").replace("dataVolta=2027-11-07", "dataVolta=2027-11-05");
    let page = web.get(&path);
    let (_, row) = page.body.split_once(whole).unwrap();
    let (row, _) = row.split_once("</nav>").unwrap();
    assert_eq!(row.matches("<button ").count(), 1, "only one day has a flight: {row}");
    assert!(row.contains("dom, 07/11") && row.contains("R$\u{a0}</span>700"), "{row}");
    // Nobody comes back before they went.
    assert!(row.contains("qui, 04/11") && !row.contains("qua, 03/11"), "{row}");
    let other = web.get(&page.turn("dom, 07/11", &[]));
    other.says_not(&["class=\"empty\"", whole]);
    // What filters left out is not on another day.
    web.get(&format!("{path}&periodo=noite")).says_not(&[whole]);
}

#[test]
fn a_calendar_is_turned_to_the_months_around_and_leads_back() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    for path in [flights("&ordem=preco"), STAYS.to_owned(), format!("{TOURS}&gratis=sim")] {
        let page = web.get(&path);
        let whole = page.turn("Menores preços de novembro", &[]);
        let page = web.get(whole.trim_end_matches("#meses"));
        page.says(&["<h2 id=\"meses\">"]).says_not(&["class=\"near\""]);
        let later = page.turn("Mês seguinte", &[]);
        let (later, anchor) = later.split_once('#').unwrap();
        assert!(later.contains("%26mes%3D2027-12") && anchor == "meses", "{later}");
        // The list is the same, and the month that has nothing leads on.
        let december = web.get(later);
        december.says(&["<h2 id=\"meses\">", "Menores preços de dezembro de 2027"]);
        december.says_not(&["class=\"empty\""]);
        let november = web.get(&december.turn("Mês anterior", &[]).replace("#meses", ""));
        assert_eq!(november.turn("Mês seguinte", &[]), page.turn("Mês seguinte", &[]));
        assert!(december.turn("Mês seguinte", &[]).contains("%26mes%3D2028-01"));
    }
    // What is over is not turned to, and what is no month is not shown.
    let today = chrono::Utc::now().with_timezone(&chrono_tz::America::Sao_Paulo);
    let today = today.format("%Y-%m");
    web.get(&flights(&format!("&mes={today}"))).says_not(&["Mês anterior"]);
    web.get(&flights("&mes=x")).says(&["Menores preços de novembro de 2027"]);
}

#[test]
fn a_daemon_that_tells_no_prices_of_days_leaves_them_out() {
    let agency = Agency::start();
    agency.tours.mood(Mood::Refuses("calendario", "acao_desconhecida"));
    let web = Web::start(&agency, "");
    web.get(TOURS).says(&["Orla do Cais"]).says_not(&["class=\"near\"", "class=\"month\""]);
}

#[test]
fn lists_are_filtered_by_what_they_are_of() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let check = |path: &str, name: &str, expected: &[&str]| {
        assert_eq!(offers(&web.get(path), name), expected, "{path}");
    };
    check(&flights("&periodo=tarde"), "ida", &["ida1"]);
    check(&flights("&periodo=noite&periodo=madrugada"), "ida", &["ida2", "ida3"]);
    check(&flights("&periodo=noite&periodo=madrugada"), "volta", &["volta1"]);
    check(&flights("&ordem=duracao"), "ida", &["ida3", "ida2", "ida1"]);
    check(&format!("{STAYS}&cafe=sim"), "hospedagem", &["quarto6", "quarto8"]);
    check(&format!("{STAYS}&camas=4"), "hospedagem", &["quarto6", "quarto8"]);
    check(&format!("{TOURS}&gratis=sim"), "passeio", &["cachoeira"]);
    let none = web.get(&flights("&periodo=manha"));
    check(&none.turn("Limpar filtros", &[]), "ida", &["ida1", "ida2", "ida3"]);
    for (path, untrue) in [
        (flights("&periodo=manha"), "Não há voo"),
        (format!("{STAYS}&camas=4&cafe=sim").replace("Pessoas=2", "Pessoas=1"), "Não há quarto"),
        (format!("{TOURS}&periodo=madrugada"), "Não há passeio"),
    ] {
        agency.stays.change("quarto6", |stay| stay["qtdCamas"] = 1.into());
        agency.stays.change("quarto8", |stay| stay["qtdCamas"] = 1.into());
        let none = web.get(&path);
        none.says(&["Nada nesta lista passa pelos filtros.", "Limpar filtros"]).says_not(&[untrue]);
    }
}

#[test]
fn a_filtered_list_is_read_past_one_reply_and_says_where_it_was_not_looked_at() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    agency.tours.copies("mercado", 1500);
    agency.tours.copies("cachoeira", 1);
    let path = format!("{TOURS}&gratis=sim");
    let page = web.get(&path);
    assert_eq!(offers(&page, "passeio"), ["cachoeira", "cachoeira-1"]);
    page.says_not(&["A lista é longa"]);
    agency.flights.copies("ida1", 1200);
    agency.flights.copies("ida2", 1);
    let page = web.get(&flights("&periodo=noite"));
    assert_eq!(offers(&page, "ida"), ["ida2", "ida3", "ida2-1"]);
    page.says_not(&["A lista é longa"]);
    // Past the ceiling both languages say so; what stands there is still shown.
    agency.tours.copies("orla", 9000);
    let page = web.get(&path);
    assert_eq!(offers(&page, "passeio"), ["cachoeira", "cachoeira-1"]);
    page.says(&["A lista é longa: só as primeiras 10.000 ofertas foram olhadas."]);
    let mut english = Visitor::default();
    english.headers.push(("accept-language", "en".to_owned()));
    english.get(&web, &path).says(&["only its first 10,000 offers were looked at"]);
}

#[test]
fn the_best_of_a_list_is_the_best_of_all_its_parts() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[pages]\noffers_max = 1\n");
    let first = web.get(&flights(""));
    assert_eq!(offers(&first, "ida"), ["ida1"]);
    // The cheapest and quickest stand on later parts; those that stand here are not called so.
    first.says(&["Ida e volta com um clique", "A mais barata", "R$\u{a0}2.680,00"]);
    assert_eq!(best(&first), ["A mais barata"]);
    let last = web.get(&first.turn("Mais voos de ida", &[]));
    let last = web.get(&last.turn("Mais voos de ida", &[]));
    assert_eq!(offers(&last, "ida"), ["ida3"]);
    assert_eq!(best(&last), ["Menor preço e mais rápido"]);
}

/// What is called the best on a page.
fn best(page: &Reply) -> Vec<&str> {
    let marks = page.body.split("class=\"best\">").skip(1);
    marks.map(|rest| rest.split('<').next().expect("a text")).collect()
}

#[test]
fn of_a_list_too_long_to_be_read_the_lowest_price_is_known_and_no_more() {
    let agency = Agency::start();
    agency.flights.copies("ida1", 60);
    let web = Web::start(&agency, "[pages]\noffers_max = 3\n");
    let page = web.get(&flights(""));
    assert_eq!(offers(&page, "ida"), ["ida1", "ida2", "ida3"]);
    assert_eq!(best(&page)[0], "Menor preço");
    page.says_not(&["Ida e volta com um clique"]);
    let limits: Vec<_> =
        agency.flights.requests("passagem").iter().map(|r| r["limite"].clone()).collect();
    assert_eq!(limits, [50, 1], "no more than that is read");
    let next = web.get(&page.turn("Mais voos de ida", &[]));
    assert_eq!(offers(&next, "ida"), ["ida1-1", "ida1-2", "ida1-3"]);
}

#[test]
fn a_filtered_list_goes_on_filtered() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[pages]\noffers_max = 1\n");
    let first = web.get(&flights("&periodo=noite"));
    assert_eq!(offers(&first, "ida"), ["ida2"]);
    let second = web.get(&first.turn("Mais voos de ida", &[]));
    assert_eq!(offers(&second, "ida"), ["ida3"]);
    second.says_not(&["Mais voos de ida"]);
}

#[test]
fn flights_there_and_back_are_picked_with_one_click() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let page = web.get(&flights(""));
    page.says(&["A mais barata", "R$\u{a0}2.680,00", "para 2 pessoas", "Menor preço"]);
    let pair = page.link("Escolher");
    assert!(pair.starts_with("/hospedagem?") && pair.contains("ida=ida3&volta=volta2"), "{pair}");
    let hotel = web.get(&pair);
    hotel.says(&["Sua viagem até aqui", "R$\u{a0}2.680,00"]);
    // Nobody flies back before they have arrived.
    let same = web.get(&flights("").replace("dataVolta=2027-11-07", "dataVolta=2027-11-04"));
    same.says_not(&["Ida e volta com um clique"]);
}

#[test]
fn tours_are_searched_where_and_when_the_flights_are() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let check = |choice: &str, day: &str| {
        let fields = web.get(&format!("/passeio?{choice}")).form_to("/passeios");
        for (name, value) in [("cidade", "Altamira (PA)"), ("dataIda", day)] {
            assert!(fields.contains(&(name.to_owned(), value.to_owned())), "{choice}: {fields:?}");
        }
    };
    // It arrives in the evening, and at noon.
    check("ida=ida1&volta=volta2", "2027-11-05");
    check("ida=ida1&hospedagem=quarto8&noites=3", "2027-11-05");
    agency.flights.change("ida3", |flight| flight["chegadaIda"] = "12:00h".into());
    check("ida=ida3&volta=volta2", "2027-11-04");
    // On the day after nobody is there any more.
    check("ida=ida1&hospedagem=quarto8&noites=1", "2027-11-04");
    // The way back says where, and not from when on.
    check("volta=volta2", "");
}

#[test]
fn parts_that_do_not_fit_are_warned_of_and_can_be_held() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let fits = web.get("/pacote?ida=ida1&volta=volta2&pessoas=1&hospedagem=quarto8&noites=3");
    fits.says_not(&["Confira antes de reservar"]);
    let page =
        web.get("/pacote?ida=ida1&volta=volta2&pessoas=1&hospedagem=quarto8&noites=2&passeio=orla");
    page.says(&[
        "Confira antes de reservar",
        "A hospedagem termina em sáb, 06/11/2027",
        "O passeio Orla do Cais (qui, 04/11/2027) começa antes de você chegar.",
        "Reservar tudo",
    ]);
}

#[test]
fn one_sheet_is_promised_only_of_what_fits_it() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let four = "ida=ida1&volta=volta2&hospedagem=quarto8&noites=3&passeio=orla";
    for (choice, fits) in [
        (four.to_owned(), true),
        (format!("{four}&passeio=mercado"), false),
        ("ida=ida2&pessoas=9".to_owned(), true),
        ("ida=ida2&pessoas=10".to_owned(), false),
    ] {
        let mut visitor = Visitor::default();
        let page = hold(&mut visitor, &web, &choice);
        let booked = book(&mut visitor, &web, &page);
        booked.says(&["Boa viagem!"]);
        assert_eq!(booked.body.contains("uma folha A4"), fits, "{choice}");
        agency.stays.change("quarto8", |stay| stay["disponiveis"] = 1.into());
    }
}

#[test]
fn a_voucher_has_a_code_for_the_phone_and_events_for_the_calendar() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[agency]\nphone = \"31 3333\"\npayment = \"Pix\"\n");
    let mut visitor = Visitor::default();
    let page = held(&mut visitor, &web, "2");
    page.says_not(&["class=\"qr\""]);
    let trip = trip_of(&page);
    assert_eq!(visitor.get(&web, &format!("{trip}/agenda.ics")).status, 303, "not yet booked");
    let booked = book(&mut visitor, &web, &page);
    booked.says(&["class=\"qr\"", "class=\"dark\" d=\"M4 4h7", "31 3333", "Pix"]);
    let agenda = booked.link("Pôr na agenda");
    let calendar = visitor.get(&web, &agenda);
    assert_eq!(calendar.header("content-type"), Some("text/calendar; charset=utf-8"));
    let text = calendar.body.replace("\r\n ", "");
    for part in [
        "DTSTART:20271104T170000Z",
        "DTEND:20271104T210000Z",
        "DTSTART;VALUE=DATE:20271104",
        "DTEND;VALUE=DATE:20271107",
        "SUMMARY:Hospedagem: Amazon Xingu Hotel",
        "LOCATION:Altamira - PA\\, Altamira (PA)",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 5);
    // Nobody else gets it.
    assert_eq!(web.get(&format!("{trip}/agenda.ics")).status, 404);
}
