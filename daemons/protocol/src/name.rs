//! Names of things: offers, trips and bookings.

use crate::scalar::FromWire;
use compact_str::CompactString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The longest text of an [`OfferId`], in bytes.
const OFFER_ID_BYTES_MAX: usize = 64;

/// The letters of a [`Locator`]: none that is read as another.
pub const LOCATOR_ALPHABET: &[u8; 25] = b"ACDEFGHJKMNPQRTUVWXY34679";

/// An offer's name as the wire and inventory files write it: 1 to 64 letters, digits, `.`, `_`,
/// `:` or `-`. An offer whose file gives none gets sixteen hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OfferId(CompactString);

impl OfferId {
    /// The name of an offer that was given none.
    pub fn from_key(key: OfferKey) -> Self {
        Self(CompactString::from_utf8_lossy(&key.digits()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number by which the catalog and the ledger know this offer: the sixteen hexadecimal
    /// digits read back, or for any other name its hash.
    pub fn key(&self) -> OfferKey {
        generated_key(&self.0)
            .unwrap_or_else(|| OfferKey(xxhash_rust::xxh3::xxh3_64(self.0.as_bytes())))
    }

    /// Whether the text is what [`from_key`](Self::from_key) writes, so that the key alone tells it.
    pub fn is_generated(&self) -> bool {
        generated_key(&self.0).is_some()
    }
}

fn generated_key(text: &str) -> Option<OfferKey> {
    let digits: &[u8; 16] = text.as_bytes().try_into().ok()?;
    let mut key = 0;
    for digit in digits {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        key = key << 4 | u64::from(value);
    }
    Some(OfferKey(key))
}

impl fmt::Display for OfferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromWire for OfferId {
    const EXPECTED: &'static str = "um id de 1 a 64 letras, algarismos ou . _ : -";

    fn from_text(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        let length = 1..=OFFER_ID_BYTES_MAX;
        (length.contains(&text.len()) && text.bytes().all(allowed)).then(|| Self(text.into()))
    }

    fn from_number(number: u64) -> Option<Self> {
        Self::from_text(&number.to_string())
    }
}

/// An offer's number in memory and in the ledger; two offers of one daemon never share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OfferKey(pub u64);

impl OfferKey {
    /// The sixteen hexadecimal digits of the number.
    pub fn digits(self) -> [u8; 16] {
        let mut digits = [0; 16];
        for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(self.0.to_be_bytes()) {
            *pair = HEXADECIMAL[usize::from(byte)];
        }
        digits
    }
}

/// The two hexadecimal digits of every byte.
const HEXADECIMAL: [[u8; 2]; 256] = {
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        let digits = b"0123456789abcdef";
        pairs[byte] = [digits[byte / 16], digits[byte % 16]];
        byte += 1;
    }
    pairs
};

/// A trip's name: a UUID, minted by whoever starts the trip. It is the idempotency key of
/// everything that is said of the trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TripId(uuid::Uuid);

impl TripId {
    /// The trip of this UUID.
    pub fn from_uuid(uuid: uuid::Uuid) -> Self {
        Self(uuid)
    }

    /// The sixteen bytes of the UUID.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for TripId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromWire for TripId {
    const EXPECTED: &'static str = "um UUID";

    fn from_text(text: &str) -> Option<Self> {
        // Only the hyphenated form: a key has one spelling.
        (text.len() == 36).then(|| text.parse().ok().map(Self)).flatten()
    }
}

/// The six characters on a voucher. The first names the daemon that keeps the booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Locator([u8; 6]);

impl Locator {
    /// The locator with this first letter and these five draws, each taken modulo the alphabet;
    /// nothing when the letter is not in [`LOCATOR_ALPHABET`].
    pub fn new(letter: char, draws: [u8; 5]) -> Option<Self> {
        let mut text = [u8::try_from(letter).ok()?; 6];
        for (place, draw) in text[1..].iter_mut().zip(draws) {
            *place = LOCATOR_ALPHABET[usize::from(draw) % LOCATOR_ALPHABET.len()];
        }
        LOCATOR_ALPHABET.contains(&text[0]).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a locator is made of ASCII letters")
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromWire for Locator {
    const EXPECTED: &'static str = "um localizador de seis caracteres";

    fn from_text(text: &str) -> Option<Self> {
        let bytes: [u8; 6] = text.to_ascii_uppercase().into_bytes().try_into().ok()?;
        bytes.iter().all(|byte| LOCATOR_ALPHABET.contains(byte)).then_some(Self(bytes))
    }
}

macro_rules! written_as_text {
    ($($name:ty),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::scalar::required(deserializer)
            }
        }
        impl std::str::FromStr for $name {
            type Err = crate::scalar::Unreadable;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::from_text(text).ok_or(crate::scalar::Unreadable(Self::EXPECTED))
            }
        }
    )*};
}
written_as_text!(OfferId, TripId, Locator);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_id_is_its_key() {
        let id = OfferId::from_key(OfferKey(0xff));
        assert_eq!(
            (id.as_str(), id.key(), id.is_generated()),
            ("00000000000000ff", OfferKey(0xff), true)
        );
    }

    #[test]
    fn a_given_id_has_a_key_that_never_changes() {
        let id: OfferId = "AD4021-2026.12:24_x".parse().unwrap();
        assert!(!id.is_generated());
        // Bookings are kept under this number: it must be the same in every version.
        assert_eq!(id.key(), OfferKey(xxhash_rust::xxh3::xxh3_64(b"AD4021-2026.12:24_x")));
        assert!(!"FF00000000000000".parse::<OfferId>().unwrap().is_generated());
    }

    #[test]
    fn an_id_has_one_to_sixty_four_plain_characters() {
        for (text, good) in [("", false), ("a b", false), ("é", false), ("a", true)] {
            assert_eq!(text.parse::<OfferId>().is_ok(), good, "{text:?}");
        }
        assert!("x".repeat(64).parse::<OfferId>().is_ok());
        assert!("x".repeat(65).parse::<OfferId>().is_err());
    }

    #[test]
    fn a_locator_starts_with_its_daemons_letter() {
        let locator = Locator::new('V', [0, 24, 25, 200, 3]).unwrap();
        assert_eq!(locator.as_str(), "VA9AAE");
        assert_eq!("va9aae".parse::<Locator>().unwrap(), locator);
        assert_eq!(Locator::new('B', [0; 5]), None);
        assert!("VA9AA".parse::<Locator>().is_err());
        assert!("VA0AAE".parse::<Locator>().is_err());
    }

    #[test]
    fn a_trip_has_one_spelling() {
        assert!("0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11".parse::<TripId>().is_ok());
        assert!("0190a5ee7c1e7c538b519a2d0e8f7b11".parse::<TripId>().is_err());
        assert!("urn:uuid:0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11".parse::<TripId>().is_err());
    }
}
