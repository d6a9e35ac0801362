//! Follows two tracks from a place where they agree, in both directions, as far as they keep agreeing.
use super::sound::{SILENT, Sound};
use crate::align::{Line, Side, best_shift};

/// Frames of a piece: 5 s, and how far the next one is: half of it.
const PIECE: i64 = 27;
const HOP: i64 = 13;

/// How far the first piece and later ones may be off, in frames, and in how many steps that is tried.
const FIRST_REACH: f64 = 2.5;
const FIRST_STEPS: i32 = 10;
const REACH: f64 = 0.75;
const STEPS: i32 = 4;

/// The least similarity of a piece.
const MIN_FIRST: f32 = 0.7;
const MIN_SIMILARITY: f32 = 0.55;

/// After so many pieces in a row that do not agree, about 12 s, the line ends.
const MAX_FAILED: usize = 5;

/// How much of what a piece is off its line changes the line's place and its slope.
const PLACE_GAIN: f64 = 0.6;
const SLOPE_GAIN: f64 = 0.2;

/// A piece that agrees: the frames in its middle, and how similar it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub one: f64,
    pub two: f64,
    pub similarity: f32,
}

/// Two tracks, and by how many semitones the second sounds higher.
#[derive(Clone, Copy)]
pub(super) struct Sounds<'a> {
    pub one: &'a Sound,
    pub two: &'a Sound,
    pub semitones: i8,
}

impl Sounds<'_> {
    /// The pieces that agree, in order of time, or nothing if the tracks do not agree at `one`, `two`.
    pub fn follow(&self, one: f64, two: f64) -> Vec<Piece> {
        // What sounds higher is over sooner.
        let tempo = (f64::from(-self.semitones) / 12.0).exp2();
        let Some(seed) = self.piece(one, two, tempo, FIRST_REACH, FIRST_STEPS) else { return Vec::new() };
        if seed.similarity < MIN_FIRST {
            return Vec::new();
        }
        let (mut before, tempo) = self.walk(seed, tempo, -1.0);
        before.reverse();
        before.push(seed);
        before.extend(self.walk(seed, tempo, 1.0).0);
        before
    }

    /// The pieces on one side of `seed`, and the slope there.
    fn walk(&self, seed: Piece, mut tempo: f64, direction: f64) -> (Vec<Piece>, f64) {
        let (mut pieces, mut failed) = (Vec::new(), 0);
        let (mut one, mut two) = (seed.one, seed.two);
        let hop = direction * HOP as f64;
        while failed < MAX_FAILED {
            one += hop;
            two += hop * tempo;
            let outside = |at: f64, sound: &Sound| at < 0.0 || at >= sound.count() as f64;
            if outside(one, self.one) || outside(two, self.two) {
                break;
            }
            match self.piece(one, two, tempo, REACH, STEPS) {
                Some(piece) if piece.similarity >= MIN_SIMILARITY => {
                    let off = piece.two - two;
                    two += PLACE_GAIN * off;
                    // A line learns its slope first from few pieces, then slowly.
                    tempo += SLOPE_GAIN * off / hop;
                    failed = 0;
                    pieces.push(piece);
                }
                Some(_) => failed += 1,
                None => {}
            }
        }
        (pieces, tempo)
    }

    /// The piece around frame `one` of the first track, at the frame near `two` of the second one where it agrees best.
    /// Nothing if both are silent.
    fn piece(&self, one: f64, two: f64, tempo: f64, reach: f64, steps: i32) -> Option<Piece> {
        let half = PIECE / 2;
        let middle = one.round() as i64;
        let two = two + (middle as f64 - one) * tempo;
        let (from, to) = ((middle - half).max(0), (middle + half + 1).min(self.one.count()));
        let room = (f64::from(PIECE as i32) * tempo / 2.0 + reach).ceil() as i64 + 3;
        let others = two as i64 - room..two as i64 + room;
        let silent = [self.one.energy(from..to), self.two.energy(others.start + 3..others.end - 3)]
            .map(|energy| energy < SILENT);
        let piece = |two, similarity| Some(Piece { one: middle as f64, two, similarity });
        match silent {
            [true, true] => return None,
            [true, false] | [false, true] => return piece(two, 0.0),
            [false, false] => {}
        }
        let (first, second) = (self.one.frames(from - 2..to + 2), self.two.frames(others));
        let at = 2.0 * middle as f64;
        let sides = [
            Side { reference: &first, line: Line { at, in_track: at, tempo: 1.0 } },
            Side { reference: &second, line: Line { at, in_track: 2.0 * two, tempo } },
        ];
        let halves = 2 * from as usize..2 * to as usize;
        let values = self.one.values();
        let lower = -i32::from(self.semitones);
        let (shift, similarity) = best_shift(&sides[0], &sides[1], values, halves, lower, reach, steps);
        piece(two + shift, similarity)
    }
}
