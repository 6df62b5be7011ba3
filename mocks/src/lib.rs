//! Inventory for demonstrations and tests: real places, plausible flights, rooms and tours.
//!
//! A [`Plan`] says which days, how many places and which seed; [`write()`] makes the three
//! files of it in a folder, [`generate`] the same bytes into any three writers. The same
//! plan always gives the same bytes. What is offered at a place on a day depends on the
//! seed, the place and the day only, so a later `from` or a larger `scale` changes no offer
//! that both plans have: a re-import keeps its bookings.
//!
//! Records are streamed: memory holds one place and a buffer a file, however long the plan.
//! Every time of day is in the agency's time zone, at home and at the destination, because
//! the records carry no zone and the daemons read them all by one clock.

mod plan;
mod generate;
mod files;
mod cli;

mod place;
mod cities;
mod towns;

mod flights;
mod stays;
mod tours;

mod calendar;
mod dice;
mod format;

pub use cli::{command, run};
pub use files::{FLIGHTS_FILE, MocksError, STAYS_FILE, TOURS_FILE, write};
pub use flights::HOME_AIRPORT;
pub use generate::{Outputs, Progress, Written, generate};
pub use plan::{DAYS_MAX, Plan, PlanError, SCALE_MAX, SEED_DEFAULT};
