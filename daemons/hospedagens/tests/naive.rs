//! Every search equals a filter that a child could write, over random inventories and searches.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use agencia_catalog::{Catalog, Limits, Moment, Product, View};
use agencia_hospedagens::Stays;
use agencia_protocol::stay::{Stay, StaysFound};
use agencia_protocol::{Day, Money, OfferId, OfferKey};
use proptest::prelude::*;

const FIRST_DAY: u16 = 20_600;

/// The id of a record by its place.
fn id(at: usize) -> OfferId {
    OfferId::from_key(OfferKey(at as u64))
}

fn day(offset: u16) -> Day {
    Day::from_number(FIRST_DAY + offset)
}

/// Rooms of which some nights are missing, some sold out and some in the inventory twice.
fn stays() -> impl Strategy<Value = Vec<Stay>> {
    let stay = (0u16..5, 1u32..4, 1u32..4, 0u32..4, 0u8..2, 0u8..2, 0u32..3).prop_map(
        |(night, number, beds, price, hotel, address, capacity)| Stay {
            day: day(night),
            number,
            rooms: 1,
            beds,
            price: Money::from_cents(price * 100),
            hotel: format!("Hotel {hotel}").into(),
            address: format!("Rua {address}").into(),
            city: format!("City {hotel}").into(),
            breakfast: hotel == 0,
            leaving_day: None,
            nights: None,
            total: None,
            id: None,
            capacity: Some(capacity),
            available: None,
        },
    );
    prop::collection::vec(stay, 0..90).prop_map(|stays| {
        let numbered = (0..).zip(stays);
        numbered.map(|(at, stay)| Stay { id: Some(id(at)), ..stay }).collect()
    })
}

#[derive(Debug, Clone)]
struct Query {
    city: u8,
    night: u16,
    nights: u16,
    people: u32,
    today: u16,
    by_price: bool,
}

/// An offer, and how many of its units are used from then on.
type Sale = (prop::sample::Index, u32);

fn sales() -> impl Strategy<Value = Vec<Sale>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0u32..4), 24)
}

/// In the catalog, and in the model, where the units are those that are left.
fn sell(catalog: &Catalog<Stays>, stays: &mut [Stay], (which, used): Sale) {
    if !stays.is_empty() {
        let at = which.index(stays.len());
        let offer = catalog.find(&id(at)).unwrap();
        catalog.set_used(catalog.key(offer), used);
        stays[at].capacity = Some(u32::from(catalog.capacity(offer)).saturating_sub(used));
    }
}

fn queries() -> impl Strategy<Value = Vec<Query>> {
    let query = (0u8..3, 0u16..5, 0u16..5, 1u32..5, 0u16..3, any::<bool>()).prop_map(
        |(city, night, nights, people, today, by_price)| Query {
            city,
            night,
            nights,
            people,
            today,
            by_price,
        },
    );
    prop::collection::vec(query, 24)
}

/// For each night the cheapest of the same room that will do; the first night is the offer itself.
fn naive(stays: &[Stay], query: &Query) -> Vec<(u32, Vec<String>)> {
    let will_do = |stay: &&Stay| {
        stay.beds >= query.people && stay.capacity > Some(0) && stay.day >= day(query.today)
    };
    let same_room =
        |a: &Stay, b: &Stay| (&a.hotel, &a.address, a.number) == (&b.hotel, &b.address, b.number);
    let mut found: Vec<(u32, Vec<String>)> = Vec::new();
    for first in stays.iter().filter(will_do) {
        if first.city != format!("City {}", query.city) || first.day != day(query.night) {
            continue;
        }
        let mut total = first.price.cents();
        let mut whole = true;
        for night in 1..query.nights.max(1) {
            let nights = stays.iter().filter(will_do).filter(|stay| same_room(stay, first));
            let prices = nights.filter(|stay| stay.day == day(query.night + night));
            match prices.map(|stay| stay.price.cents()).min() {
                Some(price) => total += price,
                None => whole = false,
            }
        }
        if whole {
            found.push((total, describe(first, query.nights.max(1), total)));
        }
    }
    found.sort();
    found
}

fn describe(stay: &Stay, nights: u16, total: u32) -> Vec<String> {
    let leaving = stay.day.after(nights).unwrap();
    let total = Money::from_cents(total).to_string();
    let long = if nights > 1 { (leaving.iso(), nights, total) } else { Default::default() };
    let name = (&stay.hotel, &stay.address, stay.number, &stay.city);
    // Which of equal nights is taken the price does not say.
    let left = stay.capacity.filter(|_| nights == 1);
    vec![format!("{name:?} {} {:?} {} {long:?} {left:?}", stay.beds, stay.price, stay.breakfast)]
}

fn shown(stays: &[Stay]) -> Vec<(u32, Vec<String>)> {
    let long = |stay: &Stay| match (stay.leaving_day, stay.nights, stay.total) {
        (Some(leaving), Some(nights), Some(total)) => {
            (leaving.iso(), nights.count(), total.to_string())
        }
        (None, None, None) => Default::default(),
        partly => panic!("{partly:?}"),
    };
    let of = |stay: &Stay| {
        let name = (&stay.hotel, &stay.address, stay.number, &stay.city);
        let long = long(stay);
        let left = stay.available.filter(|_| stay.nights.is_none());
        format!("{name:?} {} {:?} {} {long:?} {left:?}", stay.beds, stay.price, stay.breakfast)
    };
    let cost = |stay: &Stay| stay.total.unwrap_or(stay.price).cents();
    stays.iter().map(|stay| (cost(stay), vec![of(stay)])).collect()
}

fn ask(catalog: &Catalog<Stays>, query: &Query, limit: u32, after: Option<&OfferId>) -> StaysFound {
    let product = Stays::new(Default::default());
    let now = Moment { day: day(query.today), minute: 23 * 60 + 59 };
    let limits = Limits { results_default: 1000, results_max: 1000 };
    let view = View::new(&product, catalog, now, limits);
    let order = if query.by_price { "preco" } else { "horario" };
    let after = after.map(|id| format!(r#","apos":"{id}""#)).unwrap_or_default();
    let body = format!(
        r#"{{"action":"hospedar","cidade":"City {}","dataIda":"{}","dataVolta":"{}","numeroDePessoas":{},"limite":{limit},"ordem":"{order}"{after}}}"#,
        query.city,
        day(query.night).iso(),
        day(query.night + query.nights).iso(),
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
        mut stays in stays(), queries in queries(), sales in sales(),
    ) {
        let catalog = Catalog::<Stays>::from_records(&stays, 1).unwrap();
        // What is asked more than once is kept, and something is sold before the last time.
        let sales = sales.into_iter().flat_map(|sale| [None, None, Some(sale), None]);
        let often = queries.into_iter().flat_map(|query| vec![query; 4]);
        for (query, sale) in often.zip(sales) {
            let found = ask(&catalog, &query, 1000, None);
            let costs: Vec<u32> = shown(&found.stays).iter().map(|(cost, _)| *cost).collect();
            prop_assert!(costs.is_sorted(), "{:?}: {:?}", query, costs);
            let mut listed = shown(&found.stays);
            listed.sort();
            prop_assert_eq!(listed, naive(&stays, &query), "{:?}", query);
            if let Some(sale) = sale {
                sell(&catalog, &mut stays, sale);
            }
        }
    }

    #[test]
    fn pages_add_up_to_the_list(stays in stays(), queries in queries(), limit in 1u32..6) {
        let catalog = Catalog::<Stays>::from_records(&stays, 1).unwrap();
        for query in queries {
            let whole = ask(&catalog, &query, 1000, None);
            let mut pages: Vec<Stay> = Vec::new();
            loop {
                let after = pages.last().and_then(|last| last.id.clone());
                let page = ask(&catalog, &query, limit, after.as_ref());
                prop_assert!(page.stays.len() <= limit as usize);
                pages.extend(page.stays);
                if !page.more {
                    break;
                }
            }
            prop_assert_eq!(pages, whole.stays);
        }
    }
}
