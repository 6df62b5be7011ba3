//! A closed loop of one request against one daemon: how many a second, and how long each takes.
//!
//! ```text
//! cargo run --release -p agencia-client --example load -- \
//!     127.0.0.1:5050 16 1 5 '{"paraAeroporto":"…","dataIda":"2026-12-24"}'
//! ```
//!
//! The arguments are the address, the connections, how many requests each has in flight, the
//! seconds, and the request. It uses blocking sockets and one thread a connection, so that what is
//! measured is the daemon.

use agencia_protocol::frame::{Decoder, encode};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

const REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, connections, depth, seconds, request] = args.as_slice() else {
        return Err("usage: load ADDRESS CONNECTIONS DEPTH SECONDS REQUEST".into());
    };
    let (connections, depth): (usize, usize) = (connections.parse()?, depth.parse()?);
    let until = Instant::now() + Duration::from_secs_f64(seconds.parse()?);
    let begun = Instant::now();
    let threads: Vec<_> = (0..connections)
        .map(|_| {
            let (address, request) = (address.clone(), request.clone());
            thread::spawn(move || ask(&address, request.as_bytes(), depth, until))
        })
        .collect();
    let mut times = Vec::new();
    let mut bytes = 0;
    for thread in threads {
        let (more, length) = thread.join().map_err(|_| "a connection's thread panicked")??;
        times.extend(more);
        bytes = length;
    }
    let elapsed = begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    let requests = times.len() * depth;
    println!(
        "{connections} connections, {depth} deep, replies of {bytes} bytes: {:.0} requests/s; \
         p50 {:?}, p99 {:?} for {depth}",
        requests as f64 / elapsed,
        at(50),
        at(99)
    );
    Ok(())
}

/// The time of every round of `depth` requests, and the length of the last reply.
fn ask(
    address: &str,
    request: &[u8],
    depth: usize,
    until: Instant,
) -> io::Result<(Vec<Duration>, usize)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut frames = Vec::new();
    for _ in 0..depth {
        encode(request, &mut frames);
    }
    let mut decoder = Decoder::new(REPLY_BYTES_MAX);
    let (mut times, mut length) = (Vec::new(), 0);
    while Instant::now() < until {
        let sent = Instant::now();
        stream.write_all(&frames)?;
        let mut left = depth;
        while left > 0 {
            let count = stream.read(decoder.space())?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            decoder.filled(count);
            while let Some(reply) = decoder.next_frame().map_err(io::Error::other)? {
                left -= 1;
                length = reply.len();
            }
        }
        times.push(sent.elapsed());
    }
    Ok((times, length))
}
