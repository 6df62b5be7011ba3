//! File descriptors enough for all the connections that the settings allow.
//!
//! Most systems start a process with a low soft limit (1,024) and a high hard one, so that old
//! programs that use `select` are safe; a daemon that does not raises its own.

use log::warn;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a daemon has open beside its connections: log, listeners, epoll, ledger, an inventory.
const BESIDE_CONNECTIONS: u64 = 64;

/// Raises the soft limit as far as `connections_max` needs and the hard limit allows, and warns
/// when that is not far enough.
pub(crate) fn provide_for(connections_max: u64) {
    let needed = connections_max + BESIDE_CONNECTIONS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let limit = raised(current, maximum, needed);
    if limit != current
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit, maximum })
    {
        warn!("The limit of file descriptors cannot be raised: {error}");
    }
    if let Some(limit) = limit.filter(|&limit| limit < needed) {
        warn!(
            "limits.connections_max is {connections_max}, but {limit} file descriptors are enough \
             for {} only: raise LimitNOFILE= or lower the setting",
            limit.saturating_sub(BESIDE_CONNECTIONS)
        );
    }
}

/// The soft limit to have; nothing is no limit.
fn raised(current: Option<u64>, maximum: Option<u64>, needed: u64) -> Option<u64> {
    let wanted = current?.max(needed);
    Some(maximum.map_or(wanted, |maximum| wanted.min(maximum)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_needed_and_allowed_and_never_lowered() {
        assert_eq!(raised(Some(1024), Some(4096), 2000), Some(2000));
        assert_eq!(raised(Some(1024), Some(1500), 2000), Some(1500));
        assert_eq!(raised(Some(1024), None, 2000), Some(2000));
        assert_eq!(raised(Some(3000), Some(4096), 2000), Some(3000));
        assert_eq!(raised(None, None, 2000), None);
    }
}
