//! What keeps a page from being abused by another site: headers, and the origin of a POST.

use std::net::IpAddr;
use warp::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use warp::http::{Method, Uri};

/// No frame, nothing from elsewhere and nothing inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src 'self'; \
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

/// Whether the visitor's own connection is encrypted, as a trusted proxy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Encrypted(pub(crate) bool);

impl Encrypted {
    /// What is known of this request.
    pub(crate) fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> Self {
        let is_trusted = trusted.iter().any(|one| one.to_canonical() == peer.to_canonical());
        let told = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
        Self(is_trusted && told.is_some_and(|told| told.eq_ignore_ascii_case("https")))
    }

    /// The name of a cookie: behind TLS one that only this host can set, and only there.
    pub(crate) fn cookie_name(self, name: &str) -> String {
        if self.0 { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// The value of `Set-Cookie` that keeps this for 400 days, as long as browsers keep any.
    pub(crate) fn cookie(self, name: &str, value: &str) -> HeaderValue {
        self.cookie_for(name, value, 400 * 24 * 60 * 60)
    }

    /// The same for so many seconds.
    pub(crate) fn cookie_for(self, name: &str, value: &str, secs: u32) -> HeaderValue {
        let name = self.cookie_name(name);
        let secure = if self.0 { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Max-Age={secs}; Path=/; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::try_from(text).expect("a cookie of ours is ASCII")
    }
}

/// Where a request comes from: the address of the connection, unless that is a proxy that is
/// trusted; then the last one in `X-Forwarded-For` that is not.
pub(crate) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let is_trusted = |address: &IpAddr| {
        trusted.iter().any(|trusted| trusted.to_canonical() == address.to_canonical())
    };
    if !is_trusted(&peer) {
        return peer;
    }
    let values: Vec<_> = headers.get_all("x-forwarded-for").into_iter().collect();
    let named = values.iter().rev().flat_map(|value| value.to_str().unwrap_or("?").rsplit(','));
    let mut nearest = peer;
    for name in named {
        // Whoever names something else is the last whose word counts.
        let Ok(address) = name.trim().parse() else { return nearest };
        nearest = address;
        if !is_trusted(&nearest) {
            return nearest;
        }
    }
    nearest
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

    #[test]
    fn a_cookie_behind_tls_is_for_this_host_and_tls_alone() {
        let proxy: IpAddr = "192.0.2.1".parse().unwrap();
        let of = |told: &'static str, trusted: &[IpAddr]| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-proto", HeaderValue::from_static(told));
            Encrypted::of(proxy, &headers, trusted)
        };
        assert_eq!(of("https", &[proxy]), Encrypted(true));
        assert_eq!(of("http", &[proxy]), Encrypted(false));
        assert_eq!(of("https", &[]), Encrypted(false));
        let text = |encrypted: Encrypted| encrypted.cookie("a", "b").to_str().unwrap().to_owned();
        assert!(text(Encrypted(true)).starts_with("__Host-a=b; "));
        assert!(text(Encrypted(true)).ends_with("; Secure"));
        assert!(text(Encrypted(false)).starts_with("a=b; Max-Age="));
        assert!(!text(Encrypted(false)).contains("Secure"));
    }

    #[test]
    fn only_a_trusted_proxy_says_where_a_request_comes_from() {
        let check = |peer: &str, trusted: &[&str], forwarded: &[&'static str], expected: &str| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", HeaderValue::from_static(value));
            }
            let trusted: Vec<_> = trusted.iter().map(|address| address.parse().unwrap()).collect();
            let found = client(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(
                found,
                expected.parse::<IpAddr>().unwrap(),
                "{peer} {trusted:?} {forwarded:?}"
            );
        };
        check("192.0.2.1", &[], &["203.0.113.9"], "192.0.2.1");
        check("192.0.2.1", &["192.0.2.2"], &["203.0.113.9"], "192.0.2.1");
        check("192.0.2.1", &["192.0.2.1"], &["203.0.113.9"], "203.0.113.9");
        check("::ffff:192.0.2.1", &["192.0.2.1"], &["203.0.113.9"], "203.0.113.9");
        // What the visitor made up stands to the left.
        check("192.0.2.1", &["192.0.2.1"], &["198.51.100.1, 203.0.113.9"], "203.0.113.9");
        check("192.0.2.1", &["192.0.2.1"], &["198.51.100.1", "203.0.113.9"], "203.0.113.9");
        let both = ["192.0.2.1", "192.0.2.2"];
        check("192.0.2.1", &both, &["198.51.100.1, 203.0.113.9, 192.0.2.2"], "203.0.113.9");
        check("192.0.2.1", &["192.0.2.1"], &[], "192.0.2.1");
        check("192.0.2.1", &["192.0.2.1"], &["unknown"], "192.0.2.1");
        check("192.0.2.1", &both, &["203.0.113.9, x, 192.0.2.2"], "192.0.2.2");
    }
}
