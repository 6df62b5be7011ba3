//! A direct-mapped cache of records as they were rendered.
//!
//! What is in it never changes while its catalog is in force, so nothing in it is ever stale: the units
//! left are not, and whoever is shown an offer is shown those as they are now.

use crate::catalog::OfferIndex;
use crate::json::Object;
use arc_swap::ArcSwapOption;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many records are kept at most.
const SLOTS_MAX: usize = 1 << 14;

/// The longest record that is kept, in bytes; all of them take 9 MB at most.
const RECORD_BYTES_MAX: usize = 512;

/// Each offer has one slot, by its place in the catalog, and takes it when it is looked for twice and
/// no other one missed that slot in between.
#[derive(Debug)]
pub(crate) struct RecordCache {
    slots: Box<[Slot]>,
}

#[derive(Debug)]
struct Slot {
    /// The offer that last was not found here: one that is asked for once displaces none.
    last_miss: AtomicU32,
    /// Read far more often than replaced, by several threads at once: a lock would be written to each
    /// time, and wander between their cores.
    cached: ArcSwapOption<Cached>,
}

#[derive(Debug)]
struct Cached {
    offer: OfferIndex,
    fields: Box<[u8]>,
}

impl RecordCache {
    /// For a catalog of so many offers.
    pub(crate) fn new(offers: usize) -> Self {
        let slot = |_| Slot { last_miss: AtomicU32::new(u32::MAX), cached: ArcSwapOption::empty() };
        Self { slots: (0..offers.next_power_of_two().min(SLOTS_MAX)).map(slot).collect() }
    }

    /// Appends the fields of an offer's record, which `write` writes where they are not kept.
    #[inline]
    pub(crate) fn append_fields(
        &self,
        offer: OfferIndex,
        record: &mut Object<'_>,
        write: impl FnOnce(&mut Object<'_>),
    ) {
        let slot = &self.slots[offer.at() & (self.slots.len() - 1)];
        match &*slot.cached.load() {
            Some(cached) if cached.offer == offer => return record.append_fields(&cached.fields),
            _ => {}
        }
        let fields = record.written_by(write);
        if slot.last_miss.swap(offer.0, Ordering::Relaxed) == offer.0
            && fields.len() <= RECORD_BYTES_MAX
        {
            slot.cached.store(Some(Arc::new(Cached { offer, fields: fields.into() })));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name;

    /// What is shown of an offer, and whether that had to be written.
    fn show(cache: &RecordCache, offer: u32, text: &str) -> (String, bool) {
        let mut out = Vec::new();
        let mut wrote = false;
        let mut record = Object::begin(&mut out);
        cache.append_fields(OfferIndex(offer), &mut record, |record| {
            wrote = true;
            record.number(name!("offer"), offer);
            record.plain(name!("text"), text);
        });
        record.number(name!("left"), 7);
        record.end();
        (String::from_utf8(out).unwrap(), wrote)
    }

    #[test]
    fn what_is_asked_for_again_is_not_written_again() {
        let cache = RecordCache::new(3);
        let wrote: Vec<_> = (0..4).map(|_| show(&cache, 2, "a")).collect();
        let shown = r#"{"offer":2,"text":"a","left":7}"#.to_owned();
        assert_eq!(wrote, [true, true, false, false].map(|wrote| (shown.clone(), wrote)));
        // It stands after other fields, too.
        let mut out = Vec::new();
        let mut record = Object::begin(&mut out);
        record.number(name!("first"), 1);
        cache.append_fields(OfferIndex(2), &mut record, |_| unreachable!());
        assert_eq!(out, br#"{"first":1,"offer":2,"text":"a""#);
    }

    #[test]
    fn who_is_asked_for_once_displaces_nobody() {
        let cache = RecordCache::new(SLOTS_MAX * 2);
        let other = u32::try_from(SLOTS_MAX).unwrap();
        let wrote = |offer| {
            let (shown, wrote) = show(&cache, offer, "a");
            assert!(shown.starts_with(&format!("{{\"offer\":{offer},")), "{shown}");
            wrote
        };
        assert!(wrote(0) && wrote(0) && !wrote(0));
        assert!(wrote(other) && !wrote(0));
        assert!(wrote(other) && !wrote(other) && wrote(0));
    }

    #[test]
    fn a_long_record_is_not_kept() {
        let wrote_again = |length: usize| {
            let cache = RecordCache::new(1);
            let text = "x".repeat(length - r#""offer":0,"text":"""#.len());
            [(); 3].map(|()| show(&cache, 0, &text).1)[2]
        };
        assert_eq!([RECORD_BYTES_MAX, RECORD_BYTES_MAX + 1].map(wrote_again), [false, true]);
    }

    #[test]
    fn a_catalog_without_offers_keeps_none() {
        assert_eq!(RecordCache::new(0).slots.len(), 1);
    }
}
