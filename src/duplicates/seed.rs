//! Where two tracks have near windows, by the distance of the two.
use crate::store::TrackId;

/// The distances that are kept for a pair: those with the most near windows.
pub(super) const DIAGONALS: usize = 16;

/// A place where two tracks seem to agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seed {
    /// The frame of the first track.
    pub one: u32,
    /// The frame of the second track.
    pub two: u32,
    /// By how many semitones the second sounds higher.
    pub semitones: i8,
    /// The squared cosines of all near windows at this distance, summed.
    pub weight: f32,
}

impl Seed {
    /// The same, with the tracks in the other order.
    pub(super) fn turned(&self) -> Self {
        Self { one: self.two, two: self.one, semitones: -self.semitones, ..*self }
    }
}

/// Two tracks with near windows; the first has the lower id.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The first track.
    pub one: TrackId,
    /// The second track.
    pub two: TrackId,
    /// Where they are: the nearest windows at each distance of the two, the distances with the most weight first.
    pub seeds: Vec<Seed>,
}

/// The near windows of a pair, by how far the second lies after the first.
#[derive(Default)]
pub(super) struct Diagonals(Vec<Diagonal>);

struct Diagonal {
    nearest: Seed,
    weight: f32,
}

impl Diagonals {
    /// Takes in a pair of windows; `weight` is their cosine.
    pub fn add(&mut self, seed: Seed) {
        let key = |seed: &Seed| (i64::from(seed.two) - i64::from(seed.one), seed.semitones);
        let square = seed.weight * seed.weight;
        if let Some(same) = self.0.iter_mut().find(|other| key(&other.nearest) == key(&seed)) {
            same.weight += square;
            if seed.weight > same.nearest.weight {
                same.nearest = seed;
            }
        } else {
            if self.0.len() == DIAGONALS {
                let lightest = (0..DIAGONALS).min_by(|&a, &b| self.0[a].weight.total_cmp(&self.0[b].weight));
                self.0.swap_remove(lightest.unwrap_or(0));
            }
            self.0.push(Diagonal { nearest: seed, weight: square });
        }
    }

    /// The nearest windows at each distance, those with the most weight first.
    pub fn into_seeds(mut self) -> Vec<Seed> {
        self.0.sort_by(|a, b| {
            let place = |d: &Diagonal| (d.nearest.one, d.nearest.two, d.nearest.semitones);
            b.weight.total_cmp(&a.weight).then(place(a).cmp(&place(b)))
        });
        self.0.into_iter().map(|d| Seed { weight: d.weight, ..d.nearest }).collect()
    }
}
