//! The history of a seed, line by line, when somebody wants to read it or to compare two lives of
//! it. A line is made only when it is kept, and making it never draws or changes anything: a life
//! that is read is the same as one that is not.

use super::time::Time;

/// Lines, or nothing.
pub(super) struct Trace {
    lines: Option<Vec<String>>,
    time: Time,
}

impl Trace {
    pub(super) fn new(kept: bool, time: Time) -> Self {
        Self { lines: kept.then(Vec::new), time }
    }

    pub(super) fn line(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{:>9} {}", self.time.now(), line()));
        }
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}
