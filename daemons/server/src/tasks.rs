//! What a daemon does by itself while it serves: it settles trips, recovers after a restore, and
//! forgets what need not be remembered.

use crate::clock::Clock;
use crate::crew::Crew;
use crate::peers::Colleagues;
use crate::settings::Deadlines;
use crate::trips::{FindAgain, Live, Recoverer, RecoveryGate, Resolver};
use agencia_client::Peer;
use agencia_client::tls::Credentials;
use agencia_protocol::trip::DaemonName;
use agencia_store::{Ledger, StoreError};
use agencia_trip::{Key, Limits};
use log::{info, warn};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What a daemon needs for it.
pub(crate) struct Duties {
    pub(crate) name: DaemonName,
    pub(crate) key: Key,
    pub(crate) credentials: Option<Credentials>,
    /// The other daemons.
    pub(crate) peers: BTreeMap<DaemonName, Peer>,
    /// What carries messages to them where no connections are to be made.
    #[cfg(test)]
    pub(crate) courier: Option<crate::peers::Courier>,
    pub(crate) live: Arc<Live>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) recovery: Arc<RecoveryGate>,
    pub(crate) limits: Limits,
    pub(crate) deadlines: Deadlines,
    pub(crate) settling_max: usize,
    /// The pause between two times that it forgets.
    pub(crate) forget: Duration,
}

impl Duties {
    /// Begins with all of it, until the daemon is told to stop.
    pub(crate) fn take_up(&self, ledger: &Ledger, find_again: FindAgain, crew: &Crew) {
        let proof = self.credentials.as_ref();
        let colleagues =
            Colleagues::new((&self.peers, proof), &self.deadlines, self.settling_max, crew);
        let colleagues = Arc::new(colleagues);
        #[cfg(test)]
        let colleagues = match &self.courier {
            Some(courier) => Arc::new(Colleagues::Carried(courier.clone())),
            None => colleagues,
        };
        crew.spawn_until_stopped(forgetting(ledger.clone(), self.clock.clone(), self.forget));
        let resolver = Arc::new(Resolver {
            name: self.name.clone(),
            key: self.key.clone(),
            limits: self.limits,
            ledger: ledger.clone(),
            live: self.live.clone(),
            colleagues: colleagues.clone(),
            settling_max: self.settling_max,
        });
        for lane in self.live.lanes() {
            crew.spawn_until_stopped(resolver.clone().work(lane.clone(), crew.clone()));
        }
        if !self.recovery.goes_on() {
            return;
        }
        warn!("A backup was restored: searches only, until every peer has told what it knows");
        let recoverer = Recoverer {
            name: self.name.clone(),
            peers: self.peers.keys().cloned().collect(),
            ledger: ledger.clone(),
            colleagues,
            clock: self.clock.clone(),
            limits: self.limits,
            gate: self.recovery.clone(),
            find_again,
        };
        crew.spawn_until_stopped(async move {
            if let Err(error) = recoverer.recover().await {
                // The ledger has failed, and with it the daemon ends.
                warn!("The recovery was cut off: {error}");
            }
        });
    }
}

/// How soon a daemon forgets for the first time: not while everybody comes back to it.
const FORGET_FIRST_MAX: Duration = Duration::from_secs(60);

/// Forgets again and again what need not be remembered.
async fn forgetting(ledger: Ledger, clock: Arc<dyn Clock>, pause: Duration) {
    clock.pause(pause.min(FORGET_FIRST_MAX)).await;
    loop {
        match ledger.forget(clock.now().timestamp()).await {
            Ok(0) => {}
            Ok(count) => info!("{count} trips of long ago are forgotten"),
            Err(StoreError::Closed | StoreError::Unknown) => return,
            Err(error) => warn!("Trips of long ago could not be forgotten: {error}"),
        }
        clock.pause(pause).await;
    }
}
