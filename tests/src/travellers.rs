//! Travellers of whole trips of three parts, for whoever measures: as many at a time as there are,
//! or one whenever one is due. One thread leads all.

use crate::Kind;
use crate::books::{Told, Trip};
use crate::lead::{Leader, book};
use crate::trio::Trio;
use agencia_client::{PoolOptions, Spawn};
use agencia_trip::driver::Driver;
use smol::Executor;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// For how long parts are held.
const HOLD_SECS: u32 = 60;
/// After how long a trip is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Connections to the daemons, and the thread that uses them.
#[derive(Debug)]
pub struct Travellers {
    executor: Arc<Executor<'static>>,
    leader: Leader,
    offers: usize,
}

/// A trip, and when its traveller knew.
type Travelled = (Trip, Instant);

impl Travellers {
    /// Travellers to these daemons, which have so many offers each.
    pub fn of(trio: &Trio, offers: usize) -> Self {
        let executor = Arc::new(Executor::new());
        let tasks = executor.clone();
        let spawn: Spawn = Arc::new(move |future| tasks.spawn(future).detach());
        let leader = Leader::new(&trio.addresses(), PoolOptions::default(), &spawn);
        Self { executor, leader, offers }
    }

    /// So many travellers who book one trip after the other: what they wanted, and how many trips
    /// were booked a second.
    pub fn crowd(&self, count: usize, round: Duration) -> (Vec<Trip>, f64) {
        let begun = Instant::now();
        let trips = self.travel_while(count, move || begun.elapsed() < round);
        let took = begun.elapsed();
        #[expect(clippy::cast_precision_loss, reason = "a rate is printed, not kept")]
        let rate = booked(&trips) as f64 / took.as_secs_f64();
        (trips, rate)
    }

    /// So many trips, by so many travellers.
    pub fn several(&self, count: usize, trips: u64) -> Vec<Trip> {
        let begun = Arc::new(AtomicU64::new(0));
        self.travel_while(count, move || begun.fetch_add(1, Relaxed) < trips)
    }

    /// So many travellers who book one trip after the other while there is another to book.
    fn travel_while(
        &self,
        count: usize,
        another: impl Fn() -> bool + Clone + Send + 'static,
    ) -> Vec<Trip> {
        let one = |_| {
            let (leader, offers, another) = (self.leader.clone(), self.offers, another.clone());
            self.executor.spawn(async move {
                let mut trips = Vec::new();
                while another() {
                    trips.push(travel(&leader, offers).await.0);
                }
                trips
            })
        };
        let tasks: Vec<_> = (0..count).map(one).collect();
        smol::block_on(self.executor.run(async {
            let mut trips = Vec::new();
            for task in tasks {
                trips.extend(task.await);
            }
            trips
        }))
    }

    /// So many trips a second, whether or not the last one is over, and how long each took from
    /// when it was due, booked or not.
    pub fn at_rate(&self, rate: u32, round: Duration) -> (Vec<Trip>, Vec<Duration>) {
        let begun = Instant::now();
        let travelled: Vec<(Instant, Travelled)> = smol::block_on(self.executor.run(async {
            let mut tasks = Vec::new();
            for number in 0.. {
                let due = begun + Duration::from_secs(number) / rate;
                if due > begun + round {
                    break;
                }
                if due > Instant::now() {
                    smol::Timer::at(due).await;
                }
                let (leader, offers) = (self.leader.clone(), self.offers);
                let task = self.executor.spawn(async move { travel(&leader, offers).await });
                tasks.push((due, task));
            }
            let mut travelled = Vec::new();
            for (due, task) in tasks {
                travelled.push((due, task.await));
            }
            travelled
        }));
        let took = |(due, (_, known)): &(Instant, Travelled)| known.duration_since(*due);
        let took = travelled.iter().map(took).collect();
        (travelled.into_iter().map(|(_, (trip, _))| trip).collect(), took)
    }
}

/// How many of these travellers were told that they are booked.
pub fn booked(trips: &[Trip]) -> usize {
    trips.iter().filter(|trip| matches!(trip.told, Told::Booked(_))).count()
}

async fn travel(leader: &Leader, offers: usize) -> Travelled {
    let part = |kind| (kind, rand::random_range(0..offers), 1);
    let mut trip = Trip::new(Uuid::now_v7(), &Kind::ALL.map(part));
    let driver = Driver::new(trip.plan(HOLD_SECS), book());
    let led = leader.lead_until_known(driver, Instant::now() + PATIENCE).await;
    trip.told = Told::from(&led.ending);
    (trip, led.known)
}
