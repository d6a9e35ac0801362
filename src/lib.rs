//! Finds which recording a piece of audio comes from, out of one SQLite file.
//!
//! The default features build the command, with clap, indicatif and other crates that no library needs. Switch them off in a
//! program that uses the library:
//!
//! ```toml
//! [dependencies]
//! refrain = { version = "0.1", default-features = false, features = ["formats"] }
//! ```
//!
//! `formats` reads audio files. [Features](#features) lists the others.
//!
//! refrain fingerprints audio files into an [`Index`]. Asked for a clip, it returns the recordings that the clip comes from:
//! which part of the clip is which part of the recording, how sure that is, and how far tempo and pitch differ. The command
//! of the same name is built on this library.
//!
//! ```
//! # #[cfg(feature = "formats")]
//! # fn main() -> refrain::Result<()> {
//! use refrain::{Index, Status};
//!
//! # let folder = tempfile::tempdir().unwrap();
//! # let file = folder.path().join("music.refrain");
//! let index = Index::open_or_create(&file)?;
//! let summary = index.build("fixtures/audio/songs")?;
//! assert_eq!((summary.added, summary.failed.len()), (10, 0));
//!
//! // The clip was cut out of second-orbit.flac at 12 s.
//! let answer = index.query("fixtures/audio/clips/clean.wav")?;
//! assert_eq!(answer.status, Status::Match);
//! let best = &answer.matches[0];
//! assert!(best.path.ends_with("second-orbit.flac"));
//! assert!(((best.ref_start - best.query_start).0 - 12.0).abs() < 0.1);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "formats"))]
//! # fn main() {}
//! ```
//!
//! # By task
//!
//! | task | call |
//! |---|---|
//! | open or create an index | [`Index::open`], [`Index::open_or_create`], [`Index::open_to_write`] |
//! | index folders, and keep up with them | [`Index::build`], [`Index::update`], [`BuildOptions`] |
//! | add one file, a stream or samples | [`Index::add`], [`Index::add_audio`], [`AddOptions`] |
//! | identify a clip | [`Index::query`], [`QueryOptions`], [`Answer`], [`Match`] |
//! | identify many clips | [`Index::query_all`] |
//! | see why a clip matches, or does not | [`Index::explain`], [`Explanation`] |
//! | identify live sound, or hours of it as it comes | [`Index::listen`], [`Listener`] |
//! | find what sounds like a track of the index | [`Index::query_track`] |
//! | find which files hold the same recording | [`Index::duplicates`], [`DuplicateOptions`], [`Index::newcomers`] |
//! | find other performances of a piece, and similar tracks | [`Index::versions`], [`Index::similar_to_track`], [`VersionOptions`] |
//! | list what an index holds | [`Index::tracks`], [`Index::info`], [`Index::failures`], [`Index::select`] |
//! | look again at some files, or hash one | [`Index::update_files`], [`content_hash`] |
//! | remove, relocate, merge | [`Index::remove`], [`Index::relocate`], [`Index::merge`] |
//! | spread a library over several files | [`Index::open_all`], [`Index::set_centroids`], [`Centroids`] |
//! | spread a library over several machines | [`Shard`] |
//! | check and maintain the file | [`Index::verify`], [`Index::rebuild`], [`Index::compact`], [`Index::export`], [`MaintainOptions`] |
//! | tell what was played when in a long recording | [`Index::timeline`], [`TimelineOptions`], [`Timeline`], [`Play`] |
//! | tell what begins and what ends in live sound | [`Index::live`], [`Live`], [`LivePlay`] |
//! | write answers as JSON | [`report::json`] |
//! | write timelines as CSV, CUE sheets and more | [`report::TimelineWriter`] |
//! | key, tuning, pitch and chroma of files | [`analyze`](analyze()), [`analyze_all`], [`AnalyzeOptions`] |
//! | key, tuning, pitch and chroma of samples | [`analysis`] |
//! | AcoustID fingerprints | [`acoustid`] |
//!
//! Calls that take options have a second form: [`Index::query`] and [`Index::query_with`]. Options also carry a
//! [`CancelToken`], which ends the call, and a callback for progress.
//!
//! # Conventions
//!
//! - Every recording is analysed as one channel at 11,025 Hz: the mean of all channels, or a single one for half seconds in
//!   which the channels cancel each other out. Full scale is -1.0..=1.0.
//! - Times are [`Seconds`] from the beginning of the audio. In JSON they are numbers.
//! - `tempo` is the query's speed over the track's, `pitch` how many semitones the query is higher. A score is a
//!   probability, 0 to 1.
//! - Paths of an index are absolute, except the names of audio that was no file. They are kept byte by byte, even if they
//!   are not UTF-8. `-` names standard input in answers.
//! - Fingerprints carry the number of their parameter set. An index of another number is refused.
//! - A panic in a decoder or in the analysis of one file is contained and becomes an error of that file. With
//!   `panic = "abort"` nothing can be contained: a damaged file may then end the process.
//!
//! # Features
//!
//! All but the last are on by default.
//!
//! | feature | what it brings |
//! |---|---|
//! | `cli` | the command; a library never needs it |
//! | `formats` | all containers and decoders, or single ones: `wav`, `aiff`, `caf`, `flac`, `ogg` (with Vorbis), `opus`, `mp3`, `mp4` (with AAC and ALAC), `aac` alone (ADTS), `alac`, `adpcm`, `mkv` |
//! | `decode` | reading files, which each of these brings: [`Index::build`], [`Index::add`] and every call that takes a path or a stream |
//! | `analyze` | [`analyze`](analyze()) and [`analyze_all`] with all that they can write; [`analysis`] is always there |
//! | `explain` | [`Index::explain`]: why a clip matches a track, or does not, with a picture |
//! | `plot` | pictures in SVG and PNG, which these two bring |
//! | `acoustid` | [`acoustid`], the fingerprints of AcoustID |
//! | `ffmpeg` | [`Ffmpeg`]: decoding through an installed ffmpeg what these decoders do not know, for calls that allow it |
//! | `graph` | building the HNSW graph of very large neighbour indexes; without it a search looks at all centroids |
//! | `unstable` | the stages as public modules: decode, spectrum, fingerprint, store, ann, align and others |
//!
//! Without any feature audio comes as samples ([`Audio::samples`]) to [`Index::query`] and [`Index::add_audio`]. The index
//! is the same file, whoever made it.
//!
//! # Versions
//!
//! Before 1.0 a new minor version may break programs that use the crate; its changelog says where. Most types may get more
//! fields and cases at any time. What the feature `unstable` shows may change with any version. The file's format and the
//! parameters of fingerprints have numbers of their own: every later version reads the files of an earlier one.
//!
//! # Limits
//!
//! - A clip needs 0.5 s of audio. Below about 5 s fewer clips are recognised.
//! - Other pitches and speeds are found within [`QueryOptions::range`] only, and are looked for only where the clip as it is has
//!   no match.
//! - Silence and steady sounds have no fingerprint: such files are refused, such clips match nothing.
//! - One [`Index`] answers any number of threads at once. Calls that write take turns. Any number of handles may be open on one
//!   file, also in other processes.
//! - Another performance of the same piece is another recording.
#![deny(missing_docs)]
// Stages have parts that only the harmonic analysis of files uses, or only builds, or only programs that look inside.
#![cfg_attr(
    not(all(feature = "analyze", feature = "acoustid", feature = "explain", feature = "unstable")),
    allow(dead_code, unused_imports)
)]

#[cfg(feature = "acoustid")]
pub mod acoustid;
pub mod analysis;
#[cfg(feature = "analyze")]
mod analyze;
#[cfg(feature = "decode")]
mod build;
mod callback;
mod cancel;
#[cfg(feature = "plot")]
mod draw;
pub mod error;
mod failpoint;
mod index;
mod library;
mod ordered;
mod query;
pub mod report;
mod scan;
mod shard;
mod tags;
mod timeline;
mod version;

// The stages. With the feature `unstable` each can be measured and used alone; nothing is promised of them.
#[cfg(not(feature = "unstable"))]
mod align;
#[cfg(feature = "unstable")]
pub mod align;
#[cfg(not(feature = "unstable"))]
mod ann;
#[cfg(feature = "unstable")]
pub mod ann;
#[cfg(not(feature = "unstable"))]
mod chroma;
#[cfg(feature = "unstable")]
pub mod chroma;
#[cfg(not(feature = "unstable"))]
mod decode;
#[cfg(feature = "unstable")]
pub mod decode;
#[cfg(not(feature = "unstable"))]
mod duplicates;
#[cfg(feature = "unstable")]
pub mod duplicates;
#[cfg(not(feature = "unstable"))]
mod extract;
#[cfg(feature = "unstable")]
pub mod extract;
#[cfg(not(feature = "unstable"))]
mod fingerprint;
#[cfg(feature = "unstable")]
pub mod fingerprint;
#[cfg(not(feature = "unstable"))]
mod params;
#[cfg(feature = "unstable")]
pub mod params;
#[cfg(not(feature = "unstable"))]
mod quality;
#[cfg(feature = "unstable")]
pub mod quality;
#[cfg(not(feature = "unstable"))]
mod resample;
#[cfg(feature = "unstable")]
pub mod resample;
#[cfg(not(feature = "unstable"))]
mod spectrum;
#[cfg(feature = "unstable")]
pub mod spectrum;
#[cfg(not(feature = "unstable"))]
mod store;
#[cfg(feature = "unstable")]
pub mod store;
#[cfg(not(feature = "unstable"))]
mod units;
#[cfg(feature = "unstable")]
pub mod units;

#[cfg(feature = "analyze")]
pub use analyze::{
    batch::{analyze, analyze_all, analyze_with},
    options::{AnalyzeEvent, AnalyzeOptions, AnalyzeSummary},
};
#[cfg(feature = "unstable")]
pub use ann::Options as NeighbourOptions;
pub use ann::{Built, Centroids};
#[cfg(feature = "decode")]
pub use build::{
    events::{BuildEvent, BuildSummary, FailedFile},
    options::BuildOptions,
};
pub use cancel::CancelToken;
#[cfg(feature = "ffmpeg")]
pub use decode::Ffmpeg;
#[cfg(feature = "decode")]
#[doc(hidden)]
pub use decode::cover;
#[cfg(feature = "acoustid")]
#[doc(hidden)]
pub use decode::write_wav;
pub use decode::{Audio, Warning};
#[cfg(feature = "decode")]
pub use decode::{LiveDecoder, silence_decoder_panics};
pub use duplicates::{Compared, Loudness, Measures, Missing, Relation, Rule as KeepRule, Wander};
#[doc(inline)]
pub use error::{Error, Result};
/// Where a test lets the process die. For the command; empty in a release build.
#[doc(hidden)]
pub use failpoint::reach as failpoint;
pub use index::{
    add::{AddOptions, Added},
    duplicates::DuplicateOptions,
    handle::Index,
    info::Info,
    merge::MergeSummary,
    newcomers::Newcomer,
    options::{MaintainOptions, Progress},
    query::Listener,
    relocate::Relocated,
    select::Selector,
    timeline::Live,
    versions::VersionOptions,
};
pub use quality::Quality;
pub use query::{options::QueryOptions, variants::Range};
#[cfg(feature = "explain")]
#[doc(inline)]
pub use report::Explanation;
#[cfg(feature = "analyze")]
#[doc(inline)]
pub use report::HarmonicFigures;
#[doc(inline)]
pub use report::{
    Answer, DuplicateFile, DuplicateGroup, LivePlay, Match, Moment, Play, Similar, SimilarTrack, Status,
    Timeline, Version, Versions,
};
#[cfg(feature = "decode")]
pub use scan::content_hash::hash as content_hash;
#[cfg(feature = "decode")]
pub use scan::files::ScanOptions;
pub use shard::{
    ask::{Ask, Waiting},
    handle::Shard,
};
pub use store::{ContentHash, FileEntry, Track, TrackId, TrackRecord};
pub use tags::Tags;
pub use timeline::options::TimelineOptions;
#[doc(inline)]
pub use units::Seconds;

/// What the fuzz targets in `fuzz/` reach that programs do not; no part of the interface.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing {
    /// Decodes bytes as a blob of each kind.
    pub fn blobs(data: &[u8]) {
        crate::store::decode_any(data);
    }
}

/// The code of the README and of the manual's page for Rust, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../docs/rust.md")]
pub struct Documents;
