//! Random sequences of orders, adoptions and restarts, beside a model of a dozen lines.

use super::*;
use crate::{Adopted, Order, Outcome};
use agencia_protocol::OfferKey;
use agencia_protocol::trip::{Outcome as Verdict, PartState};
use agencia_trip::row::SoldItem;
use futures_lite::future::block_on;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const OFFERS: u64 = 4;

/// Offers, and how many units of each.
type Wanted = (BTreeSet<u64>, u16);

#[derive(Debug, Clone)]
enum Asked {
    Buy(Wanted),
    /// With a revision.
    Hold(u32, Wanted),
    LetGo,
    /// Pins whatever is held.
    Pin,
    Confirm,
    Abort,
}

#[derive(Debug, Clone)]
enum Event {
    /// Orders that are queued together, each for one of a few trips.
    Ask(Vec<(u32, Asked)>),
    /// The capacity of each offer, if it is in the inventory.
    Adopt(Vec<Option<u32>>),
    Restart,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let wanted = (prop::collection::btree_set(0..OFFERS, 1..=3), 1..=3_u16);
    let asked = prop_oneof![
        3 => wanted.clone().prop_map(Asked::Buy),
        4 => (0..3_u32, wanted).prop_map(|(revision, wanted)| Asked::Hold(revision, wanted)),
        1 => Just(Asked::LetGo),
        2 => Just(Asked::Pin),
        1 => Just(Asked::Confirm),
        1 => Just(Asked::Abort),
    ];
    let capacities = prop::option::weighted(0.8, 0..=6_u32);
    let inventory = prop::collection::vec(capacities, usize::try_from(OFFERS).unwrap());
    let event = prop_oneof![
        8 => prop::collection::vec((0..6_u32, asked), 1..8).prop_map(Event::Ask),
        2 => inventory.prop_map(Event::Adopt),
        1 => Just(Event::Restart),
    ];
    prop::collection::vec(event, 1..25)
}

/// What the model knows of a trip: where it is, with which revision, and what it takes.
#[derive(Debug, Clone)]
struct Kept {
    state: PartState,
    revision: u32,
    wanted: Wanted,
}

/// The ledger as one would explain it.
#[derive(Default)]
struct Model {
    inventory: Vec<Option<u32>>,
    trips: BTreeMap<u32, Kept>,
    /// Offers of which something was ever taken, with the capacity that they had last.
    ever: BTreeMap<u64, u32>,
}

impl Model {
    fn used(&self, offer: u64) -> u32 {
        let taken = self.trips.values().filter(|kept| kept.state != PartState::Released);
        taken
            .filter(|kept| kept.wanted.0.contains(&offer))
            .map(|kept| u32::from(kept.wanted.1))
            .sum()
    }

    fn capacity(&self, offer: u64) -> Option<u32> {
        self.inventory[usize::try_from(offer).unwrap()]
    }

    /// The first offer that lacks units, when `before` is given back for it.
    fn lacks(&self, wanted: &Wanted, before: Option<&Wanted>) -> Option<u64> {
        let back =
            |offer: u64| before.filter(|before| before.0.contains(&offer)).map_or(0, |b| b.1);
        wanted.0.iter().copied().find(|offer| {
            let (more, less) = (u32::from(wanted.1), u32::from(back(*offer)));
            let used = self.used(*offer) + more - less;
            more > less && self.capacity(*offer).is_none_or(|capacity| used > capacity)
        })
    }

    fn take(&mut self, number: u32, kept: Kept) {
        for offer in &kept.wanted.0 {
            if let Some(capacity) = self.capacity(*offer) {
                self.ever.insert(*offer, capacity);
            }
        }
        self.trips.insert(number, kept);
    }

    /// Follows an order. Answers the offer that is sold out, if any.
    fn ask(&mut self, number: u32, asked: &Asked) -> Option<u64> {
        let before = self.trips.get(&number).cloned();
        let state = before.as_ref().map_or(PartState::None, |kept| kept.state);
        match (asked, state) {
            (Asked::Buy(wanted), PartState::None) => {
                if let Some(offer) = self.lacks(wanted, None) {
                    return Some(offer);
                }
                let (state, revision, wanted) = (PartState::Confirmed, 0, wanted.clone());
                self.take(number, Kept { state, revision, wanted });
            }
            (Asked::Hold(revision, wanted), PartState::None | PartState::Held)
                if before.as_ref().is_none_or(|before| *revision > before.revision) =>
            {
                if let Some(offer) = self.lacks(wanted, before.as_ref().map(|b| &b.wanted)) {
                    return Some(offer);
                }
                let (state, revision, wanted) = (PartState::Held, *revision, wanted.clone());
                self.take(number, Kept { state, revision, wanted });
            }
            (Asked::LetGo | Asked::Abort, PartState::None) => {
                let (state, wanted) = (PartState::Released, (BTreeSet::new(), 0));
                self.trips.insert(number, Kept { state, revision: 0, wanted });
            }
            (Asked::LetGo, PartState::Held) => self.move_to(number, PartState::Released),
            (Asked::Pin, PartState::Held) => self.move_to(number, PartState::Pinned),
            (Asked::Confirm, PartState::Pinned) => self.move_to(number, PartState::Confirmed),
            (Asked::Abort, PartState::Held | PartState::Pinned) => {
                self.move_to(number, PartState::Released);
            }
            _ => {}
        }
        None
    }

    fn move_to(&mut self, number: u32, state: PartState) {
        self.trips.get_mut(&number).unwrap().state = state;
    }

    fn adopt(&mut self, inventory: &[Option<u32>]) -> Adopted {
        let mut withdrawn = 0;
        for &offer in self.ever.keys() {
            let used = self.used(offer);
            match inventory[usize::try_from(offer).unwrap()] {
                None => withdrawn += u64::from(used > 0),
                Some(capacity) if capacity < used => {
                    return Adopted::BelowSold { offer: OfferKey(offer), capacity, used };
                }
                Some(_) => {}
            }
        }
        self.inventory = inventory.to_vec();
        Adopted::Adopted { withdrawn }
    }

    fn sum(&self, state: PartState) -> u64 {
        let of = self.trips.values().filter(|kept| kept.state == state);
        of.map(|kept| kept.wanted.0.len() as u64 * u64::from(kept.wanted.1)).sum()
    }
}

/// One item for each offer.
fn wanted_items(wanted: &Wanted) -> Arc<[SoldItem]> {
    wanted.0.iter().map(|offer| sold(&[*offer], wanted.1)).collect()
}

/// The order for what was asked, against the trip as the model has it by then.
fn order(number: u32, asked: &Asked, kept: Option<&Kept>) -> Order {
    let items = kept.map_or(items(&[&[0]]), |kept| wanted_items(&kept.wanted));
    let whole = parts(stays(), &items);
    match asked {
        Asked::Buy(wanted) => Order::Reserve { items: wanted_items(wanted) },
        Asked::Hold(revision, wanted) => hold(*revision, wanted_items(wanted)),
        Asked::LetGo => Order::LetGo,
        Asked::Pin => pin(kept.map_or(0, |kept| kept.revision), &whole),
        Asked::Confirm => apply(number, &whole, Verdict::Committed),
        Asked::Abort => apply(number, &whole, Verdict::Aborted),
    }
}

pub(crate) fn random_sequences_equal_a_simple_model(on_a_new_place: OnANewPlace<'_>) {
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() };
    let result = TestRunner::new(config).run(&events(), |events| {
        let failure = std::cell::RefCell::new(Ok(()));
        on_a_new_place(&|open| *failure.borrow_mut() = follow(open, &events));
        failure.into_inner()
    });
    result.unwrap();
}

fn follow(open: Open<'_>, events: &[Event]) -> Result<(), TestCaseError> {
    let limits = Limits { queue_max: 64, batch_max: 4 };
    let mut model = Model { inventory: vec![Some(4); 4], ..Model::default() };
    let (mut ledger, mut thread) = open(limits, quiet());
    adopt(&ledger, capacities(model.inventory.clone()));
    for event in events {
        match event {
            Event::Restart => {
                end(ledger, thread);
                (ledger, thread) = open(limits, quiet());
                adopt(&ledger, capacities(model.inventory.clone()));
            }
            Event::Adopt(inventory) => {
                let (adopted, _) = adopt(&ledger, capacities(inventory.clone()));
                prop_assert_eq!(adopted, model.adopt(inventory));
            }
            Event::Ask(asked) => {
                let mut answers = Vec::new();
                for (number, asked) in asked {
                    let order = order(*number, asked, model.trips.get(number));
                    answers.push((
                        ledger.step(trip(*number), order, at(0)),
                        model.ask(*number, asked),
                    ));
                }
                for (answer, lacking) in answers {
                    match (block_on(answer).unwrap(), lacking) {
                        (Outcome::SoldOut { offer }, lacking) => {
                            prop_assert_eq!(Some(offer.0), lacking);
                        }
                        (Outcome::Stepped(_), lacking) => prop_assert_eq!(None, lacking),
                    }
                }
            }
        }
        for number in 0..6 {
            let state = row(&ledger, number).map_or(PartState::None, |row| row.state());
            let expected = model.trips.get(&number).map_or(PartState::None, |kept| kept.state);
            prop_assert_eq!(state, expected, "trip {}", number);
        }
    }
    let states = [PartState::Held, PartState::Pinned, PartState::Confirmed];
    let [held, pinned, confirmed] = states.map(|state| model.sum(state));
    consistent_at(&ledger, held, pinned, confirmed);
    end(ledger, thread);
    Ok(())
}

fn capacities(inventory: Vec<Option<u32>>) -> crate::CapacityOf {
    Box::new(move |offer| inventory[usize::try_from(offer.0).unwrap()])
}
