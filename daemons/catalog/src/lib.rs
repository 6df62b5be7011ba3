//! Offers in memory: build, search, live availability.
