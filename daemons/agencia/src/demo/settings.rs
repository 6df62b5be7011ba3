//! `mocks.toml` and `mocks.d/`: whether a fresh system gets demonstration offers, and how many.

use crate::error::CommandError;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use toml::Table;

/// Where they are when no flag says otherwise.
const FILE: &str = "/etc/agencia/mocks.toml";

/// The file of the folder that `on` and `off` write.
const TURNED: &str = "50-demo.toml";

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DemoSettings {
    /// Whether there are demonstration offers.
    pub(super) demo: bool,
    /// How many days have them.
    pub(super) days: u32,
    /// How many times the real places there are.
    pub(super) scale: u32,
}

impl Default for DemoSettings {
    fn default() -> Self {
        Self { demo: true, days: 180, scale: 1 }
    }
}

impl DemoSettings {
    /// Reads the file and its folder; the default file may be missing, one that was named may not.
    ///
    /// # Errors
    /// The first file that cannot be read or is wrong, with the key.
    pub(super) fn load(named: Option<&Path>) -> Result<Self, CommandError> {
        let mut merged = Table::new();
        let mut last = named.unwrap_or(Path::new(FILE)).to_owned();
        for path in files(named)? {
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            let table = read::<Table>(&text, &path)?;
            // Alone, so that an error names the file that it is in.
            read::<Self>(&text, &path)?.check(&path)?;
            merged.extend(table);
            last = path;
        }
        let settings: Self = read(&merged.to_string(), &last)?;
        Ok(settings)
    }

    fn check(&self, path: &Path) -> Result<(), CommandError> {
        let Self { days, scale, .. } = *self;
        for (key, value, max) in
            [("days", days, agencia_mocks::DAYS_MAX), ("scale", scale, agencia_mocks::SCALE_MAX)]
        {
            if !(1..=max).contains(&value) {
                let reason = format!("{key} is {value}, and can be 1 to {max}");
                return Err(CommandError::DemoSettings { path: path.to_owned(), reason });
            }
        }
        Ok(())
    }

    /// What a daemon is given, in words.
    pub(super) fn what(&self) -> &'static str {
        if self.demo { "demonstration offers" } else { "nothing on sale until `agencia import`" }
    }
}

/// What `demo` is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turned {
    On,
    Off,
}

impl std::fmt::Display for Turned {
    /// As TOML has it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::On => "true",
            Self::Off => "false",
        })
    }
}

/// Writes a file of the folder that sets `demo`, and gives its path.
pub(super) fn write(named: Option<&Path>, turned: Turned) -> Result<PathBuf, CommandError> {
    // A setting that is wrong anywhere is told before anything changes.
    DemoSettings::load(named)?;
    let folder = named.unwrap_or(Path::new(FILE)).with_extension("d");
    let path = folder.join(TURNED);
    let text = format!("# Written by `agencia demo`.\ndemo = {turned}\n");
    // Whatever root's umask is, the user of the daemons reads it, as all settings.
    let readable = fs::Permissions::from_mode(0o644);
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&path, text))
        .and_then(|()| fs::set_permissions(&path, readable))
        .map_err(|error| super::cannot("write", &path, error))?;
    Ok(path)
}

/// The files to read, in order. The default file may be missing, one that was named may not.
fn files(named: Option<&Path>) -> Result<Vec<PathBuf>, CommandError> {
    let main = named.unwrap_or(Path::new(FILE));
    let mut files = Vec::new();
    if named.is_some() || main.exists() {
        files.push(main.to_owned());
    }
    let folder = main.with_extension("d");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(files),
        Err(error) => return Err(unreadable(&folder, error)),
    };
    let mut parts = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(&folder, error))?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            parts.push(path);
        }
    }
    parts.sort();
    files.append(&mut parts);
    Ok(files)
}

fn read<T: serde::de::DeserializeOwned>(text: &str, path: &Path) -> Result<T, CommandError> {
    toml::from_str(text).map_err(|error| {
        let reason = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        CommandError::DemoSettings { path: path.to_owned(), reason }
    })
}

fn unreadable(path: &Path, source: std::io::Error) -> CommandError {
    CommandError::File { path: path.to_owned(), doing: "read", source, way_out: "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../../etc/agencia/mocks.toml");

    #[test]
    fn the_shipped_file_sets_nothing_and_explains_every_default() {
        assert!(toml::from_str::<Table>(SHIPPED).unwrap().is_empty());
        let setting = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest.to_owned() + "\n",
            _ => String::new(),
        };
        let uncommented: String = SHIPPED.lines().map(setting).collect();
        let shipped: Table = toml::from_str(&uncommented).unwrap();
        assert_eq!(shipped, Table::try_from(DemoSettings::default()).unwrap());
    }

    fn load(main: &str, part: &str) -> Result<DemoSettings, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mocks.toml");
        fs::write(&file, main).unwrap();
        fs::create_dir(folder.path().join("mocks.d")).unwrap();
        fs::write(folder.path().join("mocks.d/a.toml"), part).unwrap();
        DemoSettings::load(Some(&file)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_folder_is_read_after_the_file() {
        let expected = DemoSettings { demo: false, days: 7, scale: 1 };
        assert_eq!(load("demo = true\ndays = 7", "demo = false"), Ok(expected));
    }

    #[test]
    fn a_wrong_setting_names_file_and_key() {
        for (main, part, named, key) in [
            ("demos = true", "", "mocks.toml", "demos"),
            ("", "day = 1", "mocks.d/a.toml", "day"),
            ("days = 0", "", "mocks.toml", "1 to 3660"),
            ("days = 3661", "", "mocks.toml", "1 to 3660"),
            ("", "scale = 1001", "mocks.d/a.toml", "1 to 1000"),
        ] {
            let error = load(main, part).unwrap_err();
            assert!(error.contains(named) && error.contains(key), "{error}");
        }
        assert!(load("days = 3660\nscale = 1000", "days = 1").is_ok());
    }
}
