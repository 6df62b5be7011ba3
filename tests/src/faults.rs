//! What can go wrong, made to happen: killed processes, failing disks, cut networks, jumping clocks.
//!
//! All of it needs root and some programs of Debian's. Without them a suite fails and says by name
//! what is missing; nothing is left out in silence. Whatever is made here is taken away when its
//! owner is dropped, also when a test panics.

pub mod command;
pub mod strace;
pub mod disk;
pub mod hosts;
pub mod proxy;
pub mod clock;
