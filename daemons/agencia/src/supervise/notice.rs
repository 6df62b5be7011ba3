//! What an operator is told about children.

use super::machine::{Child, Ending};
use std::fmt;
use std::time::Duration;

/// Something worth a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    Ready(Child),
    /// It ended by itself and is started again after this rest.
    Died(Child, Ending, Duration),
    /// It ended while everything stops, and not as it was asked to.
    DiedStopping(Child, Ending),
    BadSettings(Child),
    Slow(Child, Duration),
    Killed(Child, Duration),
    Stopping,
}

impl Notice {
    /// The line, which needs the children's names.
    pub(crate) fn line(&self, name: impl Fn(Child) -> String) -> String {
        match *self {
            Notice::Ready(child) => format!("{} is ready", name(child)),
            Notice::Died(child, ending, rest) => {
                format!("{} {ending}; it is started again in {}", name(child), Seconds(rest))
            }
            Notice::DiedStopping(child, ending) => {
                format!("{} {ending} while stopping", name(child))
            }
            Notice::BadSettings(child) => format!(
                "{} cannot run with its settings (exit code 78): mend what it says above; \
                 stopping everything",
                name(child)
            ),
            Notice::Slow(child, after) => format!(
                "{} is not ready after {}; still waiting, Ctrl-C stops everything",
                name(child),
                Seconds(after)
            ),
            Notice::Killed(child, after) => {
                format!("{} did not stop within {} and is killed", name(child), Seconds(after))
            }
            Notice::Stopping => "stopping; once more Ctrl-C kills at once".to_owned(),
        }
    }
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0.as_secs_f32())
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Ending::Code(code) => write!(f, "ended with exit code {code}"),
            Ending::Signal(signal) => match signal_name(signal) {
                Some(name) => write!(f, "was killed by {name}"),
                None => write!(f, "was killed by signal {signal}"),
            },
            Ending::NotStarted => f.write_str("could not be started"),
        }
    }
}

fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        31 => "SIGSYS",
        _ => return None,
    })
}
