//! Cars: one model in one city on one day, searched by city and day.

use agencia_catalog::{
    Catalog, Found, Hit, Identity, Listing, Moment, Object, OfferIndex, Product, TextId, Texts,
    View, name,
};
use agencia_protocol::request::{Item, Page};
use agencia_protocol::{Day, Money, OfferId, Place, WireError, iso_day, parse_object, record_day};
use serde::{Deserialize, Serialize};

/// The product.
#[derive(Debug)]
pub(crate) struct Cars;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CarSettings {
    /// What is paid back when the car comes back whole, in reais.
    pub(crate) deposit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Car {
    #[serde(rename = "dia", with = "record_day")]
    day: Day,
    #[serde(rename = "valor")]
    price: Money,
    #[serde(rename = "modelo")]
    model: String,
    #[serde(rename = "cidade")]
    city: String,
    #[serde(default)]
    id: Option<OfferId>,
    #[serde(rename = "carros", default)]
    capacity: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct CarOffer {
    day: Day,
    price: Money,
    model: TextId,
    city: TextId,
}

#[derive(Deserialize)]
struct CarSearch<'a> {
    #[serde(rename = "cidade", borrow)]
    city: Place<'a>,
    #[serde(rename = "data", with = "iso_day")]
    day: Day,
}

impl Product for Cars {
    const NAME: &'static str = "carros";
    const TITLE: &'static str = "Carros";
    const PORT: u16 = 5053;
    const SEARCH: &'static str = "carro";
    const PLACE_FIELD: &'static str = "cidade";
    const LOCATOR_LETTER: char = 'C';
    const CAPACITY_DEFAULT: u16 = 3;
    const INDEXES: usize = 1;

    type Settings = CarSettings;
    type Record = Car;
    type Offer = CarOffer;
    type Scratch = ();
    type Shared = ();

    fn new(_: CarSettings) -> Self {
        Self
    }

    fn listing(car: &Car) -> Listing<'_> {
        Listing { id: car.id.as_ref(), capacity: car.capacity }
    }

    fn identify(car: &Car, identity: &mut Identity) {
        identity.number(car.day.number());
        identity.text(&car.model);
        identity.text(&car.city);
    }

    fn compact(car: &Car, texts: &mut Texts, (): &mut ()) -> Result<CarOffer, WireError> {
        let model = texts.intern_field("modelo", &car.model)?;
        let city = texts.intern_field("cidade", &car.city)?;
        Ok(CarOffer { day: car.day, price: car.price, model, city })
    }

    fn key(car: &CarOffer, _: usize) -> u32 {
        car.city.key()
    }

    fn day(car: &CarOffer) -> Day {
        car.day
    }

    fn minute(_: &CarOffer) -> u16 {
        0
    }

    fn price(car: &CarOffer) -> Money {
        car.price
    }

    fn closes(car: &CarOffer) -> Moment {
        Moment { day: car.day, minute: 20 * 60 }
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
        let (car, texts) = (catalog.offer(offer), catalog.texts());
        record.day(name!("dia"), car.day);
        record.money(name!("valor"), car.price);
        record.text(name!("modelo"), texts, car.model);
        record.text(name!("cidade"), texts, car.city);
    }

    fn search(
        &self,
        body: &[u8],
        view: &View<'_, Self>,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        let CarSearch { city, day } = parse_object(body)?;
        let city = view.catalog.texts().find(city.as_str());
        let page = Page::default();
        let price = |offer| view.catalog.offer(offer).price;
        let accept =
            |offer| view.is_left(offer, 1).then(|| Hit { chain: [offer], price: price(offer) });
        let mut reply = Object::begin(out);
        reply.list(name!("carros"), |list| {
            let Some(city) = city else { return };
            let found =
                Found { index: 0, key: city.key(), day, page: &page, after: None, sorted: true };
            view.list(found, list, accept, price);
        });
        reply.end();
        Ok(())
    }
}
