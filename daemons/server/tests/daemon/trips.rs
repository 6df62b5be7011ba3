//! Trips over the wire: what each message does, and each refusal's word.

use crate::support::agency::*;
use crate::support::code;
use agencia_protocol::TripId;
use agencia_protocol::trip::{
    Alter, AskOutcome, Cancel, Consult, Decide, Extend, Force, Hold, LetGo, PartState, Pin,
    QuoteCancellation, Revision, TripItem,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn field(reply: &Value) -> String {
    reply["erro"]["campo"].as_str().unwrap_or("none").to_owned()
}

/// What a search of the tours' daemon says is left.
fn tours_left(agency: &Agency) -> Value {
    let search = r#"{"cidade":"Bagé","dataIda":"2030-01-11"}"#;
    agency.connect("passeios").ask(search)["passeio"][0]["disponiveis"].clone()
}

#[test]
fn a_trip_of_three_parts_is_held_pinned_decided_and_applied() {
    let agency = Agency::new();
    let trip = trip();
    let decide = pinned(&agency, trip);
    assert_eq!(tours_left(&agency), 2);
    assert_eq!(agency.state("passeios", trip), "fixa");
    let decided = agency.ask("voos", decide.clone());
    assert_eq!(decided["estado"], "confirmada", "{decided}");
    assert!(decided["localizador"].as_str().unwrap().starts_with('V'), "{decided}");
    assert_eq!(agency.state("voos", trip), "confirmada");
    for name in &NAMES[1..] {
        assert_eq!(agency.ask(name, apply(trip, &decided))["estado"], "confirmada");
    }
    agency.check_settled([1, 1, 1]);
    // Everything again changes nothing and answers the current state.
    assert_eq!(agency.ask("voos", decide), decided);
    assert_eq!(agency.ask("passeios", hold(trip, "t1"))["estado"], "confirmada");
    assert_eq!(agency.ask("passeios", pin(trip))["estado"], "confirmada");
    assert_eq!(agency.ask("hospedagens", apply(trip, &decided))["estado"], "confirmada");
    assert_eq!(agency.ask("voos", AskOutcome::new(trip, None))["desfecho"], "confirmada");
    agency.check_settled([1, 1, 1]);
}

#[test]
fn a_hold_says_until_when_and_shows_the_records_as_sold() {
    let agency = Agency::new();
    let trip = trip();
    let held = agency.ask("hospedagens", hold_nights(trip, 0));
    assert_eq!(held["itens"][0]["valorTotal"], "110,00R$", "{held}");
    assert_eq!(held["itens"][0]["id"], "s1");
    let before = held["expira"].as_str().unwrap().to_owned();
    assert!(before.starts_with("2029-12-"), "{before}");
    let until = Ticking::at().after(std::time::Duration::from_secs(1_200));
    let longer = agency.ask("hospedagens", Extend::new(trip, until));
    assert_eq!((&longer["estado"], &longer["expira"]), (&"segura".into(), &json!(until)));
    // Neither a longer hold nor a longer extension than the settings allow.
    let far = Ticking::at().after(std::time::Duration::from_secs(80_000));
    let longest = agency.ask("hospedagens", Extend::new(trip, far));
    let latest = Ticking::at().after(std::time::Duration::from_secs(1_800));
    assert!(longest["expira"].as_str().unwrap() <= latest.to_string().as_str(), "{longest}");
    assert_eq!(agency.ask("hospedagens", LetGo::new(trip))["estado"], "solta");
    assert_eq!(code(&agency.ask("hospedagens", hold_nights(trip, 1))), "desfeita");
}

/// Both nights of the one room, at the price of both.
fn hold_nights(trip: TripId, revision: u32) -> Hold {
    let item = json!({ "id": "s1", "noites": 2, "valor": "110,00R$" });
    Hold::new(trip, Revision(revision), vec![serde_json::from_value(item).unwrap()], 600)
}

fn hold_items(trip: TripId, revision: u32, items: Value) -> Hold {
    let items: Vec<TripItem> = serde_json::from_value(items).unwrap();
    Hold::new(trip, Revision(revision), items, 600)
}

#[test]
fn what_cannot_be_held_is_refused_by_its_word_and_named() {
    let agency = Agency::new();
    for (items, word, about, wrong) in [
        (json!([{"id":"f1","quantidade":3}]), "esgotado", "f1", "none"),
        (json!([{"id":"f1","valor":"99,00R$"}]), "preco_mudou", "f1", "none"),
        (json!([{"id":"f1"},{"id":"none"}]), "campo_invalido", "none", "itens[1].id"),
        (json!([{"id":"f1","noites":2}]), "campo_invalido", "f1", "itens[0].noites"),
    ] {
        let refused = agency.ask("voos", hold_items(trip(), 0, items.clone()));
        assert_eq!(code(&refused), word, "{items}");
        assert_eq!((&refused["erro"]["id"], field(&refused)), (&about.into(), wrong.to_owned()));
    }
    // A stay has one price for all its nights.
    let first_night = json!([{"id":"s1","noites":2,"valor":"50,00R$"}]);
    let refused = agency.ask("hospedagens", hold_items(trip(), 0, first_night));
    assert_eq!(code(&refused), "preco_mudou");
    assert!(refused["erro"]["mensagem"].as_str().unwrap().contains("110,00R$"), "{refused}");
    // All items or none.
    let both = json!([{"id":"f1"},{"id":"f1","quantidade":2}]);
    assert_eq!(code(&agency.ask("voos", hold_items(trip(), 0, both))), "esgotado");
    agency.check_settled([0, 0, 0]);
}

#[test]
fn an_id_that_is_old_or_no_uuid_of_now_cannot_begin_a_trip() {
    let agency = Agency::new();
    let minted = |hours: i64| {
        let millis = Ticking::millis() + hours * 3_600_000;
        agencia_store::mint(agencia_protocol::trip::Timestamp::from_unix_millis(millis))
    };
    assert_eq!(code(&agency.ask("voos", hold(minted(-25), "f1"))), "antiga");
    let random = TripId::from_uuid(uuid::Uuid::new_v4());
    for trip in [minted(25), random] {
        let refused = agency.ask("voos", hold(trip, "f1"));
        assert_eq!((code(&refused), field(&refused)), ("campo_invalido".into(), "viagem".into()));
    }
    assert_eq!(agency.ask("voos", hold(minted(-23), "f1"))["estado"], "segura");
}

#[test]
fn a_higher_revision_replaces_the_items_also_when_it_needs_their_units() {
    let agency = Agency::new();
    let trip = trip();
    let all = json!([{"id":"f1","quantidade":2}]);
    assert_eq!(agency.ask("voos", hold_items(trip, 0, all.clone()))["estado"], "segura");
    // The same again, although nothing is left; then fewer, from those that it has itself.
    assert_eq!(agency.ask("voos", hold_items(trip, 0, all))["estado"], "segura");
    let one = json!([{"id":"f1"}]);
    assert_eq!(code(&agency.ask("voos", hold_items(trip, 0, one.clone()))), "conflito");
    assert_eq!(agency.ask("voos", hold_items(trip, 1, one))["estado"], "segura");
    let three = json!([{"id":"f1","quantidade":3}]);
    assert_eq!(code(&agency.ask("voos", hold_items(trip, 2, three))), "esgotado");
    assert_eq!(agency.ask("voos", Consult::by_trip(trip))["revisao"], 1);
    let other = hold_items(self::trip(), 0, json!([{"id":"f1"}]));
    assert_eq!(agency.ask("voos", other)["estado"], "segura");
}

#[test]
fn orders_of_one_connection_are_answered_in_order_and_share_commits() {
    let agency = Agency::new();
    let mut client = agency.connect("passeios");
    let trips: Vec<_> = (0..4).map(|_| trip()).collect();
    let search = r#"{"cidade":"Bagé","dataIda":"2030-01-11"}"#.to_owned();
    let mut bodies: Vec<_> = trips.iter().map(|&trip| written(hold(trip, "t1"))).collect();
    bodies.push(search.clone());
    bodies.extend(trips[..2].iter().map(|&trip| written(LetGo::new(trip))));
    bodies.push(search);
    client.send(&bodies.iter().map(String::as_str).collect::<Vec<_>>());
    let replies: Vec<_> = bodies.iter().map(|_| client.reply().unwrap()).collect();
    let states: Vec<_> = replies[..3].iter().map(|reply| reply["estado"].clone()).collect();
    assert_eq!(states, ["segura"; 3]);
    assert_eq!(code(&replies[3]), "esgotado");
    assert_eq!(replies[4]["passeio"], json!([]));
    assert_eq!((&replies[5]["estado"], &replies[6]["estado"]), (&"solta".into(), &"solta".into()));
    assert_eq!(replies[7]["passeio"][0]["disponiveis"], 2);
}

#[test]
fn pinning_and_deciding_are_refused_by_their_words() {
    let agency = Agency::new();
    let trip = trip();
    assert_eq!(code(&agency.ask("passeios", pin(trip))), "expirada");
    agency.ask("passeios", hold(trip, "t1"));
    let another = Pin::new(trip, Revision(1), daemon("voos"), parts());
    assert_eq!(code(&agency.ask("passeios", another)), "conflito");
    let mut strange = pin(trip);
    strange.anchor = daemon("carros");
    strange.parts.insert(daemon("carros"), vec![item("c1")]);
    let refused = agency.ask("passeios", strange);
    assert_eq!((code(&refused), field(&refused)), ("campo_invalido".into(), "ancora".into()));
    let refused = agency.ask("voos", pin(trip));
    assert_eq!((code(&refused), field(&refused)), ("campo_invalido".into(), "partes".into()));

    let decide = pinned(&agency, trip);
    let forged = Decide::new(trip, parts(), Default::default(), travellers(), None);
    assert_eq!(code(&agency.ask("voos", forged)), "nao_autorizado");
    agency.ask("voos", LetGo::new(trip));
    let decided = agency.ask("voos", decide);
    assert_eq!((&decided["estado"], &decided["motivo"]), (&"desfeita".into(), &"solta".into()));
    agency.wait_for("passeios", trip, "solta");
    agency.wait_for("hospedagens", trip, "solta");
    agency.check_settled([0, 0, 0]);
}

#[test]
fn a_booked_trip_is_quoted_cancelled_and_its_units_are_free_again() {
    let agency = Agency::new();
    let (trip, _) = booked(&agency);
    assert_eq!(tours_left(&agency), 2);
    let shares: BTreeMap<_, _> =
        NAMES[1..].iter().map(|name| (*name, agency.ask(name, ask_quote(trip, &[])))).collect();
    assert_eq!(shares["hospedagens"]["reembolso"], "50,00R$", "{shares:?}");
    assert_eq!(shares["passeios"]["reembolso"], "20,00R$", "{shares:?}");
    let share = |name: &'static str| (name, shares[name]["cotacao"].as_str().unwrap());
    let all = [share("hospedagens"), share("passeios")];
    // The anchor speaks for the whole, and takes no word for another's.
    for some in [&[][..], &all[1..], &[share("hospedagens"), share("passeios"), ("voos", "1.1.ab")]]
    {
        let refused = agency.ask("voos", ask_quote(trip, some));
        assert_eq!(code(&refused), "campo_invalido", "{refused}");
        assert_eq!(field(&refused), "cotacoes");
    }
    let swapped = [("hospedagens", all[1].1), ("passeios", all[0].1)];
    assert_eq!(code(&agency.ask("voos", ask_quote(trip, &swapped))), "nao_autorizado");
    assert_eq!(field(&agency.ask("passeios", ask_quote(trip, &all[..1]))), "cotacoes");
    let quoted = agency.ask("voos", ask_quote(trip, &all));
    assert_eq!(quoted["reembolso"], "170,00R$", "{quoted}");
    let quote = |text: &str| Cancel::new(trip, text.parse().unwrap());
    for forged in ["1.1.00", all[0].1] {
        assert_eq!(code(&agency.ask("voos", quote(forged))), "nao_autorizado", "{forged}");
    }
    let genuine = quoted["cotacao"].as_str().unwrap();
    let cancelled = agency.ask("voos", quote(genuine));
    assert_eq!(cancelled["estado"], "cancelada", "{cancelled}");
    assert_eq!(agency.ask("voos", quote(genuine)), cancelled);
    // Nobody applies it but the outbox.
    agency.wait_for("hospedagens", trip, "solta");
    agency.wait_for("passeios", trip, "solta");
    assert_eq!(tours_left(&agency), 3);
    agency.check_settled([0, 0, 0]);
    assert_eq!(code(&agency.ask("voos", Alter::new(trip, travellers(), None))), "desfeita");
    let shown = agency.ask("voos", Consult::by_trip(trip));
    assert_eq!(shown["decisao"]["desfecho"], "cancelada");
    assert_eq!(shown["decisao"]["reembolso"], "170,00R$");
}

/// `cotar_cancelamento` with what these daemons quoted.
fn ask_quote(trip: TripId, shares: &[(&str, &str)]) -> QuoteCancellation {
    let share = |(name, quote): &(&str, &str)| (daemon(name), quote.parse().unwrap());
    QuoteCancellation::new(trip, shares.iter().map(share).collect())
}

/// From now on cancelling gives back nothing.
fn nothing_back(trips: &mut agencia_server::Trips, _: &mut agencia_server::Limits) {
    trips.refunds.clear();
}

#[test]
fn the_policy_is_told_before_anything_is_held_and_counts_whatever_it_is_later() {
    let mut agency = Agency::new();
    let policy = json!([{"dias": 7, "percentual": 100}, {"dias": 2, "percentual": 50}]);
    let offers = r#"{"action":"ofertas","itens":[{"id":"t1"}]}"#;
    assert_eq!(agency.connect("passeios").ask(offers)["cancelamento"], policy);
    let held = agency.ask("passeios", hold(trip(), "t1"));
    assert_eq!(held["itens"][0]["cancelamento"], policy, "{held}");
    let (told, _) = booked(&agency);
    let bought = agency.connect("passeios").ask(r#"{"action":"reservar","id":"t1"}"#);
    assert!(bought["localizador"].is_string() && bought["cancelamento"].is_null(), "{bought}");

    agency.stop("passeios");
    agency.change(nothing_back);
    agency.start("passeios");
    assert_eq!(agency.connect("passeios").ask(offers)["cancelamento"], json!([]));
    let quoted = agency.ask("passeios", ask_quote(told, &[]));
    assert_eq!(quoted["reembolso"], "20,00R$", "{quoted}");
}

#[test]
fn a_voucher_is_shown_with_the_surname_however_it_is_written() {
    let agency = Agency::new();
    let (trip, locator) = booked(&agency);
    let consult =
        |surname: &str| Consult::by_voucher(locator.parse().unwrap(), surname.parse().unwrap());
    let shown = agency.ask("voos", consult("CONCEICAO"));
    assert_eq!(shown["viagem"], trip.to_string());
    assert_eq!(shown["viajantes"][0]["nome"], "Ana");
    assert_eq!(shown["itens"][0]["id"], "f1");
    assert_eq!(shown["partes"]["passeios"][0]["id"], "t1");
    assert_eq!(shown["localizador"], locator);
    let people = json!([{ "nome": "Rui", "sobrenome": "Sá" }]);
    let alter = Alter::new(trip, serde_json::from_value(people).unwrap(), "ana@x".parse().ok());
    assert_eq!(agency.ask("voos", alter)["estado"], "confirmada");
    assert_eq!(agency.ask("voos", consult("sa"))["contato"], "ana@x");
    let refused = agency.ask("voos", consult("Conceição"));
    assert_eq!((code(&refused), field(&refused)), ("campo_invalido".into(), "localizador".into()));
    let unknown = Consult::by_voucher("VAAAAA".parse().unwrap(), "Sá".parse().unwrap());
    assert_eq!(agency.ask("voos", unknown)["erro"], refused["erro"]);
    assert_eq!(agency.ask("voos", Consult::by_trip(self::trip()))["estado"], "nenhuma");
}

#[test]
fn guessing_ends_at_its_limits_by_locator_and_by_address() {
    let agency = Agency::with(|_, limits| {
        limits.guesses_per_locator_max = 2;
        limits.guesses_per_address_max = 3;
    });
    let (_, locator) = booked(&agency);
    let consult = |locator: &str, surname: &str, address: &str| {
        let mut consult = Consult::by_voucher(locator.parse().unwrap(), surname.parse().unwrap());
        consult.address = address.parse().ok();
        code(&agency.ask("voos", consult))
    };
    assert_eq!(consult(&locator, "Conceição", "192.0.2.1"), "none");
    assert_eq!(consult(&locator, "Silva", "192.0.2.1"), "campo_invalido");
    assert_eq!(consult(&locator, "Souza", "192.0.2.2"), "campo_invalido");
    // Now even the right one is not told, wherever it comes from.
    assert_eq!(consult(&locator, "Conceição", "192.0.2.3"), "ocupado");
    for other in ["VAAAAA", "VAAAAC"] {
        assert_eq!(consult(other, "Silva", "192.0.2.1"), "campo_invalido");
    }
    assert_eq!(consult("VAAAAD", "Silva", "192.0.2.1"), "ocupado");
    assert_eq!(consult("VAAAAD", "Silva", "192.0.2.9"), "campo_invalido");
}

#[test]
fn nobody_holds_more_trips_than_the_settings_allow() {
    let agency = Agency::with(|_, limits| {
        limits.holds_per_visitor_max = 1;
        limits.holds_per_address_max = 2;
    });
    let ask = |trip, visitor: &str, address: &str| {
        let mut hold = hold(trip, "t1");
        (hold.visitor, hold.address) = (visitor.parse().ok(), address.parse().ok());
        code(&agency.ask("passeios", hold))
    };
    let (first, second) = (trip(), trip());
    assert_eq!(ask(first, "ana", "192.0.2.1"), "none");
    assert_eq!(ask(trip(), "ana", "192.0.2.2"), "ocupado");
    assert_eq!(ask(first, "ana", "192.0.2.1"), "none");
    assert_eq!(ask(second, "rui", "192.0.2.1"), "none");
    assert_eq!(ask(trip(), "eva", "192.0.2.1"), "ocupado");
    assert_eq!(tours_left(&agency), 1);
    agency.ask("passeios", LetGo::new(first));
    assert_eq!(ask(trip(), "eva", "192.0.2.1"), "none");
    // A hold that finds nothing left takes no place.
    assert_eq!(tours_left(&agency), 1);
    let mut greedy = hold_items(trip(), 0, json!([{"id":"t1","quantidade":2}]));
    greedy.visitor = "ivo".parse().ok();
    assert_eq!(code(&agency.ask("passeios", greedy)), "esgotado");
    assert_eq!(ask(trip(), "ivo", "192.0.2.5"), "none");
}

#[test]
fn nobody_holds_more_units_than_the_settings_allow() {
    let agency = Agency::with(|_, limits| {
        limits.units_held_per_visitor_max = 1;
        limits.units_held_per_address_max = 2;
    });
    let ask = |visitor: &str, address: &str, units: u16| {
        let mut hold = hold_items(trip(), 0, json!([{"id":"t1","quantidade":units}]));
        (hold.visitor, hold.address) = (visitor.parse().ok(), address.parse().ok());
        code(&agency.ask("passeios", hold))
    };
    assert_eq!(ask("ana", "192.0.2.1", 2), "ocupado");
    assert_eq!(ask("ana", "192.0.2.1", 1), "none");
    assert_eq!(ask("ana", "192.0.2.2", 1), "ocupado");
    assert_eq!(ask("", "192.0.2.1", 2), "ocupado");
    assert_eq!(ask("", "192.0.2.1", 1), "none");
}

#[test]
fn an_administrator_settles_a_part_by_hand_and_it_is_shown() {
    let agency = Agency::new();
    let trip = trip();
    hold_all(&agency, trip);
    pin_all(&agency, trip);
    let reason = "cliente desistiu por telefone";
    let force = Force::new(trip, PartState::Released, reason.parse().unwrap());
    assert_eq!(agency.ask("passeios", force)["estado"], "solta");
    let shown = agency.ask("passeios", Consult::by_trip(trip));
    assert_eq!(
        (&shown["forcada"]["era"], &shown["forcada"]["motivo"]),
        (&"fixa".into(), &reason.into())
    );
    let listed = agency.connect("passeios").ask(r#"{"action":"listar","filtro":"forcadas"}"#);
    assert_eq!(listed["viagens"][0]["viagem"], trip.to_string());
    assert_eq!(tours_left(&agency), 3);
}

#[test]
fn trips_are_listed_page_by_page() {
    let agency = Agency::new();
    let (booked, locator) = booked(&agency);
    let held = trip();
    agency.ask("passeios", hold(held, "t1"));
    let list = |rest: &str| {
        let page = agency.connect("passeios").ask(&format!(r#"{{"action":"listar",{rest}}}"#));
        let ids = page["viagens"].as_array().unwrap_or_else(|| panic!("{page}")).clone();
        let ids: Vec<_> =
            ids.iter().map(|trip| trip["viagem"].as_str().unwrap().to_owned()).collect();
        (ids, page["mais"] == true)
    };
    let (booked, held) = (booked.to_string(), held.to_string());
    let one = |locator: &str| {
        let list = format!(r#"{{"action":"listar","filtro":"todas","localizador":"{locator}"}}"#);
        agency.connect("voos").ask(&list)["viagens"].clone()
    };
    assert_eq!(one(&locator)[0]["viagem"], booked.as_str());
    assert_eq!(one("VAAAAA"), json!([]));
    assert_eq!(list(r#""filtro":"todas""#), (vec![booked.clone(), held.clone()], false));
    assert_eq!(list(r#""filtro":"todas","limite":1"#), (vec![booked.clone()], true));
    let after = format!(r#""filtro":"todas","limite":1,"apos":"{booked}""#);
    assert_eq!(list(&after), (vec![held], false));
    assert_eq!(list(r#""filtro":"reservas","dia":"2030-01-11""#), (vec![booked], false));
    assert_eq!(list(r#""filtro":"reservas","dia":"2030-01-12""#), (vec![], false));
}

#[test]
fn health_counts_the_trips() {
    let agency = Agency::new();
    let (first, _) = booked(&agency);
    assert_ne!(first, trip());
    agency.ask("passeios", hold(trip(), "t1"));
    let health = agency.connect("passeios").ask(r#"{"action":"saude"}"#);
    assert_eq!(health["viagens"]["seguras"], 1, "{health}");
    assert_eq!((&health["viagens"]["fixas"], &health["emRecuperacao"]), (&0.into(), &false.into()));
    // Held, pinned and booked, and held: each a step, none of them together.
    let counts = ["passos", "transacoes"].map(|field| health[field].as_u64());
    assert!(counts[0] >= Some(4) && counts[0] >= counts[1] && counts[1] >= Some(4), "{health}");
    let health = agency.connect("voos").ask(r#"{"action":"saude"}"#);
    assert_eq!(health["viagens"]["confirmadas"], 1, "{health}");
}
