//! What was measured: medians over rounds, ratios taken within a round, and what section 7 of the
//! design asks of them. It prints the table and writes the JSON; it measures nothing.

use serde_json::{Value, json};
use std::fmt;
use std::path::Path;

/// What must be reached.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Budget {
    /// So many times the peer's figure, or more.
    Ratio(f64),
    /// So many times the peer's figure, or less.
    RatioMax(f64),
    /// So much, or more.
    Least(f64),
    /// So much, or less.
    Most(f64),
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ratio(ratio) => write!(f, ">= {ratio} x"),
            Self::RatioMax(ratio) => write!(f, "<= {ratio} x"),
            Self::Least(least) => write!(f, ">= {}", short(*least)),
            Self::Most(most) => write!(f, "<= {}", short(*most)),
        }
    }
}

/// One figure of the table: ours, of every round, and the peer's of the same rounds.
#[derive(Debug)]
pub(crate) struct Figure {
    name: String,
    unit: &'static str,
    peer_name: String,
    ours: Vec<f64>,
    peer: Vec<f64>,
    budget: Option<Budget>,
}

impl Figure {
    /// A figure without a peer.
    pub(crate) fn alone(name: impl Into<String>, unit: &'static str, ours: Vec<f64>) -> Self {
        let (name, peer_name) = (name.into(), String::new());
        Self { name, unit, peer_name, ours, peer: Vec::new(), budget: None }
    }

    /// A figure beside that of a peer.
    pub(crate) fn beside(
        name: impl Into<String>,
        unit: &'static str,
        ours: &[f64],
        (peer_name, peer): (&str, &[f64]),
    ) -> Self {
        assert_eq!(ours.len(), peer.len(), "both are measured in every round");
        let (ours, peer) = (ours.to_vec(), peer.to_vec());
        Self { peer_name: peer_name.to_owned(), peer, ..Self::alone(name, unit, ours) }
    }

    /// The same, with what must be reached.
    pub(crate) fn with(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    fn ours(&self) -> f64 {
        median(&self.ours)
    }

    /// The median of the rounds' ratios, which is steadier than the ratio of the medians.
    fn ratio(&self) -> Option<f64> {
        let ratios = self.ratios();
        (!ratios.is_empty()).then(|| median(&ratios))
    }

    fn ratios(&self) -> Vec<f64> {
        self.ours.iter().zip(&self.peer).map(|(ours, peer)| ours / peer).collect()
    }

    /// Whether its budget is met, if it has one.
    pub(crate) fn is_met(&self) -> Option<bool> {
        let ratio = self.ratio().unwrap_or(f64::NAN);
        self.budget.map(|budget| match budget {
            Budget::Ratio(least) => ratio >= least,
            Budget::RatioMax(most) => ratio <= most,
            Budget::Least(least) => self.ours() >= least,
            Budget::Most(most) => self.ours() <= most,
        })
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "unit": self.unit,
            "ours": self.ours(),
            "ours_rounds": self.ours,
            "peer": (!self.peer.is_empty()).then(|| median(&self.peer)),
            "peer_name": (!self.peer.is_empty()).then_some(&self.peer_name),
            "peer_rounds": self.peer,
            "ratio": self.ratio(),
            "budget": self.budget.map(|budget| budget.to_string()),
            "met": self.is_met(),
        })
    }

    fn row(&self) -> String {
        let spread = |values: &[f64]| {
            let (low, high) = bounds(values);
            if values.len() < 2 { String::new() } else { format!("{}-{}", short(low), short(high)) }
        };
        let (peer, ratio, ratios) = match self.ratio() {
            None => (String::new(), String::new(), String::new()),
            Some(ratio) => {
                let (low, high) = bounds(&self.ratios());
                let peer = format!("{} {}", short(median(&self.peer)), self.peer_name);
                (peer, format!("{ratio:.2}"), format!("{low:.2}-{high:.2}"))
            }
        };
        let budget = self.budget.map(|budget| budget.to_string()).unwrap_or_default();
        let met = match self.is_met() {
            None => "",
            Some(true) => "met",
            Some(false) => "MISSED",
        };
        let ours = format!("{} {}", short(self.ours()), self.unit);
        format!(
            "{:<38} {:>14} {:>15}  {:<22} {:>6} {:>11}  {:<9} {}",
            self.name,
            ours,
            spread(&self.ours),
            peer,
            ratio,
            ratios,
            budget,
            met
        )
        .trim_end()
        .to_owned()
    }
}

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Figures(pub(crate) Vec<Figure>);

impl Figures {
    /// One more, which is printed at once.
    pub(crate) fn add(&mut self, figure: Figure) {
        println!("{}", figure.row());
        self.0.push(figure);
    }

    /// The heading of the table.
    pub(crate) fn print_heading() {
        println!(
            "{:<38} {:>14} {:>15}  {:<22} {:>6} {:>11}  {:<9}",
            "figure", "ours, median", "spread", "peer, median", "ratio", "spread", "budget"
        );
    }

    /// Prints all of them.
    pub(crate) fn print(&self) {
        Self::print_heading();
        for figure in &self.0 {
            println!("{}", figure.row());
        }
        let judged: Vec<_> = self.0.iter().filter_map(Figure::is_met).collect();
        let met = judged.iter().filter(|met| **met).count();
        println!("\n{met} of {} budgets met", judged.len());
    }

    /// Writes one object for each figure.
    pub(crate) fn write(&self, path: &Path) -> std::io::Result<()> {
        let all: Vec<_> = self.0.iter().map(Figure::json).collect();
        std::fs::write(path, serde_json::to_string_pretty(&all)? + "\n")
    }
}

/// The value in the middle; the higher one of two.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn bounds(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    (low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// A count as a rate can be made of it.
#[expect(clippy::cast_precision_loss, reason = "a figure is printed, not kept")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

/// Three digits, and what they are thousands of.
fn short(value: f64) -> String {
    let (value, letter) = match value.abs() {
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}{letter}")
}
