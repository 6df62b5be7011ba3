//! A daemon of one product: its offers, its ledger, and the answers to everything that can be
//! asked of it.

use crate::clock::{Clock, Now};
use crate::connection::{Course, Handler, Later, Rules};
use crate::counters::Counters;
use crate::crew::Crew;
use crate::inventory::{Inventory, InventoryRefused};
use crate::keys;
use crate::peers::{self, PeersRefused};
use crate::purchase;
use crate::reload::{self, Reloads};
use crate::settings::Settings;
use crate::tasks::Duties;
use crate::trips::{self, HoldLimits, Live, RecoveryGate, Trips};
use agencia_catalog::{Limits, Moment, Product, View};
use agencia_client::Peer;
use agencia_client::tls::{Credentials, KeysError};
use agencia_protocol::request::{Health, Request, TripCounts};
use agencia_protocol::trip::{DaemonName, TripItem};
use agencia_protocol::{Code, WireError};
use agencia_store::{
    Follower, Ledger, LedgerOptions, LedgerThread, Life, Observer, ServiceDays, Stats, StoreError,
};
use agencia_trip::Key;
use agencia_trip::row::SoldItem;
use arc_swap::ArcSwap;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Why a daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder of the ledger cannot be made.
    #[error("the folder {} cannot be made: {source}; make it, or set another one with state", path.display())]
    State {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The daemon does not know the others.
    #[error(transparent)]
    Peers(#[from] PeersRefused),
    /// Keys or certificates cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// This daemon's certificate cannot be shown.
    #[error("TLS cannot be spoken: {0}")]
    Tls(#[source] futures_rustls::rustls::Error),
    /// The inventory cannot be put in force.
    #[error(transparent)]
    Inventory(#[from] InventoryRefused),
    /// The ledger cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The daemon: everything but its connections.
pub(crate) struct Daemon<P: Product> {
    pub(crate) product: P,
    pub(crate) inventory: Arc<Inventory<P>>,
    pub(crate) ledger: Ledger,
    pub(crate) counters: Arc<Counters>,
    /// What a reload changes, for connections that come after it.
    pub(crate) rules: Arc<ArcSwap<Rules>>,
    /// When to reload, until that has begun.
    reloads: Mutex<Option<Reloads<P::Settings>>>,
    /// What whoever runs the daemon must know, at the head of its status.
    notice: Mutex<Option<String>>,
    trips: Trips,
    pub(crate) duties: Duties,
    clock: Arc<dyn Clock>,
    started: Instant,
}

impl<P: Product> Daemon<P> {
    /// Loads the inventory, opens the ledger and brings both together.
    pub(crate) fn open(
        settings: &Settings<P::Settings>,
        clock: impl Clock,
    ) -> Result<(Self, LedgerThread), StartError> {
        let opening = Opening::<P>::begin(settings, Arc::new(clock))?;
        let (ledger, thread) = Ledger::open(opening.ledger_options(settings), opening.observer())?;
        Ok((smol::block_on(opening.finish(settings, ledger))?, thread))
    }

    /// What proves to other hosts that this is a daemon.
    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        self.duties.credentials.as_ref()
    }

    /// Has the daemon reload while it serves.
    pub(crate) fn reload_on(&mut self, reloads: Reloads<P::Settings>) {
        self.reloads = Mutex::new(Some(reloads));
    }

    /// Puts this at the head of the status from now on, or nothing, and tells systemd.
    pub(crate) fn announce(&self, notice: Option<String>) {
        *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = notice;
        agencia_systemd::status(&self.status());
    }

    fn health(&self) -> Health {
        let Stats { sales, steps, commits, .. } = self.ledger.stats();
        let live = self.duties.live.counts();
        Health {
            daemon: P::NAME.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            // Nobody can ask before it is.
            ready: true,
            uptime_secs: self.started.elapsed().as_secs(),
            offers: self.inventory.catalog().len() as u64,
            connections: self.counters.connections(),
            requests: self.counters.requests(),
            errors: self.counters.errors(),
            sales,
            steps,
            commits,
            trips: TripCounts { committed: sales, ..live },
            recovering: self.duties.recovery.goes_on(),
        }
    }
}

/// A daemon on its way: everything but its ledger is there.
pub(crate) struct Opening<P: Product> {
    name: DaemonName,
    key: Key,
    credentials: Option<Credentials>,
    peers: BTreeMap<DaemonName, Peer>,
    inventory: Arc<Inventory<P>>,
    pub(crate) live: Arc<Live>,
    clock: Arc<dyn Clock>,
}

impl<P: Product> Opening<P> {
    /// Reads everything that stands beside the ledger.
    pub(crate) fn begin(
        settings: &Settings<P::Settings>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let peers = peers::load(settings, P::NAME)?;
        let credentials = keys::credentials(settings)?;
        let inventory = Inventory::load(&settings.inventory, settings.capacity_default)?;
        let inventory = Arc::new(inventory);
        std::fs::create_dir_all(&settings.state)
            .map_err(|source| StartError::State { path: settings.state.clone(), source })?;
        let key = keys::receipt_key(settings)?;
        let name = P::NAME.parse().expect("a product has the name of a daemon");
        let holds = HoldLimits::of(&settings.limits);
        let colleagues = peers.keys().cloned();
        let live = Live::new(settings.trips.limits(), holds, clock.clone(), colleagues);
        let live = Arc::new(live);
        Ok(Self { name, key, credentials, peers, inventory, live, clock })
    }

    /// How the ledger is opened.
    pub(crate) fn ledger_options(&self, settings: &Settings<P::Settings>) -> LedgerOptions {
        let followed = self.live.clone();
        let (name, key) = (self.name.clone(), self.key.clone());
        LedgerOptions {
            trip_limits: settings.trips.limits(),
            queue_max: settings.limits.ledger_queue_max,
            batch_max: settings.limits.ledger_batch_max,
            ballast_bytes: settings.limits.ballast_bytes,
            service_days: ServiceDays::new(trips::service_days::<P>),
            follower: Follower::new(move |trip, row| followed.follow(trip, row)),
            ..LedgerOptions::new(settings.ledger(), settings.locator_letter, name, key)
        }
    }

    /// What the ledger tells of units.
    pub(crate) fn observer(&self) -> Observer {
        let observed = self.inventory.clone();
        Box::new(move |changes: &[_]| observed.follow(changes))
    }

    /// Brings inventory and ledger together, and takes up what was not finished.
    pub(crate) async fn finish(
        self,
        settings: &Settings<P::Settings>,
        ledger: Ledger,
    ) -> Result<Daemon<P>, StartError> {
        let Self { name, key, credentials, peers, inventory, live, clock } = self;
        inventory.adopt_first(&ledger).await?;
        let life = take_up(&ledger, &live).await?;
        let names = peers.keys().cloned().collect();
        let recovery = Arc::new(RecoveryGate::new(life.recovering));
        let trips = Trips::new(
            name.clone(),
            ledger.clone(),
            live.clone(),
            (names, recovery.clone()),
            settings,
        );
        let duties = Duties {
            name,
            key,
            credentials,
            peers,
            #[cfg(test)]
            courier: None,
            live,
            clock: clock.clone(),
            recovery,
            limits: settings.trips.limits(),
            deadlines: settings.deadlines.clone(),
            settling_max: settings.limits.settling_max,
            forget: settings.trips.forget,
        };
        Ok(Daemon {
            product: P::new(settings.product.clone()),
            inventory,
            ledger,
            counters: Arc::default(),
            rules: Arc::new(ArcSwap::from_pointee(Rules {
                limits: settings.limits.clone(),
                deadlines: settings.deadlines.clone(),
            })),
            reloads: Mutex::default(),
            notice: Mutex::default(),
            trips,
            duties,
            clock,
            started: Instant::now(),
        })
    }
}

impl<P: Product> Handler for Daemon<P> {
    fn title(&self) -> &'static str {
        P::TITLE
    }

    fn status(&self) -> String {
        let Health { offers, connections, requests, errors, sales, trips, recovering, .. } =
            self.health();
        let notice = self.notice.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let notice = notice.map(|notice| notice + "; ").unwrap_or_default();
        let recovering = if recovering { "in recovery, searches only; " } else { "" };
        format!(
            "{notice}{recovering}{offers} offers; {connections} connections; {requests} requests, {errors} \
             of them errors; {sales} sales; {} held, {} pinned, {} in doubt, {} pending",
            trips.held, trips.pinned, trips.in_doubt, trips.pending
        )
    }

    fn duties(self: Arc<Self>, crew: &Crew) {
        let reloads = self.reloads.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reloads) = reloads {
            crew.spawn_until_stopped(reload::reloading(self.clone(), reloads));
        }
        let find_again = {
            let daemon = self.clone();
            Box::new(move |items: &[TripItem]| daemon.find_again(items))
        };
        self.duties.take_up(&self.ledger, find_again, crew);
    }

    fn parse<'a>(&self, body: &'a [u8]) -> Result<Request<'a>, WireError> {
        Request::parse(body, P::SEARCH, P::PLACE_FIELD)
    }

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn course(&self, request: &Request<'_>) -> Course {
        match request {
            Request::Reserve(_) => Course::Together,
            Request::Trip(message) => trips::course(message),
            Request::Import => Course::Alone,
            _ => Course::Now,
        }
    }

    fn render(
        &self,
        request: &Request<'_>,
        body: &[u8],
        now: Now,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        let catalog = self.inventory.catalog();
        let view = self.view(&catalog, now);
        match request {
            Request::Search => view.search(body, out)?,
            Request::Destinations => view.destinations(out),
            Request::Calendar(calendar) => view.calendar(calendar, out),
            Request::Offers(offers) => {
                view.offers(offers, out);
                trips::append_policy(out, self.trips.policy());
            }
            Request::Health => serde_json::to_writer(out, &self.health()).map_err(internal)?,
            Request::Reserve(_) | Request::Import | Request::Trip(_) => {
                unreachable!("these are answered later")
            }
        }
        Ok(())
    }

    fn start(&self, request: &Request<'_>, now: Now) -> Result<Later, WireError> {
        match request {
            Request::Reserve(reserve) => {
                let catalog = self.inventory.catalog();
                purchase::start(&self.trips, &self.view(&catalog, now), reserve, now)
            }
            Request::Trip(message) => {
                let catalog = self.inventory.catalog();
                self.trips.start(message, &self.view(&catalog, now), now)
            }
            Request::Import => self.inventory.clone().import(self.ledger.clone()),
            _ => unreachable!("these are answered at once"),
        }
    }
}

impl<P: Product> Daemon<P> {
    pub(crate) fn view<'a>(
        &'a self,
        catalog: &'a agencia_catalog::Catalog<P>,
        now: Now,
    ) -> View<'a, P> {
        let limits = &self.rules.load().limits;
        let limits =
            Limits { results_default: limits.results_default, results_max: limits.results_max };
        View::new(&self.product, catalog, now.moment, limits)
    }

    /// The items as far as they are still in the catalog, whether or not they have begun.
    fn find_again(&self, items: &[TripItem]) -> Vec<SoldItem> {
        let catalog = self.inventory.catalog();
        let now = Now { moment: Moment::first(), unix_millis: 0 };
        trips::find_again(&self.view(&catalog, now), items)
    }
}

/// Takes up what was not finished when the daemon last ended.
async fn take_up(ledger: &Ledger, live: &Live) -> Result<Life, StoreError> {
    for (trip, row) in ledger.live().await? {
        live.follow(trip, &Arc::new(row));
    }
    ledger.life().await
}

/// The fault of this daemon: nothing happened.
pub(crate) fn internal(error: impl std::fmt::Display) -> WireError {
    log::error!("A request could not be answered: {error}");
    WireError::new(Code::Internal, "o servidor falhou e nada foi feito")
}
