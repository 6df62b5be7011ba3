//! One place through which all lines go, so that none is torn: a thread that writes.

use async_channel::{Receiver, Sender};
use std::io::Write;
use std::thread::JoinHandle;

/// How many lines may wait for a slow terminal; children wait then.
const LINES_MAX: usize = 1024;

/// The colours of names, in the order of the children: cyan, yellow, green, magenta, blue.
const COLOURS: [u8; 5] = [36, 33, 32, 35, 34];

/// Where lines go, and whether names are coloured there.
pub struct Sink {
    /// The stream.
    pub stream: Box<dyn Write + Send>,
    /// Whether it is a terminal that shows colours.
    pub coloured: bool,
}

/// The standard streams, coloured when they are terminals and `NO_COLOR` is not set.
pub fn standard_sinks() -> [Sink; 2] {
    use std::io::{IsTerminal, stderr, stdout};
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    [
        Sink { coloured: wanted && stdout().is_terminal(), stream: Box::new(stdout()) },
        Sink { coloured: wanted && stderr().is_terminal(), stream: Box::new(stderr()) },
    ]
}

/// Which stream a line goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    Out,
    Err,
}

/// A name before every line of one child.
#[derive(Debug, Clone)]
pub(crate) struct Prefix {
    name: String,
    colour: Option<u8>,
}

impl Prefix {
    /// The prefix of the child at this place, as wide as the widest name.
    pub(crate) fn of_child(name: &str, width: usize, place: usize) -> Self {
        Self { name: format!("{name:<width$}"), colour: Some(COLOURS[place % COLOURS.len()]) }
    }

    /// The prefix of what the command itself says.
    pub(crate) fn own(width: usize) -> Self {
        Self { name: format!("{:<width$}", "agencia"), colour: None }
    }

    fn write(&self, coloured: bool, line: &[u8]) -> Vec<u8> {
        let name = match self.colour {
            Some(colour) if coloured => format!("\x1b[{colour}m{} |\x1b[0m ", self.name),
            None if coloured => format!("\x1b[1m{} |\x1b[0m ", self.name),
            _ => format!("{} | ", self.name),
        };
        [name.as_bytes(), line, b"\n"].concat()
    }
}

struct Line {
    to: To,
    prefix: Prefix,
    text: Vec<u8>,
}

/// Takes lines; clones share the thread.
#[derive(Clone)]
pub(crate) struct Output {
    lines: Sender<Line>,
}

/// The thread that writes; [`join`](Self::join) waits until everything is written.
pub(crate) struct Writer(JoinHandle<()>);

impl Output {
    pub(crate) fn start(sinks: [Sink; 2]) -> (Output, Writer) {
        let (lines, to_write) = async_channel::bounded(LINES_MAX);
        let thread = std::thread::spawn(move || write_all(sinks, &to_write));
        (Output { lines }, Writer(thread))
    }

    pub(crate) async fn line(&self, to: To, prefix: &Prefix, text: impl Into<Vec<u8>>) {
        let line = Line { to, prefix: prefix.clone(), text: text.into() };
        // The writer goes last: it cannot be gone.
        drop(self.lines.send(line).await);
    }
}

impl Writer {
    /// Waits until everything is written; every [`Output`] must be dropped.
    pub(crate) fn join(self) {
        if self.0.join().is_err() {
            log::error!("the thread that writes the children's lines has failed");
        }
    }
}

fn write_all(mut sinks: [Sink; 2], lines: &Receiver<Line>) {
    while let Ok(Line { to, prefix, text }) = lines.recv_blocking() {
        let sink = &mut sinks[usize::from(to == To::Err)];
        let line = prefix.write(sink.coloured, &text);
        // A terminal that has gone away must not stop the children.
        drop(sink.stream.write_all(&line).and_then(|()| sink.stream.flush()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_coloured_only_where_colours_are_shown() {
        let prefix = Prefix::of_child("voos", 6, 0);
        assert_eq!(prefix.write(false, b"hi"), b"voos   | hi\n");
        assert_eq!(prefix.write(true, b"hi"), b"\x1b[36mvoos   |\x1b[0m hi\n");
        assert_eq!(Prefix::own(7).write(false, b"hi"), b"agencia | hi\n");
    }
}
