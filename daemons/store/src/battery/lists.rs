//! Lists: pages, filters, what is still to be done, what was looked up.

use super::*;
use crate::{Filter, Order};
use agencia_protocol::trip::{Outcome as Verdict, PartState};
use agencia_protocol::{Day, Locator};
use futures_lite::future::block_on;

fn numbers(ledger: &Ledger, filter: Filter) -> Vec<u32> {
    let page = block_on(ledger.page(filter, None, 1000)).unwrap();
    page.iter().map(|(trip, _)| number(trip)).collect()
}

/// The number that [`trip`] gave it.
pub(crate) fn number(trip: &agencia_protocol::TripId) -> u32 {
    u32::from_be_bytes(trip.as_bytes()[12..].try_into().unwrap())
}

/// One trip in each state: 1 held, 2 pinned, 3 confirmed by its anchor, 4 released, 5 decided and
/// not acknowledged, 6 bought, 7 forced.
fn one_of_each(ledger: &Ledger) {
    let all = items(&[&[1]]);
    let (theirs, ours) = (parts(stays(), &all), parts(flights(), &all));
    ask(ledger, 1, hold(0, all.clone()));
    for number in [2, 3, 7] {
        ask(ledger, number, hold(0, all.clone()));
        ask(ledger, number, pin(0, &theirs));
    }
    ask(ledger, 3, apply(3, &theirs, Verdict::Committed));
    ask(ledger, 4, Order::LetGo);
    ask(ledger, 5, hold(0, all));
    ask(ledger, 5, decide(5, &ours));
    // A stay of three nights, in a ledger of flights.
    ask_at(ledger, 6, purchase(&[3, 4, 5], 1), 60);
    let (state, reason) = (PartState::Released, "by hand".parse().unwrap());
    ask(ledger, 7, Order::Force { state, reason });
}

pub(crate) fn a_filter_shows_what_it_says(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 100);
    one_of_each(&ledger);
    let bookings = |after: Option<u16>| Filter::Bookings {
        day: after.map(|after| Day::from_number(TODAY + after)),
    };
    let with = |daemon, secs| Filter::WithPartOf { daemon, since: at(secs) };
    assert_eq!(numbers(&ledger, Filter::All), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(numbers(&ledger, bookings(None)), [3, 5, 6]);
    assert_eq!(numbers(&ledger, bookings(Some(1))), [3, 5]);
    assert_eq!(numbers(&ledger, bookings(Some(2))), [] as [u32; 0]);
    for day in 3..=5 {
        assert_eq!(numbers(&ledger, bookings(Some(day))), [6]);
    }
    assert_eq!(numbers(&ledger, bookings(Some(6))), [] as [u32; 0]);
    assert_eq!(numbers(&ledger, Filter::InDoubt), [2, 5, 7]);
    assert_eq!(numbers(&ledger, Filter::Forced), [7]);
    assert_eq!(numbers(&ledger, with(stays(), 0)), [2, 3, 5, 7]);
    assert_eq!(numbers(&ledger, with(stays(), 1)), [] as [u32; 0]);
    assert_eq!(numbers(&ledger, with("passeios".parse().unwrap(), 0)), [] as [u32; 0]);
    let live: Vec<_> =
        block_on(ledger.live()).unwrap().iter().map(|(trip, _)| number(trip)).collect();
    assert_eq!(live, [1, 2, 5, 7]);
    end(ledger, thread);
}

pub(crate) fn pages_add_up_to_the_whole(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 100);
    for number in 0..25 {
        buy(&ledger, number, &[1]);
    }
    for limit in [1, 7, 25, 26] {
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = block_on(ledger.page(Filter::All, after, limit)).unwrap();
            assert!(page.len() <= limit);
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            for (trip, listed) in page {
                assert_eq!(row(&ledger, number(&trip)).as_deref(), Some(&listed));
                seen.push(number(&trip));
            }
        }
        assert_eq!(seen, (0..25).collect::<Vec<_>>());
    }
    end(ledger, thread);
}

pub(crate) fn what_is_unknown_is_not_found(open: Open<'_>) {
    let (ledger, thread) = on_sale(open, 1);
    let voucher = buy(&ledger, 1, &[1]);
    assert_eq!(row(&ledger, 2), None);
    let other = (0..=1).filter_map(|draw| Locator::new('V', [draw; 5]));
    let other = other.into_iter().find(|other| *other != voucher).unwrap();
    assert_eq!(block_on(ledger.find(other)).unwrap(), None);
    let (found, row_found) = block_on(ledger.find(voucher)).unwrap().unwrap();
    assert_eq!((found, Some(row_found)), (trip(1), row(&ledger, 1)));
    end(ledger, thread);
}
