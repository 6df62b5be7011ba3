//! A connection to a daemon: pipelined, pooled, every await with a deadline.
