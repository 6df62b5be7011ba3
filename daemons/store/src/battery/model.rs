//! Random sequences of purchases, adoptions and restarts, beside a model of a dozen lines.

use super::{Limits, OnANewPlace, Open, adopt, by_trip, consistent_at, end, purchase, quiet};
use crate::{Adopted, Outcome};
use agencia_protocol::OfferKey;
use futures_lite::future::block_on;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use std::collections::{BTreeMap, BTreeSet};

const OFFERS: u64 = 4;

#[derive(Debug, Clone)]
enum Step {
    /// Purchases that are queued together: trip if any, offers, count.
    Buy(Vec<(Option<u128>, BTreeSet<u64>, u32)>),
    /// The capacity of each offer, if it is in the inventory.
    Adopt(Vec<Option<u32>>),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let offers = prop::collection::btree_set(0..OFFERS, 1..=3);
    let one = (prop::option::of(0..6_u128), offers, 1..=3_u32);
    let capacities = prop::option::weighted(0.8, 0..=6_u32);
    let inventory = prop::collection::vec(capacities, usize::try_from(OFFERS).unwrap());
    let step = prop_oneof![
        6 => prop::collection::vec(one, 1..8).prop_map(Step::Buy),
        2 => inventory.prop_map(Step::Adopt),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..20)
}

/// The ledger as one would explain it.
#[derive(Default)]
struct Model {
    inventory: Vec<Option<u32>>,
    used: BTreeMap<u64, u32>,
    trips: BTreeMap<u128, (BTreeSet<u64>, u32)>,
}

#[derive(Debug, PartialEq)]
enum Expected {
    Sold { repeated: bool },
    SoldOut(u64),
    Conflict,
}

impl Model {
    fn capacity(&self, offer: u64) -> Option<u32> {
        self.inventory[usize::try_from(offer).unwrap()]
    }

    fn buy(&mut self, trip: Option<u128>, offers: &BTreeSet<u64>, count: u32) -> Expected {
        let wanted = (offers.clone(), count);
        if let Some(earlier) = trip.and_then(|trip| self.trips.get(&trip)) {
            let same = *earlier == wanted;
            return if same { Expected::Sold { repeated: true } } else { Expected::Conflict };
        }
        let lacks = |offer: &&u64| {
            let used = self.used.get(offer).copied().unwrap_or(0);
            self.capacity(**offer).is_none_or(|capacity| used + count > capacity)
        };
        if let Some(offer) = offers.iter().find(lacks) {
            return Expected::SoldOut(*offer);
        }
        for offer in offers {
            *self.used.entry(*offer).or_default() += count;
        }
        self.trips.extend(trip.map(|trip| (trip, wanted)));
        Expected::Sold { repeated: false }
    }

    fn adopt(&mut self, inventory: &[Option<u32>]) -> Adopted {
        let mut withdrawn = 0;
        for (&offer, &used) in &self.used {
            match inventory[usize::try_from(offer).unwrap()] {
                None => withdrawn += 1,
                Some(capacity) if capacity < used => {
                    return Adopted::BelowSold { offer: OfferKey(offer), capacity, used };
                }
                Some(_) => {}
            }
        }
        self.inventory = inventory.to_vec();
        Adopted::Adopted { withdrawn }
    }
}

pub(crate) fn random_sequences_equal_a_simple_model(on_a_new_place: OnANewPlace<'_>) {
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() };
    let result = TestRunner::new(config).run(&steps(), |steps| {
        on_a_new_place(&|open| follow(open, &steps).unwrap());
        Ok(())
    });
    result.unwrap();
}

fn follow(open: Open<'_>, steps: &[Step]) -> Result<(), TestCaseError> {
    let limits = Limits { queue_max: 64, batch_max: 4 };
    let mut model = Model { inventory: vec![Some(4); 4], ..Model::default() };
    let (mut ledger, mut thread) = open(limits, quiet());
    for step in steps {
        // A ledger has an inventory from its start on, as a daemon gives it one.
        let inventory = model.inventory.clone();
        match step {
            Step::Restart => {
                end(ledger, thread);
                (ledger, thread) = open(limits, quiet());
                adopt(&ledger, capacities(inventory));
            }
            Step::Adopt(inventory) => {
                let (adopted, installed) = adopt(&ledger, capacities(inventory.clone()));
                prop_assert_eq!(adopted, model.adopt(inventory));
                if let Adopted::Adopted { .. } = adopted {
                    let used: BTreeMap<_, _> =
                        installed.unwrap().iter().map(|c| (c.offer.0, c.used)).collect();
                    prop_assert_eq!(&used, &model.used);
                }
            }
            Step::Buy(purchases) => {
                let answers: Vec<_> = purchases
                    .iter()
                    .map(|(trip, offers, count)| {
                        let offers: Vec<_> = offers.iter().copied().collect();
                        let purchase = purchase(&offers, 4, *count);
                        ledger.submit(match trip {
                            Some(trip) => by_trip(*trip, purchase),
                            None => purchase,
                        })
                    })
                    .collect();
                for ((trip, offers, count), answer) in purchases.iter().zip(answers) {
                    let outcome = match block_on(answer).unwrap() {
                        Outcome::Sold(sale) => Expected::Sold { repeated: sale.repeated },
                        Outcome::SoldOut { offer } => Expected::SoldOut(offer.0),
                        Outcome::Conflict => Expected::Conflict,
                    };
                    prop_assert_eq!(outcome, model.buy(*trip, offers, *count));
                }
            }
        }
    }
    consistent_at(&ledger, model.used.values().map(|used| u64::from(*used)).sum());
    end(ledger, thread);
    Ok(())
}

fn capacities(inventory: Vec<Option<u32>>) -> crate::CapacityOf {
    Box::new(move |offer| inventory[usize::try_from(offer.0).unwrap()])
}
