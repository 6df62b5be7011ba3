//! The whole table: every request, every caller.

use super::*;
use std::collections::BTreeSet;

const NIL: &str = "\"viagem\":\"0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11\"";

/// A request and the roles that may make it; `None` where whoever can connect may.
type Line = (String, Option<&'static [Role]>);

fn table() -> Vec<Line> {
    use Role::{Administrator, Daemon, Web};
    const WEB: Option<&[Role]> = Some(&[Web]);
    const DAEMON: Option<&[Role]> = Some(&[Daemon]);
    const ADMINISTRATOR: Option<&[Role]> = Some(&[Administrator]);
    let items = r#"[{"id":"a","quantidade":1}]"#;
    let seal = "0".repeat(64);
    let travellers = r#"[{"nome":"Ana","sobrenome":"Souza"}]"#;
    let expires = "2026-12-24T12:00:00Z";
    let fields = [
        (r#""action":"x""#.to_owned(), None),
        (r#""action":"destinos""#.to_owned(), None),
        (r#""action":"calendario","cidade":"c","mes":"2026-12""#.to_owned(), None),
        (format!(r#""action":"ofertas","itens":{items}"#), None),
        (r#""action":"saude""#.to_owned(), None),
        (r#""action":"reservar","id":"a""#.to_owned(), WEB),
        (r#""action":"importar""#.to_owned(), ADMINISTRATOR),
        (format!(r#""action":"segurar",{NIL},"revisao":1,"itens":{items},"validade":60"#), WEB),
        (format!(r#""action":"prorrogar",{NIL},"ate":"{expires}""#), WEB),
        (format!(r#""action":"soltar",{NIL}"#), WEB),
        (
            format!(
                r#""action":"fixar",{NIL},"revisao":1,"ancora":"voos","partes":{{"voos":{items}}}"#
            ),
            WEB,
        ),
        (
            format!(
                r#""action":"decidir",{NIL},"partes":{{"voos":{items}}},"recibos":{{}},"viajantes":{travellers}"#
            ),
            WEB,
        ),
        (format!(r#""action":"desfecho",{NIL}"#), Some(&[Web, Daemon, Administrator])),
        (format!(r#""action":"desfecho",{NIL},"espera":0"#), DAEMON),
        (
            format!(r#""action":"aplicar",{NIL},"desfecho":"desfeita","prova":"{seal}""#),
            Some(&[Web, Daemon]),
        ),
        (format!(r#""action":"cotar_cancelamento",{NIL}"#), WEB),
        (format!(r#""action":"cancelar",{NIL},"cotacao":"100.9.ab""#), WEB),
        (format!(r#""action":"alterar",{NIL},"viajantes":{travellers}"#), WEB),
        (format!(r#""action":"consultar",{NIL}"#), Some(&[Web, Administrator])),
        (
            r#""action":"consultar","localizador":"VA9AAE","sobrenome":"Souza""#.to_owned(),
            Some(&[Web, Administrator]),
        ),
        (r#""action":"recuperar","servidor":"voos","encarnacao":1"#.to_owned(), DAEMON),
        (r#""action":"auditar""#.to_owned(), ADMINISTRATOR),
        (r#""action":"listar","filtro":"todas""#.to_owned(), ADMINISTRATOR),
        (format!(r#""action":"forcar",{NIL},"estado":"solta","motivo":"x""#), ADMINISTRATOR),
    ];
    fields.map(|(fields, roles)| (format!("{{{fields}}}"), roles)).into()
}

fn parse(body: &str) -> Request<'_> {
    Request::parse(body.as_bytes(), "x", "cidade").unwrap_or_else(|error| panic!("{body}: {error}"))
}

fn proven(roles: &[Role]) -> Caller {
    Caller::Proven(roles.iter().copied().collect())
}

const WHYS: [Why; 8] = [
    Why::NoTlsHere,
    Why::NoTlsHereTried,
    Why::InTheClear,
    Why::Certificate(Unproven::NoCertificate),
    Why::Certificate(Unproven::Expired),
    Why::Certificate(Unproven::NotYet),
    Why::Certificate(Unproven::Stranger),
    Why::Certificate(Unproven::NoRole),
];

#[test]
fn every_request_is_for_its_roles_and_for_this_host() {
    for (body, roles) in table() {
        let request = parse(&body);
        assert_eq!(check(&request, Caller::ThisHost), Ok(()), "{body}");
        for role in Role::ALL {
            let allowed = roles.is_none_or(|roles| roles.contains(&role));
            let checked = check(&request, proven(&[role]));
            assert_eq!(checked.is_ok(), allowed, "{body} by {role}: {checked:?}");
            if let Err(error) = checked {
                assert_eq!(error.code, Code::Unauthorised);
                assert!(error.message.ends_with(&format!("é do papel {role}")), "{error}");
            }
        }
        assert_eq!(check(&request, proven(&Role::ALL)), Ok(()), "{body}");
        for why in WHYS {
            assert_eq!(check(&request, Caller::Unproven(why)).is_ok(), roles.is_none(), "{body}");
        }
    }
}

#[test]
fn the_table_has_every_request() {
    let mut kinds = BTreeSet::new();
    for (body, _) in table() {
        kinds.insert(match parse(&body) {
            Request::Trip(message) => message.action(),
            Request::Search => "search",
            Request::Destinations => "destinos",
            Request::Calendar(_) => "calendario",
            Request::Offers(_) => "ofertas",
            Request::Reserve(_) => "reservar",
            Request::Import => "importar",
            Request::Health => "saude",
        });
    }
    // Seven of a daemon, and the fifteen messages of a trip.
    assert_eq!(kinds.len(), 7 + 15, "{kinds:?}");
}

#[test]
fn a_refusal_says_what_is_missing_each_its_own() {
    let body = format!(r#"{{"action":"soltar",{NIL}}}"#);
    let said: BTreeSet<_> = WHYS
        .into_iter()
        .map(|why| check(&parse(&body), Caller::Unproven(why)).unwrap_err().message)
        .collect();
    // Whether TLS was tried with a daemon that has none makes no difference here.
    assert_eq!(said.len(), WHYS.len() - 1, "{said:?}");
    assert!(said.iter().all(|message| message.contains("com o papel web: ")), "{said:?}");
    let body = format!(
        r#"{{"action":"aplicar",{NIL},"desfecho":"desfeita","prova":"{}"}}"#,
        "0".repeat(64)
    );
    let error = check(&parse(&body), Caller::Unproven(Why::InTheClear)).unwrap_err();
    assert!(error.message.contains("com o papel web ou servidor: "), "{error}");
}

#[test]
fn only_who_tried_tls_in_vain_is_told_of_it() {
    for why in WHYS {
        let error = no_frame(FrameError::Header, Caller::Unproven(why));
        assert_eq!(error.code, Code::InvalidHeader);
        assert_eq!(error.message.contains("não fala TLS"), why == Why::NoTlsHereTried);
    }
    let error = no_frame(FrameError::Empty, Caller::Unproven(Why::NoTlsHereTried));
    assert_eq!(error.code, Code::EmptyFrame);
}

#[test]
fn this_host_has_more_than_one_address() {
    for (peer, local) in [
        ("127.0.0.1:1", true),
        ("127.9.9.9:1", true),
        ("[::1]:1", true),
        ("[::ffff:127.0.0.1]:1", true),
        ("0.0.0.0:1", false),
        ("[::]:1", false),
        ("192.0.2.7:1", false),
    ] {
        assert_eq!(is_local(peer.parse().unwrap()), local, "{peer}");
    }
}
