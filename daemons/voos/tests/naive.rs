//! Every search equals a filter that a child could write, over random inventories and searches.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use agencia_catalog::{Catalog, Limits, Moment, Product, View};
use agencia_protocol::flight::{Flight, FlightsFound};
use agencia_protocol::{Day, Money, OfferId, OfferKey, TimeOfDay};
use agencia_voos::Flights;
use proptest::prelude::*;

const FIRST_DAY: u16 = 20_600;

/// The id of a record by its place.
fn id(at: usize) -> OfferId {
    OfferId::from_key(OfferKey(at as u64))
}

fn day(offset: u16) -> Day {
    Day::from_number(FIRST_DAY + offset)
}

fn flights() -> impl Strategy<Value = Vec<Flight>> {
    let flight = (0u16..3, 0u16..4, 0u32..3, 0u8..3, 1u8..3, 0u32..4).prop_map(
        |(on, hour, price, from, further, capacity)| Flight {
            departure: TimeOfDay::from_minute(hour * 360).unwrap(),
            arrival: TimeOfDay::from_minute(hour * 360 + 90).unwrap(),
            price: Money::from_cents(price * 100),
            day: day(on),
            arrival_day: day(on),
            from: format!("Airport {from}").into(),
            to: format!("Airport {}", (from + further) % 3).into(),
            id: None,
            capacity: Some(capacity),
            available: None,
        },
    );
    prop::collection::vec(flight, 0..60).prop_map(|flights| {
        let numbered = (0..).zip(flights);
        numbered.map(|(at, flight)| Flight { id: Some(id(at)), ..flight }).collect()
    })
}

#[derive(Debug, Clone)]
struct Query {
    airport: u8,
    out: u16,
    back: Option<u16>,
    people: u16,
    now: (u16, u16),
    by_price: bool,
}

/// An offer, and how many of its units are used from then on.
type Sale = (prop::sample::Index, u32);

fn sales() -> impl Strategy<Value = Vec<Sale>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0u32..4), 24)
}

/// In the catalog, and in the model, where the units are those that are left.
fn sell(catalog: &Catalog<Flights>, flights: &mut [Flight], (which, used): Sale) {
    if !flights.is_empty() {
        let at = which.index(flights.len());
        let offer = catalog.find(&id(at)).unwrap();
        catalog.set_used(catalog.key(offer), used);
        flights[at].capacity = Some(u32::from(catalog.capacity(offer)).saturating_sub(used));
    }
}

fn queries() -> impl Strategy<Value = Vec<Query>> {
    let back = prop::option::of(0u16..3);
    let query = (0u8..4, 0u16..3, back, 1u16..5, (0u16..2, 0u16..1440), any::<bool>()).prop_map(
        |(airport, out, back, people, now, by_price)| {
            let back = back.map(|after| out + after);
            Query { airport, out, back, people, now, by_price }
        },
    );
    prop::collection::vec(query, 24)
}

/// The sort keys in order, and all that is shown, sorted: equal flights may come in either order.
type Shown = (Vec<(u32, u32)>, Vec<String>);

fn shown(flights: &[Flight], by_price: bool) -> Shown {
    let key = |flight: &Flight| {
        let (time, price) = (u32::from(flight.departure.minute()), flight.price.cents());
        if by_price { (price, time) } else { (time, price) }
    };
    let text = |flight: &Flight| {
        let plain = Flight { id: None, capacity: None, ..flight.clone() };
        serde_json::to_string(&plain).unwrap()
    };
    let mut texts: Vec<_> = flights.iter().map(text).collect();
    texts.sort();
    (flights.iter().map(key).collect(), texts)
}

fn naive(flights: &[Flight], query: &Query) -> (Shown, Shown) {
    let now = (day(query.now.0), query.now.1);
    let airport = format!("Airport {}", query.airport);
    let leg = |is_leg: &dyn Fn(&Flight) -> bool| {
        let mut found: Vec<Flight> = flights
            .iter()
            .filter(|flight| is_leg(flight))
            .filter(|flight| flight.capacity.unwrap() >= query.people.into())
            .filter(|flight| (flight.day, flight.departure.minute()) > now)
            .map(|flight| Flight { available: flight.capacity, ..flight.clone() })
            .collect();
        match query.by_price {
            true => found.sort_by_key(|flight| (flight.price, flight.departure)),
            false => found.sort_by_key(|flight| (flight.departure, flight.price)),
        }
        shown(&found, query.by_price)
    };
    let there = leg(&|flight| flight.to == airport && flight.day == day(query.out));
    let back = leg(&|flight| flight.from == airport && Some(flight.day) == query.back.map(day));
    (there, back)
}

fn ask(
    catalog: &Catalog<Flights>,
    query: &Query,
    limit: u32,
    after: Option<&OfferId>,
) -> FlightsFound {
    let product = Flights::new(Default::default());
    let now = Moment { day: day(query.now.0), minute: query.now.1 };
    let limits = Limits { results_default: 1000, results_max: 1000 };
    let view = View::new(&product, catalog, now, limits);
    let order = if query.by_price { "preco" } else { "horario" };
    let after = after.map(|id| format!(r#","apos":"{id}""#)).unwrap_or_default();
    let back = query.back.map(|back| day(back).iso()).unwrap_or_default();
    let body = format!(
        r#"{{"action":"passagem","paraAeroporto":"Airport {}","dataIda":"{}","dataVolta":"{back}","numeroPassagens":"{}","limite":{limit},"ordem":"{order}"{after}}}"#,
        query.airport,
        day(query.out).iso(),
        query.people,
    );
    let mut out = Vec::new();
    view.search(body.as_bytes(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_search_is_a_naive_filter(
        mut flights in flights(), queries in queries(), sales in sales(),
    ) {
        let catalog = Catalog::<Flights>::from_records(&flights, 180).unwrap();
        // What is asked more than once is kept, and something is sold before the last time.
        let sales = sales.into_iter().flat_map(|sale| [None, None, Some(sale), None]);
        let often = queries.into_iter().flat_map(|query| vec![query; 4]);
        for (query, sale) in often.zip(sales) {
            let found = ask(&catalog, &query, 1000, None);
            prop_assert!(!found.more);
            let (there, back) = naive(&flights, &query);
            prop_assert_eq!(shown(&found.outbound, query.by_price), there, "{:?}", query);
            prop_assert_eq!(shown(&found.inbound, query.by_price), back, "{:?}", query);
            if let Some(sale) = sale {
                sell(&catalog, &mut flights, sale);
            }
        }
    }

    #[test]
    fn pages_of_either_list_add_up_to_the_list(
        flights in flights(), queries in queries(), limit in 1u32..6,
    ) {
        let catalog = Catalog::<Flights>::from_records(&flights, 180).unwrap();
        for query in queries {
            let whole = ask(&catalog, &query, 1000, None);
            let first = ask(&catalog, &query, limit, None);
            for is_there in [true, false] {
                let list = |found: FlightsFound| match is_there {
                    true => (found.outbound, found.inbound),
                    false => (found.inbound, found.outbound),
                };
                let (mut pages, _) = list(first.clone());
                while let Some(last) = pages.last().and_then(|flight| flight.id.clone()) {
                    let next = ask(&catalog, &query, limit, Some(&last));
                    prop_assert!(next.outbound.len() <= limit as usize);
                    let more = next.more;
                    let (next, other) = list(next);
                    prop_assert!(other.is_empty());
                    pages.extend(next);
                    if !more {
                        break;
                    }
                }
                prop_assert_eq!(&pages, &list(whole.clone()).0);
            }
        }
    }
}
