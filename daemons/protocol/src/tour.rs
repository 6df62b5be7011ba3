//! Tours on the wire: the record and the search of port 5052.

use crate::error::WireError;
use crate::name::OfferId;
use crate::object::parse_object;
use crate::request::Page;
use crate::scalar::{
    Day, Limit, Money, Order, People, Place, TimeOfDay, iso_day, optional, or_default, record_day,
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// The action of the search.
pub const SEARCH: &str = "passeio";

/// One tour on one day, in the report's format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tour {
    /// When it begins.
    #[serde(rename = "horario")]
    pub time: TimeOfDay,
    /// The price of one place.
    #[serde(rename = "valor")]
    pub price: Money,
    /// The day.
    #[serde(rename = "dia", with = "record_day")]
    pub day: Day,
    /// What is seen.
    #[serde(rename = "local")]
    pub sight: CompactString,
    /// Where that is.
    #[serde(rename = "endereco")]
    pub address: CompactString,
    /// The city.
    #[serde(rename = "cidade")]
    pub city: CompactString,
    /// Its id; an inventory file may leave it out.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub id: Option<OfferId>,
    /// Its places; only inventory files say it.
    #[serde(
        rename = "vagas",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub capacity: Option<u32>,
    /// Its places that are left; only replies say it.
    #[serde(rename = "disponiveis", default, skip_serializing_if = "Option::is_none")]
    pub available: Option<u32>,
}

/// The search: tours of a city on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TourSearch<'a> {
    #[serde(default = "search_action", skip_deserializing)]
    action: &'static str,
    /// The city.
    #[serde(rename = "cidade", borrow)]
    pub city: Place<'a>,
    /// The day.
    #[serde(rename = "dataIda", with = "iso_day")]
    pub day: Day,
    /// How many places must be left.
    #[serde(rename = "numeroDePessoas", default, deserialize_with = "or_default")]
    pub people: People,
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    limite: Option<Limit>,
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    apos: Option<OfferId>,
    #[serde(default, deserialize_with = "or_default")]
    ordem: Order,
}

fn search_action() -> &'static str {
    SEARCH
}

impl<'a> TourSearch<'a> {
    /// The search of these; the first page, by time.
    pub fn new(city: Place<'a>, day: Day, people: People) -> Self {
        let Page { limit, after, order } = Page::default();
        Self { action: SEARCH, city, day, people, limite: limit, apos: after, ordem: order }
    }

    /// The same search, another part of the list.
    #[must_use]
    pub fn with_page(self, page: Page) -> Self {
        Self { limite: page.limit, apos: page.after, ordem: page.order, ..self }
    }

    /// Which part of the list is wanted.
    pub fn page(&self) -> Page {
        Page { limit: self.limite, after: self.apos.clone(), order: self.ordem }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// Those of [`parse_object`].
    pub fn parse(body: &'a [u8]) -> Result<Self, WireError> {
        parse_object(body)
    }
}

/// The reply to the search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToursFound {
    /// The tours.
    #[serde(rename = "passeio")]
    pub tours: Vec<Tour>,
    /// Whether the list was cut.
    #[serde(rename = "mais", default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reports_search_is_read() {
        let body = r#"{"cidade":"Altamira (PA)","dataIda":"2020-11-05"}"#;
        let search = TourSearch::parse(body.as_bytes()).unwrap();
        assert_eq!((search.city.as_str(), search.people.count()), ("Altamira (PA)", 1));
    }

    #[test]
    fn a_record_of_the_report_is_read_and_written_to_the_letter() {
        let record = r#"{"horario":"21:00h","valor":"0,00R$","dia":"05/11/2020","local":"Cachoeira do Rio Curuá","endereco":"Altamira - PA","cidade":"Altamira (PA)"}"#;
        let tour: Tour = serde_json::from_str(record).unwrap();
        assert_eq!(serde_json::to_string(&tour).unwrap(), record);
    }
}
