//! A car rental that serves in this process, and a client that speaks bytes.

pub(crate) mod agency;
pub(crate) mod process;
#[path = "../../../examples/carros/product.rs"]
mod product;

use agencia_catalog::Moment;
use agencia_protocol::Day;
use agencia_protocol::frame::{self, Decoder};
use agencia_protocol::trip::Timestamp;
use agencia_server::{Clock, Now, ServeError, Server, Settings, StartError, bind, serve};
pub(crate) use product::Cars;
use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a test waits for what must happen: only a failure takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Two cars of one kind and one of another, on the first day of 2030.
pub(crate) const INVENTORY: &str = r#"[
  {"dia":"01/01/2030","valor":"90,00R$","modelo":"Uno","cidade":"Goiânia (GO)","id":"uno","carros":1},
  {"dia":"01/01/2030","valor":"100,00R$","modelo":"Gol","cidade":"Goiânia (GO)","id":"gol","carros":2}
]"#;

pub(crate) const SEARCH: &str = r#"{"action":"carro","cidade":"Goiânia (GO)","data":"2030-01-01"}"#;
pub(crate) const HEALTH: &str = r#"{"action":"saude"}"#;
pub(crate) const IMPORT: &str = r#"{"action":"importar"}"#;

pub(crate) fn buy(id: &str) -> String {
    format!(r#"{{"action":"reservar","id":"{id}"}}"#)
}

/// Always the same minute.
pub(crate) struct Stopped(pub(crate) Moment);

impl Stopped {
    pub(crate) fn at(day: &str, minute: u16) -> Self {
        Self(Moment { day: Day::from_iso(day).expect("a day"), minute })
    }

    const UNIX_MILLIS: i64 = 1_893_000_000_000;

    pub(crate) fn timestamp() -> Timestamp {
        Timestamp::from_unix_millis(Self::UNIX_MILLIS)
    }
}

impl Clock for Stopped {
    fn now(&self) -> Now {
        Now { moment: self.0, unix_millis: Self::UNIX_MILLIS }
    }
}

/// A folder with an inventory and a ledger.
pub(crate) struct House(TempDir);

impl House {
    pub(crate) fn new(inventory: &str) -> Self {
        let house = Self(tempfile::tempdir().expect("a folder"));
        house.write("inventario.json", inventory);
        house
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("room for a file");
    }

    pub(crate) fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.path(name)).ok()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn settings(&self) -> CarSettings {
        let mut settings = Settings::defaults::<Cars>();
        settings.inventory = self.path("inventario.json");
        settings.state = self.path("estado");
        settings.threads = 2;
        settings
    }

    pub(crate) fn open(&self) -> Result<Server<Cars>, StartError> {
        Server::open(self.settings(), Stopped::at("2029-12-31", 0))
    }

    pub(crate) fn serve(&self) -> Running {
        self.serve_with(|_| {})
    }

    pub(crate) fn serve_with(&self, change: impl FnOnce(&mut CarSettings)) -> Running {
        let mut settings = self.settings();
        change(&mut settings);
        Running::start(settings, Stopped::at("2029-12-31", 0))
    }
}

pub(crate) type CarSettings = Settings<product::CarSettings>;

/// A daemon on a port of its own, in a thread of this process, until it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: async_channel::Sender<()>,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

impl Running {
    pub(crate) fn start(settings: CarSettings, clock: Stopped) -> Self {
        let listener = bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = Server::<Cars>::open(settings, clock).expect("it opens");
        let (stop, stopped) = async_channel::bounded::<()>(1);
        let stopped = async move {
            stopped.recv().await.ok();
        };
        let thread = std::thread::spawn(move || serve(server, vec![listener], stopped));
        Self { address, stop, thread: Some(thread) }
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address).expect("a connection")
    }

    /// Gives the stop signal.
    pub(crate) fn tell_to_stop(&self) {
        self.stop.close();
    }

    /// Waits for the end and tells how it was.
    pub(crate) fn wait(mut self) -> Result<(), ServeError> {
        self.thread.take().expect("waited for once").join().expect("no panic")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tell_to_stop();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(std::thread::panicking() || matches!(ended, Ok(Ok(()))), "{ended:?}");
        }
    }
}

/// A client that blocks.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    decoder: Decoder,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, decoder: Decoder::new(100_000_000) })
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the peer reads");
    }

    /// Sends these bodies with one write.
    pub(crate) fn send(&mut self, bodies: &[&str]) {
        let mut frames = Vec::new();
        for body in bodies {
            frame::encode(body.as_bytes(), &mut frames);
        }
        self.raw(&frames);
    }

    /// The next reply; nothing once the peer has closed.
    pub(crate) fn reply(&mut self) -> Option<Value> {
        loop {
            if let Some(body) = self.decoder.next_frame().expect("frames") {
                return Some(serde_json::from_slice(body).expect("JSON"));
            }
            let read = uninterrupted(|| self.stream.read(self.decoder.space()));
            match read.expect("an end, not a reset") {
                0 => return None,
                count => self.decoder.filled(count),
            }
        }
    }

    pub(crate) fn ask(&mut self, body: &str) -> Value {
        self.send(&[body]);
        self.reply().expect("a reply")
    }

    /// The code of the next reply's error.
    pub(crate) fn error(&mut self) -> String {
        code(&self.reply().expect("a reply"))
    }

    pub(crate) fn finish_writing(&self) {
        self.stream.shutdown(Shutdown::Write).expect("an open socket");
    }
}

/// The code of an error; `none` of any other reply.
pub(crate) fn code(reply: &Value) -> String {
    reply["erro"]["codigo"].as_str().unwrap_or("none").to_owned()
}

/// Asks again until it is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "not in {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Calls again what a signal interrupted: sockets with a timeout are not restarted by the system.
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
