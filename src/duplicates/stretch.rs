//! A stretch of two tracks that lies on one straight line, and how well they agree along it, frame by frame.
use std::ops::Range;

use super::{
    follow::{Piece, Sounds},
    sound::{SILENT, Sound},
    wander::{Off, Wander, wander},
};

/// Frames over which the similarity at a frame is measured, to either side: about 1.7 s in all.
const AROUND: i64 = 4;

/// The similarity at a frame that is as good as none. More extends a stretch, less shortens it.
const NEUTRAL: f32 = 0.5;

/// A stretch ends where so much was lost since its best frame: about 12 s that do not agree at all.
const MAX_LOSS: f32 = 30.0;

/// A stretch has a hole if so many frames (5 s) agree by so much less than the mean.
const HOLE_FRAMES: usize = 27;
const HOLE: f32 = 0.25;

/// Frames of a piece whose place on the line is measured, and by how many frames the line is moved for that.
const SHORT: i64 = 12;
const PROBE: f64 = 0.3;

/// The most that a piece can be off, in frames.
const MAX_OFF: f64 = 0.6;

/// Pieces that agree nearly perfectly are no surer of their place than this: reading between frames is not exact.
const LEAST_NOISE: f64 = 0.02;

/// A piece that agrees less says nothing about its place.
const MIN_AGREEING: f32 = 0.4;

/// A line fits a piece if it passes this near to it, in frames.
const NEAR: f64 = 1.0;

/// Part of one track that agrees with part of another, on a straight line.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// The frames of the first track.
    pub one: Range<i64>,
    /// The frame of the second track that meets frame 0 of the first.
    pub offset: f64,
    /// Frames of the second track a frame of the first.
    pub tempo: f64,
    /// By how many semitones the second track sounds higher.
    pub semitones: i8,
    /// The similarity at each frame of `one`; NaN where both are silent.
    pub similarity: Vec<f32>,
    /// How early or late the second track is on the line over some seconds.
    pub wander: Wander,
    /// How differently the two tracks spread their energy over the pitches: 0 for the same.
    pub balance: f64,
}

impl Stretch {
    /// No frames, on a line.
    pub(super) fn line(offset: f64, tempo: f64) -> Self {
        Self {
            one: 0..0,
            offset,
            tempo,
            semitones: 0,
            similarity: Vec::new(),
            wander: Wander::default(),
            balance: 0.0,
        }
    }

    /// The stretch around the `pieces`, which lie about on a line.
    pub(super) fn around(sounds: Sounds<'_>, pieces: &[Piece]) -> Option<Self> {
        let (offset, tempo) = fitted(pieces)?;
        let middle = pieces[pieces.len() / 2].one as i64;
        let line = Self::line(offset, tempo);
        let mut stretch = Self { one: middle..middle, semitones: sounds.semitones, ..line };
        stretch.extend(sounds, middle);
        (!stretch.one.is_empty()).then_some(stretch)
    }

    /// The frame of the second track that meets a frame of the first.
    pub fn in_two(&self, one: f64) -> f64 {
        self.offset + self.tempo * one
    }

    /// The frames of the second track.
    pub fn two(&self) -> Range<f64> {
        self.in_two(self.one.start as f64)..self.in_two(self.one.end as f64)
    }

    /// The mean similarity of its frames.
    pub fn mean(&self) -> f32 {
        let (sum, count) = self
            .similarity
            .iter()
            .filter(|s| !s.is_nan())
            .fold((0.0, 0.0f32), |(sum, count), s| (sum + s, count + 1.0));
        sum / count.max(1.0)
    }

    /// What the stretch is worth: how much better than neutral its frames agree.
    pub fn worth(&self) -> f32 {
        self.similarity.iter().filter(|s| !s.is_nan()).map(|s| s - NEUTRAL).sum()
    }

    /// Whether it agrees much less than elsewhere for some seconds.
    pub(super) fn has_hole(&self) -> bool {
        let limit = self.mean() - HOLE;
        self.similarity.split(|&s| s.is_nan() || s >= limit).any(|run| run.len() >= HOLE_FRAMES)
    }

    /// What a frame of the first track is worth, which lies in the stretch.
    pub(super) fn worth_at(&self, n: i64) -> f32 {
        let similarity = self.similarity[(n - self.one.start) as usize];
        if similarity.is_nan() { 0.0 } else { similarity - NEUTRAL }
    }

    /// Measures how early or late pieces of 2.4 s are.
    pub(super) fn measure_wander(&mut self, sounds: Sounds<'_>) {
        let moved = [-PROBE, 0.0, PROBE].map(|by| {
            Along::new(sounds, &Self { offset: self.offset + by, similarity: Vec::new(), ..self.clone() })
        });
        let mut pieces = Vec::new();
        for middle in (self.one.start + SHORT / 2..=self.one.end - SHORT / 2).step_by(SHORT as usize / 2) {
            let range = middle - SHORT / 2..middle + SHORT / 2 + 1;
            let [before, at, after] = moved.each_ref().map(|along| along.cosine(range.clone()));
            let bend = f64::from(before - 2.0 * at + after);
            if at > MIN_AGREEING && bend < 0.0 {
                let off = 0.5 * PROBE * f64::from(before - after) / bend;
                let noise = (1.0 - f64::from(at)).max(LEAST_NOISE) / -bend;
                pieces.push(Off {
                    fraction: self.in_two(middle as f64).fract(),
                    by: off.clamp(-MAX_OFF, MAX_OFF),
                    noise: noise.sqrt() * PROBE,
                });
            }
        }
        self.wander = wander(&pieces);
    }

    /// By how many semitones the second track sounds higher: where the cosine of both would be greatest, by those at its own
    /// transposition and one semitone to either side.
    pub(super) fn pitch(&self, sounds: Sounds<'_>) -> f64 {
        let cosine = |by: i8| {
            let sounds = Sounds { semitones: self.semitones + by, ..sounds };
            f64::from(Along::new(sounds, self).cosine(self.one.clone()))
        };
        let [below, at, above] = [-1, 0, 1].map(cosine);
        let bend = below - 2.0 * at + above;
        let off = if bend < 0.0 { 0.5 * (below - above) / bend } else { 0.0 };
        f64::from(self.semitones) + off.clamp(-1.0, 1.0)
    }

    /// The part within frames `range` of the first track.
    pub(super) fn within(&self, range: Range<i64>) -> Self {
        let (from, to) = (self.one.start.max(range.start), self.one.end.min(range.end));
        let to = to.max(from);
        let skip = (from - self.one.start).min(self.similarity.len() as i64) as usize;
        let similarity = self.similarity[skip..].iter().copied().take((to - from) as usize).collect();
        Self { one: from..to, similarity, ..self.clone() }
    }

    /// The same frames, on a line through their own pieces if these agree better on it, and with a balance of their own.
    pub(super) fn again(self, sounds: Sounds<'_>) -> Self {
        let middle = ((self.one.start + self.one.end) / 2) as f64;
        let mut pieces = sounds.follow(middle, self.in_two(middle));
        pieces.retain(|piece| self.one.contains(&(piece.one as i64)));
        let fitted = Self::around(sounds, &pieces).map(|stretch| stretch.within(self.one.clone()));
        let mut best = fitted.filter(|fitted| fitted.worth() > self.worth()).unwrap_or(self);
        best.balance = Along::within(sounds, &best, best.one.clone()).balance();
        best
    }

    /// Goes as far from `middle` to either side as more is won than lost.
    fn extend(&mut self, sounds: Sounds<'_>, middle: i64) {
        let along = Along::new(sounds, self);
        let end = |frames: &mut dyn Iterator<Item = i64>| {
            let (mut sum, mut best, mut end) = (0.0f32, 0.0f32, None);
            for n in frames {
                let similarity = along.similarity(n);
                if !similarity.is_nan() {
                    sum += similarity - NEUTRAL;
                }
                if sum >= best {
                    (best, end) = (sum, Some(n));
                }
                if sum < best - MAX_LOSS {
                    break;
                }
            }
            end
        };
        let range = along.range.clone();
        let middle = middle.clamp(range.start, range.end);
        let from = end(&mut (range.start..middle).rev()).unwrap_or(middle);
        let to = end(&mut (middle..range.end)).map_or(middle, |n| n + 1);
        self.one = from..to;
        self.balance = along.balance();
        self.similarity = (from..to).map(|n| along.similarity(n)).collect();
    }
}

/// The line through the pieces, without those that lie far from it: the second track's frame at frame 0, and the slope.
fn fitted(pieces: &[Piece]) -> Option<(f64, f64)> {
    let line = |pieces: &[&Piece]| {
        let count = pieces.len() as f64;
        let mean = |of: fn(&Piece) -> f64| pieces.iter().map(|piece| of(piece)).sum::<f64>() / count;
        let (one, two) = (mean(|piece| piece.one), mean(|piece| piece.two));
        let spread: f64 = pieces.iter().map(|piece| (piece.one - one).powi(2)).sum();
        let product: f64 = pieces.iter().map(|piece| (piece.one - one) * (piece.two - two)).sum();
        let tempo = if spread > 0.0 { product / spread } else { 1.0 };
        (two - tempo * one, tempo)
    };
    let all: Vec<&Piece> = pieces.iter().collect();
    let (offset, tempo) = (!all.is_empty()).then(|| line(&all))?;
    let near: Vec<&Piece> =
        pieces.iter().filter(|p| (p.two - offset - tempo * p.one).abs() <= NEAR).collect();
    Some(if near.len() >= 2 && near.len() < all.len() { line(&near) } else { (offset, tempo) })
}

/// Products of the frames of two tracks along a line, summed from the first frame on.
struct Along {
    /// Frames of the first track that meet the second one.
    range: Range<i64>,
    sums: Vec<[f64; 3]>,
    /// The energy of each value, of both tracks.
    spread: [Vec<f64>; 2],
}

impl Along {
    /// Along the line of a stretch, as far as the tracks reach.
    fn new(sounds: Sounds<'_>, line: &Stretch) -> Self {
        Self::within(sounds, line, i64::MIN..i64::MAX)
    }

    /// The same within frames `limits` of the first track.
    fn within(sounds: Sounds<'_>, line: &Stretch, limits: Range<i64>) -> Self {
        let Sounds { one, two, semitones } = sounds;
        let meets = |at: f64| (at - line.offset) / line.tempo;
        let from = meets(0.0).ceil().max(0.0) as i64;
        let to = (meets(two.count() as f64 - 1.0).floor() as i64 + 1).min(one.count());
        let (from, to) = (from.max(limits.start), to.min(limits.end));
        let range = from..to.max(from);
        let (mut a, mut b) = (Rows::new(one), Rows::new(two));
        let (mut sums, mut sum) = (vec![[0.0; 3]], [0.0f64; 3]);
        let mut spread = [vec![0.0; one.values()], vec![0.0; one.values()]];
        for n in range.clone() {
            let other = line.in_two(n as f64);
            // As far before a stored frame of one as after a stored frame of the other.
            let apart = (other - other.round()) / 2.0;
            let (a, b) = (a.at(n as f64 - apart), b.at(other - apart));
            let (a, b) = met(a, b, semitones);
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                spread[0][i] += f64::from(a * a);
                spread[1][i] += f64::from(b * b);
            }
            let products = products(a, b);
            for (sum, product) in sum.iter_mut().zip(products) {
                *sum += f64::from(product);
            }
            sums.push(sum);
        }
        Self { range, sums, spread }
    }

    /// How differently both spread their energy over the values of a frame: the weighted root mean square of the ratios, in
    /// octaves of energy.
    fn balance(&self) -> f64 {
        let totals = self.spread.each_ref().map(|s| s.iter().sum::<f64>().max(1e-9));
        let mut sum = 0.0;
        for (a, b) in self.spread[0].iter().zip(&self.spread[1]) {
            let (a, b) = (a / totals[0], b / totals[1]);
            sum += a * ((b + 1e-3) / (a + 1e-3)).log2().powi(2);
        }
        sum.sqrt()
    }

    /// The cosine of frames `range` of the first track.
    fn cosine(&self, range: Range<i64>) -> f32 {
        let [ab, aa, bb] = self.between(range);
        (ab / (aa * bb).sqrt().max(1e-9)) as f32
    }

    fn between(&self, range: Range<i64>) -> [f64; 3] {
        let at = |n: i64| &self.sums[(n.clamp(self.range.start, self.range.end) - self.range.start) as usize];
        std::array::from_fn(|i| at(range.end)[i] - at(range.start)[i])
    }

    /// The cosine of the frames around frame `n` of the first track; NaN where both are silent.
    fn similarity(&self, n: i64) -> f32 {
        let range = n - AROUND..n + AROUND + 1;
        let frames = range.end.min(self.range.end) - range.start.max(self.range.start);
        let [_, aa, bb] = self.between(range.clone());
        let silent = f64::from(SILENT) * frames as f64;
        if aa < silent && bb < silent { f32::NAN } else { self.cosine(range) }
    }
}

/// The values of two frames that meet if the second sounds `semitones` higher.
fn met<'a>(a: &'a [f32], b: &'a [f32], semitones: i8) -> (&'a [f32], &'a [f32]) {
    let skip = usize::from(semitones.unsigned_abs()).min(a.len());
    if semitones >= 0 { (&a[..a.len() - skip], &b[skip..]) } else { (&a[skip..], &b[..b.len() - skip]) }
}

fn products(a: &[f32], b: &[f32]) -> [f32; 3] {
    let mut sums = [0.0; 3];
    for (a, b) in a.iter().zip(b) {
        sums[0] += a * b;
        sums[1] += a * a;
        sums[2] += b * b;
    }
    sums
}

/// Reads a track smoothed over time and between its frames, in order of time.
struct Rows<'a> {
    sound: &'a Sound,
    /// Smoothed frames, from number `first` on.
    smoothed: Vec<f32>,
    first: i64,
    out: Vec<f32>,
}

/// Frames that are unpacked at a time.
const BLOCK: i64 = 256;

impl<'a> Rows<'a> {
    fn new(sound: &'a Sound) -> Self {
        Self { sound, smoothed: Vec::new(), first: 0, out: vec![0.0; sound.values()] }
    }

    fn at(&mut self, at: f64) -> &[f32] {
        let values = self.sound.values();
        let last = self.sound.count() - 1;
        let at = at.clamp(0.0, last.max(0) as f64);
        let (n, share) = (at as i64, at.fract() as f32);
        let held = (self.smoothed.len() / values) as i64;
        if n < self.first || (n + 1).min(last) >= self.first + held {
            self.load((n - 2).max(0));
        }
        let row = |n: i64| {
            let from = (n.min(last) - self.first) as usize * values;
            &self.smoothed[from..from + values]
        };
        for ((out, a), b) in self.out.iter_mut().zip(row(n)).zip(row(n + 1)) {
            *out = a + share * (b - a);
        }
        &self.out
    }

    fn load(&mut self, first: i64) {
        let values = self.sound.values();
        let count = self.sound.count();
        let to = (first + BLOCK).min(count);
        let raw = self.sound.frames(first - 1..to + 1);
        let start = i64::from(raw.first);
        let row = |n: i64| &raw.frames[(n.clamp(0, count - 1) - start) as usize * values..][..values];
        self.first = first;
        self.smoothed.clear();
        for n in first..to {
            let neighbours = row(n - 1).iter().zip(row(n + 1));
            self.smoothed.extend(row(n).iter().zip(neighbours).map(|(x, (p, q))| 0.5 * x + 0.25 * (p + q)));
        }
    }
}
