//! A reload: settings and inventory are read again, and either both are taken over or neither is.
//!
//! What a setting that is read once would need is a restart; those that changed are named instead of
//! being half in force. Whatever is refused, the daemon goes on with what it had and says so in its
//! status until a later reload is good.

use crate::connection::Rules;
use crate::daemon::Daemon;
use crate::descriptors;
use crate::inventory::InventoryRefused;
use crate::logging;
use crate::settings::{Settings, SettingsError};
use agencia_catalog::Product;
use agencia_store::Ledger;
use async_channel::Receiver;
use log::{error, info};
use std::collections::BTreeSet;
use std::sync::Arc;
use toml::{Table, Value};

/// The settings that a reload takes over, with their tables. For connections that are open already
/// the earlier limits and deadlines go on.
const LIVE: [&str; 11] = [
    "log",
    "limits.frame_bytes_max",
    "limits.connections_max",
    "limits.results_default",
    "limits.results_max",
    "limits.reply_bytes_flush",
    "deadlines.header_secs",
    "deadlines.body_secs",
    "deadlines.idle_secs",
    "deadlines.write_secs",
    "deadlines.drain_secs",
];

/// Hears what was taken over, or why nothing was.
pub type Answer = Box<dyn Fn(Result<&str, &str>) + Send>;

/// When a daemon reloads, from what, and who hears what came of it.
pub struct Reloads<S> {
    /// The settings that the daemon was opened with.
    pub in_force: Settings<S>,
    /// One message for each reload.
    pub asked: Receiver<()>,
    /// Reads the settings again.
    pub settings: Box<dyn Fn() -> Result<Settings<S>, SettingsError> + Send + Sync>,
    /// Hears what came of it.
    pub answer: Answer,
}

impl<S> std::fmt::Debug for Reloads<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reloads").finish_non_exhaustive()
    }
}

/// Why a reload was refused.
#[derive(Debug, thiserror::Error)]
enum ReloadRefused {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Inventory(#[from] InventoryRefused),
}

/// Reloads whenever it is asked to.
pub(crate) async fn reloading<P: Product>(daemon: Arc<Daemon<P>>, reloads: Reloads<P::Settings>) {
    let Reloads { mut in_force, asked, settings, answer } = reloads;
    let settings: Arc<dyn Fn() -> _ + Send + Sync> = settings.into();
    while asked.recv().await.is_ok() {
        let read = settings.clone();
        let read = smol::unblock(move || read()).await;
        match reload(&daemon, &mut in_force, read).await {
            Ok(done) => {
                info!("Reloaded: {done}");
                daemon.announce(None);
                answer(Ok(&done));
            }
            Err(refused) => {
                let refused = logging::chain(&refused);
                error!("Nothing was reloaded, what was in force stays: {refused}");
                daemon
                    .announce(Some(format!("reload refused, what was in force stays: {refused}")));
                answer(Err(&refused));
            }
        }
    }
}

async fn reload<P: Product>(
    daemon: &Daemon<P>,
    in_force: &mut Settings<P::Settings>,
    read: Result<Settings<P::Settings>, SettingsError>,
) -> Result<String, ReloadRefused> {
    let read = read?;
    let ledger: &Ledger = &daemon.ledger;
    let offers = daemon.inventory.clone().reread(ledger).await?;
    let (taken, waiting) = changes::<P>(in_force, &read);
    descriptors::provide_for(read.limits.connections_max);
    logging::set_level(read.log);
    let rules = Rules { limits: read.limits.clone(), deadlines: read.deadlines.clone() };
    daemon.rules.store(Arc::new(rules));
    take_over(in_force, read);
    let mut done = format!("{offers} offers");
    for (what, keys) in [("; now in force: ", taken), ("; waiting for a restart: ", waiting)] {
        if !keys.is_empty() {
            done += what;
            done += &Vec::from_iter(keys).join(", ");
        }
    }
    Ok(done)
}

/// The keys that changed: those that a reload takes over, and those that wait for a restart.
fn changes<P: Product>(
    before: &Settings<P::Settings>,
    after: &Settings<P::Settings>,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let leaves = |settings| {
        let table = Table::try_from(settings).expect("settings are a table of plain values");
        let mut leaves = Vec::new();
        collect(&Value::Table(table), String::new(), &mut leaves);
        leaves
    };
    let (before, after): (Vec<_>, Vec<_>) = (leaves(before), leaves(after));
    let changed = after.into_iter().filter(|leaf| !before.contains(leaf)).map(|(key, _)| key);
    changed.partition(|key| LIVE.contains(&key.as_str()))
}

/// The plain values of a table with their keys; a list is one value.
fn collect(value: &Value, key: String, leaves: &mut Vec<(String, String)>) {
    let Value::Table(table) = value else {
        return leaves.push((key, value.to_string()));
    };
    for (inner, value) in table {
        let key = if key.is_empty() { inner.clone() } else { format!("{key}.{inner}") };
        collect(value, key, leaves);
    }
}

/// Notes what is in force now, so that what waits for a restart is named again next time.
fn take_over<S>(in_force: &mut Settings<S>, read: Settings<S>) {
    let (limits, read_limits) = (&mut in_force.limits, read.limits);
    in_force.log = read.log;
    limits.frame_bytes_max = read_limits.frame_bytes_max;
    limits.connections_max = read_limits.connections_max;
    limits.results_default = read_limits.results_default;
    limits.results_max = read_limits.results_max;
    limits.reply_bytes_flush = read_limits.reply_bytes_flush;
    let (deadlines, read_deadlines) = (&mut in_force.deadlines, read.deadlines);
    deadlines.header = read_deadlines.header;
    deadlines.body = read_deadlines.body;
    deadlines.idle = read_deadlines.idle;
    deadlines.write = read_deadlines.write;
    deadlines.drain = read_deadlines.drain;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cars::Cars;

    fn all_keys() -> Vec<String> {
        let table = Table::try_from(Settings::defaults::<Cars>()).unwrap();
        let mut leaves = Vec::new();
        collect(&Value::Table(table), String::new(), &mut leaves);
        leaves.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn what_a_reload_takes_over_are_settings() {
        let keys = all_keys();
        for key in LIVE {
            assert!(keys.iter().any(|known| known == key), "{key}");
        }
    }

    #[test]
    fn what_changed_is_told_apart_and_what_waits_is_named_again() {
        let mut before = Settings::defaults::<Cars>();
        let mut after = before.clone();
        after.limits.results_max = 2_000;
        after.deadlines.body *= 2;
        after.listen.push("127.0.0.2:1".parse().unwrap());
        after.trips.forget *= 2;
        let (taken, waiting) = changes::<Cars>(&before, &after);
        assert_eq!(Vec::from_iter(taken), ["deadlines.body_secs", "limits.results_max"]);
        assert_eq!(Vec::from_iter(waiting), ["listen", "trips.forget_secs"]);
        take_over(&mut before, after.clone());
        let (taken, waiting) = changes::<Cars>(&before, &after);
        assert!(taken.is_empty());
        assert_eq!(Vec::from_iter(waiting), ["listen", "trips.forget_secs"]);
    }

    #[test]
    fn everything_that_is_called_live_is_noted_as_in_force() {
        let mut before = Settings::defaults::<Cars>();
        let text = "log = \"debug\"\n[limits]\nframe_bytes_max = 2000\nconnections_max = 7\n\
            results_default = 8\nresults_max = 9\nreply_bytes_flush = 5000\n[deadlines]\n\
            header_secs = 1\nbody_secs = 1\nidle_secs = 1\nwrite_secs = 1\ndrain_secs = 1\n";
        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        std::fs::write(file.path(), text).unwrap();
        let after = Settings::from_file::<Cars>(file.path()).unwrap();
        let (taken, waiting) = changes::<Cars>(&before, &after);
        assert_eq!((taken.len(), waiting.len()), (LIVE.len(), 0));
        take_over(&mut before, after.clone());
        assert_eq!(before, after);
    }
}
