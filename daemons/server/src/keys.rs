//! The keys and certificates of a daemon: where they are, and what of them it needs.

use crate::settings::Settings;
use agencia_client::shared_key;
use agencia_client::tls::{Credentials, Keys, KeysError, Role, names};
use agencia_trip::Key;

/// What proves to other hosts that this is a daemon; nothing when there is no certificate.
pub(crate) fn credentials<S>(settings: &Settings<S>) -> Result<Option<Credentials>, KeysError> {
    Keys::of_this_process(&settings.keys).credentials(Role::Daemon)
}

/// The key that all daemons of the agency share. Where nobody has said where it is, it is the one
/// beside the certificates, or else the one beside the ledgers, which is made when there is none.
pub(crate) fn receipt_key<S>(settings: &Settings<S>) -> Result<Key, KeysError> {
    let own = settings.key_path();
    Ok(Key::new(match settings.has_default_key_path() {
        true => Keys::of_this_process(&settings.keys).shared_key(names::RECEIPT_KEY, &own)?,
        false => shared_key(&own)?,
    }))
}

/// Checks all that is there, and makes nothing.
pub(crate) fn check<S>(settings: &Settings<S>) -> Result<(), KeysError> {
    credentials(settings)?;
    let own = settings.key_path();
    if settings.has_default_key_path() {
        Keys::of_this_process(&settings.keys).existing_key(names::RECEIPT_KEY, &own)?;
    } else if own.exists() {
        shared_key(&own)?;
    }
    Ok(())
}
