//! Whose trip a trip is, told by the trip's id itself: nothing is stored, so that every instance
//! with the same key can tell.
//!
//! ```text
//! id     milliseconds[48] 7[4] nonce[12] 2[2] mac[62]     a UUIDv7
//! mac    the first bits of HMAC("agencia viagem 1\0" visitor[16] milliseconds[6] nonce[2])
//! token  hex of the first 16 bytes of HMAC("agencia acesso 1\0" id[16])
//! ```
//!
//! A visitor is sixteen random bytes in a cookie. A token opens one trip to whoever has it. It
//! never says whether a trip exists.

use agencia_protocol::TripId;
use agencia_protocol::trip::Visitor;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use uuid::Uuid;

/// The cookie that keeps which trip a browser has had held last, for as long as that is: whoever goes
/// back to the review comes to an address that does not name it.
pub(crate) const HELD_COOKIE: &str = "reservada";

/// The cookie that says who somebody is.
pub(crate) const COOKIE: &str = "visitante";

/// The bytes of a token's MAC.
const TOKEN_BYTES: usize = 16;

/// The bits of an id that are its MAC.
const MAC_MASK: u64 = (1 << 62) - 1;

/// The bits of an id that are its nonce.
const NONCE_MASK: u16 = (1 << 12) - 1;

/// Somebody's browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VisitorId([u8; 16]);

impl VisitorId {
    /// Somebody who was never here.
    pub(crate) fn random() -> Self {
        Self(rand::random())
    }

    /// What a cookie says; nothing when it says something else.
    pub(crate) fn from_cookie(text: &str) -> Option<Self> {
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(hexadecimal) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for VisitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// The key of the web clients.
#[derive(Clone)]
pub(crate) struct Seals(Hmac<Sha256>);

impl Seals {
    /// The seals of this key.
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(Hmac::new_from_slice(&key).expect("HMAC takes a key of any length"))
    }

    /// The id of a new trip of this visitor.
    pub(crate) fn mint(&self, visitor: VisitorId, now: DateTime<Utc>) -> TripId {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0) & ((1 << 48) - 1);
        let nonce = rand::random::<u16>() & NONCE_MASK;
        let high = (millis << 16) | 0x7000 | u64::from(nonce);
        let low = (0b10 << 62) | self.trip_mac(visitor, high);
        TripId::from_uuid(Uuid::from_u64_pair(high, low))
    }

    /// Whether this visitor's trip has this id.
    pub(crate) fn owns(&self, visitor: VisitorId, trip: TripId) -> bool {
        let number = u128::from_be_bytes(*trip.as_bytes());
        let (high, low) = halves(number);
        let expected = (0b10 << 62) | self.trip_mac(visitor, high);
        // Both are compared whole, whatever they hold: how long it takes tells nothing.
        (high >> 12) & 0xf == 7 && std::hint::black_box(expected ^ low) == 0
    }

    /// What opens this trip to whoever has it.
    pub(crate) fn token(&self, trip: TripId) -> String {
        let mac = self.token_mac(trip).finalize().into_bytes();
        mac[..TOKEN_BYTES].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether a text is the token of this trip.
    pub(crate) fn opens(&self, trip: TripId, token: &str) -> bool {
        let Some(VisitorId(bytes)) = VisitorId::from_cookie(token) else { return false };
        self.token_mac(trip).verify_truncated_left(&bytes).is_ok()
    }

    fn token_mac(&self, trip: TripId) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(b"agencia acesso 1\0");
        mac.update(trip.as_bytes());
        mac
    }

    /// The MAC over a visitor and the first half of an id.
    fn trip_mac(&self, visitor: VisitorId, high: u64) -> u64 {
        let mut mac = self.0.clone();
        mac.update(b"agencia viagem 1\0");
        mac.update(&visitor.0);
        mac.update(&high.to_be_bytes());
        let bytes = mac.finalize().into_bytes();
        let (first, _) = bytes.split_first_chunk().expect("a MAC has 32 bytes");
        u64::from_be_bytes(*first) & MAC_MASK
    }
}

fn halves(number: u128) -> (u64, u64) {
    Uuid::from_u128(number).as_u64_pair()
}

/// A key does not print itself.
impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seals(…)")
    }
}

/// The visitor as the daemons count holds by.
impl From<VisitorId> for Visitor {
    fn from(visitor: VisitorId) -> Self {
        // Not the cookie itself: whoever reads a daemon's memory gets nobody's trips.
        let digest = <Sha256 as sha2::Digest>::digest(visitor.0);
        let text: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        text.parse().expect("hexadecimal digits name a visitor")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_123).unwrap()
    }

    #[test]
    fn an_id_is_a_uuid_of_now_and_its_visitors_alone() {
        let (seals, other) = (Seals::new([1; 32]), Seals::new([2; 32]));
        let (ana, bento) = (VisitorId::random(), VisitorId::random());
        for _ in 0..100 {
            let trip = seals.mint(ana, now());
            let uuid = Uuid::from_bytes(*trip.as_bytes());
            assert_eq!((uuid.get_version_num(), uuid.get_variant()), (7, uuid::Variant::RFC4122));
            let minted = agencia_trip::minted_at(trip).unwrap();
            assert_eq!(minted.unix_millis(), now().timestamp_millis());
            assert!(seals.owns(ana, trip) && Seals::new([1; 32]).owns(ana, trip));
            assert!(!seals.owns(bento, trip) && !other.owns(ana, trip));
        }
    }

    #[test]
    fn an_id_with_one_bit_changed_is_nobodys() {
        let (seals, ana) = (Seals::new([1; 32]), VisitorId::random());
        let trip = u128::from_be_bytes(*seals.mint(ana, now()).as_bytes());
        for bit in 0..128 {
            let changed = TripId::from_uuid(Uuid::from_u128(trip ^ (1 << bit)));
            assert!(!seals.owns(ana, changed), "bit {bit}");
        }
    }

    #[test]
    fn ids_of_different_visitors_of_one_moment_differ() {
        let seals = Seals::new([1; 32]);
        let ids: std::collections::HashSet<_> =
            (0..100).map(|_| seals.mint(VisitorId::random(), now())).collect();
        assert_eq!(ids.len(), 100);
    }

    #[test]
    fn a_token_opens_its_trip_alone() {
        let (seals, ana) = (Seals::new([1; 32]), VisitorId::random());
        let (one, other) = (seals.mint(ana, now()), seals.mint(VisitorId::random(), now()));
        let token = seals.token(one);
        assert!(seals.opens(one, &token));
        assert!(!seals.opens(other, &token) && !Seals::new([2; 32]).opens(one, &token));
        for wrong in ["", "x", &token[1..], &format!("{token}0"), &token.to_uppercase(), "é"] {
            assert!(!seals.opens(one, wrong) || wrong == token, "{wrong}");
        }
    }

    #[test]
    fn a_cookie_is_read_as_it_was_written() {
        let ana = VisitorId::random();
        assert_eq!(VisitorId::from_cookie(&ana.to_string()), Some(ana));
        for wrong in ["", "0", &"g".repeat(32), &"A".repeat(32), &"0".repeat(33), &"é".repeat(16)]
        {
            assert_eq!(VisitorId::from_cookie(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn daemons_do_not_learn_the_cookie() {
        let ana = VisitorId::random();
        let told = Visitor::from(ana);
        assert_ne!(told.as_str(), ana.to_string());
        assert_eq!(told, Visitor::from(ana));
    }
}
