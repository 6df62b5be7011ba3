//! Who holds how much: so many trips at once in all, and so many trips and units of one visitor,
//! and from one address.
//!
//! Whose a hold is, is known only to the process that took it: after a restart what is held counts
//! for all together.

use super::guesses::Neighbourhood;
use crate::settings::Limits;
use agencia_protocol::trip::{Hold, Visitor};
use agencia_protocol::{Code, TripId, WireError};
use std::collections::HashMap;
use std::hash::Hash;

/// How much may be held at the same time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HoldLimits {
    /// How many trips in all.
    pub(crate) trips_max: usize,
    /// By one visitor.
    pub(crate) per_visitor_max: Held,
    /// From one address.
    pub(crate) per_address_max: Held,
}

impl HoldLimits {
    pub(crate) fn of(limits: &Limits) -> Self {
        let (trips, units) = (limits.holds_per_visitor_max, limits.units_held_per_visitor_max);
        let per_visitor_max = Held { trips, units };
        let (trips, units) = (limits.holds_per_address_max, limits.units_held_per_address_max);
        let per_address_max = Held { trips, units };
        Self { trips_max: limits.holds_max, per_visitor_max, per_address_max }
    }
}

/// How much somebody holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) trips: usize,
    /// Seats, rooms or places; a room for several nights is one.
    pub(crate) units: u64,
}

/// The trips that are held or pinned, or about to be.
#[derive(Debug)]
pub(crate) struct Holders {
    limits: HoldLimits,
    trips: HashMap<TripId, Holder>,
    visitors: HashMap<Visitor, Held>,
    addresses: HashMap<Neighbourhood, Held>,
}

#[derive(Debug, Default)]
struct Holder {
    visitor: Option<Visitor>,
    address: Option<Neighbourhood>,
    /// What is held, or more while more is wanted.
    units: u64,
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
        let units: u64 = hold.items.iter().map(|item| u64::from(item.units.count())).sum();
        if let Some(holder) = self.trips.get(&hold.trip) {
            let (visitor, address) = (holder.visitor.clone(), holder.address);
            let more = Held { trips: 0, units: units.saturating_sub(holder.units) };
            self.check(visitor.as_ref(), address.as_ref(), more)?;
            self.change(hold.trip, |holder| {
                holder.units = holder.units.max(units);
                holder.waiting += 1;
            });
            return Ok(());
        }
        let (visitor, address) = (hold.visitor.clone(), hold.address.map(Neighbourhood::from));
        self.check(visitor.as_ref(), address.as_ref(), Held { trips: 1, units })?;
        if self.trips.len() >= self.limits.trips_max {
            let message = "há reservas temporárias demais; tente de novo daqui a pouco";
            return Err(WireError::new(Code::Busy, message));
        }
        self.insert(hold.trip, Holder { visitor, address, units, waiting: 1 });
        Ok(())
    }

    /// Whether so much more is not too much.
    fn check(
        &self,
        visitor: Option<&Visitor>,
        address: Option<&Neighbourhood>,
        more: Held,
    ) -> Result<(), WireError> {
        let HoldLimits { per_visitor_max, per_address_max, .. } = self.limits;
        let message = if count(&self.visitors, visitor).exceeds(per_visitor_max, more) {
            "você já tem reservas temporárias demais; conclua ou solte uma, ou espere que expirem"
        } else if count(&self.addresses, address).exceeds(per_address_max, more) {
            "há reservas temporárias demais deste endereço; tente de novo daqui a pouco"
        } else {
            return Ok(());
        };
        Err(WireError::new(Code::Busy, message))
    }

    /// Counts a trip that holds so many units, whoever it is for.
    pub(crate) fn holds(&mut self, trip: TripId, units: u64) {
        match self.trips.get(&trip) {
            None => self.insert(trip, Holder { units, ..Holder::default() }),
            // Somebody may want more of it already.
            Some(holder) if holder.waiting > 0 => {}
            Some(_) => self.change(trip, |holder| holder.units = units),
        }
    }

    /// A request that was admitted has its reply: the trip holds so many units, or is not held.
    pub(crate) fn answered(&mut self, trip: TripId, held: Option<u64>) {
        let Some(holder) = self.trips.get_mut(&trip) else { return };
        holder.waiting = holder.waiting.saturating_sub(1);
        match held {
            Some(units) => self.holds(trip, units),
            None => self.remove(trip),
        }
    }

    /// Counts a trip no more, unless somebody still wants it held.
    pub(crate) fn remove(&mut self, trip: TripId) {
        if self.trips.get(&trip).is_none_or(|holder| holder.waiting > 0) {
            return;
        }
        self.take_out(trip);
    }

    /// Changes what is counted of a trip.
    fn change(&mut self, trip: TripId, change: impl FnOnce(&mut Holder)) {
        let Some(mut holder) = self.take_out(trip) else { return };
        change(&mut holder);
        self.insert(trip, holder);
    }

    fn take_out(&mut self, trip: TripId) -> Option<Holder> {
        let holder = self.trips.remove(&trip)?;
        take(&mut self.visitors, holder.visitor.as_ref(), holder.units);
        take(&mut self.addresses, holder.address.as_ref(), holder.units);
        Some(holder)
    }

    fn insert(&mut self, trip: TripId, holder: Holder) {
        add(&mut self.visitors, holder.visitor.as_ref(), holder.units);
        add(&mut self.addresses, holder.address.as_ref(), holder.units);
        self.trips.insert(trip, holder);
    }
}

impl Held {
    /// Whether with so much more it is over this.
    fn exceeds(self, max: Self, more: Self) -> bool {
        let over_trips = more.trips > 0 && self.trips + more.trips > max.trips;
        over_trips || (more.units > 0 && self.units + more.units > max.units)
    }
}

fn count<K: Hash + Eq>(counts: &HashMap<K, Held>, of: Option<&K>) -> Held {
    of.and_then(|key| counts.get(key)).copied().unwrap_or_default()
}

fn add<K: Hash + Eq + Clone>(counts: &mut HashMap<K, Held>, of: Option<&K>, units: u64) {
    let Some(key) = of else { return };
    let held = counts.entry(key.clone()).or_default();
    held.trips += 1;
    held.units += units;
}

fn take<K: Hash + Eq>(counts: &mut HashMap<K, Held>, of: Option<&K>, units: u64) {
    let Some(key) = of else { return };
    if let Some(held) = counts.get_mut(key) {
        held.trips -= 1;
        held.units -= units;
        if held.trips == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agencia_protocol::trip::Revision;
    use serde_json::json;

    fn hold(trip: u128, visitor: Option<&str>, address: Option<&str>) -> Hold {
        let trip = TripId::from_uuid(uuid::Uuid::from_u128(trip));
        let mut hold = Hold::new(trip, Revision(0), Vec::new(), 1);
        hold.visitor = visitor.map(|text| text.parse().unwrap());
        hold.address = address.map(|text| text.parse().unwrap());
        hold
    }

    fn holders(trips_max: usize, per_visitor_max: usize, per_address_max: usize) -> Holders {
        let trips = |trips| Held { trips, units: 10 };
        let (per_visitor_max, per_address_max) = (trips(per_visitor_max), trips(per_address_max));
        Holders::new(HoldLimits { trips_max, per_visitor_max, per_address_max })
    }

    fn of_units(mut hold: Hold, units: &[u16]) -> Hold {
        let item = |units| serde_json::from_value(json!({"id": "x", "quantidade": units}));
        hold.items = units.iter().map(item).collect::<Result<_, _>>().unwrap();
        hold
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
        holders.answered(mine(1).trip, None);
        holders.answered(mine(1).trip, None);
        holders.admit(&mine(3)).unwrap();
        check_busy(&mut holders, &mine(5), "você já tem");
        assert_eq!(holders.visitors.len(), 2);
        // It was asked for twice.
        holders.answered(mine(2).trip, None);
        assert!(holders.trips.contains_key(&mine(2).trip));
        for trip in 1..6 {
            holders.answered(mine(trip).trip, None);
        }
        assert!(holders.visitors.is_empty() && holders.trips.is_empty());
    }

    #[test]
    fn a_refusal_gives_no_place_back_that_the_same_trip_still_wants() {
        let mut holders = holders(100, 1, 100);
        let mine = |trip| hold(trip, Some("me"), None);
        holders.admit(&mine(1)).unwrap();
        holders.admit(&mine(1)).unwrap();
        holders.answered(mine(1).trip, None);
        check_busy(&mut holders, &mine(2), "você já tem");
        holders.answered(mine(1).trip, Some(0));
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
        holders.answered(hold(1, None, None).trip, None);
        holders.admit(&hold(4, None, Some("192.0.2.7"))).unwrap();
    }

    #[test]
    fn all_together_have_a_limit_also_those_of_before_a_restart() {
        let mut holders = holders(2, 1, 1);
        holders.holds(hold(1, None, None).trip, 0);
        holders.holds(hold(1, None, None).trip, 0);
        holders.admit(&hold(2, None, None)).unwrap();
        check_busy(&mut holders, &hold(3, None, None), "há reservas temporárias demais;");
    }
    #[test]
    fn a_visitor_has_so_many_units_in_all_trips_together() {
        let mut holders = holders(100, 100, 100);
        let mine = |trip, units: &[u16]| of_units(hold(trip, Some("me"), None), units);
        holders.admit(&mine(1, &[3, 3])).unwrap();
        check_busy(&mut holders, &mine(2, &[5]), "você já tem");
        holders.admit(&mine(2, &[4])).unwrap();
        check_busy(&mut holders, &mine(2, &[5]), "você já tem");
        // A revision that wants less, and one that is refused: what is held counts.
        holders.answered(mine(1, &[]).trip, Some(6));
        holders.admit(&mine(1, &[1])).unwrap();
        check_busy(&mut holders, &mine(3, &[1]), "você já tem");
        holders.answered(mine(1, &[]).trip, Some(1));
        holders.admit(&mine(3, &[5])).unwrap();
        holders.answered(mine(2, &[]).trip, None);
        holders.answered(mine(3, &[]).trip, None);
        assert_eq!(holders.visitors.values().next(), Some(&Held { trips: 1, units: 1 }));
    }

    #[test]
    fn an_address_has_so_many_units_whoever_comes_from_it() {
        let mut holders = holders(100, 100, 100);
        let from = |trip, units: &[u16]| of_units(hold(trip, None, Some("192.0.2.7")), units);
        holders.admit(&from(1, &[10])).unwrap();
        check_busy(&mut holders, &from(2, &[1]), "deste endereço");
        holders.answered(from(1, &[]).trip, None);
        holders.admit(&from(2, &[1])).unwrap();
    }
}
