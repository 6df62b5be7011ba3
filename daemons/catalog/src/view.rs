//! The catalog as one request sees it: at a moment, with the limits of the daemon.

use crate::catalog::{Catalog, OfferIndex};
use crate::json::{List, Object};
use crate::name;
use crate::product::{Moment, Product};
use crate::reply_cache::{Question, Witness};
use crate::texts::TextId;
use agencia_protocol::request::{Calendar, Item, Offers, Page};
use agencia_protocol::{Code, Day, Money, OfferId, OfferKey, WireError};
use std::ops::ControlFlow;

/// How long lists may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Offers in a list when the request says nothing.
    pub results_default: u32,
    /// Offers in a list whatever the request says.
    pub results_max: u32,
}

/// The catalog as one request sees it.
#[derive(Debug)]
pub struct View<'a, P: Product> {
    /// The product.
    pub product: &'a P,
    /// Its offers.
    pub catalog: &'a Catalog<P>,
    /// The agency's time: what has begun is no longer sold.
    pub now: Moment,
    /// How long lists may be.
    pub limits: Limits,
    /// Whoever must know which units were looked at.
    witness: Option<&'a Witness>,
}

/// What a purchase takes, and what the traveller is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The offers, one for each night of a stay.
    pub units: Vec<ChosenUnit>,
    /// How many units of each.
    pub count: u32,
    /// The price of one unit, of all its nights; nothing above what an amount can hold.
    pub price: Option<Money>,
    /// The offer as it is sold: one JSON object.
    pub record: String,
}

/// One offer of a [`Choice`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenUnit {
    /// The offer.
    pub offer: OfferKey,
    /// How many units it has in all.
    pub capacity: u32,
}

/// An offer that answers a search: its chain (itself, or its nights) and what it is sorted by.
#[derive(Debug, Clone)]
pub struct Hit<C> {
    /// The offers that make it up, as [`Product::chain`] gives them.
    pub chain: C,
    /// The price that it is sorted by.
    pub price: Money,
}

impl<'a, P: Product> View<'a, P> {
    /// The catalog at a moment.
    pub fn new(product: &'a P, catalog: &'a Catalog<P>, now: Moment, limits: Limits) -> Self {
        Self { product, catalog, now, limits, witness: None }
    }

    /// Writes the reply to a search: the one that is kept, if nothing has changed since, or a new one.
    ///
    /// # Errors
    /// The field that is wrong.
    pub fn search(&self, body: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
        let question = Question { request: body, now: self.now, limits: self.limits };
        let left = |offer| self.catalog.available(offer);
        self.catalog.reply_cache.append(question, out, left, |out, witness| {
            let view = View { witness, ..*self };
            self.product.search(body, &view, out)
        })
    }

    /// Writes the reply to `destinos`.
    pub fn destinations(&self, out: &mut Vec<u8>) {
        let (index, texts) = (&self.catalog.indexes[0], self.catalog.texts());
        let today = self.now.day;
        let mut places: Vec<_> = index
            .keys()
            .filter(|&key| self.product.is_destination(texts, TextId::from_key(key)))
            .filter_map(|key| {
                let (first, _) = index.days_from(key, today).next()?;
                let name = texts.escaped(TextId::from_key(key));
                Some((name, key, first, index.last_day(key)?))
            })
            .collect();
        places.sort_unstable();
        let mut reply = Object::begin(out);
        reply.list(name!("destinos"), |list| {
            for (_, key, first, last) in places {
                list.object(|place| {
                    place.text(name!("nome"), texts, TextId::from_key(key));
                    place.iso_day(name!("primeiroDia"), first);
                    place.iso_day(name!("ultimoDia"), last);
                });
            }
        });
        reply.end();
    }

    /// Writes the reply to `calendario`.
    pub fn calendar(&self, calendar: &Calendar<'_>, out: &mut Vec<u8>) {
        let index = &self.catalog.indexes[0];
        let place = self.catalog.texts().find(calendar.place.as_str());
        let month = calendar.month;
        let last = month.days().last().unwrap_or(month.first());
        let days = place.into_iter().flat_map(|key| index.days_from(key.key(), month.first()));
        let mut reply = Object::begin(out);
        reply.plain(name!("mes"), &month.to_string());
        reply.list(name!("dias"), |list| {
            for (day, positions) in days.take_while(|(day, _)| *day <= last) {
                let offers = positions.map(|position| OfferIndex(index.offer_at(position)));
                let lowest = offers.filter_map(|offer| P::price_in(self, offer, calendar)).min();
                list.object(|entry| {
                    entry.iso_day(name!("dia"), day);
                    if let Some(lowest) = lowest {
                        entry.money(name!("menorPreco"), lowest);
                    }
                    entry.truth(name!("disponivel"), lowest.is_some());
                });
            }
        });
        reply.end();
    }

    /// Writes the reply to `ofertas`.
    pub fn offers(&self, offers: &Offers, out: &mut Vec<u8>) {
        let mut reply = Object::begin(out);
        reply.list(name!("ofertas"), |list| {
            for item in &offers.items {
                match self.open_chain(item, None) {
                    Ok(chain) => list.object(|record| self.render(&chain, record)),
                    Err(_) => list.null(),
                }
            }
        });
        reply.end();
    }

    /// What buying this item takes, as far as the catalog can tell.
    ///
    /// # Errors
    /// `campo_invalido` for an id that is not here, `encerrado`, `esgotado`, or what the product
    /// has against it.
    pub fn choose(&self, item: &Item) -> Result<Choice, WireError> {
        Ok(self.chosen(item, &self.open_chain(item, Some(item.units.count()))?))
    }

    /// The same, but however few units are left: where units that the buyer already has count as
    /// free, only the ledger knows.
    ///
    /// # Errors
    /// Those of [`choose`](Self::choose), but `esgotado` only for a night that is not there.
    pub fn choose_anyhow(&self, item: &Item) -> Result<Choice, WireError> {
        Ok(self.chosen(item, &self.open_chain(item, None)?))
    }

    fn chosen(&self, item: &Item, chain: &[OfferIndex]) -> Choice {
        let mut record = Vec::new();
        let mut object = Object::begin(&mut record);
        self.write(chain, &mut object);
        object.end();
        let unit = |&offer: &OfferIndex| ChosenUnit {
            offer: self.catalog.key(offer),
            capacity: self.catalog.capacity(offer).into(),
        };
        let mut prices = chain.iter().map(|&offer| P::price(self.catalog.offer(offer)));
        Choice {
            units: chain.iter().map(unit).collect(),
            count: item.units.count().into(),
            price: prices.try_fold(Money::default(), Money::checked_add),
            record: String::from_utf8(record).expect("JSON is written from texts"),
        }
    }

    fn open_chain(&self, item: &Item, units: Option<u16>) -> Result<Vec<OfferIndex>, WireError> {
        let missing = || WireError::field("id", "não há oferta com este id").about(&item.id);
        let first = self.catalog.find(&item.id).ok_or_else(missing)?;
        if !self.catalog.is_open(first, self.now) {
            let message = "esta oferta já começou e não é mais vendida";
            return Err(WireError::new(Code::Closed, message).about(&item.id));
        }
        P::chain(self, first, item, units)
    }

    /// The chain of a product whose items are one offer each.
    ///
    /// # Errors
    /// `esgotado`, or `noites` of more than one.
    pub fn single(
        &self,
        first: OfferIndex,
        item: &Item,
        units: Option<u16>,
    ) -> Result<Vec<OfferIndex>, WireError> {
        if item.nights.is_some_and(|nights| nights.count() != 1) {
            return Err(WireError::field("noites", "só hospedagens têm noites").about(&item.id));
        }
        match units {
            Some(units) if self.units_left(first) < units => Err(sold_out(&item.id)),
            _ => Ok(vec![first]),
        }
    }

    /// How many of the offer's units are left.
    pub fn units_left(&self, offer: OfferIndex) -> u16 {
        let left = self.catalog.available(offer);
        if let Some(witness) = self.witness {
            witness.see(offer, left);
        }
        left
    }

    /// Whether the offer is still sold and has so many units left.
    pub fn is_left(&self, offer: OfferIndex, units: u16) -> bool {
        self.catalog.is_open(offer, self.now) && self.units_left(offer) >= units
    }

    /// Writes an offer as a list shows it: its record, its id and what is left of it.
    pub fn render(&self, chain: &[OfferIndex], record: &mut Object<'_>) {
        self.write(chain, record);
        let left = chain.iter().map(|&offer| self.units_left(offer)).min();
        record.number(name!("disponiveis"), left.unwrap_or(0).into());
    }

    fn write(&self, chain: &[OfferIndex], record: &mut Object<'_>) {
        let Some(&first) = chain.first() else { return };
        P::render(self.catalog, first, record);
        match self.catalog.given_id(first) {
            Some(id) => record.plain(name!("id"), id.as_str()),
            None => record.key(name!("id"), self.catalog.key(first)),
        }
        if chain.len() > 1 {
            P::render_chain(self.catalog, chain, record);
        }
    }

    /// Writes a page of the offers of `key` on `day` that `accept` makes a [`Hit`] of, in the
    /// order of the page. Answers whether the list was cut.
    ///
    /// `static_price` is what an offer that is not (or no longer) accepted would be sorted by, so
    /// that a list goes on after an offer that was sold in the meantime.
    pub fn list<C: AsRef<[OfferIndex]>>(
        &self,
        found: Found<'_>,
        list: &mut List<'_>,
        accept: impl Fn(OfferIndex) -> Option<Hit<C>>,
        static_price: impl Fn(OfferIndex) -> Money,
    ) -> bool {
        let offers = self.catalog.on_day(found.index, found.key, found.day);
        let mut left = self.limit(found.page);
        let mut write = |hit: &Hit<C>| {
            if left == 0 {
                return ControlFlow::Break(());
            }
            left -= 1;
            list.object(|record| self.render(hit.chain.as_ref(), record));
            ControlFlow::Continue(())
        };
        if found.sorted {
            let skipped =
                offers.skip_while(|&offer| found.after.is_some_and(|after| offer != after));
            let rest = skipped.skip(usize::from(found.after.is_some()));
            return rest.filter_map(&accept).try_for_each(|hit| write(&hit)).is_break();
        }
        let place = |price: Money, offer: OfferIndex| {
            (price, P::minute(self.catalog.offer(offer)), self.catalog.key(offer))
        };
        let sorted_by = |offer| accept(offer).map_or_else(|| static_price(offer), |hit| hit.price);
        let after = found.after.map(|after| place(sorted_by(after), after));
        let mut hits: Vec<_> = offers
            .filter_map(|offer| accept(offer).map(|hit| (place(hit.price, offer), hit)))
            .collect();
        hits.sort_unstable_by_key(|(place, _)| *place);
        let mut rest =
            hits.iter().skip_while(|(place, _)| after.is_some_and(|after| *place <= after));
        rest.try_for_each(|(_, hit)| write(hit)).is_break()
    }

    fn limit(&self, page: &Page) -> u32 {
        let wanted = page.limit.map_or(self.limits.results_default, |limit| limit.count());
        wanted.min(self.limits.results_max)
    }

    /// Where the offer is after which a page goes on.
    ///
    /// # Errors
    /// `campo_invalido` when there is no such offer, or it is in none of the lists.
    pub fn after(
        &self,
        page: &Page,
        is_listed: impl Fn(OfferIndex) -> bool,
    ) -> Result<Option<OfferIndex>, WireError> {
        let Some(id) = &page.after else { return Ok(None) };
        let missing =
            || WireError::field("apos", "esta lista não tem oferta com este id").about(id);
        self.catalog.find(id).filter(|&after| is_listed(after)).map(Some).ok_or_else(missing)
    }
}

/// Which offers a list is made of.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The index.
    pub index: usize,
    /// The key in it.
    pub key: u32,
    /// The day.
    pub day: Day,
    /// The part of the list.
    pub page: &'a Page,
    /// The offer after which it goes on, which is one of these.
    pub after: Option<OfferIndex>,
    /// Whether the index's own order is the page's.
    pub sorted: bool,
}

/// The refusal for an offer without enough units left.
pub fn sold_out(id: &OfferId) -> WireError {
    WireError::new(Code::SoldOut, "não há mais unidades suficientes desta oferta").about(id)
}
