//! `agencia status` and `agencia search`.

use crate::scene::{Scene, Up};
use serde_json::Value;
use std::fs::File;

#[test]
fn a_search_finds_what_is_on_sale() {
    let scene = Scene::new();
    let mut daemons = Up::start(scene.command(&["up", "--only", "daemons"]));
    daemons.wait_for("everything is ready");

    let flights = ["search", "passagem", "--to", "Bagé", "--date", "2099-12-24", "--people", "3"];
    let (code, table, _) = scene.run(&flights);
    assert_eq!(code, 0);
    assert!(table.contains("906,00R$") && table.contains("2099-12-24 14:00h"), "{table}");
    let (_, json, _) = scene.run(&[&flights[..], &["--json"]].concat());
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["ida"][0]["id"], &json["volta"]), (&"ida".into(), &Value::Array(vec![])));

    let city = ["--city", "Bagé (RS)", "--date", "2099-12-24"];
    let (_, table, _) = scene.run(&[&["search", "hospedar"], &city[..]].concat());
    assert!(table.contains("Hotel") && table.contains("yes"), "{table}");
    let (_, table, _) = scene.run(&[&["search", "passeio"], &city[..]].concat());
    assert!(table.contains("Praça"), "{table}");

    let (code, table, _) =
        scene.run(&["search", "passeio", "--city", "Bagé", "--date", "2099-12-24"]);
    assert_eq!((code, table.as_str()), (0, "nothing found\n"));
    let back = ["--return", "2099-12-23"];
    let (code, _, errors) = scene.run(&[&flights[..], &back].concat());
    assert_eq!(code, 1);
    assert_eq!(
        errors,
        "agencia: refused: a volta não pode ser antes da ida (campo_invalido, campo dataVolta)\n"
    );

    let (code, json, _) = scene.run(&["status", "--json"]);
    let rows: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(code, 0);
    assert_eq!(rows[0]["name"], "voos");
    assert_eq!(rows[2]["health"]["ofertas"], 1);
    daemons.ctrl_c();
    assert_eq!(daemons.end(), Some(0));
}

#[test]
fn a_daemon_that_is_down_is_told_with_the_way_out() {
    let scene = Scene::new();
    let (code, table, errors) = scene.run(&["status"]);
    assert_eq!(code, 1);
    assert_eq!(table.matches(" down ").count(), 3, "{table}");
    assert_eq!(errors.lines().count(), 3, "{errors}");
    let (code, json, _) = scene.run(&["status", "--json"]);
    let rows: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &rows[1]["up"]), (1, &Value::Bool(false)));

    let search = ["search", "passeio", "--city", "X", "--date", "2099-12-24"];
    let (code, _, errors) = scene.run(&search);
    assert_eq!(code, 1);
    let start = format!("agencia: passeios (127.0.0.1:{}) cannot be reached: ", scene.ports[2]);
    assert!(errors.starts_with(&start) && errors.contains("start it with"), "{errors}");
    assert_eq!(errors.lines().count(), 1);
}

#[test]
fn wrong_settings_have_their_own_exit_code() {
    let scene = Scene::new();
    scene.write("pares.toml", "[[daemon]]\nname = \"voos\"\naddress = \"localhost\"\n");
    let (code, _, errors) = scene.run(&["status"]);
    assert_eq!(code, 78);
    assert!(errors.starts_with("agencia: pares.toml: daemon[0].address \"localhost\" is"));

    scene.write("pares.toml", "[[daemon]]\nname = \"voos\"\naddress = \"127.0.0.1:1\"\n");
    let search = ["search", "passeio", "--city", "X", "--date", "2099-12-24"];
    let (code, _, errors) = scene.run(&search);
    assert_eq!(code, 78);
    assert!(errors.contains("pares.toml: names no daemon \"passeios\""), "{errors}");
}

#[test]
fn results_that_cannot_be_printed_are_an_error_that_says_so() {
    let scene = Scene::new();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for words in [&["status"][..], &["status", "--json"], &["trips", "--csv"]] {
        let output = scene.command(words).stdout(full()).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {errors}");
        let last = errors.lines().last().unwrap();
        let expected = "agencia: cannot write to standard output: No space left on device";
        assert!(last.starts_with(expected), "{words:?}: {errors}");
    }
}
