//! States that differ in nothing that matters are one: what only chooses the words of an answer is
//! left out before rows are compared.

use crate::world::early;
use agencia_protocol::trip::{AbortReason, Revision};
use agencia_trip::row::{Decision, Part, Release, Row, State, Verdict};
use std::sync::Arc;

/// The row without what only chooses the words of an answer, or only a peer's recovery reads: why
/// and what was released or decided against. States that differ in nothing else are one.
pub(crate) fn without_reasons(row: Row) -> Row {
    let part = row.part.map(|part| match part.state {
        State::Released { why: Release::Cancelled, .. } => gone(Release::Cancelled),
        State::Released { .. } => gone(Release::LetGo),
        _ => part,
    });
    let decision = row.decision.map(|decision| match decision.verdict {
        Verdict::Aborted { .. } => {
            let verdict = Verdict::Aborted { reason: AbortReason::Unknown };
            Decision { verdict, parts: None, ..decision }
        }
        _ => decision,
    });
    Row { part, decision }
}

fn gone(why: Release) -> Part {
    Part {
        revision: Revision::default(),
        items: Arc::new([]),
        first_held: early(),
        state: State::Released { why, parts: None },
        since: early(),
        locator: None,
        forced: None,
    }
}
