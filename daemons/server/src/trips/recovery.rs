//! After a backup was restored: what was decided since is learned from every peer, page by page,
//! before anything is promised again. Searches go on meanwhile, and so do the answers to peers
//! that recover themselves.

use crate::clock::Clock;
use crate::peers::Colleagues;
use agencia_client::ClientError;
use agencia_protocol::trip::{
    DaemonName, Recover, RecoverReply, RecoveredTrip, Timestamp, TripItem,
};
use agencia_store::{Ledger, Order, StoreError};
use agencia_trip::Limits;
use agencia_trip::recovery::{Progress, Recovery};
use agencia_trip::row::SoldItem;
use log::{info, warn};
use smol::lock::Semaphore;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// A pause for a ledger whose queue is full.
const QUEUE_PAUSE: Duration = Duration::from_millis(20);

/// Finds items in the catalog again, as far as they are still there.
pub(crate) type FindAgain = Box<dyn Fn(&[TripItem]) -> Vec<SoldItem> + Send + Sync>;

/// Whether the daemon recovers. A peer that begins a new life meanwhile may have forgotten what
/// those knew that were asked before it, so the recovery begins again then; and it must not end
/// while such a peer is being answered.
#[derive(Debug)]
pub(crate) struct RecoveryGate {
    goes_on: AtomicBool,
    /// Whether it is to begin again; looked at and changed only by whose turn it is.
    again: AtomicBool,
    /// One at a time. Not a mutex, whose order depends on how long somebody has waited.
    turn: Semaphore,
}

impl RecoveryGate {
    pub(crate) fn new(goes_on: bool) -> Self {
        let again = AtomicBool::new(false);
        Self { goes_on: goes_on.into(), again, turn: Semaphore::new(1) }
    }

    /// Whether the daemon recovers.
    pub(crate) fn goes_on(&self) -> bool {
        self.goes_on.load(Relaxed)
    }

    /// Answers a peer that recovers.
    ///
    /// # Errors
    /// The ledger's faults.
    pub(crate) async fn answer(
        &self,
        ledger: &Ledger,
        asked: Recover,
    ) -> Result<RecoverReply, StoreError> {
        let _turn = self.turn.acquire().await;
        if ledger.life().await?.fences.of(&asked.daemon) < asked.incarnation {
            self.again.store(true, Relaxed);
        }
        ledger.answer_recovery(asked).await
    }

    /// Ends the recovery, unless it is to begin again. Answers whether it has ended.
    async fn end(&self, ledger: &Ledger, at: Timestamp) -> Result<bool, StoreError> {
        let _turn = self.turn.acquire().await;
        if self.again.swap(false, Relaxed) {
            return Ok(false);
        }
        ledger.finish_recovery(at).await?;
        self.goes_on.store(false, Relaxed);
        Ok(true)
    }
}

/// What a recovery needs of its daemon.
pub(crate) struct Recoverer {
    pub(crate) name: DaemonName,
    pub(crate) peers: BTreeSet<DaemonName>,
    pub(crate) ledger: Ledger,
    pub(crate) colleagues: Arc<Colleagues>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) gate: Arc<RecoveryGate>,
    pub(crate) find_again: FindAgain,
}

impl Recoverer {
    /// Learns from every peer, as long as it takes, and ends the recovery. It may be cut off at any
    /// time: it begins anew with the next start, and learning twice changes nothing.
    ///
    /// # Errors
    /// The ledger's faults.
    pub(crate) async fn recover(&self) -> Result<(), StoreError> {
        loop {
            self.ask_everyone().await?;
            if self.gate.end(&self.ledger, self.clock.now().timestamp()).await? {
                info!("Everything that the peers know is learned: trips are booked again");
                return Ok(());
            }
        }
    }

    async fn ask_everyone(&self) -> Result<(), StoreError> {
        let incarnation = self.ledger.life().await?.incarnation;
        let peers = self.peers.iter().cloned();
        let mut recovery = Recovery::begin(self.name.clone(), incarnation, peers);
        let mut pause = self.limits.ask_first;
        while !recovery.is_over() {
            match self.round(&mut recovery).await? {
                true => pause = self.limits.ask_first,
                false => {
                    self.clock.pause(pause).await;
                    pause = (pause * 2).min(self.limits.ask_pause_max);
                }
            }
        }
        Ok(())
    }

    /// Asks every peer that has more to tell. Answers whether any has told something.
    async fn round(&self, recovery: &mut Recovery) -> Result<bool, StoreError> {
        let requests = recovery.requests();
        let requests: Vec<_> = requests.map(|(peer, asked)| (peer.clone(), asked)).collect();
        let mut told = false;
        for (peer, asked) in requests {
            let page = match self.ask(&peer, asked).await {
                Ok(page) => page,
                Err(error) => {
                    warn!("Before trips are booked again, this is waited for: {error}");
                    continue;
                }
            };
            told = true;
            let mut fences = self.ledger.life().await?.fences;
            let progress = recovery.answered(&peer, &page, &mut fences);
            self.ledger.raise_fence(peer, page.incarnation).await?;
            match progress {
                Progress::Learn(trips) => self.learn(trips).await?,
                Progress::BeginAgain(incarnation) => {
                    // Everybody is to hear of the new life: what is left of this round is void.
                    self.ledger.begin_life(incarnation).await?;
                    break;
                }
            }
        }
        Ok(told)
    }

    async fn ask(&self, peer: &DaemonName, asked: Recover) -> Result<RecoverReply, ClientError> {
        let answer = self.colleagues.ask(peer, &asked.into()).await;
        answer.expect("the recovery asks those who are there")
    }

    /// Learns a page, durably.
    async fn learn(&self, trips: Vec<RecoveredTrip>) -> Result<(), StoreError> {
        let at = self.clock.now().timestamp();
        for told in trips {
            let items = told.parts.get(&self.name).map_or(&[][..], Vec::as_slice);
            let order =
                Order::Learn { found: (self.find_again)(items), told: Box::new(told.clone()) };
            while let Err(error) = self.ledger.step(told.trip, order.clone(), at).await {
                match error {
                    StoreError::Busy => self.clock.pause(QUEUE_PAUSE).await,
                    other => return Err(other),
                }
            }
        }
        Ok(())
    }
}
