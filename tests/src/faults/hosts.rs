//! Hosts of their own on one machine: network namespaces, joined by a bridge in another one.
//!
//! Their addresses are 10.77.0.0/24, which exist nowhere but in these namespaces: nothing here
//! can reach another machine.

use super::command::{attempt, run};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// The packages and the commands that this needs.
pub const NEEDS: [(&str, &str); 2] = [("ip", "iproute2"), ("nft", "nftables")];

/// Hosts that reach each other.
#[derive(Debug)]
pub struct Hosts {
    prefix: String,
    names: Vec<String>,
}

impl Hosts {
    /// As many hosts as names; a name is at most four letters long.
    ///
    /// # Panics
    /// When one cannot be made.
    pub fn new(names: &[&str]) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("agt{}x{}", std::process::id(), MADE.fetch_add(1, Relaxed));
        let hosts = Self { prefix, names: names.iter().map(|&name| name.to_owned()).collect() };
        let switch = hosts.name_space("switch");
        run(&["ip", "netns", "add", &switch]);
        run(&["ip", "-n", &switch, "link", "add", "bridge", "type", "bridge"]);
        run(&["ip", "-n", &switch, "link", "set", "bridge", "up"]);
        for (number, name) in hosts.names.iter().enumerate() {
            let space = hosts.name_space(name);
            run(&["ip", "netns", "add", &space]);
            run(&["ip", "-n", &space, "link", "set", "lo", "up"]);
            let cable = ["ip", "-n", &space, "link", "add", "eth", "type", "veth", "peer", "name"];
            run(&[&cable[..], &[name, "netns", &switch]].concat());
            run(&["ip", "-n", &switch, "link", "set", name, "master", "bridge", "up"]);
            let address = format!("{}/24", address(number));
            run(&["ip", "-n", &space, "address", "add", &address, "dev", "eth"]);
            run(&["ip", "-n", &space, "link", "set", "eth", "up"]);
            run(&["ip", "netns", "exec", &space, "nft", "add", "table", "inet", "faults"]);
            for hook in ["input", "output"] {
                let chain = format!("{{ type filter hook {hook} priority 0; }}");
                let add = ["ip", "netns", "exec", &space, "nft", "add", "chain", "inet", "faults"];
                run(&[&add[..], &[hook, &chain]].concat());
            }
        }
        hosts
    }

    /// The network namespace of a host.
    pub fn name_space(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The address of a host.
    ///
    /// # Panics
    /// When there is none of this name.
    pub fn address(&self, name: &str) -> Ipv4Addr {
        let number = self.names.iter().position(|other| other == name);
        address(number.unwrap_or_else(|| panic!("no host {name}")))
    }

    /// Moves the calling thread into a host: the sockets that it opens from now on are there.
    ///
    /// # Panics
    /// When there is no such host.
    pub fn enter(&self, name: &str) {
        self.entrance(name)();
    }

    /// What moves the thread that calls it into a host.
    pub fn entrance(&self, name: &str) -> impl FnOnce() + Send + use<> {
        let path = format!("/run/netns/{}", self.name_space(name));
        move || enter(&path)
    }

    /// Cuts a host off another one, or off all with `None`: what it sends, what it receives, or
    /// both. What is not let through vanishes, or is refused where it is sent.
    pub fn cut(&self, name: &str, other: Option<&str>, way: Way, refused: bool) {
        let verdict = if refused { "reject with tcp reset" } else { "drop" };
        let (sends, receives) = match way {
            Way::Out => (true, false),
            Way::In => (false, true),
            Way::Both => (true, true),
        };
        let cut = |hook: &str, field: &str| {
            let whom = match other {
                Some(other) => format!("ip {field} {}", self.address(other)),
                None => format!("ip {field} 10.77.0.0/24"),
            };
            let rule = format!("add rule inet faults {hook} {whom} meta l4proto tcp {verdict}");
            run(&["ip", "netns", "exec", &self.name_space(name), "nft", &rule]);
        };
        if sends {
            cut("output", "daddr");
        }
        if receives {
            cut("input", "saddr");
        }
    }

    /// Takes every cut of a host away.
    pub fn heal(&self, name: &str) {
        let flush = "flush table inet faults";
        run(&["ip", "netns", "exec", &self.name_space(name), "nft", flush]);
    }
}

/// Which way a cut works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nothing gets out.
    Out,
    /// Nothing gets in.
    In,
    /// Neither.
    Both,
}

fn enter(path: &str) {
    let space = File::open(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network))
        .unwrap_or_else(|error| panic!("{path}: {error}"));
}

fn address(number: usize) -> Ipv4Addr {
    let last = u8::try_from(number + 1).expect("a handful of hosts");
    Ipv4Addr::new(10, 77, 0, last)
}

impl Drop for Hosts {
    fn drop(&mut self) {
        // All of them, also when some could not be made.
        for name in self.names.iter().map(String::as_str).chain(["switch"]) {
            attempt(&["ip", "netns", "delete", &self.name_space(name)]);
        }
    }
}
