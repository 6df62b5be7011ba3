//! Sockets that this process did not bind: those of socket units, and those that systemd kept while
//! the service was restarted, so that nobody who connects meanwhile is refused.
//!
//! A listener that is kept has a name that tells for which configured address it was bound. What
//! nobody asks for any more is shut down, here and in systemd's copy, so that its port is free at
//! once.

use listenfd::ListenFd;
use sd_notify::NotifyState;
use socket2::SockRef;
use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::fd::AsFd;

/// How the names of kept listeners begin; socket units give other names.
const KEPT: &str = "agencia-listen-";

/// What was handed over is no listening TCP socket.
#[derive(Debug, thiserror::Error)]
#[error(
    "descriptor {number} of the {count} that systemd handed over is no TCP socket: use \
     ListenStream= with a port in the socket unit"
)]
pub struct NotASocket {
    /// Which one, from 1.
    pub number: usize,
    /// How many there are.
    pub count: usize,
    /// What the system said.
    pub source: io::Error,
}

/// The sockets that systemd handed over to this process.
#[derive(Debug, Default)]
pub struct Sockets {
    of_units: Vec<TcpListener>,
    kept: BTreeMap<String, TcpListener>,
}

impl Sockets {
    /// Takes them. A second call in one process finds none.
    ///
    /// # Errors
    /// The first one that is no listening TCP socket.
    pub fn take() -> Result<Self, NotASocket> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut handed_over = ListenFd::from_env();
        let count = handed_over.len();
        let mut sockets = Self::default();
        for index in 0..count {
            let name = names.next().unwrap_or_default();
            let error = |source| NotASocket { number: index + 1, count, source };
            let Some(listener) = handed_over.take_tcp_listener(index).map_err(error)? else {
                continue;
            };
            match name.starts_with(KEPT) {
                true => drop(sockets.kept.insert(name.to_owned(), listener)),
                false => sockets.of_units.push(listener),
            }
        }
        Ok(sockets)
    }

    /// Those of socket units. When there are any, which addresses there are is said by the units.
    pub fn of_units(&mut self) -> Vec<TcpListener> {
        std::mem::take(&mut self.of_units)
    }

    /// Lets go of every kept listener that is for none of these configured addresses, in systemd's
    /// store too. Whoever is in its queue is disconnected.
    pub fn keep_only(&mut self, addresses: &[SocketAddr]) {
        let wanted: Vec<String> = addresses.iter().map(|&address| name(address)).collect();
        let gone: Vec<String> =
            self.kept.keys().filter(|name| !wanted.contains(name)).cloned().collect();
        for name in gone {
            let Some(listener) = self.kept.remove(&name) else { continue };
            log::info!("No longer listening on {}", shown(&listener));
            // Closing is not enough: systemd's copy would go on having the port for a moment.
            if let Err(error) = SockRef::from(&listener).shutdown(Shutdown::Both) {
                log::debug!("{}: {error}", shown(&listener));
            }
            tell(&[NotifyState::FdStoreRemove, NotifyState::FdName(&name)], &[]);
        }
    }

    /// The listener that was kept for this configured address.
    pub fn kept(&mut self, address: SocketAddr) -> Option<TcpListener> {
        self.kept.remove(&name(address))
    }
}

/// Has systemd keep a listener while the service is restarted, for the address that it is
/// configured with.
pub fn keep(listener: &TcpListener, address: SocketAddr) {
    let name = name(address);
    let fd = listener.as_fd();
    tell(&[NotifyState::FdStore, NotifyState::FdName(&name)], &[fd]);
}

/// The name under which the listener of an address is kept; systemd's names have no colons.
fn name(address: SocketAddr) -> String {
    format!("{KEPT}{address}").replace(':', "_")
}

fn shown(listener: &TcpListener) -> String {
    listener.local_addr().map_or_else(|error| error.to_string(), |address| address.to_string())
}

fn tell(state: &[NotifyState<'_>], descriptors: &[std::os::fd::BorrowedFd<'_>]) {
    let told = match descriptors {
        [] => sd_notify::notify(state),
        descriptors => sd_notify::notify_with_fds(state, descriptors),
    };
    if let Err(error) = told {
        log::warn!("systemd could not be told about a listener: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[test]
    fn a_name_tells_addresses_apart_and_has_no_colon() {
        let names: Vec<String> =
            ["127.0.0.1:5050", "[::1]:5050", "[::]:5050", "0.0.0.0:5050", "127.0.0.1:5051"]
                .map(|address| name(address.parse().unwrap()))
                .into();
        assert_eq!(names[1], "agencia-listen-[__1]_5050");
        assert!(names.iter().all(|name| !name.contains(':')));
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn a_listener_is_taken_back_for_its_address_alone() {
        let (listener, address) = listener();
        let mut sockets = Sockets::default();
        sockets.kept.insert(name(address), listener);
        let elsewhere = SocketAddr::new("127.0.0.2".parse().unwrap(), address.port());
        assert!(sockets.kept(elsewhere).is_none());
        assert_eq!(sockets.kept(address).unwrap().local_addr().unwrap(), address);
        assert!(sockets.kept(address).is_none());
    }

    #[test]
    fn what_is_let_go_frees_its_port_even_while_systemd_still_has_it() {
        let (listener, address) = listener();
        let systemds = listener.try_clone().unwrap();
        let waiting = TcpStream::connect(address).unwrap();
        let mut sockets = Sockets::default();
        sockets.kept.insert(name(address), listener);
        let everywhere = SocketAddr::new("0.0.0.0".parse().unwrap(), address.port());
        sockets.keep_only(&[address]);
        assert_eq!(sockets.kept.len(), 1, "a configured address stays");
        sockets.keep_only(&[everywhere]);
        assert!(sockets.kept(address).is_none());
        // std sets SO_REUSEADDR, as the services do.
        let rebound = TcpListener::bind(everywhere).unwrap();
        TcpStream::connect(address).unwrap();
        drop((systemds, waiting, rebound));
    }
}
