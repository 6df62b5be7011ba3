//! `agencia import`.

use crate::scene::{FLIGHT, Scene, Up};
use agencia_client::{Answer, Peers, Pool, PoolOptions, Spawn};
use agencia_protocol::People;
use agencia_protocol::flight::Flight;
use agencia_protocol::request::{Item, Reserve, Reserved};
use std::fs::File;
use std::sync::Arc;

const IN_FORCE: &str = "var/inventory/passagens.json";
const STAGED: &str = "var/inventory/passagens.json.novo";

fn import(scene: &Scene, file: &str) -> (i32, String, String) {
    scene.run(&["import", "voos", file, "--dir", "var"])
}

/// The flight of the scene and another one of this many seats.
fn two_flights(seats: u32) -> String {
    let other = FLIGHT.replace("\"ida\"", "\"nova\"").replace(":3}", &format!(":{seats}}}"));
    format!("[{FLIGHT},{other}]")
}

#[test]
fn a_running_daemon_takes_a_new_inventory_over_at_once() {
    let scene = Scene::new();
    let mut daemons = Up::start(scene.command(&["up", "--only", "daemons"]));
    daemons.wait_for("everything is ready");
    scene.write("novos.json", &two_flights(9));
    let (code, line, errors) = import(&scene, "novos.json");
    assert_eq!(code, 0, "{errors}");
    assert!(line.contains(") took it over; offers on sale: 2"), "{line}");
    assert!(scene.read(IN_FORCE).contains("nova"));
    assert!(!scene.path(STAGED).exists());

    let csv = "horarioIda,chegadaIda,valor,diaIda,diaChegada,deAeroporto,paraAeroporto,lugares\n\
               8:00h,09:00h,\"5,00R$\",24/12/2099,24/12/2099,Confins,Bagé,7\n";
    scene.write("novos.csv", csv);
    let (code, line, errors) = import(&scene, "novos.csv");
    assert_eq!(code, 0, "{errors}");
    assert!(line.contains(") took it over; offers on sale: 1"), "{line}");
    let search = ["search", "passagem", "--to", "Bagé", "--date", "2099-12-24"];
    let (_, table, _) = scene.run(&search);
    assert!(table.contains("8:00h") && !table.contains("14:00h"), "{table}");
    daemons.ctrl_c();
    assert_eq!(daemons.end(), Some(0));
}

#[test]
fn for_a_daemon_that_does_not_run_the_file_is_put_in_place() {
    let scene = Scene::new();
    scene.write("novos.json", &two_flights(9));
    let (code, line, errors) = import(&scene, "novos.json");
    assert_eq!(code, 0, "{errors}");
    assert!(line.contains("does not run: the file is in place as"), "{line}");
    assert!(scene.read(IN_FORCE).contains("nova"));
    assert!(!scene.path(STAGED).exists());
}

#[test]
fn everything_is_withdrawn_only_by_whoever_says_so() {
    let scene = Scene::new();
    let before = scene.read(IN_FORCE);
    scene.write("vazio.json", "[]");
    let (code, _, errors) = import(&scene, "vazio.json");
    assert_eq!(code, 1);
    assert!(errors.contains("vazio.json: has no record") && errors.contains("--empty"), "{errors}");
    assert_eq!(scene.read(IN_FORCE), before);
    assert!(!scene.path(STAGED).exists());
    let (code, _, errors) = scene.run(&["import", "voos", "vazio.json", "--dir", "var", "--empty"]);
    assert_eq!(code, 0, "{errors}");
    assert_eq!(scene.read(IN_FORCE), "[]\n");
}

#[test]
fn nothing_changes_when_one_record_is_wrong() {
    let scene = Scene::new();
    let before = scene.read(IN_FORCE);
    for (text, expected) in [
        (two_flights(9).replacen("24/12/2099", "31/11/2099", 3), "record 1, field \"diaIda\""),
        (two_flights(9).replace("nova", "ida"), "record 2, field \"id\""),
        (two_flights(70_000), "record 2: a capacidade 70000"),
        ("{}".to_owned(), "record 1: the file is not a JSON array"),
    ] {
        scene.write("novos.json", &text);
        let (code, _, errors) = import(&scene, "novos.json");
        assert_eq!(code, 1);
        assert!(
            errors.starts_with("agencia: novos.json: ") && errors.contains(expected),
            "{errors}"
        );
        assert!(errors.ends_with("nothing was changed\n") && errors.lines().count() == 1);
        assert_eq!(scene.read(IN_FORCE), before);
        assert!(!scene.path(STAGED).exists());
    }
}

#[test]
fn fewer_seats_than_are_sold_are_refused_by_name() {
    let scene = Scene::new();
    let mut daemons = Up::start(scene.command(&["up", "--only", "daemons"]));
    daemons.wait_for("everything is ready");
    let peers = Peers::load(scene.path("pares.toml")).unwrap();
    let spawn: Spawn = Arc::new(|driver| smol::spawn(driver).detach());
    let pool = Pool::new(peers.get("voos").unwrap().clone(), PoolOptions::default(), spawn);
    let item = Item { id: "ida".parse().unwrap(), units: People::new(2).unwrap(), nights: None };
    let sold: Answer<Reserved<Flight>> =
        smol::block_on(pool.write(&Reserve::new(item, None))).unwrap();
    assert_eq!(sold.value.units.count(), 2);

    let before = scene.read(IN_FORCE);
    scene.write("menos.json", &format!("[{}]", FLIGHT.replace(":3}", ":1}")));
    let (code, _, errors) = import(&scene, "menos.json");
    assert_eq!(code, 1);
    assert!(errors.starts_with("agencia: refused: ") && errors.contains("id ida"), "{errors}");
    assert_eq!(scene.read(IN_FORCE), before);
    assert!(!scene.path(STAGED).exists());

    scene.write("outros.json", &two_flights(9).replace("\"ida\"", "\"outra\""));
    let (code, line, errors) = import(&scene, "outros.json");
    assert_eq!(code, 0, "{errors}");
    assert!(line.contains("with bookings and no longer on sale: 1"), "{line}");
    daemons.ctrl_c();
    assert_eq!(daemons.end(), Some(0));
}

#[test]
fn a_second_import_is_refused_while_one_is_under_way() {
    let scene = Scene::new();
    scene.write("novos.json", &two_flights(9));
    let other = File::create(scene.path(STAGED)).unwrap();
    other.lock().unwrap();
    let (code, _, errors) = import(&scene, "novos.json");
    assert_eq!(code, 1);
    assert!(errors.contains("another import is under way"), "{errors}");
    drop(other);
    assert_eq!(import(&scene, "novos.json").0, 0);
}

#[test]
fn a_file_that_is_not_there_and_a_folder_that_is_not_there_are_told() {
    let scene = Scene::new();
    let (code, _, errors) = import(&scene, "missing.json");
    assert_eq!(code, 1);
    assert!(errors.starts_with("agencia: missing.json: cannot be read"), "{errors}");
    scene.write("novos.json", "[]");
    let args = ["import", "voos", "novos.json", "--inventory", "nowhere/x.json"];
    let (code, _, errors) = scene.run(&args);
    assert_eq!(code, 1);
    assert!(errors.contains("say with --inventory, --dir or --config"), "{errors}");
    let (_, _, errors) = scene.run(&["import", "voos", "novos.json", "--inventory", "x.csv"]);
    assert!(errors.contains("x.csv: is CSV"), "{errors}");
}

#[test]
fn the_staged_file_itself_cannot_be_imported() {
    let scene = Scene::new();
    scene.write(STAGED, &two_flights(9));
    let (code, _, errors) = import(&scene, STAGED);
    assert_eq!(code, 1);
    assert!(errors.contains("is where an import is staged"), "{errors}");
    assert!(scene.read(STAGED).contains("nova"), "it was emptied");
}
