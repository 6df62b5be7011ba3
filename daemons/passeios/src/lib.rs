//! Tours: their record and their search.
