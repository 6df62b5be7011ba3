//! How lists are sorted.

use super::{FromWire, read_from_wire};
use serde::Serialize;

/// How a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Order {
    /// By time of day, then price.
    #[default]
    #[serde(rename = "horario")]
    Time,
    /// By price, then time of day.
    #[serde(rename = "preco")]
    Price,
}

impl FromWire for Order {
    const EXPECTED: &'static str = "horario ou preco";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "horario" => Some(Order::Time),
            "preco" => Some(Order::Price),
            _ => None,
        }
    }
}

read_from_wire!(Order);
