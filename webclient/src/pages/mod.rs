//! The pages. Each file has the handlers of one step and the structs of its templates; what all
//! of them share is here.

pub(crate) mod flights;
pub(crate) mod stays;
pub(crate) mod tours;
pub(crate) mod review;
pub(crate) mod voucher;
pub(crate) mod error;
pub(crate) mod form;
pub(crate) mod item;
pub(crate) mod results;

use crate::assets;
use crate::choice::Choice;
use crate::chosen::{self, Chosen};
use crate::daemons::{Daemon, DaemonError, Daemons, Places, Timing};
use crate::forms::Fields;
use crate::settings::Settings;
use agencia_protocol::Day;
use askama::Template;
use chrono::{DateTime, Utc};
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
    /// What time it is.
    pub(crate) clock: fn() -> DateTime<Utc>,
}

/// One request: what was asked, and how long the daemons took.
pub(crate) struct Visit {
    pub(crate) site: Arc<Site>,
    pub(crate) fields: Fields,
    pub(crate) timing: Timing,
}

/// A handler's result: a page, or the daemon without which there is none.
pub(crate) type Outcome = Result<Response, DaemonError>;

impl Visit {
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
        let now = (self.site.clock)().with_timezone(&self.site.settings.time_zone.0);
        Day::from_date(now.date_naive())
    }
}

/// The steps of a trip, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Flights,
    Stays,
    Tours,
    Review,
    Voucher,
}

/// What stands around every page.
pub(crate) struct Layout {
    title: String,
    steps: Vec<StepLink>,
    css: &'static str,
    icon: &'static str,
}

/// A step as the page's head shows it.
struct StepLink {
    name: &'static str,
    href: Option<String>,
    current: bool,
    done: bool,
}

impl Layout {
    /// The frame of a page at this step; `choice` travels in its links.
    fn new(title: &str, step: Option<Step>, choice: &Choice) -> Self {
        let link = |of: Step, name, path: &str, done| {
            let reachable = match of {
                Step::Voucher => false,
                Step::Review => !choice.is_empty(),
                Step::Flights | Step::Stays | Step::Tours => true,
            };
            // What was bought is bought: no way back to choosing it again.
            let href =
                (reachable && step != Some(Step::Voucher)).then(|| choice.link(path, vec![]));
            StepLink { name, href, current: step == Some(of), done }
        };
        let paid = step == Some(Step::Voucher);
        let steps = vec![
            link(Step::Flights, "Voo", "/", choice.has_flights()),
            link(Step::Stays, "Hospedagem", "/hospedagem", choice.stay.is_some()),
            link(Step::Tours, "Passeio", "/passeio", !choice.tours.is_empty()),
            link(Step::Review, "Revisão", "/pacote", paid),
            link(Step::Voucher, "Comprovante", "", false),
        ];
        Self {
            title: title.to_owned(),
            steps,
            css: assets::url("site.css"),
            icon: assets::url("favicon.svg"),
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
