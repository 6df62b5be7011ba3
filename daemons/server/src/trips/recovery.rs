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
    /// time: it begins anew with the next start, and learning twice changes nothing. So it begins
    /// anew, too, when the disk was full.
    ///
    /// # Errors
    /// The ledger's faults, after which it takes nothing more.
    pub(crate) async fn recover(&self) -> Result<(), StoreError> {
        let pause = || self.clock.pause(self.limits.ask_first);
        until_over(|| self.try_to_recover(), pause).await?;
        info!("Everything that the peers know is learned: trips are booked again");
        Ok(())
    }

    /// Answers whether the recovery has ended, and need not begin again.
    async fn try_to_recover(&self) -> Result<bool, StoreError> {
        self.ask_everyone().await?;
        self.gate.end(&self.ledger, self.clock.now().timestamp()).await
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

/// Tries until it is over, after a pause while the ledger has no room.
///
/// # Errors
/// The ledger's faults, after which it takes nothing more.
async fn until_over<T, P>(
    mut attempt: impl FnMut() -> T,
    pause: impl Fn() -> P,
) -> Result<(), StoreError>
where
    T: Future<Output = Result<bool, StoreError>>,
    P: Future<Output = ()>,
{
    loop {
        match attempt().await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error @ (StoreError::NoSpace | StoreError::Busy)) => {
                warn!("What the peers know is learned later: {error}");
                pause().await;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_lite::future::{block_on, ready};
    use std::cell::Cell;

    /// How it ends when the attempts end so, after so many of them and so many pauses.
    fn check(ends: Vec<Result<bool, StoreError>>, is_over: bool, pauses: usize) {
        let (mut ends, paused) = (ends.into_iter(), Cell::new(0));
        let pause = || {
            paused.set(paused.get() + 1);
            ready(())
        };
        let over = block_on(until_over(|| ready(ends.next().unwrap()), pause));
        assert_eq!((over.is_ok(), paused.get(), ends.len()), (is_over, pauses, 0), "{over:?}");
    }

    #[test]
    fn a_recovery_outlasts_a_full_disk_and_no_failure() {
        check(vec![Ok(true)], true, 0);
        check(vec![Ok(false), Ok(true)], true, 0);
        check(vec![Err(StoreError::NoSpace), Err(StoreError::Busy), Ok(true)], true, 2);
        check(vec![Err(StoreError::NoSpace), Err(StoreError::Unknown)], false, 1);
        check(vec![Err(StoreError::Closed)], false, 0);
    }
}
