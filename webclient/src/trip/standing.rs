//! How a trip stands, as far as what the daemons say allows to tell. It never claims more: without
//! a decision nothing is booked, and without every daemon's word nothing is lost.

use super::known::{Known, SoldItem, View, strangers, unread};
use crate::daemons::Daemon;
use agencia_protocol::trip::{
    AbortReason, DecisionView, Outcome, PartState, Refund, Revision, Timestamp,
};
use agencia_trip::driver::PlannedPart;

/// How a trip stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Every daemon has answered and none knows it.
    Nothing,
    /// None that has answered knows it, but one has not.
    Silent,
    /// Everything is held and waits for the traveller.
    Held {
        /// What can be booked.
        parts: Vec<PlannedPart>,
        /// The version of the whole.
        revision: Revision,
        /// When the first part expires.
        deadline: Option<Timestamp>,
    },
    /// It is being decided, or somebody who would know does not answer.
    Undecided {
        /// What can be brought to an end again, when everybody has answered.
        parts: Option<Vec<PlannedPart>>,
        /// Whether somebody has begun to book it. While the parts that answer are only held, nobody
        /// has, unless it was booked without them.
        begun: bool,
    },
    /// It is booked.
    Booked {
        /// Who keeps the decision, if that is known and answers.
        anchor: Option<Daemon>,
        /// Whether every part knows it.
        settled: bool,
    },
    /// It was booked and then cancelled.
    Cancelled {
        /// What is given back.
        refund: Option<Refund>,
        /// Whether every part knows it.
        settled: bool,
    },
    /// It is not booked and cannot be any more.
    NotBooked {
        /// Why, if the anchor has said so.
        reason: Option<AbortReason>,
        /// Whether a part still has units, which it will give back by itself.
        rest: bool,
    },
}

/// What the answers, in the order of the daemons, mean together.
pub(crate) fn standing(known: &[Known]) -> Standing {
    let views = || known.iter().filter_map(|known| Some((known.daemon, known.view.as_ref()?)));
    let is_in = |state| move |(_, view): &(Daemon, &View)| view.state == state;
    let silent = known.iter().any(|known| known.view.is_none());
    if let Some((daemon, decision)) = decision(known) {
        let rest = views().any(|(_, view)| has_units(view));
        let acknowledged = decision.pending.is_empty();
        return match decision.outcome {
            Outcome::Committed => {
                let settled = acknowledged
                    && parts_of(known).iter().all(|(daemon, _)| {
                        view_of(known, *daemon)
                            .is_some_and(|view| view.state == PartState::Confirmed)
                    });
                Standing::Booked { anchor: Some(daemon), settled }
            }
            Outcome::Cancelled => {
                Standing::Cancelled { refund: decision.refund, settled: acknowledged && !rest }
            }
            Outcome::Aborted => Standing::NotBooked { reason: decision.reason, rest },
            // No daemon says so of a decision that it shows; if one did, it would promise nothing.
            Outcome::Undecided => Standing::Undecided { parts: None, begun: true },
        };
    }
    // A part is confirmed by the anchor's word alone, unless an administrator did it.
    if views().any(|(_, view)| view.state == PartState::Confirmed && !view.forced) {
        return Standing::Booked { anchor: None, settled: false };
    }
    if views().any(|(_, view)| matches!(view.state, PartState::Pinned | PartState::Confirmed)) {
        let parts = if silent { None } else { pinned(known) };
        return Standing::Undecided { parts, begun: true };
    }
    let is_gone = |view: &View| view.state == PartState::Released && !view.items.is_empty();
    let revision = views().filter(is_in(PartState::Held)).map(|(_, view)| view.revision).max();
    let Some(revision) = revision else {
        return match (views().any(|(_, view)| is_gone(view)), silent) {
            (false, false) => Standing::Nothing,
            (false, true) => Standing::Silent,
            (true, true) => Standing::Undecided { parts: None, begun: true },
            (true, false) => Standing::NotBooked { reason: None, rest: false },
        };
    };
    if silent {
        return Standing::Undecided { parts: None, begun: false };
    }
    // What was left out of a later version was let go on purpose; what is gone in the version that
    // is held has expired, and without it this is no longer the trip that was chosen.
    if views().any(|(_, view)| is_gone(view) && view.revision >= revision) {
        return Standing::NotBooked { reason: None, rest: true };
    }
    let held = views().filter(is_in(PartState::Held));
    let deadline = held.clone().filter_map(|(_, view)| view.expires).min();
    Standing::Held { parts: held.map(planned).collect(), revision, deadline }
}

/// The items of a trip that stands like this, in the order of the daemons.
pub(crate) fn items(known: &[Known], standing: &Standing) -> Vec<SoldItem> {
    let whole = parts_of(known);
    let held = |view: &View| view.state == PartState::Held;
    let mut items = Vec::new();
    for Known { daemon, view, .. } in known {
        let told = view.as_ref().filter(|view| !view.items.is_empty());
        let asked = whole.iter().find(|(of, _)| of == daemon).map(|(_, asked)| asked);
        match (standing, told, asked) {
            (Standing::Held { .. }, Some(view), _) if held(view) => {
                items.extend(view.items.clone())
            }
            (Standing::Held { .. }, ..) => {}
            (_, Some(view), Some(_)) => items.extend(view.items.clone()),
            (_, None, Some(asked)) => items.extend(unread(*daemon, asked)),
            // Never pinned: what is or was held, but for what was left out of a later version.
            (_, Some(view), None) if whole.is_empty() && is_latest(known, view) => {
                items.extend(view.items.clone());
            }
            _ => {}
        }
    }
    items
}

fn is_latest(known: &[Known], view: &View) -> bool {
    let others = known.iter().filter_map(|known| known.view.as_ref());
    others.filter(|other| !other.items.is_empty()).all(|other| other.revision <= view.revision)
}

/// The decision, if a daemon that has answered has one: of several, the one that books.
fn decision(known: &[Known]) -> Option<(Daemon, &DecisionView)> {
    let decisions = known.iter().filter_map(|known| {
        let decision = known.view.as_ref()?.decision.as_ref()?;
        Some((known.daemon, decision))
    });
    let rank = |outcome: Outcome| match outcome {
        Outcome::Committed => 0,
        Outcome::Cancelled => 1,
        Outcome::Aborted | Outcome::Undecided => 2,
    };
    decisions.min_by_key(|(_, decision)| rank(decision.outcome))
}

/// The whole trip as it was pinned, if somebody knows it.
fn parts_of(known: &[Known]) -> &[(Daemon, Vec<agencia_protocol::trip::TripItem>)] {
    let mut views = known.iter().filter_map(|known| known.view.as_ref());
    views.find_map(|view| view.parts.as_deref()).unwrap_or_default()
}

fn view_of(known: &[Known], daemon: Daemon) -> Option<&View> {
    known.iter().find(|known| known.daemon == daemon)?.view.as_ref()
}

fn has_units(view: &View) -> bool {
    matches!(view.state, PartState::Held | PartState::Pinned | PartState::Confirmed)
}

fn planned((daemon, view): (Daemon, &View)) -> PlannedPart {
    let items = view.items.iter().map(|item| item.asked.clone()).collect();
    PlannedPart { daemon: daemon.wire_name(), revision: view.revision, items }
}

/// The plan of a trip that somebody began to pin, if all of it is still held or pinned, and all of
/// it can be led from here.
fn pinned(known: &[Known]) -> Option<Vec<PlannedPart>> {
    let whole = parts_of(known);
    if !strangers(known).is_empty() {
        return None;
    }
    let part = |known: &Known| {
        if !whole.iter().any(|(daemon, _)| *daemon == known.daemon) {
            return None;
        }
        let live = |view: &&View| matches!(view.state, PartState::Held | PartState::Pinned);
        Some(known.view.as_ref().filter(live).map(|view| planned((known.daemon, view))))
    };
    let parts: Option<Vec<_>> = known.iter().filter_map(part).collect();
    parts.filter(|parts| parts.len() == whole.len() && !parts.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TRIP: &str = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11";

    /// What a daemon says; `null` says nothing.
    fn known(daemon: Daemon, said: Value) -> Known {
        let view = (!said.is_null()).then(|| {
            let mut reply = json!({ "viagem": TRIP });
            reply.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
            View::new(daemon, serde_json::from_value(reply).unwrap(), "")
        });
        Known { daemon, view, failure: None }
    }

    fn all(flights: Value, stays: Value, tours: Value) -> Vec<Known> {
        vec![
            known(Daemon::Flights, flights),
            known(Daemon::Stays, stays),
            known(Daemon::Tours, tours),
        ]
    }

    fn none() -> Value {
        json!({ "estado": "nenhuma" })
    }

    fn part(state: &str, revision: u32) -> Value {
        let mut part = json!({"estado": state, "revisao": revision, "pedido": [{"id": "x"}]});
        if state == "segura" {
            part["expira"] = json!("2027-01-01T12:00:00Z");
        }
        if ["fixa", "confirmada"].contains(&state) {
            part["ancora"] = json!("voos");
            part["partes"] = whole();
        }
        part
    }

    fn whole() -> Value {
        json!({"voos": [{"id": "x"}], "hospedagens": [{"id": "x"}]})
    }

    fn decided(outcome: &str, pending: Value) -> Value {
        let state = if outcome == "confirmada" { "confirmada" } else { "solta" };
        let mut part = part(state, 1);
        part["partes"] = whole();
        part["decisao"] =
            json!({"desfecho": outcome, "quando": "2027-01-01T12:00:00Z", "pendentes": pending});
        part
    }

    fn check(known: &[Known], expected: &str) {
        let found = match standing(known) {
            Standing::Nothing => "nothing".to_owned(),
            Standing::Silent => "silent".to_owned(),
            Standing::Held { parts, .. } => format!("held {}", parts.len()),
            Standing::Undecided { parts: None, begun: true } => "undecided".to_owned(),
            Standing::Undecided { parts: None, begun: false } => "held at least".to_owned(),
            Standing::Undecided { parts: Some(parts), .. } => format!("resumable {}", parts.len()),
            Standing::Booked { settled, .. } => format!("booked {settled}"),
            Standing::Cancelled { settled, .. } => format!("cancelled {settled}"),
            Standing::NotBooked { rest, .. } => format!("not booked {rest}"),
        };
        assert_eq!(found, expected, "{known:#?}");
    }

    #[test]
    fn what_is_held_can_be_booked_only_when_everybody_has_answered() {
        check(&all(none(), none(), none()), "nothing");
        check(&all(none(), none(), Value::Null), "silent");
        check(&all(part("segura", 1), part("segura", 1), none()), "held 2");
        check(&all(part("segura", 1), part("segura", 1), Value::Null), "held at least");
        check(&all(part("segura", 1), Value::Null, none()), "held at least");
    }

    #[test]
    fn what_was_left_out_is_no_loss_and_what_expired_is() {
        check(&all(part("segura", 2), part("solta", 1), none()), "held 1");
        check(&all(part("segura", 1), part("solta", 1), none()), "not booked true");
        check(&all(part("segura", 1), part("solta", 2), none()), "not booked true");
        check(&all(part("solta", 1), part("solta", 1), none()), "not booked false");
        check(&all(part("solta", 1), part("solta", 1), Value::Null), "undecided");
        // The mark of a part that never was.
        check(&all(part("segura", 1), json!({"estado": "solta"}), none()), "held 1");
        check(&all(none(), json!({"estado": "solta"}), none()), "nothing");
    }

    #[test]
    fn what_is_pinned_is_undecided_until_the_anchor_says_so() {
        check(&all(part("segura", 1), part("fixa", 1), none()), "resumable 2");
        check(&all(part("solta", 1), part("fixa", 1), none()), "undecided");
        check(&all(part("segura", 1), part("fixa", 1), Value::Null), "undecided");
        check(&all(Value::Null, part("fixa", 1), none()), "undecided");
        let forced = || {
            let mut part = part("confirmada", 1);
            part["forcada"] =
                json!({"era": "fixa", "quando": "2027-01-01T12:00:00Z", "motivo": "x"});
            part
        };
        check(&all(Value::Null, forced(), none()), "undecided");
    }

    #[test]
    fn the_anchors_decision_is_what_counts() {
        let yes = |pending| decided("confirmada", pending);
        check(&all(yes(json!([])), part("confirmada", 1), none()), "booked true");
        check(&all(yes(json!(["hospedagens"])), part("fixa", 1), none()), "booked false");
        check(&all(yes(json!([])), Value::Null, none()), "booked false");
        check(&all(Value::Null, part("confirmada", 1), none()), "booked false");
        check(&all(decided("cancelada", json!([])), part("solta", 1), none()), "cancelled true");
        let waits = decided("cancelada", json!(["hospedagens"]));
        check(&all(waits, part("confirmada", 1), none()), "cancelled false");
        check(&all(decided("desfeita", json!([])), part("solta", 1), none()), "not booked false");
        check(&all(decided("desfeita", json!([])), part("fixa", 1), none()), "not booked true");
        check(&all(decided("indecisa", json!([])), part("fixa", 1), none()), "undecided");
    }

    #[test]
    fn a_part_that_pages_do_not_know_is_counted_and_not_led() {
        let with_car = |mut part: Value| {
            part["partes"]["carros"] = json!([{"id": "gol"}, {"id": "uno"}]);
            part
        };
        let pinned = all(part("segura", 1), with_car(part("fixa", 1)), none());
        check(&pinned, "undecided");
        let [stranger] = strangers(&pinned) else { panic!("{pinned:#?}") };
        assert_eq!((stranger.name.as_str(), stranger.items), ("carros", 2));
        let booked = with_car(decided("confirmada", json!([])));
        check(&all(booked, with_car(part("confirmada", 1)), none()), "booked true");
        let waits = with_car(decided("confirmada", json!(["carros"])));
        check(&all(waits, with_car(part("confirmada", 1)), none()), "booked false");
        assert!(strangers(&all(part("segura", 1), part("fixa", 1), none())).is_empty());
    }

    #[test]
    fn the_items_of_a_booking_are_all_of_it_also_while_a_daemon_is_silent() {
        let count = |known: &[Known]| items(known, &standing(known)).len();
        assert_eq!(count(&all(decided("confirmada", json!([])), part("confirmada", 1), none())), 2);
        assert_eq!(count(&all(decided("confirmada", json!([])), Value::Null, none())), 2);
        assert_eq!(count(&all(Value::Null, part("confirmada", 1), none())), 2);
        assert_eq!(count(&all(part("segura", 2), part("solta", 1), none())), 1);
        assert_eq!(count(&all(part("solta", 2), part("solta", 1), none())), 1);
        assert_eq!(count(&all(part("solta", 1), part("solta", 1), none())), 2);
        assert_eq!(count(&all(part("segura", 1), part("segura", 1), Value::Null)), 2);
    }
}
