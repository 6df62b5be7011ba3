//! The network between the daemons and the web: it loses, repeats, delays, reorders and cuts, one
//! way too, as its seed says. What travels are the bytes of frames.

use super::random::Random;

/// Who can be reached or reach: the three daemons, then two web instances.
pub(super) const NODES: usize = 5;

/// How the network is, for one seed.
pub(super) struct Network {
    random: Random,
    lost_percent: u32,
    repeated_percent: u32,
    slow_percent: u32,
    slow_millis: i64,
    /// Whether nothing of the first reaches the second.
    cut: [[bool; NODES]; NODES],
}

impl Network {
    pub(super) fn new(mut random: Random) -> Self {
        Self {
            lost_percent: *random.pick(&[0, 0, 3, 10, 30]),
            repeated_percent: *random.pick(&[0, 5, 20, 50]),
            slow_percent: *random.pick(&[0, 5, 20, 50]),
            slow_millis: *random.pick(&[300, 3_000, 20_000, 120_000]),
            cut: Default::default(),
            random,
        }
    }

    /// After how many milliseconds each copy of a message arrives; none of one that is lost.
    pub(super) fn carry(&mut self, from: usize, to: usize) -> Vec<i64> {
        if self.cut[from][to] || self.random.percent(self.lost_percent) {
            return Vec::new();
        }
        let mut copies = 1;
        while copies < 4 && self.random.percent(self.repeated_percent) {
            copies += 1;
        }
        (0..copies).map(|_| self.delay()).collect()
    }

    fn delay(&mut self) -> i64 {
        match self.random.percent(self.slow_percent) {
            true => self.random.between(1, self.slow_millis),
            false => self.random.between(1, 20),
        }
    }

    /// Cuts some connections, each perhaps one way only.
    pub(super) fn partition(&mut self) {
        let apart = self.random.below(NODES);
        let one_way = self.random.below(3);
        for other in (0..NODES).filter(|other| *other != apart) {
            if self.random.one_in(4) {
                continue;
            }
            self.cut[apart][other] |= one_way != 1;
            self.cut[other][apart] |= one_way != 2;
        }
    }

    pub(super) fn heal_partitions(&mut self) {
        self.cut = Default::default();
    }

    /// From now on everything arrives, and soon.
    pub(super) fn heal(&mut self) {
        self.heal_partitions();
        (self.lost_percent, self.repeated_percent, self.slow_percent) = (0, 0, 0);
    }
}
