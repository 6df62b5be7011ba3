//! Flights: their record and their search, there and back.

use agencia_catalog::{
    Catalog, Found, Hit, Identity, List, Listing, Moment, Object, OfferIndex, Product, TextId,
    Texts, View, name,
};
use agencia_protocol::flight::{Flight, FlightSearch, SEARCH};
use agencia_protocol::request::Item;
use agencia_protocol::{Day, Money, Order, TimeOfDay, WireError};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the daemon; `args` begin with the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    agencia_server::run::<Flights>(args)
}

/// The product.
#[derive(Debug)]
pub struct Flights {
    settings: FlightSettings,
}

/// What only this daemon is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FlightSettings {
    /// The airport of the agency, which is where travellers come from and so no destination.
    pub home_airport: String,
}

impl Default for FlightSettings {
    fn default() -> Self {
        let home_airport = "Aeroporto Internacional de Confins - Tancredo Neves".to_owned();
        Self { home_airport }
    }
}

/// A flight made compact.
#[derive(Debug, Clone, Copy)]
pub struct FlightOffer {
    price: Money,
    from: TextId,
    to: TextId,
    day: Day,
    arrival_day: Day,
    departure: TimeOfDay,
    arrival: TimeOfDay,
}

/// By the airport flown to.
const BY_TO: usize = 0;
/// By the airport flown from.
const BY_FROM: usize = 1;

impl Product for Flights {
    const NAME: &'static str = "voos";
    const TITLE: &'static str = "Voos";
    const PORT: u16 = 5050;
    const SEARCH: &'static str = SEARCH;
    const PLACE_FIELD: &'static str = "paraAeroporto";
    const LOCATOR_LETTER: char = 'V';
    const CAPACITY_DEFAULT: u16 = 180;
    const INDEXES: usize = 2;

    type Settings = FlightSettings;
    type Record = Flight;
    type Offer = FlightOffer;
    type Scratch = ();
    type Shared = ();

    fn new(settings: FlightSettings) -> Self {
        Self { settings }
    }

    fn listing(flight: &Flight) -> Listing<'_> {
        Listing { id: flight.id.as_ref(), capacity: flight.capacity }
    }

    fn identify(flight: &Flight, identity: &mut Identity) {
        identity.number(flight.day.number());
        identity.number(flight.departure.minute());
        identity.number(flight.arrival_day.number());
        identity.number(flight.arrival.minute());
        identity.text(&flight.from);
        identity.text(&flight.to);
    }

    fn compact(flight: &Flight, texts: &mut Texts, (): &mut ()) -> Result<FlightOffer, WireError> {
        if flight.arrival_day < flight.day {
            return Err(WireError::field("diaChegada", "a chegada não pode ser antes da saída"));
        }
        Ok(FlightOffer {
            price: flight.price,
            from: texts.intern_field("deAeroporto", &flight.from)?,
            to: texts.intern_field("paraAeroporto", &flight.to)?,
            day: flight.day,
            arrival_day: flight.arrival_day,
            departure: flight.departure,
            arrival: flight.arrival,
        })
    }

    fn key(flight: &FlightOffer, index: usize) -> u32 {
        if index == BY_TO { flight.to.key() } else { flight.from.key() }
    }

    fn day(flight: &FlightOffer) -> Day {
        flight.day
    }

    fn minute(flight: &FlightOffer) -> u16 {
        flight.departure.minute()
    }

    fn price(flight: &FlightOffer) -> Money {
        flight.price
    }

    fn closes(flight: &FlightOffer) -> Moment {
        Moment { day: flight.day, minute: flight.departure.minute() }
    }

    fn is_destination(&self, texts: &Texts, place: TextId) -> bool {
        texts.find(&self.settings.home_airport) != Some(place)
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
        let (flight, texts) = (catalog.offer(offer), catalog.texts());
        record.time(name!("horarioIda"), flight.departure);
        record.time(name!("chegadaIda"), flight.arrival);
        record.money(name!("valor"), flight.price);
        record.day(name!("diaIda"), flight.day);
        record.day(name!("diaChegada"), flight.arrival_day);
        record.text(name!("deAeroporto"), texts, flight.from);
        record.text(name!("paraAeroporto"), texts, flight.to);
    }

    fn search(
        &self,
        body: &[u8],
        view: &View<'_, Self>,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        let search = FlightSearch::parse(body)?;
        let page = search.page();
        let airport = view.catalog.texts().find(search.airport.as_str());
        let legs = [(BY_TO, Some(search.outbound)), (BY_FROM, search.inbound)];
        let is_of = |(index, day): (usize, Option<Day>), offer| {
            let flight = view.catalog.offer(offer);
            airport.map(TextId::key) == Some(Self::key(flight, index)) && Some(flight.day) == day
        };
        let after = view.after(&page, |offer| legs.iter().any(|&leg| is_of(leg, offer)))?;

        let units = search.passengers.count();
        let price = |offer| view.catalog.offer(offer).price;
        let accept =
            |offer| view.is_left(offer, units).then(|| Hit { chain: [offer], price: price(offer) });
        let mut more = false;
        let mut write_leg = |(index, day): (usize, Option<Day>), list: &mut List<'_>| {
            let (Some(airport), Some(day)) = (airport, day) else { return };
            if after.is_some_and(|after| !is_of((index, Some(day)), after)) {
                return;
            }
            let sorted = page.order == Order::Time;
            let found = Found { index, key: airport.key(), day, page: &page, after, sorted };
            more |= view.list(found, list, accept, price);
        };
        let mut reply = Object::begin(out);
        reply.list(name!("ida"), |list| write_leg(legs[0], list));
        reply.list(name!("volta"), |list| write_leg(legs[1], list));
        if more {
            reply.truth(name!("mais"), true);
        }
        reply.end();
        Ok(())
    }
}
