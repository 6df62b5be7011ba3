//! From records to a catalog.

use crate::catalog::{Catalog, spread};
use crate::index::Index;
use crate::inventory::{self, InventoryError};
use crate::product::Product;
use crate::reply_cache::ReplyCache;
use crate::texts::Texts;
use agencia_protocol::{Day, Money, OfferId, WireError};
use hashbrown::hash_table::Entry;
use hashbrown::{HashMap, HashTable};
use std::path::Path;
use std::sync::atomic::AtomicU16;
use std::thread;
use xxhash_rust::xxh3::Xxh3;

/// What identifies a record, hashed: the same in every version, since bookings are kept under it.
pub struct Identity(Xxh3);

impl Identity {
    /// A text.
    pub fn text(&mut self, text: &str) {
        self.0.update(text.as_bytes());
        self.0.update(&[0xff]);
    }

    /// A number.
    pub fn number(&mut self, number: impl Into<u64>) {
        self.0.update(&number.into().to_le_bytes());
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

/// An offer on its way into the catalog.
struct Staged<O> {
    offer: O,
    key: u64,
    capacity: u16,
}

/// Takes records; [`finish`](Self::finish) makes the catalog.
pub(crate) struct Builder<P: Product> {
    capacity_default: u16,
    texts: Texts,
    scratch: P::Scratch,
    staged: Vec<Staged<P::Offer>>,
    by_key: HashTable<u32>,
    given_ids: HashMap<u64, OfferId>,
    /// How many records were equal in what identifies them, for those that are not alone.
    ordinals: HashMap<u64, u64>,
}

impl<P: Product> Catalog<P> {
    /// Reads an inventory file, JSON or CSV by its ending. A record without an id gets the hash
    /// of what identifies it and its ordinal among equals, one without units `capacity_default`.
    ///
    /// # Errors
    /// The first record that cannot be taken, with its number and field.
    pub fn load(path: &Path, capacity_default: u16) -> Result<Self, InventoryError> {
        let mut builder = Builder::new(capacity_default);
        // A file that cannot be read is told of below.
        let estimate = inventory::estimate_records(path).unwrap_or_default();
        // With a bit more there is nothing to be moved at the end if it is too low.
        builder.reserve(estimate.saturating_add(estimate / 16));
        inventory::read_batches(path, |records| builder.add_all(records))?;
        Ok(builder.finish())
    }

    /// A catalog of these records.
    ///
    /// # Errors
    /// The first record that cannot be taken: its place in `records` and what is wrong with it.
    pub fn from_records<'a>(
        records: impl IntoIterator<Item = &'a P::Record>,
        capacity_default: u16,
    ) -> Result<Self, (usize, WireError)>
    where
        P::Record: 'a,
    {
        let mut builder = Builder::new(capacity_default);
        builder.add_all(&records.into_iter().collect::<Vec<_>>())?;
        Ok(builder.finish())
    }
}

impl<P: Product> Builder<P> {
    fn new(capacity_default: u16) -> Self {
        Self {
            capacity_default,
            texts: Texts::default(),
            scratch: P::Scratch::default(),
            staged: Vec::new(),
            by_key: HashTable::new(),
            given_ids: HashMap::new(),
            ordinals: HashMap::new(),
        }
    }

    /// Reserves room for about so many more. No error: the estimate may be too high.
    fn reserve(&mut self, count: usize) {
        let staged = &self.staged;
        self.by_key.try_reserve(count, |&offer| spread(staged[offer as usize].key)).ok();
        self.staged.try_reserve(count).ok();
    }

    /// Takes some records.
    ///
    /// # Errors
    /// The first that is refused, with its place among them.
    fn add_all(&mut self, records: &[&P::Record]) -> Result<(), (usize, WireError)> {
        let first = self.staged.len();
        let refused = records.iter().find_map(|record| self.stage(record).err());
        let staged = self.staged.len() - first;
        // Each look into the table of keys is a cache miss: with nothing else in between they overlap.
        for (place, record) in records[..staged].iter().enumerate() {
            self.claim_key(first + place, record).map_err(|error| (place, error))?;
        }
        refused.map_or(Ok(()), |error| Err((staged, error)))
    }

    fn stage(&mut self, record: &P::Record) -> Result<(), WireError> {
        let listing = P::listing(record);
        let capacity = match listing.capacity {
            None => self.capacity_default,
            Some(units) => u16::try_from(units).map_err(|_| {
                WireError::new(
                    agencia_protocol::Code::InvalidField,
                    format!("a capacidade {units} está acima de 65535"),
                )
            })?,
        };
        let offer = P::compact(record, &mut self.texts, &mut self.scratch)?;
        let key = match listing.id {
            Some(id) => id.key().0,
            None => {
                let mut identity = Identity(Xxh3::new());
                P::identify(record, &mut identity);
                identity.0.digest()
            }
        };
        self.staged.push(Staged { offer, key, capacity });
        Ok(())
    }

    /// Takes the key of a staged offer, or where its file gave none and another has it the next one.
    fn claim_key(&mut self, place: usize, record: &P::Record) -> Result<(), WireError> {
        let base = self.staged[place].key;
        if let Some(id) = P::listing(record).id {
            if !self.claim(place) {
                return Err(WireError::field("id", format!("o id {id} aparece duas vezes")));
            }
            if !id.is_generated() {
                self.given_ids.insert(base, id.clone());
            }
            return Ok(());
        }
        let mut claimed = !self.ordinals.contains_key(&base) && self.claim(place);
        while !claimed {
            let ordinal = self.ordinals.entry(base).or_insert(0);
            *ordinal += 1;
            let mut numbered = Identity(Xxh3::new());
            numbered.number(base);
            numbered.number(*ordinal);
            self.staged[place].key = numbered.0.digest();
            claimed = self.claim(place);
        }
        Ok(())
    }

    /// False when another has the key.
    fn claim(&mut self, place: usize) -> bool {
        let offer = u32::try_from(place).expect("fewer than 2^32 offers");
        let staged = &self.staged;
        let key = staged[place].key;
        let same = |&other: &u32| staged[other as usize].key == key;
        let hash = |&other: &u32| spread(staged[other as usize].key);
        match self.by_key.entry(spread(key), same, hash) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(offer);
                true
            }
        }
    }

    fn finish(self) -> Catalog<P> {
        let Self { texts, scratch, mut staged, mut by_key, given_ids, .. } = self;
        let Columns { offers, keys, capacities } = in_order::<P>(&mut staged);
        let available = capacities.iter().copied().map(AtomicU16::new).collect();
        drop(staged);
        // Neither needs the other.
        let indexes = thread::scope(|scope| {
            scope.spawn(|| number_keys(&mut by_key, &keys));
            (0..P::INDEXES).map(|index| build_index::<P>(&offers, &keys, index)).collect()
        });
        Catalog {
            texts,
            shared: scratch.into(),
            offers,
            keys,
            capacities,
            available,
            indexes,
            by_key,
            given_ids,
            reply_cache: ReplyCache::new(),
        }
    }
}

/// Offers in the order of the catalog.
struct Columns<O> {
    offers: Vec<O>,
    keys: Vec<u64>,
    capacities: Vec<u16>,
}

impl<O> Columns<O> {
    fn with_capacity(count: usize) -> Self {
        Self {
            offers: Vec::with_capacity(count),
            keys: Vec::with_capacity(count),
            capacities: Vec::with_capacity(count),
        }
    }
}

/// Two threads sort a half each. Then one merges what belongs to the beginning of the catalog, and the
/// other what belongs to its end.
fn in_order<P: Product>(staged: &mut [Staged<P::Offer>]) -> Columns<P::Offer> {
    let count = staged.len();
    let (first, second) = staged.split_at_mut(count / 2);
    thread::scope(|scope| {
        scope.spawn(|| first.sort_unstable_by_key(place::<P>));
        second.sort_unstable_by_key(place::<P>);
    });
    let middle = first.len() / 2;
    let pivot = first.get(middle).map(place::<P>);
    let before = |other: &Staged<P::Offer>| pivot.is_some_and(|pivot| place::<P>(other) < pivot);
    let beginning = [&first[..middle], &second[..second.partition_point(before)]];
    let end = [&first[middle..], &second[beginning[1].len()..]];
    let mut columns = Columns::with_capacity(count);
    let mut rest = Columns::with_capacity(end[0].len() + end[1].len());
    thread::scope(|scope| {
        scope.spawn(|| merge::<P>(end, &mut rest));
        merge::<P>(beginning, &mut columns);
    });
    columns.offers.append(&mut rest.offers);
    columns.keys.append(&mut rest.keys);
    columns.capacities.append(&mut rest.capacities);
    columns
}

/// By what the catalog is sorted.
fn place<P: Product>(staged: &Staged<P::Offer>) -> (u32, Day, u16, Money, u64) {
    let offer = &staged.offer;
    (P::key(offer, 0), P::day(offer), P::minute(offer), P::price(offer), staged.key)
}

/// Appends both, merged.
fn merge<P: Product>(sorted: [&[Staged<P::Offer>]; 2], columns: &mut Columns<P::Offer>) {
    let [mut first, mut second] = sorted.map(|half| half.iter().peekable());
    loop {
        let next = match (first.peek(), second.peek()) {
            (Some(one), Some(other)) if place::<P>(one) <= place::<P>(other) => first.next(),
            (_, Some(_)) => second.next(),
            (_, None) => first.next(),
        };
        let Some(staged) = next else { return };
        columns.offers.push(staged.offer);
        columns.keys.push(staged.key);
        columns.capacities.push(staged.capacity);
    }
}

/// Makes the table say where each key is now.
fn number_keys(by_key: &mut HashTable<u32>, keys: &[u64]) {
    let hash = |&offer: &u32| spread(keys[offer as usize]);
    by_key.clear();
    let count = u32::try_from(keys.len()).expect("fewer than 2^32 offers");
    for offer in 0..count {
        by_key.insert_unique(hash(&offer), offer, hash);
    }
    by_key.shrink_to_fit(hash);
}

fn build_index<P: Product>(offers: &[P::Offer], keys: &[u64], index: usize) -> Index {
    let key_and_day = |offer: &P::Offer| (P::key(offer, index), P::day(offer));
    if index == 0 {
        return Index::new(offers.iter().map(key_and_day));
    }
    // What offers are sorted by lies beside where they are: comparing never leads away from here
    // but for offers of one key and minute.
    let place = |offer: &P::Offer| {
        let (key, day) = key_and_day(offer);
        u64::from(key) << 32 | u64::from(day.number()) << 16 | u64::from(P::minute(offer))
    };
    let mut order: Vec<(u64, u32)> = (0u32..).zip(offers).map(|(at, o)| (place(o), at)).collect();
    let rest = |at: u32| (P::price(&offers[at as usize]), keys[at as usize]);
    order.sort_unstable_by(|(one, at), (other, other_at)| {
        one.cmp(other).then_with(|| rest(*at).cmp(&rest(*other_at)))
    });
    let sorted = order.iter().map(|(_, at)| key_and_day(&offers[*at as usize]));
    Index::over(order.iter().map(|(_, at)| *at).collect(), sorted)
}
