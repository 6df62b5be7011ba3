//! Calls against small daemons that misbehave in every way a daemon can.

mod fake;
mod connection;
mod pool;
