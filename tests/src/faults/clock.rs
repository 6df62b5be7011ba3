//! A wall clock that jumps, by libfaketime.

use super::command::library;
use crate::Setup;
use std::path::{Path, PathBuf};

/// The package and a command of it.
pub const NEEDS: (&str, &str) = ("faketime", "faketime");

/// The clock of one daemon. Its monotonic clock is left alone.
#[derive(Debug)]
pub struct Clock {
    file: PathBuf,
}

impl Clock {
    /// A clock that is right, kept in this folder.
    pub fn new(folder: &Path) -> Self {
        let clock = Self { file: folder.join("clock") };
        clock.set(0);
        clock
    }

    /// Lets a daemon live by this clock.
    #[must_use]
    pub fn govern(&self, setup: Setup) -> Setup {
        let library = library("faketime/libfaketimeMT.so.1", "faketime");
        setup
            .variable("LD_PRELOAD", library.display().to_string())
            .variable("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string())
            // Looked at every time: a jump is a jump.
            .variable("FAKETIME_NO_CACHE", "1")
            .variable("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }

    /// Sets the clock so many seconds ahead of the right time; behind it when negative.
    ///
    /// # Panics
    /// When its file cannot be written.
    pub fn set(&self, offset_secs: i64) {
        // Renamed into place: half a file would be another time.
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{offset_secs:+}s\n")).expect("a folder can be written");
        std::fs::rename(&new, &self.file).expect("a folder can be written");
    }
}
