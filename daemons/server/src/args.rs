//! The flags of a daemon, read by clap and turned into a layer of settings each.

use crate::settings::{Layer, Origin};
use clap::{CommandFactory, FromArgMatches, Parser};
use std::ffi::OsString;
use std::path::PathBuf;
use toml::Value;

/// The flags. Those that say what a setting says win over every file and variable.
#[derive(Debug, Clone, Default, Parser)]
#[command(version, disable_help_subcommand = true)]
pub struct Flags {
    /// Settings file, with its folder FILE.d beside it [default: /etc/agencia/NAME.toml and NAME.d]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address to listen on; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub listen: Vec<String>,
    /// Inventory file, JSON or CSV by its ending
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<String>,
    /// Folder of the ledger
    #[arg(long, value_name = "DIR")]
    pub state: Option<String>,
    /// File that says where the daemons are
    #[arg(long, value_name = "FILE")]
    pub peers: Option<String>,
    /// Folder of keys and certificates
    #[arg(long, value_name = "DIR")]
    pub keys: Option<String>,
    /// What is logged: off, error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL")]
    pub log: Option<String>,
    /// Check the settings and exit
    #[arg(long)]
    pub check: bool,
    /// Have the running daemon with this process id read its settings and inventory again, and say
    /// what came of it; for ExecReload= of its unit
    #[arg(long, value_name = "PID")]
    pub reload: Option<i32>,
}

impl Flags {
    /// Reads the arguments of the daemon with this name; the first is the program's own.
    ///
    /// # Errors
    /// What clap says; also for `--help` and `--version`.
    pub fn read(name: &str, args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut matches = Self::command_of(name).try_get_matches_from(args)?;
        Self::from_arg_matches_mut(&mut matches)
    }

    /// The command line of the daemon with this name.
    pub fn command_of(name: &str) -> clap::Command {
        let program = format!("agencia-{name}");
        Self::command().display_name(program.clone()).bin_name(program)
    }

    /// The layers of those flags that were given.
    pub(crate) fn layers(&self) -> Vec<Layer> {
        let listen = (!self.listen.is_empty())
            .then(|| Value::Array(self.listen.iter().cloned().map(Value::String).collect()));
        let text = |value: &Option<String>| value.clone().map(Value::String);
        [
            ("--listen", "listen", listen),
            ("--inventory", "inventory", text(&self.inventory)),
            ("--state", "state", text(&self.state)),
            ("--peers", "peers", text(&self.peers)),
            ("--keys", "keys", text(&self.keys)),
            ("--log", "log", text(&self.log)),
        ]
        .into_iter()
        .filter_map(|(flag, key, value)| {
            Some(Layer::of_key(Origin::Flag(flag), std::iter::once(key), value?))
        })
        .collect()
    }
}
