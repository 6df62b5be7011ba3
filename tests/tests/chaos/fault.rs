//! A fault: what, whom, when and for how long, all from the seed.

use agencia_tests::Kind;
use agencia_tests::faults::hosts::Way;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// The longest time a fault lasts, of that of its round.
const PART_OF_ROUND: u32 = 2;
/// How far a clock jumps either way: a little, or hours.
const JUMPS: [i64; 6] = [1, 2, 5, 60, 3_600, 7_200];

/// How many names faults have.
pub(crate) const WHATS: usize = 12;

/// Something that goes wrong with one daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// It is cut off another host, or off all.
    Cut { other: Option<&'static str>, way: Way, refused: bool },
    /// It is stopped, and goes on as if nothing had happened.
    Freeze,
    /// It is killed and started again.
    Kill,
    /// Its clock jumps, and jumps back.
    Jump { secs: i64 },
    /// A sync fails.
    SyncFails,
    /// Its disk is full.
    DiskFull,
    /// Messages reach it twice.
    Repeat { percent: u32 },
    /// Messages are held up.
    Delay { percent: u32 },
    /// Messages, or their replies, get lost.
    Lose { requests: u32, replies: u32 },
    /// Old messages reach it again.
    Replay { count: usize },
}

impl What {
    /// What all faults of its kind are called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            What::Cut { way: Way::Both, refused: false, .. } => "cut, dropping",
            What::Cut { way: Way::Both, refused: true, .. } => "cut, refusing",
            What::Cut { .. } => "cut one way",
            What::Freeze => "frozen",
            What::Kill => "killed",
            What::Jump { .. } => "clock jumped",
            What::SyncFails => "sync failed",
            What::DiskFull => "disk full",
            What::Repeat { .. } => "messages repeated",
            What::Delay { .. } => "messages delayed",
            What::Lose { .. } => "messages lost",
            What::Replay { .. } => "old messages replayed",
        }
    }

    fn draw(random: &mut ChaCha8Rng, daemon: Kind) -> Self {
        match random.random_range(0..14) {
            0..4 => {
                let others: Vec<_> = Kind::ALL.into_iter().filter(|kind| *kind != daemon).collect();
                let others = [
                    None,
                    Some(crate::WEB),
                    Some(crate::host(others[0])),
                    Some(crate::host(others[1])),
                ];
                let other = others[random.random_range(0..others.len())];
                let way = [Way::Out, Way::In, Way::Both][random.random_range(0..3)];
                What::Cut { other, way, refused: random.random_bool(0.4) }
            }
            4 => What::Freeze,
            5 => What::Kill,
            6 | 7 => {
                let secs = JUMPS[random.random_range(0..JUMPS.len())];
                What::Jump { secs: if random.random_bool(0.5) { secs } else { -secs } }
            }
            8 => What::SyncFails,
            9 => What::DiskFull,
            10 => What::Repeat { percent: random.random_range(10..=100) },
            11 => What::Delay { percent: random.random_range(5..=50) },
            12 => {
                let mut percent = || random.random_range(0..=20);
                What::Lose { requests: percent() + 1, replies: percent() }
            }
            _ => What::Replay { count: random.random_range(20..=200) },
        }
    }
}

/// A fault on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) what: What,
    pub(crate) daemon: Kind,
    /// When, after the beginning of the round.
    pub(crate) begins: Duration,
    /// Until when.
    pub(crate) ends: Duration,
}

impl Fault {
    /// So many faults in a round that lasts so long. They overlap.
    pub(crate) fn draw(random: &mut ChaCha8Rng, count: usize, round: Duration) -> Vec<Self> {
        let mut one = || {
            let daemon = Kind::ALL[random.random_range(0..3)];
            let begins = round.mul_f64(random.random_range(0.0..0.85));
            let lasts = (round / PART_OF_ROUND).mul_f64(random.random_range(0.05..1.0));
            let what = What::draw(random, daemon);
            Self { what, daemon, begins, ends: (begins + lasts).min(round) }
        };
        (0..count).map(|_| one()).collect()
    }
}
