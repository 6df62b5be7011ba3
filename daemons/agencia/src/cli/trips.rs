//! The options of the commands about trips.

use super::{EXIT_CODES, day};
use agencia_protocol::trip::Reason;
use agencia_protocol::{Day, Locator, TripId};
use clap::Args;

/// Lists what is booked; with a day, who comes on that day
///
/// One line for each item that was sold: for a stay the hotel, the room, the nights and the guests.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Trips {
    /// Only what is used on this day, as 2026-12-24: a stay on each of its nights
    #[arg(long, value_parser = day)]
    pub(crate) day: Option<Day>,
    /// Only what this daemon sold
    #[arg(long, value_name = "NAME")]
    pub(crate) daemon: Option<String>,
    /// Print it as CSV
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Shows what every daemon knows of one trip, side by side
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Trip {
    /// The trip's id, or the locator on the voucher
    #[arg(value_name = "ID|LOCATOR", value_parser = trip_name)]
    pub(crate) name: TripName,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How an operator names a trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TripName {
    Id(TripId),
    Voucher(Locator),
}

/// Lists what is not settled: parts that wait for their outcome, outcomes that wait to be
/// acknowledged, parts that were settled by hand; exit code 1 when one is older than it should be
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct InDoubt {
    /// From which age on, in seconds, the exit code is 1
    #[arg(long, value_name = "SECS", default_value = "60")]
    pub(crate) older_than: u64,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Compares the books of all daemons, each by itself and with the others; exit code 1 when
/// anything is wrong
///
/// What looks wrong is asked again a few times, because the daemons go on selling meanwhile.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Audit {
    /// After how many days a daemon may have forgotten its part of a trip; the smallest
    /// trips.booking_days of the daemons
    #[arg(long, value_name = "DAYS", default_value = "90")]
    pub(crate) remembered: u32,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Settles a part of a trip by hand: a last resort
///
/// A part that waits for its outcome is settled by the daemons themselves as soon as its anchor can
/// be asked. Only when that never will be, settle it by hand. The daemon logs it with its reason,
/// and `agencia indoubt` and `agencia audit` show it until the anchor's outcome agrees with it.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct ForceRelease {
    /// The trip's id
    pub(crate) id: TripId,
    /// The daemon whose part it is [default: the one that has a part waiting for its outcome]
    #[arg(long, value_name = "NAME")]
    pub(crate) daemon: Option<String>,
    /// Why, for whoever reads it later
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub(crate) reason: Reason,
    /// Settle it the other way: the part is booked, and not released
    #[arg(long)]
    pub(crate) confirm: bool,
}

fn trip_name(text: &str) -> Result<TripName, &'static str> {
    let id = text.parse().map(TripName::Id);
    id.or_else(|_| text.parse().map(TripName::Voucher))
        .map_err(|_| "a trip is named by its UUID, or by the six characters of its locator")
}

fn reason(text: &str) -> Result<Reason, &'static str> {
    text.parse().map_err(|_| "a reason has 1 to 500 bytes, on one line")
}
