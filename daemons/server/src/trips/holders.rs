//! Who holds how much: so many trips at once in all, of one visitor, and from one address.
//!
//! Whose a hold is, is known only to the process that took it: after a restart what is held counts
//! for all together.

use super::guesses::Neighbourhood;
use crate::settings::Limits;
use agencia_protocol::trip::{Hold, Visitor};
use agencia_protocol::{Code, TripId, WireError};
use std::collections::HashMap;
use std::hash::Hash;

/// How many trips may be held at the same time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HoldLimits {
    /// In all.
    pub(crate) max: usize,
    /// By one visitor.
    pub(crate) per_visitor_max: usize,
    /// From one address.
    pub(crate) per_address_max: usize,
}

impl HoldLimits {
    pub(crate) fn of(limits: &Limits) -> Self {
        let Limits { holds_max, holds_per_visitor_max, holds_per_address_max, .. } = *limits;
        let (per_visitor_max, per_address_max) = (holds_per_visitor_max, holds_per_address_max);
        Self { max: holds_max, per_visitor_max, per_address_max }
    }
}

/// The trips that are held or pinned, or about to be.
#[derive(Debug)]
pub(crate) struct Holders {
    limits: HoldLimits,
    trips: HashMap<TripId, Holder>,
    visitors: HashMap<Visitor, usize>,
    addresses: HashMap<Neighbourhood, usize>,
}

#[derive(Debug, Default)]
struct Holder {
    visitor: Option<Visitor>,
    address: Option<Neighbourhood>,
    /// How many requests want it held and have no reply yet.
    waiting: usize,
}

impl Holders {
    pub(crate) fn new(limits: HoldLimits) -> Self {
        let (trips, visitors, addresses) = Default::default();
        Self { limits, trips, visitors, addresses }
    }

    /// Counts a trip that wants to be held, unless it is counted already, until its request
    /// [is answered](Self::answered).
    ///
    /// # Errors
    /// `ocupado`, when that would be one too many.
    pub(crate) fn admit(&mut self, hold: &Hold) -> Result<(), WireError> {
        if let Some(holder) = self.trips.get_mut(&hold.trip) {
            holder.waiting += 1;
            return Ok(());
        }
        let HoldLimits { max, per_visitor_max, per_address_max } = self.limits;
        let address = hold.address.map(Neighbourhood::from);
        let busy = |message| Err(WireError::new(Code::Busy, message));
        if count(&self.visitors, hold.visitor.as_ref()) >= per_visitor_max {
            return busy(
                "você já tem reservas temporárias demais; conclua ou solte uma, ou espere que \
                 expirem",
            );
        }
        if count(&self.addresses, address.as_ref()) >= per_address_max {
            return busy(
                "há reservas temporárias demais deste endereço; tente de novo daqui a pouco",
            );
        }
        if self.trips.len() >= max {
            return busy("há reservas temporárias demais; tente de novo daqui a pouco");
        }
        self.insert(hold.trip, Holder { visitor: hold.visitor.clone(), address, waiting: 1 });
        Ok(())
    }

    /// Counts a trip that is held, whoever it is for.
    pub(crate) fn holds(&mut self, trip: TripId) {
        if !self.trips.contains_key(&trip) {
            self.insert(trip, Holder::default());
        }
    }

    /// A request that was admitted has its reply: the trip is held, or is not.
    pub(crate) fn answered(&mut self, trip: TripId, is_held: bool) {
        let Some(holder) = self.trips.get_mut(&trip) else { return };
        holder.waiting = holder.waiting.saturating_sub(1);
        if !is_held {
            self.remove(trip);
        }
    }

    /// Counts a trip no more, unless somebody still wants it held.
    pub(crate) fn remove(&mut self, trip: TripId) {
        if self.trips.get(&trip).is_none_or(|holder| holder.waiting > 0) {
            return;
        }
        let Some(Holder { visitor, address, .. }) = self.trips.remove(&trip) else { return };
        take_one(&mut self.visitors, visitor);
        take_one(&mut self.addresses, address);
    }

    fn insert(&mut self, trip: TripId, holder: Holder) {
        if let Some(visitor) = &holder.visitor {
            *self.visitors.entry(visitor.clone()).or_default() += 1;
        }
        if let Some(address) = holder.address {
            *self.addresses.entry(address).or_default() += 1;
        }
        self.trips.insert(trip, holder);
    }
}

fn count<K: Hash + Eq>(counts: &HashMap<K, usize>, of: Option<&K>) -> usize {
    of.and_then(|key| counts.get(key)).copied().unwrap_or(0)
}

fn take_one<K: Hash + Eq>(counts: &mut HashMap<K, usize>, of: Option<K>) {
    let Some(key) = of else { return };
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agencia_protocol::trip::Revision;

    fn hold(trip: u128, visitor: Option<&str>, address: Option<&str>) -> Hold {
        let trip = TripId::from_uuid(uuid::Uuid::from_u128(trip));
        let mut hold = Hold::new(trip, Revision(0), Vec::new(), 1);
        hold.visitor = visitor.map(|text| text.parse().unwrap());
        hold.address = address.map(|text| text.parse().unwrap());
        hold
    }

    fn holders(max: usize, per_visitor_max: usize, per_address_max: usize) -> Holders {
        Holders::new(HoldLimits { max, per_visitor_max, per_address_max })
    }

    fn check_busy(holders: &mut Holders, hold: &Hold, part: &str) {
        let error = holders.admit(hold).unwrap_err();
        assert!(error.code == Code::Busy && error.message.contains(part), "{error:?}");
    }

    #[test]
    fn a_visitor_has_a_limit_that_is_given_back() {
        let mut holders = holders(100, 2, 100);
        let mine = |trip| hold(trip, Some("me"), None);
        holders.admit(&mine(1)).unwrap();
        holders.admit(&mine(2)).unwrap();
        check_busy(&mut holders, &mine(3), "você já tem");
        // The same trip again is no other hold, and others have their own limit.
        holders.admit(&mine(2)).unwrap();
        holders.admit(&hold(4, Some("you"), None)).unwrap();
        holders.answered(mine(1).trip, false);
        holders.answered(mine(1).trip, false);
        holders.admit(&mine(3)).unwrap();
        check_busy(&mut holders, &mine(5), "você já tem");
        assert_eq!(holders.visitors.len(), 2);
        // It was asked for twice.
        holders.answered(mine(2).trip, false);
        assert!(holders.trips.contains_key(&mine(2).trip));
        for trip in 1..6 {
            holders.answered(mine(trip).trip, false);
        }
        assert!(holders.visitors.is_empty() && holders.trips.is_empty());
    }

    #[test]
    fn a_refusal_gives_no_place_back_that_the_same_trip_still_wants() {
        let mut holders = holders(100, 1, 100);
        let mine = |trip| hold(trip, Some("me"), None);
        holders.admit(&mine(1)).unwrap();
        holders.admit(&mine(1)).unwrap();
        holders.answered(mine(1).trip, false);
        check_busy(&mut holders, &mine(2), "você já tem");
        holders.answered(mine(1).trip, true);
        check_busy(&mut holders, &mine(2), "você já tem");
        holders.remove(mine(1).trip);
        holders.admit(&mine(2)).unwrap();
    }

    #[test]
    fn an_address_has_a_limit_whoever_comes_from_it() {
        let mut holders = holders(100, 100, 2);
        holders.admit(&hold(1, Some("a"), Some("192.0.2.7"))).unwrap();
        holders.admit(&hold(2, None, Some("192.0.2.7"))).unwrap();
        check_busy(&mut holders, &hold(3, Some("c"), Some("192.0.2.7")), "deste endereço");
        holders.admit(&hold(3, Some("c"), Some("192.0.2.8"))).unwrap();
        holders.answered(hold(1, None, None).trip, false);
        holders.admit(&hold(4, None, Some("192.0.2.7"))).unwrap();
    }

    #[test]
    fn all_together_have_a_limit_also_those_of_before_a_restart() {
        let mut holders = holders(2, 1, 1);
        holders.holds(hold(1, None, None).trip);
        holders.holds(hold(1, None, None).trip);
        holders.admit(&hold(2, None, None)).unwrap();
        check_busy(&mut holders, &hold(3, None, None), "há reservas temporárias demais;");
    }
}
