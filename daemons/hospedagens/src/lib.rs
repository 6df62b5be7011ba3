//! Stays: their record and their search over several nights.
