//! Three whole daemons in one thread: their real ledgers on SQLite, machines, catalogs, resolvers
//! and recoveries, over a network and clocks that only a seed decides. A storm comes over them, and
//! when it is over everything must be as the world's own books say.
//!
//! What is simulated is what lies between the daemons and under them: messages, which are the
//! wire's bytes, time, and the end of a process. Nothing of what production decides is in here.
//!
//! `cargo nextest run -p agencia-server --lib -E 'test(/^simulator/)'`; `AGENCIA_SEED=N` shows one
//! seed's history, `AGENCIA_SEED=N:NoPins` that of a seed with this mutation, `AGENCIA_SOAK=1` goes
//! through more of them.

mod random;
mod time;
mod trace;
mod coverage;
mod stock;
mod network;
mod core;
mod house;
mod traveller;
mod books;
mod mutation;
mod script;
mod faults;
mod world;
mod mail;

use coverage::Coverage;
use mutation::Mutation;
use std::any::Any;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use world::World;

/// How a seed went.
struct History {
    broken: Option<String>,
    coverage: Coverage,
    lines: Vec<String>,
}

/// Lives through one seed.
fn live(seed: u64, mutation: Mutation, traced: bool) -> History {
    let folder = folder();
    std::fs::write(folder.path().join("pares.toml"), peers()).expect("room for a file");
    // One key for every seed, or no two lives of a seed would have the same seals.
    let path = folder.path().join("chave");
    let key = File::options().write(true).create_new(true).mode(0o600).open(path);
    key.and_then(|mut key| key.write_all(&[b'5'; 64])).expect("room for a file");
    let mut world = World::new(seed, folder.path(), mutation, traced);
    let lived = catch_unwind(AssertUnwindSafe(|| {
        let storm = world.plan_trips();
        world.plan_faults(storm);
        while world.now() < storm + 60_000 {
            world.happen()?;
        }
        world.calm()?;
        world.a_day_later()
    }));
    let broken = lived.unwrap_or_else(|panic| Err(said(&*panic))).err();
    History { broken, coverage: world.coverage.clone(), lines: world.trace.into_lines() }
}

/// How what is broken begins where it is a panic.
const PANICKED: &str = "panicked";

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    format!("{PANICKED}: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?"))
}

/// Memory, where there is a file system of it: nothing is to survive the test.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let in_memory = memory.is_dir().then(|| tempfile::tempdir_in(memory).ok()).flatten();
    in_memory.unwrap_or_else(|| tempfile::tempdir().expect("a folder"))
}

fn peers() -> String {
    let peer = |(place, name): (usize, &&str)| {
        format!("[[daemon]]\nname = \"{name}\"\naddress = \"127.0.0.1:{}\"\n", 5050 + place)
    };
    stock::NAMES.iter().enumerate().map(peer).collect()
}

/// Lives through these seeds on every core, until one is broken. Answers how that was, and what
/// has happened in all of them.
fn live_all(seeds: std::ops::Range<u64>, mutation: Mutation) -> (Option<(u64, String)>, Coverage) {
    let next = AtomicU64::new(seeds.start);
    let over = AtomicBool::new(false);
    let found = Mutex::new((None::<(u64, String)>, Coverage::default()));
    let work = || {
        let mut coverage = Coverage::default();
        while !over.load(Relaxed) {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= seeds.end {
                break;
            }
            let history = live(seed, mutation, false);
            coverage.merge(&history.coverage);
            if let Some(broken) = history.broken {
                over.store(true, Relaxed);
                found.lock().unwrap().0.get_or_insert((seed, broken));
            }
        }
        found.lock().unwrap().1.merge(&coverage);
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    found.into_inner().unwrap()
}

/// How many seeds are gone through; in the longer form more.
const SEEDS: u64 = 10_000;
const SEEDS_SOAK: u64 = 200_000;

/// Of how many seeds each is lived through twice.
const SEEDS_TWICE: u64 = 40;

fn seeds() -> u64 {
    match std::env::var_os("AGENCIA_SOAK").is_some_and(|value| value == "1") {
        true => SEEDS_SOAK,
        false => SEEDS,
    }
}

/// What `AGENCIA_SEED` names: a seed, and after a colon a mutation.
fn named(wanted: &str) -> (u64, Mutation) {
    let (seed, mutation) = match wanted.split_once(':') {
        None => (wanted, Some(Mutation::None)),
        Some((seed, name)) => {
            let is_named = |mutation: &Mutation| format!("{mutation:?}") == name;
            (seed, Mutation::ALL.into_iter().find(is_named))
        }
    };
    let seed =
        seed.parse().expect("AGENCIA_SEED is a whole number, or one, a colon and a mutation");
    (seed, mutation.unwrap_or_else(|| panic!("a mutation is one of {:?}", Mutation::ALL)))
}

#[test]
fn a_seed_is_named_with_or_without_a_mutation() {
    assert_eq!(named("42"), (42, Mutation::None));
    for mutation in Mutation::ALL {
        assert_eq!(named(&format!("7:{mutation:?}")), (7, mutation));
    }
}

#[test]
fn every_seed_ends_as_its_travellers_were_told() {
    if let Ok(wanted) = std::env::var("AGENCIA_SEED") {
        let (seed, mutation) = named(&wanted);
        let history = live(seed, mutation, true);
        history.lines.iter().for_each(|line| println!("{line}"));
        assert_eq!(history.broken, None, "AGENCIA_SEED={wanted}");
        return;
    }
    let (broken, coverage) = live_all(0..seeds(), Mutation::None);
    println!("{} seeds\n{coverage}", seeds());
    if let Some((seed, broken)) = broken {
        let again = live(seed, Mutation::None, true);
        again.lines.iter().for_each(|line| println!("{line}"));
        assert_eq!(again.broken.as_ref(), Some(&broken), "AGENCIA_SEED={seed} has two histories");
        panic!("AGENCIA_SEED={seed}: {broken}");
    }
    coverage.check(seeds());
}

#[test]
fn a_seed_has_one_history() {
    for seed in 0..SEEDS_TWICE {
        let [once, twice] = [(); 2].map(|()| live(seed, Mutation::None, true));
        assert!(once.lines.len() > 10, "seed {seed}");
        let other = once.lines.iter().zip(&twice.lines).find(|(once, twice)| once != twice);
        assert_eq!(other, None, "seed {seed}");
        assert_eq!(once.lines.len(), twice.lines.len(), "seed {seed}");
    }
}

#[test]
fn what_may_not_happen_is_noticed() {
    for mutation in Mutation::ALL {
        let (broken, _) = live_all(0..SEEDS, mutation);
        let (seed, broken) = broken.unwrap_or_else(|| panic!("{mutation:?} goes unnoticed"));
        println!("{mutation:?}: AGENCIA_SEED={seed}:{mutation:?}: {broken}");
        // Read, it breaks in the same way: whoever looks for the reason sees what was found.
        let again = live(seed, mutation, true).broken;
        assert_eq!(again.as_ref(), Some(&broken), "{mutation:?}: seed {seed} has two histories");
        let expected = mutation.expected().iter().any(|how| broken.contains(how));
        let panicked = broken.starts_with(PANICKED);
        assert!(expected && !panicked, "{mutation:?} breaks something else: seed {seed}: {broken}");
    }
}
