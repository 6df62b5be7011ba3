//! What every daemon can be asked, beside its own search.
//!
//! | `action` | request | reply |
//! |---|---|---|
//! | the product's own, or none | [`flight`](crate::flight), [`stay`](crate::stay), [`tour`](crate::tour) | its list |
//! | `destinos` | nothing more | [`Destinations`] |
//! | `calendario` | [`Calendar`] | [`CalendarMonth`] |
//! | `ofertas` | [`Offers`] | [`OffersFound`] |
//! | `reservar` | [`Reserve`] | [`Reserved`] |
//! | `importar` | nothing more | [`Imported`] |
//! | `saude` | nothing more | [`Health`] |
//! | those of a trip | [`trip`](crate::trip) | each its own |

use crate::error::{Code, WireError};
use crate::name::{Locator, OfferId, TripId};
use crate::object::parse_object;
use crate::scalar::{Day, Limit, Money, Month, Nights, Order, People, Place, iso_day, optional};
use crate::trip::{RefundRule, TripMessage};
use memchr::{memchr, memchr_iter};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The most offers one `ofertas` may ask for.
pub const OFFERS_MAX: usize = 100;

/// A request, read as far as it does not depend on the product.
#[derive(Debug, Clone, PartialEq)]
pub enum Request<'a> {
    /// The product's search; the product reads the rest of the body.
    Search,
    /// What can be searched.
    Destinations,
    /// The lowest price of each day of a month.
    Calendar(Calendar<'a>),
    /// These offers as they are now.
    Offers(Offers),
    /// Buy one offer, now and for good.
    Reserve(Reserve),
    /// Put the staged inventory in force.
    Import,
    /// How the daemon is.
    Health,
    /// A message of a trip.
    Trip(Box<TripMessage>),
}

impl<'a> Request<'a> {
    /// Reads a body. `search` is the product's own action and `place` the name of the field that
    /// says where (`paraAeroporto`, `cidade`).
    ///
    /// # Errors
    /// [`Code::InvalidJson`], [`Code::InvalidField`] naming the field, [`Code::UnknownAction`].
    pub fn parse(body: &'a [u8], search: &str, place: &str) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Envelope<'a> {
            #[serde(borrow, default)]
            action: Option<Cow<'a, str>>,
        }
        if begins_with_action(body, search) {
            // The product reads all of it, and once is enough.
            return Ok(Request::Search);
        }
        let envelope: Envelope<'_> = parse_object(body)?;
        match envelope.action.as_deref() {
            None => Ok(Request::Search),
            Some(action) if action == search => Ok(Request::Search),
            Some("destinos") => Ok(Request::Destinations),
            Some("calendario") => Calendar::parse(body, place).map(Request::Calendar),
            Some("ofertas") => Offers::parse(body).map(Request::Offers),
            Some("reservar") => parse_object(body).map(Request::Reserve),
            Some("importar") => Ok(Request::Import),
            Some("saude") => Ok(Request::Health),
            Some(other) => match TripMessage::parse(other, body) {
                Some(message) => message.map(|message| Request::Trip(Box::new(message))),
                None => Err(WireError::new(
                    Code::UnknownAction,
                    format!("este servidor não conhece a ação {:?}", clipped(other)),
                )),
            },
        }
    }
}

/// Whether a body begins as most do, with this action, and can say no other one: an escape may hide
/// a second.
fn begins_with_action(body: &[u8], action: &str) -> bool {
    const NAME: &[u8] = b"\"action\"";
    let pieces: [&[u8]; 4] = [b"{", NAME, b":", b"\""];
    let value = pieces
        .into_iter()
        .try_fold(body, |rest, piece| rest.trim_ascii_start().strip_prefix(piece));
    let rest = value.and_then(|value| value.strip_prefix(action.as_bytes())?.strip_prefix(b"\""));
    let named = |rest: &[u8], colon: usize| rest[..colon].trim_ascii_end().ends_with(NAME);
    rest.is_some_and(|rest| {
        memchr(b'\\', rest).is_none() && !memchr_iter(b':', rest).any(|colon| named(rest, colon))
    })
}

/// As much of a peer's text as an error repeats.
fn clipped(text: &str) -> &str {
    &text[..text.floor_char_boundary(40)]
}

/// A request that has no field but its action, as a client writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bare {
    action: &'static str,
}

impl Bare {
    /// `{"action":"destinos"}`
    pub const DESTINATIONS: Bare = Bare { action: "destinos" };
    /// `{"action":"importar"}`
    pub const IMPORT: Bare = Bare { action: "importar" };
    /// `{"action":"saude"}`
    pub const HEALTH: Bare = Bare { action: "saude" };
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// How many at most; the daemon's default and ceiling apply.
    pub limit: Option<Limit>,
    /// The offer after which to go on.
    pub after: Option<OfferId>,
    /// How the list is sorted.
    pub order: Order,
}

/// The reply to `destinos`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destinations {
    /// The places, sorted by name.
    #[serde(rename = "destinos")]
    pub places: Vec<Destination>,
}

/// A place that can be searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// The airport's or the city's name.
    #[serde(rename = "nome")]
    pub name: String,
    /// The first day on sale.
    #[serde(rename = "primeiroDia", with = "iso_day")]
    pub first_day: Day,
    /// The last day on sale.
    #[serde(rename = "ultimoDia", with = "iso_day")]
    pub last_day: Day,
}

/// The request `calendario`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar<'a> {
    /// The airport or the city.
    pub place: Place<'a>,
    /// The month.
    pub month: Month,
    /// For how many it must do, as the search of the product counts them; one if it is not said.
    pub people: People,
    /// For how many nights from each day on, if that is said; only stays look at it.
    pub nights: Option<Nights>,
}

impl<'a> Calendar<'a> {
    fn parse(body: &'a [u8], place: &str) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Fields<'a> {
            #[serde(borrow, rename = "paraAeroporto")]
            airport: Option<Place<'a>>,
            #[serde(borrow, rename = "cidade")]
            city: Option<Place<'a>>,
            #[serde(rename = "mes")]
            month: Month,
            #[serde(rename = "numeroPassagens")]
            passengers: Option<People>,
            #[serde(rename = "numeroDePessoas")]
            people: Option<People>,
            #[serde(rename = "noites")]
            nights: Option<Nights>,
        }
        let fields: Fields<'_> = parse_object(body)?;
        let (named, people) = match place {
            "paraAeroporto" => (fields.airport, fields.passengers),
            _ => (fields.city, fields.people),
        };
        let missing = || WireError::field(place, format!("falta o campo {place}"));
        Ok(Self {
            place: named.ok_or_else(missing)?,
            month: fields.month,
            people: people.unwrap_or_default(),
            nights: fields.nights,
        })
    }
}

/// The reply to `calendario`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarMonth {
    /// The month.
    #[serde(rename = "mes")]
    pub month: Month,
    /// Its days on which there is or was something on sale.
    #[serde(rename = "dias")]
    pub days: Vec<CalendarDay>,
}

/// One day of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarDay {
    /// The day.
    #[serde(rename = "dia", with = "iso_day")]
    pub day: Day,
    /// The lowest price of what is left; absent when nothing is.
    #[serde(rename = "menorPreco", default, skip_serializing_if = "Option::is_none")]
    pub lowest: Option<Money>,
    /// Whether anything is left.
    #[serde(rename = "disponivel")]
    pub available: bool,
}

/// The request `ofertas`: these offers as they are now, price and units left included, so that a
/// choice that was made a while ago can be shown again without a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offers {
    action: Action<OffersTag>,
    /// At most [`OFFERS_MAX`]; `quantidade` does not matter here.
    #[serde(rename = "itens")]
    pub items: Vec<Item>,
}

impl Offers {
    /// The request for these.
    pub fn new(items: Vec<Item>) -> Self {
        Self { action: Action::default(), items }
    }

    fn parse(body: &[u8]) -> Result<Self, WireError> {
        let offers: Self = parse_object(body)?;
        match offers.items.len() {
            1..=OFFERS_MAX => Ok(offers),
            _ => Err(WireError::field("itens", format!("são aceitos de 1 a {OFFERS_MAX} itens"))),
        }
    }
}

/// The reply to `ofertas`, in the order asked; an offer that is not (or no longer) there is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffersFound<R> {
    /// The records.
    #[serde(rename = "ofertas")]
    pub offers: Vec<Option<R>>,
    /// What cancelling would give back of them; a daemon that does not say it promises nothing.
    #[serde(rename = "cancelamento", default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Vec<RefundRule>>,
}

/// One thing that is bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The offer; for a stay, that of its first night.
    pub id: OfferId,
    /// How many units.
    #[serde(rename = "quantidade", default, deserialize_with = "crate::scalar::or_default")]
    pub units: People,
    /// For a stay, how many nights in the same room.
    #[serde(
        rename = "noites",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub nights: Option<Nights>,
}

/// The request `reservar`: a purchase in one step, durable before it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reserve {
    action: Action<ReserveTag>,
    /// The offer; for a stay, that of its first night.
    pub id: OfferId,
    /// How many units.
    #[serde(rename = "quantidade", default, deserialize_with = "crate::scalar::or_default")]
    pub units: People,
    /// For a stay, how many nights in the same room.
    #[serde(
        rename = "noites",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub nights: Option<Nights>,
    /// The key of this purchase: the same one again, for the same offer, buys nothing more and
    /// answers as the first time did. Without it every request is a purchase of its own.
    #[serde(
        rename = "viagem",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub trip: Option<TripId>,
}

impl Reserve {
    /// The request for this item.
    pub fn new(item: Item, trip: Option<TripId>) -> Self {
        let Item { id, units, nights } = item;
        Self { action: Action::default(), id, units, nights, trip }
    }

    /// What is bought.
    pub fn item(&self) -> Item {
        Item { id: self.id.clone(), units: self.units, nights: self.nights }
    }
}

/// The reply to `reservar`: the chosen offer as it was sold, and the locator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved<R> {
    /// The record.
    #[serde(flatten)]
    pub offer: R,
    /// How many units were bought.
    #[serde(rename = "quantidade")]
    pub units: People,
    /// The locator, for the voucher.
    #[serde(rename = "localizador")]
    pub locator: Locator,
}

/// The reply to `importar`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// How many offers are on sale now.
    #[serde(rename = "ofertas")]
    pub offers: u64,
    /// How many vanished from the inventory although they have bookings: these are kept.
    #[serde(rename = "retiradas")]
    pub withdrawn: u64,
}

/// The reply to `saude`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The daemon's name, `voos`.
    #[serde(rename = "servidor")]
    pub daemon: String,
    /// The version of the software.
    #[serde(rename = "versao")]
    pub version: String,
    /// Whether it takes requests.
    #[serde(rename = "pronto")]
    pub ready: bool,
    /// Seconds since it started.
    #[serde(rename = "segundosAtivo")]
    pub uptime_secs: u64,
    /// Offers in the catalog.
    #[serde(rename = "ofertas")]
    pub offers: u64,
    /// Connections open now.
    #[serde(rename = "conexoes")]
    pub connections: u64,
    /// Requests answered since the start.
    #[serde(rename = "pedidos")]
    pub requests: u64,
    /// Requests answered with an error since the start.
    #[serde(rename = "erros")]
    pub errors: u64,
    /// Purchases made since the start.
    #[serde(rename = "reservas")]
    pub sales: u64,
    /// Steps of trips since the start: orders to the ledger, whatever the answer.
    #[serde(rename = "passos", default)]
    pub steps: u64,
    /// Transactions in which those that changed something were made durable. Steps that come
    /// together share one.
    #[serde(rename = "transacoes", default)]
    pub commits: u64,
    /// The trips that are not settled yet.
    #[serde(rename = "viagens", default)]
    pub trips: TripCounts,
    /// Whether the daemon is learning from its peers what a restored backup did not hold.
    #[serde(rename = "emRecuperacao", default)]
    pub recovering: bool,
}

/// How many trips are how far, in one daemon, now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TripCounts {
    /// Parts that are held until a deadline.
    #[serde(rename = "seguras")]
    pub held: u64,
    /// Parts that wait for their anchor's outcome.
    #[serde(rename = "fixas")]
    pub pinned: u64,
    /// Among them, those that have waited for longer than an anchor may take to decide.
    #[serde(rename = "emDuvida")]
    pub in_doubt: u64,
    /// Decisions that not every part has acknowledged.
    #[serde(rename = "pendentes")]
    pub pending: u64,
    /// Trips that were booked here, as the anchor, since the start.
    #[serde(rename = "confirmadas")]
    pub committed: u64,
}

/// The field `action`, whose value the type already tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Action<T>(std::marker::PhantomData<T>);

trait Tag {
    const ACTION: &'static str;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct OffersTag;
impl Tag for OffersTag {
    const ACTION: &'static str = "ofertas";
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct ReserveTag;
impl Tag for ReserveTag {
    const ACTION: &'static str = "reservar";
}

impl<T: Tag> Serialize for Action<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(T::ACTION)
    }
}

impl<'de, T> Deserialize<'de> for Action<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Request<'_>, WireError> {
        Request::parse(body.as_bytes(), "passagem", "paraAeroporto")
    }

    fn check_error(body: &str, code: Code, field: Option<&str>) {
        let error = parse(body).unwrap_err();
        assert_eq!((error.code, error.field.as_deref()), (code, field), "{body}: {error}");
        assert!(!error.message.contains("expected"), "not in Portuguese: {error}");
    }

    #[test]
    fn a_body_is_one_object() {
        for body in ["", "[]", "[{}]", "1", "\"I'm live!\"", "null", "{} {}", "{", "{\"a\":}"] {
            check_error(body, Code::InvalidJson, None);
        }
        let deep = "[".repeat(100_000);
        check_error(&deep, Code::InvalidJson, None);
        check_error(&format!("{{\"action\":{deep}"), Code::InvalidField, Some("action"));
        let error = Request::parse(b"{\"action\":\"\xff\"}", "passagem", "paraAeroporto");
        assert_eq!(error.unwrap_err().code, Code::InvalidJson);
    }

    #[test]
    fn a_search_is_told_by_its_beginning() {
        for (body, tells) in [
            ("{\"action\":\"passagem\"", true),
            (" {\n \"action\" : \"passagem\",", true),
            ("{\"action\":\"passagem", false),
            ("{\"action\":\"passagens\"", false),
            ("{\"action\":\" passagem\"", false),
            ("{\"x\":1,\"action\":\"passagem\"", false),
            ("[\"action\":\"passagem\"", false),
        ] {
            assert_eq!(begins_with_action(body.as_bytes(), "passagem"), tells, "{body}");
        }
    }

    #[test]
    fn an_action_may_be_left_out_but_not_said_twice() {
        for second in ["\"action\"", "\"action\" \n", "\"\\u0061ction\""] {
            let twice = format!("{{\"action\":\"passagem\",{second}:\"saude\"}}");
            check_error(&twice, Code::InvalidField, Some("action"));
        }
        assert_eq!(parse("{}").unwrap(), Request::Search);
        assert_eq!(parse("{\"action\":\"passagem\"}").unwrap(), Request::Search);
        assert_eq!(parse(" {\"action\":\"saude\"}").unwrap(), Request::Health);
        check_error("{\"action\":\"hospedar\"}", Code::UnknownAction, None);
        check_error("{\"action\":1}", Code::InvalidField, Some("action"));
        check_error(
            "{\"action\":\"saude\",\"action\":\"saude\"}",
            Code::InvalidField,
            Some("action"),
        );
    }

    #[test]
    fn a_calendar_needs_the_field_of_its_product() {
        let Request::Calendar(calendar) =
            parse(r#"{"action":"calendario","paraAeroporto":"Bagé","mes":"2026-12"}"#).unwrap()
        else {
            panic!("not a calendar");
        };
        assert_eq!(
            (calendar.place.as_str(), calendar.month.to_string()),
            ("Bagé", "2026-12".into())
        );
        check_error(
            r#"{"action":"calendario","cidade":"Bagé","mes":"2026-12"}"#,
            Code::InvalidField,
            Some("paraAeroporto"),
        );
        check_error(
            r#"{"action":"calendario","paraAeroporto":"Bagé","mes":"2026-13"}"#,
            Code::InvalidField,
            Some("mes"),
        );
        check_error(
            r#"{"action":"calendario","paraAeroporto":"Bagé"}"#,
            Code::InvalidField,
            Some("mes"),
        );
    }

    #[test]
    fn the_messages_of_a_trip_are_read_strictly() {
        let body = r#"{"action":"soltar","viagem":"0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11"}"#;
        let Request::Trip(message) = parse(body).unwrap() else { panic!("not of a trip") };
        assert_eq!(message.action(), "soltar");
        check_error(&body.replace("viagem", "viajem"), Code::InvalidField, Some("viajem"));
        check_error(r#"{"action":"soltar"}"#, Code::InvalidField, Some("viagem"));
    }

    #[test]
    fn a_purchase_refuses_keys_it_does_not_know() {
        let Request::Reserve(reserve) =
            parse(r#"{"action":"reservar","id":"x1","quantidade":"3","noites":""}"#).unwrap()
        else {
            panic!("not a purchase");
        };
        assert_eq!((reserve.id.as_str(), reserve.units.count(), reserve.nights), ("x1", 3, None));
        for (body, field) in [
            (r#"{"action":"reservar"}"#, "id"),
            (r#"{"action":"reservar","id":"x","quantidade":0}"#, "quantidade"),
            (r#"{"action":"reservar","id":"x","quantidade":1000000}"#, "quantidade"),
            (r#"{"action":"reservar","id":"x","id":"x"}"#, "id"),
            (r#"{"action":"reservar","id":"x","quantidadee":1}"#, "quantidadee"),
            (r#"{"action":"reservar","id":"x","a`b`c":1}"#, "a`b`c"),
            (r#"{"action":"reservar","id":{}}"#, "id"),
            (r#"{"action":"reservar","id":"x","viagem":"1"}"#, "viagem"),
        ] {
            check_error(body, Code::InvalidField, Some(field));
        }
    }

    #[test]
    fn offers_are_asked_for_by_the_hundred_at_most() {
        let items = |count: usize| vec!["{\"id\":\"x\"}"; count].join(",");
        let body = |count| format!("{{\"action\":\"ofertas\",\"itens\":[{}]}}", items(count));
        assert!(parse(&body(OFFERS_MAX)).is_ok());
        check_error(&body(OFFERS_MAX + 1), Code::InvalidField, Some("itens"));
        check_error(&body(0), Code::InvalidField, Some("itens"));
        check_error(
            r#"{"action":"ofertas","itens":[{"id":"x"},{"quantidade":1}]}"#,
            Code::InvalidField,
            Some("itens[1].id"),
        );
    }

    #[test]
    fn what_a_client_writes_a_daemon_reads() {
        let item =
            Item { id: "x1".parse().unwrap(), units: People::default(), nights: Nights::new(3) };
        let reserve = Reserve::new(item.clone(), None);
        let text = serde_json::to_string(&reserve).unwrap();
        assert_eq!(text, r#"{"action":"reservar","id":"x1","quantidade":1,"noites":3}"#);
        assert_eq!(parse(&text).unwrap(), Request::Reserve(reserve));
        let offers = Offers::new(vec![item]);
        let text = serde_json::to_string(&offers).unwrap();
        assert_eq!(parse(&text).unwrap(), Request::Offers(offers));
    }
}
