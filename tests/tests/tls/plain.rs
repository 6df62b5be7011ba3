//! Hosts without certificates: what works says so, and what does not says what is missing.

use crate::peer::tcp;
use crate::stage::{DAEMONS, Keys, LAN, Site};
use agencia_tests::http::{Browser, get};
use agencia_tests::keys::Certifier;
use agencia_tests::trio::offer_id;
use agencia_tests::wire::{check_error, code};
use agencia_tests::{Client, Kind};
use std::io::{Read, Write};

const SEARCH: &str = "/hospedagens?cidade=Altamira+%28PA%29&dataIda=2099-12-24&numeroDePessoas=1";

#[test]
fn a_daemon_without_a_certificate_serves_searches_and_says_so() {
    let none = tempfile::tempdir().unwrap();
    let site = Site::new(none.path(), "");
    let daemons = site.trio.start();
    for daemon in &daemons {
        let line = daemon.lines().wait_for("can be reached from other hosts");
        assert!(line.contains("searches only") && line.contains("agencia keys"), "{line}");
    }
    let hold = |kind: Kind| format!(r#"{{"action":"reservar","id":"{}"}}"#, offer_id(kind, 0));
    site.on(LAN, || {
        for kind in Kind::ALL {
            let mut client = Client::connect(site.trio.address(kind));
            let found = client.ask(kind.search(""));
            assert_eq!(found[kind.list()].as_array().map(Vec::len), Some(1), "{found}");
            let reply = client.ask(hold(kind));
            assert_eq!(code(&reply), Some("nao_autorizado"), "{reply}");
            let message = reply["erro"]["mensagem"].as_str().unwrap();
            assert!(message.contains("este servidor não tem certificado"), "{message}");
        }
    });
    // Whoever speaks TLS is answered in the clear, and told why.
    site.on(LAN, || {
        let mut stream = tcp(site.trio.address(Kind::Stays));
        stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03hello").unwrap();
        let mut reply = Vec::new();
        // The daemon does not read all that is sent after garbage.
        let _ = stream.read_to_end(&mut reply);
        let reply = String::from_utf8(reply).unwrap();
        let reply = agencia_tests::wire::parse(&reply[10..]);
        check_error(&reply, "cabecalho_invalido", "");
        assert!(reply["erro"]["mensagem"].as_str().unwrap().contains("não fala TLS"), "{reply}");
    });
    // Programs of the agency that have certificates trust no daemon that has none.
    let administrator = Certifier::new().folder("administrador");
    let (code, said) = site.command(LAN, administrator.path(), &["status"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("não fala TLS") || said.contains("speaks no TLS"), "{said}");
    let web = Certifier::new().folder("web");
    let web = site.web(web.path());
    let page = site.on(LAN, || get(web.address, SEARCH));
    assert_eq!(page.status, 503, "{}", page.text());
    let line = web.process.lines.wait_for("hospedagens did not answer for a page");
    assert!(line.contains("não fala TLS") || line.contains("speaks no TLS"), "{line}");
}

#[test]
fn a_web_client_without_a_certificate_searches_and_says_what_is_missing() {
    let (keys, none) = (Keys::make(), tempfile::tempdir().unwrap());
    let site = Site::new(&keys.daemons(), "");
    let _daemons = site.trio.start();
    let web = site.web(none.path());
    let line = web.process.lines.wait_for("is on another host and there is no ");
    for part in ["web.pem", "agencia keys export web", "agencia keys import"] {
        assert!(line.contains(part), "no {part:?} in {line}");
    }
    let page = site.on(LAN, || get(web.address, SEARCH));
    assert!(page.status == 200 && page.text().contains("Escolha seu hotel"), "{}", page.text());

    let page = site.on(LAN, || {
        let mut browser = Browser::default();
        let choice = format!("/pacote?pessoas=1&hospedagem={}", offer_id(Kind::Stays, 0));
        let review = browser.get(web.address, &choice);
        let (action, fields) = review.form("/pacote").unwrap();
        browser.post(web.address, &action, &fields)
    });
    assert!(!page.body.contains("nome1"), "nothing is held: {}", page.text());
    assert!(page.text().contains("Por enquanto, só pesquisa"), "{}", page.text());
    assert_eq!((page.status, page.header("refresh")), (503, None));
    let line = web.process.lines.wait_for("hospedagens takes nothing but searches from this host");
    for part in ["papel web", "sem TLS", "`agencia keys export web web.toml`"] {
        assert!(line.contains(part), "no {part:?} in {line}");
    }
    let left = site.on(DAEMONS, || {
        let mut client = Client::connect(site.trio.address(Kind::Stays));
        client.ask(Kind::Stays.search(""))["hospedagens"][0]["disponiveis"].as_u64()
    });
    assert_eq!(left, Some(100));
}

#[test]
fn programs_of_another_agency_are_told_that_they_are() {
    let keys = Keys::make();
    let site = Site::new(&keys.daemons(), "");
    let _daemons = site.trio.start();
    let stranger = Certifier::new().folder("administrador");
    let (code, said) = site.command(LAN, stranger.path(), &["status"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is not trusted: the certificate is not of this agency's"), "{said}");
}

#[test]
fn a_certificate_that_ends_soon_is_told_at_the_start() {
    let certifier = Certifier::new();
    let [daemons, pages] = ["servidor", "web"].map(|role| certifier.folder(role));
    let site = Site::new(daemons.path(), "");
    let daemon = site.trio.setup(Kind::Tours).start();
    let web = site.web(pages.path());
    for (lines, name) in [(daemon.lines(), "servidor.pem"), (&web.process.lines, "web.pem")] {
        let line = lines.wait_for(&format!("{name} ends in "));
        assert!(line.contains("days") && line.contains("agencia keys renew"), "{line}");
    }
}
