//! States that differ in nothing that matters are one: what only chooses the words of an answer, and
//! which of two moments it was, is left out before rows are compared.

use crate::world::{early, late};
use agencia_protocol::trip::{AbortReason, Revision};
use agencia_trip::row::{Decision, Part, Release, Row, State, Verdict};
use std::sync::Arc;

/// The row without what only chooses the words of an answer: why and what was released or decided
/// against. A peer's recovery also reads of which parts that was.
pub(crate) fn without_reasons(row: Row, for_recovery: bool) -> Row {
    let part = row.part.map(|part| match part.state {
        State::Released { why: Release::Cancelled, parts: None } => gone(Release::Cancelled),
        State::Released { parts: None, .. } => gone(Release::LetGo),
        _ if for_recovery => part,
        State::Released { why: Release::Cancelled, .. } => gone(Release::Cancelled),
        State::Released { .. } => gone(Release::LetGo),
        _ => part,
    });
    let decision = row.decision.map(|decision| match decision.verdict {
        Verdict::Aborted { .. } => {
            let verdict = Verdict::Aborted { reason: AbortReason::Unknown };
            let parts = decision.parts.clone().filter(|_| for_recovery);
            Decision { verdict, parts, ..decision }
        }
        _ => decision,
    });
    Row { part, decision }
}

/// The row as if everything in it had happened early. A deadline is only ever compared with the moment
/// of a later event, and every event may come before it and after it, so which moment it is says
/// nothing; and no hold here is long enough to meet the ceiling that counts from the first one.
pub(crate) fn without_times(row: Row) -> Row {
    let part = row.part.map(|part| {
        let state = match part.state {
            State::Held { .. } => State::Held { expires: late() },
            state => state,
        };
        Part { state, since: early(), first_held: early(), ..part }
    });
    let decision = row.decision.map(|decision| Decision { at: early(), ..decision });
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
