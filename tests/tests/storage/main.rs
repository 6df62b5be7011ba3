//! Storage that fails under real daemons: a sync that returns an error, a disk that is full, a
//! database that is damaged. None of it is ever taken for a "no", and what was begun is finished.

mod trip;
mod syncing;
mod copying;
mod full;
mod damaged;

use agencia_tests::trio::Times;

/// Nothing here waits for a deadline of a trip, so holds are long and everything else is quick.
pub(crate) const TIMES: Times = Times { hold_secs: 600, decision_secs: 60.0, ..Times::QUICK };
