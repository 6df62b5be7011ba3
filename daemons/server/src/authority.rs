//! Who may ask what. Searches are open to whoever can connect; whatever takes units, speaks of a
//! trip or changes the inventory is for this host. Certificates, which will let other hosts in,
//! come here.

use agencia_protocol::request::Request;
use agencia_protocol::{Code, WireError};
use log::warn;
use std::net::{SocketAddr, TcpListener};

/// Whether the peer is on this host.
pub(crate) fn is_local(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback()
}

/// Whether this request is only for those who are trusted.
fn needs_trust(request: &Request<'_>) -> bool {
    match request {
        Request::Search
        | Request::Destinations
        | Request::Calendar(_)
        | Request::Offers(_)
        | Request::Health => false,
        Request::Reserve(_) | Request::Import | Request::Trip(_) => true,
    }
}

/// Lets a request pass, or says why not.
///
/// # Errors
/// `nao_autorizado`.
pub(crate) fn check(request: &Request<'_>, local: bool) -> Result<(), WireError> {
    if local || !needs_trust(request) {
        return Ok(());
    }
    let message = "de outra máquina só se pesquisa; isto só se pede na máquina do servidor";
    Err(WireError::new(Code::Unauthorised, message))
}

/// Says at the start where only searches are served.
pub(crate) fn announce(listeners: &[TcpListener]) {
    for address in listeners.iter().filter_map(|listener| listener.local_addr().ok()) {
        if !is_local(address) {
            warn!(
                "{address} can be reached from other hosts: they are served searches only, \
                 bookings are for this host"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_has_more_than_one_address() {
        for (peer, local) in [
            ("127.0.0.1:1", true),
            ("127.9.9.9:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("0.0.0.0:1", false),
            ("[::]:1", false),
            ("192.0.2.7:1", false),
        ] {
            assert_eq!(is_local(peer.parse().unwrap()), local, "{peer}");
        }
    }
}
