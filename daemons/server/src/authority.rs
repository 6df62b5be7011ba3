//! Who may ask what. Searches are open to whoever can connect, and this host may do everything.
//! Whatever takes units, speaks of a trip or changes the inventory is, for another host, a matter
//! of the role that its certificate proves. What is refused says what is missing.

use agencia_client::tls::{Credentials, Role, Roles, Unproven};
use agencia_protocol::frame::FrameError;
use agencia_protocol::request::Request;
use agencia_protocol::trip::TripMessage;
use agencia_protocol::{Code, WireError};
use log::{info, warn};
use std::net::{SocketAddr, TcpListener};
use std::time::SystemTime;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A program on this host.
    ThisHost,
    /// Another host that has proven its roles.
    Proven(Roles),
    /// Another host that has not.
    Unproven(Why),
}

/// Why another host has proven nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// This daemon has no certificate: nobody can speak TLS with it.
    NoTlsHere,
    /// The same, and the peer has tried.
    NoTlsHereTried,
    /// The peer speaks in the clear.
    InTheClear,
    /// It speaks TLS, and this is what its certificate lacks.
    Certificate(Unproven),
}

/// Whether the peer is on this host.
pub(crate) fn is_local(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback()
}

/// The roles that may ask this from another host; nothing where whoever can connect may.
fn roles_for(request: &Request<'_>) -> Option<&'static [Role]> {
    use Role::{Administrator, Daemon, Web};
    match request {
        Request::Search
        | Request::Destinations
        | Request::Calendar(_)
        | Request::Offers(_)
        | Request::Health => None,
        Request::Reserve(_) => Some(&[Web]),
        Request::Import => Some(&[Administrator]),
        Request::Trip(message) => Some(match &**message {
            TripMessage::Hold(_)
            | TripMessage::Extend(_)
            | TripMessage::LetGo(_)
            | TripMessage::Pin(_)
            | TripMessage::Decide(_)
            | TripMessage::QuoteCancellation(_)
            | TripMessage::Cancel(_)
            | TripMessage::Alter(_) => &[Web],
            // How long a part has waited makes the anchor give the trip up: a daemon's word.
            TripMessage::AskOutcome(ask) if ask.waited_secs.is_some() => &[Daemon],
            TripMessage::AskOutcome(_) => &[Web, Daemon, Administrator],
            TripMessage::Apply(_) => &[Web, Daemon],
            TripMessage::Consult(_) => &[Web, Administrator],
            TripMessage::Recover(_) => &[Daemon],
            TripMessage::Audit(_) | TripMessage::List(_) | TripMessage::Force(_) => {
                &[Administrator]
            }
        }),
    }
}

/// Lets a request pass, or says why not.
///
/// # Errors
/// `nao_autorizado`, with what is missing.
pub(crate) fn check(request: &Request<'_>, caller: Caller) -> Result<(), WireError> {
    let Some(roles) = roles_for(request) else { return Ok(()) };
    let lacking = match caller {
        Caller::ThisHost => return Ok(()),
        Caller::Proven(proven) if roles.iter().any(|&role| proven.contains(role)) => return Ok(()),
        Caller::Proven(proven) => format!("o certificado apresentado é do papel {proven}"),
        Caller::Unproven(why) => lacking(why).to_owned(),
    };
    let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
    let role = names.join(" ou ");
    let message = format!("isto exige um certificado desta agência com o papel {role}: {lacking}");
    Err(WireError::new(Code::Unauthorised, message))
}

/// What a host without a proof lacks.
fn lacking(why: Why) -> &'static str {
    match why {
        Why::NoTlsHere | Why::NoTlsHereTried => {
            "este servidor não tem certificado, e por isso outra máquina aqui só pesquisa"
        }
        Why::InTheClear => "a conexão veio sem TLS, e assim outra máquina só pesquisa",
        Why::Certificate(Unproven::NoCertificate) => "nenhum foi apresentado",
        Why::Certificate(Unproven::Expired) => "o que foi apresentado expirou",
        Why::Certificate(Unproven::NotYet) => {
            "o que foi apresentado ainda não vale, ou o relógio de uma das máquinas está errado"
        }
        Why::Certificate(Unproven::Stranger) => "o que foi apresentado é de outra autoridade",
        Why::Certificate(Unproven::NoRole) => "o que foi apresentado não diz papel nenhum",
    }
}

/// What is answered to bytes that are no frame.
pub(crate) fn no_frame(error: FrameError, caller: Caller) -> WireError {
    if error == FrameError::Header && caller == Caller::Unproven(Why::NoTlsHereTried) {
        let message = "este servidor não tem certificado e não fala TLS; outra máquina aqui só \
                       pesquisa, e em texto claro";
        return WireError::new(Code::InvalidHeader, message);
    }
    error.into()
}

/// Says at the start what other hosts can do here, and when that ends.
pub(crate) fn announce(listeners: &[TcpListener], credentials: Option<&Credentials>) {
    for address in listeners.iter().filter_map(|listener| listener.local_addr().ok()) {
        if is_local(address) {
            continue;
        }
        match credentials {
            None => warn!(
                "{address} can be reached from other hosts: they are served searches only, \
                 bookings are for this host until it has a certificate (agencia keys)"
            ),
            Some(credentials) => info!(
                "{address} can be reached from other hosts: in the clear they are served searches \
                 only, bookings over TLS with a certificate of this agency ({})",
                credentials.file().display()
            ),
        }
    }
    if let Some(warning) = credentials.and_then(|own| own.warning(SystemTime::now())) {
        warn!("{warning}");
    }
}

#[cfg(test)]
mod tests;
