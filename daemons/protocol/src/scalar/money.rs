//! Amounts of money.

use super::{FromWire, digits, read_from_wire, written_as_displayed};
use std::fmt;

/// An amount in centavos of real, `9906,00R$`; at most R$ 42.949.672,95.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Money(u32);

impl Money {
    /// The amount of so many centavos.
    pub fn from_cents(cents: u32) -> Self {
        Self(cents)
    }

    /// The centavos.
    pub fn cents(self) -> u32 {
        self.0
    }

    /// The sum, or nothing above the limit.
    pub fn checked_add(self, other: Money) -> Option<Money> {
        self.0.checked_add(other.0).map(Self)
    }

    /// So many times the amount, or nothing above the limit.
    pub fn checked_mul(self, times: u32) -> Option<Money> {
        self.0.checked_mul(times).map(Self)
    }

    /// Reads `9906,00R$`.
    pub fn from_record(text: &str) -> Option<Self> {
        let (reais, cents) = text.strip_suffix("R$")?.split_once(',')?;
        let spelled_once = reais == "0" || !reais.starts_with('0');
        if reais.is_empty() || !spelled_once || cents.len() != 2 {
            return None;
        }
        let reais: u32 = digits(reais)?;
        reais.checked_mul(100)?.checked_add(digits(cents)?).map(Self)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{:02}R$", self.0 / 100, self.0 % 100)
    }
}

impl FromWire for Money {
    const EXPECTED: &'static str = "um valor, como 9906,00R$";

    fn from_text(text: &str) -> Option<Self> {
        Self::from_record(text)
    }
}

read_from_wire!(Money);
written_as_displayed!(Money);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let read = Money::from_record(text).map(|value| value.to_string());
        assert_eq!(read.as_deref(), expected, "{text:?}");
    }

    #[test]
    fn money_has_one_spelling() {
        for text in ["9906,00R$", "0,00R$", "0,05R$", "42949672,95R$"] {
            check(text, Some(text));
        }
        for text in
            ["42949672,96R$", "9.906,00R$", "9906R$", "9906,0R$", "00,00R$", "-1,00R$", "1,00"]
        {
            check(text, None);
        }
    }
}
