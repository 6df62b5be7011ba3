//! `--check` says which of the files of keys cannot be used, and what systemd hands over is used.

use agencia_tests::keys::{Certifier, write};
use agencia_tests::trio::{Times, Trio};
use agencia_tests::{Kind, program};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A program's `--check` with keys in this folder: of the setting, or of systemd.
fn check(name: &str, trio: &Trio, keys: &Path, by_systemd: bool) -> (Option<i32>, String) {
    let mut command = Command::new(program::path(&format!("agencia-{name}")));
    command.arg("--check").arg("--peers").arg(trio.peers());
    match Kind::ALL.into_iter().find(|kind| kind.name() == name) {
        Some(kind) => command.arg("--config").arg(trio.setup(kind).config()),
        None => command.arg("--state").arg(trio.path().join("web")),
    };
    match by_systemd {
        true => command.env("CREDENTIALS_DIRECTORY", keys),
        false => command.env_remove("CREDENTIALS_DIRECTORY").arg("--keys").arg(keys),
    };
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

const PROGRAMS: [(&str, &str); 4] =
    [("voos", "servidor"), ("hospedagens", "servidor"), ("passeios", "servidor"), ("web", "web")];

fn all(spoil: impl Fn(&Path, &str), named: &[&str]) {
    let trio = Trio::new(&[1], Times::QUICK);
    // Where the key of receipts is, nobody has said.
    for kind in Kind::ALL {
        trio.setup(kind).settings("");
    }
    for (name, role) in PROGRAMS {
        let keys: TempDir = Certifier::new().folder(role);
        for by_systemd in [false, true] {
            let (code, said) = check(name, &trio, keys.path(), by_systemd);
            assert_eq!(code, Some(0), "{name}, before anything is spoilt: {said}");
        }
        spoil(keys.path(), role);
        for by_systemd in [false, true] {
            let (code, said) = check(name, &trio, keys.path(), by_systemd);
            assert_eq!(code, Some(78), "{name}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
            let folder = keys.path().to_str().unwrap();
            for part in named.iter().map(|part| part.replace("ROLE", role)).chain([folder.into()]) {
                assert!(said.contains(&part), "{name}: no {part:?} in {said}");
            }
        }
    }
}

#[test]
fn a_key_that_is_not_its_certificates_is_named() {
    let spoil = |folder: &Path, role: &str| {
        let other = Certifier::new().issue(role, -1, 9);
        write(folder, &format!("{role}.chave"), &other.key);
    };
    all(
        spoil,
        &["ROLE.chave", "is not that of the certificate", "ROLE.pem", "agencia keys import"],
    );
}

#[test]
fn a_certificate_of_another_authority_is_named() {
    let spoil = |folder: &Path, role: &str| {
        let other = Certifier::new().issue(role, -1, 9);
        write(folder, &format!("{role}.chave"), &other.key);
        write(folder, &format!("{role}.pem"), &other.certificate);
    };
    all(spoil, &["ROLE.pem", "not of this agency's authority", "autoridade.pem", "import"]);
}

#[test]
fn a_certificate_without_its_key_is_named() {
    let spoil = |folder: &Path, role: &str| {
        std::fs::remove_file(folder.join(format!("{role}.chave"))).unwrap();
    };
    all(spoil, &["ROLE.pem is there", "ROLE.chave is not", "agencia keys import"]);
}

#[test]
fn a_shared_key_that_is_none_is_named() {
    let spoil = |folder: &Path, role: &str| {
        write(folder, if role == "web" { "chave-web" } else { "chave" }, "none\n");
    };
    all(spoil, &["chave", "64 hexadecimal digits"]);
}

#[test]
fn a_folder_of_keys_that_was_named_must_be_there() {
    let trio = Trio::new(&[1], Times::QUICK);
    for (name, _) in PROGRAMS {
        let (code, said) = check(name, &trio, &trio.path().join("none"), false);
        assert_eq!(code, Some(78), "{name}: {said}");
        assert!(said.contains("there is no folder") && said.contains("agencia keys"), "{said}");
    }
}
