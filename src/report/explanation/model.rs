//! The numbers of an explanation.
use std::path::PathBuf;

use serde::Serialize;

use crate::{
    report::{
        answer::{Match, Status},
        document::lossy,
        versions::Version,
    },
    units::Seconds,
};

/// Why a clip matches a track, or does not: from [`Index::explain`](crate::Index::explain).
///
/// [`json`](crate::report::json) writes it as a document, and [`svg`](Self::svg), [`png`](Self::png) and
/// [`html`](Self::html) draw it. Every number of the picture is in the document.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The clip, as the caller named it; `-` for standard input.
    #[serde(serialize_with = "lossy")]
    pub query: PathBuf,
    /// Whether the explained track matches the clip.
    pub status: Status,
    /// Which rule decided.
    pub rule: Rule,
    /// The rule in a sentence, with its numbers.
    pub reason: String,
    /// The lowest score that counts as a match.
    pub min_score: f64,
    /// The place that is explained: the best match, or the best place of the track that was asked for. `None` if there is no
    /// place at all. Its fields are those of a match in an [`Answer`](crate::Answer), with the same numbers.
    pub place: Option<Match>,
    /// The place of another track that fits best. `None` if no other track comes near, or none of those that were compared.
    pub rival: Option<Match>,
    /// The evidence that the place needs for a match, if all else stays and the track is no other rendering. `None` if no
    /// evidence is enough.
    pub needed_evidence: Option<f64>,
    /// How probable it is that the track has the same notes in another rendering.
    pub other_rendering: f64,
    /// The duration of the clip.
    pub duration: Seconds,
    /// The duration of the track.
    pub track_duration: Option<Seconds>,
    /// Pairs of times, in the clip and in the track, that belong together: the ends of the place, and the ends of its parts if
    /// the clip is longer than a minute.
    pub path: Vec<(f64, f64)>,
    /// The evidence over time.
    pub evidence: Option<EvidenceCurve>,
    /// The evidence of the rival over time; `None` for a clip of more than a minute, where the rival may change.
    pub rival_evidence: Option<EvidenceCurve>,
    /// Where the clip would begin in the track and in the rival, according to its windows.
    pub votes: Option<Votes>,
    /// The chroma of the clip, read at the pitch of the track.
    pub clip_chroma: Option<ChromaMap>,
    /// The chroma of the track around the place.
    pub track_chroma: Option<ChromaMap>,
    /// How similar the clip and the track are around the place.
    pub similarity: Option<SimilarityMap>,
    /// The track that is another performance of the same piece: the track that was asked for, or the surest one. `None` if the
    /// clip matches, lasts less than 20 s, or has no such track. Its fields are those of a version in
    /// [`Versions`](crate::report::Versions).
    pub version: Option<Version>,
    /// How alike the melodies of the clip and of that track are, at the transposition of the version.
    pub version_similarity: Option<SimilarityMap>,
    /// What was wrong with the clip, and what the explanation leaves out.
    pub warnings: Vec<String>,
}

/// The rule that decided whether a clip matches a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// The score is high enough.
    Match,
    /// The score is high enough, and the track holds the same recording as the match that the answer names.
    Copy,
    /// The clip fits the track better when it is played backwards.
    Backwards,
    /// The track has the same notes in another rendering: other instruments, another player.
    OtherRendering,
    /// Another track fits as well, or nearly as well.
    Rival,
    /// The place was found at another pitch or speed only, of which many were tried.
    Variants,
    /// There is too little evidence.
    Evidence,
    /// No part of the index is near the clip.
    NothingNear,
    /// The clip, or its part at the place, has no notes that change.
    Steady,
    /// The clip is silent.
    Silence,
    /// The index holds no track.
    EmptyIndex,
}

/// The evidence of a place over time. Times are seconds of the clip.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EvidenceCurve {
    /// Time and evidence of each pair of frames, also outside of the place.
    pub frames: Vec<(f64, f64)>,
    /// Time and evidence of each window of the place. A window is a comparison of about 3 s.
    pub windows: Vec<(f64, f64)>,
    /// Time and sum of the evidence from the start of the place to its end. The last sum is the evidence of the place.
    pub sum: Vec<(f64, f64)>,
}

/// Chroma over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChromaMap {
    /// The time at which the first column begins, in seconds.
    pub start: f64,
    /// Seconds from one column to the next.
    pub step: f64,
    /// A list for each column, with a value for each semitone from A2 (110 Hz) up: how much louder it is than its mean over
    /// 2 s.
    pub values: Vec<Vec<f32>>,
}

/// The similarity of each moment of a clip with each moment of a track.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SimilarityMap {
    /// The time in the clip at which the first row begins, in seconds.
    pub clip_start: f64,
    /// Seconds from one row to the next.
    pub clip_step: f64,
    /// The time in the track at which the first column begins, in seconds.
    pub track_start: f64,
    /// Seconds from one column to the next.
    pub track_step: f64,
    /// A list for each row, with the cosine for each column, -1 to 1.
    pub values: Vec<Vec<f32>>,
}

/// Votes for where in a track the clip begins. The windows of the clip vote for the places of the most similar windows of the
/// index.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Votes {
    /// Seconds and votes of the track, in order of time.
    pub track: Vec<(f64, f64)>,
    /// Seconds and votes of the rival, in order of time.
    pub rival: Vec<(f64, f64)>,
}
