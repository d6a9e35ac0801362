//! Reads the posting lists that a search wants, for all queries that want them.
use std::ops::Range;

use super::{
    budget::Group,
    part::Part,
    scan::{Gathered, Scan},
};
use crate::error::Result;

/// How many lists are read at a time. Their windows are held until all files were asked: half a megabyte.
const LISTS: usize = 32;
/// Up to this many unwanted lists between two wanted ones are passed over. More take longer than another statement.
const PASSED: u32 = 1;

/// Lists, and which queries want each. Ascending.
#[derive(Debug)]
pub(super) struct Wanted {
    lists: Vec<u32>,
    /// For each list, where its queries end.
    ends: Vec<usize>,
    queries: Vec<u32>,
}

impl Wanted {
    /// What is wanted by queries whose `lists` these are.
    pub fn of(lists: &[Vec<u32>]) -> Self {
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (query, lists) in (0..).zip(lists) {
            pairs.extend(lists.iter().map(|&list| (list, query)));
        }
        pairs.sort_unstable();
        let mut wanted =
            Self { lists: Vec::new(), ends: Vec::new(), queries: Vec::with_capacity(pairs.len()) };
        for same in pairs.chunk_by(|a, b| a.0 == b.0) {
            wanted.lists.push(same[0].0);
            wanted.queries.extend(same.iter().map(|&(_, query)| query));
            wanted.ends.push(wanted.queries.len());
        }
        wanted
    }

    /// The queries that want the list at `at`.
    fn queries(&self, at: usize) -> &[u32] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.queries[start..self.ends[at]]
    }

    /// Where to cut, so that each piece has lists that lie side by side, and few.
    fn pieces(&self) -> Vec<Range<usize>> {
        let mut pieces: Vec<Range<usize>> = Vec::new();
        for (at, &list) in self.lists.iter().enumerate() {
            match pieces.last_mut() {
                Some(piece) if piece.len() < LISTS && list - self.lists[at - 1] <= 1 + PASSED => {
                    piece.end = at + 1
                }
                _ => pieces.push(at..at + 1),
            }
        }
        pieces
    }
}

/// Compares the windows of lists in the files of a group with the queries that want them, except windows of tracks that do
/// not count.
pub(super) fn read(
    parts: &[Part<'_>],
    group: &Group,
    wanted: &Wanted,
    counts: impl Fn(u32) -> bool,
    scan: &mut Scan,
) -> Result<()> {
    let mut held: Vec<Gathered> = (0..LISTS).map(|_| Gathered::default()).collect();
    for piece in wanted.pieces() {
        let lists = &wanted.lists[piece.clone()];
        for &at in &group.parts {
            let part = &parts[at];
            part.store.check_cancelled()?;
            part.store.postings_of(lists, |here, block| {
                let held = &mut held[here];
                let place = |i| (part.number(block.track(i)), block.position(i));
                held.gather(block.vectors(), (0..block.len()).map(place));
                if held.is_full() {
                    scan.offer(held, wanted.queries(piece.start + here), &counts);
                }
                Ok(())
            })?;
        }
        for (at, held) in piece.zip(&mut held) {
            scan.offer(held, wanted.queries(at), &counts);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_gets_its_lists_in_short_pieces() {
        let many: Vec<u32> = (100..200).collect();
        let lists = [vec![9, 3, 4], vec![3, 7, 6], many, vec![]];
        let wanted = Wanted::of(&lists);
        let mut seen = vec![Vec::new(); lists.len()];
        let mut last = None;
        for piece in wanted.pieces() {
            assert!(!piece.is_empty() && piece.len() <= LISTS);
            for at in piece.clone() {
                let list = wanted.lists[at];
                assert!(last < Some(list));
                assert!(at == piece.start || list - last.unwrap() <= 1 + PASSED);
                last = Some(list);
                wanted.queries(at).iter().for_each(|&query| seen[query as usize].push(list));
            }
        }
        for (seen, mut lists) in seen.into_iter().zip(lists) {
            lists.sort_unstable();
            assert_eq!(seen, lists);
        }
        assert_eq!(wanted.pieces().len(), 1 + 4, "3 to 9, and a hundred in four");
    }
}
