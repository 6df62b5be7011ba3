//! `agencia status`: how every daemon is.

use crate::ask::{Known, Places, asking};
use crate::cli::Status;
use crate::error::CommandError;
use crate::table::{Column, grouped, print, print_json, table};
use agencia_client::{Answer, ClientError, Deadlines, Peer};
use agencia_protocol::request::{Bare, Health};
use serde::Serialize;
use std::process::ExitCode;

const COLUMNS: [Column; 9] = [
    ("daemon", false),
    ("address", false),
    ("state", false),
    ("version", false),
    ("offers", true),
    ("connections", true),
    ("requests", true),
    ("sales", true),
    ("uptime", true),
];

/// One daemon, as `--json` writes it.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    address: String,
    up: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<Health>,
}

impl Row {
    fn new(peer: &Peer, answer: Result<Answer<Health>, ClientError>) -> Self {
        let (health, error) = match answer {
            Ok(answer) => (Some(answer.value), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let up = health.as_ref().is_some_and(|health| health.ready);
        Self { name: peer.name.clone(), address: peer.address.to_string(), up, error, health }
    }

    fn cells(self) -> Vec<String> {
        let state = match (&self.health, self.up) {
            (Some(health), true) if health.recovering => "in recovery",
            (_, true) => "up",
            (Some(_), false) => "not ready",
            (None, _) => "down",
        };
        let mut cells = vec![self.name, self.address, state.to_owned()];
        if let Some(health) = self.health {
            cells.push(health.version);
            let counts = [health.offers, health.connections, health.requests, health.sales];
            cells.extend(counts.map(grouped));
            cells.push(uptime(health.uptime_secs));
        }
        cells
    }
}

pub(crate) fn run(options: &Status, places: Places<'_>) -> Result<ExitCode, CommandError> {
    let known = Known::load(places)?;
    let rows = asking(async |spawn| {
        let questions: Vec<_> = known
            .peers
            .iter()
            .map(|peer| {
                let pool = known.pool(peer, Deadlines::default(), spawn);
                let peer = peer.clone();
                smol::spawn(async move { Row::new(&peer, pool.read(&Bare::HEALTH).await) })
            })
            .collect();
        let mut rows = Vec::new();
        for question in questions {
            rows.push(question.await);
        }
        rows
    });
    for warning in places.keys().warnings(std::time::SystemTime::now()) {
        eprintln!("agencia: {warning}");
    }
    let all_up = rows.iter().all(|row| row.up);
    if options.json {
        print_json(&rows)?;
    } else {
        for error in rows.iter().filter_map(|row| row.error.as_ref()) {
            eprintln!("agencia: {error}");
        }
        print(&table(&COLUMNS, rows.into_iter().map(Row::cells)))?;
    }
    Ok(if all_up { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `3d 04:05:06`, without the days when there are none.
fn uptime(secs: u64) -> String {
    let (days, hours) = (secs / 86_400, secs / 3_600 % 24);
    let clock = format!("{hours:02}:{:02}:{:02}", secs / 60 % 60, secs % 60);
    if days == 0 { clock } else { format!("{days}d {clock}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uptime_is_a_clock_and_its_days() {
        for (secs, expected) in
            [(0, "00:00:00"), (59, "00:00:59"), (3_661, "01:01:01"), (86_400, "1d 00:00:00")]
        {
            assert_eq!(uptime(secs), expected);
        }
    }
}
