//! The layers of settings: gathered from files, environment and flags, checked one by one,
//! merged by the `config` crate.

use super::Settings;
use super::error::SettingsError;
use agencia_catalog::Product;
use config::{Config, File, FileFormat};
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Where a layer came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    File(PathBuf),
    Variable(String),
    Flag(&'static str),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path) => path.display().fmt(f),
            Origin::Variable(name) => write!(f, "environment variable {name}"),
            Origin::Flag(flag) => f.write_str(flag),
            Origin::Default => f.write_str("built-in defaults"),
        }
    }
}

/// Some keys with their values, from one place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layer {
    pub(crate) origin: Origin,
    pub(crate) table: Table,
}

impl Layer {
    /// The layer in which one key has this value; `path` is the key, its table, and so outwards.
    pub(crate) fn of_key<'a>(
        origin: Origin,
        path: impl Iterator<Item = &'a str>,
        value: Value,
    ) -> Self {
        let wrap = |inner, key: &str| Value::Table(Table::from_iter([(key.to_owned(), inner)]));
        match path.fold(value, wrap) {
            Value::Table(table) => Self { origin, table },
            // No key at all: a layer that sets nothing.
            _ => Self { origin, table: Table::new() },
        }
    }

    /// Checks this layer by itself: over the defaults it must make valid settings.
    pub(crate) fn check<P: Product>(&self) -> Result<(), SettingsError> {
        let mut table = defaults::<P>();
        lay_over(&mut table, &self.table);
        read::<P>(table, &self.origin).map(|_| ())
    }
}

/// The layers of a settings file and of the folder beside it. A file that was named must be
/// there; the default one may be missing.
pub(super) fn files(
    named: Option<&Path>,
    default: impl FnOnce() -> PathBuf,
) -> Result<Vec<Layer>, SettingsError> {
    let path = named.map_or_else(default, Path::to_owned);
    let mut layers = Vec::new();
    match file(&path) {
        Ok(layer) => layers.push(layer),
        Err(SettingsError::Read { source, .. })
            if named.is_none() && source.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    for path in drop_ins(&path.with_extension("d"))? {
        layers.push(file(&path)?);
    }
    Ok(layers)
}

/// The `*.toml` of a folder, in the order of their names; none without the folder.
fn drop_ins(folder: &Path) -> Result<Vec<PathBuf>, SettingsError> {
    let unreadable = |source| SettingsError::Read { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The layer of one file.
pub(super) fn file(path: &Path) -> Result<Layer, SettingsError> {
    let text = fs::read_to_string(path)
        .map_err(|source| SettingsError::Read { path: path.to_owned(), source })?;
    let table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(before).filter(|&byte| byte == b'\n').count() + 1;
        SettingsError::Syntax { path: path.to_owned(), line, reason: error.message().to_owned() }
    })?;
    Ok(Layer { origin: Origin::File(path.to_owned()), table })
}

/// The layers of the environment, one for each variable of this daemon.
pub(super) fn variables<P: Product>(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<Layer>, SettingsError> {
    let prefix = format!("AGENCIA_{}_", P::NAME.to_ascii_uppercase().replace('-', "_"));
    let mut layers = Vec::new();
    for (name, text) in environment {
        let Some(key) = name.to_str().and_then(|name| name.strip_prefix(&prefix)) else { continue };
        let origin = Origin::Variable(format!("{prefix}{key}"));
        let key = key.to_ascii_lowercase();
        let Some(text) = text.to_str() else {
            let reason = "the value is not UTF-8".to_owned();
            let key = key.replace("__", ".");
            return Err(SettingsError::Value { origin: origin.to_string(), key, reason });
        };
        let layer = |value| Layer::of_key(origin.clone(), key.rsplit("__"), value);
        let meanings: Vec<Layer> = meanings(text).into_iter().map(layer).collect();
        let fits = meanings.iter().position(|layer| layer.check::<P>().is_ok());
        layers.extend(meanings.into_iter().nth(fits.unwrap_or(0)));
    }
    Ok(layers)
}

/// What a variable's text can mean, the most likely first: a number or a truth value if it looks
/// like one, a text, a list.
fn meanings(text: &str) -> Vec<Value> {
    let items = text.split(',').map(|item| Value::String(item.trim().to_owned()));
    let number = text.parse().map(Value::Integer).ok();
    let fraction = text.parse().map(Value::Float).ok();
    let truth = text.parse().map(Value::Boolean).ok();
    let plain = Value::String(text.to_owned());
    let list = Value::Array(items.collect());
    number.or(fraction).or(truth).into_iter().chain([plain, list]).collect()
}

/// Merges layers that were checked, each over those before it.
pub(super) fn merge<P: Product>(layers: &[Layer]) -> Result<Settings<P::Settings>, SettingsError> {
    let mut builder = Config::builder();
    let defaults = Layer { origin: Origin::Default, table: defaults::<P>() };
    for layer in std::iter::once(&defaults).chain(layers) {
        let text = layer.table.to_string();
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
    }
    let merged = builder.build().and_then(Config::try_deserialize::<Table>);
    let last = layers.last().map_or(&Origin::Default, |layer| &layer.origin);
    let table = merged.map_err(|error| SettingsError::Value {
        origin: last.to_string(),
        key: "all settings together".to_owned(),
        reason: error.to_string(),
    })?;
    read::<P>(table, last)
}

/// The last layer that sets a key.
pub(super) fn last_to_set<'a>(layers: &'a [Layer], path: &[&str]) -> Option<&'a Layer> {
    layers.iter().rev().find(|layer| {
        let whole = Value::Table(layer.table.clone());
        path.iter().try_fold(&whole, |table, key| table.get(key)).is_some()
    })
}

fn defaults<P: Product>() -> Table {
    Table::try_from(Settings::defaults::<P>()).expect("settings are a table of plain values")
}

fn lay_over(below: &mut Table, above: &Table) {
    for (key, value) in above {
        match (below.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            _ => {
                below.insert(key.clone(), value.clone());
            }
        }
    }
}

fn read<P: Product>(table: Table, origin: &Origin) -> Result<Settings<P::Settings>, SettingsError> {
    serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
        let key = error.path().to_string();
        let reason = error.inner().message().to_owned();
        let origin = origin.to_string();
        match reason.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
            Some((unknown, rest)) => {
                SettingsError::UnknownKey { origin, key, way_out: way_out(unknown, rest) }
            }
            None => SettingsError::Value { origin, key, reason },
        }
    })
}

/// What to write instead of an unknown key, from the rest of serde's message, which lists the
/// known ones between back quotes.
fn way_out(unknown: &str, rest: &str) -> String {
    let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    match nearest(unknown, known.iter().copied()) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None if known.is_empty() => "there are none here".to_owned(),
        None => format!("there are {}", known.join(", ")),
    }
}

/// The name that somebody who wrote `text` most likely meant, if any is near.
pub(super) fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::jaro_winkler(text, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
