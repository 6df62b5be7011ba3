//! Pages that say that something is wrong: a field, a request, a daemon.

use super::form::SearchForm;
use super::{Frame, Layout, Step, Visit, page};
use crate::choice::Choice;
use crate::daemons::{Daemon, DaemonError};
use crate::forms::FieldError;
use crate::language::{Key, Lang};
use crate::texts::{self, Wrong};
use agencia_client::ClientError;
use agencia_protocol::Code;
use askama::Template;
use warp::http::StatusCode;
use warp::http::header::{self, HeaderValue};
use warp::reply::Response;

/// Seconds after which a visitor may try again when a daemon is down.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

#[derive(Template)]
#[template(path = "erro.html")]
struct InvalidPage {
    lang: Lang,
    layout: Layout,
    errors: Vec<Mistake>,
    back: String,
    form: Option<SearchForm>,
}

struct Mistake {
    label: &'static str,
    message: String,
    /// The input to mend it in, when the form is on the page.
    input: Option<String>,
}

/// The report's error page: which fields are wrong, and the form as it was filled.
/// `choice` is what could be read of it.
pub(crate) fn invalid(
    frame: &Frame,
    errors: &[FieldError],
    step: Step,
    choice: &Choice,
    form: Option<SearchForm>,
) -> Response {
    let lang = frame.lang;
    let wrong = errors.iter().map(|error| {
        let own = form.as_ref().and_then(|form| form.label(&error.field));
        Mistake {
            label: own.unwrap_or_else(|| lang.say(texts::label(&error.field))),
            message: error.wrong.say(lang),
            input: own.map(|_| error.field.clone()),
        }
    });
    let page_of = InvalidPage {
        lang,
        layout: Layout::new(frame, lang.t("error-title"), Some(step), choice),
        errors: wrong.collect(),
        back: form.as_ref().map_or_else(|| way_back(step, choice), SearchForm::back),
        form,
    };
    page(StatusCode::BAD_REQUEST, &page_of)
}

/// Where to go from a page without a form: to the review, if it was there that something is wrong.
fn way_back(step: Step, choice: &Choice) -> String {
    match step {
        Step::Review if !choice.is_empty() => choice.link("/pacote", vec![]),
        _ => "/".to_owned(),
    }
}

/// What a daemon's refusal of a search says of the form's fields.
///
/// # Errors
/// The same failure, when it is not about a field.
pub(crate) fn fields_of(failure: DaemonError) -> Result<Vec<FieldError>, DaemonError> {
    match &failure.error {
        ClientError::Refused(refusal) if refusal.code == Code::InvalidField => {
            let field = refusal.field.as_deref().unwrap_or_default();
            Ok(vec![FieldError::new(field, Wrong::Refused(refusal.message.clone()))])
        }
        _ => Err(failure),
    }
}

/// A request that gets no page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    NotFound,
    MethodNotAllowed,
    CrossSite,
    BodyTooSlow,
    BodyTooLarge,
    UriTooLong,
    NotAForm,
}

#[derive(Template)]
#[template(path = "recusa.html")]
struct PlainPage {
    lang: Lang,
    layout: Layout,
    title: &'static str,
    message: &'static str,
}

/// An answer that `in_words` makes a page of, once it is known in which language.
pub(crate) fn unsaid(trouble: Trouble) -> Response {
    let mut response = Response::new("".into());
    response.extensions_mut().insert(trouble);
    response
}

/// The response as it is, or the page of its trouble.
pub(crate) fn in_words(mut response: Response, frame: &Frame) -> Response {
    let Some(trouble) = response.extensions_mut().remove::<Trouble>() else { return response };
    let mut said = plain(trouble, frame);
    said.headers_mut().extend(std::mem::take(response.headers_mut()));
    said
}

/// The page that says so.
pub(crate) fn plain(trouble: Trouble, frame: &Frame) -> Response {
    let (status, title, message) = match trouble {
        Trouble::NotFound => (StatusCode::NOT_FOUND, Key("not-found-title"), Key("not-found")),
        Trouble::MethodNotAllowed => {
            (StatusCode::METHOD_NOT_ALLOWED, Key("not-allowed-title"), Key("not-allowed"))
        }
        Trouble::CrossSite => (StatusCode::FORBIDDEN, Key("cross-site-title"), Key("cross-site")),
        Trouble::BodyTooSlow => {
            (StatusCode::REQUEST_TIMEOUT, Key("too-slow-title"), Key("too-slow"))
        }
        Trouble::BodyTooLarge => {
            (StatusCode::PAYLOAD_TOO_LARGE, Key("too-large-title"), Key("too-large"))
        }
        Trouble::UriTooLong => (StatusCode::URI_TOO_LONG, Key("too-long-title"), Key("too-long")),
        Trouble::NotAForm => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, Key("no-form-title"), Key("no-form"))
        }
    };
    let lang = frame.lang;
    let (title, message) = (lang.say(title), lang.say(message));
    let layout = Layout::new(frame, title, None, &Choice::default());
    page(status, &PlainPage { lang, layout, title, message })
}

#[derive(Template)]
#[template(path = "indisponivel.html")]
struct UnavailablePage {
    lang: Lang,
    layout: Layout,
    product: &'static str,
    daemon: String,
    lead: &'static str,
    /// Where to go on without what this daemon sells.
    onward: Option<(&'static str, String)>,
}

/// The page of a site that the daemons take nothing from but searches: its host has no certificate
/// that they believe. A traveller cannot mend that, so they are told; what to do is in the log.
pub(crate) fn search_only(frame: &Frame) -> Response {
    let lang = frame.lang;
    let (title, message) = (lang.t("search-only-title"), lang.t("search-only"));
    let layout = Layout::new(frame, title, None, &Choice::default());
    page(StatusCode::SERVICE_UNAVAILABLE, &PlainPage { lang, layout, title, message })
}

/// The page that says which daemon does not answer, and what to do.
pub(crate) fn unavailable(visit: &Visit, failure: &DaemonError) -> Response {
    failure.log("did not answer for a page");
    unavailable_as_logged(visit, failure)
}

/// The same of a failure that is in the log.
pub(crate) fn unavailable_as_logged(visit: &Visit, failure: &DaemonError) -> Response {
    if failure.is_unauthorised() {
        return search_only(&visit.frame);
    }
    let lang = visit.lang();
    let choice = Choice::read(&visit.fields).unwrap_or_default();
    let (step, onward) = match failure.daemon {
        Daemon::Flights => {
            let link = choice.without_flights().link("/hospedagem", vec![]);
            (Step::Flights, Some((lang.t("skip-flight"), link)))
        }
        Daemon::Stays => {
            let link = choice.without_stay().link("/passeio", vec![]);
            (Step::Stays, Some((lang.t("skip-stay"), link)))
        }
        Daemon::Tours => {
            let rest = choice.without_tours(|_| true);
            let link = (!rest.is_empty()).then(|| rest.link("/pacote", vec![]));
            (Step::Tours, link.map(|link| (lang.t("skip-tours"), link)))
        }
    };
    let lead = lang.t("away-choosing");
    away(
        Layout::new(&visit.frame, lang.t("away-title"), Some(step), &choice),
        failure,
        lead,
        onward,
    )
}

/// The same for a page that is not about a choice; `onward` leads back from it.
pub(crate) fn unanswered(
    frame: &Frame,
    failure: &DaemonError,
    onward: Option<(&'static str, String)>,
) -> Response {
    if failure.is_unauthorised() {
        return search_only(frame);
    }
    failure.log("did not answer for a page");
    let layout = Layout::new(frame, frame.lang.t("away-title"), None, &Choice::default());
    away(layout, failure, frame.lang.t("away-unchanged"), onward)
}

fn away(
    layout: Layout,
    failure: &DaemonError,
    lead: &'static str,
    onward: Option<(&'static str, String)>,
) -> Response {
    let lang = layout.lang;
    let page_of = UnavailablePage {
        lang,
        layout,
        product: lang.say(texts::product(failure.daemon)),
        daemon: format!("agencia-{}", failure.daemon.name()),
        lead,
        onward,
    };
    let mut response = page(StatusCode::SERVICE_UNAVAILABLE, &page_of);
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    response
}
