//! What a daemon does for trips without being asked: holds expire, pinned parts ask their anchor,
//! an outcome is repeated until every part has acknowledged it.
//!
//! What is due, and when again, is the agenda's to say. Every task may be lost on its way, or be
//! cut off by the end of the daemon: it comes again until its trip no longer needs it.

use super::live::Live;
use crate::crew::Crew;
use crate::peers::Colleagues;
use agencia_client::ClientError;
use agencia_protocol::trip::{DaemonName, OutcomeReply, StateReply, Timestamp};
use agencia_protocol::{Code, TripId};
use agencia_store::{Ledger, Order, Outcome, StoreError};
use agencia_trip::resolver::{self, Lane, Task};
use agencia_trip::{Command, Desk, Key, Limits, Row};
use futures_lite::future;
use log::{debug, warn};
use smol::lock::Semaphore;
use std::sync::Arc;
use std::time::Duration;

/// The longest pause: a machine that slept, or whose clock was set, is not waited for longer.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The shortest pause.
const PAUSE_MIN: Duration = Duration::from_millis(1);

/// Settles trips.
pub(crate) struct Resolver {
    pub(crate) name: DaemonName,
    pub(crate) key: Key,
    pub(crate) limits: Limits,
    pub(crate) ledger: Ledger,
    pub(crate) live: Arc<Live>,
    pub(crate) colleagues: Arc<Colleagues>,
    /// How many trips are settled at the same time, in each lane.
    pub(crate) settling_max: usize,
}

impl Resolver {
    /// Works off a lane until the daemon is told to stop.
    pub(crate) async fn work(self: Arc<Self>, lane: Lane, crew: Crew) {
        let turns = Arc::new(Semaphore::new(self.settling_max));
        loop {
            for (trip, task) in self.live.take_due(&lane, self.settling_max) {
                let turn = turns.acquire_arc().await;
                let resolver = self.clone();
                crew.spawn_until_stopped(async move {
                    resolver.settle(trip, task).await;
                    drop(turn);
                });
            }
            let pause = self.live.next_in(&lane).unwrap_or(PAUSE_MAX);
            let due = self.live.pause(pause.clamp(PAUSE_MIN, PAUSE_MAX));
            future::or(self.live.is_earlier(&lane), due).await;
        }
    }

    async fn settle(&self, trip: TripId, task: Task) {
        let done = match &task {
            Task::Expire => self.expire(trip).await,
            Task::Ask { anchor } => self.ask(trip, anchor).await,
            Task::Tell { daemon } => self.tell(trip, daemon).await,
        };
        match done {
            Ok(()) => {}
            Err(unsettled @ (Unsettled::Refused(_) | Unsettled::Stranger(_))) => {
                warn!("Trip {trip}, {task:?}: {unsettled}");
            }
            Err(unsettled) => debug!("Trip {trip}, {task:?}: {unsettled}"),
        }
    }

    /// A hold's deadline has come, by the time that the hold was taken in.
    async fn expire(&self, trip: TripId) -> Result<(), Unsettled> {
        let Some(live) = self.live.row(trip) else { return Ok(()) };
        self.order(trip, Order::Expire, live.time(self.live.now())).await
    }

    /// A pinned part asks its anchor.
    async fn ask(&self, trip: TripId, anchor: &DaemonName) -> Result<(), Unsettled> {
        let Some(live) = self.live.row(trip) else { return Ok(()) };
        let now = live.time(self.live.now());
        let Some(question) = resolver::question(trip, &live.row, now) else { return Ok(()) };
        let reply: OutcomeReply = self.call(anchor, question).await?;
        match resolver::answer(reply) {
            Some(command) => self.follow(trip, command).await,
            None => Ok(()),
        }
    }

    /// The anchor repeats its outcome.
    async fn tell(&self, trip: TripId, daemon: &DaemonName) -> Result<(), Unsettled> {
        let Some(live) = self.live.row(trip) else { return Ok(()) };
        let Some(told) = self.telling(trip, &live.row).await? else { return Ok(()) };
        let reply: StateReply = self.call(daemon, told.clone()).await?;
        self.follow(trip, resolver::acknowledgement(daemon.clone(), &told, reply)).await
    }

    async fn telling(
        &self,
        trip: TripId,
        row: &Row,
    ) -> Result<Option<agencia_protocol::trip::Apply>, Unsettled> {
        let life = self.ledger.life().await?;
        let desk = Desk {
            name: &self.name,
            key: &self.key,
            incarnation: life.incarnation,
            fences: &life.fences,
            recovering: life.recovering,
            limits: &self.limits,
        };
        // What a daemon that recovers has decided may be older than it thinks.
        Ok(resolver::telling(&desk, trip, row).filter(|_| !life.recovering))
    }

    async fn call<R: serde::de::DeserializeOwned>(
        &self,
        daemon: &DaemonName,
        message: impl Into<agencia_protocol::trip::TripMessage>,
    ) -> Result<R, Unsettled> {
        let answer = self.colleagues.ask(daemon, &message.into()).await;
        Ok(answer.ok_or_else(|| Unsettled::Stranger(daemon.clone()))??)
    }

    async fn follow(&self, trip: TripId, command: Command) -> Result<(), Unsettled> {
        self.order(trip, command.into(), self.live.now()).await
    }

    async fn order(&self, trip: TripId, order: Order, at: Timestamp) -> Result<(), Unsettled> {
        match self.ledger.step(trip, order, at).await? {
            Outcome::Stepped(stepped) => match stepped.reply {
                agencia_trip::Reply::Refused(refusal) => Err(refusal.error().into()),
                _ => Ok(()),
            },
            // Nothing is taken here.
            Outcome::SoldOut { .. } => Ok(()),
        }
    }
}

/// Why a task comes again.
#[derive(Debug, thiserror::Error)]
enum Unsettled {
    /// The other daemon, or the machines, had something against it.
    #[error("refused: {0}")]
    Refused(agencia_protocol::WireError),
    /// The other daemon cannot be reached, or not now.
    #[error("not now: {0}")]
    Away(ClientError),
    /// No daemon of this name is in the file of peers.
    #[error("no daemon {0} is among the peers")]
    Stranger(DaemonName),
    /// The ledger did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<agencia_protocol::WireError> for Unsettled {
    fn from(error: agencia_protocol::WireError) -> Self {
        match error.code {
            Code::Busy | Code::Recovering | Code::Unknown => {
                Self::Away(ClientError::Refused(error))
            }
            _ => Self::Refused(error),
        }
    }
}

impl From<ClientError> for Unsettled {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused(error) => error.into(),
            other => Self::Away(other),
        }
    }
}
