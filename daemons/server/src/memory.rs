//! How much memory is taken of the system, and when it is given back.

/// Asks the system for small pages only. All of a huge one is resident as soon as a bit of it is
/// used: of a million stays each had 67 bytes, and ten million took longer to load.
pub(crate) fn use_small_pages() {
    // A system that has no huge pages has nothing against it.
    rustix::thread::disable_transparent_huge_pages(true).ok();
}

/// Gives what is free back to the system: building a catalog takes twice as much as the catalog.
///
/// The allocator keeps it otherwise, for ever where nothing as large is asked for again: of a million
/// stays each had 99 bytes resident, and 53 when it is told to (`tests/bench/run scale`).
#[expect(unsafe_code, reason = "half of the memory of a large inventory")]
pub(crate) fn give_back() {
    // SAFETY: it takes nothing and any thread may call it at any time.
    unsafe { libmimalloc_sys::mi_collect(true) }
}
