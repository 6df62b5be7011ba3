//! `agencia backup` and `agencia restore`, with real daemons: what was sold is known again.

use crate::lead::{Leader, stock, traveller};
use crate::scene::{Scene, Up};
use agencia_protocol::trip::Timestamp;
use agencia_trip::minted_at;
use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ALL: [&str; 3] = ["voos", "hospedagens", "passeios"];

/// Daemons that soon settle what nobody decides.
fn start(scene: &Scene) -> Up {
    start_with(scene, &[])
}

/// The same, with more options.
fn start_with(scene: &Scene, options: &[&str]) -> Up {
    let mut command = scene.command(&[&["up", "--only", "daemons"], options].concat());
    for daemon in ["VOOS", "HOSPEDAGENS", "PASSEIOS"] {
        for (key, value) in [("DECISION_SECS", "4"), ("ASK_FIRST_SECS", "1")] {
            command.env(format!("AGENCIA_{daemon}_TRIPS__{key}"), value);
        }
    }
    let mut up = Up::start(command);
    up.wait_for("everything is ready");
    up
}

fn stop(mut up: Up) {
    up.ctrl_c();
    assert_eq!(up.end(), Some(0), "{:#?}", up.lines);
}

fn back_up(scene: &Scene, to: &str) {
    let (code, line, errors) = scene.run(&["backup", to, "--dir", "var"]);
    assert_eq!(code, 0, "{errors}");
    assert!(line.contains("ledgers of voos, hospedagens, passeios"), "{line}");
}

fn restore(scene: &Scene, from: &str, daemon: &str) {
    let (code, out, errors) = scene.run(&["restore", from, "--dir", "var", "--daemon", daemon]);
    assert_eq!(code, 0, "{errors}");
    assert!(out.contains(&format!("{daemon}: its ledger is that of ")), "{out}");
    assert!(out.contains("now start every daemon"), "{out}");
}

/// What a daemon has booked: trip and locator.
fn booked(scene: &Scene, daemon: &str) -> BTreeSet<(String, String)> {
    let (code, json, errors) = scene.run(&["trips", "--json", "--daemon", daemon]);
    assert_eq!(code, 0, "{errors}");
    let lines: Value = serde_json::from_str(&json).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lines.as_array().unwrap().iter().map(|it| (text(&it["trip"]), text(&it["locator"]))).collect()
}

/// Whether something was sold that cannot be in a backup, because it began after it was taken.
fn is_behind(scene: &Scene, backup: &str, sold: &BTreeSet<(String, String)>) -> bool {
    let manifest = scene.read(&format!("{backup}/manifest.json"));
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    // Each ledger was copied in less time than lies between this file and the next backup.
    let files = manifest["files"].as_array().unwrap();
    let taken = files.iter().filter_map(|file| file["taken"].as_str()).max().unwrap();
    let taken: Timestamp = taken.parse().unwrap();
    sold.iter().any(|(trip, _)| minted_at(trip.parse().unwrap()).unwrap() > taken)
}

fn until_recovered(scene: &Scene) {
    let begun = Instant::now();
    while scene.run(&["status"]).1.contains("in recovery") {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", scene.run(&["status"]).1);
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn until_settled(scene: &Scene) {
    let begun = Instant::now();
    while scene.run(&["indoubt"]).1 != "everything is settled\n" {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", scene.run(&["indoubt"]).1);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What was done before a moment.
#[derive(Debug, Clone, Default)]
struct Sales {
    booked: BTreeSet<(String, String)>,
    /// Those that were cancelled after that.
    cancelled: BTreeSet<(String, String)>,
}

impl Sales {
    /// What must be booked, when nothing is forgotten.
    fn standing(&self) -> BTreeSet<(String, String)> {
        self.booked.difference(&self.cancelled).cloned().collect()
    }
}

/// Books one trip after the other and cancels every third, until `going` is over, and ten more after
/// that: no backup but the last of a whole agency can hold those.
fn sell(scene: &Scene, going: &AtomicBool, sales: &Mutex<Sales>) {
    let leader = Leader::new(scene);
    let mut more = 10;
    for number in 1.. {
        let plan = Leader::plan(&ALL);
        let locator = leader.book(&plan, vec![traveller("Ana", "Silva")]);
        let sold = (plan.trip.to_string(), locator.to_string());
        sales.lock().unwrap().booked.insert(sold.clone());
        if number % 3 == 0 {
            leader.cancel(&plan);
            sales.lock().unwrap().cancelled.insert(sold);
        }
        if !going.load(Ordering::SeqCst) {
            more -= 1;
        }
        if more == 0 {
            return;
        }
    }
}

/// When the last backup is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// While trips are sold, like all others.
    UnderLoad,
    /// When everything is over: it holds it.
    Afterwards,
}

/// An agency whose daemons were restored, and what it had sold.
struct Restored {
    scene: Scene,
    up: Up,
    /// Before the last backup began.
    before: Sales,
    all: Sales,
}

/// Sells while backups are taken, one after the other, each with a trip in it that is pinned and that
/// nobody decides; then restores these daemons from these of them, and waits until everything is
/// settled.
fn restored(backups: &[&str], restored: &[(&str, &str)], last: Last) -> Restored {
    let scene = Scene::new();
    stock(&scene);
    let up = start(&scene);
    let (going, sales) = (AtomicBool::new(true), Mutex::new(Sales::default()));
    let back_up_pinned = |backup: &str| {
        Leader::new(&scene).pin(&Leader::plan(&ALL));
        let before = sales.lock().unwrap().clone();
        back_up(&scene, backup);
        before
    };
    let before = std::thread::scope(|threads| {
        let load = threads.spawn(|| sell(&scene, &going, &sales));
        let (complete, earlier) = backups.split_last().unwrap();
        for backup in earlier {
            back_up_pinned(backup);
        }
        let before = (last == Last::UnderLoad).then(|| back_up_pinned(complete));
        going.store(false, Ordering::SeqCst);
        load.join().unwrap();
        before.unwrap_or_else(|| back_up_pinned(complete))
    });
    let all = sales.into_inner().unwrap();
    for (_, backup) in restored {
        // Otherwise there would be nothing to learn; the last backup of all may know everything.
        let is_complete = last == Last::Afterwards && backup == backups.last().unwrap();
        assert!(is_complete || is_behind(&scene, backup, &all.booked));
    }
    stop(up);
    for (daemon, backup) in restored {
        restore(&scene, backup, daemon);
    }
    let up = start(&scene);
    until_recovered(&scene);
    until_settled(&scene);
    Restored { scene, up, before, all }
}

/// Every daemon knows all that was sold, and of nothing else.
fn check_known_again(backups: &[&str], daemons: &[(&str, &str)], last: Last) {
    let Restored { scene, up, all, .. } = restored(backups, daemons, last);
    for daemon in ALL {
        assert_eq!(booked(&scene, daemon), all.standing(), "{daemon}");
    }
    check_sound(&scene);
    stop(up);
}

/// The books agree, and selling goes on.
fn check_sound(scene: &Scene) {
    let (code, out, _) = scene.run(&["audit"]);
    assert_eq!(code, 0, "{out}");
    Leader::new(scene).book(&Leader::plan(&ALL), vec![traveller("Ana", "Silva")]);
}

#[test]
fn an_anchor_that_is_restored_knows_again_what_it_sold() {
    check_known_again(&["a"], &[("voos", "a")], Last::UnderLoad);
}

#[test]
fn another_daemon_that_is_restored_knows_again_what_it_sold() {
    check_known_again(&["a"], &[("passeios", "a")], Last::UnderLoad);
}

#[test]
fn all_three_restored_from_different_moments_know_again_what_one_of_them_knows() {
    let restored = [("voos", "a"), ("hospedagens", "b"), ("passeios", "c")];
    check_known_again(&["a", "b", "c"], &restored, Last::Afterwards);
}

/// What was done after the last backup is lost, and cannot be otherwise: but each trip is lost, or
/// stands, in all daemons alike.
#[test]
fn all_three_restored_from_backups_of_which_none_is_complete_agree_on_every_trip() {
    let daemons = [("voos", "a"), ("hospedagens", "b"), ("passeios", "c")];
    let Restored { scene, up, before, all } = restored(&["a", "b", "c"], &daemons, Last::UnderLoad);
    let [found, others @ ..] = ALL.map(|daemon| booked(&scene, daemon));
    assert!(others.iter().all(|other| *other == found), "{found:#?}\n{others:#?}");
    assert!(found.is_subset(&all.booked), "{found:#?}");
    assert!(found.is_disjoint(&before.cancelled), "what is known to be cancelled stays so");
    // The last backup knows of these, and that nobody has cancelled them later.
    let known: BTreeSet<_> = before.booked.difference(&all.cancelled).cloned().collect();
    assert!(known.is_subset(&found), "{known:#?}\n{found:#?}");
    assert_ne!(found, all.standing(), "a backup was complete");
    check_sound(&scene);
    stop(up);
}

#[test]
fn a_backup_is_private_and_whole_or_not_there() {
    let scene = Scene::new();
    stock(&scene);
    let (code, _, errors) = scene.run(&["backup", "copia", "--dir", "var"]);
    assert!(code == 1 && errors.contains("no daemon has a ledger on this host"), "{errors}");
    assert!(!scene.path("copia").exists());
    let up = start(&scene);
    let (code, out, errors) = scene.run(&["backup", "copia", "--dir", "var"]);
    assert_eq!(code, 0, "{errors}");
    assert!(out.contains("the keys of this host are not in it"), "{out}");
    let mode = |path: &str| scene.path(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("copia"), mode("copia/voos/livro.sqlite")), (0o700, 0o600));
    assert!(!scene.path("copia/chave").exists());
    let manifest: Value = serde_json::from_str(&scene.read("copia/manifest.json")).unwrap();
    let files = manifest["files"].as_array().unwrap();
    assert_eq!(files.len(), 7, "{manifest}");
    assert!(files.iter().all(|file| file["sha256"].as_str().unwrap().len() == 64));
    assert_eq!(scene.read("copia/pares.toml"), scene.read("pares.toml"));

    let (code, _, errors) = scene.run(&["backup", "copia", "--dir", "var"]);
    assert!(code == 1 && errors.contains("is not empty; name a new folder"), "{errors}");
    std::fs::create_dir(scene.path("vazia")).unwrap();
    let (code, out, errors) = scene.run(&["backup", "vazia/", "--dir", "var", "--with-key"]);
    assert_eq!(code, 0, "{errors}");
    assert!(out.contains("whoever reads it can forge bookings"), "{out}");
    assert_eq!(scene.read("vazia/chave"), scene.read("var/chave"));
    assert_eq!(mode("vazia/chave"), 0o600);
    let left = std::fs::read_dir(scene.path("")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("parcial")), "{left:?}");
    stop(up);
    // One that is made while nothing runs is the same.
    assert_eq!(scene.run(&["backup", "parada", "--dir", "var"]).0, 0);
    stop(start(&scene));
}

#[test]
fn nothing_is_restored_over_a_running_daemon_or_from_a_damaged_backup() {
    let scene = Scene::new();
    stock(&scene);
    let up = start(&scene);
    back_up(&scene, "copia");
    let try_it = |rest: &[&str]| {
        let (code, _, errors) = scene.run(&[&["restore", "copia", "--dir", "var"], rest].concat());
        assert_eq!(code, 1, "{errors}");
        errors
    };
    let errors = try_it(&[]);
    assert!(errors.contains("voos runs: its ledger ") && errors.contains("systemctl"), "{errors}");
    stop(up);
    let errors = try_it(&["--daemon", "carros"]);
    assert!(errors.contains("no ledger of \"carros\", only of voos, hospedagens"), "{errors}");
    let ledger = scene.path("copia/voos/livro.sqlite");
    let mut bytes = std::fs::read(&ledger).unwrap();
    bytes[5000] ^= 1;
    std::fs::write(&ledger, bytes).unwrap();
    let errors = try_it(&["--daemon", "passeios"]);
    assert!(errors.contains("livro.sqlite: is not what the manifest says"), "{errors}");
    scene.write("copia/manifest.json", "{}");
    assert!(try_it(&[]).contains("manifest.json: is no manifest"), "{}", try_it(&[]));
    std::fs::remove_file(scene.path("copia/manifest.json")).unwrap();
    assert!(try_it(&[]).contains("name a folder that `agencia backup` made"));
    let kept = std::fs::read_dir(scene.path("var/voos")).unwrap();
    let kept: Vec<_> = kept.map(|entry| entry.unwrap().file_name()).collect();
    assert!(kept.iter().all(|name| !name.to_string_lossy().contains("re")), "{kept:?}");
}

#[test]
fn a_lost_host_is_built_again_from_its_backup() {
    let scene = Scene::new();
    stock(&scene);
    let up = start(&scene);
    let plan = Leader::plan(&ALL);
    let locator = Leader::new(&scene).book(&plan, vec![traveller("Ana", "Silva")]);
    // Its other keys: those of the pages, and for other hosts.
    assert_eq!(scene.run(&["keys", "--keys", "keys", "init", "--state", "var"]).0, 0);
    std::fs::create_dir_all(scene.path("var/web")).unwrap();
    scene.write("var/web/chave", &"ab".repeat(32));
    let names = || -> BTreeSet<_> {
        let files = std::fs::read_dir(scene.path("keys")).unwrap();
        files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let made = names();
    let authority = scene.read("keys/autoridade.chave");
    let back_up = ["backup", "copia", "--dir", "var", "--keys", "keys", "--with-key"];
    let (code, _, errors) = scene.run(&back_up);
    assert_eq!(code, 0, "{errors}");
    stop(up);
    std::fs::remove_dir_all(scene.path("var")).unwrap();
    std::fs::remove_dir_all(scene.path("keys")).unwrap();
    let restore = ["restore", "copia", "--dir", "var", "--keys", "keys"];
    let (code, out, errors) = scene.run(&restore);
    assert_eq!(code, 0, "{errors}");
    assert!(out.contains("there was none") && out.contains("chave: was missing, and is"), "{out}");
    assert!(out.contains("keys: was missing, and its 10 files are put back"), "{out}");
    assert_eq!((names(), scene.read("keys/autoridade.chave")), (made, authority));
    assert_eq!(scene.read("var/web/chave"), "ab".repeat(32));
    let mode = |path: &str| scene.path(path).metadata().unwrap().permissions().mode() & 0o777;
    for (path, expected) in [
        ("keys", 0o700),
        ("keys/autoridade.chave", 0o600),
        ("copia/keys", 0o700),
        ("copia/keys/autoridade.chave", 0o600),
        ("copia/web/chave", 0o600),
        ("var/web/chave", 0o600),
    ] {
        assert_eq!(mode(path), expected, "{path}");
    }
    // Others that are there are never mixed with them.
    std::fs::remove_file(scene.path("keys/web.pem")).unwrap();
    let (_, out, _) = scene.run(&restore);
    assert!(out.contains("keys: has keys, and they stay; those of the backup are in"), "{out}");
    assert!(!scene.path("keys/web.pem").exists());
    let up = start(&scene);
    until_recovered(&scene);
    let expected = BTreeSet::from([(plan.trip.to_string(), locator.to_string())]);
    for daemon in ALL {
        assert_eq!(booked(&scene, daemon), expected);
    }
    assert_eq!(scene.run(&["audit"]).0, 0);
    stop(up);
}

#[test]
fn a_host_whose_keys_were_made_before_its_first_start_is_built_again_from_its_backup() {
    let scene = Scene::new();
    stock(&scene);
    assert_eq!(scene.run(&["keys", "--keys", "keys", "init", "--state", "var"]).0, 0);
    let up = start_with(&scene, &["--keys", "keys"]);
    let plan = Leader::plan(&ALL);
    let locator = Leader::new(&scene).book(&plan, vec![traveller("Ana", "Silva")]);
    stop(up);
    assert!(!scene.path("var/chave").exists(), "the key beside the certificates is the only one");
    let key = scene.read("keys/chave");
    let back_up = ["backup", "copia", "--dir", "var", "--keys", "keys", "--with-key"];
    let (code, out, errors) = scene.run(&back_up);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert!(out.contains("whoever reads it can forge bookings"), "{out}");
    // One without keys, beside keys that are there.
    assert_eq!(scene.run(&["backup", "outra", "--dir", "var"]).0, 0);
    std::fs::remove_dir_all(scene.path("var")).unwrap();
    let (code, out, _) = scene.run(&["restore", "outra", "--dir", "var", "--keys", "keys"]);
    assert!(code == 0 && !out.contains("the key is missing"), "{out}");
    std::fs::remove_dir_all(scene.path("var")).unwrap();
    std::fs::remove_dir_all(scene.path("keys")).unwrap();
    let (code, out, _) = scene.run(&["restore", "outra", "--dir", "var", "--keys", "keys"]);
    assert!(code == 0 && out.contains("copy it from another host of this"), "{out}");

    // Where keys of another role are, none are added to them.
    std::fs::remove_dir_all(scene.path("var")).unwrap();
    std::fs::create_dir(scene.path("keys")).unwrap();
    scene.write("keys/chave-web", &"ab".repeat(32));
    let (code, out, _) = scene.run(&["restore", "copia", "--dir", "var", "--keys", "keys"]);
    assert!(code == 0 && out.contains("copy copia/keys/chave there before you"), "{out}");

    std::fs::remove_dir_all(scene.path("var")).unwrap();
    std::fs::remove_dir_all(scene.path("keys")).unwrap();
    let (code, out, errors) = scene.run(&["restore", "copia", "--dir", "var", "--keys", "keys"]);
    assert_eq!(code, 0, "{errors}");
    assert!(out.contains("keys: was missing, and its 10 files are put back"), "{out}");
    assert!(!out.contains("the key is missing"), "{out}");
    assert_eq!(scene.read("keys/chave"), key);
    let up = start_with(&scene, &["--keys", "keys"]);
    until_recovered(&scene);
    assert!(!scene.path("var/chave").exists(), "no other key was made");
    let expected = BTreeSet::from([(plan.trip.to_string(), locator.to_string())]);
    for daemon in ALL {
        assert_eq!(booked(&scene, daemon), expected);
    }
    stop(up);
}

#[test]
fn a_backup_asks_nobody_and_needs_no_certificate_that_can_be_used() {
    let scene = Scene::new();
    stock(&scene);
    stop(start(&scene));
    let elsewhere = "[[daemon]]\nname = \"voos\"\naddress = \"192.0.2.1:5050\"\n";
    scene.write("pares.toml", elsewhere);
    assert_eq!(scene.run(&["keys", "--keys", "keys", "init", "--state", "var"]).0, 0);
    scene.write("keys/administrador.pem", "none");
    // Whoever asks does need it.
    assert_eq!(scene.run(&["status", "--keys", "keys"]).0, 78);
    let (code, _, errors) = scene.run(&["backup", "copia", "--dir", "var", "--keys", "keys"]);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert_eq!(scene.read("copia/pares.toml"), elsewhere);
}

#[test]
fn the_ledger_that_is_replaced_is_kept_even_when_it_is_damaged() {
    let scene = Scene::new();
    stock(&scene);
    let up = start(&scene);
    back_up(&scene, "copia");
    stop(up);
    scene.write("var/voos/livro.sqlite", "no database at all");
    let (code, out, errors) = scene.run(&["restore", "copia", "--dir", "var", "--daemon", "voos"]);
    assert_eq!(code, 0, "{errors}");
    assert!(errors.contains("the ledger that is replaced: "), "{errors}");
    let kept = out.lines().find_map(|line| line.split("kept as ").nth(1)).unwrap();
    assert_eq!(scene.read(kept), "no database at all");
    let up = start(&scene);
    until_recovered(&scene);
    assert_eq!(scene.run(&["audit"]).0, 0);
    stop(up);
}

#[test]
fn a_restored_ledger_lives_later_than_the_one_that_it_replaces_whatever_the_clock_says() {
    let scene = Scene::new();
    stock(&scene);
    let up = start(&scene);
    back_up(&scene, "copia");
    stop(up);
    let ledger = scene.path("var/voos/livro.sqlite");
    let mark = |millis| {
        let now = Timestamp::from_unix_millis(millis);
        agencia_store::mark_restored(&ledger, now, None).unwrap()
    };
    // A life that began when the clock was decades ahead.
    let earlier = mark(4_000_000_000_000);
    restore(&scene, "copia", "voos");
    assert!(mark(0) > earlier);
}
