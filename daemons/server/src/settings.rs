//! The settings of a daemon, valid once they exist.
//!
//! They come in layers, each over the one before: built-in defaults, `/etc/agencia/NAME.toml`,
//! `/etc/agencia/NAME.d/*.toml` in the order of their names, the environment, flags. A variable
//! is `AGENCIA_NAME_KEY`, with two underscores where a table is entered and commas in a list:
//! `AGENCIA_VOOS_LISTEN=127.0.0.1:5050,[::1]:5050`, `AGENCIA_VOOS_LIMITS__CONNECTIONS_MAX=100`.
//!
//! Every layer is checked by itself against the whole schema before any is merged, so that an
//! error names the file, the variable or the flag that it stands in.

mod trips;
mod value;
mod layers;
mod error;

pub use error::SettingsError;
pub use trips::{RefundRule, Trips};

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

/// The folder of the state of an installed host, in which every program has one of its own.
pub const STATE_FOLDER: &str = "/var/lib/agencia";

/// The name of a ledger in its daemon's folder of state.
pub const LEDGER_FILE: &str = "livro.sqlite";

/// Beside the folders of all daemons' ledgers.
const KEY_FILE: &str = "../chave";

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
    /// The file of the key that the agency's daemons share, as seen from the folder of the
    /// ledger. It is made when there is none.
    #[serde(deserialize_with = "value::path")]
    pub key_file: PathBuf,
    /// The folder of the keys and certificates of this host.
    #[serde(deserialize_with = "value::path")]
    pub keys: PathBuf,
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
    /// How trips are booked.
    pub trips: Trips,
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
    /// Orders that may wait for the ledger; one more is told `ocupado`.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub ledger_queue_max: usize,
    /// Orders that may share a commit.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 100_000>")]
    pub ledger_batch_max: usize,
    /// The bytes of replies from which on they are sent before all requests that were read
    /// together are answered.
    #[serde(deserialize_with = "value::whole::<_, _, 4_096, 16_777_216>")]
    pub reply_bytes_flush: usize,
    /// Bytes that are kept in reserve, so that what was begun can be finished on a full disk.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 1_073_741_824>")]
    pub ballast_bytes: u64,
    /// Trips that may have a part held or pinned here; one more is told `ocupado`.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 10_000_000>")]
    pub holds_max: usize,
    /// Those of them that one visitor may have.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 10_000_000>")]
    pub holds_per_visitor_max: usize,
    /// Those of them that visitors from one address may have.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 10_000_000>")]
    pub holds_per_address_max: usize,
    /// Units that the trips of one visitor may hold here together.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000_000>")]
    pub units_held_per_visitor_max: u64,
    /// Units that the trips of visitors from one address may hold here together.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000_000>")]
    pub units_held_per_address_max: u64,
    /// Wrong surnames for one locator, in the time that `trips.guess_secs` says; then it is shown
    /// to nobody for a while.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub guesses_per_locator_max: u32,
    /// Wrong locators and surnames from one address, in that time.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub guesses_per_address_max: u32,
    /// Trips that are settled with each other daemon at the same time.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 10_000>")]
    pub settling_max: usize,
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
    /// For another daemon to accept a connection.
    #[serde(rename = "peer_connect_secs", with = "value::secs")]
    pub peer_connect: Duration,
    /// For another daemon to reply.
    #[serde(rename = "peer_reply_secs", with = "value::secs")]
    pub peer_reply: Duration,
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
            ballast_bytes: 8_388_608,
            holds_max: 100_000,
            holds_per_visitor_max: 5,
            holds_per_address_max: 50,
            units_held_per_visitor_max: 400,
            units_held_per_address_max: 4_000,
            guesses_per_locator_max: 5,
            guesses_per_address_max: 20,
            settling_max: 256,
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
            peer_connect: Duration::from_secs(2),
            peer_reply: Duration::from_secs(5),
        }
    }
}

impl<S: Default> Settings<S> {
    /// The built-in settings of a product.
    pub fn defaults<P: Product<Settings = S>>() -> Self {
        let state = Path::new(STATE_FOLDER).join(P::NAME);
        Self {
            listen: vec![(Ipv4Addr::LOCALHOST, P::PORT).into()],
            inventory: state.join("inventario.json"),
            state,
            peers: default_peers(),
            key_file: KEY_FILE.into(),
            keys: agencia_client::tls::names::FOLDER.into(),
            time_zone: chrono_tz::America::Sao_Paulo,
            capacity_default: P::CAPACITY_DEFAULT,
            locator_letter: P::LOCATOR_LETTER,
            threads: 0,
            log: LevelFilter::Info,
            limits: Limits::default(),
            deadlines: Deadlines::default(),
            trips: Trips::default(),
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
        for (less, more) in settings.pairs() {
            check_pair(layers, &less, &more)?;
        }
        Ok(settings)
    }

    /// Settings of which the first of each pair may not be above the second.
    fn pairs(&self) -> [(Pairing, Pairing); 3] {
        let Self { limits, trips, .. } = self;
        let number = |key, value: u32| Pairing { key, value: f64::from(value) };
        let time = |key, value: Duration| Pairing { key, value: value.as_secs_f64() };
        [
            (
                number(["limits", "results_default"], limits.results_default),
                number(["limits", "results_max"], limits.results_max),
            ),
            (
                time(["trips", "hold_secs_max"], trips.hold_max),
                time(["trips", "held_in_all_secs_max"], trips.held_in_all_max),
            ),
            (
                time(["trips", "ask_first_secs"], trips.ask_first),
                time(["trips", "ask_pause_secs_max"], trips.ask_pause_max),
            ),
        ]
    }

    /// The file of the daemons' key.
    pub fn key_path(&self) -> PathBuf {
        self.state.join(&self.key_file)
    }

    /// The file of the daemons' key that is in force: beside the certificates if it is there.
    pub fn key_in_force(&self) -> PathBuf {
        use agencia_client::tls::{Keys, names};
        let keys = Keys::of_this_process(&self.keys);
        match keys.read(names::RECEIPT_KEY) {
            Ok(Some(_)) if self.has_default_key_path() => keys.path(names::RECEIPT_KEY),
            _ => self.key_path(),
        }
    }

    /// Whether nobody has said where that is.
    pub fn has_default_key_path(&self) -> bool {
        self.key_file == Path::new(KEY_FILE)
    }

    /// Whether nobody has said where the other daemons are.
    pub fn has_default_peers(&self) -> bool {
        self.peers == default_peers()
    }

    /// The ledger's file.
    pub fn ledger(&self) -> PathBuf {
        self.state.join(LEDGER_FILE)
    }

    /// How many threads serve connections.
    pub fn threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

/// A setting that is compared with another.
struct Pairing {
    key: [&'static str; 2],
    value: f64,
}

fn check_pair(layers: &[Layer], less: &Pairing, more: &Pairing) -> Result<(), SettingsError> {
    if less.value <= more.value {
        return Ok(());
    }
    let origin = layers::last_to_set(layers, &more.key)
        .or(layers::last_to_set(layers, &less.key))
        .map_or(Origin::Default, |layer| layer.origin.clone());
    let (key, above) = (less.key.join("."), more.key.join("."));
    let reason = format!(
        "{} is more than {above}, which is {}: lower the first or raise the second",
        less.value, more.value
    );
    Err(SettingsError::Value { origin: origin.to_string(), key, reason })
}

fn default_peers() -> PathBuf {
    Path::new(FOLDER).join("pares.toml")
}

#[cfg(test)]
mod tests;
