//! How many lists a search reads.
use std::ops::RangeInclusive;

/// About how many windows a search reads, in all its lists together. Reading them takes most of its time. In a noisy
/// query's lists the right window is seldom in the first ones. So a small library, or a search for few queries, reads
/// more lists per query in the same time.
const WINDOWS_READ: u64 = 1_200_000;
/// A deeper search reads this many times as much, besides what was read before. More would find more. But a query that
/// finds nothing may take only three times as long among 100,000 tracks as among 10,000, where it reads all windows.
const DEEPER: usize = 10;
/// How many lists, of all queries together, a deeper search chooses from. Bounds its memory.
const MAX_CHOICE: usize = 400_000;
/// Lists per query, at least and at most.
const NPROBE: RangeInclusive<usize> = 32..=1024;
/// Which lists a search is to read.
#[derive(Clone, Copy, Debug)]
pub enum Depth<'a> {
    /// As many as there is time for.
    Usual,
    /// The nearest ones of each query, so many.
    Probing(usize),
    /// More than the usual ones, which are left out.
    Deeper(&'a [Vec<u32>]),
}

/// How much a search reads.
#[derive(Debug)]
pub(super) struct Budget {
    /// About how many windows the lists have together.
    pub windows: u64,
    /// Lists per query, at least and at most.
    pub nprobe: RangeInclusive<usize>,
}

/// Files with the same centroids. A list of theirs is one list in several pieces.
#[derive(Debug)]
pub(super) struct Group {
    /// Which files, by their place among all.
    pub parts: Vec<usize>,
    /// The windows in their lists.
    pub windows: u64,
    /// How many lists they have.
    pub lists: usize,
}

impl Budget {
    /// That of a first search.
    pub fn usual(nprobe: Option<usize>) -> Self {
        match nprobe {
            Some(nprobe) => Self { windows: 0, nprobe: nprobe..=nprobe },
            None => Self { windows: WINDOWS_READ, nprobe: NPROBE },
        }
    }

    /// That of a deeper search for so many queries.
    pub fn deeper(nprobe: Option<usize>, queries: usize) -> Self {
        match nprobe {
            Some(nprobe) => Self { windows: 0, nprobe: DEEPER * nprobe..=DEEPER * nprobe },
            None => {
                let max = MAX_CHOICE / queries.max(1);
                let max = max.clamp(*NPROBE.end(), DEEPER * NPROBE.end());
                Self { windows: DEEPER as u64 * WINDOWS_READ, nprobe: *NPROBE.start()..=max }
            }
        }
    }

    /// The share of a group of files, whose indexes have `all` windows together.
    pub fn of(&self, group: &Group, all: u64) -> Self {
        let share = u128::from(self.windows) * u128::from(group.windows) / u128::from(all.max(1));
        let windows = if group.windows == all { self.windows } else { share as u64 };
        Self { windows, nprobe: self.nprobe.clone() }
    }

    /// How many of its nearest `lists` each query can have.
    pub fn depth(&self, lists: &[Vec<u32>], group: &Group) -> usize {
        let per_list = (group.windows / group.lists as u64).max(1);
        let mut read = vec![false; group.lists];
        let mut windows = 0;
        for depth in 0..*self.nprobe.end() {
            for &list in lists.iter().filter_map(|lists| lists.get(depth)) {
                if !std::mem::replace(&mut read[list as usize], true) {
                    windows += per_list;
                }
            }
            if windows >= self.windows && depth + 1 >= *self.nprobe.start() {
                return depth + 1;
            }
        }
        *self.nprobe.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_query_gets_lists_until_they_have_enough_windows_together() {
        let group = |windows| Group { parts: vec![0], windows, lists: 10 };
        let depth = |lists: &[&[u32]], windows, nprobe| {
            let lists: Vec<Vec<u32>> = lists.iter().map(|lists| lists.to_vec()).collect();
            Budget { windows, nprobe }.depth(&lists, &group(1000))
        };
        // Lists have 100 windows each; the first one is the same for both queries and counts once.
        let two: [&[u32]; 2] = [&[0, 1, 2], &[0, 3, 4]];
        for (windows, expected) in [(0, 1), (100, 1), (101, 2), (300, 2), (301, 3), (500, 3), (501, 4)] {
            assert_eq!(depth(&two, windows, 1..=4), expected, "{windows} windows");
        }
        assert_eq!(depth(&two, 0, 2..=3), 2, "no fewer than asked for");
        assert_eq!(depth(&two, 10_000, 1..=2), 2, "no more than allowed");
        // One query that has fewer lists left than the other.
        assert_eq!(depth(&[&[0], &[1, 2, 3]], 400, 1..=9), 3);
        // Even a list that is shorter than one window on average counts as read.
        assert_eq!(Budget { windows: 2, nprobe: 1..=9 }.depth(&[vec![0, 1, 2]], &group(0)), 2);
    }
}
