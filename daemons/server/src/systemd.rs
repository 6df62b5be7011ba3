//! What systemd is told. Without a notification socket every one of these does nothing.

use sd_notify::NotifyState;
use std::time::Duration;

/// How often the status line is brought up to date.
pub(crate) const STATUS_INTERVAL: Duration = Duration::from_secs(10);

/// Tells that requests are taken from now on.
pub(crate) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Tells that the daemon is stopping.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("Stopping")]);
}

/// Sets the line that `systemctl status` shows.
pub(crate) fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// Tells that the daemon is alive.
pub(crate) fn ping() {
    tell(&[NotifyState::Watchdog]);
}

/// How often systemd wants to hear that: twice in the time that it waits.
pub(crate) fn ping_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|patience| patience / 2).filter(|time| !time.is_zero())
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::warn!("systemd could not be told: {error}");
    }
}
