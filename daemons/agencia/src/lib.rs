//! The operator's command: up, import, search, status.
