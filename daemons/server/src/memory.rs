//! Memory that is given back.

/// Gives what is free back to the system: building a catalog takes twice as much as the catalog.
///
/// The allocator keeps it otherwise, for ever where nothing as large is asked for again: of a million
/// stays each had 99 bytes resident, and 53 when it is told to (`tests/bench/run scale`).
#[expect(unsafe_code, reason = "half of the memory of a large inventory")]
pub(crate) fn give_back() {
    // SAFETY: it takes nothing and any thread may call it at any time.
    unsafe { libmimalloc_sys::mi_collect(true) }
}
