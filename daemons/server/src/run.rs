//! A daemon as a process: arguments, settings, log, signals, exit code.

use crate::args::Flags;
use crate::clock::SystemClock;
use crate::daemon::StartError;
use crate::descriptors;
use crate::keys;
use crate::listeners::{self, ListenError};
use crate::logging::{self, Style};
use crate::server::{ServeError, Server, serve};
use crate::settings::Settings;
use crate::systemd;
use agencia_catalog::Product;
use async_signal::{Signal, Signals};
use futures_lite::StreamExt;
use log::{Level, error, info};
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::time::SystemTime;

/// The exit code for settings that are wrong: `EX_CONFIG`, with which a unit is not restarted.
const EXIT_CONFIG: u8 = 78;

/// Runs the daemon of a product until SIGTERM or SIGINT; `args` begin with the program's name.
/// This is all that its `main` does.
///
/// The exit code is 0 after a signal and for `--check`, `--help` and `--version`; 2 for a flag
/// that does not exist; 78 for a setting that does not exist or cannot have its value, and for a
/// file of peers or a key that cannot be used; 1 for everything else: no inventory, a taken port, a ledger that cannot be opened or has failed.
pub fn run<P: Product>(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let flags = match Flags::read(P::NAME, args) {
        Ok(flags) => flags,
        Err(said) => {
            // Where standard output is closed, nobody wants to read it.
            said.print().ok();
            return u8::try_from(said.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    let settings = match Settings::load::<P>(&flags, std::env::vars_os()) {
        Ok(settings) => settings,
        Err(error) => {
            // There is no log yet: what is logged, and how, is a setting.
            let style = Style::of_this_process();
            eprintln!("{}", style.line(Level::Error, &error.to_string(), SystemTime::now()));
            systemd::status(&error.to_string());
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    if flags.check {
        if let Err(error) = keys::check(&settings) {
            let style = Style::of_this_process();
            eprintln!("{}", style.line(Level::Error, &error.to_string(), SystemTime::now()));
            return ExitCode::from(EXIT_CONFIG);
        }
        println!("The settings of agencia-{} are valid.", P::NAME);
        return ExitCode::SUCCESS;
    }
    logging::start(settings.log);
    match until_told::<P>(settings) {
        Ok(()) => {
            info!("Stopped");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let failure_code = failure.exit_code();
            let failure = logging::chain(&failure);
            error!("{failure}");
            systemd::status(&failure);
            failure_code
        }
    }
}

/// Why a daemon did not run to its end.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("signals cannot be heard: {0}")]
    Signals(#[source] io::Error),
    #[error(transparent)]
    Serve(#[from] ServeError),
}

impl Failure {
    /// Files that a restart would find as wrong as they are count as wrong settings.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Start(StartError::Peers(_) | StartError::Keys(_)) => ExitCode::from(EXIT_CONFIG),
            _ => ExitCode::FAILURE,
        }
    }
}

fn until_told<P: Product>(settings: Settings<P::Settings>) -> Result<(), Failure> {
    descriptors::provide_for(settings.limits.connections_max);
    // Bound first: while offers are loaded, whoever connects waits instead of being refused.
    let listeners = listeners::open(&settings.listen)?;
    let signals = Signals::new([Signal::Term, Signal::Int]).map_err(Failure::Signals)?;
    let clock = SystemClock::new(settings.time_zone);
    let server = Server::<P>::open(settings, clock)?;
    server.announce(&listeners);
    Ok(serve(server, listeners, told(signals))?)
}

/// Ready at the first signal.
async fn told(mut signals: Signals) {
    if let Some(Ok(signal)) = signals.next().await {
        info!("Told to stop by {signal:?}");
    }
}
