//! A process that leads one trip and may be killed.

use agencia_tests::books::{Told, Trip};
use agencia_tests::process::{Process, Signal};
use agencia_tests::trio::{Trio, offer_id};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A traveller's process.
pub(crate) struct Traveller(Process);

impl Traveller {
    /// Sends it off. With `tampering`, `strace` stands between it and the kernel.
    pub(crate) fn start(
        trio: &Trio,
        trip: &Trip,
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
        command.arg(trip.parts[0].trip.to_string()).arg(crate::TIMES.hold_secs.to_string());
        command.arg(patience.as_secs_f64().to_string());
        for part in &trip.parts {
            let (name, address) = (part.kind.name(), trio.address(part.kind));
            let offer = offer_id(part.kind, part.offer);
            command.arg(format!("{name}={address}={offer}={}", part.units));
        }
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        command.stdin(Stdio::null()).stdout(writer);
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

    /// Waits for its end: what it said, and whether it was killed.
    pub(crate) fn finish(mut self) -> (Told, bool) {
        let status = self.0.wait();
        let said = self.0.lines.text();
        let told = match said.split_once(' ') {
            Some(("booked", locator)) => Told::Booked(locator.trim().to_owned()),
            Some(("not", _)) => Told::NotBooked,
            _ => Told::Unknown,
        };
        (told, !status.success())
    }
}
