//! A disk that is really full: nothing new is taken, what was begun is finished, booked or given back,
//! and selling goes on when there is room again.

use crate::trip::{Trip, check_audit};
use agencia_tests::faults::command::need_root;
use agencia_tests::faults::disk::{self, Disk};
use agencia_tests::ports::free_addresses;
use agencia_tests::trio::{Trio, offer_id, place};
use agencia_tests::wire::{code, frame};
use agencia_tests::{Client, Kind, PATIENCE};
use serde_json::json;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Far more than three ledgers, their ballast and the file system's own journal, which is filled.
const MEGABYTES: u64 = 256;
/// Holds before one must find no room: what the log and the databases have in reserve is little.
const HOLDS_MAX: u64 = 50_000;
/// Holds that are sent at once, so that they share commits.
const TOGETHER: usize = 50;
/// Holds of which one is to expire on the full disk, whenever it is full: each lasts so much longer
/// than the one before.
const EXPIRING: u32 = 60;
const EXPIRING_STEP_SECS: u32 = 2;
/// How often all daemons are filled again before none may take anything more.
const PASSES_MAX: usize = 10;
/// Trips that are finished on a full disk: some are held, some pinned, some decided.
const BEGUN: usize = 8;

/// Writes a file until not one byte more fits.
fn fill(path: &Path) {
    let mut file = File::create(path).expect("a file needs no block");
    let mut length = 1 << 20;
    while length > 0 {
        match file.write(&vec![0xa5; length]) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::StorageFull => length /= 2,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
    file.sync_all().expect("what was written is there");
}

/// Holds until the daemon says that there is no room: how many it took.
fn hold_until_full(kind: Kind, client: &mut Client) -> u64 {
    take_until_full(kind, client, || Trip::new().hold_message(kind))
}

/// Buys in one step until the daemon says that there is no room: how often it could.
fn buy_until_full(kind: Kind, client: &mut Client) -> u64 {
    let buy = json!({"action": "reservar", "id": offer_id(kind, 0)}).to_string();
    take_until_full(kind, client, || buy.clone())
}

/// Sends messages that take a unit each until the daemon says that there is no room: how many it
/// took.
fn take_until_full(kind: Kind, client: &mut Client, message: impl Fn() -> String) -> u64 {
    let mut held = 0;
    while held < HOLDS_MAX {
        let holds = [(); TOGETHER].map(|()| frame(message()));
        client.send_raw(holds.concat());
        let replies = [(); TOGETHER].map(|()| client.read());
        held += replies.iter().filter(|reply| code(reply).is_none()).count() as u64;
        let refused: Vec<_> = replies.iter().filter(|reply| code(reply).is_some()).collect();
        for reply in &refused {
            assert_eq!(code(reply), Some("ocupado"), "{reply}");
            let message = reply["erro"]["mensagem"].as_str().unwrap_or_default();
            assert!(message.contains("disco") && message.contains("cheio"), "{reply}");
        }
        if !refused.is_empty() {
            return held;
        }
    }
    panic!("{}: the disk was never full", kind.name());
}

/// The same for all daemons, until none of them takes anything more: they share the disk, and one
/// that empties its log makes room for the others.
fn hold_until_all_full(clients: &mut [Client; 3], taken: &mut [u64; 3]) {
    for _ in 0..PASSES_MAX {
        let more = Kind::ALL.map(|kind| hold_until_full(kind, &mut clients[place(kind)]));
        if more == [0; 3] {
            return;
        }
        taken.iter_mut().zip(more).for_each(|(taken, more)| *taken += more);
    }
    panic!("there is always room for some more");
}

#[test]
fn on_a_full_disk_nothing_new_is_taken_and_what_was_begun_is_booked_or_given_back() {
    need_root(&disk::NEEDS);
    let disk = Disk::new(MEGABYTES);
    let trio = Trio::at(&[60_000], crate::TIMES, free_addresses(), Some(&disk.path()));
    let daemons = trio.start();
    let mut clients = trio.connect();
    let mut held: Vec<_> = (0..BEGUN).map(|_| Trip::held(&mut clients)).collect();
    let mut pinned: Vec<_> = (0..BEGUN).map(|_| Trip::pinned(&mut clients)).collect();
    let mut trips: Vec<_> = (0..BEGUN).map(|_| Trip::decided(&mut clients)).collect();
    let mut given_back = GivenBack::begin(&mut clients);

    let filler = disk.path().join("full");
    fill(&filler);
    let mut taken = [0; 3];
    hold_until_all_full(&mut clients, &mut taken);
    println!("{taken:?} holds found room in what was reserved");
    for trip in &mut held {
        for kind in [Kind::Stays, Kind::Tours] {
            trip.pin(kind, &mut clients[place(kind)]);
        }
    }
    trips.append(&mut held);
    trips.append(&mut pinned);
    for trip in &mut trips {
        trip.decide(&mut clients[0]);
        for kind in [Kind::Stays, Kind::Tours] {
            trip.apply(kind, &mut clients[place(kind)]);
        }
    }
    given_back.give_back(&mut clients);
    // Nothing is taken now either, or else the log of one has made room for another.
    hold_until_all_full(&mut clients, &mut taken);
    for (kind, taken) in Kind::ALL.into_iter().zip(taken) {
        let client = &mut clients[place(kind)];
        let bought = buy_until_full(kind, client);
        check_audit(client, taken, 0, trips.len() as u64 + bought);
    }

    std::fs::remove_file(&filler).expect("it is there");
    let due = Instant::now() + PATIENCE;
    for kind in Kind::ALL {
        let client = &mut clients[place(kind)];
        while code(&Trip::new().hold(kind, client)).is_some() {
            assert!(Instant::now() < due, "there is room again");
            thread::sleep(Duration::from_millis(100));
        }
    }
    // Nobody ended over it, and the disk holds what was said.
    drop(daemons);
    let _daemons = trio.start();
    let mut clients = trio.connect();
    for trip in &trips {
        for client in &mut clients {
            assert_eq!(trip.state(client), "confirmada");
        }
    }
    given_back.check(&mut clients);
}

/// Trips that were begun while there was room, and give back what they have when there is none.
struct GivenBack {
    booked: Trip,
    held: Trip,
    pinned: Trip,
    /// Of stays, in the order in which they expire.
    expiring: Vec<Trip>,
}

impl GivenBack {
    fn begin(clients: &mut [Client; 3]) -> Self {
        let (booked, held) = (Trip::decided(clients), Trip::held(clients));
        let pinned = Trip::pinned(clients);
        let stays = &mut clients[place(Kind::Stays)];
        let hold = |step| Trip::held_for(Kind::Stays, stays, step * EXPIRING_STEP_SECS);
        Self { booked, held, pinned, expiring: (1..=EXPIRING).map(hold).collect() }
    }

    /// Cancels, lets go, decides against and waits for a deadline, all without room.
    fn give_back(&mut self, clients: &mut [Client; 3]) {
        self.booked.cancel(clients);
        self.pinned.abort(&mut clients[0]);
        for kind in [Kind::Stays, Kind::Tours] {
            let client = &mut clients[place(kind)];
            self.booked.apply_outcome("cancelada", "solta", kind, client);
            self.pinned.apply_outcome("desfeita", "solta", kind, client);
        }
        for client in &mut *clients {
            self.held.let_go(client);
        }
        let stays = &mut clients[place(Kind::Stays)];
        self.expiring.retain(|trip| trip.state(stays) == "segura");
        let next = self.expiring.first().expect("the disk was full before the last one expired");
        let due = Instant::now() + PATIENCE;
        while next.state(stays) == "segura" {
            assert!(Instant::now() < due, "its deadline is over");
            thread::sleep(Duration::from_millis(100));
        }
        self.expiring.iter().for_each(|trip| trip.let_go(stays));
    }

    /// All of it stays given back.
    fn check(&self, clients: &mut [Client; 3]) {
        for trip in [&self.booked, &self.held, &self.pinned] {
            for client in &mut *clients {
                assert_eq!(trip.state(client), "solta");
            }
        }
        let stays = &mut clients[place(Kind::Stays)];
        assert!(self.expiring.iter().all(|trip| trip.state(stays) == "solta"));
    }
}
