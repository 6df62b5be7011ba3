//! A daemon as a process: arguments, settings, log, signals, exit code.

use crate::args::Flags;
use crate::clock::SystemClock;
use crate::daemon::StartError;
use crate::descriptors;
use crate::keys;
use crate::listeners::{self, ListenError};
use crate::logging::{self, Style};
use crate::memory;
use crate::reload::Reloads;
use crate::server::{ServeError, Server, serve};
use crate::settings::Settings;
use agencia_catalog::Product;
use agencia_systemd as systemd;
use async_channel::Sender;
use async_signal::{Signal, Signals};
use futures_lite::StreamExt;
use log::{Level, error, info};
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::time::SystemTime;

/// The exit code for settings that are wrong: `EX_CONFIG`, with which a unit is not restarted.
const EXIT_CONFIG: u8 = 78;

/// Runs the daemon of a product until SIGTERM or SIGINT, and reloads at SIGHUP; `args` begin with
/// the program's name. This is all that its `main` does.
///
/// The exit code is 0 after a signal and for `--check`, `--help` and `--version`; 2 for a flag
/// that does not exist; 78 for a setting that does not exist or cannot have its value, and for a
/// file of peers or a key that cannot be used; 1 for everything else: no inventory, a taken port, a
/// ledger that cannot be opened or has failed.
pub fn run<P: Product>(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let flags = match Flags::read(P::NAME, args) {
        Ok(flags) => flags,
        Err(said) => {
            // Where standard output is closed, nobody wants to read it.
            said.print().ok();
            return u8::try_from(said.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    if let Some(pid) = flags.reload {
        return have_reloaded(pid);
    }
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
    match until_told::<P>(flags, settings) {
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

fn until_told<P: Product>(flags: Flags, settings: Settings<P::Settings>) -> Result<(), Failure> {
    descriptors::provide_for(settings.limits.connections_max);
    memory::use_small_pages();
    // Bound first: while offers are loaded, whoever connects waits instead of being refused.
    let listeners = listeners::open(&settings.listen)?;
    let signals =
        Signals::new([Signal::Term, Signal::Int, Signal::Hup]).map_err(Failure::Signals)?;
    let clock = SystemClock::new(settings.time_zone);
    let (reload, asked) = async_channel::bounded(1);
    let reloads = Reloads {
        in_force: settings.clone(),
        asked,
        settings: Box::new(move || Settings::load::<P>(&flags, std::env::vars_os())),
        answer: Box::new(systemd::tell),
    };
    let server = Server::<P>::open(settings, clock)?.reloading(reloads);
    server.announce(&listeners);
    Ok(serve(server, listeners, told(signals, reload))?)
}

/// Ready at the first signal that ends the daemon; the one for a reload goes there.
async fn told(mut signals: Signals, reload: Sender<()>) {
    while let Some(Ok(signal)) = signals.next().await {
        if signal == Signal::Hup {
            // One that waits already will read what is there then.
            reload.try_send(()).ok();
            continue;
        }
        info!("Told to stop by {signal:?}");
        return;
    }
}

/// Has a daemon reload and says what came of it.
fn have_reloaded(pid: i32) -> ExitCode {
    match systemd::ask(pid) {
        Ok(done) => {
            println!("{done}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let style = Style::of_this_process();
            eprintln!("{}", style.line(Level::Error, &error.to_string(), SystemTime::now()));
            ExitCode::FAILURE
        }
    }
}
