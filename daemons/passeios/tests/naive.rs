//! Every search equals a filter that a child could write, over random inventories and searches.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use agencia_catalog::{Catalog, Limits, Moment, Product, View};
use agencia_passeios::Tours;
use agencia_protocol::tour::{Tour, ToursFound};
use agencia_protocol::{Day, Money, OfferId, OfferKey, TimeOfDay};
use proptest::prelude::*;

const FIRST_DAY: u16 = 20_600;

/// The id of a record by its place.
fn id(at: usize) -> OfferId {
    OfferId::from_key(OfferKey(at as u64))
}

fn day(offset: u16) -> Day {
    Day::from_number(FIRST_DAY + offset)
}

fn tours() -> impl Strategy<Value = Vec<Tour>> {
    let tour = (0u16..3, 0u16..4, 0u32..3, 0u8..3, 0u8..2, 0u32..4).prop_map(
        |(on, hour, price, city, sight, capacity)| Tour {
            time: TimeOfDay::from_minute(hour * 360).unwrap(),
            price: Money::from_cents(price * 100),
            day: day(on),
            sight: format!("Sight \"{sight}\"").into(),
            address: "Rua".into(),
            city: format!("City {city}").into(),
            id: None,
            capacity: Some(capacity),
            available: None,
        },
    );
    prop::collection::vec(tour, 0..60).prop_map(|tours| {
        let numbered = (0..).zip(tours);
        numbered.map(|(at, tour)| Tour { id: Some(id(at)), ..tour }).collect()
    })
}

#[derive(Debug, Clone)]
struct Query {
    city: u8,
    on: u16,
    people: u16,
    now: (u16, u16),
    limit: u32,
    by_price: bool,
}

/// An offer, and how many of its units are used from then on.
type Sale = (prop::sample::Index, u32);

fn sales() -> impl Strategy<Value = Vec<Sale>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0u32..4), 24)
}

/// In the catalog, and in the model, where the units are those that are left.
fn sell(catalog: &Catalog<Tours>, tours: &mut [Tour], (which, used): Sale) {
    if !tours.is_empty() {
        let at = which.index(tours.len());
        let offer = catalog.find(&id(at)).unwrap();
        catalog.set_used(catalog.key(offer), used);
        tours[at].capacity = Some(u32::from(catalog.capacity(offer)).saturating_sub(used));
    }
}

fn queries() -> impl Strategy<Value = Vec<Query>> {
    let query = (0u8..4, 0u16..4, 1u16..5, (0u16..2, 0u16..1440), 1u32..12, any::<bool>())
        .prop_map(|(city, on, people, now, limit, by_price)| Query {
            city,
            on,
            people,
            now,
            limit,
            by_price,
        });
    prop::collection::vec(query, 24)
}

/// What a list shows of a tour: enough to tell any two apart that may be told apart.
fn shown(tour: &Tour) -> (String, String, String, String, u32) {
    let left = tour.available.unwrap();
    (tour.day.iso(), tour.time.to_string(), tour.price.to_string(), tour.sight.to_string(), left)
}

fn naive(tours: &[Tour], query: &Query) -> Vec<Tour> {
    let now = (day(query.now.0), query.now.1);
    let mut found: Vec<Tour> = tours
        .iter()
        .filter(|tour| tour.city == format!("City {}", query.city))
        .filter(|tour| tour.day == day(query.on))
        .filter(|tour| tour.capacity.unwrap() >= query.people.into())
        .filter(|tour| (tour.day, tour.time.minute()) > now)
        .map(|tour| Tour { available: tour.capacity, ..tour.clone() })
        .collect();
    match query.by_price {
        true => found.sort_by_key(|tour| (tour.price, tour.time)),
        false => found.sort_by_key(|tour| (tour.time, tour.price)),
    }
    found
}

fn ask(catalog: &Catalog<Tours>, query: &Query, after: Option<&OfferId>) -> ToursFound {
    let product = Tours::new(Default::default());
    let now = Moment { day: day(query.now.0), minute: query.now.1 };
    let limits = Limits { results_default: 1000, results_max: 1000 };
    let view = View::new(&product, catalog, now, limits);
    let order = if query.by_price { "preco" } else { "horario" };
    let after = after.map(|id| format!(r#","apos":"{id}""#)).unwrap_or_default();
    let body = format!(
        r#"{{"cidade":"City {}","dataIda":"{}","numeroDePessoas":{},"limite":{},"ordem":"{order}"{after}}}"#,
        query.city,
        day(query.on).iso(),
        query.people,
        query.limit
    );
    let mut out = Vec::new();
    view.search(body.as_bytes(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_search_is_a_naive_filter(
        mut tours in tours(), queries in queries(), sales in sales(),
    ) {
        let catalog = Catalog::<Tours>::from_records(&tours, 20).unwrap();
        // What is asked more than once is kept, and something is sold before the last time.
        let sales = sales.into_iter().flat_map(|sale| [None, None, Some(sale), None]);
        let often = queries.into_iter().flat_map(|query| vec![query; 4]);
        for (query, sale) in often.zip(sales) {
            let mut pages = Vec::new();
            loop {
                let after = pages.last().and_then(|last: &Tour| last.id.clone());
                let page = ask(&catalog, &query, after.as_ref());
                prop_assert!(page.tours.len() <= query.limit as usize);
                prop_assert!(!page.more || page.tours.len() == query.limit as usize);
                pages.extend(page.tours);
                if !page.more {
                    break;
                }
            }
            let expected = naive(&tours, &query);
            // Equal tours may come in either order: what is shown of them is the same.
            let group = |list: &[Tour]| {
                let mut shown: Vec<_> = list.iter().map(shown).collect();
                let keys: Vec<_> = list.iter().map(|tour| (tour.time, tour.price)).collect();
                shown.sort();
                (keys, shown)
            };
            prop_assert_eq!(group(&pages), group(&expected), "{:?}", query);
            if let Some(sale) = sale {
                sell(&catalog, &mut tours, sale);
            }
        }
    }
}
