//! k-means: centroids of a sample, and the nearest centroids of vectors. All sums are of integers, and only the final
//! lengths are not, so that any number of threads gives the same centroids.
//!
//! Threads are started here and are not rayon's. Assignment runs while an index is locked for writing. On a pool of the
//! host program, a thread that waits for its part may start another task of the pool, and if that task writes to the same
//! index, both wait for ever. That also holds if the work itself is done by another pool, because rayon's threads start
//! tasks of their own pool wherever they wait for rayon. A thread that waits for a plain thread only waits.
use std::{
    sync::{Mutex, PoisonError},
    thread,
};

use super::kernel::{Kernel, LANES, Panel, Queries, Scores};
use crate::{cancel::CancelToken, error::Result};

/// Vectors that one thread assigns at a time.
const CHUNK: usize = 64;

/// Vectors that callers assign at a time. Bounds their memory.
pub(super) const ASSIGN: usize = 1 << 15;

/// Centroids, packed for finding the nearest one.
#[derive(Debug)]
pub(super) struct Centroids {
    pub dims: usize,
    pub vectors: Vec<i8>,
    panels: Vec<Panel>,
    kernel: Kernel,
}

impl Centroids {
    pub fn new(vectors: Vec<i8>, dims: usize) -> Self {
        let panels = vectors
            .chunks(LANES * dims)
            .map(|part| {
                let mut panel = Panel::default();
                panel.fill(part, dims);
                panel
            })
            .collect();
        Self { dims, vectors, panels, kernel: Kernel::best() }
    }

    pub fn len(&self) -> usize {
        self.vectors.len() / self.dims
    }

    pub fn get(&self, centroid: u32) -> &[i8] {
        &self.vectors[centroid as usize * self.dims..][..self.dims]
    }

    /// Compares all queries with all centroids. Calls `each` with a query, a centroid and their dot product if it
    /// reaches the query's value in `min`, which `each` may raise.
    fn scores(&self, queries: &Queries, min: &mut [i32], mut each: impl FnMut(usize, u32, i32, &mut i32)) {
        let picked: Vec<u32> = (0..queries.len() as u32).collect();
        let mut reached: Vec<(u32, Scores)> = Vec::new();
        for (p, panel) in self.panels.iter().enumerate() {
            self.kernel.score(panel, queries, &picked, min, &mut reached);
            let lanes = (self.len() - p * LANES).min(LANES);
            for (q, scores) in &reached {
                let min = &mut min[*q as usize];
                for (lane, &score) in scores[..lanes].iter().enumerate() {
                    if score >= *min {
                        each(*q as usize, (p * LANES + lane) as u32, score, min);
                    }
                }
            }
        }
    }

    /// The nearest centroid of each of `vectors` (n x dims) and their dot product; of equal ones the lowest. Uses as many
    /// threads as the current rayon pool has, but not that pool. Looks at `cancel` before each part, because with 16,384
    /// centroids [`ASSIGN`] vectors take seconds.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub fn assign(&self, vectors: &[i8], cancel: &CancelToken) -> Result<Vec<(u32, i32)>> {
        let mut nearest = vec![(0, i32::MIN); vectors.len() / self.dims];
        let parts = vectors.chunks(CHUNK * self.dims).zip(nearest.chunks_mut(CHUNK));
        let threads = rayon::current_num_threads().min(parts.len());
        let parts = Mutex::new(parts);
        let work = || {
            while !cancel.is_cancelled() {
                // The lock is held only to take the next part.
                let part = parts.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((vectors, nearest)) = part else { break };
                self.assign_part(vectors, nearest);
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                // If the system has no more threads, those that run do all.
                let _ = thread::Builder::new().name("assign".to_owned()).spawn_scoped(scope, work);
            }
            work();
        });
        cancel.check()?;
        Ok(nearest)
    }

    /// As [`Centroids::assign`], on this thread.
    fn assign_part(&self, vectors: &[i8], nearest: &mut [(u32, i32)]) {
        let queries = Queries::new(vectors, self.dims);
        let mut min = vec![i32::MIN; queries.len()];
        self.scores(&queries, &mut min, |q, centroid, score, min| {
            nearest[q] = (centroid, score);
            // A later one must be better: of equal ones the lowest stays.
            *min = score.saturating_add(1);
        });
    }

    /// The `count` nearest centroids of each of `queries` among all, best first, of equal ones the lowest.
    pub fn nearest(&self, queries: &Queries, count: usize) -> Vec<Vec<u32>> {
        if count == 0 {
            return vec![Vec::new(); queries.len()];
        }
        let mut all: Vec<Vec<(i32, u32)>> = vec![Vec::with_capacity(2 * count); queries.len()];
        let mut min = vec![i32::MIN; queries.len()];
        let order = |a: &(i32, u32), b: &(i32, u32)| b.0.cmp(&a.0).then(a.1.cmp(&b.1));
        self.scores(queries, &mut min, |q, centroid, score, min| {
            let found = &mut all[q];
            found.push((score, centroid));
            if found.len() == 2 * count {
                found.select_nth_unstable_by(count - 1, order);
                found.truncate(count);
                *min = found[count - 1].0;
            }
        });
        all.into_iter()
            .map(|mut found| {
                found.sort_unstable_by(order);
                found.into_iter().take(count).map(|(_, centroid)| centroid).collect()
            })
            .collect()
    }
}

/// Trains `count` centroids on `sample` (at least `count` vectors of `dims` values) in so many `rounds`. Each ends up
/// about as long as the vectors are, so that a dot product ranks centroids by cosine.
pub(super) fn train(
    sample: &[i8],
    dims: usize,
    count: usize,
    rounds: usize,
    cancel: &CancelToken,
) -> Result<Centroids> {
    let n = sample.len() / dims;
    debug_assert!(count >= 1 && n >= count);
    let vector = |i: usize| &sample[i * dims..(i + 1) * dims];
    let squares = |v: &[i8]| v.iter().map(|&x| i64::from(x) * i64::from(x)).sum::<i64>();
    let length = ((0..n).map(|i| squares(vector(i))).sum::<i64>() as f64 / n as f64).sqrt();
    let first = (0..count).flat_map(|c| vector(c * n / count).iter().copied()).collect();
    let mut centroids = Centroids::new(first, dims);
    for _ in 0..rounds {
        let mut assigned = Vec::with_capacity(n);
        for part in sample.chunks(ASSIGN * dims) {
            assigned.extend(centroids.assign(part, cancel)?);
        }
        let mut sums = vec![0i32; count * dims];
        let mut members = vec![0u32; count];
        for (i, &(c, _)) in assigned.iter().enumerate() {
            members[c as usize] += 1;
            for (sum, &x) in sums[c as usize * dims..].iter_mut().zip(vector(i)) {
                *sum += i32::from(x);
            }
        }
        // A centroid that nothing is near to moves to where the fit is worst.
        let mut worst: Vec<usize> = Vec::new();
        let empty = members.iter().filter(|&&m| m == 0).count();
        if empty > 0 {
            worst = (0..n).collect();
            worst.sort_unstable_by_key(|&i| (assigned[i].1, i));
            worst.truncate(empty);
        }
        let mut worst = worst.into_iter();
        let mut moved = Vec::with_capacity(count * dims);
        for (c, sum) in sums.chunks_exact(dims).enumerate() {
            let squared: f64 = sum.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            if members[c] == 0 {
                match worst.next() {
                    Some(i) => moved.extend_from_slice(vector(i)),
                    None => moved.extend_from_slice(centroids.get(c as u32)),
                }
            } else if squared == 0.0 {
                moved.extend_from_slice(centroids.get(c as u32));
            } else {
                let scale = length / squared.sqrt();
                moved.extend(sum.iter().map(|&x| (f64::from(x) * scale).round().clamp(-127.0, 127.0) as i8));
            }
        }
        centroids = Centroids::new(moved, dims);
    }
    Ok(centroids)
}

#[cfg(test)]
mod tests {
    use super::{super::kernel::dot, *};

    #[test]
    fn assigning_is_the_plain_search_for_the_best() {
        let mut random = fastrand::Rng::with_seed(5);
        for (count, dims) in [(1, 8), (15, 8), (17, 6), (100, 12)] {
            let mut vectors = |n: usize| -> Vec<i8> { (0..n * dims).map(|_| random.i8(-2..=2)).collect() };
            let centroids = Centroids::new(vectors(count), dims);
            let points = vectors(150);
            let nearest = centroids.nearest(&Queries::new(&points, dims), 3);
            for (i, point) in points.chunks_exact(dims).enumerate() {
                let mut all: Vec<(i32, u32)> =
                    (0..count as u32).map(|c| (-dot(point, centroids.get(c)), c)).collect();
                all.sort_unstable();
                assert_eq!(centroids.assign(&points, &CancelToken::new()).unwrap()[i], (all[0].1, -all[0].0));
                assert_eq!(nearest[i], all.iter().take(3).map(|x| x.1).collect::<Vec<_>>());
            }
        }
    }

    /// A task of the pool that starts on a thread within a call might wait for what the call holds.
    #[test]
    fn no_task_of_the_pool_runs_within_a_call() {
        use std::{
            cell::Cell,
            sync::{Arc, mpsc},
        };
        thread_local!(static ASSIGNS: Cell<bool> = const { Cell::new(false) });
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let mut random = fastrand::Rng::with_seed(8);
        let vectors: Vec<i8> = (0..4000 * 16).map(|_| random.i8(..)).collect();
        let centroids = Centroids::new(vectors[..32 * 16].to_vec(), 16);
        let (sender, within) = mpsc::channel();
        let begun = Arc::new(std::sync::Barrier::new(2));
        let waits = begun.clone();
        pool.spawn(move || {
            waits.wait();
            ASSIGNS.set(true);
            (0..20).for_each(|_| drop(centroids.assign(&vectors, &CancelToken::new())));
            ASSIGNS.set(false);
        });
        begun.wait();
        for _ in 0..2000 {
            let sender = sender.clone();
            pool.spawn(move || {
                thread::sleep(std::time::Duration::from_micros(20));
                sender.send(ASSIGNS.get()).unwrap();
            });
        }
        drop(sender);
        assert_eq!(within.iter().filter(|&within| within).count(), 0);
    }

    /// Two clusters: each centroid ends up in the direction of its cluster's sum, as long as the vectors are.
    #[test]
    fn a_centroid_is_the_mean_of_its_vectors_as_long_as_they_are() {
        let sample: Vec<i8> = [[60, 10], [60, -20], [-50, 30], [58, 16], [-40, 40], [-52, 6]].concat();
        let trained = train(&sample, 2, 2, 5, &CancelToken::new()).unwrap();
        let squares: f64 = sample.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        let length = (squares / 6.0).sqrt();
        let mean = |sum: [f64; 2]| {
            let norm = (sum[0] * sum[0] + sum[1] * sum[1]).sqrt();
            sum.map(|x| (x * length / norm).round() as i8)
        };
        assert_eq!(trained.vectors, [mean([178.0, 6.0]), mean([-142.0, 76.0])].concat());
        assert_eq!(
            trained.assign(&sample, &CancelToken::new()).unwrap().iter().map(|(c, _)| *c).collect::<Vec<_>>(),
            [0, 0, 1, 0, 1, 1]
        );
    }

    #[test]
    fn a_centroid_without_vectors_moves_to_where_the_fit_is_worst() {
        // The first guesses are the same vector twice; all go to the first of equal ones.
        let sample: Vec<i8> = [[50, 0], [50, 0], [50, 0], [0, 50]].concat();
        let trained = train(&sample, 2, 2, 3, &CancelToken::new()).unwrap();
        assert_eq!(trained.vectors, [[50, 0], [0, 50]].concat());
        // One of zeros, and one whose vectors cancel out, stay as they are.
        let sample: Vec<i8> = [[0, 0], [0, 0]].concat();
        assert_eq!(train(&sample, 2, 1, 3, &CancelToken::new()).unwrap().vectors, [0, 0]);
        let sample: Vec<i8> = [[9, 9], [-9, -9]].concat();
        assert_eq!(train(&sample, 2, 1, 3, &CancelToken::new()).unwrap().vectors, [9, 9]);
    }

    #[test]
    fn training_ends_when_it_is_cancelled() {
        let cancelled = CancelToken::new();
        cancelled.cancel();
        assert!(train(&[1; 64], 8, 2, 1, &cancelled).is_err());
        // Also between the parts of a single assignment.
        assert!(Centroids::new(vec![1; 16], 8).assign(&[1; 64], &cancelled).is_err());
    }

    #[test]
    fn the_number_of_threads_does_not_matter() {
        let mut random = fastrand::Rng::with_seed(6);
        let sample: Vec<i8> = (0..3000 * 16).map(|_| random.i8(..) / 4).collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| train(&sample, 16, 64, 4, &CancelToken::new()).unwrap().vectors)
        };
        assert_eq!(with(1), with(3));
    }
}
