//! The clients' side of the books: what was asked, what was answered, and what must follow from it.

use crate::load::{Asked, Offer, Purchase};
use agencia_tests::wire::{code, frame};
use agencia_tests::{Client, Daemon};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// How many purchases are asked again in one write.
const TOGETHER: usize = 100;

/// Everything that was ever asked of one state.
#[derive(Debug)]
pub(crate) struct Books {
    offers: Vec<Offer>,
    /// Sold: the reply is known.
    sold: Vec<(Purchase, Value)>,
    /// Asked, and killed before a reply.
    unknown: Vec<Purchase>,
}

impl Books {
    pub(crate) fn new(offers: &[Offer]) -> Self {
        Self { offers: offers.to_vec(), sold: Vec::new(), unknown: Vec::new() }
    }

    /// How many sales were acknowledged.
    pub(crate) fn sold(&self) -> usize {
        self.sold.len()
    }

    /// Enters what clients were told, and answers how many asked and how many were answered.
    pub(crate) fn enter(&mut self, all: Vec<Asked>) -> (usize, usize) {
        let (asked, mut answered) = (all.len(), 0);
        for (purchase, reply) in all {
            answered += usize::from(reply.is_some());
            match reply {
                None => self.unknown.push(purchase),
                Some(reply) if reply["localizador"].is_string() => {
                    self.sold.push((purchase, reply))
                }
                Some(refused) => assert_eq!(code(&refused), Some("esgotado"), "{refused}"),
            }
        }
        (asked, answered)
    }

    /// What must be so after every start: at least what was acknowledged is sold, at most that and
    /// what nobody was told of, and never more than there is.
    pub(crate) fn check_after_restart(&self, daemon: &Daemon<'_>) {
        let left = self.left(daemon);
        let sold = self.units(self.sold.iter().map(|(purchase, _)| purchase));
        let unknown = self.units(&self.unknown);
        for (number, offer) in self.offers.iter().enumerate() {
            let used = offer.capacity.checked_sub(left[number]).expect("no more than there were");
            let most = (sold[number] + unknown[number]).min(offer.capacity);
            assert!(
                (sold[number]..=most).contains(&used),
                "offer {number}: {used} of {} are sold, {} were acknowledged and {} are not known",
                offer.capacity,
                sold[number],
                unknown[number]
            );
        }
        self.check_acknowledged(daemon);
        assert_eq!(self.left(daemon), left, "asking again sells nothing");
    }

    /// Every acknowledged purchase, asked again, has the same answer.
    fn check_acknowledged(&self, daemon: &Daemon<'_>) {
        let mut client = daemon.connect();
        for some in self.sold.chunks(TOGETHER) {
            let replies = ask(&mut client, some.iter().map(|(purchase, _)| purchase));
            for ((purchase, told), reply) in some.iter().zip(replies) {
                assert_eq!(&reply, told, "{}", purchase.body);
            }
        }
        let locators = self.sold.iter().map(|(_, reply)| reply["localizador"].as_str());
        assert_eq!(locators.collect::<HashSet<_>>().len(), self.sold.len(), "locators differ");
    }

    /// Asks again for all whose outcome is not known: afterwards the books are exact.
    pub(crate) fn ask_again(&mut self, daemon: &Daemon<'_>) {
        let unknown = std::mem::take(&mut self.unknown);
        let mut client = daemon.connect();
        for some in unknown.chunks(TOGETHER) {
            let replies = ask(&mut client, some);
            self.enter(some.iter().cloned().zip(replies.into_iter().map(Some)).collect());
        }
        let sold = self.units(self.sold.iter().map(|(purchase, _)| purchase));
        for ((offer, left), sold) in self.offers.iter().zip(self.left(daemon)).zip(sold) {
            assert_eq!(offer.capacity - sold, left, "{offer:?}");
        }
    }

    /// The units of each offer that these purchases take, every night counted.
    fn units<'a>(&self, purchases: impl IntoIterator<Item = &'a Purchase>) -> Vec<u64> {
        let mut units = vec![0; self.offers.len()];
        for purchase in purchases {
            let nights = purchase.offer..purchase.offer + purchase.nights;
            units[nights].iter_mut().for_each(|night| *night += purchase.units);
        }
        units
    }

    /// What is left of each offer, as the daemon says.
    fn left(&self, daemon: &Daemon<'_>) -> Vec<u64> {
        let items: Vec<_> =
            self.offers.iter().map(|offer| format!(r#"{{"id":"{}"}}"#, offer.id)).collect();
        let body = format!(r#"{{"action":"ofertas","itens":[{}]}}"#, items.join(","));
        let reply = daemon.connect().ask(body);
        let offers = reply["ofertas"].as_array().unwrap_or_else(|| panic!("{reply}"));
        let left: HashMap<_, _> = offers
            .iter()
            .map(|offer| (offer["id"].as_str(), offer["disponiveis"].as_u64()))
            .collect();
        let of = |offer: &Offer| left.get(&Some(offer.id.as_str())).copied().flatten();
        self.offers.iter().map(|offer| of(offer).expect("every offer is there")).collect()
    }
}

fn ask<'a>(client: &mut Client, purchases: impl IntoIterator<Item = &'a Purchase>) -> Vec<Value> {
    let frames: Vec<_> = purchases.into_iter().map(|purchase| frame(&purchase.body)).collect();
    client.send_raw(frames.concat());
    frames.iter().map(|_| client.read()).collect()
}
