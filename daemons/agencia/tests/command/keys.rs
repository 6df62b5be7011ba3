//! `agencia keys`: made, shown, carried and renewed, and never written over.

use crate::scene::Scene;
use agencia_keys::{Authority, Purpose, Validity};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Every file that `init` makes.
const ALL: [&str; 10] = [
    "administrador.chave",
    "administrador.pem",
    "autoridade.chave",
    "autoridade.pem",
    "chave",
    "chave-web",
    "servidor.chave",
    "servidor.pem",
    "web.chave",
    "web.pem",
];

/// Runs `agencia keys` on the keys of a folder, and checks the exit code.
fn keys(scene: &Scene, folder: &str, words: &[&str], expected: i32) -> (String, String) {
    let (code, out, errors) = scene.run(&[&["keys", "--keys", folder], words].concat());
    assert_eq!(code, expected, "{words:?}: {out}{errors}");
    (out, errors)
}

fn refused(scene: &Scene, folder: &str, words: &[&str], says: &[&str]) {
    let (out, errors) = keys(scene, folder, words, 1);
    assert_eq!((out.as_str(), errors.lines().count()), ("", 1), "{out}{errors}");
    for part in says {
        assert!(errors.contains(part), "no {part:?} in {errors}");
    }
}

fn made(scene: &Scene) {
    keys(scene, "keys", &["init", "--state", "var"], 0);
}

/// What is in a folder, with how it may be used.
fn files(scene: &Scene, folder: &str) -> BTreeMap<String, String> {
    let files = fs::read_dir(scene.path(folder)).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
        let text = fs::read_to_string(entry.path()).unwrap();
        (entry.file_name().into_string().unwrap(), text)
    });
    files.collect()
}

fn mode(scene: &Scene, name: &str) -> u32 {
    scene.path(name).metadata().unwrap().permissions().mode() & 0o777
}

/// What `show --json` says of each file.
fn shown(scene: &Scene, folder: &str) -> BTreeMap<String, Value> {
    let (out, _) = keys(scene, folder, &["show", "--json"], 0);
    let rows: Vec<Value> = serde_json::from_str(&out).unwrap();
    rows.into_iter().map(|row| (row["file"].as_str().unwrap().to_owned(), row)).collect()
}

/// In how many days a certificate ends, as `show` has it.
fn days_left(row: &Value) -> i64 {
    let until = row["valid_until"].as_str().unwrap_or_else(|| panic!("{row}"));
    let until = chrono::DateTime::parse_from_rfc3339(until).unwrap();
    (until.to_utc() - chrono::Utc::now()).num_days()
}

#[test]
fn init_makes_everything_for_its_owner_alone_and_never_twice() {
    let scene = Scene::new();
    made(&scene);
    let before = files(&scene, "keys");
    assert_eq!(before.keys().collect::<Vec<_>>(), ALL);
    assert_eq!(mode(&scene, "keys"), 0o700);
    for name in ["chave", "chave-web"] {
        let digits = before[name].trim_end();
        assert!(digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    }
    assert_ne!(before["chave"], before["chave-web"]);
    assert!(!scene.path("var/chave").exists(), "nothing is made elsewhere");

    let folder = scene.path("keys").display().to_string();
    refused(&scene, &folder, &["init"], &[&folder, "is not empty", "renew", "--keys"]);
    assert_eq!(files(&scene, "keys"), before);
    // A folder that others may enter is no place for keys.
    fs::create_dir(scene.path("open")).unwrap();
    fs::set_permissions(scene.path("open"), Permissions::from_mode(0o755)).unwrap();
    refused(&scene, "open", &["init"], &["open", "mode 755", "chmod 700"]);
    // An empty one may be there.
    fs::set_permissions(scene.path("open"), Permissions::from_mode(0o700)).unwrap();
    keys(&scene, "open", &["init", "--state", "var"], 0);
    assert_eq!(files(&scene, "open").len(), ALL.len());
    assert_ne!(files(&scene, "open")["autoridade.pem"], before["autoridade.pem"]);
}

#[test]
fn show_says_roles_fingerprints_and_ends() {
    let scene = Scene::new();
    made(&scene);
    let rows = shown(&scene, "keys");
    assert_eq!(rows.keys().map(String::as_str).collect::<Vec<_>>(), ALL);
    let (table, warnings) = keys(&scene, "keys", &["show"], 0);
    assert_eq!(warnings, "");
    for (name, row) in &rows {
        assert!(table.contains(name.as_str()), "{name}: {table}");
        match row["sha256"].as_str() {
            Some(sha256) => {
                assert!(sha256.len() == 64 && table.contains(&sha256[..16]), "{sha256}: {table}");
            }
            // Its certificate tells which it is.
            None => assert!(name.ends_with(".chave"), "{row}"),
        }
    }
    // Of the day of making a part is over already, or not.
    assert!([3649, 3650].contains(&days_left(&rows["autoridade.pem"])));
    for role in ["web", "servidor", "administrador"] {
        let row = &rows[&format!("{role}.pem")];
        assert!(row["role"] == role && [729, 730].contains(&days_left(row)), "{row}");
        assert_eq!(rows[&format!("{role}.chave")]["role"], role);
    }
    let (code, _, errors) = scene.run(&["keys", "--keys", "none", "show"]);
    assert!(code == 78 && errors.contains("there is no folder none"), "{code}: {errors}");
}

#[test]
fn init_takes_over_the_keys_that_programs_have_made_for_themselves() {
    let scene = Scene::new();
    fs::create_dir_all(scene.path("var/web")).unwrap();
    for (name, digits) in [("var/chave", "ab"), ("var/web/chave", "cd")] {
        scene.write(name, &digits.repeat(32));
        fs::set_permissions(scene.path(name), Permissions::from_mode(0o600)).unwrap();
    }
    let (out, _) = keys(&scene, "keys", &["init", "--state", "var"], 0);
    assert!(out.contains("var/chave is taken over as keys/chave"), "{out}");
    let made = files(&scene, "keys");
    assert_eq!(
        (made["chave"].trim(), made["chave-web"].trim()),
        (&*"ab".repeat(32), &*"cd".repeat(32))
    );
    // One that cannot be used is no reason to make another.
    scene.write("var/chave", "none");
    keys(&scene, "more", &["init", "--state", "var"], 1);
    assert!(!scene.path("more").exists());
}

#[test]
fn each_host_gets_what_it_needs_and_no_more() {
    let scene = Scene::new();
    made(&scene);
    let all = files(&scene, "keys");
    for (role, own) in
        [("web", Some("chave-web")), ("servidor", Some("chave")), ("administrador", None)]
    {
        let (file, host) = (format!("{role}.toml"), format!("host/{role}"));
        keys(&scene, "keys", &["export", role, &file], 0);
        assert_eq!(mode(&scene, &file), 0o600);
        let bundle = scene.read(&file);
        assert!(!bundle.contains(all["autoridade.chave"].lines().nth(1).unwrap()));
        refused(
            &scene,
            "keys",
            &["export", role, &file],
            &[&file, "name a file that is not there"],
        );
        let (printed, _) = keys(&scene, "keys", &["export", role, "-"], 0);
        assert_eq!(printed, bundle);

        let (out, errors) = keys(&scene, &host, &["import", &file, "--state", "none"], 0);
        assert!(
            out.contains(&format!("for the role {role}")) && errors.is_empty(),
            "{out}{errors}"
        );
        assert_eq!(mode(&scene, &host), 0o700);
        let mut expected: BTreeMap<_, _> =
            ["autoridade.pem".to_owned(), format!("{role}.pem"), format!("{role}.chave")]
                .into_iter()
                .chain(own.map(str::to_owned))
                .map(|name| (name.clone(), all[&name].clone()))
                .collect();
        assert_eq!(files(&scene, &host), expected);
        // A second time there is nothing to do.
        let (out, _) = keys(&scene, &host, &["import", &file, "--state", "none"], 0);
        assert!(out.contains("nothing was missing"), "{out}");
        // A second role comes beside the first.
        keys(&scene, "keys", &["export", "administrador", &format!("{role}-too.toml")], 0);
        keys(&scene, &host, &["import", &format!("{role}-too.toml"), "--state", "none"], 0);
        for name in ["administrador.pem", "administrador.chave"] {
            expected.insert(name.to_owned(), all[name].clone());
        }
        assert_eq!(files(&scene, &host), expected);
        // Where the authority's key is not, nothing can be renewed.
        refused(&scene, &host, &["renew"], &["autoridade.chave", "agencia keys init"]);
        if role == "web" {
            refused(
                &scene,
                &host,
                &["export", "servidor", "x.toml"],
                &["servidor", "is not there"],
            );
        }
    }
    let (code, _, errors) =
        scene.run(&["keys", "--keys", "keys", "export", "autoridade", "x.toml"]);
    assert!(code == 2 && errors.contains("servidor"), "{errors}");
}

#[test]
fn an_import_writes_over_nothing_that_differs_and_nothing_that_does_not_fit() {
    let scene = Scene::new();
    made(&scene);
    keys(&scene, "other", &["init", "--state", "var"], 0);
    for (folder, role, file) in [
        ("keys", "web", "web.toml"),
        ("other", "web", "other.toml"),
        ("other", "servidor", "s.toml"),
    ] {
        keys(&scene, folder, &["export", role, file], 0);
    }
    keys(&scene, "host", &["import", "web.toml", "--state", "none"], 0);
    let before = files(&scene, "host");
    let differs = ["host/web.pem", "host/autoridade.pem", "--replace", "nothing was changed"];
    refused(&scene, "host", &["import", "other.toml"], &differs);
    refused(&scene, "host", &["import", "s.toml"], &["host/autoridade.pem", "--replace"]);
    // Not even when it is meant, if what stays would be worth nothing.
    let (_, errors) = keys(&scene, "host", &["import", "s.toml", "--replace"], 1);
    for part in ["s.toml", "does not fit", "web.pem", "authority", "nothing was changed"] {
        assert!(errors.contains(part), "no {part:?} in {errors}");
    }
    assert_eq!(files(&scene, "host"), before);
    keys(&scene, "host", &["import", "other.toml", "--replace", "--state", "none"], 0);
    let other = files(&scene, "other");
    assert!(files(&scene, "host").iter().all(|(name, text)| *text == other[name]));
    assert!(
        fs::read_dir(scene.path("."))
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_string_lossy().ends_with(".partial") })
    );
}

#[test]
fn what_is_no_export_is_refused_by_what_is_wrong_with_it() {
    let scene = Scene::new();
    made(&scene);
    keys(&scene, "keys", &["export", "web", "web.toml"], 0);
    let good = scene.read("web.toml");
    let check = |text: String, says: &str| {
        scene.write("bad.toml", &text);
        refused(&scene, "host", &["import", "bad.toml"], &["bad.toml", says]);
        assert!(!scene.path("host").exists(), "{says}");
    };
    check("hello".to_owned(), "is nothing that agencia keys export wrote");
    check(good.replace("role = \"web\"", "role = \"gerente\""), "there is no role \"gerente\"");
    check(good.replace("chave-web", "chave-velha"), "lacks chave-web");
    check(format!("{good}\"../x\" = \"y\"\n"), "has \"../x\", which the role web does not need");
    check(format!("{good}\"autoridade.chave\" = \"y\"\n"), "\"autoridade.chave\", which the role");
    check(good.replace("BEGIN CERTIFICATE", "BEGIN NOTHING"), "is no certificate");
    let key = scene.read("keys/chave-web");
    check(good.replace(key.trim_end(), "none"), "64 hexadecimal digits");
    refused(&scene, "host", &["import", "none.toml"], &["none.toml", "cannot read"]);
}

#[test]
fn a_key_that_a_program_has_made_for_itself_and_differs_is_set_aside_by_an_import() {
    let scene = Scene::new();
    made(&scene);
    fs::create_dir_all(scene.path("var/web")).unwrap();
    let own = |name: &str, text: &str| {
        scene.write(name, text);
        fs::set_permissions(scene.path(name), Permissions::from_mode(0o600)).unwrap();
    };
    let digits = |pair: &str| pair.repeat(32);
    for (role, name) in [("web", "var/web/chave"), ("servidor", "var/chave")] {
        let (file, kept) = (format!("{role}.toml"), format!("{name}.antes-da-importacao"));
        keys(&scene, "keys", &["export", role, &file], 0);
        own(name, &digits("ab"));
        let (out, _) = keys(&scene, "host", &["import", &file, "--state", "var"], 0);
        assert!(out.contains(&format!("{name}, which")) && out.contains(&kept), "{out}");
        assert!(!scene.path(name).exists() && scene.read(&kept) == digits("ab"), "{name}");
        assert_eq!(mode(&scene, &kept), 0o600);

        // One that comes later writes over none, and an import that was cut short is finished.
        own(name, &digits("cd"));
        let (out, _) = keys(&scene, "host", &["import", &file, "--state", "var"], 0);
        assert!(out.contains("nothing was missing") && out.contains(&format!("{kept}-2")), "{out}");
        assert_eq!(scene.read(&kept), digits("ab"));
        assert_eq!(scene.read(&format!("{kept}-2")), digits("cd"));

        // The same one may stay.
        let shared = if role == "web" { "keys/chave-web" } else { "keys/chave" };
        own(name, &scene.read(shared));
        keys(&scene, "host", &["import", &file, "--state", "var"], 0);
        assert!(scene.path(name).exists());
        fs::remove_file(scene.path(name)).unwrap();
    }
}

#[test]
fn renew_makes_certificates_anew_over_the_same_keys() {
    let scene = Scene::new();
    made(&scene);
    let before = files(&scene, "keys");
    let changed = |before: &BTreeMap<String, String>| -> Vec<String> {
        let now = files(&scene, "keys");
        now.into_iter().filter(|(name, text)| *text != before[name]).map(|(name, _)| name).collect()
    };
    let (out, _) = keys(&scene, "keys", &["renew", "web"], 0);
    assert!(out.contains("Renewed: web.pem"), "{out}");
    assert_eq!(changed(&before), ["web.pem"]);
    keys(&scene, "keys", &["renew"], 0);
    assert_eq!(changed(&before), ["administrador.pem", "servidor.pem", "web.pem"]);
    // A new certificate of the authority vouches for what the old one did, and the other way round.
    let before = files(&scene, "keys");
    keys(&scene, "keys", &["renew", "autoridade"], 0);
    assert_eq!(changed(&before), ["autoridade.pem"]);
    let (_, warnings) = keys(&scene, "keys", &["show"], 0);
    assert_eq!(warnings, "");
    for role in ["web", "servidor", "administrador"] {
        keys(&scene, "keys", &["export", role, &format!("{role}.toml")], 0);
    }
}

#[test]
fn what_ends_soon_is_told_by_show_and_status_until_it_is_renewed() {
    let scene = Scene::new();
    made(&scene);
    let authority = Authority::of_key(&scene.read("keys/autoridade.chave")).unwrap();
    let now = SystemTime::now();
    let until = |end: SystemTime| Validity { begin: now - 3 * DAY, end };
    for (role, end) in [("web", now + 29 * DAY + Duration::from_secs(60)), ("servidor", now - DAY)]
    {
        let key = scene.read(&format!("keys/{role}.chave"));
        let name = format!("{role}.agencia.internal");
        let purpose = Purpose::ConnectAndListen;
        let issued = authority.issue(&name, purpose, Some(&key), until(end)).unwrap();
        scene.write(&format!("keys/{role}.pem"), &issued.certificate);
    }
    let shown = keys(&scene, "keys", &["show"], 0).1;
    // Nobody listens there: the exit code is about the daemons.
    let status = scene.run(&["status", "--keys", "keys"]).2;
    for said in [shown, status] {
        for part in ["keys/web.pem ends in 29 days", "keys/servidor.pem has expired", "renew"] {
            assert!(said.contains(part), "no {part:?} in {said}");
        }
        assert!(!said.contains("administrador.pem"), "{said}");
    }
    keys(&scene, "keys", &["renew"], 0);
    assert_eq!(keys(&scene, "keys", &["show"], 0).1, "");
    // What the authority signs does not outlive it.
    scene.write("keys/autoridade.pem", &authority.certificate(until(now + 40 * DAY)).unwrap());
    keys(&scene, "keys", &["renew", "web"], 0);
    assert!([39, 40].contains(&days_left(&self::shown(&scene, "keys")["web.pem"])));
    scene.write("keys/autoridade.pem", &authority.certificate(until(now - DAY)).unwrap());
    let says = ["autoridade.pem", "has expired", "renew autoridade"];
    refused(&scene, "keys", &["renew", "web"], &says);
}
