//! The web client: pages over the three daemons.
//!
//! It keeps nothing of a visitor. What was chosen travels in the URL, what is held or booked is
//! kept by the daemons, whose trip it is says its id (`owner`), and so any instance serves any step
//! of any trip.
//!
//! A request comes in through `serve`, finds its page in `routes`, is read by `forms` and
//! `choice`, asks the `daemons`, leads or looks at a `trip` and becomes a template of `pages`.

mod settings;
mod logging;
mod listen;
mod service;
mod serve;
mod security;
mod routes;
mod forms;
mod queries;
mod choice;
mod filters;
mod daemons;
mod chosen;
mod fit;
mod item_kind;
mod owner;
mod keys;
mod trip;
mod pages;
mod assets;
mod format;
mod texts;
mod language;

use agencia_client::Peers;
use daemons::Daemons;
use hyper_util::service::TowerToHyperService;
use owner::Seals;
use pages::Site;
use settings::{Flags, Settings};
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

/// `EX_CONFIG` of sysexits.h: starting again would not help.
const EXIT_CONFIG: u8 = 78;

/// Runs the web client until SIGTERM or SIGINT, and reloads its settings at SIGHUP. `args` starts
/// with the program's name, as `std::env::args_os` does.
///
/// Exits with 0 when it was told to stop, 78 when a setting is wrong, 2 when a flag is, and 1
/// when it cannot listen.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let flags = match Flags::read(args) {
        Ok(flags) => flags,
        Err(told) => {
            // Nothing can be said where nobody listens.
            let _ = told.print();
            return ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(2));
        }
    };
    if let Some(pid) = flags.reload {
        return service::have_reloaded(pid);
    }
    let (settings, daemons) = match configure(&flags, None) {
        Ok(configured) => configured,
        Err(error) => {
            logging::start("info");
            log::error!("{error}");
            agencia_systemd::status(&error.to_string());
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    if flags.check {
        println!("The settings of agencia-web are valid.");
        return ExitCode::SUCCESS;
    }
    let seals = match seals(&settings) {
        Ok(seals) => seals,
        Err(error) => {
            log::error!("{error}");
            agencia_systemd::status(&error.to_string());
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    match start(flags, settings, daemons, seals) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{error}");
            agencia_systemd::status(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// The command line of `agencia-web`, for its manual page and completions.
pub fn command() -> clap::Command {
    <Flags as clap::CommandFactory>::command()
}

type AnyError = Box<dyn std::error::Error>;

/// The settings and the daemons as they are read now. What is in force says which keys are: others
/// wait for a restart, all of them.
fn configure(flags: &Flags, in_force: Option<&Settings>) -> Result<(Settings, Daemons), AnyError> {
    let settings = Settings::load(flags)?;
    let peers = Peers::load(&settings.peers)?;
    let proving = in_force.unwrap_or(&settings);
    let credentials = keys::credentials(proving)?;
    keys::check(&settings)?;
    let daemons = Daemons::new(&peers, credentials.as_ref(), &settings.daemons)
        .map_err(|error| format!("{}: {error}", settings.peers.display()))?;
    logging::start(&settings.log);
    if !flags.check {
        keys::announce(&peers, proving, credentials.as_ref());
    }
    Ok((settings, daemons))
}

/// The key of all instances; whoever starts first makes it.
fn seals(settings: &Settings) -> Result<Seals, AnyError> {
    let state = &settings.state;
    std::fs::create_dir_all(state).map_err(|error| {
        let folder = state.display();
        format!(
            "the folder {folder} cannot be made: {error}; make it, or set another one with state"
        )
    })?;
    Ok(keys::seals(settings)?)
}

/// The pages, and the limits they are served with.
fn site(settings: Settings, daemons: Daemons, seals: Seals) -> serve::Serving<impl serve::Pages> {
    let http = settings.http.clone();
    let agency = Arc::new(settings.agency.clone());
    let site = Arc::new(Site { daemons, settings, agency, seals, clock: chrono::Utc::now });
    let pages = TowerToHyperService::new(warp::service(routes::all(site)));
    serve::Serving { pages, http }
}

/// Puts everything in force that was read again, for connections to come; says what waits for a
/// restart.
fn reload<S: serve::Pages>(
    (settings, daemons): (Settings, Daemons),
    in_force: &mut Settings,
    serving: impl FnOnce(Settings, Daemons) -> serve::Serving<S>,
    current: &Mutex<Arc<serve::Serving<S>>>,
) -> String {
    let waiting = in_force.take_over(settings.clone());
    logging::set(&settings.log);
    let serving = Arc::new(serving(settings, daemons));
    *current.lock().unwrap_or_else(PoisonError::into_inner) = serving;
    match waiting.is_empty() {
        true => "settings and the list of daemons are in force".to_owned(),
        false => format!("in force; waiting for a restart: {}", waiting.join(", ")),
    }
}

fn start(flags: Flags, settings: Settings, daemons: Daemons, seals: Seals) -> Result<(), AnyError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = service::stop_signal()?;
        let listeners = listen::listeners(&settings.listen, settings.port)?;
        let listeners: Vec<_> = listeners
            .into_iter()
            .map(tokio::net::TcpListener::from_std)
            .collect::<io::Result<_>>()?;
        let site = move |settings, daemons| site(settings, daemons, seals.clone());
        let current = Arc::new(Mutex::new(Arc::new(site(settings.clone(), daemons))));
        let (mut in_force, replaced) = (settings, current.clone());
        let addresses = service::addresses(&listeners);
        service::reload_at_signals(service::status(&addresses), move || {
            let read = configure(&flags, Some(&in_force))?;
            Ok(reload(read, &mut in_force, &site, &replaced))
        })?;
        service::announce(&addresses);
        let drained = serve::serve(listeners, current, stop).await;
        match drained {
            true => log::info!("Stopped: every request was finished"),
            false => log::warn!("Stopped: some requests took too long and were dropped"),
        }
        Ok(())
    })
}
