//! The catalog itself: columns of offers, sorted, with the units left beside them.

use crate::index::Index;
use crate::product::{Moment, Product};
use crate::reply_cache::ReplyCache;
use crate::texts::Texts;
use agencia_protocol::{Day, OfferId, OfferKey};
use hashbrown::{HashMap, HashTable};
use std::sync::atomic::{AtomicU16, Ordering};

/// An offer's place in its catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OfferIndex(pub(crate) u32);

impl OfferIndex {
    pub(crate) fn at(self) -> usize {
        self.0 as usize
    }
}

/// The offers of one product, sorted by place, day, time, price and key.
#[derive(Debug)]
pub struct Catalog<P: Product> {
    pub(crate) texts: Texts,
    pub(crate) shared: P::Shared,
    pub(crate) offers: Vec<P::Offer>,
    pub(crate) keys: Vec<u64>,
    pub(crate) capacities: Vec<u16>,
    pub(crate) available: Vec<AtomicU16>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) by_key: HashTable<u32>,
    /// The texts of ids that are not their keys' digits.
    pub(crate) given_ids: HashMap<u64, OfferId>,
    pub(crate) reply_cache: ReplyCache,
}

impl<P: Product> Catalog<P> {
    /// How many offers there are.
    pub fn len(&self) -> usize {
        self.offers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.offers.is_empty()
    }

    /// The texts that offers point to.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// What offers have in common beside texts.
    pub fn shared(&self) -> &P::Shared {
        &self.shared
    }

    /// Where the offer with this id is.
    pub fn find(&self, id: &OfferId) -> Option<OfferIndex> {
        self.find_key(id.key()).filter(|&found| &self.id(found) == id)
    }

    fn find_key(&self, key: OfferKey) -> Option<OfferIndex> {
        let same = |&offer: &u32| self.keys[offer as usize] == key.0;
        self.by_key.find(spread(key.0), same).copied().map(OfferIndex)
    }

    /// The offer.
    pub fn offer(&self, index: OfferIndex) -> &P::Offer {
        &self.offers[index.at()]
    }

    /// The offer's key.
    pub fn key(&self, index: OfferIndex) -> OfferKey {
        OfferKey(self.keys[index.at()])
    }

    /// The offer's id.
    pub fn id(&self, index: OfferIndex) -> OfferId {
        self.given_id(index).cloned().unwrap_or_else(|| OfferId::from_key(self.key(index)))
    }

    /// The id that the inventory gives the offer, if it is not its key's digits.
    pub(crate) fn given_id(&self, index: OfferIndex) -> Option<&OfferId> {
        self.given_ids.get(&self.key(index).0)
    }

    /// The id of the offer with this key.
    pub fn id_of(&self, key: OfferKey) -> Option<OfferId> {
        self.find_key(key).map(|index| self.id(index))
    }

    /// How many units the offer has.
    pub fn capacity(&self, index: OfferIndex) -> u16 {
        self.capacities[index.at()]
    }

    /// How many units the offer with this key has, if it is here.
    pub fn capacity_of(&self, key: OfferKey) -> Option<u32> {
        self.find_key(key).map(|index| self.capacity(index).into())
    }

    /// How many of the offer's units are left. A reply may tell of them only through a
    /// [`View`](crate::View), which knows what it depends on.
    pub(crate) fn available(&self, index: OfferIndex) -> u16 {
        self.available[index.at()].load(Ordering::Relaxed)
    }

    /// Says how many units are used; called with what is durable, from the ledger's thread alone.
    /// A key that is not here is an offer that was withdrawn.
    pub fn set_used(&self, key: OfferKey, used: u32) {
        let Some(index) = self.find_key(key) else { return };
        let left = u32::from(self.capacity(index)).saturating_sub(used);
        let left = u16::try_from(left).expect("no more left than the capacity");
        self.available[index.at()].store(left, Ordering::Relaxed);
    }

    /// The offers with this key on this day, in the order of an index.
    pub fn on_day(
        &self,
        index: usize,
        key: u32,
        day: Day,
    ) -> impl Iterator<Item = OfferIndex> + Clone + '_ {
        let index = &self.indexes[index];
        index.positions(key, day).map(|position| OfferIndex(index.offer_at(position)))
    }

    /// Whether the offer is still sold at this moment, its units aside.
    pub fn is_open(&self, index: OfferIndex, now: Moment) -> bool {
        now < P::closes(self.offer(index))
    }
}

/// Given keys are hashes already; ids chosen by hand are not.
pub(crate) fn spread(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32)
}
