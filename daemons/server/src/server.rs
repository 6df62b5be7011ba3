//! The library form of a daemon: whoever calls owns the listeners, the clock and the stop signal.

use crate::authority;
use crate::clock::Clock;
use crate::daemon::{Daemon, StartError};
use crate::door::Doorkeeper;
use crate::reload::Reloads;
use crate::serve::Service;
use crate::settings::Settings;
use agencia_catalog::Product;
use agencia_store::{LedgerThread, StoreError};
use futures_lite::future;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

/// A daemon that is ready to serve: its inventory is loaded, its ledger open.
pub struct Server<P: Product> {
    daemon: Daemon<P>,
    ledger: LedgerThread,
    keeper: Option<Arc<Doorkeeper>>,
    threads: usize,
}

impl<P: Product> std::fmt::Debug for Server<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("product", &P::NAME).finish_non_exhaustive()
    }
}

impl<P: Product> Server<P> {
    /// Loads the inventory and opens the ledger. It blocks while it does.
    ///
    /// # Errors
    /// When either cannot be had, or the inventory gives an offer less than is sold; the text
    /// names the file and the way out.
    pub fn open(settings: Settings<P::Settings>, clock: impl Clock) -> Result<Self, StartError> {
        let (daemon, ledger) = Daemon::open(&settings, clock)?;
        let keeper = daemon.credentials().map(Doorkeeper::new).transpose();
        let keeper = keeper.map_err(StartError::Tls)?.map(Arc::new);
        let threads = settings.threads();
        Ok(Self { daemon, ledger, keeper, threads })
    }

    /// Has the daemon reload while it is served.
    #[must_use]
    pub fn reloading(mut self, reloads: Reloads<P::Settings>) -> Self {
        self.daemon.reload_on(reloads);
        self
    }

    /// Says what other hosts can do through these listeners.
    pub(crate) fn announce(&self, listeners: &[TcpListener]) {
        authority::announce(listeners, self.daemon.credentials());
    }
}

/// Why serving ended otherwise than by the stop signal.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listeners could not be used, or threads could not be started.
    #[error("connections cannot be served: {0}")]
    Io(#[from] io::Error),
    /// The ledger failed. The truth is on the disk and is read again at the next start.
    #[error(transparent)]
    Ledger(#[from] StoreError),
}

/// Serves until `stop` is ready or the ledger fails. Then no connection is accepted any more,
/// what has arrived is answered, for as long as `drain_secs` allows, and the ledger finishes what
/// it was given. It blocks, and uses this thread as one of its own.
///
/// # Errors
/// A listener that cannot be used, and the failure of the ledger.
pub fn serve<P: Product>(
    server: Server<P>,
    listeners: Vec<TcpListener>,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let Server { daemon, ledger, keeper, threads } = server;
    let (counters, rules) = (daemon.counters.clone(), daemon.rules.clone());
    let handler = Arc::new(daemon);
    let service = Service { handler, counters, rules, keeper, threads, listeners };
    let served = service.run(future::or(stop, ledger.ended()));
    // The service has let go of every handle: the ledger finishes and ends.
    ledger.wait()?;
    Ok(served?)
}
