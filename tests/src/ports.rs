//! Addresses on this host for programs that must know each other's before they listen.
//!
//! They are free when they are told, and stay so unless somebody binds exactly them: they are drawn
//! at random from the ports that the kernel never gives by itself, neither to an outgoing connection
//! nor to port 0. Nothing is kept bound; whoever can be handed a listener needs none of this.

use rand::RngExt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;

/// Below are the ports of well-known services.
const FIRST: u16 = 10_000;
/// The fewest ports to draw from.
const CHOICE_MIN: usize = 1_000;
/// How many ports are tried before it is said that all are taken.
const TRIES_MAX: usize = 1_000;

/// So many addresses of this host on which nobody listens.
///
/// # Panics
/// When the kernel leaves no ports to draw from, or all of them are taken.
pub fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let ports = quiet_ports();
    let mut random = rand::rng();
    // Held until all are known, so that they differ.
    let mut bound: Vec<TcpListener> = Vec::new();
    for _ in 0..TRIES_MAX {
        if bound.len() == N {
            break;
        }
        let port = random.random_range(ports.clone());
        bound.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    }
    let addresses = bound.iter().map(|listener| listener.local_addr().expect("it is bound"));
    let addresses: Vec<_> = addresses.collect();
    addresses.try_into().unwrap_or_else(|_| panic!("hardly a port of {ports:?} is free"))
}

/// The ports below those that the kernel gives to whoever asks for any.
fn quiet_ports() -> Range<u16> {
    let file = "/proc/sys/net/ipv4/ip_local_port_range";
    let range = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let given = range.split_whitespace().next().and_then(|first| first.parse().ok());
    let ports = FIRST..given.unwrap_or_else(|| panic!("{file}: {range:?}"));
    assert!(ports.len() >= CHOICE_MIN, "{file}: begins at {range:?}, which leaves only {ports:?}");
    ports
}
