//! The operator's command: up, import, demo, search, status, trips and their audit, backup, restore,
//! keys.
//!
//! Everything is here and not in the binary, so that tests can call it. [`supervise`] knows nothing
//! of the agency and is used by `up` alone; the other commands ask daemons over the wire.

mod cli;
mod programs;
mod up;
pub mod supervise;
mod import;
mod demo;
mod search;
mod status;
mod trips;
mod backup;
mod keys;
mod ask;
mod clock;
mod durable;
mod table;
mod error;

use ask::Places;
use clap::Parser;
use cli::{Cli, Command};
use error::CommandError;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command; the first of `args` is the program's name. Help, results and errors are
/// printed.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    if let Command::Run(program) = cli.command {
        return programs::run(program);
    }
    env_logger::Builder::from_env(env_logger::Env::new().filter_or("AGENCIA_LOG", "warn")).init();
    let places = Places { peers: cli.peers.as_deref(), keys: cli.keys.as_deref() };
    let done = match cli.command {
        Command::Up(options) => up::run(options, places),
        Command::Import(options) => import::run(&options, places),
        Command::Search(options) => search::run(options, places),
        Command::Status(options) => status::run(&options, places),
        Command::Demo(options) => demo::run(&options, places),
        Command::Trips(options) => trips::list::run(&options, places),
        Command::Trip(options) => trips::show::run(&options, places),
        Command::Indoubt(options) => trips::doubt::run(&options, places),
        Command::Audit(options) => trips::audit::run(&options, places),
        Command::ForceRelease(options) => trips::force::run(&options, places),
        Command::Backup(options) => backup::save::run(&options, places),
        Command::Restore(options) => backup::restore::run(&options, places),
        Command::Keys(options) => keys::run(options, places),
        Command::Run(_) => unreachable!("run above"),
    };
    match done {
        Ok(code) => code,
        Err(CommandError::Usage(error)) => usage(&error),
        Err(error) => {
            eprintln!("agencia: {error}");
            error.code()
        }
    }
}

/// The command line of `agencia`, for its manual pages and completions.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

fn usage(error: &clap::Error) -> ExitCode {
    // Nobody is left to tell when the terminal itself is gone.
    drop(error.print());
    if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
}
