//! The web client as a service: signals, what systemd is told, and reloads.
//!
//! A reload reads all settings and the list of daemons again. The pages that it makes are for
//! connections that come after it; those that are open keep theirs. A bad file changes nothing.

use crate::{AnyError, logging};
use agencia_systemd as systemd;
use std::io;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Becomes true at SIGTERM or SIGINT, and tells systemd at once.
pub(crate) fn stop_signal() -> io::Result<watch::Receiver<bool>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        log::info!("Stopping: no new connections, finishing what is in flight");
        systemd::stopping("finishing what is in flight");
        // Nobody listens when the serving ended by itself.
        let _ = stop.send(true);
    });
    Ok(stopped)
}

/// The addresses on which pages are served.
pub(crate) fn addresses(listeners: &[tokio::net::TcpListener]) -> Vec<String> {
    let addresses = listeners.iter().filter_map(|listener| listener.local_addr().ok());
    addresses.map(|address| address.to_string()).collect()
}

/// What systemd shows of pages that are served.
pub(crate) fn status(addresses: &[String]) -> String {
    format!("serving pages on {}", addresses.join(", "))
}

/// Says that the pages can be asked for: only once every socket is bound and every signal heard.
pub(crate) fn announce(addresses: &[String]) {
    for address in addresses {
        log::info!("Listening for connections on {address}");
    }
    systemd::ready(&status(addresses));
    if let Some(interval) = systemd::ping_interval() {
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(interval);
            loop {
                ticks.tick().await;
                systemd::ping();
            }
        });
    }
}

/// Reloads at every SIGHUP for as long as the process lives: `reload` puts in force what can be and
/// says what that was, or changes nothing. `status` is what systemd is told otherwise.
///
/// # Errors
/// When the signal cannot be heard.
pub(crate) fn reload_at_signals(
    status: String,
    mut reload: impl FnMut() -> Result<String, AnyError> + Send + 'static,
) -> io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match reload() {
                Ok(done) => {
                    log::info!("Reloaded: {done}");
                    systemd::status(&status);
                    systemd::tell(Ok(&done));
                }
                Err(error) => {
                    let refused = error.to_string();
                    log::error!("Nothing was reloaded, what was in force stays: {refused}");
                    systemd::status(&format!(
                        "reload refused, what was in force stays: {refused}; {status}"
                    ));
                    systemd::tell(Err(&refused));
                }
            }
        }
    });
    Ok(())
}

/// Has a web client reload and says what came of it.
pub(crate) fn have_reloaded(pid: i32) -> ExitCode {
    match systemd::ask(pid) {
        Ok(done) => {
            println!("{done}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            logging::start("info");
            log::error!("{error}");
            ExitCode::FAILURE
        }
    }
}
