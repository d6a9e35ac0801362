//! What lies between plays.
use super::Play;
use crate::units::Seconds;

/// Follows the plays of a recording, in order of their starts, and tells what no play covers.
#[derive(Default)]
pub(super) struct Gaps {
    /// Where the plays so far end.
    covered: f64,
}

impl Gaps {
    /// Takes the next play. Returns the stretch before it that no play covers, and the one at its beginning that an
    /// earlier play covers too. Either may be empty.
    pub(super) fn next(&mut self, play: &Play) -> (f64, f64) {
        let before = play.start.0 - self.covered;
        let both = self.covered.min(play.end.0) - play.start.0;
        self.covered = self.covered.max(play.end.0);
        (before.max(0.0), both.max(0.0))
    }

    /// Where the last play ended.
    pub(super) fn covered(&self) -> Seconds {
        Seconds(self.covered)
    }
}

/// The parts of `stretches` after `from` that are at least `least` long.
pub(super) fn after(stretches: &[(Seconds, Seconds)], from: Seconds, least: f64) -> Vec<(Seconds, Seconds)> {
    let late = stretches.iter().map(|&(start, end)| (Seconds(start.0.max(from.0)), end));
    late.filter(|(start, end)| end.0 - start.0 >= least).collect()
}
