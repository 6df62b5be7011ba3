//! Readiness, as systemd hears it: a datagram socket for each child.

use smol::net::unix::UnixDatagram;
use std::io;
use std::path::{Path, PathBuf};

/// The longest path of a socket that the system takes, in bytes.
pub(crate) const SOCKET_PATH_BYTES_MAX: usize = 107;

/// The longest message that is read, in bytes.
const MESSAGE_BYTES_MAX: usize = 4096;

/// What a child says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// It takes requests now.
    pub(crate) ready: bool,
    /// A line for people.
    pub(crate) status: Option<String>,
}

impl Message {
    fn read(text: &str) -> Self {
        let ready = text.lines().any(|line| line == "READY=1");
        let status = text.lines().find_map(|line| line.strip_prefix("STATUS="));
        Self { ready, status: status.filter(|line| !line.is_empty()).map(str::to_owned) }
    }
}

/// The socket that a child finds in `NOTIFY_SOCKET`. Its file is removed with it.
#[derive(Debug)]
pub(crate) struct NotifySocket {
    socket: UnixDatagram,
    path: PathBuf,
}

impl NotifySocket {
    /// Binds a socket of this name in a folder, which must be an absolute path.
    pub(crate) fn bind(folder: &Path, name: &str) -> io::Result<Self> {
        let path = folder.join(format!("{name}.sock"));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self { socket: UnixDatagram::bind(&path)?, path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) async fn receive(&self) -> io::Result<Message> {
        let mut bytes = [0; MESSAGE_BYTES_MAX];
        let count = self.socket.recv(&mut bytes).await?;
        Ok(Message::read(&String::from_utf8_lossy(&bytes[..count])))
    }
}

impl Drop for NotifySocket {
    fn drop(&mut self) {
        // It may be gone with its folder; the next run would remove it, too.
        drop(std::fs::remove_file(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, ready: bool, status: Option<&str>) {
        let expected = Message { ready, status: status.map(str::to_owned) };
        assert_eq!(Message::read(text), expected, "{text:?}");
    }

    #[test]
    fn a_message_is_read_line_by_line() {
        check("READY=1", true, None);
        check("STATUS=12 offers\nREADY=1\n", true, Some("12 offers"));
        check("STATUS=loading\n", false, Some("loading"));
        check("READY=10\nXREADY=1\nSTATUS=\nSTOPPING=1", false, None);
        check("", false, None);
    }
}
