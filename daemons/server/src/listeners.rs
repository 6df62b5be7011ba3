//! Where connections come in: sockets of socket units, or else sockets bound here, which systemd
//! keeps while the daemon is restarted.
//!
//! When there are socket units, theirs are used and nothing is bound: which addresses there are is
//! then said by the units and not by `listen`.

use agencia_systemd::{NotASocket, Sockets, keep};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

/// Connections that the kernel completes while none is accepted.
const BACKLOG: i32 = 1024;

/// Why there is nowhere for connections to come in.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address cannot be had.
    #[error("cannot listen on {address}: {}", way_out(source))]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// What was handed over is no listening TCP socket.
    #[error(transparent)]
    HandedOver(#[from] NotASocket),
}

fn way_out(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => {
            "the port is taken; stop the program that has it, or set another one with listen or \
             --listen"
                .to_owned()
        }
        ErrorKind::PermissionDenied => {
            "ports below 1024 are not for this user; set a higher one with listen or --listen"
                .to_owned()
        }
        ErrorKind::AddrNotAvailable => {
            "no interface of this machine has this address; set another one with listen or \
             --listen"
                .to_owned()
        }
        _ => error.to_string(),
    }
}

/// The listeners of this process: those of socket units, or else one for each of `addresses`, taken
/// back from systemd if it kept it. What it kept for any other address is closed.
///
/// # Errors
/// The first address that cannot be bound, or descriptor that is no listening TCP socket.
pub fn open(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, ListenError> {
    let mut sockets = Sockets::take()?;
    let of_units = sockets.of_units();
    if of_units.is_empty() {
        sockets.keep_only(addresses);
        return addresses.iter().map(|&address| take_back_or_bind(&mut sockets, address)).collect();
    }
    sockets.keep_only(&[]);
    for address in addresses {
        let has = |listener: &TcpListener| listener.local_addr().is_ok_and(|own| own == *address);
        if !of_units.iter().any(has) {
            log::info!("Not listening on {address}: systemd handed over its own sockets");
        }
    }
    Ok(of_units)
}

fn take_back_or_bind(
    sockets: &mut Sockets,
    address: SocketAddr,
) -> Result<TcpListener, ListenError> {
    if let Some(listener) = sockets.kept(address) {
        log::info!("Taking back the socket of {address}, with whoever waits there");
        return Ok(listener);
    }
    let listener = bind(address)?;
    keep(&listener, address);
    Ok(listener)
}

/// Binds one address. A restarted daemon gets its port back at once, and an IPv6 address takes
/// nothing from the IPv4 address of the same port.
///
/// # Errors
/// When the address cannot be had; the text says why and what to do.
pub fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let bind = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    bind().map_err(|source| ListenError::Bind { address, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpStream;

    fn any_port() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    #[test]
    fn a_taken_port_is_named_with_the_way_out() {
        let first = bind(any_port()).unwrap();
        let taken = first.local_addr().unwrap();
        let error = bind(taken).unwrap_err().to_string();
        assert!(error.contains(&taken.to_string()), "{error}");
        assert!(error.contains("taken") && error.contains("--listen"), "{error}");
    }

    #[test]
    fn an_address_of_no_interface_is_named() {
        // TEST-NET-1: documentation only, no machine has it.
        let error = bind("192.0.2.1:5050".parse().unwrap()).unwrap_err().to_string();
        assert!(error.starts_with("cannot listen on 192.0.2.1:5050: no interface"), "{error}");
    }

    #[test]
    fn a_port_is_had_back_at_once_after_a_connection_was_closed_on_it() {
        let first = bind(any_port()).unwrap();
        let address = first.local_addr().unwrap();
        let mut client = TcpStream::connect(address).unwrap();
        // The side that closes first keeps the port in TIME_WAIT: that is the server here.
        drop(first.accept().unwrap());
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        drop((client, first));
        bind(address).unwrap();
    }

    #[test]
    fn several_addresses_are_bound_also_one_port_for_both_families() {
        let listeners = open(&[any_port(), any_port()]).unwrap();
        assert_eq!(listeners.len(), 2);
        let port = listeners[0].local_addr().unwrap().port();
        match bind(SocketAddr::new("::".parse().unwrap(), port)) {
            Ok(_) => {}
            // A machine without IPv6 says so, and never that the port is taken.
            Err(error) => assert!(!error.to_string().contains("taken"), "{error}"),
        }
    }
}
