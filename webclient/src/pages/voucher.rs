//! `POST /pacote`: buys, and shows the vouchers or says honestly what was not bought.

use super::error;
use super::item::Item;
use super::review::{self, Searches};
use super::{Layout, Outcome, Step, Visit, page};
use crate::booking::{self, Outcome as Bought, Part, Purchase};
use crate::choice::Choice;
use crate::chosen::{Chosen, Standing};
use crate::daemons::Daemon;
use crate::forms::Pairs;
use crate::{format, texts};
use askama::Template;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "comprovante.html")]
struct VoucherPage {
    layout: Layout,
    result: Whole,
    vouchers: Vec<Voucher>,
    /// What was paid for all vouchers.
    total: String,
    failed: Vec<Failed>,
    /// The same purchases under the same keys.
    again: Option<Pairs>,
    /// The review of what can still be bought.
    rest: Option<String>,
}

/// How the whole went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whole {
    /// Everything is bought.
    Done,
    /// A part was refused or could not be asked for.
    Stopped,
    /// Whether a part is bought is not known.
    Unknown,
}

struct Voucher {
    locator: String,
    item: Item,
}

/// A part that is not bought, or not known to be.
struct Failed {
    kind: &'static str,
    /// The offer, as far as it is known.
    item: Option<Item>,
    reason: &'static str,
    /// The search for another one, when that is the way on.
    change: Option<String>,
}

/// Buys what the review showed.
pub(crate) async fn buy(visit: Visit) -> Outcome {
    let choice = match Choice::read(&visit.fields) {
        Ok(choice) => choice,
        Err(errors) => return Ok(error::invalid(&errors, Step::Review, &Choice::default(), None)),
    };
    let purchases = match booking::read(&choice, &visit.fields) {
        Ok(purchases) => purchases,
        Err(errors) => return Ok(error::invalid(&errors, Step::Review, &choice, None)),
    };
    let outcomes = booking::book(&visit.site.daemons, &purchases, &visit.timing).await;
    let result = whole(&outcomes);
    let mut vouchers = Vec::new();
    for (purchase, outcome) in purchases.iter().zip(&outcomes) {
        if let Bought::Sold(receipt) = outcome {
            let locator = receipt.locator().to_string();
            vouchers.push(Voucher { locator, item: Item::sold(purchase.part, receipt) });
        }
    }
    let sold = parts(&choice, &purchases, &outcomes, |outcome| matches!(outcome, Bought::Sold(_)));
    let rest = parts(&choice, &purchases, &outcomes, |outcome| matches!(outcome, Bought::NotTried));
    let failed = match result {
        Whole::Done => Vec::new(),
        _ => {
            let left = parts(&choice, &purchases, &outcomes, |outcome| {
                !matches!(outcome, Bought::Sold(_))
            });
            let chosen = visit.look_up(&left).await;
            failed(&rest, &chosen, &purchases, &outcomes)
        }
    };
    let refused = outcomes.iter().any(|outcome| matches!(outcome, Bought::Refused(_)));
    let cents = vouchers.iter().map(|voucher| voucher.item.cents).sum();
    let page_of = VoucherPage {
        layout: Layout::new(title(result, !vouchers.is_empty()), Some(Step::Voucher), &sold),
        result,
        total: format::money(cents),
        vouchers,
        failed,
        // A refusal would only come again; after anything else the same keys are the way on.
        again: (result != Whole::Done && !refused).then(|| booking::again(&choice, &purchases)),
        rest: (refused && !rest.is_empty()).then(|| review::of(&rest)),
    };
    Ok(page(status(&outcomes), &page_of))
}

fn whole(outcomes: &[Bought]) -> Whole {
    if outcomes.iter().any(|outcome| matches!(outcome, Bought::Unknown)) {
        return Whole::Unknown;
    }
    match outcomes.iter().all(|outcome| matches!(outcome, Bought::Sold(_))) {
        true => Whole::Done,
        false => Whole::Stopped,
    }
}

fn title(result: Whole, any_bought: bool) -> &'static str {
    match (result, any_bought) {
        (Whole::Done, _) => "Comprovante",
        (Whole::Unknown, _) => "Ainda não sabemos se a compra foi feita",
        (Whole::Stopped, true) => "Só uma parte do pacote foi comprada",
        (Whole::Stopped, false) => "Nada foi comprado",
    }
}

fn status(outcomes: &[Bought]) -> StatusCode {
    let failed = outcomes.iter().find(|outcome| !matches!(outcome, Bought::Sold(_)));
    match failed {
        None => StatusCode::OK,
        Some(Bought::Unknown) => StatusCode::GATEWAY_TIMEOUT,
        Some(Bought::Unreachable) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::CONFLICT,
    }
}

/// The parts of a choice that have such an outcome.
fn parts(
    choice: &Choice,
    purchases: &[Purchase],
    outcomes: &[Bought],
    keep: impl Fn(&Bought) -> bool,
) -> Choice {
    let mut rest = choice.clone();
    for (purchase, _) in purchases.iter().zip(outcomes).filter(|(_, outcome)| !keep(outcome)) {
        match purchase.part {
            Part::Outbound => rest.outbound = None,
            Part::Inbound => rest.inbound = None,
            Part::Stay => rest.stay = None,
            Part::Tour => rest.tours.retain(|id| *id != purchase.item.id),
        }
    }
    rest
}

/// What to say of each part that is not bought.
fn failed(
    rest: &Choice,
    chosen: &Chosen,
    purchases: &[Purchase],
    outcomes: &[Bought],
) -> Vec<Failed> {
    let people = rest.people.unwrap_or_default();
    let tour = |purchase: &Purchase| {
        let named = chosen.tours.iter().find(|(id, _)| *id == purchase.item.id);
        named.and_then(|(_, standing)| standing.record())
    };
    let describe = |(purchase, outcome): (&Purchase, &Bought)| {
        let searches = Searches { choice: rest, chosen };
        let record = |standing: &'_ Option<Standing<_>>| {
            let flight = standing.as_ref().and_then(Standing::record);
            flight.map(|flight| Item::flight(purchase.part, flight, people))
        };
        let (kind, item, change) = match purchase.part {
            Part::Outbound => ("Voo de ida", record(&chosen.outbound), searches.flights()),
            Part::Inbound => ("Voo de volta", record(&chosen.inbound), searches.flights()),
            Part::Stay => {
                let stay = chosen.stay.as_ref().and_then(Standing::record);
                ("Hospedagem", stay.map(Item::stay), searches.stay())
            }
            Part::Tour => {
                let tour = tour(purchase);
                ("Passeio", tour.map(|tour| Item::tour(tour, people)), searches.tour(tour))
            }
        };
        let (reason, change) = match outcome {
            Bought::Sold(_) => return None,
            Bought::Refused(refusal) => (texts::refusal(refusal.code), Some(change)),
            Bought::Unknown => (texts::OUTCOME_UNKNOWN, None),
            Bought::Unreachable => (unreachable(purchase.part.daemon()), None),
            Bought::NotTried => (texts::NOT_TRIED, None),
        };
        Some(Failed { kind, item, reason, change })
    };
    purchases.iter().zip(outcomes).filter_map(describe).collect()
}

fn unreachable(daemon: Daemon) -> &'static str {
    match daemon {
        Daemon::Flights => "O servidor de voos não está respondendo. Esta parte não foi comprada.",
        Daemon::Stays => {
            "O servidor de hospedagens não está respondendo. Esta parte não foi comprada."
        }
        Daemon::Tours => {
            "O servidor de passeios não está respondendo. Esta parte não foi comprada."
        }
    }
}
