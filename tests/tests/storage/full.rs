//! A disk that is really full: nothing new is taken, what was begun is finished, and selling goes
//! on when there is room again.

use crate::trip::{Trip, check_audit};
use agencia_tests::faults::command::need_root;
use agencia_tests::faults::disk::{self, Disk};
use agencia_tests::trio::{Trio, place};
use agencia_tests::wire::code;
use agencia_tests::{Client, Kind, PATIENCE};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Room for three ledgers of a few trips, their ballast, and the file system's own journal.
const MEGABYTES: u64 = 48;
/// Holds before one must find no room: what the log and the databases have in reserve is little.
const HOLDS_MAX: usize = 20_000;
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
    for held in 0..HOLDS_MAX {
        let reply = Trip::new().hold(kind, client);
        if code(&reply).is_none() {
            continue;
        }
        assert_eq!(code(&reply), Some("ocupado"), "{reply}");
        let message = reply["erro"]["mensagem"].as_str().unwrap_or_default();
        assert!(message.contains("disco") && message.contains("cheio"), "{reply}");
        return held as u64;
    }
    panic!("{}: the disk was never full", kind.name());
}

#[test]
fn on_a_full_disk_nothing_new_is_held_and_what_was_begun_is_booked_in_all_daemons() {
    need_root(&disk::NEEDS);
    let disk = Disk::new(MEGABYTES);
    let bound = [(); 3].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"));
    let addresses = bound.map(|listener| listener.local_addr().expect("it is bound"));
    let trio = Trio::at(&[60_000], crate::TIMES, addresses, Some(&disk.path()));
    let daemons = trio.start();
    let mut clients = trio.connect();
    let mut held: Vec<_> = (0..BEGUN).map(|_| Trip::held(&mut clients)).collect();
    let mut pinned: Vec<_> = (0..BEGUN).map(|_| Trip::pinned(&mut clients)).collect();
    let mut trips: Vec<_> = (0..BEGUN).map(|_| Trip::decided(&mut clients)).collect();

    let filler = disk.path().join("full");
    fill(&filler);
    let taken = Kind::ALL.map(|kind| hold_until_full(kind, &mut clients[place(kind)]));
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
    for (kind, taken) in Kind::ALL.into_iter().zip(taken) {
        check_audit(&mut clients[place(kind)], taken, 0, trips.len() as u64);
        // It does not take anything now either.
        assert_eq!(hold_until_full(kind, &mut clients[place(kind)]), 0);
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
}
