//! `agencia force-release`: a part is settled by hand.

use super::fetch::{Daemons, View, told};
use crate::ask::{Known, Places, asking};
use crate::cli::ForceRelease;
use crate::error::CommandError;
use crate::table::print;
use agencia_protocol::TripId;
use agencia_protocol::trip::{DaemonName, Force, PartState, StateReply};
use std::process::ExitCode;

pub(crate) fn run(options: &ForceRelease, places: Places<'_>) -> Result<ExitCode, CommandError> {
    let known = Known::load(places)?;
    asking(async |spawn| {
        let daemons = Daemons::new(&known, spawn);
        if let Some(name) = &options.daemon {
            known.named(name)?;
        }
        let answers = told(daemons.consult::<serde_json::Value>(options.id).await, &mut true);
        let daemon = match &options.daemon {
            Some(name) => name.parse().expect("pares.toml names daemons as the wire does"),
            None => waiting(options.id, &answers)?,
        };
        let state = if options.confirm { PartState::Confirmed } else { PartState::Released };
        for warning in warnings(&daemon, state, &answers) {
            eprintln!("agencia: {warning}");
        }
        let pool = daemons.get(&daemon).expect("it is in pares.toml");
        let force = Force::new(options.id, state, options.reason.clone());
        let StateReply { state: is } = pool.write(&force).await?.value;
        if is != state {
            let (trip, state) = (options.id, word(is));
            return Err(CommandError::NotSettled { trip, daemon: daemon.to_string(), state });
        }
        print(&format!(
            "{daemon}: the part of {} is now {} by hand; `agencia indoubt` shows it until the \
             anchor's outcome agrees with it",
            options.id,
            word(is)
        ))?;
        Ok(ExitCode::SUCCESS)
    })
}

/// The one daemon whose part waits for its outcome.
fn waiting(trip: TripId, answers: &[(DaemonName, View)]) -> Result<DaemonName, CommandError> {
    let mut pinned = answers.iter().filter(|(_, view)| view.state == PartState::Pinned);
    match (pinned.next(), pinned.next()) {
        (Some((daemon, _)), None) => Ok(daemon.clone()),
        (first, _) => Err(CommandError::WhichPart { trip, several: first.is_some() }),
    }
}

/// What an operator should know before another daemon is contradicted.
fn warnings(daemon: &DaemonName, to: PartState, answers: &[(DaemonName, View)]) -> Vec<String> {
    use agencia_protocol::trip::Outcome::{Aborted, Cancelled, Committed};
    let told = |(anchor, view): &(DaemonName, View)| {
        let outcome = view.decision.as_ref()?.outcome;
        let (booked, contradicted) = match outcome {
            Committed => ("booked", to == PartState::Released),
            Aborted => ("decided against", to == PartState::Confirmed),
            Cancelled => ("cancelled", to == PartState::Confirmed),
            agencia_protocol::trip::Outcome::Undecided => return None,
        };
        let anchor = if anchor == daemon { "it".to_owned() } else { anchor.to_string() };
        contradicted.then(|| format!("warning: {anchor} has {booked} this trip"))
    };
    answers.iter().filter_map(told).collect()
}

/// Where a part is, in an operator's words.
pub(super) fn word(state: PartState) -> &'static str {
    match state {
        PartState::None => "unknown",
        PartState::Held => "held",
        PartState::Pinned => "pinned",
        PartState::Confirmed => "booked",
        PartState::Released => "released",
        PartState::Aborted => "decided against",
        PartState::Cancelled => "cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TRIP: &str = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11";

    fn answers(of: &[(&str, &str, Value)]) -> Vec<(DaemonName, View)> {
        let answer = |(daemon, state, decision): &(&str, &str, Value)| {
            let view = json!({"viagem": TRIP, "estado": state, "decisao": decision});
            (daemon.parse().unwrap(), serde_json::from_value(view).unwrap())
        };
        of.iter().map(answer).collect()
    }

    #[test]
    fn the_part_that_waits_is_meant_when_there_is_one() {
        let none = || Value::Null;
        let one = answers(&[("voos", "nenhuma", none()), ("passeios", "fixa", none())]);
        let trip = TRIP.parse().unwrap();
        assert_eq!(waiting(trip, &one).unwrap().as_str(), "passeios");
        let two = answers(&[("voos", "fixa", none()), ("passeios", "fixa", none())]);
        assert!(waiting(trip, &two).unwrap_err().to_string().contains("more than one"));
        assert!(waiting(trip, &[]).unwrap_err().to_string().contains("no daemon has"));
    }

    #[test]
    fn who_contradicts_an_outcome_is_warned() {
        let decided = |outcome: &str| {
            let decision = json!({"desfecho": outcome, "quando": "2099-01-01T00:00:00Z"});
            answers(&[("voos", "confirmada", decision), ("passeios", "fixa", Value::Null)])
        };
        let passeios = "passeios".parse().unwrap();
        for (outcome, to, expected) in [
            ("confirmada", PartState::Released, Some("warning: voos has booked this trip")),
            ("confirmada", PartState::Confirmed, None),
            ("desfeita", PartState::Released, None),
            ("desfeita", PartState::Confirmed, Some("warning: voos has decided against this trip")),
            ("cancelada", PartState::Confirmed, Some("warning: voos has cancelled this trip")),
        ] {
            let warnings = warnings(&passeios, to, &decided(outcome));
            assert_eq!(warnings.first().map(String::as_str), expected, "{outcome} {to:?}");
        }
    }
}
