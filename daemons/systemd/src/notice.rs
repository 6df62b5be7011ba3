//! What systemd is told. Without a notification socket every one of these does nothing.

use sd_notify::NotifyState;
use std::time::Duration;

/// Tells that requests are taken from now on.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Tells that the service is stopping.
pub fn stopping(status: &str) {
    tell(&[NotifyState::Stopping, NotifyState::Status(status)]);
}

/// Sets the line that `systemctl status` shows.
pub fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// Tells that the service is alive.
pub fn ping() {
    tell(&[NotifyState::Watchdog]);
}

/// How often systemd wants to hear that: twice in the time that it waits.
pub fn ping_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|patience| patience / 2).filter(|time| !time.is_zero())
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::warn!("systemd could not be told: {error}");
    }
}
