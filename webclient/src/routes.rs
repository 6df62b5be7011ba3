//! Which page answers which path. Wiring only: what a page does is in `pages`.

use crate::assets;
use crate::daemons::Timing;
use crate::forms::Fields;
use crate::language;
use crate::owner::{COOKIE, HELD_COOKIE, VisitorId};
use crate::pages::access::{self, Pass};
use crate::pages::error::{self, Trouble};
use crate::pages::layout::{self, Frame};
use crate::pages::{
    self, Site, Visit, alter, cancel, flights, hold, review, stays, tours, travellers, trip,
    voucher,
};
use crate::security::Encrypted;
use agencia_protocol::TripId;
use agencia_protocol::trip::ClientAddress;
use std::convert::Infallible;
use std::sync::Arc;
use warp::filters::BoxedFilter;
use warp::filters::path::FullPath;
use warp::http::StatusCode;
use warp::http::header::{self, HeaderMap, HeaderValue};
use warp::reject::{MethodNotAllowed, Rejection, UnsupportedMediaType};
use warp::reply::Response;
use warp::{Filter, path};

/// All pages of a site.
pub(crate) fn all(site: Arc<Site>) -> BoxedFilter<(Response,)> {
    // What no route takes is known only to `refuse`, in which language only to the request.
    let answered = frame(&site).and(pages(&site).recover(refuse).unify());
    answered.and(warp::path::full()).map(worded).boxed()
}

/// An answer in words, and, where the method was wrong, with those that the path takes.
fn worded(frame: Frame, response: Response, path: FullPath) -> Response {
    let mut said = error::in_words(response, &frame);
    if said.status() == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = HeaderValue::from_static(methods(path.as_str()));
        said.headers_mut().insert(header::ALLOW, allowed);
    }
    said
}

/// What a path of these pages takes.
fn methods(path: &str) -> &'static str {
    let parts: Vec<_> = path.trim_matches('/').split('/').collect();
    match parts[..] {
        ["idioma"] | ["viagem", _, "desistir"] => "POST",
        ["pacote" | "viagem"] | ["viagem", _] | ["viagem", _, "alterar" | "cancelar"] => {
            "GET, HEAD, POST"
        }
        _ => "GET, HEAD",
    }
}

fn pages(site: &Arc<Site>) -> BoxedFilter<(Response,)> {
    let get = || read().and(query(site));
    // What was not taken on its way here: only its page is made.
    warp::ext::optional::<Trouble>()
        .and_then(async |trouble: Option<Trouble>| trouble.ok_or_else(warp::reject::not_found))
        .map(error::unsaid)
        .or(path::end().and(get()).then(|visit| show(visit, flights::form)))
        .unify()
        .or(path!("voos").and(get()).then(|visit| show(visit, flights::results)))
        .unify()
        .or(path!("hospedagem").and(get()).then(|visit| show(visit, stays::form)))
        .unify()
        .or(path!("hospedagens").and(get()).then(|visit| show(visit, stays::results)))
        .unify()
        .or(path!("passeio").and(get()).then(|visit| show(visit, tours::form)))
        .unify()
        .or(path!("passeios").and(get()).then(|visit| show(visit, tours::results)))
        .unify()
        .or(path!("pacote").and(get()).then(|visit| show(visit, review::show)))
        .unify()
        .or(path!("pacote").and(posted(site)).then(|visit| show(visit, hold::hold)))
        .unify()
        .or(path!("idioma").and(posted(site)).map(|visit: Visit| speak(&visit)))
        .unify()
        .or(trips(site))
        .unify()
        .or(files())
        .unify()
        .or(path!("saude").and(read()).map(health))
        .unify()
        .boxed()
}

/// `POST /idioma`: keeps the language that was chosen, and leads back.
fn speak(visit: &Visit) -> Response {
    let Some((lang, back)) = layout::switch(&visit.fields) else {
        return error::unsaid(Trouble::NotFound);
    };
    let mut response = pages::see_other(back);
    let cookie = visit.frame.encrypted.cookie(language::COOKIE, lang.tag());
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

/// The pages of trips, under `/viagem`.
fn trips(site: &Arc<Site>) -> BoxedFilter<(Response,)> {
    let get = || read().and(query(site));
    path!("viagem")
        .and(get())
        .then(|visit| show(visit, access::form))
        .or(path!("viagem").and(posted(site)).then(|visit| show(visit, access::open)))
        .unify()
        .or(path!("viagem" / String).and(get()).then(|id, visit| pass(id, visit, trip::show)))
        .unify()
        .or(path!("viagem" / String)
            .and(posted(site))
            .then(|id, visit| pass(id, visit, travellers::confirm)))
        .unify()
        .or(path!("viagem" / String / "desistir")
            .and(posted(site))
            .then(|id, visit| pass(id, visit, travellers::give_up)))
        .unify()
        .or(path!("viagem" / String / "agenda.ics")
            .and(get())
            .then(|id, visit| pass(id, visit, voucher::calendar)))
        .unify()
        .or(path!("viagem" / String / "alterar")
            .and(get())
            .then(|id, visit| pass(id, visit, alter::ask)))
        .unify()
        .or(path!("viagem" / String / "alterar")
            .and(posted(site))
            .then(|id, visit| pass(id, visit, alter::alter)))
        .unify()
        .or(path!("viagem" / String / "cancelar")
            .and(get())
            .then(|id, visit| pass(id, visit, cancel::ask)))
        .unify()
        .or(path!("viagem" / String / "cancelar")
            .and(posted(site))
            .then(|id, visit| pass(id, visit, cancel::cancel)))
        .unify()
        .boxed()
}

/// Lets only those to a trip's page who may see it; to everybody else it does not exist.
async fn pass<F: Future<Output = pages::Outcome>>(
    id: String,
    visit: Visit,
    handler: fn(Visit, Pass) -> F,
) -> Response {
    match Pass::of(&visit, &id) {
        Some(pass) => show(visit, |visit| handler(visit, pass)).await,
        None => access::unknown(&visit.frame),
    }
}

/// GET, and HEAD, whose body hyper leaves out.
fn read() -> impl Filter<Extract = (), Error = Rejection> + Clone {
    warp::get().or(warp::head()).unify()
}

/// A visit with the fields of its query.
fn query(site: &Arc<Site>) -> impl Filter<Extract = (Visit,), Error = Infallible> + Clone + use<> {
    let site = site.clone();
    let raw = warp::query::raw().or(warp::any().map(String::new)).unify();
    let asked = raw.and(frame(&site)).and(who());
    asked.map(move |query: String, frame, who| {
        visit(&site, Fields::of_query(query.as_bytes()), frame, who)
    })
}

/// A visit with the fields of its body.
fn posted(site: &Arc<Site>) -> impl Filter<Extract = (Visit,), Error = Rejection> + Clone + use<> {
    let site = site.clone();
    let form = warp::post().and(warp::body::form::<Vec<(String, String)>>());
    let sent = form.and(frame(&site)).and(who());
    sent.map(move |fields: Vec<(String, String)>, frame, who| {
        visit(&site, fields.into(), frame, who)
    })
}

/// Who asks, what they have had held last, and where from.
type Who = (Option<VisitorId>, Option<TripId>, Option<ClientAddress>);

fn who() -> impl Filter<Extract = (Who,), Error = Infallible> + Clone + use<> {
    let address = warp::ext::optional::<ClientAddress>();
    let encrypted = warp::ext::optional::<Encrypted>();
    let asked = warp::header::headers_cloned().and(address).and(encrypted);
    asked.map(|headers: HeaderMap, address, encrypted: Option<Encrypted>| {
        let encrypted = encrypted.unwrap_or(Encrypted(false));
        let kept = |name| layout::cookie(&headers, &encrypted.cookie_name(name));
        let held = kept(HELD_COOKIE).and_then(|trip| trip.parse().ok());
        (kept(COOKIE).and_then(VisitorId::from_cookie), held, address)
    })
}

/// In which language the page is, and where.
fn frame(site: &Arc<Site>) -> impl Filter<Extract = (Frame,), Error = Infallible> + Clone + use<> {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let headers = warp::header::headers_cloned().and(warp::ext::optional::<Encrypted>());
    let asked = warp::path::full().and(query).and(headers);
    let agency = site.agency.clone();
    asked.map(
        move |path: FullPath, query: String, headers: HeaderMap, encrypted: Option<Encrypted>| {
            let encrypted = encrypted.unwrap_or(Encrypted(false));
            let here = match query.as_str() {
                "" => path.as_str().to_owned(),
                query => format!("{}?{query}", path.as_str()),
            };
            Frame::new(agency.clone(), encrypted, here, &headers)
        },
    )
}

fn visit(site: &Arc<Site>, fields: Fields, frame: Frame, (visitor, held, address): Who) -> Visit {
    let (site, timing) = (site.clone(), Timing::default());
    Visit { site, fields, timing, frame, visitor, held, address }
}

/// Runs a handler and says what the daemons took.
async fn show<F: Future<Output = pages::Outcome>>(
    visit: Visit,
    handler: impl FnOnce(Visit) -> F,
) -> Response {
    let after = Visit {
        site: visit.site.clone(),
        fields: visit.fields.clone(),
        timing: visit.timing.clone(),
        frame: visit.frame.clone(),
        ..visit
    };
    let mut response = match handler(visit).await {
        Ok(response) => response,
        Err(failure) => error::unavailable(&after, &failure),
    };
    let told = after.timing.header().and_then(|told| HeaderValue::try_from(told).ok());
    if let Some(told) = told {
        response.headers_mut().insert("server-timing", told);
    }
    response
}

/// The files under `/static/`, and the two that browsers and robots look for by themselves.
fn files() -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    let named = path!("static" / String);
    let icon = path!("favicon.ico").map(|| "favicon.svg".to_owned());
    let robots = path!("robots.txt").map(|| "robots.txt".to_owned());
    let name = named.or(icon).unify().or(robots).unify();
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let file = |name: String, query: String, headers: HeaderMap| {
        let fields = Fields::parse(query.as_bytes());
        assets::serve(&name, fields.first("v"), &headers)
            .unwrap_or_else(|| error::unsaid(Trouble::NotFound))
    };
    name.and(read()).and(query).and(warp::header::headers_cloned()).map(file)
}

/// `{"pronto":true}` for a proxy: this process serves, whatever the daemons do.
fn health() -> Response {
    let version = env!("CARGO_PKG_VERSION");
    let body = serde_json::json!({ "servidor": "web", "versao": version, "pronto": true });
    let mut response = Response::new(body.to_string().into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What no route takes is answered by a page as well.
async fn refuse(rejection: Rejection) -> Result<Response, Infallible> {
    let trouble = if rejection.is_not_found() {
        Trouble::NotFound
    } else if rejection.find::<UnsupportedMediaType>().is_some() {
        Trouble::NotAForm
    } else if rejection.find::<MethodNotAllowed>().is_some() {
        Trouble::MethodNotAllowed
    } else {
        log::warn!("a request was rejected: {rejection:?}");
        Trouble::NotAForm
    };
    Ok(error::unsaid(trouble))
}
