//! Inventory for demonstrations and tests: real places, plausible flights, rooms and tours.
