//! A direct-mapped cache of replies to searches.
//!
//! Each is kept with everything that it depends on beside the catalog and the product, which stay: the
//! request, the minute, the limits, and the units left of every offer that was looked at. It is given
//! again only while all of that is as it was, so nobody is ever told what is no longer so, and nothing
//! has to be forgotten.

use crate::catalog::OfferIndex;
use crate::product::Moment;
use crate::view::Limits;
use arc_swap::ArcSwapOption;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use xxhash_rust::xxh3::xxh3_64;

/// How many replies are kept at most. With their requests and units they take 15 MB at most, and twice
/// that while a new inventory takes the place of the one in force.
const SLOTS: usize = 1 << 10;

/// The longest request whose reply is kept, in bytes.
const REQUEST_BYTES_MAX: usize = 512;

/// The longest reply that is kept, in bytes: some fifty offers, the most that the pages ask for.
const REPLY_BYTES_MAX: usize = 12 * 1024;

/// How many looks at units are compared before a reply is given again; more of them would take as long
/// as to look for the offers anew.
const SEEN_MAX: usize = 128;

/// Each request has one slot, by its hash, and takes it when it is made twice and no other one missed
/// that slot in between.
#[derive(Debug)]
pub(crate) struct ReplyCache {
    slots: Box<[Slot]>,
}

#[derive(Debug, Default)]
struct Slot {
    /// The hash of the request that last was not found here: one that is made once displaces none.
    last_miss: AtomicU64,
    /// Read far more often than replaced, by several threads at once: a lock would be written to each
    /// time, and wander between their cores.
    kept: ArcSwapOption<Kept>,
}

/// What is asked, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) request: &'a [u8],
    pub(crate) now: Moment,
    pub(crate) limits: Limits,
}

#[derive(Debug)]
struct Kept {
    request: Box<[u8]>,
    now: Moment,
    limits: Limits,
    seen: Box<[Seen]>,
    reply: Box<[u8]>,
}

/// The units left of an offer when it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    offer: OfferIndex,
    left: u16,
}

impl ReplyCache {
    pub(crate) fn new() -> Self {
        Self { slots: (0..SLOTS).map(|_| Slot::default()).collect() }
    }

    /// Appends the reply to a question: the one that is kept, if the units `left` are those that it
    /// tells of, or the one that `write` writes, which looks at units through a witness.
    #[inline]
    pub(crate) fn append<E>(
        &self,
        question: Question<'_>,
        out: &mut Vec<u8>,
        left: impl Fn(OfferIndex) -> u16,
        write: impl FnOnce(&mut Vec<u8>, Option<&Witness>) -> Result<(), E>,
    ) -> Result<(), E> {
        if question.request.len() > REQUEST_BYTES_MAX {
            return write(out, None);
        }
        let hash = xxh3_64(question.request);
        let place = usize::try_from(hash % SLOTS as u64).expect("a slot is a place in memory");
        let slot = &self.slots[place];
        if let Some(kept) = &*slot.kept.load()
            && kept.answers(question)
            && kept.seen.iter().all(|seen| left(seen.offer) == seen.left)
        {
            out.extend_from_slice(&kept.reply);
            return Ok(());
        }
        if slot.last_miss.swap(hash, Ordering::Relaxed) != hash {
            return write(out, None);
        }
        let start = out.len();
        let witness = Witness::default();
        write(out, Some(&witness))?;
        slot.keep(question, &witness.seen.into_inner(), &out[start..]);
        Ok(())
    }
}

impl Slot {
    fn keep(&self, question: Question<'_>, seen: &[Seen], reply: &[u8]) {
        let Question { request, now, limits } = question;
        if reply.len() <= REPLY_BYTES_MAX && seen.len() <= SEEN_MAX {
            let (request, seen, reply) = (request.into(), seen.into(), reply.into());
            self.kept.store(Some(Arc::new(Kept { request, now, limits, seen, reply })));
        }
    }
}

impl Kept {
    fn answers(&self, Question { request, now, limits }: Question<'_>) -> bool {
        *self.request == *request && self.now == now && self.limits == limits
    }
}

/// Remembers the units that a reply depends on.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    /// In the order of looking; once where the same was seen twice in a row, and of more than
    /// [`SEEN_MAX`] not all.
    seen: RefCell<Vec<Seen>>,
}

impl Witness {
    /// That so many units of an offer are left.
    pub(crate) fn see(&self, offer: OfferIndex, left: u16) {
        let mut seen = self.seen.borrow_mut();
        let look = Seen { offer, left };
        if seen.last() != Some(&look) && seen.len() <= SEEN_MAX {
            seen.push(look);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agencia_protocol::Day;
    use std::cell::Cell;
    use std::convert::Infallible;

    const NOW: Moment = Moment { day: Day::from_number(20_600), minute: 5 };
    const LIMITS: Limits = Limits { results_default: 10, results_max: 100 };
    const QUESTION: Question<'static> = Question { request: b"a", now: NOW, limits: LIMITS };

    /// A cache, and what replies are made of: the same number of units left of every offer.
    struct Fixture {
        cache: ReplyCache,
        left: Cell<u16>,
        /// Of how many offers a reply tells.
        offers: Cell<usize>,
        /// How long a reply is, in bytes.
        length: Cell<usize>,
    }

    impl Fixture {
        fn new() -> Self {
            let (left, offers, length) = (Cell::new(1), Cell::new(1), Cell::new(1));
            Self { cache: ReplyCache::new(), left, offers, length }
        }

        /// Asks, and answers whether the reply had to be written. It stands behind what was there.
        fn is_written(&self, question: Question<'_>) -> bool {
            let (mut out, mut is_written) = (b"before".to_vec(), false);
            let reply = vec![u8::try_from(self.left.get()).unwrap(); self.length.get()];
            let appended = self.cache.append::<Infallible>(
                question,
                &mut out,
                |_| self.left.get(),
                |out, witness| {
                    is_written = true;
                    for offer in 0..u32::try_from(self.offers.get()).unwrap() {
                        witness.inspect(|all| all.see(OfferIndex(offer), self.left.get()));
                    }
                    out.extend_from_slice(&reply);
                    Ok(())
                },
            );
            appended.unwrap();
            assert_eq!(out, [b"before".to_vec(), reply].concat());
            is_written
        }

        /// Asks three times, and answers whether the last reply was kept.
        fn is_kept(&self, question: Question<'_>) -> bool {
            assert!(self.is_written(question) && self.is_written(question));
            !self.is_written(question)
        }
    }

    #[test]
    fn what_is_asked_twice_is_not_written_a_third_time() {
        let fixture = Fixture::new();
        assert_eq!([(); 4].map(|()| fixture.is_written(QUESTION)), [true, true, false, false]);
    }

    #[test]
    fn a_sale_or_the_next_minute_or_other_limits_make_it_anew() {
        let fixture = Fixture::new();
        assert!(fixture.is_kept(QUESTION));
        fixture.left.set(0);
        assert_eq!([(); 2].map(|()| fixture.is_written(QUESTION)), [true, false]);
        let next_minute = Moment { minute: 6, ..NOW };
        let next_day = Moment { day: Day::from_number(20_601), ..NOW };
        for now in [next_minute, next_day, NOW] {
            let later = Question { now, ..QUESTION };
            assert_eq!([(); 2].map(|()| fixture.is_written(later)), [true, false], "{now:?}");
        }
        for limits in
            [Limits { results_max: 99, ..LIMITS }, Limits { results_default: 9, ..LIMITS }]
        {
            let other = Question { limits, ..QUESTION };
            assert_eq!([(); 2].map(|()| fixture.is_written(other)), [true, false], "{limits:?}");
        }
    }

    #[test]
    fn what_is_asked_once_displaces_nothing() {
        let place = |request: &[u8]| xxh3_64(request) % SLOTS as u64;
        let mut others = (0u32..).map(|number| number.to_string());
        let other = others.find(|other| place(other.as_bytes()) == place(b"a")).unwrap();
        let other = Question { request: other.as_bytes(), ..QUESTION };
        let fixture = Fixture::new();
        assert!(fixture.is_kept(QUESTION));
        assert!(fixture.is_written(other) && !fixture.is_written(QUESTION));
        assert!(fixture.is_written(other) && !fixture.is_written(other));
        assert!(fixture.is_written(QUESTION));
        // Nor is what was asked twice, with something else of that slot in between.
        let fixture = Fixture::new();
        let asked = [other, QUESTION, other, QUESTION, other];
        assert_eq!(asked.map(|question| fixture.is_written(question)), [true; 5]);
    }

    #[test]
    fn what_is_longer_than_its_limit_is_not_kept() {
        let at_and_past = |limit| [limit, limit + 1];
        let request = |length| {
            let request = vec![b'x'; length];
            Fixture::new().is_kept(Question { request: &request, ..QUESTION })
        };
        let reply = |length| {
            let fixture = Fixture::new();
            fixture.length.set(length);
            fixture.is_kept(QUESTION)
        };
        let seen = |offers| {
            let fixture = Fixture::new();
            fixture.offers.set(offers);
            fixture.is_kept(QUESTION)
        };
        assert_eq!(at_and_past(REQUEST_BYTES_MAX).map(request), [true, false]);
        assert_eq!(at_and_past(REPLY_BYTES_MAX).map(reply), [true, false]);
        assert_eq!(at_and_past(SEEN_MAX).map(seen), [true, false]);
    }

    #[test]
    fn an_error_is_not_kept() {
        let cache = ReplyCache::new();
        let mut asked = 0;
        for _ in 0..4 {
            let refuse = |_: &mut Vec<u8>, _: Option<&Witness>| {
                asked += 1;
                Err(())
            };
            cache.append(QUESTION, &mut Vec::new(), |_| 0, refuse).unwrap_err();
        }
        assert_eq!(asked, 4);
    }
}
