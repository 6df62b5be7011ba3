//! Clients that buy as fast as they can until the daemon is gone, and remember what they were told.

use agencia_tests::wire::{frame, parse};
use agencia_tests::{Client, Kind, Setup};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

/// Clients at a time.
const CLIENTS: usize = 6;
/// Purchases of one client that wait for their replies.
const PIPELINED: usize = 16;
/// The most units of one purchase.
const UNITS_MAX: u32 = 3;

/// Something that can be bought.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) id: String,
    pub(crate) capacity: u64,
    /// The most nights from this one on.
    pub(crate) nights_max: usize,
}

/// What is on sale, in the order of the days; in each, at most so many nights in a row.
pub(crate) fn offers(setup: &Setup, kind: Kind, nights_max: usize) -> Vec<Offer> {
    let daemon = setup.start();
    let mut client = daemon.connect();
    let mut found = Vec::new();
    for day in 20..30 {
        let day = format!("2099-12-{day}");
        let reply = client.ask(kind.search("").replace(agencia_tests::inventory::DAY, &day));
        found.extend(reply[kind.list()].as_array().expect("a list").clone());
    }
    let nights = found.len();
    let offer = |(number, offer): (usize, Value)| Offer {
        id: offer["id"].as_str().expect("an id").to_owned(),
        capacity: offer["disponiveis"].as_u64().expect("a count"),
        nights_max: nights_max.min(nights - number),
    };
    found.into_iter().enumerate().map(offer).collect()
}

/// One purchase, as it was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Purchase {
    /// The place of the (first) offer among the offers.
    pub(crate) offer: usize,
    pub(crate) nights: usize,
    pub(crate) units: u64,
    pub(crate) body: String,
}

impl Purchase {
    fn draw(offers: &[Offer], random: &mut ChaCha8Rng) -> Self {
        let offer = random.random_range(0..offers.len());
        let Offer { id, nights_max, .. } = &offers[offer];
        let nights = random.random_range(1..=*nights_max);
        let units = random.random_range(1..=UNITS_MAX);
        // Of version 4: one of version 7 would carry a moment, and might be too old.
        let key = uuid::Builder::from_random_bytes(random.random()).into_uuid();
        let noites = if nights > 1 { format!(r#","noites":{nights}"#) } else { String::new() };
        let body = format!(
            r#"{{"action":"reservar","id":"{id}","quantidade":{units}{noites},"viagem":"{key}"}}"#
        );
        Self { offer, nights, units: units.into(), body }
    }
}

/// A purchase with its reply, if one came before the end.
pub(crate) type Asked = (Purchase, Option<Value>);

/// Clients at work.
pub(crate) struct Load {
    replies: Receiver<()>,
    clients: Vec<JoinHandle<Vec<Asked>>>,
}

impl Load {
    pub(crate) fn start(address: SocketAddr, offers: &[Offer], random: &mut ChaCha8Rng) -> Self {
        let (told, replies) = channel();
        let clients = (0..CLIENTS)
            .map(|_| {
                let random = ChaCha8Rng::seed_from_u64(random.random());
                let (offers, told) = (offers.to_vec(), told.clone());
                let client = Client::connect(address);
                thread::spawn(move || buy_until_the_end(client, &offers, random, &told))
            })
            .collect();
        Self { replies, clients }
    }

    /// Waits for so many replies, of all clients together.
    pub(crate) fn wait_for(&self, replies: usize) {
        for _ in 0..replies {
            self.replies.recv_timeout(agencia_tests::PATIENCE).expect("the daemon answers");
        }
    }

    /// Everything that was asked, once the daemon is gone.
    pub(crate) fn finish(self) -> Vec<Asked> {
        drop(self.replies);
        let asked = self.clients.into_iter().map(|client| client.join());
        asked.flat_map(|asked| asked.expect("no client panics")).collect()
    }
}

fn buy_until_the_end(
    mut client: Client,
    offers: &[Offer],
    mut random: ChaCha8Rng,
    told: &Sender<()>,
) -> Vec<Asked> {
    use std::io::Write;
    let mut asked: Vec<Asked> = Vec::new();
    let mut answered = 0;
    loop {
        let purchase = Purchase::draw(offers, &mut random);
        let frame = frame(&purchase.body);
        asked.push((purchase, None));
        // The daemon may have been killed; what it said before that may still be read.
        let sent = client.stream().write_all(&frame).is_ok();
        while answered < asked.len() && (!sent || asked.len() - answered >= PIPELINED) {
            let Ok(reply) = client.try_read_frame() else { return asked };
            asked[answered].1 = Some(parse(&reply));
            answered += 1;
            // Nobody counts any more once the kill is decided.
            told.send(()).ok();
        }
    }
}
