//! Static files, embedded in the program.
//!
//! Pages name them by a URL that carries a hash of their content, so that a browser may keep them
//! for ever and a new version is fetched at once.

use rust_embed::RustEmbed;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::LazyLock;
use warp::http::header::{self, HeaderMap, HeaderValue};
use warp::http::{Response as HttpResponse, StatusCode};
use warp::reply::Response;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Embedded;

struct Asset {
    bytes: &'static [u8],
    mime: String,
    /// The first sixteen hexadecimal digits of the content's SHA-256.
    hash: String,
    url: String,
}

static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let load = |path: &str| {
        let file = Embedded::get(path)?;
        let mut hash = String::new();
        for byte in &file.metadata.sha256_hash()[..8] {
            // Writing to a string cannot fail.
            let _ = write!(hash, "{byte:02x}");
        }
        let url = format!("/static/{path}?v={hash}");
        let mime = file.metadata.mimetype().to_owned();
        // Once, at the first request: every file lives as long as the process.
        let bytes = match path.ends_with(".css") {
            true => without_layout(&String::from_utf8_lossy(&file.data)).into_bytes(),
            false => file.data.into_owned(),
        };
        let bytes = Vec::leak(bytes);
        Some(Asset { bytes, mime, hash, url })
    };
    Embedded::iter().filter_map(|path| Some((path.to_string(), load(&path)?))).collect()
});

/// A style sheet without what only its readers need: comments, and space around what is punctuated.
fn without_layout(css: &str) -> String {
    let mut rest = css;
    let mut bare = String::with_capacity(css.len());
    while let Some((before, comment)) = rest.split_once("/*") {
        bare += before;
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    bare += rest;
    let mut bare = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    for mark in ["{", "}", ";", ",", ">"] {
        bare = bare.replace(&format!("{mark} "), mark).replace(&format!(" {mark}"), mark);
    }
    bare.replace(": ", ":").replace(";}", "}")
}

/// The URL of a file, for pages.
pub(crate) fn url(path: &str) -> &'static str {
    ASSETS.get(path).map_or("", |asset| &asset.url)
}

/// Answers a request for a file; nothing when there is none of that name. `version` is the hash
/// that the URL carries.
pub(crate) fn serve(path: &str, version: &str, headers: &HeaderMap) -> Option<Response> {
    let asset = ASSETS.get(path)?;
    let etag = format!("\"{}\"", asset.hash);
    let cache = match version == asset.hash {
        true => "public, max-age=31536000, immutable",
        false => "public, max-age=60",
    };
    let fresh = headers.get(header::IF_NONE_MATCH).is_some_and(|known| names(known, &etag));
    let builder = HttpResponse::builder()
        .header(header::ETAG, &etag)
        .header(header::CACHE_CONTROL, cache)
        .header(header::CONTENT_TYPE, &asset.mime);
    let response = match fresh {
        true => builder.status(StatusCode::NOT_MODIFIED).body("".into()),
        false => builder.body(asset.bytes.into()),
    };
    Some(response.expect("a response of known headers"))
}

/// Whether `If-None-Match` names this tag; weak and strong tags are the same here.
fn names(known: &HeaderValue, etag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    known
        .split(',')
        .any(|tag| matches!(tag.trim(), tag if tag == "*" || tag.trim_start_matches("W/") == etag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_pages_name_is_there() {
        for path in ["site.css", "favicon.svg", "robots.txt", "contagem.js", "envio.js"] {
            assert!(url(path).starts_with(&format!("/static/{path}?v=")), "{path}");
        }
    }

    #[test]
    fn a_style_sheet_is_sent_without_its_layout() {
        let css = "/* Look. */\n:root {\n  --ink: #000;\n\n  color: var(--ink);\n}\n@media print { a { b: c; } }\n";
        let bare = ":root{--ink:#000;color:var(--ink)}@media print{a{b:c}}";
        assert_eq!(without_layout(css), bare);
    }

    #[test]
    fn a_tag_is_found_in_a_list() {
        for (known, expected) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
        ] {
            assert_eq!(names(&HeaderValue::from_static(known), "\"a\""), expected, "{known}");
        }
    }
}
