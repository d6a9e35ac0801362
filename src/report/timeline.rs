//! What was played when in a recording.
mod csv;
mod cue;
mod format;
mod gaps;
mod labels;
mod list;
mod m3u;
mod names;
mod rttm;
#[cfg(test)]
mod tests;
mod text;
pub(crate) mod writer;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::document::{self, Document, all_lossy, lossy, lossy_or_none};
use crate::{
    error::{Error, Result},
    store::TrackId,
    tags::Tags,
    units::Seconds,
};

/// What was played when in one recording. [`json`](crate::report::json) writes it as a document.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Timeline {
    /// The recording, as the caller named it; `-` for standard input.
    #[serde(serialize_with = "lossy")]
    pub file: PathBuf,
    /// The duration of the recording.
    pub duration: Seconds,
    /// What was played, in order of the starts. Two plays overlap where two tracks are heard at once.
    pub plays: Vec<Play>,
    /// Stretches that have sound but no known track: start and end.
    pub unknown: Vec<(Seconds, Seconds)>,
    /// Stretches without sound: start and end.
    pub silent: Vec<(Seconds, Seconds)>,
    /// Stretches in which two plays are heard at once: start and end.
    pub overlap: Vec<(Seconds, Seconds)>,
    /// What was wrong with the recording: damage, and what was done about it.
    pub warnings: Vec<String>,
}

/// A track that was played in a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Play {
    /// Where it starts in the recording.
    pub start: Seconds,
    /// Where it ends in the recording.
    pub end: Seconds,
    /// The track's file as an absolute path: the first existing one, in order of paths. For audio that is not a file,
    /// its name.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// Where the play begins in the track.
    pub ref_start: Seconds,
    /// Where the play ends in the track.
    pub ref_end: Seconds,
    /// The recording's speed over the track's: 1.05 if it was played 5 % faster.
    pub tempo: f64,
    /// How much higher than the track it was played, in semitones.
    pub pitch: f64,
    /// The probability that the play is right, 0 to 1.
    pub score: f64,
    /// The track's id in its index file.
    pub id: TrackId,
    /// The index file that holds the track, if several were asked; a missing field otherwise.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "lossy_or_none")]
    pub shard: Option<PathBuf>,
    /// Other existing files with the same content.
    #[serde(serialize_with = "all_lossy")]
    pub also_paths: Vec<PathBuf>,
    /// The files of other tracks that hold the same recording.
    #[serde(serialize_with = "all_lossy")]
    pub copies: Vec<PathBuf>,
    /// Whether none of the track's files existed when the index was last brought up to date.
    pub missing: bool,
    /// The tags of the track's file. In JSON they stand beside the other fields.
    #[serde(flatten)]
    pub tags: Tags,
}

impl document::sealed::Sealed for Timeline {}

impl Document for Timeline {
    fn document(name: &Path, outcome: Result<&Self, &Error>) -> String {
        /// The document of a recording that failed.
        #[derive(Serialize)]
        struct Failed<'a> {
            #[serde(serialize_with = "lossy")]
            file: &'a Path,
            status: &'static str,
            plays: [(); 0],
            error: String,
        }
        match outcome {
            Ok(timeline) => document::line(timeline),
            Err(error) => {
                document::line(&Failed { file: name, status: "error", plays: [], error: error.to_string() })
            }
        }
    }
}
