//! The answer to a query.
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::document::{self, Document, all_lossy, lossy, lossy_or_none};
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
    /// The clip, as the caller named it; `-` for standard input.
    #[serde(serialize_with = "lossy")]
    pub query: PathBuf,
    /// Whether there is a match.
    pub status: Status,
    /// The matches, one for each recording: those that cover most seconds of the clip first, then by score. Empty unless
    /// `status` is [`Status::Match`].
    pub matches: Vec<Match>,
    /// The best places that were compared, matches or not. Only with
    /// [`QueryOptions::explain`](crate::QueryOptions::explain).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<Match>>,
    /// The duration of the clip.
    pub duration: Seconds,
    /// What was wrong with the clip: damage, and what was done about it; or that it is silent.
    pub warnings: Vec<String>,
    /// Whether there are more matches than [`QueryOptions::top`](crate::QueryOptions::top) allows. Not in JSON.
    #[serde(skip)]
    pub more: bool,
}

/// Whether a query has a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// There is at least one match.
    Match,
    /// No place is sure enough.
    NoMatch,
}

/// A range of the query that agrees with a range of a track.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Match {
    /// The track's file as an absolute path: the first existing one, in order of paths. For audio that is not a file,
    /// its name.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// Other existing files with the same content.
    #[serde(serialize_with = "all_lossy")]
    pub also_paths: Vec<PathBuf>,
    /// The files of other tracks that hold the same recording, in order of paths. A missing file is named only if its track
    /// has no other.
    #[serde(serialize_with = "all_lossy")]
    pub copies: Vec<PathBuf>,
    /// Whether all of its files were missing when an update last looked for them.
    pub missing: bool,
    /// The track's id in its index file.
    pub id: TrackId,
    /// The index file that holds the track, if several were asked; a missing field otherwise.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "lossy_or_none")]
    pub shard: Option<PathBuf>,
    /// The probability that the match is right, 0 to 1.
    pub score: f64,
    /// Where the matched range begins in the query.
    pub query_start: Seconds,
    /// Where the matched range ends in the query.
    pub query_end: Seconds,
    /// Where the matched range begins in the track.
    pub ref_start: Seconds,
    /// Where the matched range ends in the track.
    pub ref_end: Seconds,
    /// Where else in the track the same sound begins, ascending. `ref_start` comes before all of them.
    pub also_at: Vec<Seconds>,
    /// The query's speed over the track's: 1.05 if the query is 5 % faster.
    pub tempo: f64,
    /// How much higher the query is than the track, in semitones.
    pub pitch: f64,
    /// The tags of the track's file. In JSON they stand beside the other fields.
    #[serde(flatten)]
    pub tags: Tags,
    /// The evidence behind the score: how much more than by chance frames and windows agree, summed over the range.
    pub evidence: f64,
    /// The cosine of the query's and the track's chroma over the range, -1 to 1.
    pub similarity: f64,
    /// The most evidence for another track that is not a copy: what chance, or similarity, reaches. JSON calls it
    /// `rival`.
    #[serde(rename = "rival")]
    pub runner_up: f64,
    /// How many variants of the query, transposed or at another speed, were tried when the match was found; 1 if the
    /// query was found as it is.
    pub variants: u32,
}

impl Answer {
    /// Makes the answer from its matches, best first.
    pub(crate) fn of(
        query: &Path,
        matches: Vec<Match>,
        candidates: Option<Vec<Match>>,
        duration: Seconds,
        more: bool,
    ) -> Self {
        Self {
            query: query.to_owned(),
            status: if matches.is_empty() { Status::NoMatch } else { Status::Match },
            matches,
            candidates,
            duration,
            warnings: Vec::new(),
            more,
        }
    }
}

impl document::sealed::Sealed for Answer {}

impl Document for Answer {
    fn document(name: &Path, outcome: Result<&Self, &Error>) -> String {
        /// The document of a query that failed.
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
    fn the_json_has_the_promised_fields() {
        let found = Match {
            path: "/m/a.ogg".into(),
            also_paths: vec!["/m/b.ogg".into()],
            copies: vec!["/m/c.mp3".into()],
            missing: false,
            id: TrackId(7),
            shard: None,
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
        let mut answer = Answer::of(Path::new("clip.wav"), vec![found], None, Seconds(5.0), true);
        answer.warnings.push("truncated".into());
        assert_eq!(
            json(Path::new("clip.wav"), &Ok(answer)),
            r#"{"query":"clip.wav","status":"match","matches":[{"path":"/m/a.ogg","also_paths":["/m/b.ogg"],"copies":["/m/c.mp3"],"missing":false,"id":7,"score":0.99,"query_start":0.0,"query_end":5.0,"ref_start":61.25,"ref_end":66.25,"also_at":[80.5],"tempo":1.0,"pitch":0.0,"title":"A","artist":null,"other_artists":[],"album":null,"track_number":3,"disc_number":null,"recording_mbid":null,"release_mbid":null,"acoustid":null,"evidence":20.5,"similarity":0.9,"rival":2.25,"variants":1}],"duration":5.0,"warnings":["truncated"]}"#
        );
        assert_eq!(
            json(Path::new("-"), &Ok(Answer::of(Path::new("-"), vec![], None, Seconds(1.5), false))),
            r#"{"query":"-","status":"no_match","matches":[],"duration":1.5,"warnings":[]}"#
        );
        assert_eq!(
            json::<Answer>(Path::new("x"), &Err(Error::Interrupted)),
            r#"{"query":"x","status":"error","matches":[],"error":"interrupted"}"#
        );
    }
}
