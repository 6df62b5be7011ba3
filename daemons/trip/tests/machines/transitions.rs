//! Every command in every state of a row: what becomes of the row, what happens to the units, and
//! what is answered. One table each for a part and for the anchor.

use crate::desk::{Office, at};
use agencia_trip::row::{Release, Row, State};
use agencia_trip::{Command, Reply, Step, Units};

/// The row, in a word or two.
fn word(row: &Row) -> String {
    let part = match row.part.as_ref().map(|part| &part.state) {
        None => "none",
        Some(State::Held { .. }) => "held",
        Some(State::Pinned { .. }) => "pinned",
        Some(State::Confirmed { .. }) => "confirmed",
        Some(State::Released { why: Release::Expired, .. }) => "expired",
        Some(State::Released { why: Release::LetGo, .. }) => "let go",
        Some(State::Released { why: Release::Aborted, .. }) => "aborted",
        Some(State::Released { why: Release::Cancelled, .. }) => "cancelled",
        Some(State::Released { why: Release::Forced, .. }) => "forced",
    };
    match &row.decision {
        None => part.to_owned(),
        Some(decision) => format!("{part}+{}", decision.outcome()),
    }
}

fn answer(reply: &Reply) -> String {
    match reply {
        Reply::Part { state, .. } => state.to_string(),
        Reply::State(state) => format!("={state}"),
        Reply::Pin { state, receipt } => {
            format!("{state}{}", if receipt.is_some() { "+recibo" } else { "" })
        }
        Reply::Decided { outcome, .. } => format!("{outcome}+prova"),
        Reply::NotDecided(reason) => format!("desfeita:{reason}"),
        Reply::Reserved { repeated, .. } => {
            format!("reservada{}", if *repeated { "*" } else { "" })
        }
        Reply::Outcome { outcome, proof, .. } => {
            format!("{outcome}{}", if proof.is_some() { "+prova" } else { "" })
        }
        Reply::Quoted { .. } => "cotada".to_owned(),
        Reply::Cancelled(_) => "cancelada+prova".to_owned(),
        Reply::Refused(refusal) => format!("!{refusal:?}"),
    }
}

/// What a step does: `row units answer`, and nothing for what stays as it is.
fn cell(row: &Row, step: &Step) -> String {
    let after = match &step.row {
        Some(next) if next != row => format!("{} ", word(next)),
        _ => String::new(),
    };
    let units = match &step.units {
        Units::Stay => "",
        Units::Free(_) => "-- ",
        Units::Swap { free, .. } if free.is_empty() => "++ ",
        Units::Swap { .. } => "-+ ",
        Units::Restore { .. } => "restored ",
    };
    format!("{after}{units}{}", answer(&step.reply))
}

/// Compares the table of all pairs: under each command, each result with the states that lead to
/// it.
fn check(office: &Office, rows: &[(&str, Row)], commands: &[(&str, Command)], expected: &str) {
    let mut table = String::new();
    for (name, command) in commands {
        let mut results: Vec<(String, Vec<&str>)> = Vec::new();
        for (state, row) in rows {
            let step = office.desk().step(office.trip, row, command, at(state));
            let result = cell(row, &step);
            match results.iter_mut().find(|(known, _)| *known == result) {
                Some((_, states)) => states.push(state),
                None => results.push((result, vec![state])),
            }
            // Once more: nothing changes any more.
            let Some(next) = step.row else { continue };
            let again = office.desk().step(office.trip, &next, command, at(state));
            assert!(again.row.is_none_or(|row| row == next), "{name} twice after {state}");
            assert_eq!(again.units, Units::Stay, "{name} twice after {state}");
        }
        table += &format!("{name}\n");
        for (result, states) in results {
            table += &format!("    {result:38} <- {}\n", states.join(", "));
        }
    }
    assert_eq!(table.trim(), expected.trim(), "\n{table}");
}

#[test]
fn every_command_in_every_state_of_a_part() {
    let office = Office::of("hospedagens");
    check(&office, &office.part_rows(), &office.part_commands(), PARTS);
}

#[test]
fn every_command_in_every_state_of_an_anchor() {
    let office = Office::of("voos");
    check(&office, &office.anchor_rows(), &office.anchor_commands(), ANCHOR);
}

const PARTS: &str = r"
hold
    held ++ segura                         <- none
    segura                                 <- held
    expired -- !Expired                    <- late held
    fixa                                   <- pinned, late pin
    confirmada                             <- confirmed
    !Expired                               <- expired
    !Aborted                               <- let go, aborted
    !Cancelled                             <- cancelled
hold other
    held ++ segura                         <- none
    !Conflict                              <- held, pinned, late pin, confirmed
    expired -- !Expired                    <- late held
    !Expired                               <- expired
    !Aborted                               <- let go, aborted
    !Cancelled                             <- cancelled
hold newer
    held ++ segura                         <- none
    held -+ segura                         <- held
    expired -- !Expired                    <- late held
    !Conflict                              <- pinned, late pin, confirmed
    !Expired                               <- expired
    !Aborted                               <- let go, aborted
    !Cancelled                             <- cancelled
hold older
    held ++ segura                         <- none
    !Conflict                              <- held, pinned, late pin, confirmed
    expired -- !Expired                    <- late held
    !Expired                               <- expired
    !Aborted                               <- let go, aborted
    !Cancelled                             <- cancelled
extend
    !Expired                               <- none, expired
    held segura                            <- held
    expired -- !Expired                    <- late held
    fixa                                   <- pinned, late pin
    confirmada                             <- confirmed
    !Aborted                               <- let go, aborted
    !Cancelled                             <- cancelled
let go
    let go =solta                          <- none
    let go -- =solta                       <- held, late held
    =fixa                                  <- pinned, late pin
    =confirmada                            <- confirmed
    =solta                                 <- expired, let go, aborted, cancelled
expire
    =nenhuma                               <- none
    =segura                                <- held
    expired -- =solta                      <- late held
    =fixa                                  <- pinned, late pin
    =confirmada                            <- confirmed
    =solta                                 <- expired, let go, aborted, cancelled
pin
    !Expired                               <- none, expired
    pinned fixa+recibo                     <- held
    expired -- !Expired                    <- late held
    fixa+recibo                            <- pinned, late pin
    confirmada                             <- confirmed
    !Aborted                               <- let go, aborted
    !Cancelled                             <- cancelled
pin newer
    !Expired                               <- none, expired
    !Conflict                              <- held, pinned, late pin, confirmed
    expired -- !Expired                    <- late held
    !Aborted                               <- let go, aborted
    !Cancelled                             <- cancelled
pin other
    !Expired                               <- none, expired
    pinned fixa+recibo                     <- held
    expired -- !Expired                    <- late held
    !Conflict                              <- pinned, late pin, confirmed
    !Aborted                               <- let go, aborted
    !Cancelled                             <- cancelled
committed
    =nenhuma                               <- none
    =segura                                <- held, late held
    confirmed =confirmada                  <- pinned, late pin
    =confirmada                            <- confirmed
    =solta                                 <- expired, let go, aborted, cancelled
aborted
    aborted =solta                         <- none
    aborted -- =solta                      <- held, late held, pinned, late pin
    !Conflict                              <- confirmed
    =solta                                 <- expired, let go, aborted, cancelled
cancelled
    cancelled =solta                       <- none
    cancelled -- =solta                    <- held, late held, pinned, late pin, confirmed
    =solta                                 <- expired, let go, aborted, cancelled
com. other
    =nenhuma                               <- none
    =segura                                <- held, late held
    aborted -- =solta                      <- pinned, late pin
    !Conflict                              <- confirmed
    =solta                                 <- expired, let go, aborted, cancelled
com. alien
    =nenhuma                               <- none
    =segura                                <- held, late held
    !Conflict                              <- pinned, late pin, confirmed
    =solta                                 <- expired, let go, aborted, cancelled
ab. alien
    aborted =solta                         <- none
    aborted -- =solta                      <- held, late held
    !Conflict                              <- pinned, late pin, confirmed
    =solta                                 <- expired, let go, aborted, cancelled
force up
    =nenhuma                               <- none
    !Conflict                              <- held, late held, expired, let go, aborted, cancelled
    confirmed =confirmada                  <- pinned, late pin
    =confirmada                            <- confirmed
force down
    =nenhuma                               <- none
    forced -- =solta                       <- held, late held, pinned, late pin, confirmed
    =solta                                 <- expired, let go, aborted, cancelled
quote
    !NotBooked                             <- none, held, late held, expired, let go, aborted, cancelled
    cotada                                 <- pinned, late pin, confirmed
quote all
    !NotBooked                             <- none, held, late held, expired, let go, aborted, cancelled
    !WrongShares                           <- pinned, late pin, confirmed
";

const ANCHOR: &str = r"
hold
    held ++ segura                         <- none
    segura                                 <- held
    expired -- !Expired                    <- late held
    !Expired                               <- expired
    !Aborted                               <- let go, no trip, aborted
    confirmada                             <- committed
    !Cancelled                             <- cancelled
let go
    let go =solta                          <- none
    let go -- =solta                       <- held, late held
    =solta                                 <- expired, let go, aborted, cancelled
    let go+desfeita =solta                 <- no trip
    =confirmada                            <- committed
pin
    !NotAPart                              <- none, held, late held, expired, let go, no trip, aborted, committed, cancelled
decide
    none+desfeita desfeita:nenhuma         <- none
    confirmed+confirmada confirmada+prova  <- held
    aborted+desfeita -- desfeita:expirada  <- late held
    expired+desfeita desfeita:expirada     <- expired
    let go+desfeita desfeita:solta         <- let go
    desfeita:nenhuma                       <- no trip
    desfeita:prazo                         <- aborted
    confirmada+prova                       <- committed
    cancelada+prova                        <- cancelled
no receipt
    none+desfeita desfeita:nenhuma         <- none
    !NotGenuine                            <- held
    aborted+desfeita -- desfeita:expirada  <- late held
    expired+desfeita desfeita:expirada     <- expired
    let go+desfeita desfeita:solta         <- let go
    desfeita:nenhuma                       <- no trip
    desfeita:prazo                         <- aborted
    confirmada+prova                       <- committed
    cancelada+prova                        <- cancelled
wrong rec.
    none+desfeita desfeita:nenhuma         <- none
    !NotGenuine                            <- held
    aborted+desfeita -- desfeita:expirada  <- late held
    expired+desfeita desfeita:expirada     <- expired
    let go+desfeita desfeita:solta         <- let go
    desfeita:nenhuma                       <- no trip
    desfeita:prazo                         <- aborted
    confirmada+prova                       <- committed
    cancelada+prova                        <- cancelled
reserve
    confirmed+confirmada ++ reservada      <- none
    !Conflict                              <- held, late held
    !Aborted                               <- expired, let go, no trip, aborted
    reservada*                             <- committed
    !Cancelled                             <- cancelled
web asks
    indecisa                               <- none, held, late held, expired, let go
    desfeita+prova                         <- no trip, aborted
    confirmada+prova                       <- committed
    cancelada+prova                        <- cancelled
asks at 9s
    none+desfeita desfeita+prova           <- none
    indecisa                               <- held
    aborted+desfeita -- desfeita+prova     <- late held
    expired+desfeita desfeita+prova        <- expired
    let go+desfeita desfeita+prova         <- let go
    desfeita+prova                         <- no trip, aborted
    confirmada+prova                       <- committed
    cancelada+prova                        <- cancelled
asks at 10
    none+desfeita desfeita+prova           <- none
    aborted+desfeita -- desfeita+prova     <- held, late held
    expired+desfeita desfeita+prova        <- expired
    let go+desfeita desfeita+prova         <- let go
    desfeita+prova                         <- no trip, aborted
    confirmada+prova                       <- committed
    cancelada+prova                        <- cancelled
own proof
    =nenhuma                               <- none, no trip
    =segura                                <- held, late held
    =solta                                 <- expired, let go, aborted, cancelled
    =confirmada                            <- committed
ack
    =nenhuma                               <- none, no trip
    =segura                                <- held, late held
    =solta                                 <- expired, let go, aborted, cancelled
    confirmed+confirmada =confirmada       <- committed
ack cancel
    =nenhuma                               <- none, no trip
    =segura                                <- held, late held
    =solta                                 <- expired, let go, aborted
    =confirmada                            <- committed
    cancelled+cancelada =solta             <- cancelled
ack wrong
    =nenhuma                               <- none, no trip
    =segura                                <- held, late held
    =solta                                 <- expired, let go, aborted, cancelled
    =confirmada                            <- committed
quote
    !NotBooked                             <- none, held, late held, expired, let go
    !Aborted                               <- no trip, aborted
    cotada                                 <- committed
    !Cancelled                             <- cancelled
no share
    !NotBooked                             <- none, held, late held, expired, let go
    !Aborted                               <- no trip, aborted
    !WrongShares                           <- committed
    !Cancelled                             <- cancelled
wrong share
    !NotBooked                             <- none, held, late held, expired, let go
    !Aborted                               <- no trip, aborted
    !NotGenuine                            <- committed
    !Cancelled                             <- cancelled
cancel
    !NotBooked                             <- none, held, late held, expired, let go
    !Aborted                               <- no trip, aborted
    cancelled+cancelada -- cancelada+prova <- committed
    cancelada+prova                        <- cancelled
alter
    !NotBooked                             <- none, held, late held, expired, let go
    !Aborted                               <- no trip, aborted
    =confirmada                            <- committed
    !Cancelled                             <- cancelled
";
