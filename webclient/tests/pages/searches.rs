//! Searches: their URLs, their lists, their errors, and daemons that do not answer.

use crate::support::fake::Mood;
use crate::support::http::Reply;
use crate::support::{Agency, PATIENCE, Web};
use serde_json::json;

const FLIGHTS: &str = "/voos?paraAeroporto=Aeroporto+de+Altamira+-+Altamira+%28PA%29&dataIda=2027-11-04\
    &dataVolta=2027-11-07&numeroPassagens=1";
const STAYS: &str = "/hospedagens?cidade=Altamira+%28PA%29&dataIda=2027-11-04&numeroDePessoas=1";
const TOURS: &str = "/passeios?cidade=Altamira+%28PA%29&dataIda=2027-11-04&numeroDePessoas=1";

/// The ids of a list, in order.
fn offers(body: &str, field: &str) -> Vec<String> {
    let (_, list) = body.split_once("class=\"results\"").expect("a list");
    let start = format!("name=\"{field}\" value=\"");
    let values = list.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next());
    values.filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

#[test]
fn a_wrong_field_is_named_and_what_was_typed_is_kept() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let check = |target: &str, wrong: &[&str], kept: &[&str]| {
        let page = web.get(target);
        assert_eq!(page.status, 400, "{target}");
        page.says(&[
            "Você não deveria estar aqui",
            "Volte e confira se os campos estão corretos e preenchidos.",
        ]);
        for field in wrong {
            page.says(&[&format!("<a href=\"#{field}\">"), &format!("id=\"{field}-erro\"")]);
        }
        assert_eq!(
            page.body.matches("-erro\">").count(),
            wrong.len() * 2,
            "{target}: {}",
            page.body
        );
        page.says(kept);
    };
    check("/voos", &["paraAeroporto", "dataIda"], &[]);
    check(
        "/voos?paraAeroporto=Lugar+%3Cb%3E&dataIda=2021-02-30&dataVolta=x&numeroPassagens=0",
        &["dataIda", "dataVolta", "numeroPassagens"],
        &["<option value=\"Lugar &#60;b&#62;\" selected>", "value=\"2021-02-30\"", "value=\"0\""],
    );
    check(
        "/voos?paraAeroporto=X&dataIda=2027-11-07&dataVolta=2027-11-04",
        &["dataVolta"],
        &["value=\"2027-11-07\"", "value=\"2027-11-04\"", "A volta não pode ser antes da ida."],
    );
    check(
        "/hospedagens?cidade=&dataIda=2027-11-04&numeroDePessoas=1000",
        &["cidade", "numeroDePessoas"],
        &["value=\"1000\""],
    );
    check(
        "/hospedagens?cidade=X&dataIda=2027-11-04&dataVolta=2027-11-04",
        &["dataVolta"],
        &["pelo menos uma noite"],
    );
    check("/passeios?cidade=X&dataIda=", &["dataIda"], &["<option value=\"X\" selected>"]);
}

#[test]
fn the_way_back_has_the_fields_still_filled() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let page = web
        .get("/hospedagens?cidade=Altamira+%28PA%29&dataIda=2027-11-04&numeroDePessoas=0&ida=ida1");
    let form = web.get(&page.link("Voltar ao formulário"));
    assert_eq!(form.status, 200);
    let fields = form.form();
    for (name, value) in [
        ("cidade", "Altamira (PA)"),
        ("dataIda", "2027-11-04"),
        ("numeroDePessoas", "0"),
        ("ida", "ida1"),
    ] {
        assert!(fields.contains(&(name.to_owned(), value.to_owned())), "{name}: {fields:?}");
    }
}

#[test]
fn an_error_loses_nothing_that_was_chosen() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let page = web.get("/passeios?ida=ida1&pessoas=2&hospedagem=quarto6&noites=3");
    assert_eq!(page.status, 400);
    assert_eq!(page.link("Revisão"), "/pacote?ida=ida1&pessoas=2&hospedagem=quarto6&noites=3");
}

#[test]
fn what_is_no_choice_is_named() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    for path in
        ["/?", "/hospedagem?", "/passeio?", "/pacote?", "/voos?", "/hospedagens?", "/passeios?"]
    {
        let page = web.get(&format!("{path}ida=%3Cscript%3E"));
        assert_eq!(page.status, 400, "{path}");
        page.says(&["Voo de ida escolhido"]).says_not(&["<script"]);
    }
}

#[test]
fn a_field_that_a_daemon_refuses_is_named_as_well() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    web.get("/"); // The list of airports is known from here on.
    let said = json!({"erro": {"codigo": "campo_invalido", "mensagem": "longe demais", "campo": "dataIda"}});
    agency.flights.mood(Mood::Says(said));
    let page = web.get(FLIGHTS);
    assert_eq!(page.status, 400);
    page.says(&["<a href=\"#dataIda\">", "longe demais"]);
}

#[test]
fn a_daemon_that_is_down_is_named_with_503() {
    let agency = Agency::start();
    let web = Web::start(
        &agency,
        "[daemons]\nreply_millis = 400\nconnect_millis = 400\ndestinations_secs = 0\n",
    );
    for (daemon, fake, paths, product) in [
        ("voos", &agency.flights, ["/", FLIGHTS, "/pacote?ida=ida1"], "voos"),
        (
            "hospedagens",
            &agency.stays,
            ["/hospedagem", STAYS, "/pacote?hospedagem=a"],
            "hospedagens",
        ),
        ("passeios", &agency.tours, ["/passeio", TOURS, "/pacote?passeio=orla"], "passeios"),
    ] {
        for mood in [Mood::Down, Mood::Mute, Mood::Says(json!([])), Mood::Refuses("", "x")] {
            let refused = mood == Mood::Refuses("", "x");
            let busy = json!({"erro": {"codigo": "ocupado", "mensagem": "cheio"}});
            fake.mood(if refused { Mood::Says(busy) } else { mood });
            for path in paths {
                let began = std::time::Instant::now();
                let page = web.get(path);
                assert!(began.elapsed() < PATIENCE / 4, "{path} took {:?}", began.elapsed());
                assert_eq!(page.status, 503, "{path}");
                assert!(page.header("retry-after").is_some());
                page.says(&[
                    &format!("agencia-{daemon}"),
                    &format!("O serviço de {product}"),
                    "Tentar de novo",
                ]);
            }
        }
        fake.mood(Mood::Good);
        assert_eq!(web.get(paths[0]).status, 200, "it did not come back");
    }
}

#[test]
fn a_step_does_not_need_the_daemons_of_the_other_steps() {
    let agency = Agency::start();
    agency.flights.mood(Mood::Down);
    let web = Web::start(&agency, "");
    let page = web.get(&format!("{STAYS}&ida=ida1&pessoas=1"));
    assert_eq!(page.status, 200);
    page.says(&["Amazon Xingu Hotel"]);
    assert_eq!(web.get("/passeio?ida=ida1").status, 200);
}

#[test]
fn names_with_markup_are_text() {
    let agency = Agency::start();
    agency.tours.change("orla", |tour| tour["local"] = "<script>alert(1)</script>\"'".into());
    let web = Web::start(&agency, "");
    web.get(STAYS)
        .says(&["Pousada &#60;b&#62;do Rio&#60;/b&#62; &#38; Cia"])
        .says_not(&["<b>do Rio"]);
    web.get(TOURS).says(&["&#60;script&#62;alert(1)"]).says_not(&["<script"]);
    web.get("/pacote?passeio=orla").says_not(&["<script>"]);
    web.get("/voos?paraAeroporto=%22%3E%3Cscript%3E&dataIda=2027-11-04").says_not(&["<script"]);
}

#[test]
fn lists_are_sorted_by_price_when_asked() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let page = web.get(FLIGHTS);
    assert_eq!(offers(&page.body, "ida"), ["ida1", "ida2", "ida3"]);
    let sorted = web.get(&page.turn("Preço", &[]));
    assert_eq!(offers(&sorted.body, "ida"), ["ida3", "ida2", "ida1"]);
    let tours = web.get(&web.get(TOURS).turn("Preço", &[]));
    assert_eq!(offers(&tours.body, "passeio"), ["cachoeira", "mercado", "orla"]);
}

#[test]
fn a_long_list_goes_on_and_back() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[pages]\noffers_max = 2\n");
    let page = web.get(FLIGHTS);
    assert_eq!(offers(&page.body, "ida"), ["ida1", "ida2"]);
    let next = web.get(&page.turn("Mais voos de ida", &[]));
    assert_eq!(offers(&next.body, "ida"), ["ida3"]);
    assert_eq!(offers(&next.body, "volta"), ["volta1", "volta2"], "the other list is still there");
    next.says_not(&["Mais voos de ida", "início da lista de volta"]);
    assert_eq!(offers(&web.get(&next.turn("Voltar ao início", &[])).body, "ida"), ["ida1", "ida2"]);
    let stays = web.get(&web.get(STAYS).turn("Mais quartos", &[]));
    assert_eq!(offers(&stays.body, "hospedagem"), ["quarto8"]);
    let tours = web.get(&web.get(TOURS).turn("Mais passeios", &[]));
    assert_eq!(offers(&tours.body, "passeio"), ["mercado"]);
}

#[test]
fn what_is_ticked_stays_ticked_on_every_part_of_a_list() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[pages]\noffers_max = 1\n");
    let check = |page: &Reply, expected: &[(&str, &str)]| {
        let fields = page.form();
        let ticked = |name: &str| fields.iter().any(|(key, _)| key == name);
        for (name, value) in expected {
            assert!(fields.contains(&((*name).to_owned(), (*value).to_owned())), "{fields:?}");
        }
        assert!(!ticked("paraAeroporto") && !ticked("cidade"), "the search is not chosen");
    };
    let flights = web.get(&format!("{FLIGHTS}&ordem=preco"));
    let ticked = [("ida", "ida3"), ("volta", "volta2")];
    let second = web.get(&flights.turn("Mais voos de ida", &ticked));
    // The flight that was ticked stands above those that follow it.
    assert_eq!(offers(&second.body, "ida"), ["ida3", "ida2"]);
    check(&second, &ticked);
    let third = web.get(&second.turn("Mais voos de volta", &[("ida", "ida2")]));
    check(&third, &[("ida", "ida2"), ("volta", "volta2")]);
    let first = web.get(&third.turn("Voltar ao início", &[]));
    assert_eq!(offers(&first.body, "ida"), ["ida2", "ida3"]);
    let none = web.get(&flights.turn("Mais voos de ida", &[("volta", "")]));
    none.says(&["name=\"volta\" value=\"\" required checked"]);
    // Another search does not have it.
    let other = second.link("mudar a busca").replace("/?", "/voos?").replace("11-04", "11-03");
    assert!(offers(&web.get(&other).body, "ida").is_empty());

    let stays = web.get(&STAYS.replace("&numero", "&dataVolta=2027-11-07&numero"));
    let room = [("hospedagem", "quarto6"), ("noites", "3")];
    let second = web.get(&stays.turn("Mais quartos", &room[..1]));
    assert_eq!(offers(&second.body, "hospedagem"), ["quarto6", "quarto7"]);
    check(&second, &room);

    let tours = web.get(TOURS);
    let second = web.get(&tours.turn("Mais passeios", &[("passeio", "cachoeira")]));
    assert_eq!(offers(&second.body, "passeio"), ["orla", "cachoeira"]);
    let third = web.get(&second.turn("Mais passeios", &[("passeio", "orla")]));
    check(&third, &[("passeio", "cachoeira"), ("passeio", "orla")]);
}

#[test]
fn what_is_ticked_stays_ticked_in_another_order_on_another_day_and_behind_filters() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let check = |page: &Reply, ticked: &[(&str, &str)]| {
        let fields = page.form();
        for (name, value) in ticked {
            let count = fields.iter().filter(|(key, of)| key == name && of == value).count();
            assert_eq!(count, 1, "{name}={value}: {fields:?}");
        }
    };
    let ticked = [("ida", "ida3"), ("volta", "volta2")];
    let flights = web.get(FLIGHTS);
    let sorted = web.get(&flights.turn("Duração", &ticked));
    assert_eq!(offers(&sorted.body, "ida"), ["ida3", "ida2", "ida1"]);
    check(&sorted, &ticked);
    let evening = [ticked.as_slice(), &[("periodo", "noite")]].concat();
    let filtered = web.get(&sorted.turn("Aplicar filtros", &evening));
    assert_eq!(offers(&filtered.body, "ida"), ["ida3", "ida2"], "the order stays as well");
    check(&filtered, &[("ida", "ida3"), ("periodo", "noite")]);
    // A box that was not applied counts for nothing, and is not lost with those that were.
    let again = web.get(&filtered.turn("Preço", &[("periodo", "manha")]));
    assert_eq!(offers(&again.body, "ida"), ["ida3", "ida2"]);
    let whole = web.get(&filtered.turn("Limpar filtros", &[]));
    assert_eq!(offers(&whole.body, "ida"), ["ida3", "ida2", "ida1"]);
    check(&whole, &ticked);

    // What is not on the list of that day is there again on the way back, and in between no step
    // forgets it.
    let empty = web.get(&FLIGHTS.replace("dataIda=2027-11-04", "dataIda=2027-11-05"));
    let there = web.get(&empty.turn("qui, 04/11", &[("volta", "volta2")]));
    check(&there, &[("volta", "volta2")]);
    let away =
        there.turn("Menores preços de novembro", &ticked).replace("2027-11-04", "2027-11-05");
    let away = web.get(away.trim_end_matches("#meses"));
    assert!(offers(&away.body, "ida").is_empty());
    check(&web.get(&away.turn("qui, 04/11", &[])), &ticked);
    away.says(&["class=\"done\""]);

    let stays = STAYS.replace("&numero", "&dataVolta=2027-11-07&numero");
    let room = [("hospedagem", "quarto6"), ("noites", "3")];
    let stays = web.get(&stays);
    let breakfast = [("hospedagem", "quarto6"), ("cafe", "sim")];
    let filtered = web.get(&stays.turn("Aplicar filtros", &breakfast));
    assert_eq!(offers(&filtered.body, "hospedagem"), ["quarto6", "quarto8"]);
    check(&filtered, &room);
    check(&web.get(&filtered.turn("Limpar filtros", &[])), &room);

    let tours = [("passeio", "cachoeira"), ("passeio", "orla")];
    let sorted = web.get(&web.get(TOURS).turn("Preço", &tours));
    assert_eq!(offers(&sorted.body, "passeio"), ["cachoeira", "mercado", "orla"]);
    check(&sorted, &tours);
}

/// Where Enter leads from a list on which these are ticked: the first button that belongs to a form is the
/// one that it presses.
fn enter(page: &Reply, ticked: &[(&str, &str)]) -> String {
    let mut buttons = page.body.split("<button ").skip(1).filter_map(|rest| rest.split_once('>'));
    let (first, _) = buttons.find(|(tag, _)| tag.contains("form=\"lista\"")).expect("a button");
    assert!(first.contains("name=\"entra\"") && first.contains("formnovalidate"), "{first}");
    page.turn("", ticked)
}

#[test]
fn enter_filters_where_a_filter_was_changed_and_else_goes_on() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let flights = [("ida", "ida2"), ("volta", "volta1")];
    let room = [("hospedagem", "quarto6")];
    let tour = [("passeio", "orla")];
    for (path, ticked, filter, next) in [
        (FLIGHTS, &flights[..], ("periodo", "noite"), "/hospedagem?"),
        (STAYS, &room, ("cafe", "sim"), "/passeio?"),
        (TOURS, &tour, ("periodo", "noite"), "/pacote?"),
    ] {
        let page = web.get(path);
        let goes_on = web.get(&enter(&page, ticked));
        let to = goes_on.header("location").unwrap_or_else(|| panic!("{path} stays"));
        assert!(to.starts_with(next), "{to}");
        let boxed = [ticked, &[filter]].concat();
        let filtered = web.get(&enter(&page, &boxed));
        assert_eq!(filtered.status, 200, "{path} goes on");
        let form = filtered.form();
        assert!(form.contains(&(filter.0.to_owned(), filter.1.to_owned())), "{form:?}");
        // The filter stands now: Enter goes on.
        let to = web.get(&enter(&filtered, ticked));
        assert!(to.header("location").is_some_and(|to| to.starts_with(next)), "{path} stays");
        for (name, value) in ticked {
            assert!(to.header("location").unwrap().contains(&format!("{name}={value}")), "{path}");
        }
    }
}

#[test]
fn enter_does_not_go_on_without_what_was_to_be_picked() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    for (path, ticked) in [(FLIGHTS, &[][..]), (FLIGHTS, &[("ida", "ida1")]), (STAYS, &[])] {
        let page = web.get(&enter(&web.get(path), ticked));
        assert_eq!(page.status, 200, "{path} {ticked:?}");
        page.says(&["Escolha um da lista antes de continuar"]);
    }
    // That none is taken is said as well, and tours are as many as one likes.
    let none = enter(&web.get(FLIGHTS), &[("ida", "ida1"), ("volta", "")]);
    assert_eq!(web.get(&none).header("location").unwrap(), "/hospedagem?ida=ida1&pessoas=1");
    assert_eq!(web.get(&enter(&web.get(TOURS), &[])).status, 303);
}

#[test]
fn a_month_is_left_again_with_what_is_ticked() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let ticked = [("ida", "ida1"), ("volta", "volta1")];
    let month = web.get(&web.get(FLIGHTS).turn("Menores preços de novembro", &[]));
    month.says(&["Mês seguinte"]);
    let closed = web.get(&month.turn("Fechar o calendário", &ticked));
    closed.says(&["Preços em dias próximos"]).says_not(&["Fechar o calendário", "Mês seguinte"]);
    let form = closed.form();
    assert!(form.contains(&("ida".to_owned(), "ida1".to_owned())), "{form:?}");
}

#[test]
fn an_empty_list_says_what_to_do() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let page = web.get("/voos?paraAeroporto=X&dataIda=2027-11-05&dataVolta=2027-11-06");
    assert_eq!(page.status, 200);
    page.says(&["Não há voo de ida neste dia", "Não há voo de volta neste dia", "Tente outro dia"]);
    page.says_not(&["Continuar para a hospedagem"]);
    web.get("/hospedagens?cidade=X&dataIda=2027-11-05").says(&["Não há quarto livre em X"]);
    web.get("/passeios?cidade=X&dataIda=2027-11-05").says(&["Não há passeio em X"]);
}

#[test]
fn few_units_left_are_said() {
    let agency = Agency::start();
    agency.flights.change("ida1", |flight| flight["disponiveis"] = 1.into());
    let web = Web::start(&agency, "");
    let page = web.get(FLIGHTS);
    page.says(&["Resta 1 lugar"]);
    assert_eq!(page.body.matches("Resta").count(), 1);
}

#[test]
fn rooms_say_the_average_of_their_nights_and_how_many_such_are_left() {
    let agency = Agency::start();
    agency.stays.change("quarto7", |stay| stay["disponiveis"] = 2.into());
    let web = Web::start(&agency, "");
    let one = web.get(STAYS);
    one.says(&["R$\u{a0}120,00", "por noite", "Restam 2 quartos assim"]);
    // Of the others there is one, and may never have been more.
    assert_eq!(one.body.matches("class=\"few\"").count(), 1);
    let three = web.get(&STAYS.replace("&numero", "&dataVolta=2027-11-07&numero"));
    three.says(&["R$\u{a0}932,70", "3 noites · R$\u{a0}310,90 por noite em média"]);
}

#[test]
fn a_form_lists_places_until_there_are_too_many() {
    let agency = Agency::start();
    web_says(&Web::start(&agency, "[pages]\nplaces_max = 2\n"), "<select id=\"paraAeroporto\"");
    web_says(
        &Web::start(&agency, "[pages]\nplaces_max = 1\n"),
        "<input id=\"paraAeroporto\" name=\"paraAeroporto\" type=\"text\"",
    );
}

fn web_says(web: &Web, text: &str) {
    web.get("/").says(&[text]);
}

#[test]
fn days_on_sale_bound_the_date() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let page = web.get("/");
    page.says(&["max=\"2027-12-31\""]);
    // The first day on sale is long past: from today on, wherever the agency is.
    page.says_not(&["min=\"2020-11-01\""]);
}

#[test]
fn the_time_of_each_daemon_is_told_and_logged() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let page = web.get(&format!("{STAYS}&ida=ida1"));
    let told = page.header("server-timing").unwrap();
    assert!(told.contains("voos;dur=") && told.contains("hospedagens;dur="), "{told}");
    assert!(!told.contains("passeios"), "{told}");
    let log = web.log_with("GET /hospedagens 200");
    let line = log.iter().find(|line| line.contains("GET /hospedagens 200")).unwrap();
    assert!(line.contains("hospedagens;dur="), "{line}");
    assert!(
        !log.iter().any(|line| line.contains("Altamira")),
        "what was typed is in the log: {log:?}"
    );
}

#[test]
fn destinations_are_not_asked_for_by_every_page() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[daemons]\ndestinations_secs = 600\n");
    for _ in 0..3 {
        assert_eq!(web.get("/").status, 200);
    }
    assert_eq!(agency.flights.requests("destinos").len(), 1);
    let web = Web::start(&agency, "[daemons]\ndestinations_secs = 0\n");
    for _ in 0..3 {
        assert_eq!(web.get("/").status, 200);
    }
    assert_eq!(agency.flights.requests("destinos").len(), 4);
}
