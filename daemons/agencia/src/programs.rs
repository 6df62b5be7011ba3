//! What `up` can start and `import` can feed: one row for each daemon, and the web client.
//!
//! A fourth kind of product is one more row here.

use crate::cli::RunProgram;
use crate::error::CommandError;
use crate::import;
use crate::trips::sold;
use agencia_catalog::Product;
use agencia_server::{Flags, LEDGER_FILE, Settings};
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A daemon.
pub(crate) struct Daemon {
    /// Its name: that of its folder, its settings file and its unit.
    pub(crate) name: &'static str,
    /// The name of its inventory in the folder of `up`.
    pub(crate) inventory: &'static str,
    /// The action of its search.
    pub(crate) search: &'static str,
    /// Where its settings say that its files are; without a settings file, the default ones.
    pub(crate) files: fn(Option<&Path>) -> Result<Files, CommandError>,
    /// Checks an inventory file and writes it as JSON.
    pub(crate) stage: import::Stage,
    /// Reads a record that was sold.
    pub(crate) sold: sold::Read,
    run: fn(Vec<OsString>) -> ExitCode,
}

/// Where the files of a daemon are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    /// The inventory in force.
    pub(crate) inventory: PathBuf,
    /// The ledger.
    pub(crate) ledger: PathBuf,
    /// The key that the daemons share.
    pub(crate) key: PathBuf,
    /// The file that says where the daemons are.
    pub(crate) peers: PathBuf,
}

/// All daemons, in the order in which they are started.
pub(crate) static DAEMONS: [Daemon; 3] = [
    Daemon::of::<agencia_voos::Flights>(agencia_mocks::FLIGHTS_FILE, sold::flight, |args| {
        agencia_voos::run(args)
    }),
    Daemon::of::<agencia_hospedagens::Stays>(agencia_mocks::STAYS_FILE, sold::stay, |args| {
        agencia_hospedagens::run(args)
    }),
    Daemon::of::<agencia_passeios::Tours>(agencia_mocks::TOURS_FILE, sold::tour, |args| {
        agencia_passeios::run(args)
    }),
];

/// The name of the web client.
pub(crate) const WEB: &str = "web";

/// What a key is called that programs have made for themselves.
const OWN_KEY: &str = "chave";

/// The key that daemons have made for themselves, in a folder of state.
pub(crate) fn receipt_key(state: &Path) -> PathBuf {
    state.join(OWN_KEY)
}

/// The same of the web clients.
pub(crate) fn web_key(state: &Path) -> PathBuf {
    state.join(WEB).join(OWN_KEY)
}

impl Daemon {
    const fn of<P: Product>(
        inventory: &'static str,
        sold: sold::Read,
        run: fn(Vec<OsString>) -> ExitCode,
    ) -> Self {
        Self {
            name: P::NAME,
            inventory,
            search: P::SEARCH,
            files: files::<P>,
            stage: import::stage::<P>,
            sold,
            run,
        }
    }

    /// The daemon of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Daemon> {
        DAEMONS.iter().find(|daemon| daemon.name == name)
    }

    /// Where its files are: in the folder of an `agencia up`, or where its settings say.
    pub(crate) fn files_in(&self, dir: Option<&Path>) -> Result<Files, CommandError> {
        let Some(dir) = dir else { return (self.files)(None) };
        Ok(Files {
            inventory: dir.join("inventory").join(self.inventory),
            ledger: dir.join(self.name).join(LEDGER_FILE),
            key: receipt_key(dir),
            peers: dir.join("pares.toml"),
        })
    }

    /// The daemon that answers this search.
    pub(crate) fn searching(action: &str) -> &'static Daemon {
        let daemon = DAEMONS.iter().find(|daemon| daemon.search == action);
        daemon.expect("every search of the command is a daemon's")
    }
}

/// The names of all daemons, as the values of an argument.
pub(crate) fn daemon_names() -> Vec<&'static str> {
    DAEMONS.iter().map(|daemon| daemon.name).collect()
}

fn files<P: Product>(config: Option<&Path>) -> Result<Files, CommandError> {
    let flags = Flags { config: config.map(Path::to_owned), ..Flags::default() };
    let settings = Settings::load::<P>(&flags, std::env::vars_os())?;
    Ok(Files {
        ledger: settings.ledger(),
        key: settings.key_in_force(),
        inventory: settings.inventory,
        peers: settings.peers,
    })
}

/// Runs one program in this process, which ends with its parent if that is asked for.
pub(crate) fn run(program: RunProgram) -> ExitCode {
    let RunProgram { name, parent, args } = program;
    let run = match Daemon::named(&name) {
        Some(daemon) => daemon.run,
        None if name == WEB => |args| agencia_web::run(args),
        None => {
            eprintln!("agencia: there is no program {name:?}");
            return ExitCode::from(2);
        }
    };
    if let Some(parent) = parent
        && let Err(problem) = end_with(parent)
    {
        eprintln!("agencia: {name} is not started: {problem}");
        return ExitCode::FAILURE;
    }
    let first = OsString::from(format!("agencia-{name}"));
    run([first].into_iter().chain(args).collect())
}

/// Has the system end this process when its parent ends, however that happens.
fn end_with(parent: u32) -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::TERM))
        .map_err(|error| format!("it cannot be made to end with its parent: {error}"))?;
    // The parent may have ended before that: then it is no longer the parent.
    let is_there = getppid().map(Pid::as_raw_nonzero).map(|pid| pid.get().unsigned_abs());
    if is_there == Some(parent) { Ok(()) } else { Err("its parent has ended".to_owned()) }
}
