//! From listeners to silence: the executor and its threads, the listeners' tasks, what systemd is
//! told, and the end, when everything in flight is finished.

use crate::accept::Reception;
use crate::connection::{Handler, Rules};
use crate::counters::Counters;
use crate::crew::Crew;
use crate::door::Doorkeeper;
use crate::stop::{Headcount, Stop};
use agencia_systemd as systemd;
use arc_swap::ArcSwap;
use futures_lite::future;
use log::{info, warn};
use smol::{Executor, Task, Timer};
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How often the status line is brought up to date.
const STATUS_INTERVAL: Duration = Duration::from_secs(10);

/// What serves.
pub(crate) struct Service<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) counters: Arc<Counters>,
    /// A reload changes them.
    pub(crate) rules: Arc<ArcSwap<Rules>>,
    pub(crate) keeper: Option<Arc<Doorkeeper>>,
    pub(crate) threads: usize,
    pub(crate) listeners: Vec<TcpListener>,
}

impl<H: Handler> Service<H> {
    /// Serves until `stop` is ready, then finishes what is in flight, for as long as the rules
    /// allow. When it returns, no task is left and the handler is let go.
    pub(crate) fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let executor = Arc::new(Executor::new());
        let over = Stop::new();
        let threads = self.threads;
        thread::scope(|scope| {
            let mut started = Ok(());
            for number in 1..threads {
                let (executor, over) = (executor.clone(), over.stopped());
                let thread = thread::Builder::new()
                    .name(format!("serve-{number}"))
                    .spawn_scoped(scope, move || smol::block_on(executor.run(over)));
                started = started.and(thread.map(|_| ()));
            }
            let served = match started {
                Ok(()) => smol::block_on(executor.run(self.conduct(&executor, stop))),
                Err(error) => Err(error),
            };
            over.stop();
            served
        })
        // The executor goes here, and with it every task that did not finish in time.
    }

    async fn conduct(
        self,
        executor: &Arc<Executor<'static>>,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let mut listeners = Vec::with_capacity(self.listeners.len());
        for listener in self.listeners {
            let address = listener.local_addr()?;
            listeners.push(async_net::TcpListener::try_from(listener)?);
            info!("Listening for connections on {address}...");
        }
        let stopping = Stop::new();
        let talking = Headcount::new();
        let reception = Arc::new(Reception {
            handler: self.handler.clone(),
            counters: self.counters.clone(),
            rules: self.rules.clone(),
            keeper: self.keeper,
            stop: stopping.clone(),
            talking: talking.enter(),
            refusing: Headcount::new(),
        });
        let accepting: Vec<Task<()>> = listeners
            .into_iter()
            .map(|listener| {
                let (reception, spawner) = (reception.clone(), executor.clone());
                executor.spawn(async move { reception.accept(&spawner, listener).await })
            })
            .collect();
        drop(reception);
        self.handler.clone().duties(&Crew::new(executor, talking.enter(), stopping.clone()));
        let status = self.handler.status();
        info!("{status}");
        systemd::ready(&status);
        // Both are dropped, and so end, when everything is over.
        let _reporting = executor.spawn(report(self.handler));
        let _pinging = executor.spawn(ping());

        stop.await;
        systemd::stopping("Stopping");
        stopping.stop();
        info!("Stopping: {} connections are being finished", self.counters.connections());
        for listener in accepting {
            listener.await;
        }
        let finished = async {
            talking.empty().await;
            true
        };
        let drain = self.rules.load().deadlines.drain;
        let late = async {
            Timer::after(drain).await;
            false
        };
        if !future::or(finished, late).await {
            warn!("Stopping now: some connections did not finish in {drain:?}");
        }
        Ok(())
    }
}

/// Keeps the status line up to date.
async fn report<H: Handler>(handler: Arc<H>) {
    loop {
        Timer::after(STATUS_INTERVAL).await;
        systemd::status(&handler.status());
    }
}

/// Tells systemd's watchdog that the executor runs: a task of it does the telling.
async fn ping() {
    let Some(interval) = systemd::ping_interval() else { return };
    loop {
        systemd::ping();
        Timer::after(interval).await;
    }
}
