//! What keeps a page from being abused by another site: headers, and the origin of a POST.

use warp::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use warp::http::{Method, Uri};

/// No script, no frame, nothing from elsewhere and no inline style.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
    font-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HARDENING: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: with it browsers send `Origin: null` from our own forms.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds the headers that every response carries.
pub(crate) fn harden(headers: &mut HeaderMap) {
    for (name, value) in HARDENING {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Whether a request may change something, as far as where it comes from tells: reads may come
/// from anywhere, the rest only from a page of ours.
///
/// Browsers say `Sec-Fetch-Site` to HTTPS and to localhost only; on a LAN without TLS it is
/// `Origin` that decides, and `Referer` for what sends neither.
pub(crate) fn is_same_origin(method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let (Some(source), Some(host)) = (text("origin").or_else(|| text("referer")), text("host"))
    else {
        return false;
    };
    let source: Option<Uri> = source.parse().ok();
    let authority = source.as_ref().and_then(Uri::authority);
    authority.is_some_and(|authority| authority.as_str().eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, headers: &[(&'static str, &'static str)], expected: bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_static(value));
        }
        assert_eq!(is_same_origin(&method, &map), expected, "{method} {headers:?}");
    }

    #[test]
    fn only_our_own_pages_may_post() {
        let host = ("host", "192.168.1.3:5000");
        check(Method::GET, &[("sec-fetch-site", "cross-site")], true);
        check(Method::POST, &[("sec-fetch-site", "same-origin")], true);
        check(Method::POST, &[("sec-fetch-site", "none")], true);
        check(Method::POST, &[("sec-fetch-site", "same-site")], false);
        check(Method::POST, &[("sec-fetch-site", "cross-site")], false);
        check(Method::POST, &[host, ("origin", "http://192.168.1.3:5000")], true);
        check(Method::POST, &[host, ("origin", "http://192.168.1.3:5001")], false);
        check(Method::POST, &[host, ("origin", "http://192.168.1.3")], false);
        check(Method::POST, &[host, ("origin", "null")], false);
        check(Method::POST, &[host, ("origin", "http://evil/192.168.1.3:5000")], false);
        check(Method::POST, &[host, ("referer", "http://192.168.1.3:5000/pacote?ida=1")], true);
        check(Method::POST, &[host, ("referer", "http://evil/")], false);
        check(Method::POST, &[host], false);
        check(Method::POST, &[("origin", "http://192.168.1.3:5000")], false);
    }

    #[test]
    fn the_origin_of_a_fetch_wins_over_the_others() {
        check(
            Method::POST,
            &[("sec-fetch-site", "cross-site"), ("host", "a"), ("origin", "http://a")],
            false,
        );
    }
}
