//! Keys and certificates of an agency as nobody's command would make them: expired ones, those of
//! another authority. The sound ones of the suites are made by `agencia keys` itself.

use agencia_keys::{Authority, Issued, Purpose, Validity};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An authority that signs whatever it is told to.
#[derive(Debug)]
pub struct Certifier {
    authority: Authority,
}

impl Certifier {
    /// A new one, which no other trusts.
    ///
    /// # Panics
    /// When there is no randomness.
    #[expect(clippy::new_without_default, reason = "no two are the same")]
    pub fn new() -> Self {
        Self { authority: Authority::generate().expect("there is randomness") }
    }

    /// The one whose key lies in this folder.
    ///
    /// # Panics
    /// When there is none.
    pub fn of(folder: &Path) -> Self {
        let key =
            fs::read_to_string(folder.join("autoridade.chave")).expect("a key of an authority");
        Self { authority: Authority::of_key(&key).expect("a key of an authority") }
    }

    /// Its certificate, PEM.
    ///
    /// # Panics
    /// Never: the times are those of this year.
    pub fn certificate(&self) -> String {
        self.authority.certificate(days(-1, 9)).expect("times of this year")
    }

    /// A certificate for a role, valid from so many days from now until so many. As `agencia keys`
    /// has it, only that of a daemon is for listening, too.
    ///
    /// # Panics
    /// When there is no randomness.
    pub fn issue(&self, role: &str, from: i32, to: i32) -> Issued {
        let purpose = match role {
            "servidor" => Purpose::ConnectAndListen,
            _ => Purpose::Connect,
        };
        self.issue_for(purpose, role, days(from, to))
    }

    /// A certificate that names a role, for this purpose whatever the role is.
    ///
    /// # Panics
    /// When there is no randomness.
    pub fn issue_for(&self, purpose: Purpose, role: &str, validity: Validity) -> Issued {
        let name = format!("{role}.agencia.internal");
        self.authority.issue(&name, purpose, None, validity).expect("there is randomness")
    }

    /// A folder of keys with what proves this role.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn folder(&self, role: &str) -> TempDir {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let issued = self.issue(role, -1, 9);
        write(folder.path(), "autoridade.pem", &self.certificate());
        write(folder.path(), &format!("{role}.pem"), &issued.certificate);
        write(folder.path(), &format!("{role}.chave"), &issued.key);
        folder
    }
}

/// Writes a file that only its owner may read.
///
/// # Panics
/// When it cannot be written.
pub fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    let written = fs::write(&path, text);
    let written = written.and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o600)));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// From so many days from now until so many.
pub fn days(from: i32, to: i32) -> Validity {
    let now = SystemTime::now();
    let at = |days: i32| match days {
        0.. => now + DAY * days.unsigned_abs(),
        _ => now - DAY * days.unsigned_abs(),
    };
    Validity { begin: at(from), end: at(to) }
}
