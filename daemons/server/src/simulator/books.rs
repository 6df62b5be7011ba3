//! The world's own books: what each trip was to be, and what its travellers were told. They are
//! kept from what arrived, never from what a daemon holds, so that the two can be compared.

use super::house::House;
use super::stock;
use super::traveller::Told;
use agencia_protocol::trip::{ByDaemon, Outcome, TripItem};
use agencia_protocol::{Locator, TripId};
use agencia_trip::Row;
use agencia_trip::driver::{Ending, Plan};
use agencia_trip::row::{Release, State};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many restores there had been when something was said.
pub(super) type Life = u64;

/// The items of a whole trip, by daemon.
pub(super) type Whole = ByDaemon<Vec<TripItem>>;

/// One trip.
pub(super) struct TripBook {
    pub(super) trip: TripId,
    /// The ways in which somebody wanted it.
    pub(super) plans: Vec<Plan>,
    /// The vouchers that somebody was told, with which it is booked, each with the latest life of
    /// the agency in which that was so.
    pub(super) vouchers: BTreeMap<Option<Locator>, Life>,
    /// Somebody was told that it is booked, and that is not lost with a disk.
    pub(super) booked: bool,
    /// Somebody has asked to cancel it.
    pub(super) cancel_asked: bool,
    /// Somebody was told that it is cancelled, and that is not lost with a disk.
    pub(super) cancelled: bool,
    /// The ways in which it never will be booked, as somebody was told, and that is not lost.
    pub(super) given_up: Vec<usize>,
    /// Somebody was told that its travellers are changed, in this life of the agency.
    pub(super) altered: Option<Life>,
    /// Something that somebody was told was known to no disk any more.
    pub(super) was_lost: bool,
}

impl TripBook {
    pub(super) fn new(trip: TripId, plan: Plan) -> Self {
        Self {
            trip,
            plans: vec![plan],
            vouchers: BTreeMap::new(),
            booked: false,
            cancel_asked: false,
            cancelled: false,
            given_up: Vec::new(),
            altered: None,
            was_lost: false,
        }
    }

    /// Writes down what somebody who wanted this plan was told, in words of this life or later.
    pub(super) fn note(&mut self, plan: usize, told: &Told, life: Life) {
        match told {
            Told::Ended(Ending::Booked { locator }) => self.note_booked(*locator, life),
            Told::Reserved(locator) => self.note_booked(Some(*locator), life),
            Told::Ended(Ending::Cancelled) | Told::Cancelled => self.cancelled = true,
            Told::Ended(Ending::NotBooked { .. }) => {
                if !self.given_up.contains(&plan) {
                    self.given_up.push(plan);
                }
            }
            Told::Altered => self.altered = self.altered.max(Some(life)),
            Told::Ended(Ending::Held { .. } | Ending::Unknown)
            | Told::Extended
            | Told::Refused(_) => {}
        }
    }

    fn note_booked(&mut self, locator: Option<Locator>, life: Life) {
        self.booked = true;
        let told = self.vouchers.entry(locator).or_default();
        *told = life.max(*told);
    }

    /// What a daemon or two have lost with their disks, and nobody else knows, is excused: a
    /// backup cannot hold what came after it. It is exactly this that is excused: a booking that
    /// no disk knows of, a cancellation or an abort that no disk knows of.
    pub(super) fn excuse(&mut self, houses: &[House; 3]) -> u64 {
        let rows: Vec<_> = houses
            .iter()
            .filter_map(|house| Some((house.daemon, house.watched().rows.get(&self.trip)?.clone())))
            .collect();
        let knows = |what: fn(&Row) -> bool| rows.iter().any(|(_, row)| what(row));
        let mut excused = 0;
        if self.booked && !knows(knows_booked) {
            (self.booked, excused) = (false, excused + 1);
            self.vouchers.clear();
        }
        if self.cancelled && !knows(knows_cancelled) {
            (self.cancelled, excused) = (false, excused + 1);
        }
        let is_over = |plan: &Plan| {
            plan.parts.iter().any(|part| {
                let daemon = stock::place(&part.daemon);
                rows.iter().any(|(of, row)| *of == daemon && knows_over(row))
            })
        };
        let before = self.given_up.len();
        let plans = &self.plans;
        self.given_up.retain(|plan| is_over(&plans[*plan]));
        excused += (before - self.given_up.len()) as u64;
        self.was_lost |= excused > 0;
        excused
    }
}

/// The items of this plan, by daemon.
pub(super) fn whole(plan: &Plan) -> Whole {
    plan.parts.iter().map(|part| (part.daemon.clone(), part.items.clone())).collect()
}

fn why_released(row: &Row) -> Option<Release> {
    match row.part.as_ref()?.state {
        State::Released { why, .. } => Some(why),
        _ => None,
    }
}

fn outcome(row: &Row) -> Option<Outcome> {
    row.decision.as_ref().map(|decision| decision.outcome())
}

fn is_confirmed(row: &Row) -> bool {
    matches!(row.part.as_ref().map(|part| &part.state), Some(State::Confirmed { .. }))
}

fn knows_booked(row: &Row) -> bool {
    matches!(outcome(row), Some(Outcome::Committed | Outcome::Cancelled))
        || is_confirmed(row)
        || why_released(row) == Some(Release::Cancelled)
}

pub(super) fn knows_cancelled(row: &Row) -> bool {
    outcome(row) == Some(Outcome::Cancelled) || why_released(row) == Some(Release::Cancelled)
}

fn knows_over(row: &Row) -> bool {
    outcome(row) == Some(Outcome::Aborted)
        || why_released(row).is_some_and(|why| why != Release::Cancelled)
}

/// What must be so at every moment: no part is confirmed that its anchor has not committed, and
/// none beside one that is released for another reason than a cancellation.
///
/// # Errors
/// What is not so.
pub(super) fn check_trip(houses: &[House; 3], trip: TripId) -> Result<(), String> {
    let row = |daemon: usize| houses[daemon].watched().rows.get(&trip).cloned();
    for daemon in 0..3 {
        let Some(known) = row(daemon) else { continue };
        let Some(State::Confirmed { parts }) = known.part.as_ref().map(|part| &part.state) else {
            continue;
        };
        let anchor = stock::place(parts.anchor());
        // An anchor that is learning what it decided has not learned it yet.
        if !houses[anchor].recovering {
            let decided = row(anchor).and_then(|row| row.decision.clone());
            let agrees = decided.as_ref().is_some_and(|decision| {
                decision.outcome() != Outcome::Aborted
                    && decision.parts.as_ref().is_some_and(|of| of.digest() == parts.digest())
            });
            if !agrees {
                return Err(format!(
                    "{trip}: {} is confirmed, and its anchor {} has {decided:?}",
                    stock::NAMES[daemon],
                    stock::NAMES[anchor]
                ));
            }
        }
        for name in parts.items().keys() {
            let other = stock::place(name);
            let released = row(other).as_deref().and_then(why_released);
            if released.is_some_and(|why| why != Release::Cancelled) && !houses[other].recovering {
                return Err(format!(
                    "{trip}: {} is confirmed and {name} is released: {released:?}",
                    stock::NAMES[daemon]
                ));
            }
        }
    }
    Ok(())
}

/// What must be so when nothing is left to do: all or nothing, and what was told. Answers how the
/// trip has ended.
///
/// # Errors
/// What is not so.
pub(super) fn check_settled(houses: &[House; 3], book: &TripBook) -> Result<&'static str, String> {
    let trip = book.trip;
    let rows: Vec<Option<Arc<Row>>> =
        houses.iter().map(|house| house.watched().rows.get(&trip).cloned()).collect();
    let mut confirmed = Whole::new();
    for (daemon, row) in rows.iter().enumerate() {
        let Some(row) = row else { continue };
        if row.is_live() {
            return Err(format!("{trip}: {} has something to do: {row:?}", stock::NAMES[daemon]));
        }
        if let Some(part) = row.part.as_ref().filter(|_| is_confirmed(row)) {
            let items = part.items.iter().map(|sold| sold.item.clone()).collect();
            confirmed.insert(stock::name(daemon), items);
        }
    }
    let wanted: Vec<_> = book.plans.iter().map(whole).collect();
    if !confirmed.is_empty() && !wanted.contains(&confirmed) {
        return Err(format!("{trip}: {confirmed:?} is booked, and nobody wanted just that"));
    }
    let decision = rows.iter().flatten().find_map(|row| match outcome(row) {
        Some(Outcome::Committed | Outcome::Cancelled) => row.decision.clone(),
        _ => None,
    });
    let committed =
        decision.as_ref().is_some_and(|decision| decision.outcome() == Outcome::Committed);
    if committed == confirmed.is_empty() {
        return Err(format!("{trip}: decided {decision:?}, and booked are {confirmed:?}"));
    }
    let was_cancelled = decision.is_some() && !committed;
    if was_cancelled && !book.cancel_asked {
        return Err(format!("{trip}: is cancelled, and nobody asked for that"));
    }
    if book.booked && !committed && !was_cancelled {
        return Err(format!("{trip}: somebody was told that it is booked, and it is not"));
    }
    if book.cancelled && committed {
        return Err(format!("{trip}: somebody was told that it is cancelled, and it is booked"));
    }
    for plan in &book.given_up {
        if committed && confirmed == wanted[*plan] {
            return Err(format!(
                "{trip}: somebody was told that it will never be booked, and it is"
            ));
        }
    }
    let Some(decision) = decision.filter(|_| committed) else {
        return Ok(if was_cancelled { "ended: cancelled" } else { "ended: nothing is kept" });
    };
    let anchor = stock::place(decision.parts.as_ref().expect("a commit has parts").anchor());
    // What the anchor said in this life or later, no restore has taken from it.
    let restored = houses[anchor].restored;
    let parts = || rows.iter().flatten().filter_map(|row| row.part.as_ref());
    for (voucher, told) in &book.vouchers {
        // A voucher that was drawn after the backup, and that no part was told, is gone.
        let is_lost = || *told < restored && parts().all(|part| part.locator != *voucher);
        if *voucher != decision.locator && !(decision.locator.is_none() && is_lost()) {
            return Err(format!("{trip}: told {voucher:?}, kept {:?}", decision.locator));
        }
    }
    let renamed = decision.travellers == super::traveller::travellers(true);
    if book.altered.is_some_and(|told| told >= restored) && !renamed {
        return Err(format!("{trip}: the change of travellers is lost: {:?}", decision.travellers));
    }
    Ok(match book.booked {
        true => "ended: booked",
        false => "ended: booked, and nobody was told",
    })
}
