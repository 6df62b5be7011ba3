//! Inventories: what a daemon starts with, and how a new one takes the place of the old one or
//! leaves it as it was.

use crate::support::*;
use agencia_server::StartError;

/// The Gol dearer and with more cars, a new model, and no Uno.
const NEXT: &str = r#"[
  {"dia":"01/01/2030","valor":"120,00R$","modelo":"Gol","cidade":"Goiânia (GO)","id":"gol","carros":5},
  {"dia":"01/01/2030","valor":"130,00R$","modelo":"Onix","cidade":"Goiânia (GO)","id":"onix"}
]"#;

/// The offers of a search: id and units left.
fn on_sale(client: &mut Client) -> Vec<(String, u64)> {
    let found = client.ask(SEARCH);
    let cars = found["carros"].as_array().unwrap();
    cars.iter()
        .map(|car| (car["id"].as_str().unwrap().to_owned(), car["disponiveis"].as_u64().unwrap()))
        .collect()
}

fn pairs(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|&(id, left)| (id.to_owned(), left)).collect()
}

#[test]
fn a_new_inventory_takes_the_place_of_the_old_one_and_keeps_its_bookings() {
    let house = House::new(INVENTORY);
    let running = house.serve();
    let mut client = running.connect();
    client.ask(&buy("gol"));
    client.ask(&buy("uno"));
    house.write("inventario.json.novo", NEXT);
    let imported = client.ask(IMPORT);
    assert_eq!((&imported["ofertas"], &imported["retiradas"]), (&2.into(), &1.into()));
    assert_eq!(on_sale(&mut client), pairs(&[("gol", 4), ("onix", 3)]));
    assert_eq!(client.ask(&buy("gol"))["valor"], "120,00R$");
    assert_eq!(code(&client.ask(&buy("uno"))), "campo_invalido");
    assert_eq!(client.ask(HEALTH)["ofertas"], 2);
    assert_eq!(house.read("inventario.json").as_deref(), Some(NEXT));
    assert_eq!(house.read("inventario.json.novo"), None);

    // The next start knows it all from the disk.
    drop((client, running));
    let again = house.serve();
    assert_eq!(on_sale(&mut again.connect()), pairs(&[("gol", 3), ("onix", 3)]));
}

#[test]
fn purchases_around_an_import_are_of_the_inventory_at_their_place_in_the_order() {
    let house = House::new(INVENTORY);
    house.write("inventario.json.novo", NEXT);
    let running = house.serve();
    let mut client = running.connect();
    client.send(&[&buy("gol"), IMPORT, &buy("gol"), &buy("onix")]);
    let replies: Vec<_> = (0..4).map(|_| client.reply().unwrap()).collect();
    assert_eq!(replies[0]["valor"], "100,00R$");
    assert_eq!(replies[1]["ofertas"], 2);
    assert_eq!(replies[2]["valor"], "120,00R$");
    assert_eq!(replies[3]["valor"], "130,00R$");
}

/// The import is refused; everything stays as it was, the staged file too.
fn check_refused(next: &str, parts: &[&str]) {
    let house = House::new(INVENTORY);
    let running = house.serve();
    let mut client = running.connect();
    client.send(&[&buy("gol"), &buy("gol")]);
    assert_eq!((client.error(), client.error()), ("none".into(), "none".into()));
    house.write("inventario.json.novo", next);
    let refused = client.ask(IMPORT).to_string();
    for part in parts {
        assert!(refused.contains(part), "{part:?} is not in {refused}");
    }
    assert_eq!(on_sale(&mut client), pairs(&[("uno", 1)]));
    assert_eq!(house.read("inventario.json").as_deref(), Some(INVENTORY));
    assert_eq!(house.read("inventario.json.novo").as_deref(), Some(next));
    assert_eq!(code(&client.ask(&buy("uno"))), "none");
    // The way is free for the next one.
    house.write("inventario.json.novo", NEXT);
    assert_eq!(client.ask(IMPORT)["ofertas"], 2);
}

#[test]
fn fewer_units_than_are_sold_are_refused_by_name() {
    let next = NEXT.replace("\"carros\":5", "\"carros\":1");
    check_refused(&next, &["\"conflito\"", "gol", "dá 1 ", " 2 já foram vendidas"]);
}

#[test]
fn a_record_that_is_wrong_is_named_and_nothing_changes() {
    let next = NEXT.replace("130,00R$", "130 reais");
    check_refused(&next, &["\"campo_invalido\"", "\"valor\"", "registro 2"]);
    check_refused("{", &["\"json_invalido\"", "registro 1"]);
}

#[test]
fn an_import_without_a_staged_file_says_where_it_should_be() {
    let house = House::new(INVENTORY);
    let running = house.serve();
    let refused = running.connect().ask(IMPORT);
    assert_eq!(code(&refused), "campo_invalido");
    assert!(refused.to_string().contains("inventario.json.novo"), "{refused}");
}

#[test]
fn a_file_that_cannot_be_put_in_place_leaves_the_old_inventory_in_force() {
    let house = House::new(INVENTORY);
    let running = house.serve();
    let mut client = running.connect();
    house.write("inventario.json.novo", NEXT);
    // A file cannot be renamed over a folder.
    std::fs::remove_file(house.path("inventario.json")).unwrap();
    std::fs::create_dir(house.path("inventario.json")).unwrap();
    assert_eq!(code(&client.ask(IMPORT)), "interno");
    assert_eq!(on_sale(&mut client), pairs(&[("uno", 1), ("gol", 2)]));
    // The ledger, too, sells what the old one has and not what the new one would have.
    client.send(&[&buy("gol"), &buy("gol"), &buy("gol"), &buy("uno")]);
    let codes: Vec<_> = (0..4).map(|_| client.error()).collect();
    assert_eq!(codes, ["none", "none", "esgotado", "none"]);
}

#[test]
fn a_daemon_without_inventory_says_how_to_come_by_one() {
    let house = House::new(INVENTORY);
    std::fs::remove_file(house.path("inventario.json")).unwrap();
    let error = house.open().unwrap_err().to_string();
    for part in ["inventario.json", "agencia-mocks --out", "agencia import"] {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
    assert!(!house.path("estado").exists());
}

#[test]
fn a_daemon_does_not_start_with_less_than_it_has_sold() {
    let house = House::new(INVENTORY);
    {
        let running = house.serve();
        let mut client = running.connect();
        client.send(&[&buy("gol"), &buy("gol")]);
        assert_eq!((client.error(), client.error()), ("none".into(), "none".into()));
    }
    house.write("inventario.json", &INVENTORY.replace("\"carros\":2", "\"carros\":1"));
    let error = house.open().unwrap_err();
    assert!(matches!(error, StartError::Inventory(_)), "{error:?}");
    let error = error.to_string();
    for part in ["inventario.json", "gol", "1 units", "2 are sold", "previous inventory back"] {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
}
