//! What time it is by this host's clock.

use agencia_protocol::trip::Timestamp;

/// The time, as trips and backups have it.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_millis(chrono::Utc::now().timestamp_millis())
}
