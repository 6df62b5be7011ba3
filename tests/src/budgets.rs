//! What whole trips are measured at, and their budgets: `tests/run rate` and `tests/bench/run trip`
//! measure the same.

/// How many travellers book at a time while as many trips as possible are booked.
pub const CROWD: usize = 192;
/// Trips a second of the open loop.
pub const FIXED_RATE: u32 = 500;
/// Whole trips a second, at least.
pub const TRIPS_A_SECOND: f64 = 3_000.0;
/// How long a trip may take at the fixed rate, in milliseconds: of a hundred all but one.
pub const P99_MILLIS: f64 = 10.0;
