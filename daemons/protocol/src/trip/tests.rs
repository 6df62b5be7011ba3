use super::*;
use crate::{Code, Locator, OfferId, People, TripId, WireError, parse_object};

const TRIP: &str = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11";

fn parse(body: &str) -> Result<TripMessage, WireError> {
    let action = body.split('"').nth(3).unwrap();
    TripMessage::parse(action, body.as_bytes()).expect("an action of a trip")
}

fn trip() -> TripId {
    TRIP.parse().unwrap()
}

fn item(id: &str) -> TripItem {
    let id: OfferId = id.parse().unwrap();
    TripItem { id, units: People::default(), nights: None, price: None }
}

fn traveller() -> Traveller {
    let (name, surname) = ("Ana".parse().unwrap(), "Souza".parse().unwrap());
    Traveller { name, surname, document: None }
}

fn parts() -> ByDaemon<Vec<TripItem>> {
    let part = |daemon: &str| (daemon.parse().unwrap(), vec![item("x1")]);
    [part("voos"), part("passeios")].into()
}

/// Every message, and the bytes that it is.
fn every_message() -> Vec<(TripMessage, String)> {
    let voos: DaemonName = "voos".parse().unwrap();
    let receipts = ByDaemon::from([("passeios".parse().unwrap(), "1.0.ab".parse().unwrap())]);
    let until: Timestamp = "2026-12-24T14:00:00.000Z".parse().unwrap();
    let contact: Option<Contact> = Some("ana@example.org".parse().unwrap());
    let proof: Proof = "voos.0.00.ab".parse().unwrap();
    let locator: Locator = "VA9AAE".parse().unwrap();
    let whole = r#"{"passeios":[{"id":"x1","quantidade":1}],"voos":[{"id":"x1","quantidade":1}]}"#;
    let people = r#"[{"nome":"Ana","sobrenome":"Souza"}]"#;
    let head = |action: &str| format!(r#"{{"action":"{action}","viagem":"{TRIP}""#);
    vec![
        (
            Hold::new(trip(), Revision(2), vec![item("x1")], 600).into(),
            format!(
                r#"{},"revisao":2,"itens":[{{"id":"x1","quantidade":1}}],"validade":600}}"#,
                head("segurar")
            ),
        ),
        (
            Extend::new(trip(), until).into(),
            format!(r#"{},"ate":"2026-12-24T14:00:00.000Z"}}"#, head("prorrogar")),
        ),
        (LetGo::new(trip()).into(), format!("{}}}", head("soltar"))),
        (
            Pin::new(trip(), Revision(2), voos.clone(), parts()).into(),
            format!(r#"{},"revisao":2,"ancora":"voos","partes":{whole}}}"#, head("fixar")),
        ),
        (
            Decide::new(trip(), parts(), receipts, vec![traveller()], contact.clone()).into(),
            format!(
                r#"{},"partes":{whole},"recibos":{{"passeios":"1.0.ab"}},"viajantes":{people},"contato":"ana@example.org"}}"#,
                head("decidir")
            ),
        ),
        (AskOutcome::new(trip(), Some(7)).into(), format!(r#"{},"espera":7}}"#, head("desfecho"))),
        (AskOutcome::new(trip(), None).into(), format!("{}}}", head("desfecho"))),
        (
            Apply::new(trip(), Outcome::Committed, proof, Some(locator)).into(),
            format!(
                r#"{},"desfecho":"confirmada","prova":"voos.0.00.ab","localizador":"VA9AAE"}}"#,
                head("aplicar")
            ),
        ),
        (
            QuoteCancellation::new(trip(), ByDaemon::new()).into(),
            format!("{}}}", head("cotar_cancelamento")),
        ),
        (
            QuoteCancellation::new(
                trip(),
                [("passeios".parse().unwrap(), "100.9.ab".parse().unwrap())].into(),
            )
            .into(),
            format!(r#"{},"cotacoes":{{"passeios":"100.9.ab"}}}}"#, head("cotar_cancelamento")),
        ),
        (
            Cancel::new(trip(), "100.9.ab".parse().unwrap()).into(),
            format!(r#"{},"cotacao":"100.9.ab"}}"#, head("cancelar")),
        ),
        (
            Alter::new(trip(), vec![traveller()], None).into(),
            format!(r#"{},"viajantes":{people}}}"#, head("alterar")),
        ),
        (Consult::by_trip(trip()).into(), format!("{}}}", head("consultar"))),
        (
            Consult::by_voucher(locator, "Souza".parse().unwrap()).into(),
            r#"{"action":"consultar","localizador":"VA9AAE","sobrenome":"Souza"}"#.to_owned(),
        ),
        (
            Recover::new(voos, Incarnation(1_800_000_000_000), Some(trip())).into(),
            format!(
                r#"{{"action":"recuperar","servidor":"voos","encarnacao":1800000000000,"desde":"{TRIP}"}}"#
            ),
        ),
        (Audit::new().into(), r#"{"action":"auditar"}"#.to_owned()),
        (
            Force::new(trip(), PartState::Released, "hotel fechou".parse().unwrap()).into(),
            format!(r#"{},"estado":"solta","motivo":"hotel fechou"}}"#, head("forcar")),
        ),
    ]
}

#[test]
fn what_is_written_is_read() {
    for (message, text) in every_message() {
        assert_eq!(serde_json::to_string(&message).unwrap(), text);
        assert_eq!(parse(&text).unwrap(), message);
        assert!(text.contains(&format!(r#""action":"{}""#, message.action())));
    }
}

#[test]
fn another_action_is_none_of_a_trips() {
    assert_eq!(TripMessage::parse("reservar", b"{}"), None);
}

/// Every message with a key that it does not have, with a key twice, and as a list.
#[test]
fn unknown_and_repeated_keys_are_refused_everywhere() {
    for (_, text) in every_message() {
        let check = |body: String, field: &str| {
            let error = parse(&body).unwrap_err();
            assert_eq!(error.field.as_deref(), Some(field), "{body}: {error}");
            assert!(!error.message.contains("expected"), "not in Portuguese: {error}");
        };
        let open = text.strip_suffix('}').unwrap();
        check(format!(r#"{open},"outra":1}}"#), "outra");
        for (key, value) in [("action", r#""x""#), ("viagem", r#""x""#)] {
            if text.contains(&format!(r#""{key}":"#)) {
                check(format!(r#"{open},"{key}":{value}}}"#), key);
            }
        }
    }
    let list = TripMessage::parse("soltar", b"[\"soltar\"]").unwrap();
    assert_eq!(list.unwrap_err().code, Code::InvalidJson);
}

fn check_field(body: &str, field: &str) {
    let error = parse(&body.replace("TRIP", TRIP)).unwrap_err();
    assert_eq!(
        (error.code, error.field.as_deref()),
        (Code::InvalidField, Some(field)),
        "{body}: {error}"
    );
}

#[test]
fn a_wrong_field_is_named() {
    for (body, field) in [
        (r#"{"action":"segurar","viagem":"TRIP","revisao":1,"itens":[],"validade":1}"#, "itens"),
        (
            r#"{"action":"segurar","viagem":"TRIP","revisao":1,"itens":[["x",1]],"validade":1}"#,
            "itens[0]",
        ),
        (
            r#"{"action":"segurar","viagem":"TRIP","revisao":1,"itens":[{"id":"x"},{"id":"é"}],"validade":1}"#,
            "itens[1].id",
        ),
        (
            r#"{"action":"segurar","viagem":"TRIP","revisao":1,"itens":[{"id":"x","id":"x"}],"validade":1}"#,
            "itens[0].id",
        ),
        (
            r#"{"action":"segurar","viagem":"TRIP","revisao":-1,"itens":[{"id":"x"}],"validade":1}"#,
            "revisao",
        ),
        (
            r#"{"action":"segurar","viagem":"TRIP","revisao":1,"itens":[{"id":"x"}],"validade":0}"#,
            "validade",
        ),
        (
            r#"{"action":"segurar","viagem":"TRIP","revisao":1,"itens":[{"id":"x"}],"validade":86401}"#,
            "validade",
        ),
        (r#"{"action":"segurar","revisao":1,"itens":[{"id":"x"}],"validade":1}"#, "viagem"),
        (r#"{"action":"prorrogar","viagem":"TRIP","ate":"2026-12-24"}"#, "ate"),
        (
            r#"{"action":"fixar","viagem":"TRIP","revisao":1,"ancora":"voos","partes":{"passeios":[{"id":"x"}]}}"#,
            "ancora",
        ),
        (r#"{"action":"fixar","viagem":"TRIP","revisao":1,"ancora":"voos","partes":{}}"#, "partes"),
        (
            r#"{"action":"fixar","viagem":"TRIP","revisao":1,"ancora":"voos","partes":{"voos":[]}}"#,
            "partes.voos",
        ),
        (
            r#"{"action":"fixar","viagem":"TRIP","revisao":1,"ancora":"voos","partes":{"voos":[{"id":"x"}],"voos":[{"id":"y"}]}}"#,
            "partes",
        ),
        (
            r#"{"action":"decidir","viagem":"TRIP","partes":{"voos":[{"id":"x"}]},"recibos":{},"viajantes":[]}"#,
            "viajantes",
        ),
        (
            r#"{"action":"decidir","viagem":"TRIP","partes":{"voos":[{"id":"x"}]},"recibos":{"a":"ü"},"viajantes":[{"nome":"A","sobrenome":"B"}]}"#,
            "recibos.a",
        ),
        (
            r#"{"action":"decidir","viagem":"TRIP","partes":{"voos":[{"id":"x"}]},"recibos":{},"viajantes":[{"nome":"A"}]}"#,
            "viajantes[0].sobrenome",
        ),
        (r#"{"action":"aplicar","viagem":"TRIP","desfecho":"indecisa","prova":"a"}"#, "desfecho"),
        (r#"{"action":"aplicar","viagem":"TRIP","desfecho":"talvez","prova":"a"}"#, "desfecho"),
        (r#"{"action":"consultar"}"#, "viagem"),
        (r#"{"action":"consultar","localizador":"VA9AAE"}"#, "sobrenome"),
        (
            r#"{"action":"consultar","viagem":"TRIP","localizador":"VA9AAE","sobrenome":"B"}"#,
            "viagem",
        ),
        (r#"{"action":"forcar","viagem":"TRIP","estado":"fixa","motivo":"m"}"#, "estado"),
        (r#"{"action":"forcar","viagem":"TRIP","estado":"solta","motivo":" "}"#, "motivo"),
    ] {
        check_field(body, field);
    }
}

/// Each limit, at the limit and one past it.
#[test]
fn lists_names_and_maps_have_limits() {
    let many = |one: &str, count: usize| vec![one; count].join(",");
    let hold = |count| {
        let items = many(r#"{"id":"x"}"#, count);
        format!(
            r#"{{"action":"segurar","viagem":"{TRIP}","revisao":1,"itens":[{items}],"validade":86400}}"#
        )
    };
    assert!(parse(&hold(ITEMS_MAX)).is_ok());
    check_field(&hold(ITEMS_MAX + 1), "itens");

    let alter = |count, name: &str, contact: &str| {
        let people = many(&format!(r#"{{"nome":"{name}","sobrenome":"S"}}"#), count);
        format!(
            r#"{{"action":"alterar","viagem":"{TRIP}","viajantes":[{people}],"contato":"{contact}"}}"#
        )
    };
    let (name, contact) = ("n".repeat(NAME_BYTES_MAX), "c".repeat(CONTACT_BYTES_MAX));
    assert!(parse(&alter(TRAVELLERS_MAX, &name, &contact)).is_ok());
    check_field(&alter(TRAVELLERS_MAX + 1, "n", "c"), "viajantes");
    check_field(&alter(1, &format!("{name}n"), "c"), "viajantes[0].nome");
    check_field(&alter(1, "a\\u0000b", "c"), "viajantes[0].nome");
    check_field(&alter(1, "n", &format!("{contact}c")), "contato");

    let pin = |count: usize| {
        let others: Vec<String> = (1..count).map(|n| format!(r#""d{n}":[{{"id":"x"}}]"#)).collect();
        let comma = if count > 1 { "," } else { "" };
        format!(
            r#"{{"action":"fixar","viagem":"{TRIP}","revisao":1,"ancora":"voos","partes":{{"voos":[{{"id":"x"}}]{comma}{}}}}}"#,
            others.join(",")
        )
    };
    assert!(parse(&pin(1)).is_ok() && parse(&pin(PARTS_MAX)).is_ok());
    check_field(&pin(PARTS_MAX + 1), "partes");

    let force = |reason: usize| {
        let reason = "r".repeat(reason);
        format!(r#"{{"action":"forcar","viagem":"{TRIP}","estado":"solta","motivo":"{reason}"}}"#)
    };
    assert!(parse(&force(REASON_BYTES_MAX)).is_ok());
    check_field(&force(REASON_BYTES_MAX + 1), "motivo");
}

#[test]
fn a_moment_has_one_spelling_and_may_come_in_any_zone() {
    let read = |text: &str| text.parse::<Timestamp>().ok().map(|at| at.to_string());
    assert_eq!(read("2026-12-24T11:00:00-03:00").as_deref(), Some("2026-12-24T14:00:00.000Z"));
    assert_eq!(read("1970-01-01T00:00:00Z").as_deref(), Some("1970-01-01T00:00:00.000Z"));
    assert_eq!(read("9999-12-31T23:59:59.999Z").as_deref(), Some("9999-12-31T23:59:59.999Z"));
    for text in ["1969-12-31T23:59:59Z", "2026-12-24", "2026-12-24T14:00:00", "agora"] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn a_refund_may_be_more_than_one_price_can_be() {
    for text in ["0,05R$", "42949672,96R$", "9906,00R$"] {
        assert_eq!(text.parse::<Refund>().unwrap().to_string(), text);
    }
    assert!("9906R$".parse::<Refund>().is_err());
}

#[test]
fn a_reply_survives_the_wire_and_may_say_more() {
    let reply = RecoverReply {
        incarnation: Incarnation(3),
        known: Incarnation(4),
        lives: [("passeios".parse().unwrap(), Incarnation(7))].into(),
        trips: vec![RecoveredTrip {
            trip: trip(),
            anchor: "voos".parse().unwrap(),
            parts: parts(),
            outcome: Outcome::Undecided,
            locator: None,
        }],
        more: true,
    };
    let text = serde_json::to_string(&reply).unwrap();
    assert_eq!(parse_object::<RecoverReply>(text.as_bytes()).unwrap(), reply);
    let more = text.replacen('{', r#"{"outra":1,"#, 1);
    assert_eq!(parse_object::<RecoverReply>(more.as_bytes()).unwrap(), reply);
    let part =
        r#"{"estado":"segura","expira":"2026-12-24T14:00:00.000Z","itens":[{"valor":"1,00R$"}]}"#;
    let read: PartReply<serde_json::Value> = parse_object(part.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), part);
}
