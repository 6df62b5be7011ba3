//! Flights on the wire: the record and the search of port 5050.

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
pub const SEARCH: &str = "passagem";

/// One flight on one day, in the report's format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flight {
    /// When it leaves.
    #[serde(rename = "horarioIda")]
    pub departure: TimeOfDay,
    /// When it arrives, on [`arrival_day`](Self::arrival_day).
    #[serde(rename = "chegadaIda")]
    pub arrival: TimeOfDay,
    /// The price of one seat.
    #[serde(rename = "valor")]
    pub price: Money,
    /// The day it leaves.
    #[serde(rename = "diaIda", with = "record_day")]
    pub day: Day,
    /// The day it arrives.
    #[serde(rename = "diaChegada", with = "record_day")]
    pub arrival_day: Day,
    /// Where from.
    #[serde(rename = "deAeroporto")]
    pub from: CompactString,
    /// Where to.
    #[serde(rename = "paraAeroporto")]
    pub to: CompactString,
    /// Its id; an inventory file may leave it out.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub id: Option<OfferId>,
    /// Its seats; only inventory files say it.
    #[serde(
        rename = "lugares",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub capacity: Option<u32>,
    /// Its seats that are left; only replies say it.
    #[serde(rename = "disponiveis", default, skip_serializing_if = "Option::is_none")]
    pub available: Option<u32>,
}

/// The search: flights to an airport on one day, and from it on another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightSearch<'a> {
    #[serde(default = "search_action", skip_deserializing)]
    action: &'static str,
    /// The airport.
    #[serde(rename = "paraAeroporto", borrow)]
    pub airport: Place<'a>,
    /// The day of the flights to it.
    #[serde(rename = "dataIda", with = "iso_day")]
    pub outbound: Day,
    /// The day of the flights from it; one way without it.
    #[serde(
        rename = "dataVolta",
        default,
        with = "iso_day::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub inbound: Option<Day>,
    /// How many seats must be left.
    #[serde(rename = "numeroPassagens", default, deserialize_with = "or_default")]
    pub passengers: People,
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

impl<'a> FlightSearch<'a> {
    /// The search of these; the first page, by time.
    pub fn new(
        airport: Place<'a>,
        outbound: Day,
        inbound: Option<Day>,
        passengers: People,
    ) -> Self {
        let Page { limit, after, order } = Page::default();
        let action = SEARCH;
        Self {
            action,
            airport,
            outbound,
            inbound,
            passengers,
            limite: limit,
            apos: after,
            ordem: order,
        }
    }

    /// The same search, another part of the list.
    #[must_use]
    pub fn with_page(self, page: Page) -> Self {
        Self { limite: page.limit, apos: page.after, ordem: page.order, ..self }
    }

    /// Which part of the list is wanted. With `apos`, the list that the offer belongs to goes on
    /// after it and the other list is empty.
    pub fn page(&self) -> Page {
        Page { limit: self.limite, after: self.apos.clone(), order: self.ordem }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// Those of [`parse_object`], and a return before the departure.
    pub fn parse(body: &'a [u8]) -> Result<Self, WireError> {
        let search: Self = parse_object(body)?;
        if search.inbound.is_some_and(|inbound| inbound < search.outbound) {
            return Err(WireError::field("dataVolta", "a volta não pode ser antes da ida"));
        }
        Ok(search)
    }
}

/// The reply to the search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightsFound {
    /// The flights to the airport.
    #[serde(rename = "ida")]
    pub outbound: Vec<Flight>,
    /// The flights from it.
    #[serde(rename = "volta")]
    pub inbound: Vec<Flight>,
    /// Whether a list was cut.
    #[serde(rename = "mais", default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn check_field(body: &str, field: &str) {
        let error = FlightSearch::parse(body.as_bytes()).unwrap_err();
        let found = (error.code, error.field.as_deref());
        assert_eq!(found, (Code::InvalidField, Some(field)), "{body}: {error}");
    }

    #[test]
    fn the_reports_search_is_read() {
        let body = r#"{"dataIda":"2020-11-04","dataVolta":"2020-11-05","paraAeroporto":"X","numeroPassagens":"2","nome":"extra"}"#;
        let search = FlightSearch::parse(body.as_bytes()).unwrap();
        assert_eq!(search.outbound.iso(), "2020-11-04");
        assert_eq!(search.inbound.map(Day::iso).as_deref(), Some("2020-11-05"));
        assert_eq!(search.passengers.count(), 2);
    }

    #[test]
    fn what_a_form_leaves_empty_is_left_out() {
        let body =
            r#"{"paraAeroporto":"X","dataIda":"2020-11-04","dataVolta":"","numeroPassagens":""}"#;
        let search = FlightSearch::parse(body.as_bytes()).unwrap();
        assert_eq!((search.inbound, search.passengers.count()), (None, 1));
    }

    #[test]
    fn a_wrong_field_is_named() {
        check_field(r#"{"dataIda":"2020-11-04"}"#, "paraAeroporto");
        check_field(r#"{"paraAeroporto":"X"}"#, "dataIda");
        check_field(r#"{"paraAeroporto":"X","dataIda":"2021-02-30"}"#, "dataIda");
        check_field(
            r#"{"paraAeroporto":"X","dataIda":"2021-02-03","dataVolta":"2021-02-02"}"#,
            "dataVolta",
        );
        check_field(
            r#"{"paraAeroporto":"X","dataIda":"2021-02-03","numeroPassagens":0}"#,
            "numeroPassagens",
        );
        check_field(r#"{"paraAeroporto":"","dataIda":"2021-02-03"}"#, "paraAeroporto");
        check_field(r#"{"paraAeroporto":["X"],"dataIda":"2021-02-03"}"#, "paraAeroporto");
        check_field(
            r#"{"paraAeroporto":"X","paraAeroporto":"Y","dataIda":"2021-02-03"}"#,
            "paraAeroporto",
        );
        check_field(r#"{"paraAeroporto":"X","dataIda":"2021-02-03","ordem":"nome"}"#, "ordem");
        check_field(r#"{"paraAeroporto":"X","dataIda":"2021-02-03","limite":0}"#, "limite");
    }

    #[test]
    fn a_record_of_the_report_is_read_and_written_to_the_letter() {
        let record = r#"{"horarioIda":"0:00h","chegadaIda":"06:00h","valor":"9254,00R$","diaIda":"05/11/2020","diaChegada":"05/11/2020","deAeroporto":"A","paraAeroporto":"B"}"#;
        let flight: Flight = serde_json::from_str(record).unwrap();
        assert_eq!(serde_json::to_string(&flight).unwrap(), record);
    }

    #[test]
    fn what_a_client_writes_a_daemon_reads() {
        let day = Day::from_iso("2026-12-24").unwrap();
        let search = FlightSearch::new(Place::new("Bagé").unwrap(), day, None, People::default());
        let text = serde_json::to_string(&search).unwrap();
        assert!(text.starts_with(r#"{"action":"passagem","paraAeroporto":"Bagé","#), "{text}");
        let read = FlightSearch::parse(text.as_bytes()).unwrap();
        assert_eq!(read, search);
    }
}
