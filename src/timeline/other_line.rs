//! Another place of a track that may be what is heard.
//!
//! Music repeats itself. The first look at a play may hold nothing but a loop, and see it at the wrong turn. So the places that
//! looks see beside it are compared with it for as long as it goes on, and it moves to the one that explains more.
use super::play::{Heard, Sighting};

/// How many other places of a play are compared with it.
pub(super) const MAX: usize = 3;

/// By how much evidence another place must be ahead. Turns of a loop that sound the same differ by less.
const AHEAD: f32 = 1.5;

/// Another place of the track of a play.
#[derive(Clone, Debug)]
pub(super) struct OtherLine {
    pub heard: Heard,
    /// How much more evidence than the play it has, up to half frame `compared` of the recording.
    pub ahead: f32,
    pub compared: usize,
}

impl OtherLine {
    /// A place that is to be compared with a play from half frame `from` on.
    pub fn new(sighting: &Sighting, from: f64) -> Self {
        Self { heard: Heard::new(sighting), ahead: 0.0, compared: from.max(0.0) as usize }
    }

    /// Adds the evidence up to half frame `to`: its own pairs, and the sum of the play's.
    pub fn compare(&mut self, own: &[(f64, f32)], plays: f32, to: usize) {
        self.ahead += own.iter().map(|(_, e)| e).sum::<f32>() - plays;
        self.compared = to;
    }
}

/// The place that explains more than the play itself, if there is one: its number.
pub(super) fn better(lines: &[OtherLine]) -> Option<usize> {
    let best = lines.iter().enumerate().max_by(|a, b| a.1.ahead.total_cmp(&b.1.ahead));
    best.filter(|(_, line)| line.ahead >= AHEAD).map(|(at, _)| at)
}
