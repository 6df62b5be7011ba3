//! Who the daemons are, in which order, and where: `pares.toml`.

use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A daemon that can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Peer {
    /// Its name, `voos`: that of its folder, its settings file and its unit.
    pub name: String,
    /// Where it is reached.
    pub address: SocketAddr,
}

impl Peer {
    /// A daemon of which only the address is known.
    pub fn unnamed(address: SocketAddr) -> Peer {
        Peer { name: String::new(), address }
    }

    /// Whether it is beyond this host, where nobody is trusted without a certificate.
    pub fn is_elsewhere(&self) -> bool {
        !self.address.ip().to_canonical().is_loopback()
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => write!(f, "{}", self.address),
            name => write!(f, "{name} ({})", self.address),
        }
    }
}

/// The daemons of this agency, in the order of the file: that in which a trip looks for its
/// anchor. Never empty; names and addresses are unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peers(Vec<Peer>);

impl Peers {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or says something that it may not: see [`PeersProblem`].
    pub fn load(path: impl AsRef<Path>) -> Result<Peers, PeersError> {
        let file = path.as_ref();
        let text = std::fs::read_to_string(file).map_err(PeersProblem::Unreadable);
        text.and_then(|text| Peers::parse(&text))
            .map_err(|problem| PeersError { file: file.to_owned(), problem })
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// When it says something that it may not.
    pub fn parse(text: &str) -> Result<Peers, PeersProblem> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = 1 + text.as_bytes()[..before].iter().filter(|&&byte| byte == b'\n').count();
            PeersProblem::Syntax { line, message: error.message().replace('\n', "; ") }
        })?;
        let mut peers = Vec::new();
        for (key, value) in &table {
            match value {
                toml::Value::Array(daemons) if key == "daemon" => {
                    for (at, daemon) in daemons.iter().enumerate() {
                        peers.push(read_daemon(&format!("daemon[{at}]"), daemon)?);
                    }
                }
                _ if key == "daemon" => return Err(bad("daemon", "is not a list", DAEMON)),
                _ => return Err(bad(key, "is not known", DAEMON)),
            }
        }
        Peers::new(peers)
    }

    /// The list of these.
    ///
    /// # Errors
    /// [`PeersProblem::Empty`], or a name or an address that is there twice.
    pub fn new(peers: Vec<Peer>) -> Result<Peers, PeersProblem> {
        if peers.is_empty() {
            return Err(PeersProblem::Empty);
        }
        let (mut names, mut addresses) = (HashSet::new(), HashSet::new());
        for (at, Peer { name, address }) in peers.iter().enumerate() {
            if !names.insert(name) {
                let what = format!("{name:?} is there twice");
                return Err(bad(&format!("daemon[{at}].name"), &what, "give each its own"));
            }
            if !addresses.insert(address) {
                let what = format!("{address} is there twice");
                return Err(bad(&format!("daemon[{at}].address"), &what, "give each its own"));
            }
        }
        Ok(Peers(peers))
    }

    /// The daemon of this name.
    pub fn get(&self, name: &str) -> Option<&Peer> {
        self.0.iter().find(|peer| peer.name == name)
    }

    /// The daemons, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Peer> {
        self.0.iter()
    }
}

impl Default for Peers {
    /// The daemons of one host: `voos`, `hospedagens` and `passeios` on 127.0.0.1, ports 5050 to
    /// 5052.
    fn default() -> Self {
        let daemon = |(name, port): (&str, u16)| Peer {
            name: name.to_owned(),
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        };
        Peers([("voos", 5050), ("hospedagens", 5051), ("passeios", 5052)].map(daemon).into())
    }
}

impl<'a> IntoIterator for &'a Peers {
    type Item = &'a Peer;
    type IntoIter = std::slice::Iter<'a, Peer>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Peers {
    /// The text of a file that says the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Peer { name, address }) in self.iter().enumerate() {
            let gap = if at == 0 { "" } else { "\n" };
            writeln!(f, "{gap}[[daemon]]\nname = \"{name}\"\naddress = \"{address}\"")?;
        }
        Ok(())
    }
}

/// Why a file of daemons cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", .file.display())]
pub struct PeersError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    #[source]
    pub problem: PeersProblem,
}

/// What is wrong with a file of daemons.
#[derive(Debug, thiserror::Error)]
pub enum PeersProblem {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// It is no TOML.
    #[error("line {line}: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What the reader said.
        message: String,
    },
    /// A key that is not known, is missing or has a value that it may not have.
    #[error("{key} {what}; {way_out}")]
    Key {
        /// Where, `daemon[1].address`; the first is `daemon[0]`.
        key: String,
        /// What is wrong.
        what: String,
        /// What to write instead.
        way_out: String,
    },
    /// It names no daemon.
    #[error("names no daemon; {DAEMON}")]
    Empty,
}

const DAEMON: &str = "write [[daemon]] with a name and an address for each";
const NAME: &str = "a name is 1 to 32 small letters, digits or hyphens";
const ADDRESS: &str = "an address is an IP address and a port, as 127.0.0.1:5050 or [::1]:5050";

fn bad(key: &str, what: &str, way_out: &str) -> PeersProblem {
    PeersProblem::Key { key: key.to_owned(), what: what.to_owned(), way_out: way_out.to_owned() }
}

fn read_daemon(path: &str, daemon: &toml::Value) -> Result<Peer, PeersProblem> {
    let Some(daemon) = daemon.as_table() else {
        return Err(bad(path, "is not a table", DAEMON));
    };
    if let Some(key) = daemon.keys().find(|key| !["name", "address"].contains(&key.as_str())) {
        return Err(bad(&format!("{path}.{key}"), "is not known", "the keys are name and address"));
    }
    let text = |key: &str, way_out: &str| match daemon.get(key) {
        Some(toml::Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(bad(&format!("{path}.{key}"), "is not a text", way_out)),
        None => Err(bad(&format!("{path}.{key}"), "is missing", way_out)),
    };
    let name = text("name", NAME)?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=32).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(bad(&format!("{path}.name"), &format!("{name:?} is no name"), NAME));
    }
    let address = text("address", ADDRESS)?;
    match address.parse::<SocketAddr>() {
        Ok(address) if address.port() != 0 => Ok(Peer { name, address }),
        _ => {
            let what = format!("{address:?} is no address");
            Err(bad(&format!("{path}.address"), &what, ADDRESS))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_error(text: &str, expected: &str) {
        let error = Peers::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text:?}: {error}");
        assert!(!error.contains('\n'), "{text:?}: {error}");
    }

    #[test]
    fn the_file_that_is_installed_says_the_defaults() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../etc/agencia/pares.toml");
        assert_eq!(Peers::load(file).unwrap(), Peers::default());
    }

    #[test]
    fn a_file_is_read_in_its_order() {
        let text = Peers::default().to_string();
        let peers = Peers::parse(&text).unwrap();
        assert_eq!(peers, Peers::default());
        let names: Vec<_> = peers.iter().map(|peer| peer.name.as_str()).collect();
        assert_eq!(names, ["voos", "hospedagens", "passeios"]);
        assert_eq!(peers.get("passeios").unwrap().address.port(), 5052);
        assert_eq!(peers.get("carros"), None);
    }

    #[test]
    fn what_is_wrong_is_named_with_the_way_out() {
        let daemon = |rest: &str| format!("[[daemon]]\nname = \"voos\"\n{rest}\n");
        let good = daemon("address = \"127.0.0.1:5050\"");
        check_error("", "names no daemon; write [[daemon]]");
        check_error("daemon = []", "names no daemon");
        check_error("daemon = 3", "daemon is not a list");
        check_error("daemon = [3]", "daemon[0] is not a table");
        check_error("a = [", "line 1: ");
        check_error(&format!("{good}\n\n= 3"), "line 6: ");
        check_error(&format!("{good}[tls]\n"), "tls is not known; write [[daemon]]");
        check_error(&daemon("adress = \"::1\""), "daemon[0].adress is not known; the keys are");
        check_error(&daemon(""), "daemon[0].address is missing; an address is an IP");
        check_error(&daemon("address = 5050"), "daemon[0].address is not a text");
        check_error(&daemon("address = \"localhost:5050\""), "\"localhost:5050\" is no address");
        check_error(&daemon("address = \"127.0.0.1:0\""), "\"127.0.0.1:0\" is no address");
        check_error("[[daemon]]\nname = \"Vôos\"\naddress = \"x\"", "\"Vôos\" is no name; a name");
        check_error(&format!("{good}{good}"), "daemon[1].name \"voos\" is there twice");
        let twin = good.replace("voos", "carros");
        check_error(&format!("{good}{twin}"), "daemon[1].address 127.0.0.1:5050 is there twice");
    }

    #[test]
    fn an_error_names_the_file() {
        let error = Peers::load("/nonexistent/pares.toml").unwrap_err().to_string();
        assert!(error.starts_with("/nonexistent/pares.toml: cannot be read: "), "{error}");
    }
}
