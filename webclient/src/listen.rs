//! The sockets the pages are served on: those of socket units, or bound here and kept by systemd
//! while the service is restarted.

use agencia_systemd::{NotASocket, Sockets, keep};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// How many connections the kernel keeps until they are accepted.
const BACKLOG: i32 = 1024;

/// Why there is nothing to serve on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// Another program listens there.
    #[error(
        "port {} is taken: another program listens on {address}; stop it or choose another port with --port",
        address.port()
    )]
    Taken {
        /// The address.
        address: SocketAddr,
    },
    /// The system refuses for another reason.
    #[error("cannot listen on {address}: {error}")]
    Refused {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// What systemd handed over is no TCP listener.
    #[error(transparent)]
    HandedOver(#[from] NotASocket),
}

/// The listeners, non-blocking: those of socket units, if there are any; else one for each of
/// `addresses`; else one for all interfaces. What systemd kept for another address is closed.
///
/// # Errors
/// The first address that cannot be listened on, by name.
pub(crate) fn listeners(addresses: &[IpAddr], port: u16) -> Result<Vec<TcpListener>, ListenError> {
    let mut sockets = Sockets::take()?;
    let of_units = sockets.of_units();
    let listeners = if of_units.is_empty() {
        let all = [Ipv6Addr::UNSPECIFIED.into()];
        let configured = if addresses.is_empty() { &all[..] } else { addresses };
        let configured: Vec<_> =
            configured.iter().map(|&address| SocketAddr::new(address, port)).collect();
        sockets.keep_only(&configured);
        let opened = configured.into_iter().map(|address| match sockets.kept(address) {
            Some(listener) => {
                log::info!("Taking back the socket of {address}, with whoever waits there");
                Ok(listener)
            }
            None => {
                let listener = match addresses {
                    [] => everywhere(port),
                    _ => bind(address),
                }?;
                keep(&listener, address);
                Ok(listener)
            }
        });
        opened.collect::<Result<Vec<_>, ListenError>>()?
    } else {
        sockets.keep_only(&[]);
        of_units
    };
    for listener in &listeners {
        listener.set_nonblocking(true).map_err(|error| refused(listener, error))?;
    }
    Ok(listeners)
}

fn refused(listener: &TcpListener, error: io::Error) -> ListenError {
    let unknown = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
    ListenError::Refused { address: listener.local_addr().unwrap_or(unknown), error }
}

/// All interfaces: IPv6 and IPv4 on one socket, or IPv4 alone where the host has no IPv6.
fn everywhere(port: u16) -> Result<TcpListener, ListenError> {
    match bind(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port)) {
        Err(ListenError::Refused { error, .. })
            if error.kind() != io::ErrorKind::PermissionDenied =>
        {
            log::debug!("no IPv6 here ({error}): listening on IPv4 only");
            bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port))
        }
        other => other,
    }
}

fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let bound = || -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(!address.ip().is_unspecified())?;
        }
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    bound().map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::Taken { address },
        _ => ListenError::Refused { address, error },
    })
}
