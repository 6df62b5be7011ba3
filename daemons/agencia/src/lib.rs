//! The operator's command: up, import, demo, search, status, trips and their audit, backup, restore.
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
mod ask;
mod table;
mod error;

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
    let done = match cli.command {
        Command::Up(options) => up::run(options, cli.peers.as_deref()),
        Command::Import(options) => import::run(&options, cli.peers.as_deref()),
        Command::Search(options) => search::run(options, cli.peers.as_deref()),
        Command::Status(options) => status::run(&options, cli.peers.as_deref()),
        Command::Demo(options) => demo::run(&options, cli.peers.as_deref()),
        Command::Trips(options) => trips::list::run(&options, cli.peers.as_deref()),
        Command::Trip(options) => trips::show::run(&options, cli.peers.as_deref()),
        Command::Indoubt(options) => trips::doubt::run(&options, cli.peers.as_deref()),
        Command::Audit(options) => trips::audit::run(&options, cli.peers.as_deref()),
        Command::ForceRelease(options) => trips::force::run(&options, cli.peers.as_deref()),
        Command::Backup(options) => backup::save::run(&options, cli.peers.as_deref()),
        Command::Restore(options) => backup::restore::run(&options, cli.peers.as_deref()),
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
