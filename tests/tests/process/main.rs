//! Daemons as processes: what the shell, systemd and an administrator see of them.

mod starting;
mod settings;
mod stopping;
mod logs;
mod descriptors;
mod walls;
