//! `agencia up`: the whole agency as children of one command.
//!
//! What is started is decided in [`plan`]; [`crate::supervise`] runs it. `cargo run` builds one
//! binary only, so every child is this executable again, with a hidden subcommand.

mod plan;
mod ports;
mod inventory;

pub(crate) use ports::Taken;

use crate::ask::{Known, Places};
use crate::cli::{Cli, Only, Up};
use crate::error::{CommandError, absolute};
use crate::programs::DAEMONS;
use crate::supervise::{self, Limits, Outcome, Supervision};
use async_signal::{Signal, Signals};
use clap::CommandFactory;
use clap::error::ErrorKind;
use futures_lite::{StreamExt, future};
use plan::Plan;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The settings of a clone, as seen from its root.
const CLONE_SETTINGS: &str = "etc/agencia";

/// The ports of the web clients when none is given.
const WEB_PORTS: [u16; 2] = [5000, 5001];

pub(crate) fn run(options: Up, places: Places<'_>) -> Result<ExitCode, CommandError> {
    let plan = plan(options, places)?;
    ports::check(&plan.listeners())?;
    if plan.with_daemons {
        inventory::make(&plan.inventory)?;
    }
    let sockets = plan.dir.join("run");
    private_folder(&sockets)?;
    let executable = std::env::current_exe().map_err(CommandError::Executable)?;
    let supervision = Supervision {
        programs: plan.programs(&executable),
        limits: Limits::default(),
        folder: sockets,
        sinks: supervise::standard_sinks(),
        welcome: plan.welcome(ports::lan_address()),
    };
    let outcome = smol::block_on(watch(supervision))?;
    Ok(match outcome {
        Outcome::Stopped => ExitCode::SUCCESS,
        Outcome::StoppedBadly => ExitCode::FAILURE,
        Outcome::BadSettings => ExitCode::from(78),
    })
}

/// Runs everything until a signal asks to stop it.
async fn watch(supervision: Supervision) -> Result<Outcome, CommandError> {
    let mut signals =
        Signals::new([Signal::Int, Signal::Term, Signal::Hup]).map_err(CommandError::Signals)?;
    let (stop, stops) = async_channel::unbounded();
    let asking = async {
        while signals.next().await.is_some() {
            // The supervisor listens for as long as this is polled.
            let _ = stop.try_send(());
        }
        future::pending().await
    };
    Ok(future::or(supervise::run(supervision, stops), asking).await?)
}

/// Everything that the options and the files say.
fn plan(options: Up, places: Places<'_>) -> Result<Plan, CommandError> {
    let Up { dir, inventory, etc, only, ports, log } = options;
    let (with_daemons, with_web) = (only != Some(Only::Web), only != Some(Only::Daemons));
    let pointless = |flag: &str, which: &str| {
        let message = format!("{flag} says nothing with --only {which}; leave one of them out");
        CommandError::Usage(Cli::command().error(ErrorKind::ArgumentConflict, message))
    };
    if !with_web && !ports.is_empty() {
        return Err(pointless("--port", "daemons"));
    }
    if !with_daemons && inventory.is_some() {
        return Err(pointless("--inventory", "web"));
    }
    let etc = settings_folder(etc)?;
    let beside = etc.as_ref().map(|etc| etc.join("pares.toml")).filter(|file| file.exists());
    let known = Known::of_file(places.peers.or(beside.as_deref()))?;
    if with_daemons {
        for daemon in &DAEMONS {
            known.named(daemon.name)?;
        }
    }
    let dir = absolute_folder(&dir)?;
    let peers_file = match &known.file {
        Some(file) => absolute(file)?,
        None => write_peers(&dir, &known)?,
    };
    let inventory = match inventory {
        Some(folder) => absolute(&folder)?,
        None => dir.join("inventory"),
    };
    let mut web_ports = match (with_web, ports.is_empty()) {
        (false, _) => Vec::new(),
        (true, true) => WEB_PORTS.to_vec(),
        (true, false) => ports,
    };
    let mut seen = HashSet::new();
    web_ports.retain(|&port| seen.insert(port));
    let peers = known.peers;
    let keys = places.keys.map(absolute).transpose()?;
    Ok(Plan { dir, inventory, etc, peers, peers_file, keys, with_daemons, web_ports, log })
}

/// The folder of settings that was named, or that of a clone; nothing where every program has its
/// own default.
fn settings_folder(named: Option<PathBuf>) -> Result<Option<PathBuf>, CommandError> {
    let folder = match named {
        Some(folder) if !folder.is_dir() => {
            return Err(CommandError::NoSettings { path: folder });
        }
        Some(folder) => folder,
        None if Path::new(CLONE_SETTINGS).is_dir() => PathBuf::from(CLONE_SETTINGS),
        None => return Ok(None),
    };
    Ok(Some(absolute(&folder)?))
}

fn absolute_folder(folder: &Path) -> Result<PathBuf, CommandError> {
    let made = std::fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
    made.map_err(|source| CommandError::File {
        path: folder.to_owned(),
        doing: "make the folder",
        source,
        way_out: "; give another with --dir",
    })
}

/// A folder that only this user may enter: whoever writes to its sockets is believed.
fn private_folder(folder: &Path) -> Result<(), CommandError> {
    use std::os::unix::fs::PermissionsExt;
    let made = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)));
    made.map_err(|source| CommandError::File {
        path: folder.to_owned(),
        doing: "make the folder",
        source,
        way_out: "; give another with --dir",
    })
}

/// Writes down what is built in, for the children to read.
fn write_peers(dir: &Path, known: &Known) -> Result<PathBuf, CommandError> {
    let file = dir.join("pares.toml");
    let partial = dir.join(".pares.toml.partial");
    let text = format!("# Written by `agencia up` whenever it starts.\n\n{}", known.peers);
    let written: io::Result<()> =
        std::fs::write(&partial, text).and_then(|()| std::fs::rename(&partial, &file));
    match written {
        Ok(()) => Ok(file),
        Err(source) => Err(CommandError::File { path: file, doing: "write", source, way_out: "" }),
    }
}
