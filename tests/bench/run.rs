//! How much a run measures, and where it writes.

use std::path::PathBuf;
use std::time::Duration;

/// The same for every comparison.
#[derive(Debug)]
pub(crate) struct Run {
    /// `target/bench`.
    pub(crate) folder: PathBuf,
    /// Rounds that only show that everything works.
    pub(crate) quick: bool,
    /// How often each is measured, by turns.
    pub(crate) rounds: usize,
    /// How long one is measured, where the tool takes any time.
    pub(crate) round: Duration,
}

impl Run {
    /// A run that leaves its files in this folder.
    pub(crate) fn new(folder: PathBuf, quick: bool) -> Self {
        let (rounds, millis) = if quick { (3, 100) } else { (5, 500) };
        Self { folder, quick, rounds, round: Duration::from_millis(millis) }
    }

    /// One of two, by how much is measured.
    pub(crate) fn pick<T>(&self, quick: T, whole: T) -> T {
        if self.quick { quick } else { whole }
    }
}
