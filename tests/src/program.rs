//! Finds the programs under test beside the test itself: `target/PROFILE/agencia-voos` and so on.

use std::path::PathBuf;

/// The built program of this name.
///
/// # Panics
/// When it is not built: cargo builds only the programs of a test's own package, and these are of
/// others.
pub fn path(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test knows where it is");
    // target/PROFILE/deps/wire-0123456789abcdef
    let folder = own.ancestors().nth(2).expect("a test is in target/PROFILE/deps");
    let program = folder.join(name);
    assert!(
        program.is_file(),
        "{} is not built: run `cargo build --workspace --bins` first, or the whole suite by \
         tests/run",
        program.display()
    );
    program
}
