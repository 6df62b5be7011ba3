//! The pages. Each file has the handlers of one step and the structs of its templates; what all
//! of them share is here.

pub(crate) mod layout;
pub(crate) mod flights;
pub(crate) mod stays;
pub(crate) mod tours;
pub(crate) mod review;
pub(crate) mod hold;
pub(crate) mod trip;
pub(crate) mod extend;
pub(crate) mod voucher;
pub(crate) mod travellers;
pub(crate) mod names;
pub(crate) mod missing;
pub(crate) mod alter;
pub(crate) mod cancel;
pub(crate) mod access;
pub(crate) mod error;
pub(crate) mod form;
pub(crate) mod item;
pub(crate) mod terms;
pub(crate) mod results;
pub(crate) mod best;
pub(crate) mod calendar;

use crate::choice::Choice;
use crate::chosen::{self, Chosen};
use crate::daemons::{Daemon, DaemonError, Daemons, Places, Timing};
use crate::forms::Fields;
use crate::language::Lang;
use crate::owner::{Seals, VisitorId};
use crate::settings::{Agency, Settings};
use crate::trip::{Known, Leader, consult};
use agencia_protocol::trip::ClientAddress;
use agencia_protocol::{Day, TripId};
use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
pub(crate) use layout::{Frame, Layout, Step};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use warp::http::StatusCode;
use warp::http::header::{self, HeaderValue};
use warp::reply::Response;

/// What every visit needs and none changes.
pub(crate) struct Site {
    pub(crate) daemons: Daemons,
    pub(crate) settings: Settings,
    /// Whose pages these are.
    pub(crate) agency: Arc<Agency>,
    /// What tells whose trip a trip is.
    pub(crate) seals: Seals,
    /// What time it is.
    pub(crate) clock: fn() -> DateTime<Utc>,
}

/// One request: what was asked, and how long the daemons took.
pub(crate) struct Visit {
    pub(crate) site: Arc<Site>,
    pub(crate) fields: Fields,
    pub(crate) timing: Timing,
    /// What stands around the page.
    pub(crate) frame: Frame,
    /// Who asks, if their browser has said so.
    pub(crate) visitor: Option<VisitorId>,
    /// The trip that their browser has had held last.
    pub(crate) held: Option<TripId>,
    /// Where they ask from.
    pub(crate) address: Option<ClientAddress>,
}

/// A handler's result: a page, or the daemon without which there is none.
pub(crate) type Outcome = Result<Response, DaemonError>;

impl Visit {
    /// What the visitor reads.
    fn lang(&self) -> Lang {
        self.frame.lang
    }

    /// What was chosen so far, or the page that says what is wrong with it at this step.
    fn choice(&self, step: Step) -> Result<Choice, Box<Response>> {
        Choice::read(&self.fields).map_err(|errors| {
            Box::new(error::invalid(&self.frame, &errors, step, &Choice::default(), None))
        })
    }

    async fn read<Q, R>(&self, daemon: Daemon, request: &Q) -> Result<R, DaemonError>
    where
        Q: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        self.site.daemons.read(daemon, request, &self.timing).await
    }

    async fn places(&self, daemon: Daemon) -> Result<Arc<Places>, DaemonError> {
        self.site.daemons.places(daemon, &self.timing).await
    }

    async fn look_up(&self, choice: &Choice) -> Chosen {
        chosen::look_up(&self.site.daemons, choice, &self.timing).await
    }

    /// Today, where the agency is.
    fn today(&self) -> Option<Day> {
        Day::from_date(self.now().date_naive())
    }

    /// This moment, where the agency is.
    fn now(&self) -> DateTime<Tz> {
        (self.site.clock)().with_timezone(&self.site.settings.time_zone.0)
    }

    /// Whether it is this visitor's trip. Nobody is asked.
    fn owns(&self, trip: TripId) -> bool {
        self.visitor.is_some_and(|visitor| self.site.seals.owns(visitor, trip))
    }

    /// What all daemons know of a trip.
    async fn consult(&self, trip: TripId) -> Vec<Known> {
        let home = &self.site.settings.home_airport;
        consult(&self.site.daemons, trip, home, &self.timing).await
    }

    fn leader(&self) -> Leader<'_> {
        Leader {
            daemons: &self.site.daemons,
            settings: &self.site.settings.trips,
            timing: &self.timing,
            holder: (self.visitor.map(Into::into), self.address),
        }
    }
}

/// The response that shows a page.
fn page(status: StatusCode, template: &impl Template) -> Response {
    let (status, html) = match template.render() {
        Ok(html) => (status, html),
        Err(error) => {
            log::error!("a page could not be rendered: {error}");
            (StatusCode::INTERNAL_SERVER_ERROR, String::new())
        }
    };
    let mut response = Response::new(html.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // Prices and units left: shown again only after asking. Not `no-store`, with which the back
    // button would mint new keys for a purchase.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// Leads to another page, whatever was asked with which method.
pub(crate) fn see_other(location: &str) -> Response {
    let mut response = Response::new("".into());
    *response.status_mut() = StatusCode::SEE_OTHER;
    // A link is made of a path and an encoded query.
    let location = HeaderValue::try_from(location).expect("links are printable ASCII");
    response.headers_mut().insert(header::LOCATION, location);
    response
}
