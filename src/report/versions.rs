//! The versions of a piece, and tracks of similar harmony.
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{
    answer::Status,
    document::{self, Document, all_lossy, lossy},
};
use crate::{
    error::{Error, Result},
    store::TrackId,
    tags::Tags,
    units::Seconds,
};

/// The versions of a piece: other performances of it. [`json`](crate::report::json) writes it as a document.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Versions {
    /// The clip or the track, as the caller named it; `-` for standard input.
    #[serde(serialize_with = "lossy")]
    pub query: PathBuf,
    /// Whether there are versions.
    pub status: Status,
    /// The versions, surest first.
    pub versions: Vec<Version>,
    /// The duration of the clip or the track.
    pub duration: Seconds,
    /// What was wrong with the clip: damage, and what was done about it; or that nothing in it has versions.
    pub warnings: Vec<String>,
    /// Whether the index has tracks that an older refrain added. They were not compared;
    /// [`Index::rebuild`](crate::Index::rebuild) includes them.
    pub incomplete: bool,
}

/// A track that is another performance of a piece.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Version {
    /// The track's file as an absolute path: the first existing one, in order of paths.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// Other existing files with the same content.
    #[serde(serialize_with = "all_lossy")]
    pub also_paths: Vec<PathBuf>,
    /// Whether it is the same recording rather than another performance: a copy, another speed, a part, an edit. Only with
    /// [`VersionOptions::copies`](crate::VersionOptions::copies).
    pub same_recording: bool,
    /// Whether all of its files were missing when an update last looked for them.
    pub missing: bool,
    /// The track's id.
    pub id: TrackId,
    /// The probability that it is a version, 0 to 1.
    pub score: f64,
    /// How much higher the query is than the track, in semitones, -5 to 6: chroma knows no octaves.
    pub transposition: i32,
    /// The query's speed over the track's: 1.05 if the query is 5 % faster.
    pub tempo: f64,
    /// Places that are the same in the piece, ascending: seconds in the query, and in the track.
    pub alignment: Vec<[Seconds; 2]>,
    /// How much more than by chance the melodies agree, summed along the alignment. A loop that is played again and again counts
    /// ten times at most.
    pub evidence: f64,
    /// What chance reaches: the same for the track played backwards, or the median of the tracks that were aligned.
    pub chance: f64,
    /// The tags of the track's file. In JSON they stand beside the other fields.
    #[serde(flatten)]
    pub tags: Tags,
}

/// Tracks of similar harmony. [`json`](crate::report::json) writes it as a document.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Similar {
    /// The track, as the caller named it.
    #[serde(serialize_with = "lossy")]
    pub query: PathBuf,
    /// The most similar tracks first.
    pub similar: Vec<SimilarTrack>,
    /// Whether the index has tracks that an older refrain added. They were not compared;
    /// [`Index::rebuild`](crate::Index::rebuild) includes them.
    pub incomplete: bool,
}

/// A track of similar harmony.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SimilarTrack {
    /// The track's file as an absolute path: the first existing one, in order of paths.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// How similar it is, 0 to 1. No probability.
    pub score: f64,
    /// The track's id.
    pub id: TrackId,
    /// Its length.
    pub duration: Seconds,
    /// The tags of the track's file. In JSON they stand beside the other fields.
    #[serde(flatten)]
    pub tags: Tags,
}

impl document::sealed::Sealed for Versions {}

impl Document for Versions {
    fn document(name: &Path, outcome: Result<&Self, &Error>) -> String {
        /// The document of a query that failed.
        #[derive(Serialize)]
        struct Failed<'a> {
            #[serde(serialize_with = "lossy")]
            query: &'a Path,
            status: &'static str,
            versions: [(); 0],
            error: String,
        }
        match outcome {
            Ok(answer) => document::line(answer),
            Err(error) => {
                let error = error.to_string();
                document::line(&Failed { query: name, status: "error", versions: [], error })
            }
        }
    }
}

impl document::sealed::Sealed for Similar {}

impl Document for Similar {
    fn document(name: &Path, outcome: Result<&Self, &Error>) -> String {
        /// The document of a query that failed.
        #[derive(Serialize)]
        struct Failed<'a> {
            #[serde(serialize_with = "lossy")]
            query: &'a Path,
            similar: [(); 0],
            error: String,
        }
        match outcome {
            Ok(answer) => document::line(answer),
            Err(error) => document::line(&Failed { query: name, similar: [], error: error.to_string() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::json;

    #[test]
    fn the_json_has_the_promised_fields() {
        let version = Version {
            path: "/m/a.ogg".into(),
            also_paths: vec![],
            same_recording: false,
            missing: false,
            id: TrackId(7),
            score: 0.99,
            transposition: -2,
            tempo: 1.1,
            alignment: vec![[Seconds(1.5), Seconds(3.0)], [Seconds(11.5), Seconds(14.0)]],
            evidence: 60.5,
            chance: 12.25,
            tags: Tags { title: Some("A".into()), ..Tags::default() },
        };
        let answer = Versions {
            query: "clip.wav".into(),
            status: Status::Match,
            versions: vec![version],
            duration: Seconds(30.0),
            warnings: vec![],
            incomplete: false,
        };
        assert_eq!(
            json(Path::new("clip.wav"), &Ok(answer)),
            r#"{"query":"clip.wav","status":"match","versions":[{"path":"/m/a.ogg","also_paths":[],"same_recording":false,"missing":false,"id":7,"score":0.99,"transposition":-2,"tempo":1.1,"alignment":[[1.5,3.0],[11.5,14.0]],"evidence":60.5,"chance":12.25,"title":"A","artist":null,"other_artists":[],"album":null,"track_number":null,"disc_number":null,"recording_mbid":null,"release_mbid":null,"acoustid":null}],"duration":30.0,"warnings":[],"incomplete":false}"#
        );
        assert_eq!(
            json::<Versions>(Path::new("x"), &Err(Error::Interrupted)),
            r#"{"query":"x","status":"error","versions":[],"error":"interrupted"}"#
        );
        let similar = SimilarTrack {
            path: "/m/b.ogg".into(),
            score: 0.5,
            id: TrackId(2),
            duration: Seconds(9.0),
            tags: Tags::default(),
        };
        let answer = Similar { query: "/m/a.ogg".into(), similar: vec![similar], incomplete: true };
        assert_eq!(
            json(Path::new("-"), &Ok(answer)),
            r#"{"query":"/m/a.ogg","similar":[{"path":"/m/b.ogg","score":0.5,"id":2,"duration":9.0,"title":null,"artist":null,"other_artists":[],"album":null,"track_number":null,"disc_number":null,"recording_mbid":null,"release_mbid":null,"acoustid":null}],"incomplete":true}"#
        );
        assert_eq!(
            json::<Similar>(Path::new("x"), &Err(Error::Interrupted)),
            r#"{"query":"x","similar":[],"error":"interrupted"}"#
        );
    }
}
