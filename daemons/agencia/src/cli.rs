//! The command line.

mod trips;
mod backup;
mod keys;

pub(crate) use backup::{Backup, Restore};
pub(crate) use keys::{Keys, KeysAction, Renewable};
pub(crate) use trips::{Audit, ForceRelease, InDoubt, Trip, TripName, Trips};

use agencia_protocol::{Day, Limit, OfferId, People, Place};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

const EXIT_CODES: &str =
    "Exit codes: 0 done; 1 refused or failed; 2 wrong usage; 78 wrong settings";

/// Runs and asks the daemons of the agency.
#[derive(Debug, Parser)]
#[command(name = "agencia", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// File that says where the daemons are [default: /etc/agencia/pares.toml, or else 127.0.0.1,
    /// ports 5050 to 5052]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) peers: Option<PathBuf>,
    /// Folder of this host's keys and certificates [default: /etc/agencia/keys]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) keys: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Up(Up),
    Import(Import),
    Search(Search),
    Status(Status),
    Demo(Demo),
    Trips(Trips),
    Trip(Trip),
    Indoubt(InDoubt),
    Audit(Audit),
    ForceRelease(ForceRelease),
    Backup(Backup),
    Restore(Restore),
    Keys(Keys),
    #[command(hide = true)]
    Run(RunProgram),
}

/// Starts daemons and web clients, with inventory made for them when there is none
///
/// Everything runs as children of this command, which prints their lines, restarts what dies and
/// stops all in order on Ctrl-C. Daemons listen where --peers says; a copy on another machine runs
/// with --only web and the same file.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Up {
    /// Folder for state: what was sold, keys, inventory
    #[arg(long, value_name = "DIR", default_value = "var")]
    pub(crate) dir: PathBuf,
    /// Folder of the inventory files [default: inventory in DIR]
    #[arg(long, value_name = "DIR")]
    pub(crate) inventory: Option<PathBuf>,
    /// Folder of the settings files, NAME.toml and NAME.d, and of pares.toml [default: etc/agencia
    /// if that is there, as in a clone, or else /etc/agencia]
    #[arg(long, value_name = "DIR")]
    pub(crate) etc: Option<PathBuf>,
    /// Start only these
    #[arg(long, value_name = "WHICH")]
    pub(crate) only: Option<Only>,
    /// Port of a web client; may be repeated [default: 5000 5001]
    #[arg(long = "port", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) ports: Vec<u16>,
    /// What daemons and web clients log: off, error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    /// The daemons
    Daemons,
    /// The web clients
    Web,
}

/// Checks an inventory file and puts it in force
///
/// The file is checked whole before anything changes. A running daemon takes it over at once,
/// bookings kept, or refuses it by name; for one that does not run it is put in place.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Import {
    /// The daemon: voos, hospedagens or passeios
    #[arg(value_parser = crate::programs::daemon_names())]
    pub(crate) daemon: String,
    /// The inventory: a JSON array, or CSV with the same columns if its name ends in .csv
    pub(crate) file: PathBuf,
    /// The inventory file in force [default: what the daemon's settings say]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dir", "config"])]
    pub(crate) inventory: Option<PathBuf>,
    /// The --dir of an `agencia up`, whose inventory it is
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    pub(crate) dir: Option<PathBuf>,
    /// The daemon's settings file [default: /etc/agencia/DAEMON.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Take a file without a record: everything is withdrawn from sale
    #[arg(long)]
    pub(crate) empty: bool,
}

/// Searches as a traveller would
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Search {
    #[command(subcommand)]
    pub(crate) what: SearchWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SearchWhat {
    /// Flights to an airport and back
    #[command(after_help = EXIT_CODES)]
    Passagem {
        /// Airport to fly to, by its full name
        #[arg(long, value_name = "AIRPORT", value_parser = place)]
        to: Place<'static>,
        /// Day of flying there, as 2026-12-24
        #[arg(long, value_parser = day)]
        date: Day,
        /// Day of flying back
        #[arg(long = "return", value_name = "DATE", value_parser = day)]
        back: Option<Day>,
        #[command(flatten)]
        page: PageOptions,
    },
    /// Rooms of a city
    #[command(after_help = EXIT_CODES)]
    Hospedar {
        /// City, by its full name, as "Altamira (PA)"
        #[arg(long, value_parser = place)]
        city: Place<'static>,
        /// First night, as 2026-12-24
        #[arg(long, value_parser = day)]
        date: Day,
        /// Day of leaving; one night without it
        #[arg(long = "return", value_name = "DATE", value_parser = day)]
        back: Option<Day>,
        #[command(flatten)]
        page: PageOptions,
    },
    /// Tours of a city
    #[command(after_help = EXIT_CODES)]
    Passeio {
        /// City, by its full name, as "Altamira (PA)"
        #[arg(long, value_parser = place)]
        city: Place<'static>,
        /// Day, as 2026-12-24
        #[arg(long, value_parser = day)]
        date: Day,
        #[command(flatten)]
        page: PageOptions,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PageOptions {
    /// For how many people
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) people: People,
    /// How the list is sorted
    #[arg(long, value_name = "ORDER", default_value = "time")]
    pub(crate) order: OrderOption,
    /// How many offers at most
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<Limit>,
    /// The offer after which to go on
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<OfferId>,
    /// Print the daemon's answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderOption {
    /// By time, then price
    Time,
    /// By price, then time
    Price,
}

/// Tells how every daemon is; exit code 1 when one is down
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Status {
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Makes demonstration offers for daemons without inventory, and clears them
///
/// Only what was made here is ever cleared or replaced; an inventory of your own stays.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Demo {
    #[command(subcommand)]
    pub(crate) what: DemoWhat,
    /// Settings file, with its folder beside it [default: /etc/agencia/mocks.toml and mocks.d]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// The --dir of an `agencia up`, whose inventory it is
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum DemoWhat {
    /// Give every daemon that has no inventory its first one: demonstration offers, or nothing on
    /// sale, as the settings say
    #[command(after_help = EXIT_CODES)]
    Fill,
    /// Turn the setting off and take the demonstration offers off sale; bookings are kept
    #[command(after_help = EXIT_CODES)]
    Off,
    /// Turn the setting on and put new demonstration offers on sale where there were some before
    #[command(after_help = EXIT_CODES)]
    On,
}

/// Runs a daemon or a web client in this process
#[derive(Debug, Args)]
pub(crate) struct RunProgram {
    /// The program
    pub(crate) name: String,
    /// End with this process, which must be the parent
    #[arg(long, value_name = "PID")]
    pub(crate) parent: Option<u32>,
    /// What the program is told
    #[arg(last = true)]
    pub(crate) args: Vec<OsString>,
}

fn day(text: &str) -> Result<Day, &'static str> {
    Day::from_iso(text).ok_or("a day is written as 2026-12-24, and must exist")
}

fn place(text: &str) -> Result<Place<'static>, &'static str> {
    Place::new(text.to_owned()).ok_or("a place has a name of 1 to 200 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    /// The words of every command that is shown, of those within it, and so on.
    fn commands(command: &clap::Command, words: &[String]) -> Vec<Vec<String>> {
        let shown = command.get_subcommands().filter(|inner| !inner.is_hide_set());
        let inner = shown.flat_map(|inner| {
            let name = inner.get_name().to_owned();
            commands(inner, &[words, &[name]].concat())
        });
        std::iter::once(words.to_vec()).chain(inner).collect()
    }

    #[test]
    fn every_help_tells_the_exit_codes() {
        let commands = commands(&Cli::command(), &["agencia".to_owned()]);
        assert!(commands.iter().any(|words| words[1..] == ["keys", "renew"]), "{commands:?}");
        for words in commands {
            let asked = words.iter().map(String::as_str).chain(["--help"]);
            let error = Cli::try_parse_from(asked).unwrap_err();
            assert!(error.to_string().contains("78 wrong settings"), "{words:?}: {error}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_way_out() {
        for (line, expected) in [
            ("search passagem --to X --date 2026-02-30", "a day is written as 2026-12-24"),
            ("search passeio --city  --date 2026-02-03", "a value is required"),
            ("search hospedar --city X --date 2026-12-24 --people 0", "de 1 a 999"),
            ("import carros x.json", "possible values: voos, hospedagens, passeios"),
            ("trip VA9AA", "by the six characters of its locator"),
            ("trips --csv --json", "cannot be used with"),
            ("force-release 0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11", "--reason <TEXT>"),
            (
                "force-release 0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11 --reason=",
                "a reason has 1 to 500",
            ),
            ("keys export daemon x", "possible values: web, servidor, administrador"),
            ("keys renew chave", "possible values: autoridade, web, servidor, administrador"),
            ("up --port 0", "0 is not in 1..=65535"),
            ("up --only all", "possible values: daemons, web"),
        ] {
            let words =
                ["agencia"].into_iter().chain(line.split(' ').filter(|word| !word.is_empty()));
            let error = Cli::try_parse_from(words).unwrap_err().to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
