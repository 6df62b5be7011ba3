//! What a running daemon is to the world, whatever it sells: the production daemon behind one
//! face. Bytes go in and come out; nothing here decides anything.

use super::stock;
use crate::Clock;
use crate::authority::Caller;
use crate::connection::Handler;
use crate::crew::Crew;
use crate::daemon::{Daemon, Opening, StartError};
use crate::inventory::{InventoryRefused, import_now};
use crate::peers::Courier;
use crate::replies::Replies;
use crate::settings::Settings;
use agencia_catalog::Product;
use agencia_protocol::frame::Decoder;
use agencia_protocol::{OfferId, TripId};
use agencia_store::{Filter, Follower, Ledger, Observer, TurnedLedger};
use agencia_trip::Row;
use futures_lite::future;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;

pub(super) type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A running daemon, whatever it sells.
pub(super) trait Core {
    /// Answers what arrived on a connection: whole frames in, frames out.
    fn answer(&self, bytes: Vec<u8>) -> Later<Vec<u8>>;

    /// Begins what the daemon does by itself.
    fn duties(&self, crew: &Crew);

    /// Puts the staged inventory in force. Answers whether it was taken.
    fn import(&self) -> Later<bool>;

    /// The units and the units left of an offer in the catalog, if it is there.
    fn left(&self, id: &OfferId) -> Option<(u16, u16)>;

    fn ledger(&self) -> Ledger;
}

type OfRows = Box<dyn Fn(TripId, &Arc<Row>) + Send + Sync>;

/// Who is told what a ledger has committed.
pub(super) struct Watchers {
    pub(super) units: Observer,
    pub(super) row: OfRows,
    /// Whether the catalog is told, too.
    pub(super) catalog_is_told: bool,
}

/// A daemon that was started.
pub(super) struct Started {
    pub(super) core: Box<dyn Core>,
    pub(super) ledger: TurnedLedger,
    /// Everything that the ledger knows.
    pub(super) rows: Vec<(TripId, Row)>,
}

/// Starts a daemon in its folder; nothing when its inventory gives an offer less than is sold.
pub(super) fn start<P: Product>(
    folder: &Path,
    clock: impl Clock,
    courier: Courier,
    watchers: Watchers,
    draw: Box<dyn FnMut() -> [u8; 5] + Send>,
) -> Option<Started>
where
    P::Settings: Default,
{
    let settings = settings::<P>(folder);
    let opening = Opening::<P>::begin(&settings, Arc::new(clock)).expect("all files are there");
    let Watchers { mut units, row, catalog_is_told } = watchers;
    let (mut observer, live) = (opening.observer(), opening.live.clone());
    let mut options = opening.ledger_options(&settings);
    options.follower = Follower::new(move |trip, written| {
        live.follow(trip, written);
        row(trip, written);
    });
    let observer = Box::new(move |changes: &[_]| {
        if catalog_is_told {
            observer(changes);
        }
        units(changes);
    });
    let (ledger, mut turned) =
        Ledger::open_turned(options, observer, draw).expect("the ledger opens");
    let opened = run(&mut turned, opening.finish(&settings, ledger.clone()));
    let mut daemon = match opened {
        Ok(daemon) => daemon,
        Err(StartError::Inventory(InventoryRefused::BelowSold { .. })) => return None,
        Err(error) => panic!("{} does not start: {error}", P::NAME),
    };
    daemon.duties.courier = Some(courier);
    let rows = run(&mut turned, ledger.page(Filter::All, None, usize::MAX));
    let rows = rows.expect("the ledger can be read");
    Some(Started { core: Box::new(Arc::new(daemon)), ledger: turned, rows })
}

fn settings<P: Product>(folder: &Path) -> Settings<P::Settings> {
    let mut settings = Settings::defaults::<P>();
    settings.inventory = folder.join(format!("{}.json", P::NAME));
    settings.state = folder.join(P::NAME);
    settings.peers = folder.join("pares.toml");
    settings.keys = folder.to_owned();
    settings.limits.ballast_bytes = 0;
    settings
}

/// For how long a daemon waits for another one, by the settings that are shipped: for a connection,
/// which it may have to make first, and for the reply.
pub(super) fn patience_millis() -> i64 {
    let deadlines = Settings::defaults::<agencia_voos::Flights>().deadlines;
    let most = deadlines.peer_connect + deadlines.peer_reply;
    i64::try_from(most.as_millis()).expect("some seconds")
}

/// Lets the ledger work until this is done.
pub(super) fn run<T>(ledger: &mut TurnedLedger, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    for _ in 0..100 {
        if let Some(done) = future::block_on(future::poll_once(&mut work)) {
            return done;
        }
        ledger.turn().expect("the disk does not fail");
    }
    panic!("the ledger's turns lead nowhere");
}

impl<P: Product> Core for Arc<Daemon<P>> {
    fn answer(&self, bytes: Vec<u8>) -> Later<Vec<u8>> {
        let daemon = self.clone();
        Box::pin(async move {
            let counters = daemon.counters.clone();
            let mut replies = Replies::new(&*daemon, &counters, Caller::ThisHost);
            let mut decoder = Decoder::new(1_000_000);
            decoder.feed(&bytes);
            let mut out = Vec::new();
            while let Some(body) = decoder.next_frame().expect("the network keeps frames whole") {
                let body = body.to_vec();
                replies.answer(&body, &mut out).await;
            }
            replies.settle(&mut out).await;
            out
        })
    }

    fn duties(&self, crew: &Crew) {
        Handler::duties(self.clone(), crew);
    }

    fn import(&self) -> Later<bool> {
        let imported = import_now(&self.inventory, self.ledger.clone());
        Box::pin(async move { imported.await.is_ok() })
    }

    fn left(&self, id: &OfferId) -> Option<(u16, u16)> {
        let catalog = self.inventory.catalog();
        let found = catalog.find(id)?;
        Some((catalog.capacity(found), self.view(&catalog, self.now()).units_left(found)))
    }

    fn ledger(&self) -> Ledger {
        self.ledger.clone()
    }
}

/// Starts the daemon of this place in the order of anchors.
pub(super) fn start_daemon(
    daemon: usize,
    folder: &Path,
    clock: impl Clock,
    courier: Courier,
    watchers: Watchers,
    draw: Box<dyn FnMut() -> [u8; 5] + Send>,
) -> Option<Started> {
    debug_assert!(daemon < stock::NAMES.len());
    match daemon {
        0 => start::<agencia_voos::Flights>(folder, clock, courier, watchers, draw),
        1 => start::<agencia_hospedagens::Stays>(folder, clock, courier, watchers, draw),
        _ => start::<agencia_passeios::Tours>(folder, clock, courier, watchers, draw),
    }
}
