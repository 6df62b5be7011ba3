//! Whoever proves nothing, or something else, may search and no more, and is told what is missing.

use crate::peer::{Peer, Proof};
use crate::stage::{Keys, LAN, Site};
use agencia_keys::Issued;
use agencia_tests::Kind;
use agencia_tests::keys::Certifier;
use agencia_tests::trio::offer_id;
use agencia_tests::wire::code;
use uuid::Uuid;

/// A role, and what asks for something that is for it.
const FOR_ROLES: [(&str, &str); 6] = [
    (
        "web",
        r#"{"action":"segurar","viagem":TRIP,"revisao":1,"itens":[{"id":OFFER,"quantidade":1}],"validade":60}"#,
    ),
    ("web", r#"{"action":"reservar","id":OFFER}"#),
    ("administrador", r#"{"action":"auditar"}"#),
    ("administrador", r#"{"action":"listar","filtro":"todas"}"#),
    ("administrador", r#"{"action":"importar"}"#),
    ("servidor", r#"{"action":"recuperar","servidor":"OTHER","encarnacao":1}"#),
];

fn filled(request: &str, kind: Kind) -> String {
    let other = if kind == Kind::Flights { Kind::Stays } else { Kind::Flights };
    let quoted = |text: String| format!("\"{text}\"");
    request
        .replace("TRIP", &quoted(Uuid::now_v7().to_string()))
        .replace("OFFER", &quoted(offer_id(kind, 0)))
        .replace("OTHER", other.name())
}

/// Checks that a peer may search, and nothing else but what is for this role.
fn check(site: &Site, authority: &str, proof: Proof<'_>, role: Option<&str>, lacks: &str) {
    for kind in Kind::ALL {
        let address = site.trio.address(kind);
        let mut peer = Peer::connect(address, authority, proof);
        let found = peer.ask(&kind.search(""));
        assert_eq!(found[kind.list()].as_array().map(Vec::len), Some(1), "{lacks}: {found}");
        for (needed, request) in FOR_ROLES {
            let request = filled(request, kind);
            let reply = peer.ask(&request);
            if role == Some(needed) {
                assert_ne!(code(&reply), Some("nao_autorizado"), "{request}: {reply}");
                continue;
            }
            assert_eq!(code(&reply), Some("nao_autorizado"), "{lacks}: {request}: {reply}");
            let message = reply["erro"]["mensagem"].as_str().unwrap();
            assert!(message.contains(&format!("papel {needed}")), "{request}: {message}");
            assert!(message.ends_with(lacks), "{request}: {message}");
        }
        // Whoever was refused can go on.
        assert_eq!(peer.ask(r#"{"action":"saude"}"#)["pronto"], true);
    }
}

#[test]
fn a_trip_message_needs_the_agencys_certificate_of_its_role_and_a_search_none() {
    let keys = Keys::make();
    let site = Site::new(&keys.daemons(), "");
    let _daemons = site.trio.start();
    let (agency, other) = (Certifier::of(&keys.daemons()), Certifier::new());
    let authority = std::fs::read_to_string(keys.web().join("autoridade.pem")).unwrap();
    let refused: [(Option<Issued>, &str); 5] = [
        (None, "nenhum foi apresentado"),
        (Some(other.issue("web", -1, 9)), "o que foi apresentado é de outra autoridade"),
        (Some(agency.issue("web", -9, -1)), "o que foi apresentado expirou"),
        (
            Some(agency.issue("web", 1, 9)),
            "o que foi apresentado ainda não vale, ou o relógio de uma das máquinas está errado",
        ),
        (Some(agency.issue("gerente", -1, 9)), "o que foi apresentado não diz papel nenhum"),
    ];
    site.on(LAN, || {
        let clear = "a conexão veio sem TLS, e assim outra máquina só pesquisa";
        check(&site, &authority, Proof::InTheClear, None, clear);
        for (issued, lacks) in &refused {
            let proof = issued.as_ref().map_or(Proof::None, Proof::Shows);
            check(&site, &authority, proof, None, lacks);
        }
        // The right one opens what is its own, and nothing else.
        for role in ["web", "servidor", "administrador"] {
            let issued = agency.issue(role, -1, 9);
            let lacks = format!("é do papel {role}");
            check(&site, &authority, Proof::Shows(&issued), Some(role), &lacks);
        }
    });
}
