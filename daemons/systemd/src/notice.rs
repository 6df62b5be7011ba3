//! What systemd is told. Without a notification socket every one of these does nothing.
//!
//! What is told again and again never waits: when nobody reads the socket, it is left out. Else a
//! service manager that hangs would have the service hang.

use sd_notify::NotifyState;
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Tells that requests are taken from now on.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Tells that the service is stopping.
pub fn stopping(status: &str) {
    tell(&[NotifyState::Stopping, NotifyState::Status(status)]);
}

/// Sets the line that `systemctl status` shows.
pub fn status(status: &str) {
    tell_if_heard(&NotifyState::Status(status));
}

/// Tells that the service is alive.
pub fn ping() {
    tell_if_heard(&NotifyState::Watchdog);
}

/// How often systemd wants to hear that: twice in the time that it waits.
pub fn ping_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|patience| patience / 2).filter(|time| !time.is_zero())
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        warn(&error);
    }
}

fn tell_if_heard(state: &NotifyState<'_>) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send_if_room(&socket, &format!("{state}\n")) {
        warn(&error);
    }
}

fn warn(error: &io::Error) {
    log::warn!("systemd could not be told: {error}");
}

/// Sends it, or leaves it when as much as the socket takes is unread.
fn send_if_room(socket: &OsStr, text: &str) -> io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    let sender = UnixDatagram::unbound()?;
    sender.set_nonblocking(true)?;
    match sender.send_to_addr(text.as_bytes(), &address) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        sent => sent.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_nobody_reads_is_left_out_instead_of_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        // More than any socket keeps.
        for _ in 0..10_000 {
            send_if_room(path.as_os_str(), "STATUS=0 offers").unwrap();
        }
        let mut space = [0; 64];
        let count = socket.recv(&mut space).unwrap();
        assert_eq!(&space[..count], b"STATUS=0 offers");
        drop((socket, folder));
        assert!(send_if_room(path.as_os_str(), "STATUS=").is_err());
    }
}
