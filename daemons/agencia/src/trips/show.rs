//! `agencia trip`: what every daemon knows of one trip, side by side.

use super::fetch::{Answers, Daemons, View, knows};
use super::{force, sold};
use crate::ask::{Known, Places, asking};
use crate::cli::{Trip, TripName};
use crate::error::CommandError;
use crate::table::{print, print_json, table};
use agencia_protocol::TripId;
use agencia_protocol::trip::{DaemonName, Outcome, Traveller};
use serde::Serialize;
use std::process::ExitCode;

/// One daemon, as `--json` writes it.
#[derive(Debug, Serialize)]
struct Column {
    daemon: DaemonName,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<View>,
}

pub(crate) fn run(options: &Trip, places: Places<'_>) -> Result<ExitCode, CommandError> {
    let known = Known::load(places)?;
    let (trip, answers) = asking(async |spawn| {
        let daemons = Daemons::new(&known, spawn);
        let trip = match options.name {
            TripName::Id(trip) => trip,
            TripName::Voucher(locator) => match daemons.find(locator).await? {
                Some(trip) => trip,
                None => return Err(CommandError::NoSuchTrip { name: locator.to_string() }),
            },
        };
        Ok((trip, daemons.consult(trip).await))
    })?;
    let columns = columns(answers);
    let complete = columns.iter().all(|column| column.error.is_none());
    if complete && !columns.iter().any(|column| column.answer.as_ref().is_some_and(knows)) {
        return Err(CommandError::NoSuchTrip { name: trip.to_string() });
    }
    if options.json {
        print_json(&columns)?;
    } else {
        for error in columns.iter().filter_map(|column| column.error.as_ref()) {
            eprintln!("agencia: {error}");
        }
        print(&side_by_side(trip, &columns))?;
    }
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn columns(answers: Answers<View>) -> Vec<Column> {
    let column = |(daemon, answer)| match answer {
        Ok(answer) => Column { daemon, error: None, answer: Some(answer) },
        Err(error) => {
            let error = CommandError::from(error).to_string();
            Column { daemon, error: Some(error), answer: None }
        }
    };
    answers.into_iter().map(column).collect()
}

/// A row for each thing there is to know, a column for each daemon.
fn side_by_side(trip: TripId, columns: &[Column]) -> comfy_table::Table {
    let trip = trip.to_string();
    let titles = std::iter::once(trip.as_str()).chain(columns.iter().map(|it| it.daemon.as_str()));
    let titles: Vec<_> = titles.map(|title| (title, false)).collect();
    type Cell = fn(&DaemonName, &View) -> String;
    let rows: [(&str, Cell); 10] = [
        ("state", |_, view| force::word(view.state).to_owned()),
        ("items", |daemon, view| {
            let items = sold::items(daemon, view);
            items.iter().map(sold::Sold::line).collect::<Vec<_>>().join("\n")
        }),
        ("held until", |_, view| text(view.expires.as_ref())),
        ("anchor", |_, view| text(view.anchor.as_ref())),
        ("decision", |_, view| view.decision.as_ref().map(decision).unwrap_or_default()),
        ("not delivered to", |_, view| {
            let pending = view.decision.iter().flat_map(|decision| &decision.pending);
            pending.map(DaemonName::as_str).collect::<Vec<_>>().join(", ")
        }),
        ("locator", |_, view| text(view.locator.as_ref())),
        ("travellers", |_, view| {
            let name = |traveller: &Traveller| format!("{} {}", traveller.name, traveller.surname);
            view.travellers.iter().flatten().map(name).collect::<Vec<_>>().join("\n")
        }),
        ("contact", |_, view| text(view.contact.as_ref())),
        ("settled by hand", |_, view| {
            let forced = view.forced.as_ref();
            let line = |it: &agencia_protocol::trip::ForcedView| {
                format!("was {}, {}: {}", force::word(it.was), it.at, it.reason)
            };
            forced.map(line).unwrap_or_default()
        }),
    ];
    let rows = rows.into_iter().map(|(title, cell)| {
        let cells = columns.iter().map(|column| match &column.answer {
            Some(view) => cell(&column.daemon, view),
            None => "?".to_owned(),
        });
        std::iter::once(title.to_owned()).chain(cells).collect::<Vec<_>>()
    });
    // What nobody says anything of needs no row.
    let rows = rows.filter(|row| row[1..].iter().any(|cell| !cell.is_empty()));
    table(&titles, rows)
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(T::to_string).unwrap_or_default()
}

fn decision(decision: &agencia_protocol::trip::DecisionView) -> String {
    let what = match decision.outcome {
        Outcome::Committed => "booked",
        Outcome::Aborted => "decided against",
        Outcome::Cancelled => "cancelled",
        Outcome::Undecided => "undecided",
    };
    let mut line = format!("{what} {}", decision.at);
    if let Some(reason) = decision.reason {
        let word = serde_json::to_value(reason).unwrap_or_default();
        line += &format!(" ({})", word.as_str().unwrap_or_default());
    }
    if let Some(refund) = decision.refund {
        line += &format!(", {refund} back");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TRIP: &str = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11";

    fn column(daemon: &str, answer: Value) -> Column {
        let answer = serde_json::from_value(answer).ok();
        Column { daemon: daemon.parse().unwrap(), error: None, answer }
    }

    #[test]
    fn three_daemons_stand_side_by_side() {
        let voos = column(
            "voos",
            json!({"viagem": TRIP, "estado": "confirmada", "pedido": [{"id": "v"}], "itens": [{}],
                "ancora": "voos", "localizador": "VA9AAE",
                "viajantes": [{"nome": "Ana", "sobrenome": "Silva"}],
                "decisao": {"desfecho": "confirmada", "quando": "2099-01-01T00:00:00Z",
                    "pendentes": ["passeios"]}}),
        );
        let passeios = column(
            "passeios",
            json!({"viagem": TRIP, "estado": "solta", "ancora": "voos",
                "forcada": {"era": "fixa", "quando": "2099-01-01T00:00:00Z", "motivo": "disco"}}),
        );
        let silent = Column { error: Some("x".to_owned()), ..column("hospedagens", Value::Null) };
        let text = side_by_side(TRIP.parse().unwrap(), &[voos, silent, passeios]).to_string();
        let row = |title: &str| -> Vec<String> {
            let line = text.lines().find(|line| line.contains(title)).unwrap();
            line.split(['│', '┆']).map(|cell| cell.trim().to_owned()).collect()
        };
        assert_eq!(row("state ")[2..5], ["booked", "?", "released"]);
        assert_eq!(row("items ")[2..5], ["1 × offer v", "?", ""]);
        assert_eq!(row("decision ")[2], "booked 2099-01-01T00:00:00.000Z");
        assert_eq!(row("not delivered")[2], "passeios");
        assert_eq!(row("travellers")[2], "Ana Silva");
        assert_eq!(row("settled by hand")[4], "was pinned, 2099-01-01T00:00:00.000Z: disco");
        assert_eq!(row("anchor ")[2..5], ["voos", "?", "voos"]);
    }

    #[test]
    fn what_nobody_speaks_of_has_no_row() {
        let held = column(
            "voos",
            json!({"viagem": TRIP, "estado": "segura", "expira": "2099-01-01T00:00:00Z"}),
        );
        let text = side_by_side(TRIP.parse().unwrap(), &[held]).to_string();
        assert!(text.contains("held until") && !text.contains("contact"), "{text}");
    }
}
