//! Flights, stays and tours that serve in this process and know each other: a whole agency, of
//! which any daemon can be stopped and started again.

use super::{Client, PATIENCE};
use agencia_catalog::{Moment, Product};
use agencia_hospedagens::Stays;
use agencia_passeios::Tours;
use agencia_protocol::trip::{
    Apply, DaemonName, Decide, Hold, Pin, Revision, Timestamp, TripItem, TripMessage,
};
use agencia_protocol::{Day, TripId};
use agencia_server::{Clock, Deadlines, Now, ServeError, Server, Settings, Trips, bind, serve};
use agencia_voos::Flights;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const FLIGHTS: &str = r#"[{"horarioIda":"14:00h","chegadaIda":"16:00h","valor":"100,00R$",
  "diaIda":"10/01/2030","diaChegada":"10/01/2030","paraAeroporto":"Bagé","id":"f1","lugares":2,
  "deAeroporto":"Aeroporto Internacional de Confins - Tancredo Neves"}]"#;

const STAYS: &str = r#"[
  {"diaEntrada":"10/01/2030","numero":1,"qtdQuartos":1,"qtdCamas":2,"valor":"50,00R$","id":"s1",
   "nome":"Hotel","endereco":"Rua A","cidade":"Bagé","cafeDaManha":true,"quartos":1},
  {"diaEntrada":"11/01/2030","numero":1,"qtdQuartos":1,"qtdCamas":2,"valor":"60,00R$","id":"s2",
   "nome":"Hotel","endereco":"Rua A","cidade":"Bagé","cafeDaManha":true,"quartos":1}]"#;

const TOURS: &str = r#"[{"horario":"10:00h","valor":"20,00R$","dia":"11/01/2030","local":"Museu",
  "endereco":"Rua B","cidade":"Bagé","id":"t1","vagas":3}]"#;

pub(crate) const NAMES: [&str; 3] = ["voos", "hospedagens", "passeios"];

/// The first of December 2029, and from then on as time passes, some milliseconds ahead.
#[derive(Clone, Default)]
pub(crate) struct Ticking(Arc<AtomicI64>);

impl Ticking {
    const START: i64 = 1_890_788_400_000;

    pub(crate) fn millis() -> i64 {
        static START: OnceLock<Instant> = OnceLock::new();
        let passed = START.get_or_init(Instant::now).elapsed();
        Self::START + i64::try_from(passed.as_millis()).expect("a test that ends")
    }

    pub(crate) fn at() -> Timestamp {
        Timestamp::from_unix_millis(Self::millis())
    }
}

impl Clock for Ticking {
    fn now(&self) -> Now {
        let moment = Moment { day: Day::from_iso("2029-12-01").expect("a day"), minute: 0 };
        Now { moment, unix_millis: Self::millis() + self.0.load(Ordering::Relaxed) }
    }
}

/// A trip that begins now.
pub(crate) fn trip() -> TripId {
    agencia_store::mint(Ticking::at())
}

/// An anchor's deadline divided by twenty, for tests of what happens then.
pub(crate) fn hasty(trips: &mut Trips, _: &mut agencia_server::Limits) {
    trips.decision = Duration::from_millis(500);
}

/// The settings of every daemon that a test may change.
pub(crate) type Change = fn(&mut Trips, &mut agencia_server::Limits);

/// Three daemons, each in a thread.
pub(crate) struct Agency {
    pub(crate) folder: TempDir,
    addresses: BTreeMap<&'static str, SocketAddr>,
    running: BTreeMap<&'static str, Running>,
    change: Change,
    deadlines: fn(&mut Deadlines),
    clock: Ticking,
}

struct Running {
    stop: async_channel::Sender<()>,
    thread: JoinHandle<Result<(), ServeError>>,
}

impl Agency {
    pub(crate) fn new() -> Self {
        Self::with(|_, _| {})
    }

    pub(crate) fn with(change: Change) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Held until all are known, so that no two are the same.
        let any = || bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let listeners = NAMES.map(|name| (name, any()));
        let address = |(name, listener): &(_, std::net::TcpListener)| {
            (*name, listener.local_addr().expect("an address"))
        };
        let addresses = listeners.iter().map(address).collect();
        let (running, clock) = (BTreeMap::new(), Ticking::default());
        let mut agency = Self { folder, addresses, running, change, deadlines: |_| {}, clock };
        agency.write_peers();
        for (name, text) in NAMES.into_iter().zip([FLIGHTS, STAYS, TOURS]) {
            std::fs::write(agency.path(&format!("{name}.json")), text).expect("room for a file");
        }
        for (name, listener) in listeners {
            agency.start_on(name, listener);
        }
        agency
    }

    fn write_peers(&self) {
        let entry = |name: &str| {
            format!("[[daemon]]\nname = \"{name}\"\naddress = \"{}\"\n", self.addresses[name])
        };
        let text: String = NAMES.map(entry).concat();
        std::fs::write(self.path("pares.toml"), text).expect("room for a file");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where a daemon keeps its ledger.
    pub(crate) fn ledger(&self, name: &str) -> PathBuf {
        self.path(name).join("livro.sqlite")
    }

    pub(crate) fn settings<P: Product>(&self) -> Settings<P::Settings> {
        let mut settings = Settings::defaults::<P>();
        settings.inventory = self.path(&format!("{}.json", P::NAME));
        settings.state = self.path(P::NAME);
        settings.peers = self.path("pares.toml");
        settings.threads = 1;
        settings.limits.ballast_bytes = 0;
        // The protocol's pauses divided by twenty.
        settings.trips.ask_first = Duration::from_millis(250);
        settings.trips.ask_pause_max = Duration::from_millis(1_500);
        (self.change)(&mut settings.trips, &mut settings.limits);
        (self.deadlines)(&mut settings.deadlines);
        settings
    }

    /// The settings of whatever is started from now on.
    pub(crate) fn change(&mut self, change: Change) {
        self.change = change;
    }

    /// Changes every daemon's deadlines and starts them anew.
    pub(crate) fn change_deadlines(&mut self, change: fn(&mut Deadlines)) {
        self.deadlines = change;
        for name in NAMES {
            self.stop(name);
            self.start(name);
        }
    }

    /// Sets every daemon's clock so far ahead.
    pub(crate) fn travel(&self, ahead: Duration) {
        let millis = i64::try_from(ahead.as_millis()).expect("not so far");
        self.clock.0.store(millis, Ordering::Relaxed);
    }

    /// A trip that begins now, by the daemons' clock.
    pub(crate) fn trip(&self) -> TripId {
        agencia_store::mint(Timestamp::from_unix_millis(self.clock.now().unix_millis))
    }

    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        self.addresses[name]
    }

    pub(crate) fn start(&mut self, name: &'static str) {
        let listener = bind(self.addresses[name]).expect("the port is free again");
        self.start_on(name, listener);
    }

    fn start_on(&mut self, name: &'static str, listener: std::net::TcpListener) {
        let clock = self.clock.clone();
        let running = match name {
            "voos" => run::<Flights>(self.settings::<Flights>(), listener, clock),
            "hospedagens" => run::<Stays>(self.settings::<Stays>(), listener, clock),
            _ => run::<Tours>(self.settings::<Tours>(), listener, clock),
        };
        self.running.insert(name, running);
    }

    /// Stops a daemon and waits for its end.
    pub(crate) fn stop(&mut self, name: &str) {
        let Running { stop, thread } = self.running.remove(name).expect("it runs");
        stop.close();
        thread.join().expect("no panic").expect("it served to its end");
    }

    pub(crate) fn connect(&self, name: &str) -> Client {
        Client::connect(self.addresses[name]).expect("a connection")
    }

    /// Asks a daemon on a connection of its own.
    pub(crate) fn ask(&self, name: &str, message: impl Into<TripMessage>) -> Value {
        self.connect(name).ask(&written(message))
    }

    /// Where the part of a trip is, in one daemon.
    pub(crate) fn state(&self, name: &str, trip: TripId) -> String {
        let shown =
            self.connect(name).ask(&format!(r#"{{"action":"consultar","viagem":"{trip}"}}"#));
        shown["estado"].as_str().unwrap_or_else(|| panic!("{shown}")).to_owned()
    }

    /// Waits until the part of a trip is there.
    pub(crate) fn wait_for(&self, name: &str, trip: TripId, state: &str) {
        let start = Instant::now();
        loop {
            let found = self.state(name, trip);
            if found == state {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{name} is {found} and not {state}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Every daemon's books agree, and so many units are confirmed there and none else taken.
    pub(crate) fn check_settled(&self, confirmed: [u64; 3]) {
        for (name, confirmed) in NAMES.into_iter().zip(confirmed) {
            let audit = self.connect(name).ask(r#"{"action":"auditar"}"#);
            let found = ["seguras", "fixas", "confirmadas"].map(|field| audit[field].clone());
            assert_eq!(found, [0, 0, confirmed].map(Value::from), "{name}: {audit}");
            assert_eq!(audit["consistente"], true, "{name}: {audit}");
        }
    }
}

impl Drop for Agency {
    fn drop(&mut self) {
        for running in self.running.values() {
            running.stop.close();
        }
        for (name, running) in std::mem::take(&mut self.running) {
            let ended = running.thread.join();
            assert!(std::thread::panicking() || matches!(ended, Ok(Ok(()))), "{name}: {ended:?}");
        }
    }
}

fn run<P: Product>(
    settings: Settings<P::Settings>,
    listener: std::net::TcpListener,
    clock: Ticking,
) -> Running {
    let server = Server::<P>::open(settings, clock).expect("it opens");
    let (stop, stopped) = async_channel::bounded::<()>(1);
    let stopped = async move {
        stopped.recv().await.ok();
    };
    let thread = std::thread::spawn(move || serve(server, vec![listener], stopped));
    Running { stop, thread }
}

pub(crate) fn written(message: impl Into<TripMessage>) -> String {
    serde_json::to_string(&message.into()).expect("a message is JSON")
}

pub(crate) fn daemon(name: &str) -> DaemonName {
    name.parse().expect("a name")
}

pub(crate) fn item(id: &str) -> TripItem {
    serde_json::from_value(json!({ "id": id })).expect("an item")
}

/// What each daemon sells to a trip of three parts.
pub(crate) fn parts() -> BTreeMap<DaemonName, Vec<TripItem>> {
    NAMES
        .into_iter()
        .zip(["f1", "s1", "t1"])
        .map(|(name, id)| (daemon(name), vec![item(id)]))
        .collect()
}

pub(crate) fn hold(trip: TripId, id: &str) -> Hold {
    Hold::new(trip, Revision(0), vec![item(id)], 600)
}

pub(crate) fn pin(trip: TripId) -> Pin {
    Pin::new(trip, Revision(0), daemon("voos"), parts())
}

/// Holds all three parts.
pub(crate) fn hold_all(agency: &Agency, trip: TripId) {
    for (name, id) in NAMES.into_iter().zip(["f1", "s1", "t1"]) {
        let held = agency.ask(name, hold(trip, id));
        assert_eq!(held["estado"], "segura", "{name}: {held}");
    }
}

/// Holds all three parts and pins those that are not the anchor's; returns what decides it.
pub(crate) fn pinned(agency: &Agency, trip: TripId) -> Decide {
    hold_all(agency, trip);
    pin_all(agency, trip)
}

/// Pins the parts that are not the anchor's; returns what decides the trip.
pub(crate) fn pin_all(agency: &Agency, trip: TripId) -> Decide {
    let receipts = NAMES[1..].iter().map(|&name| {
        let reply = agency.ask(name, pin(trip));
        let receipt = reply["recibo"].as_str().unwrap_or_else(|| panic!("{name}: {reply}"));
        (daemon(name), receipt.parse().expect("a receipt"))
    });
    let receipts = receipts.collect();
    Decide::new(trip, parts(), receipts, travellers(), None)
}

pub(crate) fn travellers() -> Vec<agencia_protocol::trip::Traveller> {
    serde_json::from_value(json!([{ "nome": "Ana", "sobrenome": "Conceição" }])).expect("people")
}

/// The message by which a part is told what the anchor decided.
pub(crate) fn apply(trip: TripId, decided: &Value) -> Apply {
    let text = |field: &str| decided[field].as_str().unwrap_or_else(|| panic!("{decided}"));
    let (proof, locator) = (text("prova").parse().expect("a proof"), text("localizador").parse());
    let outcome = agencia_protocol::trip::Outcome::Committed;
    Apply::new(trip, outcome, proof, locator.ok())
}

/// A trip that is booked in all three daemons, with everyone told.
pub(crate) fn booked(agency: &Agency) -> (TripId, String) {
    let trip = trip();
    let decide = pinned(agency, trip);
    let decided = agency.ask("voos", decide);
    for name in &NAMES[1..] {
        assert_eq!(agency.ask(name, apply(trip, &decided))["estado"], "confirmada");
    }
    (trip, decided["localizador"].as_str().unwrap().to_owned())
}
