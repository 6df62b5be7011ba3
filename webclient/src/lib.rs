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
mod serve;
mod security;
mod routes;
mod forms;
mod choice;
mod filters;
mod daemons;
mod chosen;
mod fit;
mod part;
mod owner;
mod trip;
mod pages;
mod assets;
mod format;
mod texts;
mod language;

use agencia_client::{Peers, shared_key};
use daemons::Daemons;
use hyper_util::service::TowerToHyperService;
use owner::Seals;
use pages::Site;
use sd_notify::NotifyState;
use settings::{Flags, Settings};
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// `EX_CONFIG` of sysexits.h: starting again would not help.
const EXIT_CONFIG: u8 = 78;

/// Runs the web client until SIGTERM or SIGINT. `args` starts with the program's name, as
/// `std::env::args_os` does.
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
    let (settings, daemons) = match configure(&flags) {
        Ok(configured) => configured,
        Err(error) => {
            logging::start("info");
            log::error!("{error}");
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    logging::start(&settings.log);
    if flags.check {
        log::info!("the settings are good");
        return ExitCode::SUCCESS;
    }
    let seals = match seals(&settings) {
        Ok(seals) => seals,
        Err(error) => {
            log::error!("{error}");
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    match start(settings, daemons, seals) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

type AnyError = Box<dyn std::error::Error>;

fn configure(flags: &Flags) -> Result<(Settings, Daemons), AnyError> {
    let settings = Settings::load(flags)?;
    let peers = Peers::load(&settings.peers)?;
    let daemons = Daemons::new(&peers, &settings.daemons)
        .map_err(|error| format!("{}: {error}", settings.peers.display()))?;
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
    Ok(Seals::new(shared_key(&settings.key_path())?))
}

fn start(settings: Settings, daemons: Daemons, seals: Seals) -> Result<(), AnyError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = stop_signal()?;
        let listeners = listen::listeners(&settings.listen, settings.port)?;
        let listeners: Vec<_> = listeners
            .into_iter()
            .map(tokio::net::TcpListener::from_std)
            .collect::<io::Result<_>>()?;
        let http = settings.http.clone();
        let agency = Arc::new(settings.agency.clone());
        let site = Site { daemons, settings, agency, seals, clock: chrono::Utc::now };
        let site = Arc::new(site);
        let pages = TowerToHyperService::new(warp::service(routes::all(site)));
        announce(&listeners);
        let drained = serve::serve(listeners, pages, http, stop).await;
        match drained {
            true => log::info!("Stopped: every request was finished"),
            false => log::warn!("Stopped: some requests took too long and were dropped"),
        }
        Ok(())
    })
}

/// Becomes true at SIGTERM or SIGINT, and tells systemd at once.
fn stop_signal() -> io::Result<watch::Receiver<bool>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        log::info!("Stopping: no new connections, finishing what is in flight");
        notify(&[NotifyState::Stopping, NotifyState::Status("finishing what is in flight")]);
        // Nobody listens when the serving ended by itself.
        let _ = stop.send(true);
    });
    Ok(stopped)
}

/// Says that the pages can be asked for: only once every socket is bound.
fn announce(listeners: &[tokio::net::TcpListener]) {
    let addresses: Vec<_> = listeners
        .iter()
        .filter_map(|listener| listener.local_addr().ok())
        .map(|address| address.to_string())
        .collect();
    for address in &addresses {
        log::info!("Listening for connections on {address}");
    }
    let status = format!("serving pages on {}", addresses.join(", "));
    notify(&[NotifyState::Ready, NotifyState::Status(&status)]);
    if let Some(interval) = sd_notify::watchdog_enabled() {
        tokio::spawn(feed_watchdog(interval / 2));
    }
}

async fn feed_watchdog(every: Duration) {
    let mut ticks = tokio::time::interval(every.max(Duration::from_millis(1)));
    loop {
        ticks.tick().await;
        notify(&[NotifyState::Watchdog]);
    }
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::warn!("systemd could not be told: {error}");
    }
}
