//! The driver: what whoever leads a trip does. Hold all, pin all but the anchor, decide, apply; before
//! that, on request, hold all of it for longer.
//!
//! It says which messages are to be sent and is told what was answered. Every message may be sent
//! again and every answer may be lost; any instance may begin at any time with the same plan, and
//! all lead to one result. It never claims what is not so: [`Ending::Booked`] when the anchor has
//! said so, [`Ending::NotBooked`] when the trip can never be booked any more, otherwise
//! [`Ending::Unknown`].

mod answer;

pub use answer::Answer;

use crate::step::Refusal;
use agencia_protocol::trip::{
    AbortReason, Apply, ByDaemon, Contact, DaemonName, Decide, DecideReply, Extend, Hold, LetGo,
    Outcome, PartState, Pin, Proof, Receipt, Revision, Timestamp, Traveller, TripItem, TripMessage,
};
use agencia_protocol::{Code, Locator, TripId, WireError};
use std::collections::{BTreeMap, BTreeSet};

/// How often an anchor may find fault with the receipts before the driver gives the trip up.
const PINNINGS_MAX: u8 = 3;

/// What is to be booked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Plan {
    /// The trip.
    pub trip: TripId,
    /// Its parts in the order of `pares.toml`: the first one's daemon is the anchor. Never empty.
    pub parts: Vec<PlannedPart>,
    /// For how long they are held.
    pub hold_secs: u32,
}

/// What one daemon sells.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlannedPart {
    /// The daemon.
    pub daemon: DaemonName,
    /// The version of the items.
    pub revision: Revision,
    /// The items.
    pub items: Vec<TripItem>,
}

/// How far the driver goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Goal {
    /// Until every part is held or refused; what is held stays so.
    Hold,
    /// Until the trip is booked, or nothing of it is kept.
    Book {
        /// Who travels.
        travellers: Vec<Traveller>,
        /// How they are reached.
        contact: Option<Contact>,
    },
}

/// How a trip has ended, as far as the driver knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Only holding was wanted: until when each part is held, and what was refused.
    Held {
        /// The parts that are held.
        held: BTreeMap<DaemonName, Option<Timestamp>>,
        /// The parts that are not, and why.
        refused: BTreeMap<DaemonName, Refused>,
    },
    /// It is booked.
    Booked {
        /// The voucher.
        locator: Option<Locator>,
    },
    /// It was booked and has been cancelled since.
    Cancelled,
    /// It is not booked and never will be; nothing of it is kept.
    NotBooked {
        /// The parts that refused, and why.
        refused: BTreeMap<DaemonName, Refused>,
        /// What the anchor said, if it decided.
        reason: Option<AbortReason>,
    },
    /// Nobody has said yet; the daemons settle it among themselves.
    Unknown,
}

/// Why a daemon refused its part.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Refused {
    /// The stable word.
    pub code: Code,
    /// What a person reads.
    pub message: String,
    /// The offer it is about.
    pub id: Option<String>,
}

impl From<&WireError> for Refused {
    fn from(error: &WireError) -> Self {
        let WireError { code, message, id, .. } = error;
        Self { code: *code, message: message.clone(), id: id.clone() }
    }
}

/// One attempt at a trip.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Driver {
    plan: Plan,
    goal: Goal,
    stage: Stage,
    /// Who has not answered in this stage.
    waiting: BTreeSet<DaemonName>,
    held: BTreeMap<DaemonName, Option<Timestamp>>,
    refused: BTreeMap<DaemonName, Refused>,
    receipts: ByDaemon<Receipt>,
    pinnings: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Stage {
    Holding,
    /// What is held is to be held until this moment.
    Extending {
        until: Timestamp,
    },
    Pinning,
    Deciding,
    /// Told to everyone: it is booked.
    Applying {
        locator: Option<Locator>,
        proof: Proof,
    },
    /// Everything is let go; the anchor's answer tells whether that came in time.
    Undoing {
        reason: Option<AbortReason>,
        over: bool,
    },
    Ended(Ending),
}

impl Driver {
    /// A driver that begins with holding.
    pub fn new(plan: Plan, goal: Goal) -> Self {
        Self::at(plan, goal, Stage::Holding)
    }

    /// A driver for a plan whose parts were all held before.
    pub fn confirm(plan: Plan, travellers: Vec<Traveller>, contact: Option<Contact>) -> Self {
        let mut driver = Self::at(plan, Goal::Book { travellers, contact }, Stage::Pinning);
        driver.pin();
        driver
    }

    /// A driver that has a plan whose parts are all held held until a moment, as far as each daemon
    /// goes. A part whose hold is over by then is refused, and not held again.
    pub fn extend(plan: Plan, until: Timestamp) -> Self {
        Self::at(plan, Goal::Hold, Stage::Extending { until })
    }

    /// A driver that gives a plan up: everything is let go, unless it was booked meanwhile.
    pub fn abandon(plan: Plan) -> Self {
        let goal = Goal::Book { travellers: Vec::new(), contact: None };
        Self::at(plan, goal, Stage::Undoing { reason: None, over: false })
    }

    fn at(plan: Plan, goal: Goal, stage: Stage) -> Self {
        let waiting = plan.parts.iter().map(|part| part.daemon.clone()).collect();
        Self {
            plan,
            goal,
            stage,
            waiting,
            held: BTreeMap::new(),
            refused: BTreeMap::new(),
            receipts: ByDaemon::new(),
            pinnings: 0,
        }
    }

    /// The anchor.
    pub fn anchor(&self) -> &DaemonName {
        &self.plan.parts[0].daemon
    }

    fn others(&self) -> impl Iterator<Item = &DaemonName> {
        self.plan.parts[1..].iter().map(|part| &part.daemon)
    }

    /// The messages that wait for an answer, each to be sent, and sent again, until it is
    /// [`answered`](Self::answered). They do not depend on each other.
    pub fn requests(&self) -> Vec<(DaemonName, TripMessage)> {
        let message = |daemon: &DaemonName| Some((daemon.clone(), self.message(daemon)?));
        self.waiting.iter().filter_map(message).collect()
    }

    fn message(&self, daemon: &DaemonName) -> Option<TripMessage> {
        let Plan { trip, parts, hold_secs } = &self.plan;
        let part = parts.iter().find(|part| part.daemon == *daemon)?;
        let whole = || parts.iter().map(|part| (part.daemon.clone(), part.items.clone())).collect();
        Some(match (&self.stage, &self.goal) {
            (Stage::Holding, _) => {
                Hold::new(*trip, part.revision, part.items.clone(), *hold_secs).into()
            }
            (Stage::Extending { until }, _) => Extend::new(*trip, *until).into(),
            (Stage::Pinning, _) => {
                Pin::new(*trip, part.revision, self.anchor().clone(), whole()).into()
            }
            (Stage::Deciding, Goal::Book { travellers, contact }) => {
                let receipts = self.receipts.clone();
                Decide::new(*trip, whole(), receipts, travellers.clone(), contact.clone()).into()
            }
            (Stage::Applying { locator, proof }, _) => {
                Apply::new(*trip, Outcome::Committed, proof.clone(), *locator).into()
            }
            (Stage::Undoing { .. }, _) => LetGo::new(*trip).into(),
            (Stage::Ended(_) | Stage::Deciding, _) => return None,
        })
    }

    /// Takes an answer of this daemon. One that comes late or twice changes nothing.
    pub fn answered(&mut self, daemon: &DaemonName, answer: &Answer) {
        if !self.waiting.contains(daemon) {
            return;
        }
        if let Answer::Error(error) = answer
            && !answer::is_final(error.code)
        {
            return;
        }
        match (&self.stage, answer) {
            (Stage::Holding | Stage::Extending { .. }, Answer::Part(state, expires)) => {
                self.held_or_not(daemon, *state, *expires);
            }
            (Stage::Holding | Stage::Extending { .. }, Answer::Error(error)) => {
                self.refused.insert(daemon.clone(), error.into());
                self.waiting.remove(daemon);
            }
            (Stage::Pinning, Answer::Pin(PartState::Pinned, Some(receipt))) => {
                self.receipts.insert(daemon.clone(), receipt.clone());
                self.waiting.remove(daemon);
            }
            // It was decided before: the anchor says how.
            (Stage::Pinning, Answer::Pin(..)) => {
                self.waiting.remove(daemon);
            }
            (Stage::Pinning, Answer::Error(error)) => {
                self.refused.insert(daemon.clone(), error.into());
                return self.undo(None);
            }
            (Stage::Deciding, Answer::Decided(reply)) => return self.decided(reply),
            (Stage::Deciding, Answer::Error(error)) => return self.not_decided(daemon, error),
            (Stage::Applying { .. }, _) => {
                self.waiting.remove(daemon);
            }
            (Stage::Undoing { .. }, Answer::State(state)) => self.let_go(daemon, *state),
            _ => return,
        }
        if self.waiting.is_empty() {
            self.next_stage();
        }
    }

    fn held_or_not(&mut self, daemon: &DaemonName, state: PartState, expires: Option<Timestamp>) {
        self.waiting.remove(daemon);
        match state {
            PartState::Held | PartState::Pinned | PartState::Confirmed => {
                self.held.insert(daemon.clone(), expires);
            }
            _ => {
                self.refused.insert(daemon.clone(), (&Refusal::Aborted.error()).into());
            }
        }
    }

    fn let_go(&mut self, daemon: &DaemonName, state: PartState) {
        let anchor = daemon == self.anchor();
        match (&mut self.stage, state) {
            (Stage::Undoing { over, .. }, PartState::Released) if anchor => *over = true,
            // Another instance was faster: the anchor says the voucher. Any receipts do, because
            // the decision is there already.
            (_, PartState::Confirmed) if anchor => return self.decide(),
            _ => {}
        }
        self.waiting.remove(daemon);
    }

    fn decided(&mut self, reply: &DecideReply) {
        match (reply.state, &reply.proof) {
            (PartState::Confirmed, Some(proof)) => {
                self.stage = Stage::Applying { locator: reply.locator, proof: proof.clone() };
                self.waiting = self.others().cloned().collect();
                if self.waiting.is_empty() {
                    self.next_stage();
                }
            }
            (PartState::Cancelled, _) => self.end(Ending::Cancelled),
            (PartState::Aborted, _) => self.undo(reply.reason),
            _ => {}
        }
    }

    fn not_decided(&mut self, daemon: &DaemonName, error: &WireError) {
        if error.code == Code::Unauthorised && self.pinnings < PINNINGS_MAX {
            return self.pin();
        }
        self.refused.insert(daemon.clone(), error.into());
        self.undo(None);
    }

    fn next_stage(&mut self) {
        match &self.stage {
            Stage::Holding | Stage::Extending { .. } if self.goal == Goal::Hold => {
                let (held, refused) = (self.held.clone(), self.refused.clone());
                self.end(Ending::Held { held, refused });
            }
            Stage::Holding if self.refused.is_empty() => self.pin(),
            Stage::Holding => self.undo(None),
            Stage::Pinning => self.decide(),
            Stage::Applying { locator, .. } => {
                let locator = *locator;
                self.end(Ending::Booked { locator });
            }
            Stage::Undoing { reason, over } => {
                let ending = match *over {
                    true => Ending::NotBooked { refused: self.refused.clone(), reason: *reason },
                    false => Ending::Unknown,
                };
                self.end(ending);
            }
            Stage::Extending { .. } | Stage::Deciding | Stage::Ended(_) => {}
        }
    }

    fn pin(&mut self) {
        self.stage = Stage::Pinning;
        self.pinnings += 1;
        self.receipts.clear();
        self.waiting = self.others().cloned().collect();
        if self.waiting.is_empty() {
            self.decide();
        }
    }

    fn decide(&mut self) {
        self.stage = Stage::Deciding;
        self.waiting = [self.anchor().clone()].into();
    }

    /// Nothing more is wanted. What is pinned is released by its own daemon, which asks the
    /// anchor; the anchor's part, once let go, can never be booked.
    fn undo(&mut self, reason: Option<AbortReason>) {
        let over = reason.is_some();
        self.stage = Stage::Undoing { reason, over };
        self.waiting = self.plan.parts.iter().map(|part| part.daemon.clone()).collect();
    }

    fn end(&mut self, ending: Ending) {
        self.waiting.clear();
        self.stage = Stage::Ended(ending);
    }

    /// How the trip has ended, if it has. A trip that is booked has ended before everyone was
    /// told; the [`requests`](Self::requests) that are left need not be sent.
    pub fn ending(&self) -> Option<Ending> {
        match &self.stage {
            Stage::Ended(ending) => Some(ending.clone()),
            Stage::Applying { locator, .. } => Some(Ending::Booked { locator: *locator }),
            _ => None,
        }
    }

    /// What can be said when the driver stops here, because a daemon does not answer.
    pub fn given_up(&self) -> Ending {
        self.ending().unwrap_or(match &self.stage {
            Stage::Undoing { reason, over: true } => {
                Ending::NotBooked { refused: self.refused.clone(), reason: *reason }
            }
            Stage::Holding | Stage::Extending { .. } if self.goal == Goal::Hold => {
                Ending::Held { held: self.held.clone(), refused: self.refused.clone() }
            }
            _ => Ending::Unknown,
        })
    }
}
