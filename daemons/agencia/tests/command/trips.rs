//! `agencia trips`, `trip`, `indoubt`, `audit`, `force-release`, over trips that were really
//! booked, or left in the middle.

use crate::lead::{Leader, stock, traveller};
use crate::scene::{Scene, Up};
use agencia_protocol::trip::LetGo;
use serde_json::Value;
use std::time::{Duration, Instant};

const ALL: [&str; 3] = ["voos", "hospedagens", "passeios"];

/// Starts the daemons, with these settings of trips for each.
fn daemons(scene: &Scene, settings: &[(&str, &str)]) -> Up {
    stock(scene);
    let mut command = scene.command(&["up", "--only", "daemons"]);
    for daemon in ["VOOS", "HOSPEDAGENS", "PASSEIOS"] {
        for (key, value) in settings {
            command.env(format!("AGENCIA_{daemon}_TRIPS__{key}"), value);
        }
    }
    let mut up = Up::start(command);
    up.wait_for("everything is ready");
    up
}

/// Runs the command until it says this; a deadline of the protocol must pass meanwhile.
fn until(scene: &Scene, args: &[&str], said: impl Fn(i32, &str) -> bool) -> String {
    let begun = Instant::now();
    loop {
        let (code, out, errors) = scene.run(args);
        if said(code, &out) {
            return out;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{args:?}: {code}\n{out}{errors}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_hotel_gets_its_guests_for_a_day_and_a_trip_is_seen_from_three_sides() {
    let scene = Scene::new();
    let mut up = daemons(&scene, &[]);
    let leader = Leader::new(&scene);
    assert_eq!(scene.run(&["trips"]), (0, "nothing is booked\n".into(), String::new()));
    let whole = Leader::plan(&ALL);
    let guests = vec![traveller("Ana", "Silva"), traveller("João", "D'Ávila")];
    let locator = leader.book(&whole, guests).to_string();
    let other = leader.book(&Leader::plan(&["hospedagens"]), vec![traveller("Zoé", "Lima")]);
    let held = Leader::plan(&["voos", "hospedagens"]);
    leader.pin(&held);

    let hotel = ["trips", "--day", "2099-12-24", "--daemon", "hospedagens"];
    let (code, table, errors) = scene.run(&hotel);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert!(table.contains("Hotel, Rua 1, Bagé (RS)") && table.contains("room 6"), "{table}");
    assert!(table.contains("Ana Silva; João D'Ávila") && table.contains(&locator), "{table}");
    assert!(table.contains("Zoé Lima") && table.contains(other.as_str()), "{table}");
    let (_, csv, _) = scene.run(&[&hotel[..], &["--csv"]].concat());
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let column = {
        let header = reader.headers().unwrap().clone();
        move |name: &str| header.iter().position(|column| column == name).unwrap()
    };
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let row = rows.iter().find(|row| row[column("locator")] == *locator).unwrap();
    assert_eq!(rows.len(), 2, "{csv}");
    assert_eq!(&row[column("guests")], "Ana Silva; João D'Ávila");
    assert_eq!((&row[column("people")], &row[column("nights")]), ("2", "1"));
    assert_eq!(&row[column("contact")], "+55 31 3899-0000");
    let (_, json, _) = scene.run(&["trips", "--json"]);
    let lines: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(lines.as_array().unwrap().len(), 4);
    assert_eq!(scene.run(&["trips", "--day", "2099-12-25"]).1, "nothing is booked\n");

    let id = whole.trip.to_string();
    let (code, by_id, _) = scene.run(&["trip", &id]);
    assert_eq!((code, &by_id), (0, &scene.run(&["trip", &locator.to_lowercase()]).1));
    let state = by_id.lines().find(|line| line.contains("state")).unwrap();
    assert_eq!(state.matches("booked").count(), 3, "{by_id}");
    let (_, json, _) = scene.run(&["trip", &id, "--json"]);
    let columns: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(columns[0]["answer"]["decisao"]["desfecho"], "confirmada");
    assert_eq!(columns[2]["daemon"], "passeios");
    for unknown in ["VAAAAA", "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11"] {
        let (code, _, errors) = scene.run(&["trip", unknown]);
        assert_eq!(code, 1);
        assert!(errors.contains("no daemon knows a trip"), "{errors}");
    }
    let (code, out, _) = scene.run(&["audit"]);
    assert!(code == 0 && out.ends_with("all books agree\n"), "{out}");
    let (code, _, errors) = scene.run(&["trips", "--daemon", "carros"]);
    assert!(code == 78 && errors.contains("names no daemon \"carros\""), "{errors}");
    up.ctrl_c();
    assert_eq!(up.end(), Some(0));
}

#[test]
fn what_is_in_doubt_is_listed_with_its_age_and_settles_itself() {
    let scene = Scene::new();
    let mut up = daemons(
        &scene,
        &[("DECISION_SECS", "4"), ("ASK_FIRST_SECS", "1"), ("ASK_PAUSE_SECS_MAX", "1")],
    );
    let settled = (0, "everything is settled\n".into(), String::new());
    assert_eq!(scene.run(&["indoubt"]), settled);
    let trip = Leader::new(&scene).pin(&Leader::plan(&ALL)).to_string();
    let (code, table, _) = scene.run(&["indoubt"]);
    assert_eq!((code, table.matches(&trip).count()), (0, 2), "{table}");
    assert!(table.contains("hospedagens") && table.contains("passeios"), "{table}");
    until(&scene, &["indoubt", "--older-than", "0"], |code, _| code == 1);
    let (_, json, _) = scene.run(&["indoubt", "--json"]);
    let doubts: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&doubts[0]["what"], &doubts[0]["waits_for"][0]),
        (&"pinned".into(), &"voos".into())
    );
    // The deadline of the anchor passes, and the parts ask it.
    until(&scene, &["indoubt"], |_, out| out == "everything is settled\n");
    assert_eq!(scene.run(&["audit"]).0, 0);
    up.ctrl_c();
    assert_eq!(up.end(), Some(0));
}

#[test]
fn a_part_that_is_settled_by_hand_is_shown_by_everyone() {
    let scene = Scene::new();
    let mut up = daemons(
        &scene,
        &[("DECISION_SECS", "600"), ("ASK_FIRST_SECS", "1"), ("ASK_PAUSE_SECS_MAX", "1")],
    );
    let leader = Leader::new(&scene);
    let trip = leader.pin(&Leader::plan(&ALL)).to_string();
    let force = |rest: &[&str]| scene.run(&[&["force-release", &trip][..], rest].concat());
    assert_eq!(force(&["--daemon", "passeios"]).0, 2, "there is no reason");
    let (code, _, errors) = force(&["--reason", "o disco morreu"]);
    assert!(code == 1 && errors.contains("say with --daemon which part"), "{errors}");
    let (code, line, errors) = force(&["--reason", "o disco morreu", "--daemon", "passeios"]);
    assert_eq!(code, 0, "{errors}");
    assert!(line.contains("is now released by hand"), "{line}");
    up.wait_for(&format!(r#"Trip {trip} was settled by hand, Released: "o disco morreu""#));
    assert_eq!(scene.run(&["audit"]).0, 1);
    // Only one part waits now: it need not be named.
    let (code, line, errors) = force(&["--reason", "o hóspede está lá", "--confirm"]);
    assert_eq!(code, 0, "{errors}");
    assert!(line.contains("is now booked by hand"), "{line}");

    let (_, table, _) = scene.run(&["indoubt"]);
    assert_eq!(table.matches("settled by hand").count(), 2, "{table}");
    let (_, table, _) = scene.run(&["trip", &trip]);
    assert!(table.contains("o disco morreu") && table.contains("was pinned"), "{table}");
    let (code, out, _) = scene.run(&["audit"]);
    assert_eq!(code, 1);
    let wrong = format!("hospedagens: the part of {trip} is booked, and its anchor voos has not");
    assert!(out.contains(&wrong), "{out}");
    assert!(out.contains(&format!("passeios: the part of {trip} was settled by hand")), "{out}");
    assert!(out.ends_with("not all is well: see above\n"), "{out}");
    let (_, json, _) = scene.run(&["audit", "--json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["violations"].as_array().unwrap().len(), 3, "{json}");

    // The traveller goes away: the anchor has nothing to book, and whoever asks it is told so.
    leader.ask("voos", &LetGo::new(trip.parse().unwrap()).into()).unwrap();
    let (code, _, errors) = force(&["--reason", "de novo", "--daemon", "hospedagens"]);
    assert_eq!(code, 0, "{errors}");
    let (code, _, errors) = force(&["--reason", "x", "--daemon", "voos", "--confirm"]);
    assert!(code == 1 && errors.starts_with("agencia: refused: "), "{errors}");
    // Both agree with it now, by asking; from then on it is not shown any more.
    until(&scene, &["indoubt"], |_, out| out == "everything is settled\n");
    let (code, out, _) = scene.run(&["audit"]);
    assert_eq!(code, 0, "{out}");
    up.ctrl_c();
    assert_eq!(up.end(), Some(0));
}

#[test]
fn a_daemon_that_is_down_is_never_taken_for_one_that_knows_nothing() {
    let scene = Scene::new();
    for command in [&["trips"][..], &["indoubt"], &["audit"], &["trip", "VAAAAA"]] {
        let (code, out, errors) = scene.run(command);
        assert_eq!(code, 1, "{command:?}: {out}{errors}");
        assert!((out + &errors).contains("cannot be reached"), "{command:?}: {errors}");
    }
}
