//! Stays: their record and their search over several nights.
//!
//! An offer is a room for one night. A stay of several nights is a chain of offers of the same
//! room, which is named by its hotel, address and number; where an inventory has the same room
//! and night twice, the cheapest that will do is taken.

use agencia_catalog::{
    Catalog, Found, Hit, Identity, Listing, Moment, Object, OfferIndex, Product, TextId, Texts,
    View, name, sold_out,
};
use agencia_protocol::request::{Calendar, Item};
use agencia_protocol::stay::{SEARCH, Stay, StaySearch};
use agencia_protocol::{Day, Money, Nights, Order, WireError};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the daemon; `args` begin with the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    agencia_server::run::<Stays>(args)
}

/// The product.
#[derive(Debug)]
pub struct Stays;

/// Stays have no settings of their own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaySettings {}

/// A room for a night made compact.
#[derive(Debug, Clone, Copy)]
pub struct StayOffer {
    price: Money,
    city: TextId,
    /// The room's place in [`Rooms`].
    room: u32,
    rooms: u16,
    beds: u16,
    day: Day,
    breakfast: bool,
}

/// What names a room. All its nights share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Room {
    hotel: TextId,
    address: TextId,
    number: u32,
}

/// Every room, once.
#[derive(Debug)]
pub struct Rooms(Vec<Room>);

/// Numbers rooms while a catalog is built.
#[derive(Debug, Default)]
pub struct Numbering {
    rooms: Vec<Room>,
    numbers: HashMap<Room, u32>,
}

impl Numbering {
    fn of(&mut self, room: Room) -> u32 {
        *self.numbers.entry(room).or_insert_with(|| {
            self.rooms.push(room);
            u32::try_from(self.rooms.len() - 1).expect("fewer rooms than offers")
        })
    }
}

impl From<Numbering> for Rooms {
    fn from(numbering: Numbering) -> Self {
        let mut rooms = numbering.rooms;
        rooms.shrink_to_fit();
        Self(rooms)
    }
}

/// By city.
const BY_CITY: usize = 0;
/// By room.
const BY_ROOM: usize = 1;

impl Product for Stays {
    const NAME: &'static str = "hospedagens";
    const TITLE: &'static str = "Hoteis";
    const PORT: u16 = 5051;
    const SEARCH: &'static str = SEARCH;
    const PLACE_FIELD: &'static str = "cidade";
    const LOCATOR_LETTER: char = 'H';
    const CAPACITY_DEFAULT: u16 = 1;
    const INDEXES: usize = 2;

    type Settings = StaySettings;
    type Record = Stay;
    type Offer = StayOffer;
    type Scratch = Numbering;
    type Shared = Rooms;

    fn new(StaySettings {}: StaySettings) -> Self {
        Self
    }

    fn listing(stay: &Stay) -> Listing<'_> {
        Listing { id: stay.id.as_ref(), capacity: stay.capacity }
    }

    fn identify(stay: &Stay, identity: &mut Identity) {
        identity.number(stay.day.number());
        identity.text(&stay.hotel);
        identity.text(&stay.address);
        identity.number(stay.number);
    }

    fn compact(
        stay: &Stay,
        texts: &mut Texts,
        numbering: &mut Numbering,
    ) -> Result<StayOffer, WireError> {
        let small = |field: &str, count: u32| {
            u16::try_from(count)
                .map_err(|_| WireError::field(field, format!("{count} está acima de {}", u16::MAX)))
        };
        let hotel = texts.intern_field("nome", &stay.hotel)?;
        let address = texts.intern_field("endereco", &stay.address)?;
        Ok(StayOffer {
            price: stay.price,
            city: texts.intern_field("cidade", &stay.city)?,
            room: numbering.of(Room { hotel, address, number: stay.number }),
            rooms: small("qtdQuartos", stay.rooms)?,
            beds: small("qtdCamas", stay.beds)?,
            day: stay.day,
            breakfast: stay.breakfast,
        })
    }

    fn key(stay: &StayOffer, index: usize) -> u32 {
        if index == BY_CITY { stay.city.key() } else { stay.room }
    }

    fn day(stay: &StayOffer) -> Day {
        stay.day
    }

    fn minute(_: &StayOffer) -> u16 {
        0
    }

    fn price(stay: &StayOffer) -> Money {
        stay.price
    }

    /// A night is sold until it is over: who comes at ten in the evening still finds a room.
    fn closes(stay: &StayOffer) -> Moment {
        let day = stay.day.after(1).unwrap_or(stay.day);
        Moment { day, minute: 0 }
    }

    fn chain(
        view: &View<'_, Self>,
        first: OfferIndex,
        item: &Item,
        units: Option<u16>,
    ) -> Result<Vec<OfferIndex>, WireError> {
        let will_do = |offer| units.is_none_or(|units| view.units_left(offer) >= units);
        let nights = item.nights.unwrap_or_default();
        nights_of(view, first, nights, will_do).ok_or_else(|| sold_out(&item.id))
    }

    /// That of the first night, of a room that is free for all of them.
    fn price_in(
        view: &View<'_, Self>,
        offer: OfferIndex,
        calendar: &Calendar<'_>,
    ) -> Option<Money> {
        let people = calendar.people.count();
        let will_do = |night| view.catalog.offer(night).beds >= people && view.is_left(night, 1);
        let nights = calendar.nights.unwrap_or_default();
        let chain = nights_of(view, offer, nights, will_do)?;
        Some(view.catalog.offer(chain[0]).price)
    }

    fn render(catalog: &Catalog<Self>, offer: OfferIndex, record: &mut Object<'_>) {
        let (stay, texts) = (catalog.offer(offer), catalog.texts());
        let room = &catalog.shared().0[stay.room as usize];
        record.day(name!("diaEntrada"), stay.day);
        record.number(name!("numero"), room.number);
        record.number(name!("qtdQuartos"), stay.rooms.into());
        record.number(name!("qtdCamas"), stay.beds.into());
        record.money(name!("valor"), stay.price);
        record.text(name!("nome"), texts, room.hotel);
        record.text(name!("endereco"), texts, room.address);
        record.text(name!("cidade"), texts, stay.city);
        record.truth(name!("cafeDaManha"), stay.breakfast);
    }

    fn render_chain(catalog: &Catalog<Self>, nights: &[OfferIndex], record: &mut Object<'_>) {
        let Some(&last) = nights.last() else { return };
        let last = catalog.offer(last).day;
        record.day(name!("diaSaida"), last.after(1).unwrap_or(last));
        record.number(name!("noites"), u32::try_from(nights.len()).unwrap_or(u32::MAX));
        record.money(name!("valorTotal"), total(catalog, nights).unwrap_or_default());
    }

    fn search(
        &self,
        body: &[u8],
        view: &View<'_, Self>,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        let search = StaySearch::parse(body)?;
        let (page, nights) = (search.page(), search.nights());
        let city = view.catalog.texts().find(search.city.as_str());
        let is_listed = |after| {
            let stay = view.catalog.offer(after);
            Some(stay.city) == city && stay.day == search.arrival
        };
        let after = view.after(&page, is_listed)?;
        let enough_beds = |offer| view.catalog.offer(offer).beds >= search.people.count();
        let will_do = |offer| enough_beds(offer) && view.is_left(offer, 1);
        let accept = |offer| {
            let chain = nights_of(view, offer, nights, will_do)?;
            Some(Hit { price: total(view.catalog, &chain)?, chain })
        };
        let static_price = |offer| {
            let chain = nights_of(view, offer, nights, enough_beds);
            chain.and_then(|chain| total(view.catalog, &chain)).unwrap_or_default()
        };
        let mut more = false;
        let mut reply = Object::begin(out);
        reply.list(name!("hospedagens"), |list| {
            let Some(city) = city else { return };
            // All nights begin alike, so the price decides: for one night as the index has it.
            let sorted = nights == Nights::default() && page.order == Order::Time;
            let (key, day) = (city.key(), search.arrival);
            let found = Found { index: BY_CITY, key, day, page: &page, after, sorted };
            more = view.list(found, list, accept, static_price);
        });
        if more {
            reply.truth(name!("mais"), true);
        }
        reply.end();
        Ok(())
    }
}

/// The offers of the same room for so many nights from this one on, each the cheapest of its
/// night that will do; nothing when a night has none.
fn nights_of(
    view: &View<'_, Stays>,
    first: OfferIndex,
    nights: Nights,
    will_do: impl Fn(OfferIndex) -> bool,
) -> Option<Vec<OfferIndex>> {
    if !will_do(first) {
        return None;
    }
    let (room, day) = (view.catalog.offer(first).room, view.catalog.offer(first).day);
    let mut chain = Vec::with_capacity(nights.count().into());
    chain.push(first);
    for night in 1..nights.count() {
        chain.push(view.catalog.on_day(BY_ROOM, room, day.after(night)?).find(|&o| will_do(o))?);
    }
    Some(chain)
}

/// The price of all nights; nothing above what an amount can hold.
fn total(catalog: &Catalog<Stays>, chain: &[OfferIndex]) -> Option<Money> {
    let prices = chain.iter().map(|&offer| catalog.offer(offer).price);
    prices.into_iter().try_fold(Money::default(), Money::checked_add)
}
