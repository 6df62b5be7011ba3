//! From what a traveller asks for to what is sold: every item is found in the catalog, at the
//! price that the traveller saw, and with the policy that counts should it be cancelled.

use super::terms::with_policy;
use agencia_catalog::{Choice, Product, View};
use agencia_protocol::request::Item;
use agencia_protocol::trip::{RefundRule, TripItem};
use agencia_protocol::{Code, WireError};
use agencia_trip::row::SoldItem;
use std::sync::Arc;

/// Which units may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// Those that nobody has, as far as memory can tell.
    Free,
    /// Any: the trip may have some of them itself, and the ledger knows.
    Any,
}

/// The items as they are sold now.
///
/// # Errors
/// `encerrado`, `esgotado` and `preco_mudou`, naming the offer; `campo_invalido`, naming the field
/// of the item.
pub(crate) fn find<P: Product>(
    view: &View<'_, P>,
    items: &[TripItem],
    left: Left,
    policy: &[RefundRule],
) -> Result<Arc<[SoldItem]>, WireError> {
    let find = |(place, item): (usize, &TripItem)| {
        let sold = find_one(view, item, left).map_err(|error| in_list(error, place))?;
        Ok(SoldItem { record: with_policy(sold.record, policy), ..sold })
    };
    items.iter().enumerate().map(find).collect()
}

/// One item as it is sold now.
///
/// # Errors
/// As [`find`], but the field is that of the item.
pub(crate) fn find_one<P: Product>(
    view: &View<'_, P>,
    item: &TripItem,
    left: Left,
) -> Result<SoldItem, WireError> {
    let wanted = Item { id: item.id.clone(), units: item.units, nights: item.nights };
    let Choice { units, price, record, .. } = match left {
        Left::Free => view.choose(&wanted)?,
        Left::Any => view.choose_anyhow(&wanted)?,
    };
    if item.price.is_some() && item.price != price {
        let message = match price {
            Some(price) => format!("o preço desta oferta mudou: agora é {price}"),
            None => "o preço desta oferta mudou".to_owned(),
        };
        return Err(WireError::new(Code::PriceChanged, message).about(&item.id));
    }
    let offers = units.into_iter().map(|unit| unit.offer).collect();
    Ok(SoldItem { item: item.clone(), offers, record })
}

/// The error of an item, as an error of the list that it stands in.
fn in_list(error: WireError, place: usize) -> WireError {
    let field = error.field.as_ref().map(|field| format!("itens[{place}].{field}"));
    WireError { field, ..error }
}

/// The items as far as they can still be found, for a daemon that learns what it sold before a
/// backup was restored. What can no longer be found is left out.
pub(crate) fn find_again<P: Product>(view: &View<'_, P>, items: &[TripItem]) -> Vec<SoldItem> {
    let same_price = |item: &TripItem| TripItem { price: None, ..item.clone() };
    let found = |item: &TripItem| {
        let sold = find_one(view, &same_price(item), Left::Any).ok()?;
        Some(SoldItem { item: item.clone(), ..sold })
    };
    items.iter().filter_map(found).collect()
}
