//! Settings: defaults, then `web.toml`, then `web.d/*.toml`, then `AGENCIA_WEB_…`, then flags.
//!
//! Each source is checked alone before they are merged, because only then can an error say in
//! which file the wrong key stands.

use agencia_protocol::trip::HOLD_SECS_MAX;
use clap::Parser;
use config::{Config, Environment, File, FileFormat};
use serde::{Deserialize, Deserializer, Serialize};
use std::ffi::OsString;
use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Where the settings are when no flag says otherwise.
pub(crate) const CONFIG_FILE: &str = "/etc/agencia/web.toml";

/// The shortest and the longest time: a day, as for the daemons.
const SECS: RangeInclusive<u64> = 1..=86_400;
const MILLIS: RangeInclusive<u64> = 1..=86_400_000;

/// In the folder of what outlives the process.
const KEY_FILE: &str = "chave";

/// The pages of the agency: searches, choices and purchases over its three daemons.
#[derive(Debug, Parser)]
#[command(name = "agencia-web", version)]
pub(crate) struct Flags {
    /// Port to listen on
    #[arg(long)]
    port: Option<u16>,
    /// IP address to listen on, instead of all; may be repeated
    #[arg(long, value_name = "ADDR")]
    listen: Vec<IpAddr>,
    /// File that says where the daemons are
    #[arg(long, value_name = "FILE")]
    peers: Option<PathBuf>,
    /// Settings file; a folder with the extension .d beside it is read after it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Check the settings and exit
    #[arg(long)]
    pub(crate) check: bool,
    /// Have the running web client with this process id read its settings again, and say what came
    /// of it; for ExecReload= of its unit
    #[arg(long, value_name = "PID")]
    pub(crate) reload: Option<i32>,
    /// What to log: off, error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
    /// Directory for what must outlive the process
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Folder of this host's keys and certificates
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
}

impl Flags {
    /// Reads the command line, whose first word is the program.
    pub(crate) fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(args)
    }
}

/// Everything that an operator may set. `etc/agencia/web.toml` explains each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    pub(crate) port: u16,
    pub(crate) listen: Vec<IpAddr>,
    pub(crate) peers: PathBuf,
    pub(crate) state: PathBuf,
    /// As seen from `state`.
    pub(crate) key_file: PathBuf,
    /// The folder of the keys and certificates of this host.
    pub(crate) keys: PathBuf,
    pub(crate) log: String,
    pub(crate) time_zone: chrono_tz_name::Zone,
    pub(crate) home_airport: String,
    pub(crate) http: Http,
    pub(crate) daemons: DaemonLimits,
    pub(crate) trips: Trips,
    pub(crate) pages: Pages,
    pub(crate) agency: Agency,
}

/// Limits of the HTTP side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Http {
    pub(crate) connections_max: NonZeroU32,
    pub(crate) head_secs: NonZeroU64,
    pub(crate) body_secs: NonZeroU64,
    pub(crate) write_secs: NonZeroU64,
    pub(crate) body_bytes_max: NonZeroUsize,
    pub(crate) uri_bytes_max: NonZeroUsize,
    pub(crate) drain_secs: NonZeroU64,
    pub(crate) trusted_proxies: Vec<IpAddr>,
}

/// Limits of the daemons' side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DaemonLimits {
    pub(crate) connections_max: NonZeroUsize,
    pub(crate) connect_millis: NonZeroU64,
    pub(crate) reply_millis: NonZeroU64,
    pub(crate) destinations_secs: u64,
}

/// How a trip is led.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Trips {
    #[serde(deserialize_with = "hold_secs")]
    pub(crate) hold_secs: u32,
    pub(crate) lead_millis: NonZeroU64,
    pub(crate) pause_millis: NonZeroU64,
}

/// Reads for how long a trip is held, which a daemon would refuse to hold for longer.
fn hold_secs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let secs = u32::deserialize(deserializer)?;
    match (1..=HOLD_SECS_MAX).contains(&secs) {
        true => Ok(secs),
        false => Err(serde::de::Error::custom(format!(
            "hold_secs is {secs}, expected a number from 1 to {HOLD_SECS_MAX}"
        ))),
    }
}

/// What a page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Pages {
    pub(crate) offers_max: NonZeroU32,
    pub(crate) places_max: usize,
}

/// Who sells: what stands in the footer and on the voucher. What is empty is not shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Agency {
    pub(crate) name: String,
    pub(crate) tax_number: String,
    pub(crate) phone: String,
    pub(crate) payment: String,
}

impl Default for Agency {
    fn default() -> Self {
        Self {
            name: "Agência de Turismo".into(),
            tax_number: String::new(),
            phone: String::new(),
            payment: String::new(),
        }
    }
}

/// A number that the source text shows not to be zero.
macro_rules! at_least_one {
    ($number:literal) => {
        const { std::num::NonZero::new($number).expect("not zero") }
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 5000,
            listen: Vec::new(),
            peers: "/etc/agencia/pares.toml".into(),
            state: "/var/lib/agencia/web".into(),
            key_file: KEY_FILE.into(),
            keys: agencia_client::tls::names::FOLDER.into(),
            log: "info".into(),
            time_zone: chrono_tz_name::Zone(chrono_tz::America::Sao_Paulo),
            home_airport: "Aeroporto Internacional de Confins - Tancredo Neves".into(),
            http: Http::default(),
            daemons: DaemonLimits::default(),
            trips: Trips::default(),
            pages: Pages::default(),
            agency: Agency::default(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            connections_max: at_least_one!(1024),
            head_secs: at_least_one!(15),
            body_secs: at_least_one!(10),
            write_secs: at_least_one!(10),
            body_bytes_max: at_least_one!(65536),
            uri_bytes_max: at_least_one!(8192),
            drain_secs: at_least_one!(20),
            trusted_proxies: Vec::new(),
        }
    }
}

impl Default for DaemonLimits {
    fn default() -> Self {
        Self {
            connections_max: at_least_one!(4),
            connect_millis: at_least_one!(1000),
            reply_millis: at_least_one!(3000),
            destinations_secs: 5,
        }
    }
}

impl Default for Trips {
    fn default() -> Self {
        Self { hold_secs: 900, lead_millis: at_least_one!(8000), pause_millis: at_least_one!(100) }
    }
}

impl Default for Pages {
    fn default() -> Self {
        Self { offers_max: at_least_one!(10), places_max: 300 }
    }
}

/// Why the settings cannot be used. The message names the source, the key and the way out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// A file that was asked for cannot be read.
    #[error("cannot read {}: {error}; mend the path or leave the flag out", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: std::io::Error,
    },
    /// A file does not fit the schema.
    #[error("{}: {message}; mend or remove that line (etc/agencia/web.toml explains every key)", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, naming the key.
        message: String,
    },
    /// A variable of the environment does not fit the schema.
    #[error("environment: {0}; mend or unset the variable AGENCIA_WEB_… of that key")]
    Environment(String),
    /// The whole does not fit together.
    #[error("settings: {0}")]
    Whole(String),
}

impl Settings {
    /// Merges all sources.
    ///
    /// # Errors
    /// The first source that is wrong.
    pub(crate) fn load(flags: &Flags) -> Result<Self, SettingsError> {
        let mut builder = Config::builder().add_source(as_source(&Self::default())?);
        for path in files(flags.config.as_deref())? {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| SettingsError::Unreadable { path: path.clone(), error })?;
            let alone = toml::from_str::<Self>(&text).map_err(|error| one_line(&error.to_string()));
            if let Err(message) = alone.and_then(|settings| settings.check()) {
                return Err(SettingsError::File { path, message });
            }
            builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
        }
        let environment = Environment::with_prefix("AGENCIA_WEB")
            .prefix_separator("_")
            .separator("__")
            .list_separator(",")
            .with_list_parse_key("listen")
            .with_list_parse_key("http.trusted_proxies")
            .try_parsing(true);
        let alone = Config::builder().add_source(environment.clone()).build();
        alone
            .and_then(Config::try_deserialize::<Self>)
            .map_err(|error| one_line(&error.to_string()))
            .and_then(|settings| settings.check())
            .map_err(SettingsError::Environment)?;
        let merged = builder.add_source(environment).build();
        let settings: Self = merged
            .and_then(Config::try_deserialize)
            .map_err(|error| SettingsError::Whole(one_line(&error.to_string())))?;
        let settings = settings.with(flags);
        settings.check().map_err(|error| SettingsError::Whole(format!("flags: {error}")))?;
        Ok(settings)
    }

    /// Checks that every number is within its limits, which its line in `web.toml` tells, and that
    /// `log` is a level.
    fn check(&self) -> Result<(), String> {
        let Self { http, daemons, trips, pages, log, .. } = self;
        if log.parse::<log::LevelFilter>().is_err() {
            return Err(format!("log is {log:?}, expected off, error, warn, info, debug or trace"));
        }
        let limited = [
            ("http.connections_max", http.connections_max.get().into(), 1..=1_000_000),
            ("http.head_secs", http.head_secs.get(), SECS),
            ("http.body_secs", http.body_secs.get(), SECS),
            ("http.write_secs", http.write_secs.get(), SECS),
            ("http.drain_secs", http.drain_secs.get(), SECS),
            ("http.body_bytes_max", http.body_bytes_max.get() as u64, 1..=16_777_216),
            ("http.uri_bytes_max", http.uri_bytes_max.get() as u64, 1..=65_536),
            ("daemons.connections_max", daemons.connections_max.get() as u64, 1..=1_000),
            ("daemons.connect_millis", daemons.connect_millis.get(), MILLIS),
            ("daemons.reply_millis", daemons.reply_millis.get(), MILLIS),
            ("daemons.destinations_secs", daemons.destinations_secs, 0..=*SECS.end()),
            ("trips.lead_millis", trips.lead_millis.get(), MILLIS),
            ("trips.pause_millis", trips.pause_millis.get(), MILLIS),
            ("pages.offers_max", pages.offers_max.get().into(), 1..=100_000),
            ("pages.places_max", pages.places_max as u64, 0..=100_000),
        ];
        match limited.iter().find(|(_, value, limits)| !limits.contains(value)) {
            Some((key, value, limits)) => {
                Err(format!("{key} is {value}, and can be {} to {}", limits.start(), limits.end()))
            }
            None => Ok(()),
        }
    }

    /// Becomes `read`, but for what only a restart changes. Gives the keys of that.
    pub(crate) fn take_over(&mut self, read: Self) -> Vec<&'static str> {
        let kept = Self {
            port: self.port,
            listen: self.listen.clone(),
            state: self.state.clone(),
            key_file: self.key_file.clone(),
            keys: self.keys.clone(),
            http: Http { connections_max: self.http.connections_max, ..read.http.clone() },
            ..read.clone()
        };
        let waiting = [
            ("port", read.port != kept.port),
            ("listen", read.listen != kept.listen),
            ("state", read.state != kept.state),
            ("key_file", read.key_file != kept.key_file),
            ("keys", read.keys != kept.keys),
            ("http.connections_max", read.http.connections_max != kept.http.connections_max),
        ];
        *self = kept;
        waiting.into_iter().filter(|(_, waits)| *waits).map(|(key, _)| key).collect()
    }

    /// The file of the key that all instances share.
    pub(crate) fn key_path(&self) -> PathBuf {
        self.state.join(&self.key_file)
    }

    /// Whether nobody has said where that is.
    pub(crate) fn has_default_key_file(&self) -> bool {
        self.key_file == Path::new(KEY_FILE)
    }

    fn with(self, flags: &Flags) -> Self {
        Self {
            port: flags.port.unwrap_or(self.port),
            listen: if flags.listen.is_empty() { self.listen } else { flags.listen.clone() },
            peers: flags.peers.clone().unwrap_or(self.peers),
            log: flags.log.clone().unwrap_or(self.log),
            state: flags.state.clone().unwrap_or(self.state),
            keys: flags.keys.clone().unwrap_or(self.keys),
            ..self
        }
    }
}

fn as_source(settings: &Settings) -> Result<Config, SettingsError> {
    Config::try_from(settings).map_err(|error| SettingsError::Whole(error.to_string()))
}

/// The files to read, in order. The default file may be missing, one that was named may not.
fn files(named: Option<&Path>) -> Result<Vec<PathBuf>, SettingsError> {
    let main = named.unwrap_or(Path::new(CONFIG_FILE));
    let mut files = Vec::new();
    if named.is_some() || main.exists() {
        files.push(main.to_owned());
    }
    let folder = main.with_extension("d");
    let unreadable = |error| SettingsError::Unreadable { path: folder.clone(), error };
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(files),
        Err(error) => return Err(unreadable(error)),
    };
    let mut parts = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            parts.push(path);
        }
    }
    parts.sort();
    files.append(&mut parts);
    Ok(files)
}

/// TOML errors draw the line they are about; a log line has no room for that.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A time zone by its name, which a wrong one is refused by.
pub(crate) mod chrono_tz_name {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// A zone of the IANA database.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub(crate) struct Zone(pub(crate) chrono_tz::Tz);

    impl Serialize for Zone {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(self.0.name())
        }
    }

    impl<'de> Deserialize<'de> for Zone {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let name = String::deserialize(deserializer)?;
            let unknown = |_| {
                serde::de::Error::custom(format!(
                    "time_zone {name:?} is not a time zone, expected one like America/Sao_Paulo"
                ))
            };
            name.parse().map(Self).map_err(unknown)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../etc/agencia/web.toml");

    #[test]
    fn the_shipped_file_sets_nothing_and_explains_every_default() {
        let empty: toml::Table = toml::from_str(SHIPPED).unwrap();
        assert!(empty.values().all(|value| value.as_table().is_some_and(toml::Table::is_empty)));
        let uncommented: String = SHIPPED
            .lines()
            .map(|line| {
                line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let shipped: toml::Table = toml::from_str(&uncommented).unwrap();
        let defaults = toml::Table::try_from(Settings::default()).unwrap();
        assert_eq!(shipped, defaults);
    }

    /// Checks that a number of a table may be this and not that, which is one past it.
    fn check(table: &str, key: &str, good: u64, bad: u64) {
        let read = |value: u64| {
            let text = format!("[{table}]\n{key} = {value}\n");
            let settings: Settings = toml::from_str(&text).map_err(|error| error.to_string())?;
            settings.check()
        };
        assert_eq!(read(good), Ok(()), "{table}.{key}");
        let refused = read(bad).unwrap_err();
        assert!(refused.contains(key), "{refused}");
        if good < bad {
            let (_, lines) = SHIPPED.split_once(&format!("\n[{table}]\n")).unwrap();
            let (told, _) = lines.split_once(&format!("\n#{key} = ")).unwrap();
            let told = told.rsplit("\n\n").next().unwrap();
            assert!(told.contains(&format!(" to {good}")), "{table}.{key}: {told}");
        }
    }

    #[test]
    fn every_number_has_its_limits() {
        for key in ["head_secs", "body_secs", "write_secs", "drain_secs"] {
            check("http", key, 86_400, 86_401);
            check("http", key, 1, 0);
        }
        check("http", "connections_max", 1_000_000, 1_000_001);
        check("http", "body_bytes_max", 16_777_216, 16_777_217);
        check("http", "uri_bytes_max", 65_536, 65_537);
        check("daemons", "connections_max", 1_000, 1_001);
        check("daemons", "destinations_secs", 86_400, 86_401);
        for (table, key) in [
            ("daemons", "connect_millis"),
            ("daemons", "reply_millis"),
            ("trips", "lead_millis"),
            ("trips", "pause_millis"),
        ] {
            check(table, key, 86_400_000, 86_400_001);
            check(table, key, 1, 0);
        }
        check("trips", "hold_secs", 86_400, 86_401);
        check("pages", "offers_max", 100_000, 100_001);
        check("pages", "places_max", 100_000, 100_001);
        // The largest that TOML can write.
        let text = "[http]\nhead_secs = 9223372036854775807\n";
        assert!(toml::from_str::<Settings>(text).unwrap().check().unwrap_err().contains("86400"));
    }
}
