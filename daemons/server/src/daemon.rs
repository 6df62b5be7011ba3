//! A daemon of one product: its offers, its ledger, and the answers to everything that can be
//! asked of it.

use crate::clock::{Clock, Now};
use crate::connection::{Course, Handler, Later};
use crate::counters::Counters;
use crate::inventory::{Inventory, InventoryRefused};
use crate::purchase;
use crate::settings::Settings;
use agencia_catalog::{Limits, Product, View};
use agencia_protocol::request::{Health, Request, TripCounts};
use agencia_protocol::{Code, WireError};
use agencia_store::{Ledger, LedgerOptions, LedgerThread, StoreError};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
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
    clock: Box<dyn Clock>,
    limits: Limits,
    started: Instant,
}

impl<P: Product> Daemon<P> {
    /// Loads the inventory, opens the ledger and brings both together.
    pub(crate) fn open(
        settings: &Settings<P::Settings>,
        clock: impl Clock,
    ) -> Result<(Self, LedgerThread), StartError> {
        let inventory = Inventory::load(&settings.inventory, settings.capacity_default)?;
        let inventory = Arc::new(inventory);
        std::fs::create_dir_all(&settings.state)
            .map_err(|source| StartError::State { path: settings.state.clone(), source })?;
        let options = LedgerOptions {
            path: settings.ledger(),
            locator_letter: settings.locator_letter,
            queue_max: settings.limits.ledger_queue_max,
            batch_max: settings.limits.ledger_batch_max,
        };
        let observed = inventory.clone();
        let observer = Box::new(move |changes: &[_]| observed.follow(changes));
        let (ledger, thread) = Ledger::open(options, observer)?;
        smol::block_on(inventory.adopt_first(&ledger))?;
        let daemon = Self {
            product: P::new(settings.product.clone()),
            inventory,
            ledger,
            counters: Arc::default(),
            clock: Box::new(clock),
            limits: Limits {
                results_default: settings.limits.results_default,
                results_max: settings.limits.results_max,
            },
            started: Instant::now(),
        };
        Ok((daemon, thread))
    }

    fn health(&self) -> Health {
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
            sales: self.ledger.stats().sales,
            trips: TripCounts::default(),
            recovering: false,
        }
    }
}

impl<P: Product> Handler for Daemon<P> {
    fn title(&self) -> &'static str {
        P::TITLE
    }

    fn status(&self) -> String {
        let Health { offers, connections, requests, errors, sales, .. } = self.health();
        format!(
            "{offers} offers; {connections} connections; {requests} requests, {errors} of them \
             errors; {sales} sales"
        )
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
            Request::Import | Request::Trip(_) => Course::Alone,
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
            Request::Search => self.product.search(body, &view, out)?,
            Request::Destinations => view.destinations(out),
            Request::Calendar(calendar) => view.calendar(calendar, out),
            Request::Offers(offers) => view.offers(offers, out),
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
                purchase::start(&self.ledger, &self.view(&catalog, now), reserve, now)
            }
            Request::Import => self.inventory.clone().import(self.ledger.clone()),
            Request::Trip(_) => Err(WireError::new(Code::UnknownAction, "ainda não")),
            _ => unreachable!("these are answered at once"),
        }
    }
}

impl<P: Product> Daemon<P> {
    fn view<'a>(&'a self, catalog: &'a agencia_catalog::Catalog<P>, now: Now) -> View<'a, P> {
        View { product: &self.product, catalog, now: now.moment, limits: self.limits }
    }
}

/// The fault of this daemon: nothing happened.
pub(crate) fn internal(error: impl std::fmt::Display) -> WireError {
    log::error!("A request could not be answered: {error}");
    WireError::new(Code::Internal, "o servidor falhou e nada foi feito")
}
