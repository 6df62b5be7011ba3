//! What is said of an offer each time it is shown, kept as it was written while it is asked for.
//!
//! Nothing of it ever changes while its catalog is in force, so nothing kept is ever wrong: what is
//! left of an offer is not in it, and whoever is shown the offer is shown that as it is now.

use crate::catalog::OfferIndex;
use crate::json::Object;
use arc_swap::ArcSwapOption;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many offers are kept at most: some 4 MB.
const SLOTS_MAX: usize = 1 << 14;

/// The offers that were asked for last, each in the one slot where it may be.
#[derive(Debug)]
pub(crate) struct Written {
    slots: Box<[Slot]>,
}

#[derive(Debug)]
struct Slot {
    /// Who was last not found here, so that an offer that is asked for once displaces none.
    missed: AtomicU32,
    /// Read far more often than replaced, by several threads at once: a lock would be written to each
    /// time, and wander between them.
    kept: ArcSwapOption<Kept>,
}

#[derive(Debug)]
struct Kept {
    offer: OfferIndex,
    fields: Box<[u8]>,
}

impl Written {
    /// For a catalog of so many offers.
    pub(crate) fn new(offers: usize) -> Self {
        let slot = |_| Slot { missed: AtomicU32::new(u32::MAX), kept: ArcSwapOption::empty() };
        Self { slots: (0..offers.next_power_of_two().min(SLOTS_MAX)).map(slot).collect() }
    }

    /// The fields of an offer, which `write` writes where they are not kept.
    #[inline]
    pub(crate) fn fields(
        &self,
        offer: OfferIndex,
        record: &mut Object<'_>,
        write: impl FnOnce(&mut Object<'_>),
    ) {
        let slot = &self.slots[offer.at() & (self.slots.len() - 1)];
        match &*slot.kept.load() {
            Some(kept) if kept.offer == offer => return record.again(&kept.fields),
            _ => {}
        }
        let fields = record.fields(write);
        if slot.missed.swap(offer.0, Ordering::Relaxed) == offer.0 {
            slot.kept.store(Some(Arc::new(Kept { offer, fields: fields.into() })));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name;

    /// What is shown of an offer, and whether that had to be written.
    fn show(written: &Written, offer: u32) -> (String, bool) {
        let mut out = Vec::new();
        let mut wrote = false;
        let mut record = Object::begin(&mut out);
        written.fields(OfferIndex(offer), &mut record, |record| {
            wrote = true;
            record.number(name!("offer"), offer);
            record.plain(name!("text"), "a");
        });
        record.number(name!("left"), 7);
        record.end();
        (String::from_utf8(out).unwrap(), wrote)
    }

    #[test]
    fn what_is_asked_for_again_is_not_written_again() {
        let written = Written::new(3);
        let wrote: Vec<_> = (0..4).map(|_| show(&written, 2)).collect();
        let shown = r#"{"offer":2,"text":"a","left":7}"#.to_owned();
        assert_eq!(wrote, [true, true, false, false].map(|wrote| (shown.clone(), wrote)));
        // It stands after other fields, too.
        let mut out = Vec::new();
        let mut record = Object::begin(&mut out);
        record.number(name!("first"), 1);
        written.fields(OfferIndex(2), &mut record, |_| unreachable!());
        assert_eq!(out, br#"{"first":1,"offer":2,"text":"a""#);
    }

    #[test]
    fn who_is_asked_for_once_displaces_nobody() {
        let written = Written::new(SLOTS_MAX * 2);
        let other = u32::try_from(SLOTS_MAX).unwrap();
        let wrote = |offer| {
            let (shown, wrote) = show(&written, offer);
            assert!(shown.starts_with(&format!("{{\"offer\":{offer},")), "{shown}");
            wrote
        };
        assert!(wrote(0) && wrote(0) && !wrote(0));
        assert!(wrote(other) && !wrote(0));
        assert!(wrote(other) && !wrote(other) && wrote(0));
    }

    #[test]
    fn a_catalog_without_offers_keeps_none() {
        assert_eq!(Written::new(0).slots.len(), 1);
    }
}
