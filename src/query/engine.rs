//! Everything that answering a query needs: the index, the search in it, the score.
use super::{options::QueryOptions, place::Place};
use crate::{
    align::{Features, Reference, WindowEvidence, has_own_key_and_tempo, is_other_rendering, probability},
    error::Result,
    fingerprint::{FrameCode, Projection},
    library::{Library, Search, Stretch},
    params::ParameterSet,
    store::TrackId,
    units::Frames,
};

/// What a place is worth where no notes of the query change: a hundredth, so that no such place matches, and it still comes before
/// places that do not agree.
const STEADY: f64 = 0.01;

/// How much work a chunk is worth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// How many sounds of a chunk have their windows compared: those with the best frames. All tracks with one sound count
    /// as one.
    pub compared: usize,
    /// How many sounds of a chunk are kept, best first.
    pub kept: usize,
    /// Whether a chunk without a match is looked up in more lists of the neighbour index.
    pub deeper: bool,
    /// How many lists of the neighbour index each window is looked up in; `None` for as many as there is time for.
    pub nprobe: Option<usize>,
    /// The same for the windows of a variant.
    pub variant_nprobe: usize,
}

impl Effort {
    /// For a clip: all that was seen to find more.
    pub(crate) const CLIP: Self =
        Self { compared: 64, kept: 16, deeper: true, nprobe: None, variant_nprobe: 16 };

    /// For one of many looks at the same recording: what one misses, the next may find. Few other tracks show what chance
    /// reaches, so what is found has to be confirmed.
    pub(crate) const LOOK: Self =
        Self { compared: 16, kept: 6, deeper: false, nprobe: Some(8), variant_nprobe: 6 };

    /// To confirm what a look found.
    pub(crate) const CONFIRM: Self = Self { deeper: false, ..Self::CLIP };
}

/// Answers queries out of a library.
pub(crate) struct Query<'s> {
    pub library: &'s dyn Library,
    pub params: ParameterSet,
    pub options: QueryOptions,
    pub effort: Effort,
    pub searcher: Box<dyn Search + 's>,
    pub projection: Projection,
    pub frame_code: FrameCode,
    pub window_evidence: WindowEvidence,
    /// Windows in the library, counted up to the limit that the score needs.
    pub windows: u64,
}

impl<'s> Query<'s> {
    pub(crate) fn new(library: &'s dyn Library, options: &QueryOptions) -> Result<Self> {
        let params = *library.params();
        Ok(Self {
            library,
            params,
            options: options.clone(),
            effort: Effort::CLIP,
            searcher: library.searcher(options.exact),
            projection: Projection::new(&params),
            frame_code: FrameCode::new(&params),
            window_evidence: WindowEvidence::new(&params),
            windows: library.windows_up_to(params.score.many_windows)?,
        })
    }

    /// Leaves out a track: the query itself.
    pub(crate) fn excluding(mut self, track: TrackId) -> Self {
        self.searcher.exclude(track);
        self
    }

    /// The probability that a place is right and no other rendering of the same notes, for a query or chunk of `query_pairs` frames.
    /// Low where no notes of the query change.
    pub(crate) fn score(&self, place: &Place, query_pairs: f64) -> f64 {
        let features = Features {
            evidence: place.evidence,
            similarity: place.similarity,
            pairs: place.pairs,
            query_pairs,
            variants: place.variants,
            runner_up: place.runner_up,
            windows: self.windows,
        };
        let steady = if place.is_steady() { STEADY } else { 1.0 };
        f64::from(probability(&self.params.score, &features))
            * (1.0 - self.is_other_rendering(place))
            * steady
    }

    /// The probability that the track is another rendering of the notes at the place; 0 where that was not measured.
    pub(crate) fn is_other_rendering(&self, place: &Place) -> f64 {
        let semitones = place.pitch / self.params.bins_per_semitone() as f64;
        let is_own = has_own_key_and_tempo(place.tempo(), semitones);
        place
            .traits
            .map_or(0.0, |traits| is_other_rendering(&self.params.rendering, &traits, place.pairs, is_own))
    }

    /// The track's frames `from..to`, or as many of them as exist.
    pub(crate) fn stored(&self, track: TrackId, from: i64, to: i64) -> Result<Reference> {
        Ok(self.unpacked(from, &self.packed(track, from, to)?))
    }

    /// The track's frames `from..to` as they are stored, or as many of them as exist.
    pub(crate) fn packed(&self, track: TrackId, from: i64, to: i64) -> Result<Vec<u8>> {
        let mut packed = Vec::new();
        self.library.frames(&stretch(track, from, to), &mut packed)?;
        Ok(packed)
    }

    /// Unpacks stored frames. The first one is frame `first` of its track.
    pub(crate) fn unpacked(&self, first: i64, packed: &[u8]) -> Reference {
        let mut reference = Reference { first: clamped(first) as i32, frames: vec![0.0; 2 * packed.len()] };
        self.frame_code.unpack(packed, &mut reference.frames);
        reference
    }
}

/// The frames `from..to` of a track, as far as a track can have them.
pub(super) fn stretch(track: TrackId, from: i64, to: i64) -> Stretch {
    Stretch { track, frames: Frames(clamped(from))..Frames(clamped(to)) }
}

fn clamped(frame: i64) -> u32 {
    frame.clamp(0, i64::from(i32::MAX)) as u32
}
