//! The durable ledger: what was sold, to whom it may never be sold again.
