//! What a kind of product must say of itself, so that everything else is shared.

use crate::build::Identity;
use crate::catalog::{Catalog, OfferIndex};
use crate::json::Object;
use crate::texts::{TextId, Texts};
use crate::view::View;
use agencia_protocol::request::{Calendar, Item};
use agencia_protocol::{Day, Money, OfferId, WireError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// A minute in the agency's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The day.
    pub day: Day,
    /// The minutes since midnight, below 1,440.
    pub minute: u16,
}

impl Moment {
    /// Before everything: nothing has begun yet.
    pub fn first() -> Self {
        Self { day: Day::from_number(0), minute: 0 }
    }
}

/// What an inventory record says beside what identifies and describes it.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// The id that the file gives, if it gives one.
    pub id: Option<&'a OfferId>,
    /// The units that the file gives, if it gives them.
    pub capacity: Option<u32>,
}

/// One kind of product: its names, its record, its search.
///
/// The offer is the record made compact: a few numbers and [`TextId`]s, at most
/// 32 bytes, so that a million of them are cheap.
pub trait Product: Sized + Send + Sync + 'static {
    /// The daemon's name: its folder, settings file, state folder and unit (`voos`).
    const NAME: &'static str;
    /// The name in the report's log lines (`Voos`).
    const TITLE: &'static str;
    /// The port of the report (5050).
    const PORT: u16;
    /// The action of its search (`passagem`).
    const SEARCH: &'static str;
    /// The field that says where (`paraAeroporto`, `cidade`).
    const PLACE_FIELD: &'static str;
    /// The first letter of its locators, unless the settings say another.
    const LOCATOR_LETTER: char;
    /// The units of an offer whose record gives none, unless the settings say another.
    const CAPACITY_DEFAULT: u16;
    /// How many indexes its offers are in; index 0 is by the place that is searched.
    const INDEXES: usize;

    /// Its own settings.
    type Settings: Default + Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// A record of an inventory file: a struct of plain values. Keys that it does not have are refused,
    /// but not inside of a value, and none with `serde(flatten)`.
    type Record: DeserializeOwned + Serialize + Send;
    /// The record made compact.
    type Offer: Copy + Send + Sync + Debug;
    /// What is needed only while a catalog is built.
    type Scratch: Default;
    /// What is left of that: what many offers have in common, beside texts.
    type Shared: From<Self::Scratch> + Send + Sync + Debug;

    /// The product with these settings.
    fn new(settings: Self::Settings) -> Self;

    /// The id and the units that a record gives.
    fn listing(record: &Self::Record) -> Listing<'_>;

    /// Feeds what identifies a record, so that the same thing has the same id in the next
    /// inventory: never its price.
    fn identify(record: &Self::Record, identity: &mut Identity);

    /// The record made compact.
    ///
    /// # Errors
    /// When a value is out of the range that an offer can hold; the error names the field.
    fn compact(
        record: &Self::Record,
        texts: &mut Texts,
        scratch: &mut Self::Scratch,
    ) -> Result<Self::Offer, WireError>;

    /// The key of an offer in an index; the number of a text or any other small dense number.
    fn key(offer: &Self::Offer, index: usize) -> u32;

    /// The day by which the offer is found.
    fn day(offer: &Self::Offer) -> Day;

    /// The minute of the day by which lists are sorted.
    fn minute(offer: &Self::Offer) -> u16;

    /// The price of one unit.
    fn price(offer: &Self::Offer) -> Money;

    /// From when on the offer is no longer sold.
    fn closes(offer: &Self::Offer) -> Moment;

    /// Whether a place of index 0 is somewhere to go to.
    fn is_destination(&self, _texts: &Texts, _place: TextId) -> bool {
        true
    }

    /// The offers that an item means, the one it names first: one for each night of a stay. With
    /// `units`, only offers with so many units left will do.
    ///
    /// # Errors
    /// A refusal, or the field that makes no sense for this product.
    fn chain(
        view: &View<'_, Self>,
        first: OfferIndex,
        item: &Item,
        units: Option<u16>,
    ) -> Result<Vec<OfferIndex>, WireError>;

    /// The price by which a calendar tells of an offer, if it will do for so many people and nights.
    fn price_in(
        view: &View<'_, Self>,
        offer: OfferIndex,
        calendar: &Calendar<'_>,
    ) -> Option<Money> {
        let will_do = view.is_left(offer, calendar.people.count());
        will_do.then(|| Self::price(view.catalog.offer(offer)))
    }

    /// Writes the fields of an offer's record, id and units left aside.
    fn render(catalog: &Catalog<Self>, offer: OfferIndex, record: &mut Object<'_>);

    /// Writes what the record of a chain of two offers or more says, after the fields and the id of the
    /// first.
    fn render_chain(_: &Catalog<Self>, _: &[OfferIndex], _: &mut Object<'_>) {}

    /// Answers a search. What it writes is kept and given again: it depends on nothing but the body, the
    /// product and this very view, which notes at which units it looks.
    ///
    /// # Errors
    /// The field that is wrong.
    fn search(
        &self,
        body: &[u8],
        view: &View<'_, Self>,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError>;
}
