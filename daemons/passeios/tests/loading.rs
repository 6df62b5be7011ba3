//! How a file's records come to be offers: which is refused, by what name each goes, and what is shown
//! of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use agencia_catalog::{Catalog, Limits, Moment, OfferIndex, Product, View};
use agencia_passeios::Tours;
use agencia_protocol::{Day, OfferId};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn tour(sight: &str) -> Value {
    json!({"horario": "9:00h", "valor": "5,00R$", "dia": "05/11/2098", "local": sight,
        "endereco": "E", "cidade": "C"})
}

fn with(mut tour: Value, field: &str, value: impl Into<Value>) -> Value {
    tour[field] = value.into();
    tour
}

fn load(tours: &[Value]) -> Result<Catalog<Tours>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    std::fs::write(&path, serde_json::to_vec(tours).unwrap()).unwrap();
    Catalog::load(&path, 7).map_err(|error| error.to_string())
}

fn check_refused(tours: &[Value], expected: &str) {
    let error = load(tours).unwrap_err();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn an_id_names_one_offer() {
    let twice = [with(tour("a"), "id", "x"), tour("b"), with(tour("c"), "id", "x")];
    check_refused(&twice, "record 3, field \"id\": o id x aparece duas vezes");
}

#[test]
fn the_first_that_cannot_be_taken_is_told_whatever_is_wrong_with_it() {
    let twice = [with(tour("a"), "id", "x"), with(tour("b"), "id", "x")];
    let too_many = with(tour("c"), "vagas", 70_000);
    let misspelt = with(tour("d"), "vagass", 1);
    let [twice, too_many, misspelt] = [&twice[..], &[too_many], &[misspelt]];
    check_refused(&[twice, too_many, misspelt].concat(), "record 2, field \"id\"");
    check_refused(&[too_many, twice, misspelt].concat(), "record 1: a capacidade 70000 está acima");
    check_refused(&[misspelt, twice, too_many].concat(), "record 1, field \"vagass\"");
    check_refused(&[&twice[..1], misspelt, twice].concat(), "record 2, field \"vagass\"");
}

#[test]
fn equal_records_are_different_offers_and_the_same_ones_next_time() {
    let tours = [vec![tour("a"); 3], vec![tour("b"), with(tour("a"), "id", "x")]].concat();
    let ids = || -> BTreeSet<OfferId> {
        let catalog = load(&tours).unwrap();
        offers(&catalog).into_iter().map(|offer| catalog.id(offer)).collect()
    };
    assert_eq!((ids().len(), ids()), (5, ids()));
}

/// Of a file that is read in several batches.
#[test]
fn keys_are_claimed_across_the_whole_file() {
    let mut tours: Vec<_> = (0..2_000).map(|number| tour(&number.to_string())).collect();
    tours[1_499] = tour("0");
    let catalog = load(&tours).unwrap();
    let ids: BTreeSet<_> =
        offers(&catalog).into_iter().map(|offer| catalog.id(offer).to_string()).collect();
    assert_eq!(ids.len(), 2_000);
    assert!(ids.iter().all(|id| catalog.find(&id.parse().unwrap()).is_some()));
    for place in [0, 1_499] {
        tours[place] = with(tour("0"), "id", "x");
    }
    check_refused(&tours, "record 1500, field \"id\": o id x aparece duas vezes");
}

/// However often an offer was shown before.
#[test]
fn what_is_left_of_an_offer_is_told_as_it_is_now() {
    let catalog = load(&[with(tour("a"), "id", "x")]).unwrap();
    let product = Tours::new(Default::default());
    let limits = Limits { results_default: 10, results_max: 10 };
    let view = View::new(&product, &catalog, Moment::first(), limits);
    let mut used = 0;
    for _ in 0..6 {
        let mut out = Vec::new();
        view.search(br#"{"cidade":"C","dataIda":"2098-11-05"}"#, &mut out).unwrap();
        let found: Value = serde_json::from_slice(&out).unwrap();
        let expected = with(with(tour("a"), "id", "x"), "disponiveis", 7 - used);
        assert_eq!(found["passeio"], json!([expected]));
        used += 1;
        catalog.set_used(catalog.key(offers(&catalog)[0]), used);
    }
}

/// All that [`tour`] makes.
fn offers(catalog: &Catalog<Tours>) -> Vec<OfferIndex> {
    let city = catalog.texts().find("C").unwrap();
    catalog.on_day(0, city.key(), Day::from_iso("2098-11-05").unwrap()).collect()
}
