//! SIGKILL under load, again and again on one state: nothing that was acknowledged is missing, and
//! nothing is sold above capacity.
//!
//! Clients pipeline purchases, each under a key of its own, and the daemon is killed after a random
//! number of replies. The random numbers come from a seed, which is printed; `CRASH_SEED` runs one
//! again, as far as threads allow.

mod load;
mod books;

use agencia_tests::inventory::with;
use agencia_tests::{Kind, Setup};
use books::Books;
use load::{Load, Offer};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

/// How often each daemon is killed.
const KILLS: usize = 12;
/// The most replies before a kill.
const REPLIES_MAX: usize = 400;

fn seed() -> u64 {
    match std::env::var("CRASH_SEED") {
        Ok(text) => text.parse().expect("CRASH_SEED is a whole number"),
        Err(_) => rand::rng().random(),
    }
}

/// Kills the daemon over and over, then compares what it knows with what it said.
fn check(kind: Kind, setup: &Setup, offers: &[Offer]) {
    let seed = seed();
    println!("CRASH_SEED={seed} {}", kind.name());
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut books = Books::new(offers);
    for kill in 0..KILLS {
        let daemon = setup.start();
        books.check_after_restart(&daemon);
        let load = Load::start(daemon.address(), offers, &mut random);
        // The first kill may come before any reply.
        let replies = if kill == 0 { 0 } else { random.random_range(1..=REPLIES_MAX) };
        load.wait_for(replies);
        drop(daemon);
        let (asked, answered) = books.enter(load.finish());
        println!("kill {kill} after {replies} replies: {answered} of {asked} were answered");
    }
    let daemon = setup.start();
    books.check_after_restart(&daemon);
    books.ask_again(&daemon);
    // Once more: asking again has changed nothing that was settled.
    books.check_after_restart(&daemon);
    assert!(books.sold() > KILLS * 20, "{} sales: too few to tell anything", books.sold());
}

#[test]
fn flights_that_were_acknowledged_are_sold_after_sigkill() {
    // Half of them sell out on the way.
    let capacities = [9, 40, 900, 9_000];
    let records: Vec<_> =
        (0..4).map(|n| Kind::Flights.offer_of(n, capacities[usize::from(n)])).collect();
    let setup = Setup::new(Kind::Flights, &records);
    let offers = load::offers(&setup, Kind::Flights, 1);
    check(Kind::Flights, &setup, &offers);
}

#[test]
fn nights_that_were_acknowledged_are_sold_after_sigkill() {
    // Ten nights of one room type: stays of one to three nights overlap.
    let night = |day: u16| {
        let fields = [
            ("diaEntrada", json!(format!("{day}/12/2099"))),
            ("quartos", json!(if day.is_multiple_of(2) { 300 } else { 800 })),
        ];
        with(Kind::Stays.offer(1), fields)
    };
    let records: Vec<_> = (20..30).map(night).collect();
    let setup = Setup::new(Kind::Stays, &records);
    let offers = load::offers(&setup, Kind::Stays, 3);
    check(Kind::Stays, &setup, &offers);
}

#[test]
fn tours_that_were_acknowledged_are_sold_after_sigkill() {
    let records: Vec<_> = (0..8).map(|number| Kind::Tours.offer_of(number, 120)).collect();
    let setup = Setup::new(Kind::Tours, &records);
    let offers = load::offers(&setup, Kind::Tours, 1);
    check(Kind::Tours, &setup, &offers);
}
