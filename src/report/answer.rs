//! What a query is answered.
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::document::{self, Document, all_lossy, lossy};
use crate::{
    error::{Error, Result},
    store::TrackId,
    tags::Tags,
    units::Seconds,
};

/// The answer to one query. [`json`](crate::report::json) writes it as a document.
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
    /// The best places that were looked at, matches or not, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<Match>>,
    /// Length of the clip.
    pub duration: Seconds,
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
    pub id: TrackId,
    /// The probability that it is right, 0..=1.
    pub score: f64,
    /// Where the matched range begins in the query.
    pub query_start: Seconds,
    /// Where it ends.
    pub query_end: Seconds,
    /// Where the matched range begins in the track.
    pub ref_start: Seconds,
    /// Where it ends.
    pub ref_end: Seconds,
    /// Where else in the track the same sound begins, ascending. `ref_start` is the first place.
    pub also_at: Vec<Seconds>,
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
    #[serde(rename = "rival")]
    pub runner_up: f64,
    /// How many variants of the query, transposed or at another speed, were compared when it was found; 1 where it was
    /// found as it is.
    pub variants: u32,
}

impl Answer {
    /// The answer with these matches, best first.
    pub(crate) fn of(
        query: &Path,
        matches: Vec<Match>,
        candidates: Option<Vec<Match>>,
        duration: Seconds,
    ) -> Self {
        Self {
            query: query.to_owned(),
            status: if matches.is_empty() { Status::NoMatch } else { Status::Match },
            matches,
            candidates,
            duration,
        }
    }
}

impl document::sealed::Sealed for Answer {}

impl Document for Answer {
    fn document(name: &Path, outcome: Result<&Self, &Error>) -> String {
        /// What stands where an answer would.
        #[derive(Serialize)]
        struct Failed<'a> {
            #[serde(serialize_with = "lossy")]
            query: &'a Path,
            status: &'static str,
            matches: [(); 0],
            error: String,
        }
        match outcome {
            Ok(answer) => document::line(answer),
            Err(error) => {
                let error = error.to_string();
                document::line(&Failed { query: name, status: "error", matches: [], error })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::json;

    #[test]
    fn the_json_has_the_fields_that_are_promised() {
        let found = Match {
            path: "/m/a.ogg".into(),
            also_paths: vec!["/m/b.ogg".into()],
            missing: false,
            id: TrackId(7),
            score: 0.99,
            query_start: Seconds(0.0),
            query_end: Seconds(5.0),
            ref_start: Seconds(61.25),
            ref_end: Seconds(66.25),
            also_at: vec![Seconds(80.5)],
            tempo: 1.0,
            pitch: 0.0,
            tags: Tags { title: Some("A".into()), track_number: Some(3), ..Tags::default() },
            evidence: 20.5,
            similarity: 0.9,
            runner_up: 2.25,
            variants: 1,
        };
        assert_eq!(
            json(
                Path::new("clip.wav"),
                &Ok(Answer::of(Path::new("clip.wav"), vec![found], None, Seconds(5.0)))
            ),
            r#"{"query":"clip.wav","status":"match","matches":[{"path":"/m/a.ogg","also_paths":["/m/b.ogg"],"missing":false,"id":7,"score":0.99,"query_start":0.0,"query_end":5.0,"ref_start":61.25,"ref_end":66.25,"also_at":[80.5],"tempo":1.0,"pitch":0.0,"title":"A","artist":null,"album":null,"track_number":3,"disc_number":null,"recording_mbid":null,"release_mbid":null,"acoustid":null,"evidence":20.5,"similarity":0.9,"rival":2.25,"variants":1}],"duration":5.0}"#
        );
        assert_eq!(
            json(Path::new("-"), &Ok(Answer::of(Path::new("-"), vec![], None, Seconds(1.5)))),
            r#"{"query":"-","status":"no_match","matches":[],"duration":1.5}"#
        );
        assert_eq!(
            json::<Answer>(Path::new("x"), &Err(Error::Interrupted)),
            r#"{"query":"x","status":"error","matches":[],"error":"interrupted"}"#
        );
    }
}
