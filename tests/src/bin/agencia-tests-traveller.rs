//! One trip, led by a process of its own that can be killed: it stands for the web client.
//!
//! ```text
//! agencia-tests-traveller [cancel] TRIP HOLD_SECS PATIENCE_SECS KIND=ADDRESS=OFFER=UNITS...
//! ```
//!
//! It prints `booked LOCATOR`, `not booked`, `cancelled` or `unknown` as soon as it knows that, and
//! ends with 0 when every daemon has been told. With `cancel`, the trip is booked and is to be
//! cancelled.

use agencia_client::PoolOptions;
use agencia_tests::Kind;
use agencia_tests::books::{Told, Trip};
use agencia_tests::lead::{Leader, book, plan};
use agencia_trip::driver::Driver;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let cancels = words.first().is_some_and(|word| word == "cancel");
    let [trip, hold_secs, patience, parts @ ..] = &words[usize::from(cancels)..] else {
        return Err(
            "usage: [cancel] TRIP HOLD_SECS PATIENCE_SECS KIND=ADDRESS=OFFER=UNITS...".into()
        );
    };
    let mut addresses = Vec::new();
    let mut planned = Vec::new();
    for part in parts {
        let [kind, address, offer, units] = part.split('=').collect::<Vec<_>>()[..] else {
            return Err(format!("{part} is not KIND=ADDRESS=OFFER=UNITS").into());
        };
        let kind = Kind::ALL.into_iter().find(|other| other.name() == kind);
        let kind = kind.ok_or("a kind is voos, hospedagens or passeios")?;
        addresses.push((kind, address.parse()?));
        planned.push((kind, offer, units.parse()?));
    }
    let trip: Uuid = trip.parse()?;
    let driver = Driver::new(plan(trip, &planned, hold_secs.parse()?), book());
    let due = Instant::now() + Duration::from_secs_f64(patience.parse()?);
    // One thread does all: system calls are counted by thread.
    let executor = Arc::new(smol::Executor::new());
    let tasks = executor.clone();
    let leader = Leader::new(
        &addresses,
        PoolOptions { connections_max: 1, ..PoolOptions::default() },
        &(Arc::new(move |future| tasks.spawn(future).detach()) as agencia_client::Spawn),
    );
    let kinds: Vec<_> = planned.iter().map(|(kind, ..)| (*kind, 0, 0)).collect();
    smol::block_on(executor.run(async {
        match cancels {
            true => say(&leader.cancel(&Trip::new(trip, &kinds), due).await),
            false => drop(leader.lead(driver, due, |ending| say(&Told::from(ending))).await),
        }
    }));
    Ok(())
}

fn say(told: &Told) {
    match told {
        Told::Booked(locator) => println!("booked {locator}"),
        Told::NotBooked => println!("not booked"),
        Told::Cancelled => println!("cancelled"),
        Told::Unknown => println!("unknown"),
    }
}
