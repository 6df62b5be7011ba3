//! Buying a choice: its parts one after another, each in one step.
//!
//! This is the only file that buys. A part that is refused stops the rest, and what was bought
//! before it stays bought: the caller must say so. Every part carries a key that was minted when
//! the traveller saw the review, so that the same form sent twice buys once.

use crate::choice::{Choice, ChosenStay};
use crate::daemons::{Daemon, Daemons, Timing};
use crate::forms::{FieldError, Fields, Pairs, Reader};
use crate::texts;
use agencia_client::ClientError;
use agencia_protocol::flight::Flight;
use agencia_protocol::request::{Item, Reserve, Reserved};
use agencia_protocol::stay::Stay;
use agencia_protocol::tour::Tour;
use agencia_protocol::{Locator, People, TripId, WireError};
use serde::de::DeserializeOwned;

/// Which part of a trip a purchase is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The flight there.
    Outbound,
    /// The flight back.
    Inbound,
    /// The room.
    Stay,
    /// A tour.
    Tour,
}

impl Part {
    /// Who sells it.
    pub(crate) fn daemon(self) -> Daemon {
        match self {
            Part::Outbound | Part::Inbound => Daemon::Flights,
            Part::Stay => Daemon::Stays,
            Part::Tour => Daemon::Tours,
        }
    }

    /// The form field of its key.
    fn key_field(self) -> &'static str {
        match self {
            Part::Outbound => "viagemIda",
            Part::Inbound => "viagemVolta",
            Part::Stay => "viagemHospedagem",
            Part::Tour => "viagemPasseio",
        }
    }
}

/// One thing to buy, and the key under which it is bought once.
#[derive(Debug, Clone)]
pub(crate) struct Purchase {
    pub(crate) part: Part,
    pub(crate) item: Item,
    pub(crate) key: TripId,
}

/// What a choice means in purchases, in the order in which they are made.
fn items(choice: &Choice) -> Vec<(Part, Item)> {
    let people = choice.people.unwrap_or_default();
    let each =
        |part| move |id: &_| (part, Item { id: Clone::clone(id), units: people, nights: None });
    let room = |ChosenStay { id, nights }: &ChosenStay| {
        let item = Item { id: id.clone(), units: People::default(), nights: Some(*nights) };
        (Part::Stay, item)
    };
    let mut items = Vec::new();
    items.extend(choice.outbound.iter().map(each(Part::Outbound)));
    items.extend(choice.inbound.iter().map(each(Part::Inbound)));
    items.extend(choice.stay.iter().map(room));
    items.extend(choice.tours.iter().map(each(Part::Tour)));
    items
}

/// The hidden inputs of a review: the choice, and a fresh key for each of its parts.
pub(crate) fn mint(choice: &Choice) -> Pairs {
    let mut pairs = choice.pairs();
    for (part, _) in items(choice) {
        pairs.push((part.key_field(), uuid::Uuid::now_v7().to_string()));
    }
    pairs
}

/// The hidden inputs that ask for the same purchases again.
pub(crate) fn again(choice: &Choice, purchases: &[Purchase]) -> Pairs {
    let keys =
        purchases.iter().map(|purchase| (purchase.part.key_field(), purchase.key.to_string()));
    choice.pairs().into_iter().chain(keys).collect()
}

/// Reads the purchases that a review asks for.
///
/// # Errors
/// An empty choice, or a key that is missing, too many or no key.
pub(crate) fn read(choice: &Choice, fields: &Fields) -> Result<Vec<Purchase>, Vec<FieldError>> {
    let mut reader = Reader::new(fields);
    let mut purchases = Vec::new();
    let mut items = items(choice).into_iter().peekable();
    if items.peek().is_none() {
        reader.wrong("pacote", texts::NOTHING_CHOSEN);
    }
    for part in [Part::Outbound, Part::Inbound, Part::Stay, Part::Tour] {
        let mut keys = reader.keys(part.key_field()).into_iter();
        while let Some((part, item)) = items.next_if(|(of, _)| *of == part) {
            match keys.next() {
                Some(key) => purchases.push(Purchase { part, item, key }),
                None => reader.wrong(part.key_field(), texts::NOT_A_KEY),
            }
        }
        if keys.next().is_some() {
            reader.wrong(part.key_field(), texts::NOT_A_KEY);
        }
    }
    reader.finish(Some(purchases))
}

/// What became of a purchase.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Bought, now or by an earlier sending of the same form.
    Sold(Box<Receipt>),
    /// Not bought; the daemon says why.
    Refused(WireError),
    /// It may be bought or not: ask again under the same key.
    Unknown,
    /// Not bought: the daemon could not be reached.
    Unreachable,
    /// Not bought: a part before it was not.
    NotTried,
}

/// What was bought, as it was sold.
#[derive(Debug)]
pub(crate) enum Receipt {
    Flight(Reserved<Flight>),
    Stay(Reserved<Stay>),
    Tour(Reserved<Tour>),
}

impl Receipt {
    /// What the traveller shows.
    pub(crate) fn locator(&self) -> Locator {
        match self {
            Receipt::Flight(sold) => sold.locator,
            Receipt::Stay(sold) => sold.locator,
            Receipt::Tour(sold) => sold.locator,
        }
    }
}

/// Buys one after another until one fails; the outcomes are in the order of the purchases.
pub(crate) async fn book(
    daemons: &Daemons,
    purchases: &[Purchase],
    timing: &Timing,
) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(purchases.len());
    for purchase in purchases {
        let outcome = match outcomes.last() {
            None | Some(Outcome::Sold(_)) => buy(daemons, purchase, timing).await,
            Some(_) => Outcome::NotTried,
        };
        outcomes.push(outcome);
    }
    outcomes
}

async fn buy(daemons: &Daemons, purchase: &Purchase, timing: &Timing) -> Outcome {
    match purchase.part {
        Part::Outbound | Part::Inbound => reserve(daemons, purchase, timing, Receipt::Flight).await,
        Part::Stay => reserve(daemons, purchase, timing, Receipt::Stay).await,
        Part::Tour => reserve(daemons, purchase, timing, Receipt::Tour).await,
    }
}

async fn reserve<R: DeserializeOwned>(
    daemons: &Daemons,
    purchase: &Purchase,
    timing: &Timing,
    receipt: fn(Reserved<R>) -> Receipt,
) -> Outcome {
    let daemon = purchase.part.daemon();
    let request = Reserve::new(purchase.item.clone(), Some(purchase.key));
    let error = match daemons.buy(daemon, &request, timing).await {
        Ok(reserved) => return Outcome::Sold(Box::new(receipt(reserved))),
        Err(error) => error,
    };
    match error {
        error if error.outcome_unknown() => {
            log::error!("whether {} sold an offer is not known: {error}", daemon.name());
            Outcome::Unknown
        }
        ClientError::Refused(refusal) => {
            log::info!("{} refused a purchase: {refusal}", daemon.name());
            Outcome::Refused(refusal)
        }
        error => {
            log::error!("{} could not be asked for a purchase: {error}", daemon.name());
            Outcome::Unreachable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::link;

    fn choice() -> Choice {
        let query = b"ida=a&volta=b&pessoas=2&hospedagem=c&noites=3&passeio=d&passeio=e";
        Choice::read(&Fields::parse(query)).unwrap()
    }

    fn form(pairs: &[(&'static str, String)]) -> Fields {
        Fields::parse(link("", pairs).trim_start_matches('?').as_bytes())
    }

    #[test]
    fn a_review_asks_for_each_part_under_its_own_key() {
        let purchases = read(&choice(), &form(&mint(&choice()))).unwrap();
        let parts: Vec<_> = purchases.iter().map(|purchase| purchase.part).collect();
        assert_eq!(parts, [Part::Outbound, Part::Inbound, Part::Stay, Part::Tour, Part::Tour]);
        let units: Vec<_> = purchases.iter().map(|purchase| purchase.item.units.count()).collect();
        assert_eq!(units, [2, 2, 1, 2, 2]);
        let mut keys: Vec<_> = purchases.iter().map(|purchase| purchase.key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 5);
    }

    #[test]
    fn asking_again_asks_under_the_same_keys() {
        let purchases = read(&choice(), &form(&mint(&choice()))).unwrap();
        let repeated = read(&choice(), &form(&again(&choice(), &purchases))).unwrap();
        let keys = |purchases: &[Purchase]| purchases.iter().map(|p| p.key).collect::<Vec<_>>();
        assert_eq!(keys(&purchases), keys(&repeated));
    }

    #[test]
    fn a_purchase_without_its_key_is_not_made() {
        for (taken, field) in [("viagemIda", "viagemIda"), ("viagemPasseio", "viagemPasseio")] {
            let mut pairs = mint(&choice());
            let index = pairs.iter().position(|(name, _)| *name == taken).unwrap();
            pairs.remove(index);
            assert_eq!(read(&choice(), &form(&pairs)).unwrap_err()[0].field, field);
        }
        assert_eq!(read(&Choice::default(), &Fields::default()).unwrap_err()[0].field, "pacote");
        let mut pairs = mint(&choice());
        pairs.push(("viagemIda", uuid::Uuid::now_v7().to_string()));
        assert!(read(&choice(), &form(&pairs)).is_err());
    }
}
