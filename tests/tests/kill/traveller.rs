//! A process that leads one trip and may be killed: at one of its system calls, by the `strace` that
//! it is started under, or from outside. It is a process of its own so that its end is a real one;
//! a traveller who ends in any other way than by SIGKILL fails the suite.

use crate::scene::was_killed;
use agencia_tests::books::{Told, Trip};
use agencia_tests::process::{Process, Signal};
use agencia_tests::trio::{Trio, offer_id};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What a traveller is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// To book the trip.
    Book,
    /// To cancel it: it is booked.
    Cancel,
}

/// A traveller's process.
pub(crate) struct Traveller(Process);

impl Traveller {
    /// Sends it off. With `tampering`, `strace` stands between it and the kernel.
    pub(crate) fn start(
        trio: &Trio,
        trip: &Trip,
        errand: Errand,
        patience: Duration,
        tampering: Option<&str>,
    ) -> Self {
        let program = env!("CARGO_BIN_EXE_agencia-tests-traveller");
        let mut command = match tampering {
            None => Command::new(program),
            Some(tampering) => {
                let call = tampering.split(':').next().expect("a call");
                let mut strace = Command::new("strace");
                strace.args(["-f", "--output=/dev/null", "--trace", call]);
                strace.arg(format!("--inject={tampering}")).arg(program);
                strace
            }
        };
        if errand == Errand::Cancel {
            command.arg("cancel");
        }
        command.arg(trip.id.to_string()).arg(crate::TIMES.hold_secs.to_string());
        command.arg(patience.as_secs_f64().to_string());
        for part in &trip.parts {
            let (name, address) = (part.kind.name(), trio.address(part.kind));
            let offer = offer_id(part.kind, part.offer);
            command.arg(format!("{name}={address}={offer}={}", part.units));
        }
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        let complaints = writer.try_clone().expect("a pipe can be cloned");
        command.stdin(Stdio::null()).stdout(writer).stderr(complaints);
        let process = Process::start(&mut command, vec![Box::new(reader)], || {});
        Self(process)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.0.has_ended()
    }

    pub(crate) fn kill(&self) {
        if !self.has_ended() {
            self.0.signal(Signal::KILL);
        }
    }

    /// Waits for its end: what it said, and whether it was killed. `strace` ends by the signal that
    /// what it traces has ended by.
    pub(crate) fn finish(mut self) -> (Told, bool) {
        let status = self.0.wait();
        let killed = was_killed(status, &self.0.lines.text());
        // Beside what `strace` says.
        let told = self.0.lines.all().iter().find_map(|line| match line.split_once(' ') {
            Some(("booked", locator)) => Some(Told::Booked(locator.trim().to_owned())),
            Some(("not", "booked")) => Some(Told::NotBooked),
            None if line == "cancelled" => Some(Told::Cancelled),
            _ => None,
        });
        (told.unwrap_or(Told::Unknown), killed)
    }
}
