//! The whole flow of the report over plain HTTP, on what one command starts.

mod visitor;
mod booking;
mod command;
mod readme;
