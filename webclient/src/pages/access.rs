//! Who may see a trip: whose browser chose it, and whoever knows the locator and a surname, who
//! gets a token for it. Everybody else gets one and the same page, and no daemon is asked.

use super::{Frame, Layout, Outcome, Visit, error, page, see_other};
use crate::choice::Choice;
use crate::daemons::{Daemon, DaemonError};
use crate::forms::{self, FieldError, Pairs, Reader, link};
use crate::language::{Key, Lang};
use crate::texts;
use agencia_client::ClientError;
use agencia_protocol::trip::{Consult, ConsultReply, NAME_BYTES_MAX, PersonName};
use agencia_protocol::{Code, Locator, TripId};
use askama::Template;
use serde_json::Value;
use warp::http::StatusCode;
use warp::http::header::{self, HeaderValue};
use warp::reply::Response;

/// The field of a token.
pub(crate) const TOKEN: &str = "acesso";

/// Seconds after which somebody who guessed too often may try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("300");

/// That somebody may see a trip, and how their links show it.
pub(crate) struct Pass {
    pub(crate) trip: TripId,
    token: Option<String>,
}

impl Pass {
    /// The pass of whoever asks for the trip of this text; nothing for everybody else.
    pub(crate) fn of(visit: &Visit, text: &str) -> Option<Self> {
        // One spelling: a hyphenated id in small letters.
        let trip: TripId = text.parse().ok().filter(|trip: &TripId| trip.to_string() == text)?;
        let token = visit.fields.first(TOKEN);
        let opened = visit.site.seals.opens(trip, token);
        let owned = visit.owns(trip);
        (owned || opened).then(|| Self { trip, token: opened.then(|| token.to_owned()) })
    }

    /// The pass of whoever gets this trip's token.
    pub(crate) fn opened(visit: &Visit, trip: TripId) -> Self {
        Self { trip, token: Some(visit.site.seals.token(trip)) }
    }

    /// What forms and links of the trip's pages carry on.
    pub(crate) fn pairs(&self) -> Pairs {
        self.token.iter().map(|token| (TOKEN, token.clone())).collect()
    }

    /// A link to the trip's page, or to one below it.
    pub(crate) fn link(&self, below: &str) -> String {
        link(&format!("{}{below}", super::trip::path(self.trip)), &self.pairs())
    }
}

#[derive(Template)]
#[template(path = "acesso.html")]
struct AccessPage {
    lang: Lang,
    layout: Layout,
    title: &'static str,
    lead: &'static str,
    locator: String,
    surname: String,
    errors: Vec<FieldError>,
}

impl AccessPage {
    fn new(frame: &Frame, title: &'static str, lead: &'static str) -> Self {
        Self {
            lang: frame.lang,
            layout: Layout::new(frame, title, None, &Choice::default()),
            title,
            lead,
            locator: String::new(),
            surname: String::new(),
            errors: Vec::new(),
        }
    }

    /// What is wrong with a field.
    fn error(&self, field: &str) -> Option<String> {
        let error = self.errors.iter().find(|error| error.field == field);
        error.map(|error| error.wrong.say(self.lang))
    }
}

/// The page for a trip that does not exist and for one that is somebody else's.
pub(crate) fn unknown(frame: &Frame) -> Response {
    // What was asked for does not come back: all such pages are one and the same.
    let frame = &Frame { here: "/viagem".to_owned(), ..frame.clone() };
    let title = frame.lang.t("unknown-trip-title");
    let lead = frame.lang.t("unknown-trip");
    page(StatusCode::NOT_FOUND, &AccessPage::new(frame, title, lead))
}

/// `GET /viagem`: the form alone.
pub(crate) async fn form(visit: Visit) -> Outcome {
    let (title, lead) = (visit.lang().t("my-trip"), visit.lang().t("my-trip-lead"));
    Ok(page(StatusCode::OK, &AccessPage::new(&visit.frame, title, lead)))
}

/// `POST /viagem`: leads whoever knows a voucher to its trip.
pub(crate) async fn open(visit: Visit) -> Outcome {
    let mut reader = Reader::new(&visit.fields);
    let locator = reader.locator("localizador");
    let surname = reader.name("sobrenome");
    let again = |status, errors: Vec<FieldError>| {
        let (title, lead) = (visit.lang().t("my-trip"), visit.lang().t("my-trip-check"));
        let form = AccessPage {
            locator: visit.fields.first("localizador").to_owned(),
            surname: visit.fields.first("sobrenome").to_owned(),
            errors,
            ..AccessPage::new(&visit.frame, title, lead)
        };
        page(status, &form)
    };
    let (locator, surname) = match reader.finish(locator.zip(surname)) {
        Ok(voucher) => voucher,
        Err(errors) => return Ok(again(StatusCode::BAD_REQUEST, errors)),
    };
    let wrong = |text: Key| vec![FieldError::new("localizador", text)];
    let found = match find(&visit, locator, surname).await {
        Ok(found) => found,
        Err(failure) => return Ok(error::unanswered(&visit.frame, &failure, None)),
    };
    Ok(match found {
        Found::Trip(trip) => see_other(&Pass::opened(&visit, trip).link("")),
        Found::Nothing => again(StatusCode::NOT_FOUND, wrong(texts::NO_SUCH_TRIP)),
        Found::GuessedTooOften => {
            let mut response = again(StatusCode::TOO_MANY_REQUESTS, wrong(texts::TOO_MANY_GUESSES));
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
            response
        }
    })
}

enum Found {
    Trip(TripId),
    Nothing,
    GuessedTooOften,
}

/// Asks the daemons for a voucher, first the one whose letter it probably has: each counts what it
/// does not know as a wrong guess.
async fn find(visit: &Visit, locator: Locator, surname: PersonName) -> Result<Found, DaemonError> {
    let mut message = Consult::by_voucher(locator, surname);
    message.address = visit.address;
    let mut order = visit.site.daemons.order().to_vec();
    order.sort_by_key(|daemon| !locator.as_str().starts_with(usual_letter(*daemon)));
    let mut found = Ok(Found::Nothing);
    for daemon in order {
        match visit.read::<_, ConsultReply<Value>>(daemon, &message).await {
            Ok(view) => return Ok(Found::Trip(view.trip)),
            Err(DaemonError { error: ClientError::Refused(refusal), .. })
                if refusal.code == Code::InvalidField => {}
            Err(DaemonError { error: ClientError::Refused(refusal), .. })
                if refusal.code == Code::Busy =>
            {
                if found.is_ok() {
                    found = Ok(Found::GuessedTooOften);
                }
            }
            // It may be the one that knows.
            Err(failure) => found = Err(failure),
        }
    }
    found
}

/// The letter that a daemon's locators begin with unless its settings say another.
fn usual_letter(daemon: Daemon) -> char {
    match daemon {
        Daemon::Flights => 'V',
        Daemon::Stays => 'H',
        Daemon::Tours => 'P',
    }
}
