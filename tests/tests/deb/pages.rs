//! Visitors who book on the pages: a flight, a night and a tour.

use agencia_tests::Kind;
use agencia_tests::books::{Told, Trip};
use agencia_tests::http::{Browser, Page, encode};
use agencia_tests::machine::Machine;
use agencia_tests::trio::offer_id;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long a page may say that it does not know yet.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// What a visitor came to.
pub(crate) enum Came {
    /// The voucher of this trip.
    Booked { trip: Uuid, locator: String },
    /// A page that goes no further.
    To(Page),
}

/// The ids of one of each kind, of the offers that the harness knows.
pub(crate) fn known_offers() -> [String; 3] {
    Kind::ALL.map(|kind| offer_id(kind, 0))
}

/// Books a flight, a night and a tour, from the review to the voucher.
pub(crate) fn book(browser: &mut Browser, address: SocketAddr, offers: &[String; 3]) -> Came {
    let fields = ["ida", "hospedagem", "passeio"].into_iter().zip(offers);
    let mut choice: Vec<_> = fields.map(|(name, offer)| (name.to_owned(), offer.clone())).collect();
    choice.push(("pessoas".to_owned(), "1".to_owned()));
    let review = browser.get(address, &format!("/pacote?{}", encode(&choice)));
    let Some((action, fields)) = review.form("/pacote") else { return Came::To(review) };
    let held = browser.post(address, &action, &fields);
    let Some((action, fields)) = held.travellers() else { return Came::To(held) };
    let id = &action["/viagem/".len()..][..36];
    let trip = id.parse().unwrap_or_else(|_| panic!("{action}"));
    let mut page = browser.post(address, &action, &fields);
    let due = Instant::now() + PATIENCE;
    loop {
        if let Some(locator) = page.locator() {
            return Came::Booked { trip, locator };
        }
        if Instant::now() > due {
            return Came::To(page);
        }
        thread::sleep(PAUSE);
        page = browser.get(address, &format!("/viagem/{id}"));
    }
}

/// A visitor from the LAN who books one trip after the other, over one connection for as long as the
/// pages keep it.
pub(crate) struct Booker {
    thread: JoinHandle<(Vec<Trip>, usize)>,
    stop: Arc<AtomicBool>,
    booked: Arc<AtomicUsize>,
}

impl Booker {
    pub(crate) fn start(machine: &Machine, port: u16) -> Self {
        let (address, enter) = (machine.from_lan(port), machine.lan_entrance());
        let (stop, booked) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (told, counted) = (stop.clone(), booked.clone());
        let thread = thread::spawn(move || {
            enter();
            let mut browser = Browser::keeping();
            let mut trips = Vec::new();
            let offers = known_offers();
            while !told.load(Relaxed) {
                match book(&mut browser, address, &offers) {
                    Came::Booked { trip, locator } => {
                        let mut trip = Trip::new(trip, &Kind::ALL.map(|kind| (kind, 0, 1)));
                        trip.told = Told::Booked(locator);
                        trips.push(trip);
                    }
                    Came::To(page) => panic!("{}: {}", page.status, page.text()),
                }
                counted.store(trips.len(), Relaxed);
                thread::sleep(PAUSE);
            }
            (trips, browser.connections())
        });
        Self { thread, stop, booked }
    }

    /// Waits until so many more are booked.
    pub(crate) fn wait_for(&self, times: usize) {
        let before = self.booked.load(Relaxed);
        let due = Instant::now() + PATIENCE;
        while self.booked.load(Relaxed) < before + times {
            assert!(Instant::now() < due && !self.thread.is_finished(), "nobody books");
            thread::sleep(PAUSE);
        }
    }

    /// No new trips. Answers those that were booked, and over how many connections.
    pub(crate) fn finish(self) -> (Vec<Trip>, usize) {
        self.stop.store(true, Relaxed);
        self.thread.join().expect("every trip is booked")
    }
}
