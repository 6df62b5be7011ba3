//! The settings of a daemon, valid once they exist.
//!
//! They come in layers, each over the one before: built-in defaults, `/etc/agencia/NAME.toml`,
//! `/etc/agencia/NAME.d/*.toml` in the order of their names, the environment, flags. A variable
//! is `AGENCIA_NAME_KEY`, with two underscores where a table is entered and commas in a list:
//! `AGENCIA_VOOS_LISTEN=127.0.0.1:5050,[::1]:5050`, `AGENCIA_VOOS_LIMITS__CONNECTIONS_MAX=100`.
//!
//! Every layer is checked by itself against the whole schema before any is merged, so that an
//! error names the file, the variable or the flag that it stands in.

mod value;
mod layers;
mod error;

pub use error::SettingsError;

use crate::args::Flags;
use agencia_catalog::Product;
use chrono_tz::Tz;
pub(crate) use layers::{Layer, Origin};
use log::LevelFilter;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the administrator's files are.
const FOLDER: &str = "/etc/agencia";

/// All settings of a daemon; `S` are those of its product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings<S> {
    /// The addresses to listen on, at least one.
    #[serde(deserialize_with = "value::addresses")]
    pub listen: Vec<SocketAddr>,
    /// The inventory file: a JSON array, or CSV if its name ends so.
    #[serde(deserialize_with = "value::path")]
    pub inventory: PathBuf,
    /// The folder of the ledger.
    #[serde(deserialize_with = "value::path")]
    pub state: PathBuf,
    /// The file that says where the daemons are.
    #[serde(deserialize_with = "value::path")]
    pub peers: PathBuf,
    /// The agency's time zone.
    #[serde(with = "value::time_zone")]
    pub time_zone: Tz,
    /// The units of an offer whose record gives none, 1 to 65,535.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 65_535>")]
    pub capacity_default: u16,
    /// The first letter of locators, which no other daemon of the agency has.
    #[serde(deserialize_with = "value::locator_letter")]
    pub locator_letter: char,
    /// How many threads serve connections; 0 is one for each core.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 256>")]
    pub threads: usize,
    /// What is logged.
    #[serde(with = "value::level")]
    pub log: LevelFilter,
    /// How much of everything there may be.
    pub limits: Limits,
    /// How long a peer may take.
    pub deadlines: Deadlines,
    /// What only this product has. Its type is a struct, with `serde(deny_unknown_fields)`.
    pub product: S,
}

/// How much of everything there may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The largest body of a request, in bytes.
    #[serde(deserialize_with = "value::whole::<_, _, 1_024, 1_000_000_000>")]
    pub frame_bytes_max: usize,
    /// Connections open at the same time; one more is told `ocupado` and closed.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub connections_max: u64,
    /// Offers in a list when the request says nothing.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 100_000>")]
    pub results_default: u32,
    /// Offers in a list whatever the request says.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 100_000>")]
    pub results_max: u32,
    /// Purchases that may wait for the ledger; one more is told `ocupado`.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub ledger_queue_max: usize,
    /// Purchases that may share a commit.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 100_000>")]
    pub ledger_batch_max: usize,
    /// The bytes of replies from which on they are sent before all requests that were read
    /// together are answered.
    #[serde(deserialize_with = "value::whole::<_, _, 4_096, 16_777_216>")]
    pub reply_bytes_flush: usize,
}

/// How long a peer may take. In the files these are seconds, 0.001 to 86,400, with fractions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadlines {
    /// For a header, from its first byte.
    #[serde(rename = "header_secs", with = "value::secs")]
    pub header: Duration,
    /// For a body, from its header.
    #[serde(rename = "body_secs", with = "value::secs")]
    pub body: Duration,
    /// Between two requests, for peers from other hosts.
    #[serde(rename = "idle_secs", with = "value::secs")]
    pub idle: Duration,
    /// For a peer to take more of its replies.
    #[serde(rename = "write_secs", with = "value::secs")]
    pub write: Duration,
    /// For everything in flight when the daemon is told to stop.
    #[serde(rename = "drain_secs", with = "value::secs")]
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes_max: 65_536,
            connections_max: 4_096,
            results_default: 1_000,
            results_max: 1_000,
            ledger_queue_max: 4_096,
            ledger_batch_max: 256,
            reply_bytes_flush: 262_144,
        }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(5),
            body: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            write: Duration::from_secs(10),
            drain: Duration::from_secs(30),
        }
    }
}

impl<S: Default> Settings<S> {
    /// The built-in settings of a product.
    pub fn defaults<P: Product<Settings = S>>() -> Self {
        let state = PathBuf::from(format!("/var/lib/agencia/{}", P::NAME));
        Self {
            listen: vec![(Ipv4Addr::LOCALHOST, P::PORT).into()],
            inventory: state.join("inventario.json"),
            state,
            peers: Path::new(FOLDER).join("pares.toml"),
            time_zone: chrono_tz::America::Sao_Paulo,
            capacity_default: P::CAPACITY_DEFAULT,
            locator_letter: P::LOCATOR_LETTER,
            threads: 0,
            log: LevelFilter::Info,
            limits: Limits::default(),
            deadlines: Deadlines::default(),
            product: S::default(),
        }
    }
}

impl<S> Settings<S> {
    /// Gathers, checks and merges all layers.
    ///
    /// # Errors
    /// The first layer that cannot be read or is wrong, with what is wrong and the way out.
    pub fn load<P: Product<Settings = S>>(
        flags: &Flags,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        let file = flags.config.clone();
        let default = || Path::new(FOLDER).join(format!("{}.toml", P::NAME));
        let mut layers = layers::files(file.as_deref(), default)?;
        layers.extend(layers::variables::<P>(environment)?);
        layers.extend(flags.layers());
        Self::merge::<P>(&layers)
    }

    /// The settings that one file alone gives, whatever its name.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_file<P: Product<Settings = S>>(path: &Path) -> Result<Self, SettingsError> {
        Self::merge::<P>(&[layers::file(path)?])
    }

    fn merge<P: Product<Settings = S>>(layers: &[Layer]) -> Result<Self, SettingsError> {
        for layer in layers {
            layer.check::<P>()?;
        }
        let settings: Self = layers::merge::<P>(layers)?;
        let limits = &settings.limits;
        if limits.results_default > limits.results_max {
            let origin = layers::last_to_set(layers, &["limits", "results_max"])
                .or(layers::last_to_set(layers, &["limits", "results_default"]))
                .map_or(Origin::Default, |layer| layer.origin.clone());
            return Err(SettingsError::Value {
                origin: origin.to_string(),
                key: "limits.results_default".to_owned(),
                reason: format!(
                    "{} is more than limits.results_max, which is {}: lower the first or raise \
                     the second",
                    limits.results_default, limits.results_max
                ),
            });
        }
        Ok(settings)
    }

    /// The ledger's file.
    pub fn ledger(&self) -> PathBuf {
        self.state.join("livro.sqlite")
    }

    /// How many threads serve connections.
    pub fn threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

#[cfg(test)]
mod tests;
