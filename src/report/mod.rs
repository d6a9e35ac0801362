//! Answers, as other programs read them.
#[cfg(feature = "analyze")]
mod harmonic;
#[cfg(feature = "analyze")]
pub(crate) mod plot;

#[cfg(feature = "analyze")]
pub use harmonic::{HarmonicAnalysis, HarmonicFigures, HarmonicStatus, nearest_note};

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer, ser::SerializeSeq};

use crate::decode::Tags;

/// The answer to one query; serialised, one line of the `--json` contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Answer {
    /// The clip, as it was named; `-` for standard input.
    #[serde(serialize_with = "lossy")]
    pub query: PathBuf,
    /// Whether there is a match.
    pub status: Status,
    /// The matches, best first. Empty unless `status` is [`Status::Match`].
    pub matches: Vec<Match>,
    /// Why there is no answer. Only where `status` is [`Status::Error`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The best places that were looked at, matches or not, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<Match>>,
    /// Length of the clip in seconds, where it could be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
}

/// Whether a query has a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// At least one.
    Match,
    /// None that is sure enough.
    NoMatch,
    /// The query could not be read.
    Error,
}

/// A place of the library that sounds like a range of the query.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Match {
    /// The track's file, absolute, as indexed: the first in order of paths of those that are there.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// Other files of the same content that are there.
    #[serde(serialize_with = "all_lossy")]
    pub also_paths: Vec<PathBuf>,
    /// Whether none of its files was there when they were last looked for.
    pub missing: bool,
    /// The track's id in the index.
    pub id: u32,
    /// The probability that it is right, 0..=1.
    pub score: f64,
    /// Where the matched range begins in the query, in seconds.
    pub query_start: f64,
    /// Where it ends.
    pub query_end: f64,
    /// Where the matched range begins in the track, in seconds.
    pub ref_start: f64,
    /// Where it ends.
    pub ref_end: f64,
    /// Where else in the track the same sound begins, in seconds, ascending. `ref_start` is the first place.
    pub also_at: Vec<f64>,
    /// The query's speed over the track's.
    pub tempo: f64,
    /// How much higher the query is than the track, in semitones.
    pub pitch: f64,
    /// What the track's file says of itself; its fields stand beside the others in JSON.
    #[serde(flatten)]
    pub tags: Tags,
    /// The evidence that the score is made of: how much more than chance frames and windows agree, summed over the
    /// range.
    pub evidence: f64,
    /// The cosine of the query's and the track's chroma over the range, -1..=1.
    pub similarity: f64,
    /// The most evidence for another track, copies of this one left out: what chance, or likeness, reaches.
    pub rival: f64,
    /// How many variants of the query, transposed or at another speed, were compared when it was found; 1 where it was
    /// found as it is.
    pub variants: u32,
}

impl Answer {
    /// The answer to a query that could not be read.
    pub fn error(query: &Path, error: &crate::Error) -> Self {
        Self {
            query: query.to_owned(),
            status: Status::Error,
            matches: Vec::new(),
            error: Some(error.to_string()),
            candidates: None,
            duration: None,
        }
    }

    /// The answer with these matches, best first.
    pub fn of(query: &Path, matches: Vec<Match>, candidates: Option<Vec<Match>>, duration: f64) -> Self {
        Self {
            query: query.to_owned(),
            status: if matches.is_empty() { Status::NoMatch } else { Status::Match },
            matches,
            error: None,
            candidates,
            duration: Some(duration),
        }
    }

    /// One line of JSON, without a line break.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and finite numbers always serialise")
    }
}

/// A path as text; what is not UTF-8 in it becomes U+FFFD.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

fn all_lossy<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(paths.len()))?;
    paths.iter().try_for_each(|path| list.serialize_element(&path.to_string_lossy()))?;
    list.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_has_the_fields_that_are_promised() {
        let found = Match {
            path: "/m/a.ogg".into(),
            also_paths: vec!["/m/b.ogg".into()],
            missing: false,
            id: 7,
            score: 0.99,
            query_start: 0.0,
            query_end: 5.0,
            ref_start: 61.25,
            ref_end: 66.25,
            also_at: vec![80.5],
            tempo: 1.0,
            pitch: 0.0,
            tags: Tags { title: Some("A".into()), track_number: Some(3), ..Tags::default() },
            evidence: 20.5,
            similarity: 0.9,
            rival: 2.25,
            variants: 1,
        };
        assert_eq!(
            Answer::of(Path::new("clip.wav"), vec![found], None, 5.0).to_json(),
            r#"{"query":"clip.wav","status":"match","matches":[{"path":"/m/a.ogg","also_paths":["/m/b.ogg"],"missing":false,"id":7,"score":0.99,"query_start":0.0,"query_end":5.0,"ref_start":61.25,"ref_end":66.25,"also_at":[80.5],"tempo":1.0,"pitch":0.0,"title":"A","artist":null,"album":null,"track_number":3,"disc_number":null,"recording_mbid":null,"release_mbid":null,"acoustid":null,"evidence":20.5,"similarity":0.9,"rival":2.25,"variants":1}],"duration":5.0}"#
        );
        assert_eq!(
            Answer::of(Path::new("-"), vec![], None, 1.5).to_json(),
            r#"{"query":"-","status":"no_match","matches":[],"duration":1.5}"#
        );
        let error = crate::Error::Interrupted;
        assert_eq!(
            Answer::error(Path::new("x"), &error).to_json(),
            r#"{"query":"x","status":"error","matches":[],"error":"interrupted"}"#
        );
    }
}
