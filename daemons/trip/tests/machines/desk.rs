//! A daemon with a key and a trip, and the rows and commands that tests need.

use agencia_protocol::trip::{
    ByDaemon, DaemonName, Incarnation, Outcome, PartState, Proof, Quote, Receipt, Refund, Revision,
    Timestamp, TripItem,
};
use agencia_protocol::{Locator, TripId};
use agencia_trip::receipt::{NO_PARTS, ProofClaim, QuoteClaim, Quoted, ReceiptClaim};
use agencia_trip::row::{Digest, Parts, Row, SoldItem};
use agencia_trip::step::Decide;
use agencia_trip::{Command, Desk, Fences, Key, Limits};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const HOLD: Duration = Duration::from_secs(600);

pub(crate) fn early() -> Timestamp {
    Timestamp::from_unix_millis(1_800_000_000_000)
}

/// After every hold has expired.
pub(crate) fn late() -> Timestamp {
    early().after(HOLD)
}

/// When a command meets a row of this name.
pub(crate) fn at(row: &str) -> Timestamp {
    if row.starts_with("late") { late() } else { early() }
}

pub(crate) fn item(id: &str) -> TripItem {
    TripItem { id: id.parse().unwrap(), units: "1".parse().unwrap(), nights: None, price: None }
}

pub(crate) fn sold(item: &TripItem) -> SoldItem {
    SoldItem { item: item.clone(), offers: vec![item.id.key()], record: r#"{"a":1}"#.to_owned() }
}

pub(crate) fn trip_minted(at: Timestamp) -> TripId {
    let millis = u64::try_from(at.unix_millis()).unwrap();
    TripId::from_uuid(uuid::Uuid::from_u64_pair((millis << 16) | 0x7000, (1 << 63) | 1))
}

/// One of the daemons voos (the anchor) and hospedagens.
pub(crate) struct Office {
    pub(crate) name: DaemonName,
    pub(crate) key: Key,
    pub(crate) fences: Fences,
    pub(crate) limits: Limits,
    pub(crate) trip: TripId,
    pub(crate) parts: Arc<Parts>,
    pub(crate) locator: Locator,
}

impl Office {
    pub(crate) fn of(name: &str) -> Self {
        Self {
            name: name.parse().unwrap(),
            key: Key::new([7; 32]),
            fences: Fences::default(),
            limits: Limits::default(),
            trip: trip_minted(early()),
            parts: whole("voos", &["voos", "hospedagens"]),
            locator: "VA9AAE".parse().unwrap(),
        }
    }

    pub(crate) fn desk(&self) -> Desk<'_> {
        Desk {
            name: &self.name,
            key: &self.key,
            incarnation: Incarnation(0),
            fences: &self.fences,
            recovering: false,
            limits: &self.limits,
        }
    }

    /// The row after these commands, at the beginning.
    pub(crate) fn after(&self, commands: &[Command]) -> Row {
        commands.iter().fold(Row::default(), |row, command| {
            self.desk().step(self.trip, &row, command, early()).row.unwrap_or(row)
        })
    }

    pub(crate) fn hold(&self, revision: u32, id: &str) -> Command {
        let items = Arc::new([sold(&item(id))]);
        Command::Hold { revision: Revision(revision), items, time: HOLD }
    }

    pub(crate) fn pin(&self) -> Command {
        Command::Pin { revision: Revision(1), parts: self.parts.clone() }
    }

    pub(crate) fn receipt(&self, daemon: &str, life: u64) -> Receipt {
        let claim = ReceiptClaim {
            trip: self.trip,
            daemon: &daemon.parse().unwrap(),
            incarnation: Incarnation(life),
            revision: Revision(1),
            parts: self.parts.digest(),
        };
        claim.seal(&self.key)
    }

    pub(crate) fn decide(&self, receipts: &[(&str, Receipt)]) -> Command {
        let receipts: ByDaemon<Receipt> = receipts
            .iter()
            .map(|(daemon, receipt)| (daemon.parse().unwrap(), receipt.clone()))
            .collect();
        Command::Decide(Box::new(Decide {
            parts: self.parts.clone(),
            receipts,
            travellers: Vec::new(),
            contact: None,
            locator: self.locator,
        }))
    }

    pub(crate) fn proof(&self, anchor: &str, outcome: Outcome, parts: Digest) -> Proof {
        let (anchor, incarnation) = (anchor.parse().unwrap(), Incarnation(0));
        ProofClaim { trip: self.trip, anchor, incarnation, outcome, parts }.seal(&self.key)
    }

    pub(crate) fn apply(&self, anchor: &str, outcome: Outcome, parts: Digest) -> Command {
        let proof = self.proof(anchor, outcome, parts);
        Command::Apply { outcome, proof, locator: Some(self.locator) }
    }

    pub(crate) fn quote(&self) -> Quote {
        self.quote_of(Quoted::Trip, "voos", late())
    }

    pub(crate) fn quote_of(&self, of: Quoted, daemon: &str, expires: Timestamp) -> Quote {
        let (trip, daemon) = (self.trip, &daemon.parse().unwrap());
        QuoteClaim { trip, of, daemon, refund: Refund(5), expires }.seal(&self.key)
    }

    /// `cotar_cancelamento` with these daemons' shares.
    pub(crate) fn ask_quote(&self, shares: &[(&str, Quote)]) -> Command {
        let share = |(daemon, quote): &(&str, Quote)| (daemon.parse().unwrap(), quote.clone());
        Command::Quote { own: Refund(7), shares: shares.iter().map(share).collect() }
    }

    fn told(&self, outcome: Outcome) -> Command {
        self.apply("voos", outcome, *self.parts.digest())
    }

    pub(crate) fn part_rows(&self) -> Vec<(&'static str, Row)> {
        let hold = || self.hold(1, "x1");
        let expired = self.desk().step(self.trip, &self.after(&[hold()]), &Command::Expire, late());
        let pinned = |outcome| self.after(&[hold(), self.pin(), self.told(outcome)]);
        vec![
            ("none", Row::default()),
            ("held", self.after(&[hold()])),
            ("late held", self.after(&[hold()])),
            ("pinned", self.after(&[hold(), self.pin()])),
            ("late pin", self.after(&[hold(), self.pin()])),
            ("confirmed", pinned(Outcome::Committed)),
            ("expired", expired.row.unwrap()),
            ("let go", self.after(&[hold(), Command::LetGo])),
            ("aborted", pinned(Outcome::Aborted)),
            ("cancelled", pinned(Outcome::Cancelled)),
        ]
    }

    pub(crate) fn part_commands(&self) -> Vec<(&'static str, Command)> {
        let digest = *self.parts.digest();
        let other = whole("voos", &["voos", "hospedagens", "passeios"]);
        let force = |state| Command::Force { state, reason: "x".parse().unwrap() };
        vec![
            ("hold", self.hold(1, "x1")),
            ("hold other", self.hold(1, "x2")),
            ("hold newer", self.hold(2, "x2")),
            ("hold older", self.hold(0, "x1")),
            ("extend", Command::Extend { until: late().after(HOLD) }),
            ("let go", Command::LetGo),
            ("expire", Command::Expire),
            ("pin", self.pin()),
            ("pin newer", Command::Pin { revision: Revision(2), parts: self.parts.clone() }),
            ("pin other", Command::Pin { revision: Revision(1), parts: other.clone() }),
            ("committed", self.told(Outcome::Committed)),
            ("aborted", self.apply("voos", Outcome::Aborted, NO_PARTS)),
            ("cancelled", self.told(Outcome::Cancelled)),
            ("com. other", self.apply("voos", Outcome::Committed, *other.digest())),
            ("com. alien", self.apply("passeios", Outcome::Committed, digest)),
            ("ab. alien", self.apply("passeios", Outcome::Aborted, NO_PARTS)),
            ("force up", force(PartState::Confirmed)),
            ("force down", force(PartState::Released)),
            ("quote", self.ask_quote(&[])),
            ("quote all", self.ask_quote(&[("voos", self.quote())])),
        ]
    }

    pub(crate) fn anchor_rows(&self) -> Vec<(&'static str, Row)> {
        let hold = || self.hold(1, "x1");
        let decide = || self.decide(&[("hospedagens", self.receipt("hospedagens", 0))]);
        let expired = self.desk().step(self.trip, &self.after(&[hold()]), &Command::Expire, late());
        let ask = Command::AskOutcome { waited: Some(Duration::from_secs(10)) };
        vec![
            ("none", Row::default()),
            ("held", self.after(&[hold()])),
            ("late held", self.after(&[hold()])),
            ("expired", expired.row.unwrap()),
            ("let go", self.after(&[Command::LetGo])),
            ("no trip", self.after(std::slice::from_ref(&ask))),
            ("aborted", self.after(&[hold(), ask])),
            ("committed", self.after(&[hold(), decide()])),
            ("cancelled", self.after(&[hold(), decide(), Command::Cancel { quote: self.quote() }])),
        ]
    }

    pub(crate) fn anchor_commands(&self) -> Vec<(&'static str, Command)> {
        let receipt = |daemon: &str| self.receipt(daemon, 0);
        let ask =
            |waited: Option<u64>| Command::AskOutcome { waited: waited.map(Duration::from_secs) };
        let share = |daemon| self.quote_of(Quoted::Share, daemon, late());
        let told = |outcome, state| Command::Acknowledge {
            from: "hospedagens".parse().unwrap(),
            outcome,
            state,
        };
        let items = Arc::new([sold(&item("x1"))]);
        vec![
            ("hold", self.hold(1, "x1")),
            ("let go", Command::LetGo),
            ("pin", self.pin()),
            ("decide", self.decide(&[("hospedagens", receipt("hospedagens"))])),
            ("no receipt", self.decide(&[])),
            ("wrong rec.", self.decide(&[("hospedagens", receipt("passeios"))])),
            ("reserve", Command::Reserve { items, locator: self.locator }),
            ("web asks", ask(None)),
            ("asks at 9s", ask(Some(9))),
            ("asks at 10", ask(Some(10))),
            ("own proof", self.told(Outcome::Cancelled)),
            ("ack", told(Outcome::Committed, PartState::Confirmed)),
            ("ack cancel", told(Outcome::Cancelled, PartState::Released)),
            ("ack wrong", told(Outcome::Committed, PartState::Released)),
            ("quote", self.ask_quote(&[("hospedagens", share("hospedagens"))])),
            ("no share", self.ask_quote(&[])),
            ("wrong share", self.ask_quote(&[("hospedagens", share("passeios"))])),
            ("cancel", Command::Cancel { quote: self.quote() }),
            ("alter", Command::Alter { travellers: Vec::new(), contact: None }),
        ]
    }
}

/// A whole trip of one item in each of these daemons.
pub(crate) fn whole(anchor: &str, daemons: &[&str]) -> Arc<Parts> {
    let part = |daemon: &&str| (daemon.parse().unwrap(), vec![item("x1")]);
    Arc::new(Parts::new(anchor.parse().unwrap(), daemons.iter().map(part).collect()))
}
