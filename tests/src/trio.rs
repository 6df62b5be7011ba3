//! Three daemons that sell trips together: their files, their addresses, their times.

use crate::inventory::with;
use crate::ports::free_addresses;
use crate::{Client, Daemon, Kind, Setup};
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The times of a trip, as the daemons are set. Safety depends on none of them.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// How long a pinned part waits before its anchor must decide.
    pub decision_secs: f64,
    /// When a pinned part asks its anchor first.
    pub ask_first_secs: f64,
    /// The longest pause between two such questions.
    pub ask_pause_secs_max: f64,
    /// How long a daemon waits for another one to accept a connection.
    pub peer_connect_secs: f64,
    /// How long a daemon waits for another one's reply.
    pub peer_reply_secs: f64,
    /// For how long the suites hold, in whole seconds.
    pub hold_secs: u32,
}

impl Times {
    /// As they are shipped.
    pub const SHIPPED: Times = Times {
        decision_secs: 10.0,
        ask_first_secs: 5.0,
        ask_pause_secs_max: 30.0,
        peer_connect_secs: 2.0,
        peer_reply_secs: 5.0,
        hold_secs: 20,
    };
    /// A twentieth of that, as far as whole seconds allow.
    pub const QUICK: Times = Times {
        decision_secs: 0.5,
        ask_first_secs: 0.25,
        ask_pause_secs_max: 1.5,
        peer_connect_secs: 0.1,
        peer_reply_secs: 0.25,
        hold_secs: 1,
    };

    /// Those of this run.
    pub fn of_this_run() -> Self {
        if crate::seed::is_soak() { Self::SHIPPED } else { Self::QUICK }
    }
}

/// The files of three daemons, one of each kind, which know each other.
#[derive(Debug)]
pub struct Trio {
    folder: TempDir,
    /// In the order of `pares.toml`: the first is the anchor of most trips.
    setups: [Setup; 3],
    addresses: [SocketAddr; 3],
    state: Option<PathBuf>,
}

/// One of the offers of a [`Trio`]: the `number`-th of its kind.
pub fn offer_id(kind: Kind, number: usize) -> String {
    format!("{}-{number}", kind.name())
}

/// Where a kind stands in the order of `pares.toml`.
pub fn place(kind: Kind) -> usize {
    match kind {
        Kind::Flights => 0,
        Kind::Stays => 1,
        Kind::Tours => 2,
    }
}

impl Trio {
    /// Daemons on this host, each with offers of these capacities. They listen on free ports,
    /// always the same ones.
    ///
    /// # Panics
    /// When a temporary folder cannot be written.
    pub fn new(capacities: &[u32], times: Times) -> Self {
        Self::at(capacities, times, free_addresses(), None)
    }

    /// Daemons that are reached at these addresses, their ledgers in this folder if not in one of
    /// their own.
    ///
    /// # Panics
    /// When a temporary folder cannot be written.
    pub fn at(
        capacities: &[u32],
        times: Times,
        addresses: [SocketAddr; 3],
        state: Option<&Path>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let mut peers = String::new();
        for (kind, address) in Kind::ALL.into_iter().zip(addresses) {
            let name = kind.name();
            writeln!(peers, "[[daemon]]\nname = \"{name}\"\naddress = \"{address}\"")
                .expect("a string takes every text");
        }
        std::fs::write(folder.path().join("pares.toml"), peers).expect("a folder can be written");
        let setups = Kind::ALL.map(|kind| {
            let mut setup = Setup::new(kind, &records(kind, capacities));
            setup.settings(&settings(folder.path(), times));
            if let Some(state) = state {
                let state = state.join(kind.name());
                setup = setup.flag("--state").flag(state.display().to_string());
            }
            setup.at(Some(addresses[place(kind)]))
        });
        Self { folder, setups, addresses, state: state.map(Path::to_owned) }
    }

    /// Changes how a daemon is started.
    pub fn change(&mut self, kind: Kind, change: impl FnOnce(Setup) -> Setup) {
        let setup = &mut self.setups[place(kind)];
        let old = std::mem::replace(setup, Setup::new(kind, &[]));
        *setup = change(old);
    }

    /// The folder that all three share.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The file that says where they are.
    pub fn peers(&self) -> PathBuf {
        self.folder.path().join("pares.toml")
    }

    /// A daemon's ledger.
    pub fn ledger(&self, kind: Kind) -> PathBuf {
        let folder = match &self.state {
            Some(state) => state.join(kind.name()),
            None => self.setup(kind).path().join("state"),
        };
        folder.join("livro.sqlite")
    }

    /// What a daemon is started with.
    pub fn setup(&self, kind: Kind) -> &Setup {
        &self.setups[place(kind)]
    }

    /// Where a daemon is reached.
    pub fn address(&self, kind: Kind) -> SocketAddr {
        self.addresses[place(kind)]
    }

    /// Where all of them are reached.
    pub fn addresses(&self) -> [(Kind, SocketAddr); 3] {
        Kind::ALL.map(|kind| (kind, self.address(kind)))
    }

    /// A new connection to each.
    pub fn connect(&self) -> [Client; 3] {
        self.addresses.map(Client::connect)
    }

    /// Starts all and waits until they are ready.
    pub fn start(&self) -> [Daemon<'_>; 3] {
        // All at once: each loads its inventory while the others do.
        let daemons = Kind::ALL.map(|kind| self.setup(kind).launch());
        for daemon in &daemons {
            let ready = daemon.notices.wait_for("READY=1");
            assert!(ready.is_some(), "a daemon ended:\n{}", daemon.lines().text());
        }
        daemons
    }
}

/// Offers of these capacities with the ids that [`offer_id`] gives them.
///
/// # Panics
/// When there are more of them than minutes in a day.
pub fn records(kind: Kind, capacities: &[u32]) -> Vec<Value> {
    let record = |(number, capacity): (usize, &u32)| {
        let at = u16::try_from(number).expect("no more offers than minutes in a day");
        with(kind.offer_of(at, *capacity), [("id", json!(offer_id(kind, number)))])
    };
    capacities.iter().enumerate().map(record).collect()
}

/// Plain keys before tables.
fn settings(folder: &Path, times: Times) -> String {
    let Times { decision_secs, ask_first_secs, ask_pause_secs_max, .. } = times;
    let Times { peer_connect_secs, peer_reply_secs, .. } = times;
    let folder = folder.display();
    format!(
        "peers = \"{folder}/pares.toml\"\nkey_file = \"{folder}/chave\"\nthreads = 1\n\
         [deadlines]\npeer_connect_secs = {peer_connect_secs:?}\n\
         peer_reply_secs = {peer_reply_secs:?}\n\
         [trips]\ndecision_secs = {decision_secs:?}\nask_first_secs = {ask_first_secs:?}\n\
         ask_pause_secs_max = {ask_pause_secs_max:?}\n"
    )
}
