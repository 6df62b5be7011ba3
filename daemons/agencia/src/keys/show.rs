//! `agencia keys show`: what is in the folder, told so that hosts can be compared.

use crate::durable::sha256;
use crate::error::CommandError;
use crate::table::{Column, print, print_json, table};
use agencia_client::tls::{Keys, Role, names};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use std::path::Path;
use std::time::SystemTime;

const COLUMNS: [Column<'_>; 4] =
    [("file", false), ("what", false), ("fingerprint (SHA-256)", false), ("valid until", false)];

/// How much of a fingerprint the table shows, in bytes.
const SHOWN_BYTES: usize = 8;

/// The length of 2026-12-24.
const DAY_LEN: usize = 10;

/// One file, as `--json` writes it.
#[derive(Debug, Serialize)]
struct Row {
    file: String,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    /// Of a certificate as it is signed, or of a key that programs share. A private key has none:
    /// its certificate tells which it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
}

/// How the list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For a person.
    Table,
    /// For a program.
    Json,
}

/// Lists the files, and warns of what ends soon or does not fit.
pub(super) fn run(folder: &Path, form: Form) -> Result<(), CommandError> {
    let keys = Keys::within(folder);
    keys.authority()?;
    let mut rows = Vec::new();
    rows.extend(certificate(&keys, names::AUTHORITY, "the authority", None)?);
    rows.extend(secret(&keys, names::AUTHORITY_KEY, "the authority's key", None)?);
    for role in Role::ALL {
        let what = format!("certificate of the role {role}");
        rows.extend(certificate(&keys, &names::certificate(role), &what, Some(role))?);
        let what = format!("key of the role {role}");
        rows.extend(secret(&keys, &names::private_key(role), &what, Some(role))?);
    }
    rows.extend(shared(&keys, names::RECEIPT_KEY, "key of receipts, for daemons")?);
    rows.extend(shared(&keys, names::WEB_KEY, "key of the pages, for web clients")?);
    for warning in keys.warnings(SystemTime::now()) {
        eprintln!("agencia: {warning}");
    }
    match form {
        Form::Table => print(&table(&COLUMNS, rows.into_iter().map(Row::cells))),
        Form::Json => print_json(&rows),
    }
}

impl Row {
    fn cells(self) -> Vec<String> {
        let shown = |sha256: String| sha256[..2 * SHOWN_BYTES].to_owned();
        // The day is enough for a person.
        let until = |time: String| time[..DAY_LEN].to_owned();
        vec![
            self.file,
            self.what,
            self.sha256.map(shown).unwrap_or_default(),
            self.valid_until.map(until).unwrap_or_default(),
        ]
    }
}

fn certificate(
    keys: &Keys,
    name: &str,
    what: &str,
    role: Option<Role>,
) -> Result<Option<Row>, CommandError> {
    let Some(der) = keys.certificate(name)? else { return Ok(None) };
    Ok(Some(Row {
        file: name.to_owned(),
        what: what.to_owned(),
        role: role.map(Role::name),
        sha256: Some(sha256(&der)),
        valid_until: keys.end_of(name)?.map(time),
    }))
}

fn secret(
    keys: &Keys,
    name: &str,
    what: &str,
    role: Option<Role>,
) -> Result<Option<Row>, CommandError> {
    let row = || Row {
        file: name.to_owned(),
        what: what.to_owned(),
        role: role.map(Role::name),
        sha256: None,
        valid_until: None,
    };
    Ok(keys.secret(name)?.map(|_| row()))
}

fn shared(keys: &Keys, name: &str, what: &str) -> Result<Option<Row>, CommandError> {
    let Some(text) = keys.secret(name)? else { return Ok(None) };
    Ok(Some(Row {
        file: name.to_owned(),
        what: what.to_owned(),
        role: None,
        // 32 random bytes cannot be found from it.
        sha256: Some(sha256(text.trim_ascii_end())),
        valid_until: None,
    }))
}

fn time(at: SystemTime) -> String {
    DateTime::<Utc>::from(at).to_rfc3339_opts(SecondsFormat::Secs, true)
}
