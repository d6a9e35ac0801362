//! Whether two tracks hold the same recording, judged by their stored frames.
//!
//! The places of the query in both tracks give a line from one track to the other. Pieces of 5 s at growing distances
//! from the query measure how fast the tracks drift apart. Then pieces all along the shorter track are compared. Copies
//! agree in nearly all of them: re-encoded, remastered, quieter, shifted, or at .995 of the speed. Another rendering of
//! the same notes agrees in few, and tracks that share a jingle only there.
use std::cell::OnceCell;

use super::{engine::Query, place::Place};
use crate::{
    align::{Line, Reference, Side, best_shift},
    error::Result,
    library::Stretch,
};

/// Frames of a piece: 5 s.
const PIECE: i64 = 27;

/// The most pieces that are counted.
const MAX_PIECES: usize = 40;

/// A piece that agrees as well as this holds the same sound.
const MIN_SIMILARITY: f32 = 0.75;

/// The share of the shorter track's pieces that hold the same sound in copies.
const MIN_SHARE: f64 = 0.8;

/// A piece with less energy a frame is silent, and counts for nothing.
const MIN_ENERGY: f32 = 0.1;

/// How far from the query the first piece lies that measures the drift, in frames: 10 s. Each next one lies so many
/// times as far.
const FIRST_DISTANCE: f64 = 54.0;
const NEXT_DISTANCE: f64 = 1.5;

/// How far a piece may be off its line while the drift is measured, and afterwards, in frames.
const WIDE_REACH: f64 = 1.5;
const REACH: f64 = 0.75;

/// The step in which a piece is moved, in frames.
const STEP: f64 = 0.25;

/// If at most one of so many pieces around the query agrees, the others are not looked at.
const FIRST_PIECES: usize = 4;

/// How many frames to either side of the query are kept for the next comparison: those of the first pieces.
const NEAR: i64 = 220;

/// A track in which the query has a place.
pub(crate) struct Holder {
    pub place: Place,
    /// The track's frames.
    count: i64,
    /// Packed frames around the place, and the number of the first one.
    near: OnceCell<(i64, Vec<u8>)>,
}

impl Holder {
    /// `count` is how many frames the track has.
    pub fn new(place: Place, count: u32) -> Self {
        Self { place, count: i64::from(count), near: OnceCell::new() }
    }

    /// The half frame of the track at which the query's sound comes first: at the place itself, or at a repeat before it.
    fn first_in_track(&self, at: f64) -> f64 {
        self.place.in_track(at) + self.place.repeats.iter().copied().fold(0.0, f64::min)
    }
}

/// Two tracks, the shorter one first, and how they lie.
struct Pair<'q, 's> {
    query: &'q Query<'s>,
    one: &'q Holder,
    two: &'q Holder,
    /// By how many semitones the second sounds lower.
    semitones: i32,
}

/// How well a piece agrees, and by how many frames it is off the line.
struct Piece {
    shift: f64,
    similarity: f32,
}

impl Query<'_> {
    /// Whether two tracks hold the same recording: the same sound in most of the shorter one's whole length. Both have
    /// a place in the query, and the places overlap.
    pub(crate) fn is_same_recording(&self, one: &Holder, two: &Holder) -> Result<bool> {
        let (one, two) = if one.count <= two.count { (one, two) } else { (two, one) };
        let soon = [one, two].into_iter().filter_map(|of| Stretch::whole(of.place.track, of.count as u32));
        self.library.expect(&soon.collect::<Vec<_>>())?;
        let bins = (two.place.pitch - one.place.pitch) / self.params.bins_per_semitone() as f64;
        let pair = Pair { query: self, one, two, semitones: bins.round() as i32 };
        let (from, to) = (one.place.from.max(two.place.from), one.place.to.min(two.place.to));
        let middle = (from + to) as f64 / 2.0;
        let tempo = two.place.tempo() / one.place.tempo();
        let line = Line { at: one.place.in_track(middle), in_track: two.place.in_track(middle), tempo };
        if pair.agree(line)? {
            return Ok(true);
        }
        // In tracks that repeat themselves the query may have been found at different repeats.
        let firsts = Line { at: one.first_in_track(middle), in_track: two.first_in_track(middle), tempo };
        Ok(firsts != line && pair.agree(firsts)?)
    }
}

impl Pair<'_, '_> {
    /// Whether the tracks agree along a line from the first one's half frames to the second one's.
    fn agree(&self, line: Line) -> Result<bool> {
        let Some(line) = self.straightened(line)? else { return Ok(false) };
        let room = (self.one.count - PIECE).max(0) as f64;
        let pieces = (self.one.count / PIECE).clamp(1, MAX_PIECES as i64) as usize;
        let step = room / (pieces - 1).max(1) as f64;
        // Far from each other first, so that few decide where nothing agrees.
        let mut order: Vec<usize> = (0..pieces).collect();
        let spread = |n: &usize| (*n as f64 * 0.618).fract();
        order.sort_by(|a, b| spread(a).total_cmp(&spread(b)));
        let (mut same, mut other) = (0, 0);
        for n in order {
            match self.piece(&line, (n as f64 * step) as i64, REACH)? {
                Some(piece) if piece.similarity >= MIN_SIMILARITY => same += 1,
                Some(_) => other += 1,
                None => {}
            }
            if f64::from(other) > (1.0 - MIN_SHARE) * pieces as f64 {
                return Ok(false);
            }
        }
        Ok(same > 0 && f64::from(same) >= MIN_SHARE * f64::from(same + other))
    }

    /// The line at the tempo that keeps both tracks together far from where it begins, or nothing if they do not agree
    /// there.
    fn straightened(&self, mut line: Line) -> Result<Option<Line>> {
        let middle = (line.at / 2.0) as i64 - PIECE / 2;
        if let Some(piece) = self.inner_piece(&line, middle)? {
            line.in_track += 2.0 * piece.shift;
        }
        let (mut compared, mut same) = (0, 0);
        let mut distance = FIRST_DISTANCE;
        while distance < self.one.count as f64 {
            for distance in [-distance, distance] {
                let Some(piece) = self.inner_piece(&line, middle + distance as i64)? else { continue };
                compared += 1;
                if piece.similarity >= MIN_SIMILARITY {
                    same += 1;
                    line.tempo += piece.shift / distance;
                }
            }
            if compared >= FIRST_PIECES && same <= 1 {
                return Ok(None);
            }
            distance *= NEXT_DISTANCE;
        }
        Ok(Some(line))
    }

    /// A piece that lies within both tracks, and is not silent.
    fn inner_piece(&self, line: &Line, at: i64) -> Result<Option<Piece>> {
        let two = [at, at + PIECE].map(|at| in_two(line, at));
        let inside =
            at >= 0 && at + PIECE <= self.one.count && two[0] >= 0.0 && two[1] <= self.two.count as f64;
        if inside { self.piece(line, at, WIDE_REACH) } else { Ok(None) }
    }

    /// Compares the piece at frame `at` of the first track; nothing if it is silent there. What the second track does not
    /// have does not agree.
    fn piece(&self, line: &Line, at: i64, reach: f64) -> Result<Option<Piece>> {
        let values = self.query.params.frame_values();
        self.query.options.cancel.check()?;
        let to = (at + PIECE).min(self.one.count);
        let one = self.query.read(self.one, at - 2, to + 2)?;
        if energy(&one, values, at, to) < MIN_ENERGY {
            return Ok(None);
        }
        let two = [at, to].map(|at| in_two(line, at));
        let two = self.query.read(self.two, two[0].floor() as i64 - 4, two[1].ceil() as i64 + 4)?;
        if two.frames.is_empty() {
            return Ok(Some(Piece { shift: 0.0, similarity: 0.0 }));
        }
        let sides = [
            Side { reference: &one, line: Line { at: 0.0, in_track: 0.0, tempo: 1.0 } },
            Side { reference: &two, line: *line },
        ];
        let halves = 2 * at as usize..2 * to as usize;
        let steps = (reach / STEP).round() as i32;
        let (shift, similarity) =
            best_shift(&sides[0], &sides[1], values, halves, self.semitones, reach, steps);
        Ok(Some(Piece { shift, similarity }))
    }
}

/// The frame of the second track that meets frame `at` of the first one.
fn in_two(line: &Line, at: i64) -> f64 {
    (line.in_track + (2.0 * at as f64 - line.at) * line.tempo) / 2.0
}

/// The mean energy of the frames `from..to`.
fn energy(reference: &Reference, values: usize, from: i64, to: i64) -> f32 {
    let skip = (from - i64::from(reference.first)).max(0) as usize * values;
    let frames = reference.frames.get(skip..).unwrap_or(&[]);
    let length = (to - from).max(1) as usize;
    frames.iter().take(length * values).map(|v| v * v).sum::<f32>() / length as f32
}

impl Query<'_> {
    /// The track's frames `from..to`, or as many of them as exist. Those around the place are read once.
    fn read(&self, holder: &Holder, from: i64, to: i64) -> Result<Reference> {
        let (from, to) = (from.clamp(0, holder.count), to.clamp(0, holder.count));
        let place = &holder.place;
        let middle = (place.in_track((place.from + place.to) as f64 / 2.0) / 2.0) as i64;
        let bounds = (middle - NEAR).clamp(0, holder.count)..(middle + NEAR).clamp(0, holder.count);
        if from < bounds.start || to > bounds.end || from >= to {
            return self.stored(place.track, from, to);
        }
        let (first, packed) = match holder.near.get() {
            Some(near) => near,
            None => {
                let packed = self.packed(place.track, bounds.start, bounds.end)?;
                holder.near.get_or_init(|| (bounds.start, packed))
            }
        };
        let bytes = self.params.frame_bytes();
        let of = |frame: i64| (frame - first) as usize * bytes;
        let packed = packed.get(of(from)..of(to)).unwrap_or(&[]);
        Ok(self.unpacked(from, packed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_energy_is_the_mean_over_the_frames_that_are_asked_for() {
        let reference = Reference { first: 3, frames: vec![1.0, 1.0, 2.0, 0.0, 3.0, 1.0, 9.0, 9.0] };
        let energies =
            [(3, 6), (4, 6), (6, 7), (6, 8), (7, 9)].map(|(from, to)| energy(&reference, 2, from, to));
        // What is not there is silent.
        assert_eq!(energies, [16.0 / 3.0, 7.0, 162.0, 81.0, 0.0]);
    }
}
