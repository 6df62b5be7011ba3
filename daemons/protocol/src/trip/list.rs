//! Listing trips, for an administrator: pages of what `consultar` says of one trip.
//!
//! ```text
//! {"action":"listar","filtro":"reservas","dia":"2026-12-24","apos":"0190a5ee-…","limite":50}
//! {"viagens":[{"viagem":…,"estado":"confirmada",…,"desde":"2026-11-03T10:00:00.000Z"}],"mais":true}
//! ```

use super::message::List;
use super::reply::ConsultReply;
use super::words::Timestamp;
use crate::scalar::optional;
use serde::{Deserialize, Serialize};

/// The most trips in one page of `listar`, and how many there are when nothing is said.
pub const LISTED_MAX: usize = 100;

/// Which trips are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListFilter {
    /// Every trip that is remembered.
    #[serde(rename = "todas")]
    All,
    /// Those whose part is booked here.
    #[serde(rename = "reservas")]
    Bookings,
    /// Those with a pinned part, with one that was settled by hand and asks its anchor, or with an
    /// outcome that some part has not acknowledged.
    #[serde(rename = "duvida")]
    InDoubt,
    /// Those that an administrator settled by hand and no outcome has agreed with.
    #[serde(rename = "forcadas")]
    Forced,
}

impl List {
    /// The first page of these trips.
    pub fn of(filter: ListFilter) -> Self {
        Self::new(filter, None, None, None, None)
    }

    /// How many trips the page has at most: 1 to [`LISTED_MAX`].
    pub fn page_max(&self) -> usize {
        let asked = self.limit.map(|limit| usize::try_from(limit.count()).unwrap_or(LISTED_MAX));
        asked.unwrap_or(LISTED_MAX).min(LISTED_MAX)
    }
}

/// The reply to `listar`: one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListReply<R> {
    /// The trips, in the order of their ids.
    #[serde(rename = "viagens")]
    pub trips: Vec<ListedTrip<R>>,
    /// Whether the list was cut; it goes on after the last of these.
    #[serde(rename = "mais", default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// A trip in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedTrip<R> {
    /// What `consultar` would say of it to whoever may know everything.
    #[serde(flatten)]
    pub view: ConsultReply<R>,
    /// Since when the part is where it is; none without a part.
    #[serde(
        rename = "desde",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub since: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trip::TripMessage;
    use crate::{Code, Day, Limit};
    use serde_json::Value;

    fn read(body: &str) -> Result<List, crate::WireError> {
        match TripMessage::parse("listar", body.as_bytes()).unwrap()? {
            TripMessage::List(list) => Ok(list),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_an_administrator_writes_a_daemon_reads() {
        let trip = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11".parse().unwrap();
        let day = Day::from_iso("2026-12-24");
        let locator = "VA9AAE".parse().ok();
        let list = List::new(ListFilter::Bookings, day, locator, Some(trip), Limit::new(5));
        let text = serde_json::to_string(&list).unwrap();
        assert_eq!(
            text,
            r#"{"action":"listar","filtro":"reservas","dia":"2026-12-24","localizador":"VA9AAE","apos":"0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11","limite":5}"#
        );
        assert_eq!((read(&text).unwrap(), list.page_max()), (list, 5));
        let all = List::of(ListFilter::All);
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(text, r#"{"action":"listar","filtro":"todas"}"#);
        assert_eq!((read(&text).unwrap(), all.page_max()), (all, LISTED_MAX));
    }

    #[test]
    fn a_page_has_a_ceiling() {
        for (limit, expected) in [(1, 1), (100, 100), (101, 100), (1_000_000, 100)] {
            let text = format!(r#"{{"action":"listar","filtro":"duvida","limite":{limit}}}"#);
            assert_eq!(read(&text).unwrap().page_max(), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (rest, field) in [
            ("", "filtro"),
            (r#","filtro":"outras""#, "filtro"),
            (r#","filtro":"todas","dia":"2026-02-30""#, "dia"),
            (r#","filtro":"todas","limite":0"#, "limite"),
            (r#","filtro":"todas","apos":"x""#, "apos"),
            (r#","filtro":"todas","filtro":"todas""#, "filtro"),
            (r#","filtro":"todas","mais":1"#, "mais"),
        ] {
            let error = read(&format!(r#"{{"action":"listar"{rest}}}"#)).unwrap_err();
            let found = (error.code, error.field.as_deref());
            assert_eq!(found, (Code::InvalidField, Some(field)), "{rest}: {error}");
        }
    }

    #[test]
    fn a_listed_trip_is_what_consulting_says_and_since_when() {
        let text = r#"{"viagens":[{"viagem":"0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11","estado":"fixa","pedido":[],"itens":[{"valor":"1,00R$"}],"ancora":"voos","desde":"2026-11-03T10:00:00.000Z"}],"mais":true}"#;
        let page: ListReply<Value> = serde_json::from_str(text).unwrap();
        let trip = &page.trips[0];
        assert_eq!(trip.view.items[0]["valor"], "1,00R$");
        assert_eq!(trip.since.unwrap().to_string(), "2026-11-03T10:00:00.000Z");
        assert_eq!(serde_json::to_string(&page).unwrap(), text);
    }
}
