//! A range of the query that agrees with a range of a track, and how places of neighbouring chunks become one.
use crate::store::TrackId;

/// Half frames by which the offsets of two neighbouring ranges of one match may differ.
const SAME_OFFSET: f64 = 4.0;

/// Half frames without agreement that do not end a match.
pub(crate) const GAP: usize = 64;

/// Half frames between the offsets of two anchors that are as well none: 28 ms.
const NO_DRIFT: f64 = 0.3;

/// A range of the query that agrees with a range of a track.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub track: TrackId,
    /// Where the first and the last of the chunks that make it up were aligned.
    pub first: Anchor,
    pub last: Anchor,
    pub from: usize,
    pub to: usize,
    pub evidence: f32,
    pub similarity: f32,
    /// Frame pairs in the range.
    pub pairs: f64,
    /// Of a single chunk.
    pub tempo: f64,
    /// In constant-Q bins.
    pub pitch: f64,
    /// Variants of the query that were looked at when it was found.
    pub variants: u32,
    /// The most evidence for another track, unless that track holds the same sound there.
    pub rival: f32,
    /// How much further on in the track the same sound is, in half frames; negative where it comes before.
    pub repeats: Vec<f64>,
}

/// A point of the query and the one of the track that it is aligned with: `at` and `at + offset`, in half frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Anchor {
    pub at: f64,
    pub offset: f64,
}

impl Place {
    /// The query's speed over the track's.
    pub fn tempo(&self) -> f64 {
        let (length, drift) = (self.last.at - self.first.at, self.last.offset - self.first.offset);
        // Several chunks tell more than one, unless that one says that there is nothing to tell.
        let none = self.tempo == 1.0 && drift.abs() < NO_DRIFT;
        if length > 0.0 && !none { 1.0 + drift / length } else { self.tempo }
    }

    /// The half frame of the track that half frame `at` of the query is aligned with.
    pub fn in_track(&self, at: f64) -> f64 {
        self.first.at + self.first.offset + (at - self.first.at) * self.tempo()
    }
}

/// Adds `new` to `places`: to one that it continues, or as one of its own. Only what was found before half frame `done`, in
/// another chunk, is continued: two ranges of one chunk were scored each on its own.
pub(crate) fn join(places: &mut Vec<Place>, new: Place, done: usize) {
    let continued = places.iter_mut().find(|p| {
        p.track == new.track
            && p.to <= done
            && new.from >= p.to
            && new.from - p.to <= GAP
            && (p.in_track(new.first.at) - new.first.at - new.first.offset).abs() <= SAME_OFFSET
    });
    let Some(place) = continued else { return places.push(new) };
    let (a, b) = ((place.to - place.from) as f32, (new.to - new.from) as f32);
    let mean = |x: f64, y: f64| (x * f64::from(a) + y * f64::from(b)) / f64::from(a + b);
    place.similarity = mean(f64::from(place.similarity), f64::from(new.similarity)) as f32;
    place.pitch = mean(place.pitch, new.pitch);
    place.evidence += new.evidence;
    place.rival += new.rival;
    place.pairs += new.pairs;
    place.last = new.first;
    place.to = new.to;
    place.repeats.retain(|by| new.repeats.iter().any(|other| (by - other).abs() <= SAME_OFFSET));
}

/// Whether two places share more than half of the shorter one's range of the query.
pub(crate) fn overlap(a: &Place, b: &Place) -> bool {
    let shared = a.to.min(b.to).saturating_sub(a.from.max(b.from));
    2 * shared > (a.to - a.from).min(b.to - b.from)
}
