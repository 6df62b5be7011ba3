//! What a choice asks of the daemons: items at the prices that were seen, part by part.

use crate::choice::{Choice, ChosenStay};
use crate::chosen::{Chosen, Standing};
use crate::daemons::Daemon;
use crate::forms::{FieldError, Fields, Pairs, Reader};
use crate::item_kind::ItemKind;
use crate::texts;
use agencia_protocol::stay::Stay;
use agencia_protocol::trip::{Revision, TripItem};
use agencia_protocol::{Money, People, TripId};
use agencia_trip::driver::{Plan, PlannedPart};

/// The prices that a visitor saw, in the order of the choice's items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prices(Vec<Money>);

impl Prices {
    /// The prices of now; nothing while an offer cannot be bought.
    pub(crate) fn of(chosen: &Chosen) -> Option<Self> {
        fn price<R>(standing: &Standing<R>, price: impl Fn(&R) -> Money) -> Option<Money> {
            match standing {
                Standing::OnSale(record) => Some(price(record)),
                _ => None,
            }
        }
        let flights = chosen.outbound.iter().chain(&chosen.inbound);
        let flights = flights.map(|standing| price(standing, |flight| flight.price));
        let of_stay = |stay: &Stay| stay.total.unwrap_or(stay.price);
        let stay = chosen.stay.iter().map(|standing| price(standing, of_stay));
        let tours = chosen.tours.iter().map(|(_, standing)| price(standing, |tour| tour.price));
        flights.chain(stay).chain(tours).collect::<Option<_>>().map(Self)
    }

    /// Reads the prices of a choice from the review's form.
    ///
    /// # Errors
    /// The prices that are missing, too many or no prices.
    pub(crate) fn read(choice: &Choice, fields: &Fields) -> Result<Self, Vec<FieldError>> {
        let mut reader = Reader::new(fields);
        let parts: Vec<_> = items(choice).into_iter().map(|(part, _)| part).collect();
        let mut prices = Vec::new();
        for part in [ItemKind::Outbound, ItemKind::Inbound, ItemKind::Stay, ItemKind::Tour] {
            let seen = reader.prices(part.price_field());
            if seen.len() != parts.iter().filter(|of| **of == part).count() {
                reader.wrong(part.price_field(), texts::OLD_REVIEW);
            }
            prices.extend(seen);
        }
        reader.finish(Some(Self(prices)))
    }

    /// The prices as they stand in hidden inputs.
    pub(crate) fn pairs(&self, choice: &Choice) -> Pairs {
        let items = items(choice).into_iter().zip(&self.0);
        items.map(|((part, _), price)| (part.price_field(), price.to_string())).collect()
    }
}

/// What a choice asks for, without prices, in the order of the parts.
fn items(choice: &Choice) -> Vec<(ItemKind, TripItem)> {
    let people = choice.people.unwrap_or_default();
    let item =
        |id: &_, units, nights| TripItem { id: Clone::clone(id), units, nights, price: None };
    let each = |part| move |id: &_| (part, item(id, people, None));
    let room = |ChosenStay { id, nights }: &ChosenStay| {
        (ItemKind::Stay, item(id, People::default(), Some(*nights)))
    };
    let mut items = Vec::new();
    items.extend(choice.outbound.iter().map(each(ItemKind::Outbound)));
    items.extend(choice.inbound.iter().map(each(ItemKind::Inbound)));
    items.extend(choice.stay.iter().map(room));
    items.extend(choice.tours.iter().map(each(ItemKind::Tour)));
    items
}

/// What is to be held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) trip: TripId,
    pub(crate) revision: Revision,
    items: Vec<(ItemKind, TripItem)>,
}

impl Order {
    /// The order of a choice at these prices.
    pub(crate) fn new(
        (trip, revision): (TripId, Revision),
        choice: &Choice,
        Prices(prices): &Prices,
    ) -> Self {
        let priced = |((part, item), price): ((ItemKind, TripItem), &Money)| {
            (part, TripItem { price: Some(*price), ..item })
        };
        Self { trip, revision, items: items(choice).into_iter().zip(prices).map(priced).collect() }
    }

    /// The plan for the daemons, in their order.
    pub(crate) fn plan(&self, order: &[Daemon], hold_secs: u32) -> Plan {
        let part = |daemon: &Daemon| {
            let of = |(part, _): &&(ItemKind, TripItem)| part.daemon() == *daemon;
            let items: Vec<_> =
                self.items.iter().filter(of).map(|(_, item)| item.clone()).collect();
            let part = PlannedPart { daemon: daemon.wire_name(), revision: self.revision, items };
            (!part.items.is_empty()).then_some(part)
        };
        Plan { trip: self.trip, parts: order.iter().filter_map(part).collect(), hold_secs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::link;

    const TRIP: &str = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11";

    fn choice() -> Choice {
        let query = b"ida=a&volta=b&pessoas=2&hospedagem=c&noites=3&passeio=d&passeio=e";
        Choice::read(&Fields::parse(query)).unwrap()
    }

    fn form(pairs: &[(&'static str, String)]) -> Fields {
        Fields::parse(link("", pairs).trim_start_matches('?').as_bytes())
    }

    fn prices(cents: [u32; 5]) -> Prices {
        let price = |cents: u32| format!("{},{:02}R$", cents / 100, cents % 100);
        Prices(cents.map(|cents| Money::from_record(&price(cents)).unwrap()).to_vec())
    }

    #[test]
    fn prices_survive_their_form() {
        let seen = prices([990_600, 70_000, 287_400, 0, 3_500]);
        let read = Prices::read(&choice(), &form(&seen.pairs(&choice()))).unwrap();
        assert_eq!(read, seen);
    }

    #[test]
    fn a_price_that_is_missing_or_too_many_or_none_is_named() {
        let pairs = prices([1, 2, 3, 4, 5]).pairs(&choice());
        for (place, (field, _)) in pairs.iter().enumerate() {
            let mut fewer = pairs.clone();
            fewer.remove(place);
            assert_eq!(Prices::read(&choice(), &form(&fewer)).unwrap_err()[0].field, *field);
            let more = [pairs.clone(), vec![(*field, "1,00R$".to_owned())]].concat();
            assert_eq!(Prices::read(&choice(), &form(&more)).unwrap_err()[0].field, *field);
            let mut wrong = pairs.clone();
            wrong[place].1 = "R$ 1".to_owned();
            assert_eq!(Prices::read(&choice(), &form(&wrong)).unwrap_err()[0].field, *field);
        }
    }

    #[test]
    fn a_plan_has_its_parts_in_the_order_of_the_daemons() {
        let trip = TRIP.parse().unwrap();
        let order = Order::new((trip, Revision(4)), &choice(), &prices([1, 2, 3, 4, 5]));
        let plan = order.plan(&[Daemon::Tours, Daemon::Flights, Daemon::Stays], 60);
        let parts: Vec<_> = plan
            .parts
            .iter()
            .map(|part| {
                let item = |item: &TripItem| {
                    (item.id.to_string(), item.units.count(), item.price.unwrap().cents())
                };
                assert_eq!(part.revision, Revision(4));
                (part.daemon.to_string(), part.items.iter().map(item).collect::<Vec<_>>())
            })
            .collect();
        let item = |id: &str, units: u16, cents: u32| (id.to_owned(), units, cents);
        assert_eq!(
            parts,
            [
                ("passeios".to_owned(), vec![item("d", 2, 4), item("e", 2, 5)]),
                ("voos".to_owned(), vec![item("a", 2, 1), item("b", 2, 2)]),
                ("hospedagens".to_owned(), vec![item("c", 1, 3)]),
            ]
        );
    }

    #[test]
    fn what_is_not_chosen_has_no_part() {
        let stay = Choice::read(&Fields::parse(b"hospedagem=c&noites=3&pessoas=4")).unwrap();
        let price = Prices(vec![Money::from_record("3,00R$").unwrap()]);
        let order = Order::new((TRIP.parse().unwrap(), Revision(1)), &stay, &price);
        let plan = order.plan(&[Daemon::Flights, Daemon::Stays, Daemon::Tours], 60);
        assert_eq!(plan.parts.len(), 1);
        assert_eq!(plan.parts[0].items[0].nights.map(|nights| nights.count()), Some(3));
    }
}
