//! What a daemon counts about itself, for `saude` and for systemd's status line.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The counters. They are read one by one: together they are no snapshot.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    connections: AtomicU64,
    requests: AtomicU64,
    errors: AtomicU64,
}

impl Counters {
    /// Connections open now.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    /// Requests answered.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    /// Answers that were errors, refusals included.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.load(Relaxed)
    }

    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_error(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    /// Takes one of `connections_max` places; nothing when all are taken.
    pub(crate) fn admit(self: &std::sync::Arc<Self>, connections_max: u64) -> Option<Place> {
        let taken = self
            .connections
            .fetch_update(Relaxed, Relaxed, |open| (open < connections_max).then_some(open + 1));
        taken.is_ok().then(|| Place { counters: self.clone() })
    }
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    counters: std::sync::Arc<Counters>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.counters.connections.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_place_is_free_again_when_it_is_dropped() {
        let counters = Arc::new(Counters::default());
        let first = counters.admit(2);
        let second = counters.admit(2);
        assert!(first.is_some() && second.is_some());
        assert!(counters.admit(2).is_none());
        assert_eq!(counters.connections(), 2);
        drop(first);
        assert!(counters.admit(2).is_some());
        assert_eq!(counters.connections(), 1);
    }
}
