//! The sockets the pages are served on: handed over by systemd, or bound here.

use listenfd::ListenFd;
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
    #[error("the socket handed over in LISTEN_FDS cannot be used: {0}")]
    HandedOver(#[source] io::Error),
}

/// The listeners, non-blocking: those that were handed over, if there are any; else one for each
/// of `addresses`; else one for all interfaces.
///
/// # Errors
/// The first address that cannot be listened on, by name.
pub(crate) fn listeners(addresses: &[IpAddr], port: u16) -> Result<Vec<TcpListener>, ListenError> {
    let handed_over = handed_over().map_err(ListenError::HandedOver)?;
    if !handed_over.is_empty() {
        return Ok(handed_over);
    }
    if addresses.is_empty() {
        return everywhere(port).map(|listener| vec![listener]);
    }
    addresses.iter().map(|&address| bind(SocketAddr::new(address, port))).collect()
}

fn handed_over() -> io::Result<Vec<TcpListener>> {
    let mut passed = ListenFd::from_env();
    let mut listeners = Vec::new();
    for index in 0..passed.len() {
        if let Some(listener) = passed.take_tcp_listener(index)? {
            listener.set_nonblocking(true)?;
            listeners.push(listener);
        }
    }
    Ok(listeners)
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
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    };
    bound().map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::Taken { address },
        _ => ListenError::Refused { address, error },
    })
}
