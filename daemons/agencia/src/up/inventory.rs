//! Inventory for `up`: made when there is none at all.

use crate::error::CommandError;
use crate::programs::DAEMONS;
use crate::table::grouped;
use agencia_mocks::Plan;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;

/// Leaves a folder with the inventory of every daemon: what is there, or half a year from today.
pub(crate) fn make(folder: &Path) -> Result<(), CommandError> {
    let (there, missing): (Vec<_>, Vec<_>) =
        DAEMONS.iter().map(|daemon| folder.join(daemon.inventory)).partition(|file| file.exists());
    match (there.as_slice(), missing.as_slice()) {
        (_, []) => return Ok(()),
        ([], _) => {}
        (_, [path, ..]) => return Err(CommandError::MissingInventory { path: path.clone() }),
    }
    eprintln!("agencia: making inventory in {}", folder.display());
    let today = chrono::Local::now().date_naive();
    let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {msg}")
        .expect("the template is well formed");
    // Drawn on a terminal only: that is where it is drawn by default.
    let bar = ProgressBar::no_length().with_style(style);
    let written = agencia_mocks::write(&Plan::starting(today), folder, &mut |progress| {
        bar.set_length(progress.steps);
        bar.set_position(progress.done);
    })?;
    bar.finish_and_clear();
    let total = written.flights + written.stays + written.tours;
    eprintln!("agencia: made {} offers from {today} on", grouped(total));
    Ok(())
}
