//! How often everything interesting has happened, so that the simulation cannot become trivial in
//! silence.

use std::collections::BTreeMap;
use std::fmt;

/// How often things happen in ten thousand seeds, at least: half as often as they do, or less.
const EXPECTED: &[(&str, u64)] = &[
    ("trips of one part", 2_500),
    ("trips of two parts", 4_000),
    ("trips of three parts", 10_000),
    ("trips with a stay of several nights", 6_000),
    ("trips that were given up", 4_000),
    ("revisions", 900),
    ("told: held", 3_000),
    ("told: held for longer", 500),
    ("told: booked", 4_000),
    ("told: bought in one step", 800),
    ("told: not booked", 9_000),
    ("told: cancelled", 1_300),
    ("told: travellers changed", 800),
    ("told things that no disk knows", 300),
    ("refused: esgotado", 8_000),
    ("refused: expirada", 1_800),
    ("refused: preco_mudou", 350),
    ("refused: conflito", 700),
    ("refused: desfeita", 3_000),
    ("refused: antiga", 1_500),
    ("ended: booked", 2_500),
    ("ended: booked, and nobody was told", 400),
    ("ended: cancelled", 1_400),
    ("ended: nothing is kept", 13_000),
    ("messages that were lost", 100_000),
    ("messages that came more than once", 190_000),
    ("messages of a day ago", 350_000),
    ("partitions", 3_500),
    ("clocks set", 8_000),
    ("instances that died", 9_000),
    ("deaths before a commit", 6_000),
    ("deaths after a commit", 2_000),
    ("commits that were cut in the middle", 900),
    ("backups", 6_000),
    ("restores", 3_400),
    ("restores of two daemons at once", 800),
    ("restores of all daemons at once", 150),
    ("recoveries that ended", 3_000),
    ("imports", 3_300),
    ("imports that were refused", 50),
];

/// Counts by name.
#[derive(Default, Clone)]
pub(super) struct Coverage(BTreeMap<&'static str, u64>);

impl Coverage {
    pub(super) fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    pub(super) fn add(&mut self, what: &'static str, times: u64) {
        *self.0.entry(what).or_default() += times;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            self.add(what, *times);
        }
    }

    /// Sees to it that everything interesting has happened often enough in so many seeds.
    pub(super) fn check(&self, seeds: u64) {
        for (what, times) in EXPECTED {
            let happened = self.0.get(what).copied().unwrap_or(0);
            let expected = times * seeds / 10_000;
            assert!(happened >= expected, "{what}: {happened} times, and not {expected}");
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, times) in &self.0 {
            writeln!(f, "{times:>10} {what}")?;
        }
        Ok(())
    }
}
