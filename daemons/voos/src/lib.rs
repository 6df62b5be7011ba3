//! Flights: their record and their search.
