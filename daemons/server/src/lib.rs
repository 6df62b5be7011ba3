//! What every daemon is: settings, listener, connections, limits, dispatch, shutdown, systemd.
