//! Where what a daemon does by itself runs: on its executor, counted, so that nothing is left when
//! it has stopped.

use crate::stop::{Here, Stop};
use futures_lite::future;
use smol::Executor;
use std::sync::{Arc, Weak};

/// Spawns onto the executor that serves. Copies share it.
#[derive(Clone)]
pub(crate) struct Crew {
    /// Weak, because what is spawned holds this: an executor that owned itself would never go.
    executor: Weak<Executor<'static>>,
    here: Here,
    stop: Stop,
}

impl Crew {
    pub(crate) fn new(executor: &Arc<Executor<'static>>, here: Here, stop: Stop) -> Self {
        Self { executor: Arc::downgrade(executor), here, stop }
    }

    /// Ready when the daemon is told to stop.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.stop.stopped()
    }

    /// Lets this go on by itself to its end. It is waited for when the daemon stops.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Some(executor) = self.executor.upgrade() else { return };
        let here = self.here.clone();
        let work = async move {
            work.await;
            drop(here);
        };
        executor.spawn(work).detach();
    }

    /// The same, but it is dropped where it is when the daemon is told to stop.
    pub(crate) fn spawn_until_stopped(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stopped = self.stopped();
        self.spawn(future::or(stopped, work));
    }
}
