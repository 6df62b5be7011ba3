//! `agencia keys`: the keys and certificates of a host, made, shown, carried and renewed.
//!
//! What certificates are is `agencia_keys`' to know, and what they prove `agencia_client::tls`'s;
//! here they are files. What is there is never written over without being told to.

mod files;
mod make;
mod bundle;
mod show;

use crate::ask::Places;
use crate::cli::{Keys as Options, KeysAction};
use crate::error::CommandError;
use crate::programs::{receipt_key, web_key};
use agencia_client::tls::{Keys, Role, names};
use bundle::Existing;
use show::Form;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Why keys were not made, not carried or not renewed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysCommandError {
    /// There is something in the folder.
    #[error(
        "{}: is not empty, and keys are never written over; look with `agencia keys show`, renew \
         certificates with `agencia keys renew`, or name another folder with --keys", .folder.display()
    )]
    NotEmpty { folder: PathBuf },
    /// The folder is open to others.
    #[error("{}: others may enter it (mode {mode:03o}); run chmod 700 on it", .folder.display())]
    Open { folder: PathBuf, mode: u32 },
    /// A file that is needed is not there.
    #[error("{}: is not there, and {needed_for}; {way_out}", .path.display())]
    Missing { path: PathBuf, needed_for: String, way_out: &'static str },
    /// What there is differs from what is to be written.
    #[error(
        "{} and would be written over by something else; import with --replace if that is meant; \
         nothing was changed", there(.paths)
    )]
    Differs { paths: Vec<PathBuf> },
    /// What was to be imported is none.
    #[error("{from}: {reason}; nothing was changed")]
    NoBundle { from: String, reason: String },
    /// What was to be imported does not fit what is there.
    #[error("{from}: does not fit what is in {}: {source}; nothing was changed", .folder.display())]
    DoesNotFit { from: String, folder: PathBuf, source: agencia_client::tls::KeysError },
    /// The authority's own certificate ends before anything could begin.
    #[error(
        "{}: has expired; run `agencia keys renew autoridade` first, and export to every host again", .path.display()
    )]
    AuthorityExpired { path: PathBuf },
    /// Nothing that could be renewed.
    #[error("{}: there is no certificate here that could be renewed; name another folder with --keys", .folder.display())]
    NothingToRenew { folder: PathBuf },
    /// A certificate could not be made.
    #[error("no certificate can be made: {0}")]
    Issue(#[from] agencia_keys::IssueError),
    /// A key could not be made or read.
    #[error(transparent)]
    Key(#[from] agencia_client::KeyError),
}

fn there(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    let verb = if paths.len() == 1 { "is there" } else { "are there" };
    format!("{}: {verb}", paths.join(", "))
}

pub(crate) fn run(options: Options, places: Places<'_>) -> Result<ExitCode, CommandError> {
    // Where they are made and carried: never what systemd hands over.
    let folder = places.keys.unwrap_or(Path::new(names::FOLDER));
    match options.action {
        KeysAction::Init { state } => make::init(folder, &state)?,
        KeysAction::Show { json } => {
            show::run(folder, if json { Form::Json } else { Form::Table })?;
        }
        KeysAction::Export { role, file } => bundle::export(folder, role, &file)?,
        KeysAction::Import { file, replace, state } => {
            let existing = if replace { Existing::Replaced } else { Existing::Kept };
            bundle::import(folder, &file, existing)?;
            bundle::set_own_aside(folder, &state)?;
        }
        KeysAction::Renew { what } => make::renew(folder, &what)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The files that a host of this role needs.
fn files_of(role: Role) -> Vec<String> {
    let mut files =
        vec![names::AUTHORITY.to_owned(), names::private_key(role), names::certificate(role)];
    match role {
        Role::Web => files.push(names::WEB_KEY.to_owned()),
        Role::Daemon => files.push(names::RECEIPT_KEY.to_owned()),
        Role::Administrator => {}
    }
    files
}

/// The keys that programs share, by their names, and where programs make them for themselves.
fn own_keys(state: &Path) -> [(&'static str, PathBuf); 2] {
    [(names::RECEIPT_KEY, receipt_key(state)), (names::WEB_KEY, web_key(state))]
}

/// A file of the folder, which must be there.
fn needed(
    keys: &Keys,
    name: &str,
    needed_for: impl Into<String>,
    way_out: &'static str,
) -> Result<String, CommandError> {
    // What is no secret may be read by others, too.
    let text = match name.ends_with(".pem") {
        true => keys.read(name)?,
        false => keys.secret(name)?,
    };
    let missing = || KeysCommandError::Missing {
        path: keys.path(name),
        needed_for: needed_for.into(),
        way_out,
    };
    let text = text.ok_or_else(missing)?;
    // Keys and certificates are ASCII; what is not is refused by whoever reads it.
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_role_carries_the_authoritys_key_and_each_only_its_own_shared_key() {
        for role in Role::ALL {
            let files = files_of(role);
            let has = |name: &str| files.iter().any(|file| file == name);
            assert!(has(names::AUTHORITY) && !has(names::AUTHORITY_KEY), "{files:?}");
            assert_eq!(has(names::RECEIPT_KEY), role == Role::Daemon);
            assert_eq!(has(names::WEB_KEY), role == Role::Web);
            for other in Role::ALL {
                assert_eq!(has(&names::private_key(other)), other == role);
            }
        }
    }
}
