//! Two mixes of other people's benchmarks, through the web client over HTTP, in an open loop: visits
//! are due whether or not the last ones are over, and their time counts from when they were due, so
//! that a stall is not hidden by those who wait for it. Then the stock is audited.
//!
//! DeathStarBench's hotel: 60% search, 39% recommend (the same with the cheapest first, beside the
//! month's calendar that every list has), 1% reserve. SEATS: find flights 10%, seats left 35%
//! (the review of a flight), new booking 20%, change of names 15%, change of contact 10%, cancel 10%.
//! No page changes names: these two are said to the daemon, as an operator's program would.

use crate::figure::{Figure, Figures, number};
use crate::load::histogram;
use crate::peers::Failure;
use crate::plot::{self, Series};
use crate::run::Run;
use crate::site;
use crate::visitor::{Booking, Visitor};
use agencia_tests::Kind;
use agencia_tests::trio::{Times, Trio, offer_id};
use hdrhistogram::Histogram;
use rand::RngExt;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What a page shows.
const OFFERS: usize = 30;
const CAPACITIES: [u32; OFFERS] = [65_000; OFFERS];
/// As many visits can be under way; one that finds nobody free waits, and its clock runs.
const VISITORS: usize = 48;
/// How long the daemons may take to settle.
const SETTLED: Duration = Duration::from_secs(30);

/// A visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visit {
    Stays,
    Cheapest,
    ReserveRoom,
    Flights,
    SeatsLeft,
    Book,
    Names,
    Contact,
    Cancel,
}

/// A mix: its name, visits a second, and what of a hundred visits is what.
struct Mix {
    name: &'static str,
    rate: u32,
    shares: &'static [(Visit, u32)],
}

const MIXES: [Mix; 2] = [
    Mix {
        name: "hotel",
        rate: 400,
        shares: &[(Visit::Stays, 60), (Visit::Cheapest, 39), (Visit::ReserveRoom, 1)],
    },
    Mix {
        name: "SEATS",
        rate: 200,
        shares: &[
            (Visit::Flights, 10),
            (Visit::SeatsLeft, 35),
            (Visit::Book, 20),
            (Visit::Names, 15),
            (Visit::Contact, 10),
            (Visit::Cancel, 10),
        ],
    },
];

/// Measures both mixes.
///
/// # Errors
/// When a visit fails or the stock is not what was booked.
pub(crate) fn measure(run: &Run, figures: &mut Figures) -> Result<(), Failure> {
    let trio = Trio::new(&CAPACITIES, Times { hold_secs: 60, ..Times::SHIPPED });
    let _daemons = trio.start();
    let web = site::web(&run.folder, &trio.addresses())?;
    let house =
        House { web: web.address(), bookings: Mutex::default(), booked: Default::default() };
    for mix in MIXES {
        let time = run.pick(Duration::from_secs(3), Duration::from_secs(20));
        let before = Instant::now();
        let (all, each) = house.play(&mix, time)?;
        let rate = number(all.len()) / before.elapsed().as_secs_f64();
        let millis = |times: &Histogram<u64>, at| number(times.value_at_quantile(at)) / 1e6;
        figures.add(Figure::alone(format!("mix {}: visits", mix.name), "/s", vec![rate]));
        for (name, at) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
            let figure = format!("mix {}: {name}", mix.name);
            figures.add(Figure::alone(figure, "ms", vec![millis(&all, at)]));
        }
        let series: Vec<Series> = each.iter().map(|(visit, times)| curve(*visit, times)).collect();
        let title = format!("{} mix, {} visits a second", mix.name, mix.rate);
        let path = run.folder.join(format!("mix-{}.svg", mix.name));
        plot::lines(
            &path,
            &title,
            ("one of so many visits takes longer", "milliseconds"),
            &series,
        )?;
    }
    house.audit(&trio)
}

/// Milliseconds over how rare they are.
fn curve(visit: Visit, times: &Histogram<u64>) -> Series {
    let rarities = [1.25, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];
    let point = |rarity: f64| (rarity, number(times.value_at_quantile(1.0 - 1.0 / rarity)) / 1e6);
    (format!("{visit:?}"), rarities.into_iter().map(point).collect())
}

/// Where visitors go, and what they have.
struct House {
    web: SocketAddr,
    bookings: Mutex<Vec<Booking>>,
    /// Units that are booked in each daemon, as far as visitors were told.
    booked: [AtomicUsize; 3],
}

/// The times of each kind of visit, in nanoseconds.
type Kinds = Vec<(Visit, Histogram<u64>)>;

impl House {
    /// Plays a mix: the times of all visits, and of each kind.
    fn play(&self, mix: &Mix, time: Duration) -> Result<(Histogram<u64>, Kinds), Failure> {
        let visits = (time.as_millis() * u128::from(mix.rate) / 1000).try_into()?;
        let next = AtomicUsize::new(0);
        let begun = Instant::now() + Duration::from_millis(50);
        let work = || -> Result<Kinds, Failure> {
            let mut visitor = Visitor::new(self.web);
            let mut times: Kinds =
                mix.shares.iter().map(|(visit, _)| (*visit, histogram())).collect();
            loop {
                let number = next.fetch_add(1, Relaxed);
                if number >= visits {
                    return Ok(times);
                }
                let offset = u32::try_from(number).expect("fewer visits than 2^32");
                let due = begun + Duration::from_secs(1) * offset / mix.rate;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let visit = mix.draw();
                self.pay(visit, &mut visitor)?;
                let took = u64::try_from(due.elapsed().as_nanos()).unwrap_or(u64::MAX);
                let of_visit = times.iter_mut().find(|(other, _)| *other == visit);
                of_visit.expect("it is of this mix").1.saturating_record(took);
            }
        };
        let mut each: Kinds = mix.shares.iter().map(|(visit, _)| (*visit, histogram())).collect();
        let all: Result<Vec<Kinds>, Failure> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..VISITORS).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no visitor panics")).collect()
        });
        let mut sum = histogram();
        for (kind, (_, times)) in all?.iter().flat_map(|times| times.iter().enumerate()) {
            each[kind].1.add(times)?;
            sum.add(times)?;
        }
        Ok((sum, each))
    }

    fn pay(&self, visit: Visit, visitor: &mut Visitor) -> Result<(), Failure> {
        let any = |kind| offer_id(kind, rand::random_range(0..OFFERS));
        match visit {
            Visit::Flights => visitor.flights(),
            Visit::Stays => visitor.stays(""),
            Visit::Cheapest => visitor.stays("preco"),
            Visit::SeatsLeft => visitor.review(&[("ida", any(Kind::Flights))]).map(drop),
            Visit::ReserveRoom => {
                visitor.book(&[("hospedagem", any(Kind::Stays))])?;
                self.count(Kind::Stays);
                Ok(())
            }
            Visit::Book => {
                let booking = visitor.book(&[("ida", any(Kind::Flights))])?;
                self.count(Kind::Flights);
                self.keep(booking);
                Ok(())
            }
            Visit::Names | Visit::Contact => match self.take() {
                // Nobody has booked yet.
                None => visitor.review(&[("ida", any(Kind::Flights))]).map(drop),
                Some(booking) => {
                    let contact = (visit == Visit::Contact).then_some("ana@example.com");
                    let told = visitor.rename(&booking, contact);
                    self.keep(booking);
                    told
                }
            },
            Visit::Cancel => match self.take() {
                None => visitor.review(&[("ida", any(Kind::Flights))]).map(drop),
                Some(booking) => {
                    visitor.cancel(&booking)?;
                    self.booked[0].fetch_sub(1, Relaxed);
                    Ok(())
                }
            },
        }
    }

    fn count(&self, kind: Kind) {
        self.booked[agencia_tests::trio::place(kind)].fetch_add(1, Relaxed);
    }

    fn keep(&self, booking: Booking) {
        self.bookings.lock().expect("no visitor panics").push(booking);
    }

    /// Any booking, which nobody else has meanwhile.
    fn take(&self) -> Option<Booking> {
        let mut bookings = self.bookings.lock().expect("no visitor panics");
        let count = bookings.len();
        (count > 0).then(|| bookings.swap_remove(rand::random_range(0..count)))
    }

    /// What visitors were told is what the daemons have, and nothing is left in between.
    fn audit(&self, trio: &Trio) -> Result<(), Failure> {
        let due = Instant::now() + SETTLED;
        let wanted = self.booked.each_ref().map(|count| count.load(Relaxed) as u64);
        loop {
            let audits = trio.connect().map(|mut client| client.ask(r#"{"action":"auditar"}"#));
            let is_right = audits.iter().zip(wanted).all(|(audit, wanted)| {
                let [held, pinned, booked] =
                    ["seguras", "fixas", "confirmadas"].map(|field| audit[field].as_u64());
                audit["consistente"] == true
                    && [held, pinned] == [Some(0); 2]
                    && booked == Some(wanted)
            });
            if is_right {
                println!("audited: {wanted:?} units are booked, as visitors were told");
                return Ok(());
            }
            if Instant::now() > due {
                return Err(format!("{wanted:?} were booked: {audits:?}").into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Mix {
    fn draw(&self) -> Visit {
        let mut drawn: u32 = rand::rng().random_range(0..100);
        for (visit, share) in self.shares {
            match drawn.checked_sub(*share) {
                None => return *visit,
                Some(rest) => drawn = rest,
            }
        }
        unreachable!("the shares are a hundred")
    }
}
