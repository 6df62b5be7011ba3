//! What cancelling gives back, as a daemon tells it: with `ofertas`, before anything is held, and in
//! the record of what is held, where it stays as it was told.

use serde::{Deserialize, Serialize};

/// The field that has the rules, in the reply to `ofertas` and in a record that is held.
pub const POLICY_FIELD: &str = "cancelamento";

/// As long as so many days are left before the first day of service, so much is given back. Of
/// several rules the one with the most days counts that are still left; nothing when none is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RefundRule {
    /// How many days must be left.
    #[serde(rename = "dias")]
    pub days: u16,
    /// How much of the price is given back, 0 to 100.
    #[serde(rename = "percentual")]
    pub percent: u8,
}
