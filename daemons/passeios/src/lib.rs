//! Tours: their record and their search.
//!
//! The simplest of the products, and the one to copy for a new one.

use agencia_catalog::{
    Catalog, Found, Hit, Identity, Listing, Moment, Object, OfferIndex, Product, TextId, Texts,
    View, name,
};
use agencia_protocol::request::Item;
use agencia_protocol::tour::{SEARCH, Tour, TourSearch};
use agencia_protocol::{Day, Money, Order, TimeOfDay, WireError};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the daemon; `args` begin with the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    agencia_server::run::<Tours>(args)
}

/// The product.
#[derive(Debug)]
pub struct Tours;

/// Tours have no settings of their own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TourSettings {}

/// A tour made compact.
#[derive(Debug, Clone, Copy)]
pub struct TourOffer {
    price: Money,
    sight: TextId,
    address: TextId,
    city: TextId,
    day: Day,
    time: TimeOfDay,
}

/// By city.
const BY_CITY: usize = 0;

impl Product for Tours {
    const NAME: &'static str = "passeios";
    const TITLE: &'static str = "Passeios";
    const PORT: u16 = 5052;
    const SEARCH: &'static str = SEARCH;
    const PLACE_FIELD: &'static str = "cidade";
    const LOCATOR_LETTER: char = 'P';
    const CAPACITY_DEFAULT: u16 = 20;
    const INDEXES: usize = 1;

    type Settings = TourSettings;
    type Record = Tour;
    type Offer = TourOffer;
    type Scratch = ();
    type Shared = ();

    fn new(TourSettings {}: TourSettings) -> Self {
        Self
    }

    fn listing(tour: &Tour) -> Listing<'_> {
        Listing { id: tour.id.as_ref(), capacity: tour.capacity }
    }

    fn identify(tour: &Tour, identity: &mut Identity) {
        identity.number(tour.day.number());
        identity.number(tour.time.minute());
        identity.text(&tour.sight);
        identity.text(&tour.address);
        identity.text(&tour.city);
    }

    fn compact(tour: &Tour, texts: &mut Texts, (): &mut ()) -> Result<TourOffer, WireError> {
        Ok(TourOffer {
            price: tour.price,
            sight: texts.intern_field("local", &tour.sight)?,
            address: texts.intern_field("endereco", &tour.address)?,
            city: texts.intern_field("cidade", &tour.city)?,
            day: tour.day,
            time: tour.time,
        })
    }

    fn key(tour: &TourOffer, _: usize) -> u32 {
        tour.city.key()
    }

    fn day(tour: &TourOffer) -> Day {
        tour.day
    }

    fn minute(tour: &TourOffer) -> u16 {
        tour.time.minute()
    }

    fn price(tour: &TourOffer) -> Money {
        tour.price
    }

    fn closes(tour: &TourOffer) -> Moment {
        Moment { day: tour.day, minute: tour.time.minute() }
    }

    fn chain(
        view: &View<'_, Self>,
        first: OfferIndex,
        item: &Item,
        units: Option<u16>,
    ) -> Result<Vec<OfferIndex>, WireError> {
        view.single(first, item, units)
    }

    fn render(catalog: &Catalog<Self>, offer: OfferIndex, record: &mut Object<'_>) {
        let (tour, texts) = (catalog.offer(offer), catalog.texts());
        record.time(name!("horario"), tour.time);
        record.money(name!("valor"), tour.price);
        record.day(name!("dia"), tour.day);
        record.text(name!("local"), texts, tour.sight);
        record.text(name!("endereco"), texts, tour.address);
        record.text(name!("cidade"), texts, tour.city);
    }

    fn search(
        &self,
        body: &[u8],
        view: &View<'_, Self>,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        let search = TourSearch::parse(body)?;
        let page = search.page();
        let city = view.catalog.texts().find(search.city.as_str());
        let is_listed = |after| {
            let tour = view.catalog.offer(after);
            Some(tour.city) == city && tour.day == search.day
        };
        let after = view.after(&page, is_listed)?;
        let units = search.people.count();
        let price = |offer| view.catalog.offer(offer).price;
        let accept =
            |offer| view.is_left(offer, units).then(|| Hit { chain: [offer], price: price(offer) });
        let mut more = false;
        let mut reply = Object::begin(out);
        reply.list(name!("passeio"), |list| {
            let Some(city) = city else { return };
            let sorted = page.order == Order::Time;
            let (key, day) = (city.key(), search.day);
            let found = Found { index: BY_CITY, key, day, page: &page, after, sorted };
            more = view.list(found, list, accept, price);
        });
        if more {
            reply.truth(name!("mais"), true);
        }
        reply.end();
        Ok(())
    }
}
