//! Whether what the daemons say of one trip agrees: pure, over answers that were fetched.
//!
//! The answers are of different moments, so a violation may be no more than a trip on its way. It
//! is one only if it is still there when all are asked again.

use agencia_protocol::TripId;
use agencia_protocol::trip::{ConsultReply, DaemonName, Outcome, PartState, Timestamp, TripItem};
use serde::Serialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// How long after its deadline a hold may still be there: the clocks of two hosts differ.
const GRACE: Duration = Duration::from_secs(5);

/// What a daemon knows of a trip; what was sold does not matter here.
pub(crate) type View = ConsultReply<IgnoredAny>;

/// What all daemons say of one trip.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) trip: TripId,
    /// The daemons that were asked and answered.
    pub(crate) asked: &'a BTreeSet<DaemonName>,
    /// The answers of those of them that know the trip.
    pub(crate) views: BTreeMap<&'a DaemonName, &'a View>,
    /// When they were asked.
    pub(crate) now: Timestamp,
    /// Whether the trip is so old that a daemon may have forgotten it.
    pub(crate) forgettable: bool,
}

/// Something that must not be, in one daemon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Violation {
    /// The daemon.
    pub(crate) daemon: String,
    /// The trip, if it is about one.
    pub(crate) trip: Option<TripId>,
    /// What is wrong.
    pub(crate) problem: Problem,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Problem {
    /// The daemon's counters do not agree with its own parts.
    Inconsistent,
    /// The daemon is learning what a backup did not hold.
    Recovering,
    /// The daemon gave no answer, so that nothing is known of it.
    Unasked(String),
    /// A hold is there after its deadline.
    HeldTooLong,
    /// A part is booked, and the anchor has not booked the trip.
    NotCommitted {
        /// The anchor.
        anchor: String,
    },
    /// A part is booked, and the anchor has cancelled the trip and waits for no acknowledgement.
    NotCancelled,
    /// The trip is booked, and this part of it is not there.
    PartMissing {
        /// Whether it was let go, or was never heard of.
        released: bool,
    },
    /// The part is another one than the anchor has booked.
    OtherItems,
    /// The part's anchor is not in `pares.toml`.
    UnknownAnchor {
        /// The anchor.
        anchor: String,
    },
    /// The part was settled by hand, and no outcome has agreed with it.
    Forced {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inconsistent => f.write_str(
                "its counters do not agree with its parts, or an offer is above its capacity",
            ),
            Self::Recovering => {
                f.write_str("is in recovery: it waits until every other daemon has answered it")
            }
            Self::Unasked(error) => write!(f, "gave no answer: {error}"),
            Self::HeldTooLong => f.write_str("is held after its deadline"),
            Self::NotCommitted { anchor } => {
                write!(f, "is booked, and its anchor {anchor} has not booked the trip")
            }
            Self::NotCancelled => f.write_str("is booked, and the trip is cancelled"),
            Self::PartMissing { released: true } => {
                f.write_str("is released, and the trip is booked")
            }
            Self::PartMissing { released: false } => {
                f.write_str("is not there, and the trip is booked")
            }
            Self::OtherItems => f.write_str("has other items than the anchor has booked"),
            Self::UnknownAnchor { anchor } => {
                write!(f, "has the anchor {anchor}, which is not in pares.toml")
            }
            Self::Forced { reason } => {
                write!(f, "was settled by hand and no outcome has agreed with it: {reason}")
            }
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { daemon, trip, problem } = self;
        match trip {
            Some(trip) => write!(f, "{daemon}: the part of {trip} {problem}"),
            None => write!(f, "{daemon}: {problem}"),
        }
    }
}

impl Case<'_> {
    /// Everything that is wrong with the trip.
    pub(crate) fn violations(&self, known: &BTreeSet<DaemonName>) -> Vec<Violation> {
        let mut found = Vec::new();
        for (daemon, view) in &self.views {
            self.check_part(daemon, view, known, &mut found);
            self.check_decision(view, &mut found);
        }
        found.sort();
        found.dedup();
        found
    }

    fn violation(&self, daemon: &DaemonName, problem: Problem) -> Violation {
        Violation { daemon: daemon.to_string(), trip: Some(self.trip), problem }
    }

    /// What is wrong with a part by itself, or because of its anchor.
    fn check_part(
        &self,
        daemon: &DaemonName,
        view: &View,
        known: &BTreeSet<DaemonName>,
        found: &mut Vec<Violation>,
    ) {
        if let Some(forced) = &view.forced {
            let reason = forced.reason.to_string();
            found.push(self.violation(daemon, Problem::Forced { reason }));
        }
        if view.state == PartState::Held
            && view.expires.is_some_and(|expires| expires.after(GRACE) < self.now)
        {
            found.push(self.violation(daemon, Problem::HeldTooLong));
        }
        let Some(anchor) = &view.anchor else {
            if view.state == PartState::Confirmed {
                let problem = Problem::NotCommitted { anchor: "(nobody)".to_owned() };
                found.push(self.violation(daemon, problem));
            }
            return;
        };
        let has_units = matches!(view.state, PartState::Pinned | PartState::Confirmed);
        if has_units && !known.contains(anchor) {
            let problem = Problem::UnknownAnchor { anchor: anchor.to_string() };
            found.push(self.violation(daemon, problem));
        } else if view.state == PartState::Confirmed && self.asked.contains(anchor) {
            let decision = self.views.get(anchor).map(|view| view.decision.as_ref());
            let problem = match decision {
                None if self.forgettable => return,
                Some(Some(decision)) => match decision.outcome {
                    Outcome::Committed => return,
                    Outcome::Cancelled if decision.pending.contains(daemon) => return,
                    Outcome::Cancelled => Problem::NotCancelled,
                    Outcome::Aborted | Outcome::Undecided => {
                        Problem::NotCommitted { anchor: anchor.to_string() }
                    }
                },
                None | Some(None) => Problem::NotCommitted { anchor: anchor.to_string() },
            };
            found.push(self.violation(daemon, problem));
        }
    }

    /// Whether every part of a trip that this daemon has booked is there, or is being finalised:
    /// pinned still, it will hear of it.
    fn check_decision(&self, view: &View, found: &mut Vec<Violation>) {
        let decision = view.decision.as_ref().filter(|it| it.outcome == Outcome::Committed);
        let (Some(parts), Some(decision)) = (&view.parts, decision) else { return };
        let pending = &decision.pending;
        for (daemon, items) in parts.iter().filter(|(daemon, _)| self.asked.contains(*daemon)) {
            let problem = match self.views.get(daemon) {
                None if self.forgettable => continue,
                None => Problem::PartMissing { released: false },
                Some(part) => match part.state {
                    PartState::Confirmed if !same(items, &part.asked) => Problem::OtherItems,
                    PartState::Confirmed => continue,
                    // The anchor's own part is booked with the decision, at once; another one
                    // when it hears of it, and says so.
                    PartState::Pinned if pending.contains(daemon) => continue,
                    PartState::Released => Problem::PartMissing { released: true },
                    _ => Problem::PartMissing { released: false },
                },
            };
            found.push(self.violation(daemon, problem));
        }
    }
}

/// Whether the same is sold. What a part had to look up again after a recovery may have a price
/// less.
fn same(booked: &[TripItem], sold: &[TripItem]) -> bool {
    let what = |item: &TripItem| (item.id.clone(), item.units, item.nights);
    booked.iter().map(what).eq(sold.iter().map(what))
}

#[cfg(test)]
mod tests;
