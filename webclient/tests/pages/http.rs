//! The HTTP side: headers, static files, limits, deadlines.

use crate::support::fake::Mood;
use crate::support::http::{FORM, Reply, ask, connect, encode, request, request_to};
use crate::support::{Agency, PATIENCE, Visitor, Web};
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

/// Reads until the server closes the connection.
fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    stream.read_to_end(&mut bytes).ok();
    bytes
}

fn check_hardened(reply: &Reply, what: &str) {
    let policy =
        reply.header("content-security-policy").unwrap_or_else(|| panic!("no CSP on {what}"));
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{what}"
    );
    assert!(!policy.contains("unsafe"), "{what}");
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{what}");
}

#[test]
fn every_answer_is_hardened() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[http]\nuri_bytes_max = 300\nbody_bytes_max = 100\n");
    for (target, status) in [
        ("/", 200),
        ("/pacote", 200),
        ("/voos", 400),
        ("/nada", 404),
        ("/static/nada.css", 404),
        ("/static/../src/lib.rs", 404),
        ("/saude", 200),
        ("/robots.txt", 200),
        ("/favicon.ico", 200),
        ("/static/site.css", 200),
    ] {
        let reply = web.get(target);
        assert_eq!(reply.status, status, "{target}");
        check_hardened(&reply, target);
        assert!(reply.header("referrer-policy").is_some());
    }
    let long = web.get(&format!("/?x={}", "y".repeat(300)));
    assert_eq!(long.status, 414);
    check_hardened(&long, "414");
    let large = web.post("/pacote", &"x".repeat(101));
    assert_eq!(large.status, 413);
    check_hardened(&large, "413");
    let wrong = ask(web.address, &request("PUT", "/", &[("sec-fetch-site", "none")], ""));
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET, HEAD")));
    check_hardened(&wrong, "405");
    let other = ask(
        web.address,
        &request(
            "POST",
            "/pacote",
            &[("sec-fetch-site", "none"), ("content-type", "text/plain")],
            "x",
        ),
    );
    assert_eq!(other.status, 415);
    check_hardened(&other, "415");
}

#[test]
fn a_wrong_method_is_told_those_that_the_path_takes() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let trip = "/viagem/0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11";
    for (path, allowed) in [
        ("/voos", "GET, HEAD"),
        ("/static/site.css", "GET, HEAD"),
        ("/pacote", "GET, HEAD, POST"),
        ("/viagem", "GET, HEAD, POST"),
        (trip, "GET, HEAD, POST"),
        (&format!("{trip}/agenda.ics"), "GET, HEAD"),
        (&format!("{trip}/alterar"), "GET, HEAD, POST"),
        (&format!("{trip}/cancelar"), "GET, HEAD, POST"),
        (&format!("{trip}/desistir"), "POST"),
        ("/idioma", "POST"),
    ] {
        let told = |method: &str| {
            let text =
                request(method, path, &[("sec-fetch-site", "none"), ("content-type", FORM)], "");
            ask(web.address, &text)
        };
        let wrong = told("PUT");
        assert_eq!((wrong.status, wrong.header("allow")), (405, Some(allowed)), "{path}");
        for method in ["GET", "HEAD", "POST"] {
            let taken = told(method).status != 405;
            assert_eq!(taken, allowed.contains(method), "{method} {path}");
        }
    }
}

#[test]
fn pages_have_nothing_inline_that_the_policy_forbids() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    for target in
        ["/", "/hospedagem", "/passeio", "/pacote?ida=ida1&passeio=orla", "/voos", "/nada"]
    {
        web.get(target).says_not(&[
            "<script>",
            "style=",
            "<style",
            "javascript:",
            " onclick",
            "http://",
            "https://",
        ]);
    }
}

#[test]
fn a_limit_holds_at_the_limit() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[http]\nuri_bytes_max = 300\nbody_bytes_max = 100\n");
    let fitting = format!("/?x={}", "y".repeat(300 - 4));
    assert_eq!(fitting.len(), 300);
    assert_eq!(web.get(&fitting).status, 200);
    // Read, and found to be no purchase.
    assert_eq!(web.post("/pacote", &"x".repeat(100)).status, 400);
    // Without a length the limit counts what arrives.
    let origin = format!("http://{}", web.address);
    let headers =
        [("origin", origin.as_str()), ("content-type", FORM), ("transfer-encoding", "chunked")];
    let head = request_to(web.address, "POST", "/pacote", &headers, "");
    let chunked = |bytes: usize| {
        let body = format!("{bytes:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(bytes));
        ask(web.address, &format!("{head}{body}")).status
    };
    assert_eq!(chunked(100), 400);
    assert_eq!(chunked(101), 413);
}

#[test]
fn a_head_is_not_larger_than_32_kib() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let with = |bytes| {
        let text = request("GET", "/saude", &[("x-long", &"y".repeat(bytes))], "");
        ask(web.address, &text).status
    };
    assert_eq!((with(31 * 1024), with(33 * 1024)), (200, 431));
}

#[test]
fn another_sites_form_buys_nothing() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut ana = Visitor::default();
    let form = encode(&ana.get(&web, "/pacote?passeio=orla").form());
    let cookie = ana.cookie.clone().unwrap();
    for headers in [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", "http://evil.example")],
        vec![("origin", "null")],
        vec![],
    ] {
        let mut headers = headers;
        headers.extend([("content-type", FORM), ("cookie", &cookie)]);
        for path in ["/pacote", "/viagem", "/viagem/x", "/viagem/x/cancelar"] {
            let reply = ask(web.address, &request_to(web.address, "POST", path, &headers, &form));
            assert_eq!(reply.status, 403, "{headers:?}");
            reply.says(&["Nada foi comprado."]);
        }
    }
    assert_eq!(agency.tours.left("orla"), 8);
    assert_eq!(ana.post(&web, "/pacote", &form).status, 303);
    assert_eq!(agency.tours.left("orla"), 7);
}

#[test]
fn a_file_is_sent_once_and_kept() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let page = web.get("/").body;
    let url = page.split("href=\"").find(|rest| rest.starts_with("/static/site.css")).unwrap();
    let url = url.split('"').next().unwrap();
    let first = web.get(url);
    assert_eq!(first.status, 200);
    assert!(first.header("content-type").unwrap().starts_with("text/css"));
    assert_eq!(first.header("cache-control"), Some("public, max-age=31536000, immutable"));
    let tag = first.header("etag").unwrap().to_owned();
    let again = ask(web.address, &request("GET", url, &[("if-none-match", &tag)], ""));
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(again.header("etag"), Some(tag.as_str()));
    let other = ask(web.address, &request("GET", url, &[("if-none-match", "\"x\"")], ""));
    assert_eq!(other.status, 200);
    for target in ["/static/site.css", "/static/site.css?v=0123456789abcdef"] {
        assert_eq!(web.get(target).header("cache-control"), Some("public, max-age=60"), "{target}");
    }
    assert_eq!(web.get("/favicon.ico").header("content-type"), Some("image/svg+xml"));
    web.get("/robots.txt").says(&["Disallow: /"]);
}

#[test]
fn a_page_and_its_assets_are_small() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let assets = web.get("/static/site.css").body.len() + web.get("/favicon.ico").body.len();
    for target in [
        "/",
        "/hospedagem",
        "/passeio",
        "/pacote?ida=ida1&hospedagem=quarto6&passeio=orla",
        "/nada",
    ] {
        let bytes = web.get(target).body.len() + assets;
        assert!(bytes < 60_000, "{target}: {bytes} bytes");
    }
}

#[test]
fn the_health_of_the_process_needs_no_daemon() {
    let agency = Agency::start();
    agency.flights.mood(Mood::Down);
    let web = Web::start(&agency, "");
    let reply = web.get("/saude");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    reply.says(&["\"pronto\":true"]);
}

#[test]
fn head_is_get_without_the_body() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let reply = ask(web.address, &request("HEAD", "/", &[], ""));
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    assert_eq!(reply.header("content-length"), Some(web.get("/").body.len().to_string().as_str()));
}

#[test]
fn a_dripping_client_is_closed() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[http]\nhead_secs = 1\n");
    let mut stream = connect(web.address);
    let mut dripping = stream.try_clone().unwrap();
    let drip = std::thread::spawn(move || {
        for byte in request("GET", "/", &[("x", &"y".repeat(4000))], "").bytes() {
            if dripping.write_all(&[byte]).is_err() {
                return true;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        false
    });
    let mut nothing = [0; 1];
    assert!(matches!(stream.read(&mut nothing), Ok(0) | Err(_)), "a dripping client was answered");
    drop(stream);
    assert!(drip.join().unwrap(), "a dripping client was read to the end");
}

#[test]
fn a_dripping_body_is_answered_and_closed() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[http]\nbody_secs = 1\n");
    let mut stream = connect(web.address);
    let origin = format!("http://{}", web.address);
    let headers = [("origin", origin.as_str()), ("content-type", FORM), ("content-length", "50")];
    stream.write_all(request_to(web.address, "POST", "/pacote", &headers, "").as_bytes()).unwrap();
    stream.write_all(b"ida=").unwrap();
    let reply = Reply::parse(&rest(stream));
    assert_eq!(reply.status, 408);
    check_hardened(&reply, "408");
}

#[test]
fn a_connection_above_the_limit_is_told_so() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[http]\nconnections_max = 2\n");
    let ask_on = |stream: &mut TcpStream| {
        stream.write_all(b"GET /saude HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).unwrap();
        Reply::parse(&bytes[..count])
    };
    let (mut one, mut two) = (connect(web.address), connect(web.address));
    assert_eq!((ask_on(&mut one).status, ask_on(&mut two).status), (200, 200));
    let refused = web.get("/saude");
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").is_some());
    check_hardened(&refused, "503");
    refused.says(&["Tente de novo em alguns segundos.\n", "Try again in some seconds.\n"]);
    web.get("/saude");
    let log = web.log_with("2 connections are open");
    let told = log.iter().filter(|line| line.contains("connections_max")).count();
    assert_eq!(told, 1, "a crowd is logged once: {log:?}");
    // The others are served on, and a place that is given up is taken again.
    assert_eq!(ask_on(&mut one).status, 200);
    two.shutdown(Shutdown::Both).unwrap();
    let began = std::time::Instant::now();
    while web.get("/saude").status != 200 {
        assert!(began.elapsed() < PATIENCE, "the place was not freed");
    }
}

#[test]
fn a_visitor_who_stops_reading_is_cut_off() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[http]\nwrite_secs = 1\nconnections_max = 1\n");
    let mut deaf = connect(web.address);
    deaf.set_write_timeout(Some(std::time::Duration::from_millis(500))).unwrap();
    // More answers than the buffers of both sides hold, and none is read.
    let many = "GET /static/site.css HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200);
    while deaf.write_all(many.as_bytes()).is_ok() {}
    let began = std::time::Instant::now();
    while web.get("/saude").status != 200 {
        assert!(began.elapsed() < PATIENCE, "a deaf visitor keeps the only place");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// How much of what is sent to a visitor is taken by the visitor's own kernel, in bytes.
const OWN_BYTES: usize = 16 * 1024;

/// A connection that takes no more than some bytes while nothing is read.
fn connect_with_room(address: std::net::SocketAddr, bytes: usize) -> TcpStream {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    // The kernel takes twice of what is asked for.
    socket.set_recv_buffer_size(bytes / 2).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.into()
}

#[test]
fn few_pages_are_made_for_a_visitor_who_reads_none() {
    let agency = Agency::start();
    let web = Web::start(&agency, "[http]\nwrite_secs = 1\nconnections_max = 1\n");
    let mut deaf = connect_with_room(web.address, OWN_BYTES);
    let path = "/passeios?cidade=Altamira+%28PA%29&dataIda=2027-11-04&numeroDePessoas=1";
    let asked = 500;
    let many = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").repeat(asked);
    deaf.write_all(many.as_bytes()).unwrap();
    let began = std::time::Instant::now();
    while web.get("/saude").status != 200 {
        assert!(began.elapsed() < PATIENCE, "a deaf visitor keeps the only place");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let made = agency.tours.requests("passeio").len();
    let page = web.get(path).body.len();
    // What the server's kernel keeps, the page that goes over that, and the one that waits for it.
    let kept = 64 * 1024 + 2 * page;
    assert!(made > 1 && (made - 1) * page < kept + OWN_BYTES, "{made} pages of {page} bytes");
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let agency = Agency::start();
    let web = Web::start(&agency, "");
    let mut stream = connect(web.address);
    let one = "GET /saude HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(one.repeat(3).as_bytes()).unwrap();
    stream.write_all(one.replace("host: x", "host: x\r\nconnection: close").as_bytes()).unwrap();
    let text = String::from_utf8(rest(stream)).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200").count(), 4);
}
