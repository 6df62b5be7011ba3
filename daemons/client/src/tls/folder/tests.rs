//! What is in a folder, what is missing, and what does not fit.

use super::*;
use agencia_keys::{Authority as Maker, Issued, Purpose, Validity};
use std::fs;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn until(end: SystemTime) -> Validity {
    Validity { begin: end - 9 * DAY, end }
}

fn issue(maker: &Maker, role: Role, end: SystemTime) -> Issued {
    // What `agencia keys` gives daemons alone is good enough for every role here.
    maker.issue(role.dns_name(), Purpose::ConnectAndListen, None, until(end)).unwrap()
}

fn write(folder: &TempDir, name: &str, text: &str) {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A folder with everything for a role.
fn folder(maker: &Maker, role: Role, end: SystemTime) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, names::AUTHORITY, &maker.certificate(until(end)).unwrap());
    let issued = issue(maker, role, end);
    write(&folder, &names::certificate(role), &issued.certificate);
    write(&folder, &names::private_key(role), &issued.key);
    folder
}

fn maker() -> Maker {
    Maker::generate().unwrap()
}

fn soon() -> SystemTime {
    // Certificates know whole seconds.
    let secs = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    SystemTime::UNIX_EPOCH + Duration::from_secs(secs) + DAY
}

fn check_error(folder: &TempDir, role: Role, parts: &[&str]) {
    let error = Keys::within(folder.path()).credentials(role).unwrap_err().to_string();
    let place = folder.path().display().to_string();
    for part in parts.iter().chain([&place.as_str()]) {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
}

#[test]
fn what_fits_together_is_taken_for_each_role_until_its_end() {
    for role in Role::ALL {
        for end in [soon(), soon() - 5 * DAY] {
            let folder = folder(&maker(), role, end);
            let keys = Keys::within(folder.path());
            let credentials = keys.credentials(role).unwrap().unwrap();
            assert_eq!((credentials.role(), credentials.end()), (role, end), "expired ones, too");
            for other in Role::ALL.into_iter().filter(|&other| other != role) {
                assert!(keys.credentials(other).unwrap().is_none());
            }
        }
    }
}

#[test]
fn a_certificate_proves_its_role_as_long_as_it_is_valid_and_the_end_of_any_can_be_read() {
    let (maker, end) = (maker(), soon());
    let folder = folder(&maker, Role::Web, end);
    let keys = Keys::within(folder.path());
    let credentials = keys.credentials(Role::Web).unwrap().unwrap();
    let (authority, own) = (credentials.authority(), credentials.certificates());
    let second = Duration::from_secs(1);
    assert!(authority.judge(own, end).unwrap().contains(Role::Web));
    assert_eq!(authority.judge(own, end + second), Err(Unproven::Expired));
    assert!(authority.judge(own, end - 9 * DAY).is_ok());
    assert_eq!(authority.judge(own, end - 9 * DAY - second), Err(Unproven::NotYet));
    assert_eq!(authority.judge(&[], end), Err(Unproven::NoCertificate));
    let root = keys.certificates(names::AUTHORITY).unwrap().unwrap();
    assert_eq!(authority.end_of(&root[0]), Some(end));
    let strange = issue(&Maker::generate().unwrap(), Role::Web, end + DAY).certificate;
    let strange = CertificateDer::from_pem_slice(strange.as_bytes()).unwrap();
    assert_eq!(authority.end_of(&strange), Some(end + DAY));
    assert_eq!(authority.judge(&[strange], end), Err(Unproven::Stranger));
    assert_eq!(authority.end_of(&CertificateDer::from(vec![1, 2, 3])), None);
}

#[test]
fn a_host_without_certificates_has_none() {
    let empty = tempfile::tempdir().unwrap();
    let keys = Keys::within(empty.path());
    assert!(keys.credentials(Role::Web).unwrap().is_none() && keys.authority().unwrap().is_none());
    // What a unit gives in place of a file that is not there.
    for name in [names::AUTHORITY, "web.pem", "web.chave", names::RECEIPT_KEY] {
        write(&empty, name, "\n");
    }
    assert!(keys.credentials(Role::Web).unwrap().is_none() && keys.authority().unwrap().is_none());
    let none = empty.path().join("none");
    let error = Keys::within(&none).credentials(Role::Web).unwrap_err().to_string();
    assert!(error.starts_with(&format!("there is no folder {}", none.display())), "{error}");
}

#[test]
fn the_default_folder_may_be_missing_and_gives_way_to_what_systemd_hands_over() {
    let default = Path::new(names::FOLDER);
    let handed = folder(&maker(), Role::Web, soon());
    let given = || Some(handed.path().as_os_str().to_owned());
    assert_eq!(Keys::find(default, given()).path("x"), handed.path().join("x"));
    assert_eq!(Keys::find(default, None).path("x"), default.join("x"));
    // Credentials that are for something else.
    let empty = tempfile::tempdir().unwrap();
    let other = Some(empty.path().as_os_str().to_owned());
    assert_eq!(Keys::find(default, other).path("x"), default.join("x"));
    // Whoever names a folder means it.
    assert_eq!(Keys::find(Path::new("/k"), given()).path("x"), Path::new("/k/x"));
    assert!(!Keys::find(default, None).named && Keys::find(Path::new("/k"), given()).named);
    // systemd says who may read its files, with access lists that look like an open mode.
    for name in ["web.chave", "chave"] {
        write(&handed, name, &fs::read_to_string(handed.path().join("web.chave")).unwrap());
        let open = fs::Permissions::from_mode(0o440);
        fs::set_permissions(handed.path().join(name), open).unwrap();
    }
    assert!(Keys::find(default, given()).credentials(Role::Web).unwrap().is_some());
    check_error(&handed, Role::Web, &["web.chave", "open to others (mode 440)", "chmod 600"]);
}

#[test]
fn what_is_missing_is_named() {
    for (name, parts) in [
        (names::AUTHORITY, ["servidor.pem is there", "autoridade.pem is not"]),
        ("servidor.pem", ["servidor.chave is there", "servidor.pem is not"]),
        ("servidor.chave", ["servidor.pem is there", "servidor.chave is not"]),
    ] {
        let folder = folder(&maker(), Role::Daemon, soon());
        fs::remove_file(folder.path().join(name)).unwrap();
        check_error(&folder, Role::Daemon, &[parts[0], parts[1], "agencia keys import"]);
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let (maker, role) = (maker(), Role::Daemon);
    let end = soon();
    let other = issue(&Maker::generate().unwrap(), role, end);
    let mut place = folder(&maker, role, end);
    write(&place, "servidor.chave", &other.key);
    check_error(&place, role, &["servidor.chave is not that of the certificate", "import"]);

    write(&place, "servidor.pem", &other.certificate);
    check_error(&place, role, &["servidor.pem: the certificate is not of this agency's authority"]);

    let web = issue(&maker, Role::Web, end);
    write(&place, "servidor.pem", &web.certificate);
    write(&place, "servidor.chave", &web.key);
    check_error(&place, role, &["servidor.pem is not for the role servidor"]);

    let purpose = Purpose::ConnectAndListen;
    let nameless = maker.issue("www.agencia.internal", purpose, None, until(end)).unwrap();
    write(&place, "servidor.pem", &nameless.certificate);
    write(&place, "servidor.chave", &nameless.key);
    check_error(&place, role, &["servidor.pem: the certificate names no role"]);

    for (name, what) in [
        (names::AUTHORITY, "autoridade.pem is no certificate"),
        ("servidor.pem", "servidor.pem is no certificate"),
        ("servidor.chave", "servidor.chave is no private key"),
    ] {
        place = folder(&maker, role, end);
        for text in ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            write(&place, name, text);
            check_error(&place, role, &[what, "agencia keys import"]);
        }
        fs::remove_file(place.path().join(name)).unwrap();
        fs::create_dir(place.path().join(name)).unwrap();
        check_error(&place, role, &[name, "cannot be read", "LoadCredential="]);
    }
}

#[test]
fn a_private_key_is_for_its_owner_alone() {
    let folder = folder(&maker(), Role::Web, soon());
    for (mode, taken) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
        let path = folder.path().join("web.chave");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match taken {
            true => drop(Keys::within(folder.path()).credentials(Role::Web).unwrap().unwrap()),
            false => check_error(&folder, Role::Web, &["chmod 600"]),
        }
    }
}

#[test]
fn the_shared_key_is_that_of_the_folder_or_the_programs_own_and_never_two() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keys = Keys::within(folder.path());
    let own = state.path().join("chave");
    assert_eq!(keys.existing_key("chave", &own).unwrap(), None);
    assert!(!own.exists(), "looking makes nothing");
    let made = keys.shared_key("chave", &own).unwrap();
    assert_eq!(keys.existing_key("chave", &own).unwrap(), Some(made));

    let text = fs::read_to_string(&own).unwrap();
    write(&folder, "chave", &text);
    assert_eq!(keys.shared_key("chave", &own).unwrap(), made, "twice the same");
    write(&folder, "chave", &"ab".repeat(32));
    let error = keys.shared_key("chave", &own).unwrap_err().to_string();
    let both = format!("{} and {}", folder.path().join("chave").display(), own.display());
    assert!(error.starts_with(&both) && error.contains("not the same key"), "{error}");

    fs::remove_file(&own).unwrap();
    assert_eq!(keys.shared_key("chave", &own).unwrap(), [0xab; 32]);
    assert!(!own.exists(), "nothing is made beside it");
    let open = fs::Permissions::from_mode(0o640);
    fs::set_permissions(folder.path().join("chave"), open).unwrap();
    keys.shared_key("chave", &own).unwrap_err();
    let handed = Keys { handed_over: true, ..keys };
    assert_eq!(handed.shared_key("chave", &own).unwrap(), [0xab; 32]);
}
