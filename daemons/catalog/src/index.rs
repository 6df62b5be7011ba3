//! Which offers have a key on a day.
//!
//! Offers are in the order of (key, day, …). For each key the days on which it has offers stand
//! in one sorted run, each with the place where its offers begin:
//!
//! ```text
//!  runs    key 0 -> 0   key 1 -> 2   key 2 -> 2   end -> 3
//!  days    day 7     day 8     day 7
//!  starts  from 0    from 4    from 9    end: from 12
//!  order   the offers of key 0 day 7 | of key 0 day 8 | of key 2 day 7
//! ```
//!
//! Days and starts are columns of their own: together they would be padded, and where every key has
//! one offer a day there are as many of them as offers.

use agencia_protocol::Day;
use std::ops::Range;

/// Positions of one index's order, by key and day.
#[derive(Debug)]
pub(crate) struct Index {
    runs: Vec<u32>,
    days: Vec<u16>,
    /// One more than there are days.
    starts: Vec<u32>,
    /// The offers in this index's order; none when that is the catalog's own order.
    order: Option<Vec<u32>>,
}

impl Index {
    /// The index over offers whose keys and days come in the order of (key, day).
    pub(crate) fn new(sorted: impl Iterator<Item = (u32, Day)>) -> Self {
        let (mut runs, mut days, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        let mut last = None;
        let mut count = 0u32;
        for (key, day) in sorted {
            if last != Some((key, day)) {
                let entries = u32::try_from(days.len()).expect("no more days than offers");
                runs.resize((key as usize + 1).max(runs.len()), entries);
                days.push(day.number());
                starts.push(count);
                last = Some((key, day));
            }
            count += 1;
        }
        runs.push(u32::try_from(days.len()).expect("no more days than offers"));
        starts.push(count);
        runs.shrink_to_fit();
        days.shrink_to_fit();
        starts.shrink_to_fit();
        Self { runs, days, starts, order: None }
    }

    /// The index over offers that are put into the order of (key, day) by `order`.
    pub(crate) fn over(order: Vec<u32>, sorted: impl Iterator<Item = (u32, Day)>) -> Self {
        Self { order: Some(order), ..Self::new(sorted) }
    }

    /// The positions of the offers with this key on this day.
    pub(crate) fn positions(&self, key: u32, day: Day) -> Range<usize> {
        let run = self.run(key);
        match self.days[run.clone()].binary_search(&day.number()) {
            Ok(found) => self.of_entry(run.start + found),
            Err(_) => 0..0,
        }
    }

    /// The days from `first` on with offers of this key, and their positions.
    pub(crate) fn days_from(
        &self,
        key: u32,
        first: Day,
    ) -> impl Iterator<Item = (Day, Range<usize>)> + '_ {
        let run = self.run(key);
        let skipped = self.days[run.clone()].partition_point(|day| *day < first.number());
        let from = run.start + skipped;
        (from..run.end).map(|entry| (Day::from_number(self.days[entry]), self.of_entry(entry)))
    }

    /// The last day with offers of this key.
    pub(crate) fn last_day(&self, key: u32) -> Option<Day> {
        self.days[self.run(key)].last().copied().map(Day::from_number)
    }

    /// The keys that have offers.
    pub(crate) fn keys(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(self.runs.windows(2)).filter(|(_, run)| run[0] < run[1]).map(|(key, _)| key)
    }

    /// The offer at a position.
    pub(crate) fn offer_at(&self, position: usize) -> u32 {
        match &self.order {
            Some(order) => order[position],
            None => u32::try_from(position).expect("a catalog has fewer than 2^32 offers"),
        }
    }

    fn run(&self, key: u32) -> Range<usize> {
        match self.runs.get(key as usize..key as usize + 2) {
            Some(run) => run[0] as usize..run[1] as usize,
            None => 0..0,
        }
    }

    fn of_entry(&self, entry: usize) -> Range<usize> {
        self.starts[entry] as usize..self.starts[entry + 1] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u16) -> Day {
        Day::from_number(number)
    }

    #[test]
    fn positions_are_those_of_key_and_day() {
        let sorted = [(0, 7), (0, 7), (0, 8), (2, 7), (2, 7), (2, 9)];
        let index = Index::new(sorted.iter().map(|&(key, n)| (key, day(n))));
        assert_eq!(index.positions(0, day(7)), 0..2);
        assert_eq!(index.positions(0, day(8)), 2..3);
        assert_eq!(index.positions(0, day(9)), 0..0);
        assert_eq!(index.positions(1, day(7)), 0..0);
        assert_eq!(index.positions(2, day(7)), 3..5);
        assert_eq!(index.positions(2, day(9)), 5..6);
        assert_eq!(index.positions(3, day(9)), 0..0);
        assert_eq!(index.positions(u32::MAX - 2, day(9)), 0..0);
        assert_eq!(index.keys().collect::<Vec<_>>(), [0, 2]);
        assert_eq!(index.last_day(2), Some(day(9)));
        assert_eq!(index.last_day(1), None);
        let from: Vec<_> = index.days_from(2, day(8)).collect();
        assert_eq!(from, [(day(9), 5..6)]);
    }

    #[test]
    fn an_empty_index_has_nothing() {
        let index = Index::new(std::iter::empty());
        assert_eq!(index.positions(0, day(0)), 0..0);
        assert_eq!(index.keys().count(), 0);
    }
}
