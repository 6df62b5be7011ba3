//! Travellers who book one trip after the other, and remember what they were told.

use crate::Kind;
use crate::books::{Told, Trip};
use crate::lead::{Leader, book};
use agencia_client::{Deadlines, PoolOptions, Spawn};
use agencia_trip::driver::Driver;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use uuid::{NoContext, Timestamp, Uuid};

/// How travellers book.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// How many there are at a time.
    pub travellers: usize,
    /// How long one goes on asking about a trip before it is given up.
    pub patience: Duration,
    /// For how long parts are held.
    pub hold_secs: u32,
    /// The pause of a traveller between two trips.
    pub pause: Duration,
    /// Of a hundred that are booked, how many are cancelled at once.
    pub cancelled_percent: u32,
    /// Whether parts are pinned and decided together. Otherwise there are no pins, and each daemon
    /// decides about its own part: what the protocol is there to make good.
    pub together: bool,
}

impl Work {
    /// Eight travellers without a pause, of whom every tenth who is booked cancels.
    pub fn new(hold_secs: u32) -> Self {
        let (patience, pause) = (Duration::from_secs(2), Duration::ZERO);
        let (cancelled_percent, together) = (10, true);
        Self { travellers: 8, patience, hold_secs, pause, cancelled_percent, together }
    }
}

/// How far the agency's clocks are ahead of this machine's: the moment that trips' ids carry.
#[derive(Debug, Clone, Default)]
pub struct Ahead(Arc<AtomicI64>);

impl Ahead {
    /// So many seconds from now on.
    pub fn set(&self, secs: i64) {
        self.0.store(secs, Relaxed);
    }

    /// A new trip's id.
    ///
    /// # Panics
    /// When the clock of this machine is before 1970.
    pub fn mint(&self) -> Uuid {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
        let secs = now.as_secs().saturating_add_signed(self.0.load(Relaxed));
        Uuid::new_v7(Timestamp::from_unix(NoContext, secs, now.subsec_nanos()))
    }
}

/// Travellers at work.
#[derive(Debug)]
pub struct Load {
    /// How far the clocks are ahead.
    pub ahead: Ahead,
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    work: Work,
    ahead: Ahead,
    random: Mutex<ChaCha8Rng>,
    offers: usize,
    trips: Mutex<Vec<Trip>>,
    told: AtomicUsize,
    /// Once the work is done.
    unreached: AtomicUsize,
    stop: AtomicBool,
}

impl Load {
    /// Sends travellers to the daemons at these addresses, whose offers have these capacities.
    /// `enter` is called on the thread that does all their work, first.
    pub fn start(
        addresses: [(Kind, SocketAddr); 3],
        capacities: &[u32],
        work: Work,
        random: ChaCha8Rng,
        enter: impl FnOnce() + Send + 'static,
    ) -> Self {
        let ahead = Ahead::default();
        let shared = Arc::new(Shared {
            work,
            ahead: ahead.clone(),
            random: Mutex::new(random),
            offers: capacities.len(),
            trips: Mutex::default(),
            told: AtomicUsize::new(0),
            unreached: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let together = shared.clone();
        let thread = thread::spawn(move || {
            enter();
            let executor = Arc::new(smol::Executor::new());
            let tasks = executor.clone();
            let spawn: Spawn = Arc::new(move |future| tasks.spawn(future).detach());
            let deadlines = Deadlines { connect: work.patience / 4, reply: work.patience / 2 };
            let options = PoolOptions { deadlines, ..PoolOptions::default() };
            let leader = Leader::new(&addresses, options, &spawn);
            let travel = |_| executor.spawn(travel(leader.clone(), together.clone()));
            let travellers: Vec<_> = (0..work.travellers).map(travel).collect();
            smol::block_on(executor.run(async {
                for traveller in travellers {
                    traveller.await;
                }
            }));
            together.unreached.store(leader.unreached().load(Relaxed), Relaxed);
        });
        Self { ahead, shared, thread }
    }

    /// How many trips have ended, for their travellers.
    ///
    /// # Panics
    /// When a traveller has panicked.
    pub fn trips(&self) -> usize {
        self.shared.trips.lock().expect("no traveller panics").len()
    }

    /// Waits until so many were told that they are booked, or cancelled after that.
    ///
    /// # Panics
    /// When that takes too long.
    pub fn wait_for(&self, told: usize) {
        let due = Instant::now() + crate::PATIENCE;
        while self.shared.told.load(Relaxed) < told {
            assert!(Instant::now() < due, "{told} bookings take too long");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// No new trips; those that are under way are given up after a while.
    pub fn stop(&self) {
        self.shared.stop.store(true, Relaxed);
    }

    /// Whether no trip is under way any more.
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// The same as [`stop`](Self::stop), and waits until it is over.
    ///
    /// # Panics
    /// When a traveller has panicked.
    pub fn finish(self) -> Vec<Trip> {
        self.finish_and_count().0
    }

    /// The same, with how often no connection to a daemon could be made.
    ///
    /// # Panics
    /// When a traveller has panicked.
    pub fn finish_and_count(self) -> (Vec<Trip>, usize) {
        self.stop();
        self.thread.join().expect("no traveller panics");
        let mut trips = self.shared.trips.lock().expect("no traveller panics");
        (std::mem::take(&mut trips), self.shared.unreached.load(Relaxed))
    }
}

async fn travel(leader: Leader, shared: Arc<Shared>) {
    let work = shared.work;
    while !shared.stop.load(Relaxed) {
        let mut trip = shared.draw();
        let due = Instant::now() + work.patience;
        trip.told = if work.together {
            let driver = Driver::new(trip.plan(work.hold_secs), book());
            let told = Told::from(&leader.lead(driver, due, |_| {}).await.ending);
            match told {
                Told::Booked(_) if shared.cancels() => {
                    leader.cancel(&trip, Instant::now() + work.patience).await
                }
                told => told,
            }
        } else {
            leader.lead_without_pins(&trip, work.hold_secs, due).await;
            Told::Unknown
        };
        let told = usize::from(matches!(trip.told, Told::Booked(_) | Told::Cancelled));
        shared.trips.lock().expect("no traveller panics").push(trip);
        shared.told.fetch_add(told, Relaxed);
        smol::Timer::after(work.pause).await;
    }
}

impl Shared {
    /// Whether somebody who is booked cancels.
    fn cancels(&self) -> bool {
        let mut random = self.random.lock().expect("no traveller panics");
        random.random_range(0..100) < self.work.cancelled_percent
    }

    /// A trip of one, two or mostly three parts.
    fn draw(&self) -> Trip {
        let mut random = self.random.lock().expect("no traveller panics");
        loop {
            let mut part = |kind| {
                let units = random.random_range(1..=3);
                random.random_bool(0.9).then(|| (kind, random.random_range(0..self.offers), units))
            };
            let parts: Vec<_> = Kind::ALL.into_iter().filter_map(&mut part).collect();
            if !parts.is_empty() {
                return Trip::new(self.ahead.mint(), &parts);
            }
        }
    }
}
