//! Log lines: one an event, to standard error.
//!
//! Under the journal a line starts with its priority as `<N>` and carries no time, which the
//! journal keeps itself. Nothing that a visitor typed is ever logged, queries included.

use log::{Level, LevelFilter};
use std::io::Write;

/// Starts logging what `filter` lets through, `info` for example. The first call in a process
/// decides; later ones change nothing.
pub(crate) fn start(filter: &str) {
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let mut builder = env_logger::Builder::new();
    // What passes is said by the crate `log`, where a reload can change it.
    builder.filter_level(LevelFilter::Trace).format(move |out, record| {
        let message = record.args().to_string().replace('\n', " ");
        match journal {
            true => writeln!(out, "<{}>{message}", priority(record.level())),
            false => writeln!(out, "{} {:<5} {message}", out.timestamp_millis(), record.level()),
        }
    });
    // Somebody who runs this library in a process of theirs may have a logger already.
    match builder.try_init() {
        Ok(()) => set(filter),
        Err(_) => log::debug!("logging was started before"),
    }
}

/// Changes what is logged from now on.
pub(crate) fn set(filter: &str) {
    log::set_max_level(filter.parse().unwrap_or(LevelFilter::Info));
}

/// The priority of syslog(3).
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}
