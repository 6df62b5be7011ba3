//! Where the random numbers of the suites come from, and how long they go on.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The seed of this run: `AGENCIA_SEED`, or a new one. It is printed, so that a failure can be
/// looked for again, as far as threads and disks allow.
///
/// # Panics
/// When `AGENCIA_SEED` is no whole number.
pub fn seed(suite: &str) -> u64 {
    let seed = match std::env::var("AGENCIA_SEED") {
        Ok(text) => text.parse().expect("AGENCIA_SEED is a whole number"),
        Err(_) => rand::rng().random(),
    };
    println!("AGENCIA_SEED={seed} {suite}");
    seed
}

/// The random numbers of a seed.
pub fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Whether this is the longer form, `tests/run soak`: more of everything, and the daemons' times as
/// they are shipped.
pub fn is_soak() -> bool {
    std::env::var_os("AGENCIA_SOAK").is_some_and(|value| value == "1")
}
