//! `agencia keys export` and `agencia keys import`: what a host needs, in one file.
//!
//! The file is TOML: the role, and each file by its name. An import writes no other names than
//! those that the role has, and nothing before all of it is seen to fit.

use super::files::{self, Staged};
use super::{KeysCommandError, files_of, needed, own_keys};
use crate::error::CommandError;
use crate::table::print;
use agencia_client::tls::{Keys, KeysError, Role, names};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// The most bytes of a file that are read.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// The name of a file that stands for standard input or output.
const STANDARD: &str = "-";

/// What is carried.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    role: String,
    files: BTreeMap<String, String>,
}

/// Writes what a host of this role needs.
pub(super) fn export(folder: &Path, role: Role, file: &Path) -> Result<(), CommandError> {
    let keys = Keys::within(folder);
    let mut files = BTreeMap::new();
    for name in files_of(role) {
        let needed_for = format!("a host of the role {role} needs it");
        let way_out = "make it with agencia keys init, or export where it is";
        files.insert(name.clone(), needed(&keys, &name, needed_for, way_out)?);
    }
    // Nothing is carried that would be of no use there.
    keys.credentials(role)?;
    let bundle = Bundle { role: role.name().to_owned(), files };
    let text = toml::to_string(&bundle).expect("names and texts are TOML");
    let text = format!(
        "# Keys of a host of the role {role}. Whoever has this file can pose as that host: take it \
         there,\n# run `agencia keys import` on it, and remove it.\n\n{text}"
    );
    if file == Path::new(STANDARD) {
        return std::io::stdout().write_all(text.as_bytes()).map_err(CommandError::Output);
    }
    files::write_new(file, &text)?;
    let file = file.display();
    print(&format!(
        "{file}: for a host of the role {role}; take it there, run agencia keys import {file}, and \
         remove it"
    ))?;
    Ok(())
}

/// What becomes of files that are there and differ from those that are imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// They stay, and nothing is imported.
    Kept,
    /// They are written over.
    Replaced,
}

/// Takes over what was exported.
pub(super) fn import(folder: &Path, file: &Path, existing: Existing) -> Result<(), CommandError> {
    let from = file.display().to_string();
    let Bundle { role, files } = read(file, &from)?;
    let is_there = files::is_private(folder)?;
    let staged = Staged::beside(folder)?;
    let keys = Keys::within(folder);
    let mut differing = Vec::new();
    let mut wanted = Vec::new();
    for (name, text) in &files {
        let there = if is_there { keys.read(name)? } else { None };
        match there {
            Some(there) if there == text.as_bytes() => {}
            Some(_) if existing == Existing::Kept => differing.push(keys.path(name)),
            _ => wanted.push(name.as_str()),
        }
        staged.write(name, text)?;
    }
    if !differing.is_empty() {
        return Err(KeysCommandError::Differs { paths: differing }.into());
    }
    if is_there {
        check_with_others(&keys, &staged, &files)?;
    }
    // As it will be, all roles together.
    let beside = Keys::within(staged.path());
    for role in Role::ALL {
        beside.credentials(role).map_err(|source| KeysCommandError::DoesNotFit {
            from: from.clone(),
            folder: folder.to_owned(),
            source,
        })?;
    }
    for name in [names::RECEIPT_KEY, names::WEB_KEY] {
        // Beside nothing that a program has made for itself.
        beside.existing_key(name, Path::new("")).map_err(|source| {
            KeysCommandError::DoesNotFit { from: from.clone(), folder: folder.to_owned(), source }
        })?;
    }
    // A key before its certificate: who finds one without the other says so either way.
    match is_there {
        true => staged.move_into(folder, &wanted)?,
        false => staged.become_folder(folder)?,
    }
    let what = match wanted.is_empty() {
        true => "nothing was missing".to_owned(),
        false => wanted.join(", "),
    };
    print(&format!("{} for the role {role}: {what}", folder.display()))?;
    Ok(())
}

/// Sets aside each key that a program has made for itself where what was imported is to be used: it
/// would not start with both.
pub(super) fn set_own_aside(folder: &Path, state: &Path) -> Result<(), CommandError> {
    let keys = Keys::within(folder);
    for (name, own) in own_keys(state) {
        match keys.existing_key(name, &own) {
            Ok(_) => {}
            Err(KeysError::TwoKeys { .. }) => {
                let kept = files::set_aside(&own)?;
                print(&format!(
                    "{}, which this host had made for itself, is kept as {}: after a restart {} is \
                     used; what was booked here before is not recognised by it",
                    own.display(),
                    kept.display(),
                    keys.path(name).display()
                ))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Puts what the folder has of other roles beside what is imported, to see whether all fit.
fn check_with_others(
    keys: &Keys,
    staged: &Staged,
    files: &BTreeMap<String, String>,
) -> Result<(), CommandError> {
    for role in Role::ALL {
        for name in [names::certificate(role), names::private_key(role)] {
            if files.contains_key(&name) {
                continue;
            }
            if let Some(text) = keys.read(&name)? {
                staged.write(&name, &String::from_utf8_lossy(&text))?;
            }
        }
    }
    Ok(())
}

/// Reads a bundle: the role's files, all of them and no other.
fn read(file: &Path, from: &str) -> Result<Bundle, CommandError> {
    let no_bundle = |reason: String| KeysCommandError::NoBundle { from: from.to_owned(), reason };
    let mut text = String::new();
    let read = match file == Path::new(STANDARD) {
        true => std::io::stdin().take(FILE_BYTES_MAX).read_to_string(&mut text),
        false => {
            File::open(file).and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text))
        }
    };
    read.map_err(|error| files::failed(file, "read", error))?;
    let bundle: Bundle = toml::from_str(&text).map_err(|error| {
        no_bundle(format!("is nothing that agencia keys export wrote: {}", error.message()))
    })?;
    let role = Role::named(&bundle.role)
        .ok_or_else(|| no_bundle(format!("there is no role {:?}", bundle.role)))?;
    let expected = files_of(role);
    if let Some(missing) = expected.iter().find(|name| !bundle.files.contains_key(*name)) {
        return Err(no_bundle(format!("lacks {missing}; export it again")).into());
    }
    if let Some(other) = bundle.files.keys().find(|name| !expected.contains(name)) {
        return Err(no_bundle(format!("has {other:?}, which the role {role} does not need")).into());
    }
    Ok(bundle)
}
