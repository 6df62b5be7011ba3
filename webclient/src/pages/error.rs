//! Pages that say that something is wrong: a field, a request, a daemon.

use super::form::SearchForm;
use super::{Layout, Step, Visit, page};
use crate::choice::Choice;
use crate::daemons::{Daemon, DaemonError};
use crate::forms::FieldError;
use crate::texts;
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
    layout: Layout,
    errors: Vec<Wrong>,
    back: String,
    form: Option<SearchForm>,
}

struct Wrong {
    label: &'static str,
    message: String,
    /// The input to mend it in, when the form is on the page.
    input: Option<String>,
}

/// The report's error page: which fields are wrong, and the form as it was filled.
/// `choice` is what could be read of it.
pub(crate) fn invalid(
    errors: &[FieldError],
    step: Step,
    choice: &Choice,
    form: Option<SearchForm>,
) -> Response {
    let wrong = errors.iter().map(|error| {
        let own = form.as_ref().and_then(|form| form.label(&error.field));
        Wrong {
            label: own.unwrap_or_else(|| texts::label(&error.field)),
            message: error.message.clone(),
            input: own.map(|_| error.field.clone()),
        }
    });
    let page_of = InvalidPage {
        layout: Layout::new("You shouldn't be here", Some(step), choice),
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
            Ok(vec![FieldError::new(field, &refusal.message)])
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
    layout: Layout,
    title: &'static str,
    message: &'static str,
}

/// The page that says so.
pub(crate) fn plain(trouble: Trouble) -> Response {
    let (status, title, message) = match trouble {
        Trouble::NotFound => (
            StatusCode::NOT_FOUND,
            "Página não encontrada",
            "Este endereço não leva a nenhuma página da agência.",
        ),
        Trouble::MethodNotAllowed => (
            StatusCode::METHOD_NOT_ALLOWED,
            "Isto não se faz aqui",
            "Esta página não aceita este tipo de pedido.",
        ),
        Trouble::CrossSite => (
            StatusCode::FORBIDDEN,
            "Pedido de outro site",
            "Por segurança, uma compra só pode ser confirmada nas páginas desta agência. Nada foi comprado.",
        ),
        Trouble::BodyTooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            "O pedido demorou demais",
            "O formulário não chegou a tempo. Nada foi comprado. Tente de novo.",
        ),
        Trouble::BodyTooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "O pedido é grande demais",
            "O formulário enviado é maior do que a agência aceita. Nada foi comprado.",
        ),
        Trouble::UriTooLong => (
            StatusCode::URI_TOO_LONG,
            "O endereço é longo demais",
            "O endereço pedido é mais longo do que a agência aceita.",
        ),
        Trouble::NotAForm => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Isto não é um formulário",
            "A agência só aceita formulários comuns. Nada foi comprado.",
        ),
    };
    let layout = Layout::new(title, None, &Choice::default());
    page(status, &PlainPage { layout, title, message })
}

#[derive(Template)]
#[template(path = "indisponivel.html")]
struct UnavailablePage {
    layout: Layout,
    product: &'static str,
    daemon: &'static str,
    lead: &'static str,
    /// Where to go on without what this daemon sells.
    onward: Option<(&'static str, String)>,
}

/// The page that says which daemon does not answer, and what to do.
pub(crate) fn unavailable(visit: &Visit, failure: &DaemonError) -> Response {
    log::error!("{} did not answer for a page: {}", failure.daemon.name(), failure.error);
    let choice = Choice::read(&visit.fields).unwrap_or_default();
    let (step, onward) = match failure.daemon {
        Daemon::Flights => {
            let link = choice.without_flights().link("/hospedagem", vec![]);
            (Step::Flights, Some(("Continuar sem voos", link)))
        }
        Daemon::Stays => {
            let link = choice.without_stay().link("/passeio", vec![]);
            (Step::Stays, Some(("Continuar sem hospedagem", link)))
        }
        Daemon::Tours => {
            let rest = choice.without_tours(|_| true);
            let link = (!rest.is_empty()).then(|| rest.link("/pacote", vec![]));
            (Step::Tours, link.map(|link| ("Continuar sem passeios", link)))
        }
    };
    let lead = "Suas escolhas estão guardadas no endereço desta página. Tente de novo em alguns \
                segundos.";
    away(Layout::new(AWAY, Some(step), &choice), failure, lead, onward)
}

/// The same for a page that is not about a choice; `onward` leads back from it.
pub(crate) fn unanswered(
    failure: &DaemonError,
    onward: Option<(&'static str, String)>,
) -> Response {
    log::error!("{} did not answer for a page: {}", failure.daemon.name(), failure.error);
    let layout = Layout::new(AWAY, None, &Choice::default());
    away(layout, failure, "Nada mudou. Tente de novo em alguns segundos.", onward)
}

const AWAY: &str = "Serviço fora do ar";

fn away(
    layout: Layout,
    failure: &DaemonError,
    lead: &'static str,
    onward: Option<(&'static str, String)>,
) -> Response {
    let page_of = UnavailablePage {
        layout,
        product: texts::product(failure.daemon),
        daemon: failure.daemon.name(),
        lead,
        onward,
    };
    let mut response = page(StatusCode::SERVICE_UNAVAILABLE, &page_of);
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    response
}
