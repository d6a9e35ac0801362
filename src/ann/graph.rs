//! The graph over the centroids (HNSW): hnsw_rs builds it, rows keep it, [`Walk`] searches it.
//!
//! Hierarchical navigable small worlds: Malkov and Yashunin, 2016, arXiv 1603.09320, algorithms 2 and 5.
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

#[cfg(feature = "graph")]
use hnsw_rs::{anndists::dist::Distance, hnsw::Hnsw};

use super::{kernel::dot, kmeans::Centroids};
use crate::{cancel::CancelToken, error::Result};

/// Candidates that a walk keeps, at least.
pub(super) const MIN_EF: usize = 48;
/// Neighbours of a point above the lowest level; twice as many there.
#[cfg(feature = "graph")]
const CONNECTIONS: usize = 16;
/// Candidates that are kept while a point is put in.
#[cfg(feature = "graph")]
const EF_CONSTRUCTION: usize = 200;
const LEVELS: usize = 16;

/// How far two vectors are from each other: never negative, never NaN, exact as f32 up to 256 dimensions.
#[cfg(feature = "graph")]
#[derive(Clone, Copy, Debug, Default)]
struct Below;

#[cfg(feature = "graph")]
impl Distance<i8> for Below {
    fn eval(&self, a: &[i8], b: &[i8]) -> f32 {
        (128 * 128 * a.len() as i32 - dot(a, b)) as f32
    }
}

/// Neighbours of each centroid, level by level from the lowest.
#[derive(Debug)]
pub(super) struct Graph {
    pub links: Vec<Vec<Vec<u32>>>,
    pub entry: u32,
    pub entry_level: u32,
    /// Whether a walk finds every centroid by its own vector. If not, searches compare with all centroids.
    pub complete: bool,
}

impl Graph {
    /// A graph without a link.
    fn empty(centroids: usize) -> Self {
        Self { links: vec![vec![Vec::new()]; centroids], entry: 0, entry_level: 0, complete: false }
    }
}

/// An empty graph: this build is without hnsw_rs.
#[cfg(not(feature = "graph"))]
pub(super) fn build(centroids: &Centroids, _cancel: &CancelToken) -> Result<Graph> {
    Ok(Graph::empty(centroids.len()))
}

/// Builds the graph and repairs it. Inserts one centroid after another, so that the graph is the same each time.
#[cfg(feature = "graph")]
pub(super) fn build(centroids: &Centroids, cancel: &CancelToken) -> Result<Graph> {
    let n = centroids.len();
    let hnsw = Hnsw::<i8, Below>::new(CONNECTIONS, n, LEVELS, EF_CONSTRUCTION, Below);
    for c in 0..n as u32 {
        cancel.check()?;
        hnsw.insert_slice((centroids.get(c), c as usize));
    }
    let mut graph = Graph::empty(n);
    let mut top = None;
    for point in hnsw.get_point_indexation() {
        let (id, level) = (point.get_origin_id(), point.get_point_id().0);
        // Lists above a point's own level are not part of the graph: nothing leads to it there.
        let levels = point.get_neighborhood_id().into_iter().take(usize::from(level) + 1);
        graph.links[id] =
            levels.map(|l| l.iter().map(|other| other.get_origin_id() as u32).collect()).collect();
        let key = (Reverse(level), id);
        if top.is_none_or(|best| key < best) {
            top = Some(key);
            (graph.entry, graph.entry_level) = (id as u32, u32::from(level));
        }
    }
    graph.complete = repair(&mut graph, centroids, MIN_EF, cancel)?;
    Ok(graph)
}

/// Looks for centroids that a walk for their own vector misses, and links them to what that walk finds. Returns false
/// if some are still missed.
#[cfg(feature = "graph")]
fn repair(graph: &mut Graph, centroids: &Centroids, ef: usize, cancel: &CancelToken) -> Result<bool> {
    for _ in 0..4 {
        let mut lost = Vec::new();
        {
            let mut walk = Walk::new(graph.entry, graph.entry_level, centroids.len());
            for c in 0..centroids.len() as u32 {
                cancel.check()?;
                let found =
                    walk.nearest(centroids, centroids.get(c), ef, |at| Ok(graph.links[at as usize].clone()))?;
                if !found.contains(&c) {
                    lost.push((c, found));
                }
            }
        }
        if lost.is_empty() {
            return Ok(true);
        }
        for (c, found) in lost {
            for &from in found.iter().take(CONNECTIONS / 4) {
                let links = &mut graph.links[from as usize][0];
                if !links.contains(&c) {
                    links.push(c);
                }
            }
        }
    }
    Ok(false)
}

/// Walks a graph, and reads its links as it needs them.
#[derive(Debug)]
pub(super) struct Walk {
    entry: u32,
    entry_level: u32,
    cache: HashMap<u32, Vec<Vec<u32>>>,
    /// The walk in which a centroid was last seen.
    seen: Vec<u32>,
    walk: u32,
}

impl Walk {
    pub fn new(entry: u32, entry_level: u32, centroids: usize) -> Self {
        Self { entry, entry_level, cache: HashMap::new(), seen: vec![0; centroids], walk: 0 }
    }

    /// The `ef` nearest centroids that the graph leads to, best first. `read` returns the links of a centroid. Skips links
    /// to centroids that do not exist.
    pub fn nearest(
        &mut self,
        centroids: &Centroids,
        query: &[i8],
        ef: usize,
        mut read: impl FnMut(u32) -> Result<Vec<Vec<u32>>>,
    ) -> Result<Vec<u32>> {
        let count = centroids.len() as u32;
        if self.entry >= count || ef == 0 {
            return Ok(Vec::new());
        }
        self.walk = self.walk.wrapping_add(1);
        if self.walk == 0 {
            self.seen.fill(0);
            self.walk = 1;
        }
        let score = |c: u32| (dot(query, centroids.get(c)), Reverse(c));
        let mut best = (score(self.entry), self.entry);
        for level in (1..=self.entry_level.min(LEVELS as u32)).rev() {
            loop {
                let from = best.1;
                for &other in links(&mut self.cache, from, level as usize, &mut read)? {
                    if other < count && score(other) > best.0 {
                        best = (score(other), other);
                    }
                }
                // Each step is better than the one before, so this ends.
                if best.1 == from {
                    break;
                }
            }
        }
        self.seen[best.1 as usize] = self.walk;
        let mut open = BinaryHeap::from([best]);
        let mut found = BinaryHeap::from([Reverse(best)]);
        while let Some((at, from)) = open.pop() {
            if found.len() == ef && found.peek().is_some_and(|worst| at < worst.0.0) {
                break;
            }
            for &other in links(&mut self.cache, from, 0, &mut read)? {
                if other >= count || std::mem::replace(&mut self.seen[other as usize], self.walk) == self.walk
                {
                    continue;
                }
                let reached = (score(other), other);
                if found.len() < ef || found.peek().is_some_and(|worst| reached > worst.0) {
                    open.push(reached);
                    found.push(Reverse(reached));
                    if found.len() > ef {
                        found.pop();
                    }
                }
            }
        }
        let mut found: Vec<_> = found.into_iter().map(|Reverse(x)| x).collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        Ok(found.into_iter().map(|(_, centroid)| centroid).collect())
    }
}

fn links<'c>(
    cache: &'c mut HashMap<u32, Vec<Vec<u32>>>,
    of: u32,
    level: usize,
    read: &mut impl FnMut(u32) -> Result<Vec<Vec<u32>>>,
) -> Result<&'c [u32]> {
    use std::collections::hash_map::Entry;
    let levels = match cache.entry(of) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => entry.insert(read(of)?),
    };
    Ok(levels.get(level).map_or(&[], Vec::as_slice))
}

#[cfg(all(test, feature = "graph"))]
mod tests {
    use super::{super::kernel::Queries, *};

    const DIMS: usize = 8;

    /// Vectors of about equal length, as in an index: each is the nearest to itself.
    fn centroids(count: usize) -> Centroids {
        let mut random = fastrand::Rng::with_seed(7);
        let mut vectors = Vec::new();
        for _ in 0..count {
            let vector: [f64; DIMS] = std::array::from_fn(|_| random.f64() - 0.5);
            let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
            vectors.extend(vector.map(|x| (x / norm * 120.0).round() as i8));
        }
        Centroids::new(vectors, DIMS)
    }

    #[test]
    fn a_walk_with_room_for_all_finds_all_in_order() {
        let centroids = centroids(200);
        let graph = build(&centroids, &CancelToken::new()).unwrap();
        assert!(graph.complete);
        let mut walk = Walk::new(graph.entry, graph.entry_level, 200);
        let queries: Vec<i8> = centroids.vectors[..20 * DIMS].iter().map(|v| v / 2).collect();
        let expected = centroids.nearest(&Queries::new(&queries, DIMS), 200);
        let mut reads = 0;
        for (query, expected) in queries.chunks(DIMS).zip(&expected) {
            let links = |at: u32| {
                reads += 1;
                Ok(graph.links[at as usize].clone())
            };
            assert_eq!(walk.nearest(&centroids, query, 200, links).unwrap(), *expected);
        }
        assert!(reads <= 200, "links are read once");
    }

    #[test]
    fn a_walk_keeps_as_many_as_it_is_asked_for() {
        let centroids = centroids(300);
        let graph = build(&centroids, &CancelToken::new()).unwrap();
        let mut walk = Walk::new(graph.entry, graph.entry_level, 300);
        let mut right = 0;
        for c in 0..300 {
            let query = centroids.get(c);
            let found =
                walk.nearest(&centroids, query, 20, |at| Ok(graph.links[at as usize].clone())).unwrap();
            assert_eq!(found.len(), 20);
            assert!(found.is_sorted_by_key(|&c| (-dot(query, centroids.get(c)), c)));
            let exact = &centroids.nearest(&Queries::new(query, DIMS), 20)[0];
            right += exact.iter().filter(|c| found.contains(c)).count();
        }
        assert!(right > 300 * 19, "{right} of 6000");
        assert!(walk.nearest(&centroids, centroids.get(0), 0, |_| unreachable!()).unwrap().is_empty());
    }

    /// A chain without shortcuts. Its ends link to centroids that do not exist.
    #[test]
    fn a_walk_follows_links_and_passes_over_those_that_lead_nowhere() {
        let centroids = Centroids::new((0..10).flat_map(|c| [c * 10, 0]).collect(), 2);
        let links = |at: u32| Ok(vec![vec![at.wrapping_sub(1), at + 1, 77]]);
        let mut walk = Walk::new(0, 0, 10);
        assert_eq!(walk.nearest(&centroids, &[1, 0], 3, links).unwrap(), [9, 8, 7]);
        assert_eq!(walk.nearest(&centroids, &[-1, 0], 3, links).unwrap(), [0, 1, 2]);
        assert!(Walk::new(10, 0, 10).nearest(&centroids, &[1, 0], 3, links).unwrap().is_empty());
    }

    /// On an upper level the walk climbs before it looks around on the lowest.
    #[test]
    fn a_walk_descends_from_the_level_of_its_entry() {
        let centroids = Centroids::new((0..10).flat_map(|c| [c * 10, 0]).collect(), 2);
        let links = |at: u32| {
            let up = if at == 0 { vec![8] } else { vec![0] };
            Ok(vec![if at >= 8 { vec![8, 9] } else { vec![] }, up])
        };
        assert_eq!(Walk::new(0, 1, 10).nearest(&centroids, &[1, 0], 2, links).unwrap(), [9, 8]);
        assert_eq!(Walk::new(0, 0, 10).nearest(&centroids, &[1, 0], 2, links).unwrap(), [0]);
    }

    #[test]
    fn lost_centroids_are_linked_again() {
        let centroids = centroids(60);
        let mut graph = build(&centroids, &CancelToken::new()).unwrap();
        // No link leads to one of them.
        let lost = if graph.entry == 5 { 6 } else { 5 };
        graph.links.iter_mut().flatten().for_each(|links| links.retain(|&c| c != lost));
        assert!(repair(&mut graph, &centroids, 8, &CancelToken::new()).unwrap());
        let mut walk = Walk::new(graph.entry, graph.entry_level, 60);
        let found = walk
            .nearest(&centroids, centroids.get(lost), 8, |at| Ok(graph.links[at as usize].clone()))
            .unwrap();
        assert_eq!(found[0], lost);
    }
}
