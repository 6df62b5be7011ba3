//! What every daemon is: settings, listener, connections, limits, dispatch, shutdown, systemd.
//!
//! A product's `main` calls [`run()`]; a test or another program uses [`Server`] and [`serve()`] and
//! keeps the listeners, the clock and the stop signal for itself. Nothing here knows a product
//! but through [`agencia_catalog::Product`], and nothing knows an HTTP request or SQL. What becomes
//! of a trip is decided in `agencia_trip` and kept by `agencia_store`; here it is led between them.
//!
//! Read `run`, then `server`, then `connection`: from the process to the frames. Then `trips`.

mod run;
mod args;
mod authority;
mod settings;
mod logging;
mod listeners;
mod reload;
mod descriptors;
mod server;
mod serve;
mod stop;
mod accept;
mod door;
mod connection;
mod wire;
mod deadline;
mod replies;
mod daemon;
mod purchase;
mod trips;
mod tasks;
mod peers;
mod keys;
mod inventory;
mod memory;
mod crew;
mod clock;
mod counters;
#[cfg(test)]
mod simulator;
#[cfg(test)]
#[path = "../examples/carros/product.rs"]
mod cars;

pub use args::Flags;
pub use clock::{Clock, Now, SystemClock};
pub use daemon::StartError;
pub use inventory::InventoryRefused;
pub use listeners::{ListenError, bind, open as open_listeners};
pub use peers::PeersRefused;
pub use reload::{Answer, Reloads};
pub use run::run;
pub use server::{ServeError, Server, serve};
pub use settings::{
    Deadlines, LEDGER_FILE, Limits, RefundRule, STATE_FOLDER, Settings, SettingsError, Trips,
};
