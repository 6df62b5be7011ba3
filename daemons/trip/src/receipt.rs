//! Receipts, proofs and quotes: what daemons seal with a key that only they have.
//!
//! HMAC-SHA256 over a canonical encoding. Every text is preceded by its length and every kind of
//! seal begins with its own words, so that no seal can be read as another:
//!
//! ```text
//! receipt  "agencia recibo 1\0"  trip[16] daemon incarnation[8] revision[4] parts[32]
//! proof    "agencia prova 1\0"   trip[16] anchor incarnation[8] outcome[1]  parts[32]
//! quote    "agencia cotacao 1\0" trip[16] anchor refund[8] expiry[8]
//! share    "agencia parcela 1\0" trip[16] daemon refund[8] expiry[8]
//! ```
//!
//! `parts` is the digest of the whole trip, zeros in the proof of an abort that was written before
//! the anchor knew it. A seal carries whatever its reader cannot know, beside its MAC.

use crate::row::Digest;
use agencia_protocol::TripId;
use agencia_protocol::trip::{
    DaemonName, Incarnation, Outcome, Proof, Quote, Receipt, Refund, Revision, Timestamp,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// The parts of an abort that was written before the anchor knew them.
pub const NO_PARTS: Digest = [0; 32];

/// The key that all daemons of an agency share, and nobody else has.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl Key {
    /// The key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Hmac::new_from_slice(&bytes).expect("HMAC takes a key of any length"))
    }

    fn mac(&self, kind: &[u8]) -> Sealing {
        let mut mac = self.0.clone();
        mac.update(kind);
        Sealing(mac)
    }
}

/// A key does not print itself.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

struct Sealing(Hmac<Sha256>);

impl Sealing {
    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    fn text(self, text: &str) -> Self {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
        self.bytes(&length).bytes(text.as_bytes())
    }

    fn hex(self) -> String {
        to_hex(&self.0.finalize().into_bytes())
    }

    /// Compares in constant time.
    fn is(self, mac: &[u8; 32]) -> bool {
        self.0.verify_slice(mac).is_ok()
    }
}

/// What a receipt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptClaim<'a> {
    /// The trip.
    pub trip: TripId,
    /// Whose part is pinned.
    pub daemon: &'a DaemonName,
    /// In which life of that daemon.
    pub incarnation: Incarnation,
    /// The version of its items.
    pub revision: Revision,
    /// The whole trip.
    pub parts: &'a Digest,
}

impl ReceiptClaim<'_> {
    fn sealing(&self, key: &Key) -> Sealing {
        key.mac(b"agencia recibo 1\0")
            .bytes(self.trip.as_bytes())
            .text(self.daemon.as_str())
            .bytes(&self.incarnation.0.to_be_bytes())
            .bytes(&self.revision.0.to_be_bytes())
            .bytes(self.parts)
    }

    /// The receipt that says this.
    pub fn seal(&self, key: &Key) -> Receipt {
        let mac = self.sealing(key).hex();
        let text = format!("{}.{}.{mac}", self.revision, self.incarnation);
        text.parse().expect("digits, points and hexadecimal digits")
    }
}

/// Reads a receipt of this daemon for this trip; nothing when it is not genuine.
pub fn open_receipt<'a>(
    key: &Key,
    trip: TripId,
    daemon: &'a DaemonName,
    parts: &'a Digest,
    receipt: &Receipt,
) -> Option<ReceiptClaim<'a>> {
    let mut fields = receipt.as_str().split('.');
    let revision = Revision(fields.next()?.parse().ok()?);
    let incarnation = Incarnation(fields.next()?.parse().ok()?);
    let mac = from_hex(fields.next()?)?;
    let claim = ReceiptClaim { trip, daemon, incarnation, revision, parts };
    (fields.next().is_none() && claim.sealing(key).is(&mac)).then_some(claim)
}

/// What a proof says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofClaim {
    /// The trip.
    pub trip: TripId,
    /// Who decided.
    pub anchor: DaemonName,
    /// In which life of that daemon.
    pub incarnation: Incarnation,
    /// The outcome.
    pub outcome: Outcome,
    /// The whole trip, or [`NO_PARTS`].
    pub parts: Digest,
}

impl ProofClaim {
    fn sealing(&self, key: &Key) -> Sealing {
        let outcome = match self.outcome {
            Outcome::Undecided => 0,
            Outcome::Committed => 1,
            Outcome::Aborted => 2,
            Outcome::Cancelled => 3,
        };
        key.mac(b"agencia prova 1\0")
            .bytes(self.trip.as_bytes())
            .text(self.anchor.as_str())
            .bytes(&self.incarnation.0.to_be_bytes())
            .bytes(&[outcome])
            .bytes(&self.parts)
    }

    /// The proof that says this.
    pub fn seal(&self, key: &Key) -> Proof {
        let (parts, mac) = (to_hex(&self.parts), self.sealing(key).hex());
        let text = format!("{}.{}.{parts}.{mac}", self.anchor, self.incarnation);
        text.parse().expect("a daemon's name, points, digits and hexadecimal digits")
    }
}

/// Reads a proof of this outcome of this trip; nothing when it is not genuine.
pub fn open_proof(key: &Key, trip: TripId, outcome: Outcome, proof: &Proof) -> Option<ProofClaim> {
    let mut fields = proof.as_str().split('.');
    let anchor = fields.next()?.parse().ok()?;
    let incarnation = Incarnation(fields.next()?.parse().ok()?);
    let parts = from_hex(fields.next()?)?;
    let mac = from_hex(fields.next()?)?;
    let claim = ProofClaim { trip, anchor, incarnation, outcome, parts };
    (fields.next().is_none() && claim.sealing(key).is(&mac)).then_some(claim)
}

/// What a quote is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoted {
    /// The whole trip, by its anchor: what `cancelar` takes.
    Trip,
    /// A daemon's own part: what the anchor adds up.
    Share,
}

/// What a quote says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuoteClaim<'a> {
    /// The trip.
    pub trip: TripId,
    /// What of it.
    pub of: Quoted,
    /// Who quotes.
    pub daemon: &'a DaemonName,
    /// What the traveller would get back.
    pub refund: Refund,
    /// Until when.
    pub expires: Timestamp,
}

impl QuoteClaim<'_> {
    fn sealing(&self, key: &Key) -> Sealing {
        let kind: &[u8] = match self.of {
            Quoted::Trip => b"agencia cotacao 1\0",
            Quoted::Share => b"agencia parcela 1\0",
        };
        key.mac(kind)
            .bytes(self.trip.as_bytes())
            .text(self.daemon.as_str())
            .bytes(&self.refund.0.to_be_bytes())
            .bytes(&self.expires.unix_millis().to_be_bytes())
    }

    /// The quote that says this.
    pub fn seal(&self, key: &Key) -> Quote {
        let mac = self.sealing(key).hex();
        let text = format!("{}.{}.{mac}", self.refund.0, self.expires.unix_millis());
        text.parse().expect("digits, points and hexadecimal digits")
    }
}

/// Reads a quote of this daemon for this trip; nothing when it is not genuine, or about something
/// else.
pub fn open_quote<'a>(
    key: &Key,
    (trip, of): (TripId, Quoted),
    daemon: &'a DaemonName,
    quote: &Quote,
) -> Option<QuoteClaim<'a>> {
    let mut fields = quote.as_str().split('.');
    let refund = Refund(fields.next()?.parse().ok()?);
    let expires = Timestamp::from_unix_millis(fields.next()?.parse().ok()?);
    let mac = from_hex(fields.next()?)?;
    let claim = QuoteClaim { trip, of, daemon, refund, expires };
    (fields.next().is_none() && claim.sealing(key).is(&mac)).then_some(claim)
}

fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let half = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(half(digits[0])? * 16 + half(digits[1])?).ok()?;
    }
    Some(bytes)
}
