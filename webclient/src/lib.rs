//! The web client: pages over the three daemons.
