//! Addresses: who has those that children will listen on, and what others call this host.

use crate::error::CommandError;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

/// An address that a child will listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listener {
    /// The child.
    pub(crate) name: String,
    /// The address; the unspecified one of IPv6 means both protocols.
    pub(crate) address: SocketAddr,
    /// How another address is chosen.
    pub(crate) way_out: &'static str,
}

/// An address that cannot be listened on.
#[derive(Debug)]
pub(crate) struct Taken {
    listener: Listener,
    problem: io::Error,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Listener { name, address, way_out } = &self.listener;
        let port = address.port();
        match self.problem.kind() {
            ErrorKind::AddrInUse => write!(
                f,
                "port {port} ({name}) is taken: another program listens there (`ss -ltnp` says \
                 which); stop it, or {way_out}"
            ),
            _ => write!(
                f,
                "port {port} ({name}) cannot be listened on at {}: {}; {way_out}",
                address.ip(),
                self.problem
            ),
        }
    }
}

/// Tries all addresses, so that a taken one is told before anything starts.
pub(crate) fn check(listeners: &[Listener]) -> Result<(), CommandError> {
    let taken = |listener: &Listener| {
        let problem = listen(listener.address).err()?;
        Some(Taken { listener: listener.clone(), problem })
    };
    let taken: Vec<Taken> = listeners.iter().filter_map(taken).collect();
    if taken.is_empty() { Ok(()) } else { Err(CommandError::Taken(taken)) }
}

fn listen(address: SocketAddr) -> io::Result<()> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error),
        // A host without IPv6.
        Err(_) if address.ip().is_unspecified() => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).map(drop)
        }
        Err(error) => Err(error),
    }
}

/// The address of this host on its network, if it has one: that from which a packet would leave.
pub(crate) fn lan_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // Nothing is sent; the address is one reserved for documentation.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    fn listener(address: impl Into<SocketAddr>) -> Listener {
        Listener { name: "voos".into(), address: address.into(), way_out: "go elsewhere" }
    }

    #[test]
    fn a_taken_port_is_named_with_the_way_out() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = other.local_addr().unwrap();
        let everywhere = SocketAddr::from((Ipv6Addr::UNSPECIFIED, address.port()));
        for address in [address, everywhere] {
            let error = check(&[listener(address)]).unwrap_err().to_string();
            let start = format!("port {} (voos) is taken: ", address.port());
            assert!(error.starts_with(&start) && error.ends_with("or go elsewhere"), "{error}");
        }
        drop(other);
        check(&[listener(address)]).unwrap();
    }

    #[test]
    fn every_taken_port_is_named() {
        let others = [0, 0].map(|port| TcpListener::bind(("127.0.0.1", port)).unwrap());
        let listeners = others.each_ref().map(|other| listener(other.local_addr().unwrap()));
        let error = check(&listeners).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 2, "{error}");
    }

    #[test]
    fn an_address_of_another_host_is_told() {
        let error = check(&[listener(([198, 51, 100, 1], 5050))]).unwrap_err().to_string();
        assert!(
            error.starts_with("port 5050 (voos) cannot be listened on at 198.51.100.1"),
            "{error}"
        );
    }
}
