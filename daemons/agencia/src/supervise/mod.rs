//! Runs programs as children: starts them in order, waits until each is ready, forwards what they
//! print, restarts what dies and stops them in order.
//!
//! What is decided is in `machine`, which does no I/O; this file carries it out. It knows nothing
//! of what the children are. Children are started by the thread that runs [`run`]: they may ask the
//! system to end them with it.

mod machine;
mod notice;
mod notify;
mod lines;
mod output;

pub use machine::{BAD_SETTINGS, Ending, Limits, Outcome};
pub use output::{Sink, standard_sinks};

use async_channel::{Receiver, Sender};
use futures_lite::{AsyncRead, AsyncReadExt, future};
use lines::Lines;
use machine::{Effect, Event, Machine};
use notify::{NotifySocket, SOCKET_PATH_BYTES_MAX};
use output::{Output, Prefix, To};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use smol::process::{Command, Stdio};
use smol::{LocalExecutor, Task, Timer};
use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long the last lines of a child that has ended are waited for: something that it started
/// may still hold its output open.
const LAST_LINES: Duration = Duration::from_secs(1);

/// A program to run.
#[derive(Debug)]
pub struct Program {
    /// The name before its lines.
    pub name: String,
    /// Which programs it is started after and stopped before: those of lower groups. Numbered
    /// from 0 without gaps.
    pub group: usize,
    /// What to run. Its standard streams, its process group and `NOTIFY_SOCKET` are set here.
    pub command: std::process::Command,
}

/// Everything that supervision needs to know.
pub struct Supervision {
    /// What to run.
    pub programs: Vec<Program>,
    /// The times it keeps.
    pub limits: Limits,
    /// A folder that is there, for the sockets by which readiness is heard.
    pub folder: PathBuf,
    /// Where lines go: what programs print, and what errors they print and what happens to them.
    pub sinks: [Sink; 2],
    /// Lines to print when every program has been ready.
    pub welcome: Vec<String>,
}

/// Why supervision could not begin.
#[derive(Debug, thiserror::Error)]
pub enum SuperviseError {
    /// A socket could not be made.
    #[error("{}: cannot make a socket: {source}", .path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A socket cannot have so long a path.
    #[error("{}: too long for a socket (at most {SOCKET_PATH_BYTES_MAX} bytes)", .path.display())]
    LongPath {
        /// What would be its path.
        path: PathBuf,
    },
}

/// Runs all programs until `stops` gives a message (a second one kills) or one of them has bad
/// settings. On return none of them runs.
///
/// # Errors
/// When it cannot begin; nothing was started then.
pub async fn run(supervision: Supervision, stops: Receiver<()>) -> Result<Outcome, SuperviseError> {
    let Supervision { programs, limits, folder, sinks, welcome } = supervision;
    let mut machine = Machine::new(programs.iter().map(|program| program.group), limits);
    let width = programs.iter().map(|program| program.name.len()).chain(["agencia".len()]).max();
    let width = width.unwrap_or_default();
    let (output, writer) = Output::start(sinks);
    let (events, happened) = async_channel::unbounded();
    let tasks = LocalExecutor::new();
    let mut children = Vec::new();
    for (place, program) in programs.into_iter().enumerate() {
        let prefix = Prefix::of_child(&program.name, width, place);
        let socket = bind(&folder, &program.name)?;
        let child = Child::new(place, program, prefix, socket, &output, &events);
        tasks.spawn(listen(Rc::clone(&child))).detach();
        children.push(child);
    }
    let own = Prefix::own(width);
    let name = |child: usize| children[child].describe();

    let deciding = async {
        let mut event = Event::Begin;
        loop {
            for effect in machine.handle(&event, Instant::now()) {
                match effect {
                    Effect::Start(child) => children[child].start(&tasks).await,
                    Effect::Terminate(child) => children[child].signal(Signal::TERM),
                    Effect::Kill(child) => children[child].signal(Signal::KILL),
                    Effect::Tell(notice) => output.line(To::Err, &own, notice.line(name)).await,
                    Effect::AllReady => {
                        for line in &welcome {
                            output.line(To::Out, &own, line.as_str()).await;
                        }
                    }
                    Effect::Finish(outcome) => return outcome,
                }
            }
            event = next_event(&happened, &stops, machine.wake_at()).await;
        }
    };
    let outcome = tasks.run(deciding).await;
    // Every task holds the output; the writer ends when none does.
    drop((tasks, children, output));
    writer.join();
    Ok(outcome)
}

fn bind(folder: &Path, name: &str) -> Result<NotifySocket, SuperviseError> {
    let path = folder.join(format!("{name}.sock"));
    if path.as_os_str().len() > SOCKET_PATH_BYTES_MAX {
        return Err(SuperviseError::LongPath { path });
    }
    NotifySocket::bind(folder, name).map_err(|source| SuperviseError::Socket { path, source })
}

async fn next_event(
    happened: &Receiver<Event>,
    stops: &Receiver<()>,
    wake_at: Option<Instant>,
) -> Event {
    let tick = async {
        match wake_at {
            Some(instant) => Timer::at(instant).await,
            None => future::pending().await,
        };
        Event::Tick
    };
    let event = async {
        // The children hold the other end for as long as this runs.
        happened.recv().await.unwrap_or(Event::Tick)
    };
    let stop = async {
        match stops.recv().await {
            Ok(()) => Event::StopAsked,
            // Nobody can ask any more.
            Err(_) => future::pending().await,
        }
    };
    future::or(stop, future::or(event, tick)).await
}

/// A program and what is known of its process.
struct Child {
    place: usize,
    name: String,
    prefix: Prefix,
    socket: NotifySocket,
    command: RefCell<Command>,
    /// A handle of the process, which can never mean another one.
    process: RefCell<Option<OwnedFd>>,
    status: RefCell<Option<String>>,
    output: Output,
    events: Sender<Event>,
}

impl Child {
    fn new(
        place: usize,
        program: Program,
        prefix: Prefix,
        socket: NotifySocket,
        output: &Output,
        events: &Sender<Event>,
    ) -> Rc<Self> {
        let Program { name, mut command, .. } = program;
        // Its own process group: Ctrl-C in the terminal is for the supervisor alone.
        command.process_group(0).env("NOTIFY_SOCKET", socket.path());
        let mut command = Command::from(command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Rc::new(Self {
            place,
            name,
            prefix,
            socket,
            command: RefCell::new(command),
            process: RefCell::new(None),
            status: RefCell::new(None),
            output: output.clone(),
            events: events.clone(),
        })
    }

    /// Its name, with the first thing that it said of itself last.
    fn describe(&self) -> String {
        let status = self.status.borrow();
        match status.as_ref().and_then(|status| status.split(';').next()) {
            Some(first) if self.process.borrow().is_some() => format!("{} ({first})", self.name),
            _ => self.name.clone(),
        }
    }

    async fn start(self: &Rc<Self>, tasks: &LocalExecutor<'_>) {
        let spawned = self.command.borrow_mut().spawn();
        match spawned {
            Ok(mut process) => {
                // None when it has ended already: there is nobody to signal then.
                let pid = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
                let handle = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
                *self.process.borrow_mut() = handle;
                let (out, err) = (process.stdout.take(), process.stderr.take());
                let forwarders = [
                    tasks.spawn(forward(Rc::clone(self), To::Out, out)),
                    tasks.spawn(forward(Rc::clone(self), To::Err, err)),
                ];
                tasks.spawn(watch(Rc::clone(self), process, forwarders)).detach();
            }
            Err(error) => {
                let line = format!("cannot be started: {error}");
                self.output.line(To::Err, &self.prefix, line).await;
                self.happened(Event::Ended(self.place, Ending::NotStarted));
            }
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = &*self.process.borrow()
            && let Err(error) = pidfd_send_signal(process, signal)
        {
            // It has ended, and its end is about to be told.
            log::debug!("{}: signal not sent: {error}", self.name);
        }
    }

    fn happened(&self, event: Event) {
        // The receiver is there until everything ends.
        drop(self.events.try_send(event));
    }
}

/// Hears what the program says of itself.
async fn listen(child: Rc<Child>) {
    loop {
        match child.socket.receive().await {
            Ok(message) => {
                if message.status.is_some() {
                    *child.status.borrow_mut() = message.status;
                }
                if message.ready {
                    child.happened(Event::Ready(child.place));
                }
            }
            Err(error) => {
                let line = format!("its readiness cannot be heard: {error}");
                child.output.line(To::Err, &child.prefix, line).await;
                return;
            }
        }
    }
}

/// Tells when the process has ended, after its last lines.
async fn watch(child: Rc<Child>, mut process: smol::process::Child, forwarders: [Task<()>; 2]) {
    let ended = process.status().await;
    let last_lines = async {
        for forwarder in forwarders {
            forwarder.await;
        }
    };
    let patience = async {
        Timer::after(LAST_LINES).await;
    };
    future::or(last_lines, patience).await;
    *child.process.borrow_mut() = None;
    *child.status.borrow_mut() = None;
    child.happened(Event::Ended(child.place, ended.map_or(Ending::NotStarted, ending)));
}

/// Forwards what the process prints, line by line, until it closes the stream.
async fn forward(child: Rc<Child>, to: To, stream: Option<impl AsyncRead + Unpin>) {
    let Some(mut stream) = stream else { return };
    let mut lines = Lines::default();
    let mut bytes = vec![0; 8 * 1024];
    let mut whole = Vec::new();
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        lines.feed(&bytes[..count], |line| whole.push(line.to_vec()));
        for line in whole.drain(..) {
            child.output.line(to, &child.prefix, line).await;
        }
    }
    lines.finish(|line| whole.push(line.to_vec()));
    for line in whole {
        child.output.line(to, &child.prefix, line).await;
    }
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Code(code),
        (None, signal) => Ending::Signal(signal.unwrap_or_default()),
    }
}
