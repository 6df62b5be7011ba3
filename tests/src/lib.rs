//! The harness of the process tests: real daemons on port 0, raw bytes.
