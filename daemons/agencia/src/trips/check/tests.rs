//! Every violation made by hand, and every state that only looks like one.

use super::*;
use serde_json::{Value, json};

const TRIP: &str = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11";

fn daemons() -> BTreeSet<DaemonName> {
    ["voos", "hospedagens", "passeios"].map(|name| name.parse().unwrap()).into()
}

fn parts() -> Value {
    json!({"voos": [{"id": "v"}], "hospedagens": [{"id": "h", "noites": 2}]})
}

/// What a daemon says: where its part is, and what else.
fn says(state: &str, fields: Value) -> Value {
    let mut view = json!({"viagem": TRIP, "estado": state, "itens": []});
    view.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    view
}

/// The anchor, having decided so, with its own part where that puts it.
fn anchor(state: &str, outcome: &str, pending: Value) -> Value {
    let decision =
        json!({"desfecho": outcome, "quando": "2099-01-01T00:00:00Z", "pendentes": pending});
    says(
        state,
        json!({"pedido": [{"id": "v"}], "ancora": "voos", "partes": parts(), "decisao": decision}),
    )
}

/// The other part.
fn part(state: &str) -> Value {
    says(state, json!({"pedido": [{"id": "h", "noites": 2}], "ancora": "voos", "partes": parts()}))
}

fn found(
    answers: &[(&str, Value)],
    asked: &BTreeSet<DaemonName>,
    forgettable: bool,
) -> Vec<String> {
    let views: BTreeMap<DaemonName, View> = answers
        .iter()
        .map(|(name, view)| (name.parse().unwrap(), serde_json::from_value(view.clone()).unwrap()))
        .collect();
    let case = Case {
        trip: TRIP.parse().unwrap(),
        asked,
        views: views.iter().collect(),
        now: "2099-01-01T00:01:00Z".parse().unwrap(),
        forgettable,
    };
    let violations = case.violations(&daemons());
    violations.iter().map(|it| format!("{} {}", it.daemon, it.problem)).collect()
}

fn check(answers: &[(&str, Value)], expected: &[&str]) {
    let found = found(answers, &daemons(), false);
    assert_eq!(found.len(), expected.len(), "{answers:#?}: {found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{answers:#?}: {found}");
    }
}

#[test]
fn a_trip_that_is_booked_everywhere_is_right() {
    check(
        &[
            ("voos", anchor("confirmada", "confirmada", json!([]))),
            ("hospedagens", part("confirmada")),
        ],
        &[],
    );
}

#[test]
fn a_trip_that_is_being_finalised_is_right() {
    let pending = json!(["hospedagens"]);
    check(
        &[
            ("voos", anchor("confirmada", "confirmada", pending.clone())),
            ("hospedagens", part("fixa")),
        ],
        &[],
    );
    // It has asked by itself, and the anchor has not heard of that.
    check(
        &[
            ("voos", anchor("confirmada", "confirmada", pending.clone())),
            ("hospedagens", part("confirmada")),
        ],
        &[],
    );
    check(
        &[
            ("voos", anchor("solta", "cancelada", pending.clone())),
            ("hospedagens", part("confirmada")),
        ],
        &[],
    );
    check(&[("voos", anchor("solta", "cancelada", pending)), ("hospedagens", part("fixa"))], &[]);
}

#[test]
fn a_trip_that_is_not_decided_is_right() {
    let held = says("segura", json!({"pedido": [{"id": "v"}], "expira": "2099-01-01T00:10:00Z"}));
    check(&[("voos", held.clone()), ("hospedagens", part("fixa"))], &[]);
    check(&[("hospedagens", part("fixa"))], &[]);
    check(&[("voos", held)], &[]);
}

#[test]
fn a_trip_that_came_to_nothing_is_right() {
    check(&[("voos", anchor("solta", "desfeita", json!([]))), ("hospedagens", part("solta"))], &[]);
    check(&[("voos", anchor("solta", "desfeita", json!([]))), ("hospedagens", part("fixa"))], &[]);
    check(
        &[("voos", anchor("solta", "cancelada", json!([]))), ("hospedagens", part("solta"))],
        &[],
    );
}

#[test]
fn a_part_that_is_booked_without_its_anchor_is_wrong() {
    let wrong = ["hospedagens is booked, and its anchor voos has not"];
    check(&[("hospedagens", part("confirmada"))], &wrong);
    check(
        &[("voos", anchor("solta", "desfeita", json!([]))), ("hospedagens", part("confirmada"))],
        &wrong,
    );
    let held = says("segura", json!({"pedido": [{"id": "v"}], "expira": "2099-01-01T00:10:00Z"}));
    check(&[("voos", held), ("hospedagens", part("confirmada"))], &wrong);
    check(
        &[("passeios", says("confirmada", json!({})))],
        &["passeios is booked, and its anchor (nobody)"],
    );
}

#[test]
fn a_part_that_is_booked_after_the_cancellation_was_acknowledged_is_wrong() {
    check(
        &[("voos", anchor("solta", "cancelada", json!([]))), ("hospedagens", part("confirmada"))],
        &["hospedagens is booked, and the trip is cancelled"],
    );
}

#[test]
fn a_part_that_is_pinned_after_the_booking_was_acknowledged_is_wrong() {
    check(
        &[("voos", anchor("confirmada", "confirmada", json!([]))), ("hospedagens", part("fixa"))],
        &["hospedagens is not there, and the trip is"],
    );
}

#[test]
fn a_booked_trip_without_one_of_its_parts_is_wrong() {
    for pending in [json!([]), json!(["hospedagens"])] {
        let voos = || ("voos", anchor("confirmada", "confirmada", pending.clone()));
        check(
            &[voos(), ("hospedagens", part("solta"))],
            &["hospedagens is released, and the trip is"],
        );
        check(&[voos()], &["hospedagens is not there, and the trip is"]);
        let held = says("segura", json!({"expira": "2099-01-01T00:10:00Z"}));
        check(&[voos(), ("hospedagens", held)], &["hospedagens is not there, and the trip is"]);
    }
    check(
        &[("voos", anchor("solta", "confirmada", json!([]))), ("hospedagens", part("confirmada"))],
        &["voos is released, and the trip is booked"],
    );
}

#[test]
fn a_part_with_other_items_is_wrong() {
    let mut other = part("confirmada");
    other["pedido"] = json!([{"id": "h", "noites": 3}]);
    check(
        &[("voos", anchor("confirmada", "confirmada", json!([]))), ("hospedagens", other)],
        &["hospedagens has other items"],
    );
}

#[test]
fn a_hold_is_wrong_only_well_after_its_deadline() {
    let held = |expires: &str| [("voos", says("segura", json!({"expira": expires})))];
    check(&held("2099-01-01T00:00:55.000Z"), &[]);
    check(&held("2099-01-01T00:00:54.999Z"), &["voos is held after its deadline"]);
}

#[test]
fn what_was_settled_by_hand_is_shown() {
    let mut forced = part("solta");
    forced["forcada"] =
        json!({"era": "fixa", "quando": "2099-01-01T00:00:00Z", "motivo": "o disco"});
    check(
        &[("hospedagens", forced)],
        &["hospedagens was settled by hand and no outcome has agreed with it: o disco"],
    );
}

#[test]
fn an_anchor_that_nobody_knows_is_wrong() {
    for state in ["fixa", "confirmada"] {
        let mut stray = part(state);
        stray["ancora"] = json!("carros");
        check(&[("hospedagens", stray)], &["hospedagens has the anchor carros, which is not in"]);
    }
}

#[test]
fn nothing_is_said_of_a_daemon_that_was_not_asked() {
    let only = |name: &str| BTreeSet::from([name.parse().unwrap()]);
    let booked = ("voos", anchor("confirmada", "confirmada", json!([])));
    assert_eq!(found(&[booked], &only("voos"), false), Vec::<String>::new());
    assert_eq!(
        found(&[("hospedagens", part("confirmada"))], &only("hospedagens"), false),
        Vec::<String>::new()
    );
}

#[test]
fn an_old_trip_may_be_forgotten_but_not_contradicted() {
    let booked = || ("voos", anchor("confirmada", "confirmada", json!([])));
    assert_eq!(found(&[booked()], &daemons(), true), Vec::<String>::new());
    assert_eq!(
        found(&[("hospedagens", part("confirmada"))], &daemons(), true),
        Vec::<String>::new()
    );
    assert_eq!(found(&[booked(), ("hospedagens", part("solta"))], &daemons(), true).len(), 1);
}
