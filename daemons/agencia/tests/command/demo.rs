//! `agencia demo`.

use crate::scene::{FLIGHT, Scene, TOUR, Up};

const FLIGHTS: &str = "var/inventory/passagens.json";
const STAYS: &str = "var/inventory/hospedagens.json";
const TOURS: &str = "var/inventory/passeios.json";

/// Few offers, so that a test is quick.
fn fresh() -> Scene {
    let scene = Scene::new();
    for file in [STAYS, TOURS] {
        std::fs::remove_file(scene.path(file)).unwrap();
    }
    scene.write("mocks.toml", "days = 2\n");
    scene
}

fn demo(scene: &Scene, what: &str) -> (i32, String, String) {
    scene.run(&["demo", what, "--dir", "var", "--settings", "mocks.toml"])
}

#[test]
fn only_a_daemon_without_inventory_is_given_one() {
    let scene = fresh();
    let before = scene.read(FLIGHTS);
    let (code, said, errors) = demo(&scene, "fill");
    assert_eq!(code, 0, "{errors}");
    assert!(said.contains("hospedagens.json: demonstration offers"), "{said}");
    assert!(scene.read(STAYS).contains("diaEntrada") && scene.read(TOURS).contains("local"));
    assert_eq!(scene.read(FLIGHTS), before);
    // A second time there is nothing to do, and nothing is said.
    let made = scene.read(STAYS);
    assert_eq!(demo(&scene, "fill"), (0, String::new(), String::new()));
    assert_eq!(scene.read(STAYS), made);
    // Only the inventories and what marks them.
    assert_eq!(std::fs::read_dir(scene.path("var/inventory")).unwrap().count(), 5);
}

#[test]
fn where_it_is_turned_off_a_daemon_begins_with_nothing_on_sale() {
    let scene = fresh();
    scene.write("mocks.toml", "demo = false\n");
    let (code, said, errors) = demo(&scene, "fill");
    assert_eq!(code, 0, "{errors}");
    assert!(said.contains("nothing on sale until"), "{said}");
    assert_eq!((scene.read(STAYS), scene.read(TOURS)), ("[]\n".into(), "[]\n".into()));
    let mut daemons = Up::start(scene.command(&["up", "--only", "daemons"]));
    daemons.wait_for("everything is ready");
}

#[test]
fn turning_it_off_clears_what_was_made_under_running_daemons_and_nothing_else() {
    let scene = fresh();
    assert_eq!(demo(&scene, "fill").0, 0);
    let mut daemons = Up::start(scene.command(&["up", "--only", "daemons"]));
    daemons.wait_for("everything is ready");
    // What replaced the demonstration offers is the agency's own.
    scene.write("tours.json", &format!("[{TOUR}]"));
    assert_eq!(scene.run(&["import", "passeios", "tours.json", "--dir", "var"]).0, 0);

    let (code, said, errors) = demo(&scene, "off");
    assert_eq!(code, 0, "{errors}");
    assert!(said.contains("took it over; offers on sale: 0"), "{said}");
    assert!(said.contains("passeios.json: not made here, left as it is"), "{said}");
    assert_eq!(scene.read(STAYS), "[]\n");
    assert!(scene.read(FLIGHTS).contains(FLIGHT) && scene.read(TOURS).contains("Centro"));
    assert!(scene.read("mocks.d/50-demo.toml").ends_with("\ndemo = false\n"));

    let (code, said, errors) = demo(&scene, "on");
    assert_eq!(code, 0, "{errors}");
    assert!(said.contains("took it over; offers on sale: "), "{said}");
    assert!(scene.read(STAYS).contains("diaEntrada"));
    daemons.ctrl_c();
    assert_eq!(daemons.end(), Some(0));
}

#[test]
fn a_wrong_setting_is_named_and_nothing_is_made() {
    let scene = fresh();
    scene.write("mocks.toml", "days = 0\n");
    for what in ["fill", "off"] {
        let (code, _, errors) = demo(&scene, what);
        assert_eq!(code, 78, "{errors}");
        assert!(errors.contains("mocks.toml") && errors.contains("days is 0"), "{errors}");
    }
    assert!(!scene.path(STAYS).exists() && !scene.path("mocks.d").exists());
}
