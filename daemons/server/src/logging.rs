//! Log lines: one line an event, on standard error.
//!
//! Under the journal a line begins with its priority, `<6>`, and has no time of its own, because
//! the journal keeps both; anywhere else it begins with the time and the level.

use chrono::{DateTime, SecondsFormat, Utc};
use env_logger::{Builder, Target, WriteStyle};
use log::{Level, LevelFilter};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::time::SystemTime;

/// How a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// With its priority.
    Journal,
    /// With its time and level.
    Terminal,
}

impl Style {
    /// The style for this process: the journal's when standard error leads there.
    pub(crate) fn of_this_process() -> Self {
        let stream = std::env::var("JOURNAL_STREAM").ok();
        let stderr = std::fs::metadata("/proc/self/fd/2").ok();
        Self::of(stream.as_deref(), stderr.map(|file| (file.dev(), file.ino())))
    }

    /// `JOURNAL_STREAM` is the device and the inode of what systemd connected: a process whose
    /// standard error was redirected since has another.
    fn of(journal_stream: Option<&str>, stderr: Option<(u64, u64)>) -> Self {
        let stderr = stderr.map(|(device, inode)| format!("{device}:{inode}"));
        match journal_stream {
            Some(stream) if Some(stream) == stderr.as_deref() => Style::Journal,
            _ => Style::Terminal,
        }
    }

    /// The line without its end. A message of several lines becomes one.
    pub(crate) fn line(self, level: Level, message: &str, time: SystemTime) -> String {
        let message = message.trim_end().replace('\n', " ");
        match self {
            Style::Journal => format!("<{}>{message}", priority(level)),
            Style::Terminal => {
                let time = DateTime::<Utc>::from(time);
                let time = time.to_rfc3339_opts(SecondsFormat::Millis, true);
                format!("{time} {level:<5} {message}")
            }
        }
    }
}

/// The priority of syslog, as sd-daemon(3) has it.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// Starts logging for the whole process. A second start, by another daemon in the same process,
/// changes nothing.
pub(crate) fn start(level: LevelFilter) {
    let style = Style::of_this_process();
    let started = Builder::new()
        // What passes is said by the crate `log`, where it can be changed later.
        .filter_level(LevelFilter::Trace)
        .target(Target::Stderr)
        .write_style(WriteStyle::Never)
        .format(move |out, record| {
            let message = record.args().to_string();
            writeln!(out, "{}", style.line(record.level(), &message, SystemTime::now()))
        })
        .try_init();
    // An error says that somebody else has started it: their choice stands.
    if started.is_ok() {
        set_level(level);
    }
}

/// Changes what is logged from now on.
pub(crate) fn set_level(level: LevelFilter) {
    log::set_max_level(level);
}

/// An error and what it came from, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let said = source.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn under_the_journal_a_line_has_its_priority_and_no_time() {
        let time = UNIX_EPOCH;
        assert_eq!(Style::Journal.line(Level::Error, "on fire", time), "<3>on fire");
        assert_eq!(Style::Journal.line(Level::Warn, "hot", time), "<4>hot");
        assert_eq!(Style::Journal.line(Level::Info, "warm", time), "<6>warm");
        assert_eq!(Style::Journal.line(Level::Debug, "cold", time), "<7>cold");
    }

    #[test]
    fn on_a_terminal_a_line_has_its_time() {
        let time = UNIX_EPOCH + Duration::from_millis(1_500);
        let line = Style::Terminal.line(Level::Info, "warm", time);
        assert_eq!(line, "1970-01-01T00:00:01.500Z INFO  warm");
    }

    #[test]
    fn an_event_is_one_line() {
        assert_eq!(Style::Journal.line(Level::Info, "a\nb\n", UNIX_EPOCH), "<6>a b");
    }

    #[test]
    fn the_journal_is_where_standard_error_leads() {
        assert_eq!(Style::of(Some("8:42"), Some((8, 42))), Style::Journal);
        assert_eq!(Style::of(Some("8:42"), Some((8, 43))), Style::Terminal);
        assert_eq!(Style::of(Some("8:42"), None), Style::Terminal);
        assert_eq!(Style::of(None, Some((8, 42))), Style::Terminal);
        assert_eq!(Style::of(None, None), Style::Terminal);
    }

    #[test]
    fn an_error_is_told_with_its_causes_and_none_twice() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot start")]
        struct Outer(#[source] std::io::Error);
        #[derive(Debug, thiserror::Error)]
        #[error("cannot start: {0}")]
        struct Telling(#[source] std::io::Error);
        let cause = || std::io::Error::other("no disk");
        assert_eq!(chain(&Outer(cause())), "cannot start: no disk");
        assert_eq!(chain(&Telling(cause())), "cannot start: no disk");
    }
}
