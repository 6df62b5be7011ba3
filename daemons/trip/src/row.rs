//! What one daemon keeps of one trip: its part and, at the anchor, the decision.
//!
//! Plain data, one row a trip: the store writes it as it is, in the transaction that takes or
//! frees the units. Nothing in here decides anything.

use agencia_protocol::trip::{
    AbortReason, ByDaemon, Contact, DaemonName, Incarnation, Outcome, PartState, Reason, Refund,
    Revision, Timestamp, Traveller, TripItem,
};
use agencia_protocol::{Locator, OfferKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything a daemon knows of a trip; the default is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Row {
    /// What the trip has here.
    pub part: Option<Part>,
    /// How the trip was decided, if this daemon decided it.
    pub decision: Option<Decision>,
}

impl Row {
    /// The state of the part, as the wire says it.
    pub fn state(&self) -> PartState {
        self.part.as_ref().map_or(PartState::None, |part| part.state.name())
    }

    /// Whether something is still to be done: a hold that expires, a part that waits for its
    /// outcome, an outcome that waits for its acknowledgements.
    pub fn is_live(&self) -> bool {
        let part = self.state() == PartState::Held || self.awaited().is_some();
        part || self.decision.as_ref().is_some_and(|decision| !decision.pending.is_empty())
    }

    /// The trip whose outcome is still to be heard of its anchor: the part is pinned, or it was
    /// settled by hand and nothing agrees with that yet.
    pub fn awaited(&self) -> Option<&Arc<Parts>> {
        let part = self.part.as_ref()?;
        match &part.state {
            State::Pinned { parts } => Some(parts),
            // An anchor that has booked the trip has nobody to ask.
            state if part.forced.is_some() && !self.was_booked() => state.parts(),
            _ => None,
        }
    }

    /// Whether this daemon is the anchor of a trip that was booked, be it cancelled since or not.
    pub fn was_booked(&self) -> bool {
        matches!(
            self.decision.as_ref().map(|decision| decision.verdict),
            Some(Verdict::Committed | Verdict::Cancelled { .. })
        )
    }
}

/// What a trip has in one daemon.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Part {
    /// The version of the items.
    pub revision: Revision,
    /// The items as sold; none in the tombstone of a trip that was never held here.
    pub items: Arc<[SoldItem]>,
    /// When the part was first held.
    pub first_held: Timestamp,
    /// Where it is.
    pub state: State,
    /// Since when it is there.
    pub since: Timestamp,
    /// The voucher, once the anchor has told it.
    pub locator: Option<Locator>,
    /// What an administrator did by hand, until an outcome agrees with it.
    pub forced: Option<Forced>,
}

/// Where a part is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// The units are taken until the deadline.
    Held {
        /// The deadline.
        expires: Timestamp,
    },
    /// The units are taken until the anchor's outcome.
    Pinned {
        /// The whole trip.
        parts: Arc<Parts>,
    },
    /// The units are the traveller's.
    Confirmed {
        /// The whole trip.
        parts: Arc<Parts>,
    },
    /// The units were given back, for good.
    Released {
        /// Why.
        why: Release,
        /// The whole trip, if the part was ever pinned.
        parts: Option<Arc<Parts>>,
    },
}

impl State {
    /// The state, as the wire says it.
    pub fn name(&self) -> PartState {
        match self {
            Self::Held { .. } => PartState::Held,
            Self::Pinned { .. } => PartState::Pinned,
            Self::Confirmed { .. } => PartState::Confirmed,
            Self::Released { .. } => PartState::Released,
        }
    }

    /// The whole trip, once the part knows it.
    pub fn parts(&self) -> Option<&Arc<Parts>> {
        match self {
            Self::Held { .. } => None,
            Self::Pinned { parts } | Self::Confirmed { parts } => Some(parts),
            Self::Released { parts, .. } => parts.as_ref(),
        }
    }

    /// Whether the part has its units.
    pub fn has_units(&self) -> bool {
        !matches!(self, Self::Released { .. })
    }
}

/// Why a part was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Release {
    /// The hold expired.
    Expired,
    /// The traveller let it go.
    LetGo,
    /// The trip was decided against.
    Aborted,
    /// The trip was booked and then cancelled.
    Cancelled,
    /// An administrator settled it by hand.
    Forced,
}

/// What an administrator did by hand.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Forced {
    /// Where the part was before.
    pub was: PartState,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// An item as it was sold. Two are the same purchase when they were asked for in the same words.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SoldItem {
    /// What was asked for.
    pub item: TripItem,
    /// The offers of which `item.units` are taken each: one, or for a stay one a night.
    #[serde(with = "offer_numbers")]
    pub offers: Vec<OfferKey>,
    /// The record that the traveller saw, one JSON object.
    pub record: String,
}

/// Offers are kept as their numbers.
mod offer_numbers {
    use agencia_protocol::OfferKey;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(offers: &[OfferKey], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(offers.iter().map(|offer| offer.0))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<OfferKey>, D::Error> {
        Ok(Vec::<u64>::deserialize(from)?.into_iter().map(OfferKey).collect())
    }
}

/// Whether these are the same purchase.
pub fn same_items(sold: &[SoldItem], asked: &[TripItem]) -> bool {
    sold.len() == asked.len() && sold.iter().zip(asked).all(|(sold, asked)| sold.item == *asked)
}

/// A whole trip: who decides, and what each daemon sells.
///
/// Its digest is computed once, so that sealing and comparing cost no more than 32 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "PartsFields", into = "PartsFields")]
pub struct Parts {
    digest: Digest,
    anchor: DaemonName,
    items: ByDaemon<Vec<TripItem>>,
}

/// The SHA-256 of a whole trip's canonical encoding.
pub type Digest = [u8; 32];

#[derive(Serialize, Deserialize)]
struct PartsFields {
    anchor: DaemonName,
    items: ByDaemon<Vec<TripItem>>,
}

impl From<PartsFields> for Parts {
    fn from(PartsFields { anchor, items }: PartsFields) -> Self {
        Self::new(anchor, items)
    }
}

impl From<Parts> for PartsFields {
    fn from(Parts { anchor, items, .. }: Parts) -> Self {
        Self { anchor, items }
    }
}

impl Parts {
    /// The trip of these parts.
    pub fn new(anchor: DaemonName, items: ByDaemon<Vec<TripItem>>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"agencia partes 1\0");
        let mut text = |text: &str| {
            hash.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
            hash.update(text);
        };
        text(anchor.as_str());
        for (daemon, items) in &items {
            text("parte");
            text(daemon.as_str());
            for TripItem { id, units, nights, price } in items {
                text("item");
                text(id.as_str());
                text(&units.count().to_string());
                text(&nights.map(|nights| nights.count().to_string()).unwrap_or_default());
                text(&price.map(|price| price.cents().to_string()).unwrap_or_default());
            }
        }
        Self { digest: hash.finalize().into(), anchor, items }
    }

    /// The daemon that decides.
    pub fn anchor(&self) -> &DaemonName {
        &self.anchor
    }

    /// What each daemon sells.
    pub fn items(&self) -> &ByDaemon<Vec<TripItem>> {
        &self.items
    }

    /// What this daemon sells.
    pub fn items_of(&self, daemon: &DaemonName) -> Option<&[TripItem]> {
        self.items.get(daemon).map(Vec::as_slice)
    }

    /// The daemons beside the anchor.
    pub fn others(&self) -> impl Iterator<Item = &DaemonName> {
        self.items.keys().filter(|daemon| **daemon != self.anchor)
    }

    /// What tells this trip from every other.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// How the anchor decided a trip. Once written it only ever goes from committed to cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// When it was written.
    pub at: Timestamp,
    /// The whole trip; none when a trip was decided against before anyone said what it was.
    pub parts: Option<Arc<Parts>>,
    /// The voucher of a trip that was booked; unique in its daemon. Unknown only where a backup
    /// was restored and no peer remembered it.
    pub locator: Option<Locator>,
    /// Who travels.
    pub travellers: Vec<Traveller>,
    /// How they are reached.
    pub contact: Option<Contact>,
    /// The outbox: the daemons that have not acknowledged the verdict.
    pub pending: BTreeSet<DaemonName>,
}

impl Decision {
    /// The verdict, as the wire says it.
    pub fn outcome(&self) -> Outcome {
        self.verdict.outcome()
    }
}

/// The anchor's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// Booked.
    Committed,
    /// Not booked.
    Aborted {
        /// Why.
        reason: AbortReason,
    },
    /// Booked, and then cancelled.
    Cancelled {
        /// What the traveller got back; unknown only after a recovery.
        refund: Option<Refund>,
    },
}

impl Verdict {
    /// The verdict, as the wire says it.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Committed => Outcome::Committed,
            Self::Aborted { .. } => Outcome::Aborted,
            Self::Cancelled { .. } => Outcome::Cancelled,
        }
    }
}

/// The earliest life of each peer whose seals still count. A daemon raises one when the peer says
/// that it was restored; the store keeps them, and they never go down.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Fences(BTreeMap<DaemonName, Incarnation>);

impl Fences {
    /// The earliest life of this daemon that counts.
    pub fn of(&self, daemon: &DaemonName) -> Incarnation {
        self.0.get(daemon).copied().unwrap_or_default()
    }

    /// Makes every earlier life of this daemon count no more. Answers whether that is new.
    pub fn raise(&mut self, daemon: &DaemonName, incarnation: Incarnation) -> bool {
        let raised = self.of(daemon) < incarnation;
        if raised {
            self.0.insert(daemon.clone(), incarnation);
        }
        raised
    }

    /// Every fence that was ever raised.
    pub fn iter(&self) -> impl Iterator<Item = (&DaemonName, Incarnation)> {
        self.0.iter().map(|(daemon, incarnation)| (daemon, *incarnation))
    }
}
