//! The keys and certificates of a web client: where they are, and what of them it needs.

use crate::owner::Seals;
use crate::settings::Settings;
use agencia_client::tls::{Credentials, Keys, KeysError, Role, names};
use agencia_client::{Peer, Peers, shared_key};
use std::time::SystemTime;

/// What proves to daemons on other hosts that pages are served here; nothing when there is no
/// certificate.
pub(crate) fn credentials(settings: &Settings) -> Result<Option<Credentials>, KeysError> {
    keys(settings).credentials(Role::Web)
}

/// The key of all instances. Where nobody has said where it is, it is the one beside the
/// certificates, or else the one of the state folder, which whoever starts first makes.
pub(crate) fn seals(settings: &Settings) -> Result<Seals, KeysError> {
    let own = settings.key_path();
    Ok(Seals::new(match settings.has_default_key_file() {
        true => keys(settings).shared_key(names::WEB_KEY, &own)?,
        false => shared_key(&own)?,
    }))
}

/// Checks the key that is there, and makes none.
pub(crate) fn check(settings: &Settings) -> Result<(), KeysError> {
    let own = settings.key_path();
    if settings.has_default_key_file() {
        keys(settings).existing_key(names::WEB_KEY, &own)?;
    } else if own.exists() {
        shared_key(&own)?;
    }
    Ok(())
}

/// Says at the start what daemons on other hosts will do for this one, and when that ends.
pub(crate) fn announce(peers: &Peers, settings: &Settings, credentials: Option<&Credentials>) {
    for peer in peers.iter().filter(|peer| peer.is_elsewhere()) {
        match credentials {
            Some(credentials) => log::info!(
                "{peer} is on another host: it is spoken to over TLS with {}",
                credentials.file().display()
            ),
            None => log::warn!("{}", lacking(peer, settings)),
        }
    }
    if let Some(warning) = credentials.and_then(|own| own.warning(SystemTime::now())) {
        log::warn!("{warning}");
    }
}

/// What a host without a certificate lacks.
fn lacking(peer: &Peer, settings: &Settings) -> String {
    let certificate = names::certificate(Role::Web);
    format!(
        "{peer} is on another host and there is no {}: it lets this one search and book nothing; \
         run agencia keys export web FILE where the authority is, and agencia keys import FILE here",
        keys(settings).path(&certificate).display()
    )
}

fn keys(settings: &Settings) -> Keys {
    Keys::of_this_process(&settings.keys)
}
