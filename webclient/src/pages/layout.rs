//! What stands around every page: the agency's name, the steps, the language, the footer.

use crate::assets;
use crate::choice::Choice;
use crate::forms::Fields;
use crate::language::{self, Lang};
use crate::security::Encrypted;
use crate::settings::Agency;
use std::sync::Arc;
use warp::http::header::{self, HeaderMap};

/// In which language a page is, where it is and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) lang: Lang,
    /// The page's path and query, to come back to in another language.
    pub(crate) here: String,
    pub(crate) agency: Arc<Agency>,
    pub(crate) encrypted: Encrypted,
    /// The host that the visitor asked, as their browser names it.
    pub(crate) host: String,
}

impl Frame {
    /// The frame of what is asked: the language that was chosen, or else is accepted.
    pub(crate) fn new(
        agency: Arc<Agency>,
        encrypted: Encrypted,
        here: String,
        headers: &HeaderMap,
    ) -> Self {
        let name = encrypted.cookie_name(language::COOKIE);
        let chosen = cookie(headers, &name).and_then(Lang::named);
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let lang = chosen.or_else(|| Lang::accepted(accepted?)).unwrap_or_default();
        let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
        Self { lang, here, agency, encrypted, host: host.unwrap_or_default().to_owned() }
    }

    /// The same page with one field of its address set to this, or without it.
    pub(crate) fn here_with(&self, name: &str, value: Option<&str>) -> String {
        let (path, query) = self.here.split_once('?').unwrap_or((&self.here, ""));
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        let others = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key != name);
        pairs.extend_pairs(others).extend_pairs(value.map(|value| (name, value)));
        match pairs.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    /// A link of this site as other devices write it.
    pub(crate) fn absolute(&self, link: &str) -> String {
        let scheme = if self.encrypted.0 { "https" } else { "http" };
        format!("{scheme}://{}{link}", self.host)
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(header::COOKIE).into_iter();
    let all = values.filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(';'));
    let mut pairs = all.filter_map(|cookie| cookie.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Whether a text is the path and query of a page here, and nothing that leads away.
pub(crate) fn is_local(text: &str) -> bool {
    text.starts_with('/')
        && !text[1..].starts_with(['/', '\\'])
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Where to go on in a language that was chosen, and the cookie that keeps it.
pub(crate) fn switch(fields: &Fields) -> Option<(Lang, &str)> {
    let lang = Lang::named(fields.first("lingua"))?;
    let back = Some(fields.first("pagina")).filter(|back| is_local(back));
    Some((lang, back.unwrap_or("/")))
}

/// The steps of a trip, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Flights,
    Stays,
    Tours,
    Review,
    /// The trip, while it can still be changed.
    Trip,
    /// The trip, once there is nothing left to choose.
    Voucher,
    /// The trip, of which nothing is left: no step of one.
    Over,
}

/// What stands around every page.
pub(crate) struct Layout {
    pub(crate) title: String,
    pub(crate) steps: Vec<StepLink>,
    pub(crate) css: &'static str,
    pub(crate) icon: &'static str,
    /// The script of pages that send something.
    pub(crate) sending: &'static str,
    pub(crate) lang: Lang,
    /// The language to switch to.
    pub(crate) other: Lang,
    pub(crate) here: String,
    pub(crate) agency: Arc<Agency>,
}

/// A step as the page's head shows it.
pub(crate) struct StepLink {
    pub(crate) name: &'static str,
    pub(crate) href: Option<String>,
    pub(crate) current: bool,
    pub(crate) done: bool,
}

impl Layout {
    /// The frame of a page at this step; `choice` travels in its links.
    pub(crate) fn new(frame: &Frame, title: &str, step: Option<Step>, choice: &Choice) -> Self {
        let lang = frame.lang;
        let link = |of: Step, name, path: &str, done| {
            let reachable = match of {
                Step::Trip | Step::Voucher | Step::Over => false,
                Step::Review => !choice.is_empty(),
                Step::Flights | Step::Stays | Step::Tours => true,
            };
            // What was bought is bought: no way back to choosing it again.
            let is_decided = matches!(step, Some(Step::Voucher | Step::Over));
            let href = (reachable && !is_decided).then(|| choice.link(path, vec![]));
            let current = step == Some(of) || (of == Step::Trip && step == Some(Step::Voucher));
            StepLink { name, href, current, done }
        };
        let reviewed = matches!(step, Some(Step::Trip | Step::Voucher));
        let steps = vec![
            link(Step::Flights, lang.t("step-flight"), "/", choice.has_flights()),
            link(Step::Stays, lang.t("step-stay"), "/hospedagem", choice.stay.is_some()),
            link(Step::Tours, lang.t("step-tour"), "/passeio", !choice.tours.is_empty()),
            link(Step::Review, lang.t("step-review"), "/pacote", reviewed),
            link(Step::Trip, lang.t("step-voucher"), "", false),
        ];
        Self {
            title: title.to_owned(),
            steps,
            css: assets::url("site.css"),
            icon: assets::url("favicon.svg"),
            sending: assets::url("envio.js"),
            lang,
            other: match lang {
                Lang::Portuguese => Lang::English,
                Lang::English => Lang::Portuguese,
            },
            here: frame.here.clone(),
            agency: frame.agency.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::{HeaderValue, header};

    fn lang(accept: &'static str, cookies: &'static str) -> Lang {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accept));
        headers.insert(header::COOKIE, HeaderValue::from_static(cookies));
        Frame::new(Arc::default(), Encrypted(false), String::new(), &headers).lang
    }

    #[test]
    fn what_was_chosen_wins_over_what_is_accepted() {
        assert_eq!(lang("en", "visitante=x; idioma=pt-BR"), Lang::Portuguese);
        assert_eq!(lang("en", "visitante=x"), Lang::English);
        assert_eq!(lang("en", "idioma=klingon"), Lang::English);
        assert_eq!(lang("fr", ""), Lang::Portuguese);
    }

    #[test]
    fn only_a_page_of_ours_is_come_back_to() {
        for (text, expected) in [
            ("/", true),
            ("/voos?paraAeroporto=a%20b&x=//y", true),
            ("//evil.example/", false),
            ("/\\evil.example", false),
            ("https://evil.example/", false),
            ("", false),
            ("/a b", false),
            ("/a\r\nset-cookie: x", false),
        ] {
            assert_eq!(is_local(text), expected, "{text}");
        }
    }
}
