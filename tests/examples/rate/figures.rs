//! What the daemons count, and what is made of measurements.

use agencia_tests::trio::Trio;
use std::time::Duration;

/// Steps and commits of the three ledgers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts([(f64, f64); 3]);

impl Counts {
    /// As the daemons count since they started.
    pub(crate) fn read(trio: &Trio) -> Self {
        Self(trio.connect().map(|mut client| {
            let health = client.ask(r#"{"action":"saude"}"#);
            let count = |field: &str| health[field].as_f64().expect("every daemon counts it");
            (count("passos"), count("transacoes"))
        }))
    }

    /// What was counted after that.
    pub(crate) fn since(self, before: &Self) -> Self {
        let mut counts = self;
        for (count, before) in counts.0.iter_mut().zip(before.0) {
            count.0 -= before.0;
            count.1 -= before.1;
        }
        counts
    }

    pub(crate) fn steps_a_trip(&self, trips: usize) -> [f64; 3] {
        self.0.map(|(steps, _)| steps / number(trips.max(1)))
    }

    pub(crate) fn steps_a_commit(&self) -> [f64; 3] {
        self.0.map(|(steps, commits)| (steps / commits.max(1.0)).max(1.0))
    }
}

/// How long things took.
pub(crate) struct Quantiles {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) max: Duration,
}

impl Quantiles {
    /// Of at least one.
    pub(crate) fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let at = |percent: usize| took[(took.len() - 1) * percent / 100];
        Self { p50: at(50), p99: at(99), max: at(100) }
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The daemons' numbers in their order.
pub(crate) fn shown(values: [f64; 3]) -> String {
    values.map(|value| format!("{value:.1}")).join("/")
}

#[expect(clippy::cast_precision_loss, reason = "a rate is printed, not kept")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}
