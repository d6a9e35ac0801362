//! Another place of a track that may be what is heard.
//!
//! Music repeats itself. The first look at a play may hold nothing but a loop, and see it at the wrong turn. So the places that
//! looks see beside it are compared with it for as long as it goes on, and it moves to the one that explains more.

/// How many other places of a play are compared with it.
const MAX: usize = 3;

/// By how much evidence another place must be ahead. Turns of a loop that sound the same differ by less.
const AHEAD: f32 = 1.5;

/// What a place explains: the best that the sum of its evidence has been. What comes after the end of a play lowers the sum only.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Explained {
    sum: f32,
    best: f32,
}

impl Explained {
    /// Adds the evidence of pairs of frames, less `cost` for each.
    pub fn add<'p>(&mut self, along: impl IntoIterator<Item = &'p (f64, f32)>, cost: f32) {
        for (_, evidence) in along {
            self.sum += evidence - cost;
            self.best = self.best.max(self.sum);
        }
    }
}

/// Another place of the track of a play, and what was heard there.
#[derive(Clone, Debug)]
pub(super) struct OtherLine<H> {
    pub heard: H,
    /// What it explains, and what the play explains, up to half frame `compared` of the recording.
    pub own: Explained,
    pub plays: Explained,
    pub compared: usize,
}

impl<H> OtherLine<H> {
    /// A place that is to be compared with a play from half frame `from` on.
    pub fn new(heard: H, from: f64) -> Self {
        let [own, plays] = [Explained::default(); 2];
        Self { heard, own, plays, compared: from.max(0.0) as usize }
    }

    /// By how much evidence it is ahead of the play.
    fn ahead(&self) -> f32 {
        self.own.best - self.plays.best
    }
}

/// Adds another place of a play. If there are enough, it takes the place of one that is clearly behind.
pub(super) fn add<H>(lines: &mut Vec<OtherLine<H>>, line: OtherLine<H>) {
    if lines.len() < MAX {
        lines.push(line);
    } else if let Some(last) = lines.iter_mut().min_by(|a, b| a.ahead().total_cmp(&b.ahead()))
        && last.ahead() < -AHEAD
    {
        *last = line;
    }
}

/// The place that explains more than the play itself, if there is one: its number.
pub(super) fn better<H>(lines: &[OtherLine<H>]) -> Option<usize> {
    let best = lines.iter().enumerate().max_by(|a, b| a.1.ahead().total_cmp(&b.1.ahead()));
    best.filter(|(_, line)| line.ahead() >= AHEAD).map(|(at, _)| at)
}
