//! Stays on the wire: the record and the search of port 5051.

use crate::error::WireError;
use crate::name::OfferId;
use crate::object::parse_object;
use crate::request::Page;
use crate::scalar::{
    Day, Limit, Money, Nights, Order, People, Place, iso_day, optional, or_default, record_day,
    required, truth,
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// The action of the search.
pub const SEARCH: &str = "hospedar";

/// One room for one night, in the report's format; in replies, for all nights asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// The first night.
    #[serde(rename = "diaEntrada", with = "record_day")]
    pub day: Day,
    /// The room's number.
    #[serde(rename = "numero", deserialize_with = "required")]
    pub number: u32,
    /// How many rooms it has.
    #[serde(rename = "qtdQuartos", deserialize_with = "required")]
    pub rooms: u32,
    /// How many beds it has.
    #[serde(rename = "qtdCamas", deserialize_with = "required")]
    pub beds: u32,
    /// The price of the first night.
    #[serde(rename = "valor")]
    pub price: Money,
    /// The hotel.
    #[serde(rename = "nome")]
    pub hotel: CompactString,
    /// The hotel's address.
    #[serde(rename = "endereco")]
    pub address: CompactString,
    /// The city.
    #[serde(rename = "cidade")]
    pub city: CompactString,
    /// Whether breakfast is included.
    #[serde(rename = "cafeDaManha", deserialize_with = "truth")]
    pub breakfast: bool,
    /// The day of leaving; only replies for more than one night say it.
    #[serde(
        rename = "diaSaida",
        default,
        with = "record_day::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub leaving_day: Option<Day>,
    /// The nights; only replies for more than one night say it.
    #[serde(
        rename = "noites",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub nights: Option<Nights>,
    /// The price of all nights; only replies for more than one night say it.
    #[serde(
        rename = "valorTotal",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub total: Option<Money>,
    /// Its id; an inventory file may leave it out.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub id: Option<OfferId>,
    /// How many such rooms there are under this number; only inventory files say it.
    #[serde(
        rename = "quartos",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub capacity: Option<u32>,
    /// How many of them are left; only replies say it.
    #[serde(rename = "disponiveis", default, skip_serializing_if = "Option::is_none")]
    pub available: Option<u32>,
}

impl Stay {
    /// How many nights it is.
    pub fn night_count(&self) -> u16 {
        self.nights.map_or(1, Nights::count)
    }

    /// The day after the last of them; nothing beyond the days that there are.
    pub fn leaves(&self) -> Option<Day> {
        self.leaving_day.or_else(|| self.day.after(self.night_count()))
    }
}

/// The search: rooms of a city with enough beds, free on every night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaySearch<'a> {
    #[serde(default = "search_action", skip_deserializing)]
    action: &'static str,
    /// The city.
    #[serde(rename = "cidade", borrow)]
    pub city: Place<'a>,
    /// How many beds there must be.
    #[serde(rename = "numeroDePessoas", default, deserialize_with = "or_default")]
    pub people: People,
    /// The first night.
    #[serde(rename = "dataIda", with = "iso_day")]
    pub arrival: Day,
    /// The day of leaving; one night without it.
    #[serde(
        rename = "dataVolta",
        default,
        with = "iso_day::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub leaving: Option<Day>,
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

impl<'a> StaySearch<'a> {
    /// The search of these; the first page, by time.
    pub fn new(city: Place<'a>, arrival: Day, leaving: Option<Day>, people: People) -> Self {
        let Page { limit, after, order } = Page::default();
        let action = SEARCH;
        Self { action, city, people, arrival, leaving, limite: limit, apos: after, ordem: order }
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

    /// How many nights: those up to the day of leaving, at least one.
    pub fn nights(&self) -> Nights {
        self.leaving.and_then(|leaving| self.arrival.nights_until(leaving)).unwrap_or_default()
    }

    /// Reads a body.
    ///
    /// # Errors
    /// Those of [`parse_object`], leaving before arriving, and a stay of more than 365 nights.
    pub fn parse(body: &'a [u8]) -> Result<Self, WireError> {
        let search: Self = parse_object(body)?;
        match search.leaving {
            Some(leaving) if leaving < search.arrival => {
                Err(WireError::field("dataVolta", "a saída não pode ser antes da entrada"))
            }
            Some(leaving)
                if leaving > search.arrival && search.arrival.nights_until(leaving).is_none() =>
            {
                Err(WireError::field("dataVolta", "a hospedagem pode ter até 365 noites"))
            }
            _ => Ok(search),
        }
    }
}

/// The reply to the search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaysFound {
    /// The rooms.
    #[serde(rename = "hospedagens")]
    pub stays: Vec<Stay>,
    /// Whether the list was cut.
    #[serde(rename = "mais", default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nights(arrival: &str, leaving: &str) -> Result<u16, Option<String>> {
        let body = format!(r#"{{"cidade":"X","dataIda":"{arrival}","dataVolta":"{leaving}"}}"#);
        let search = StaySearch::parse(body.as_bytes()).map_err(|error| error.field)?;
        Ok(search.nights().count())
    }

    #[test]
    fn a_stay_has_at_least_one_night() {
        assert_eq!(nights("2026-12-24", ""), Ok(1));
        assert_eq!(nights("2026-12-24", "2026-12-24"), Ok(1));
        assert_eq!(nights("2026-12-24", "2026-12-25"), Ok(1));
        assert_eq!(nights("2026-12-24", "2026-12-31"), Ok(7));
    }

    #[test]
    fn a_stay_has_at_most_365_nights_and_goes_forward() {
        assert_eq!(nights("2026-01-01", "2027-01-01"), Ok(365));
        assert_eq!(nights("2026-01-01", "2027-01-02"), Err(Some("dataVolta".into())));
        assert_eq!(nights("2026-01-02", "2026-01-01"), Err(Some("dataVolta".into())));
    }

    #[test]
    fn a_record_of_the_report_is_read_and_written_to_the_letter() {
        let record = r#"{"diaEntrada":"05/11/2020","numero":6,"qtdQuartos":5,"qtdCamas":15,"valor":"958,00R$","nome":"Amazon Xingu Hotel","endereco":"Av. Djalma Dutra, 2081 - Centro, Altamira - PA","cidade":"Altamira (PA)","cafeDaManha":true}"#;
        let stay: Stay = serde_json::from_str(record).unwrap();
        assert_eq!(serde_json::to_string(&stay).unwrap(), record);
        let digits = record.replace("\"numero\":6", "\"numero\":\"6\"");
        assert_eq!(serde_json::from_str::<Stay>(&digits).unwrap(), stay);
    }
}
