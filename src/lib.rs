//! Find which recording a piece of audio comes from, out of one SQLite file.
//!
//! refrain fingerprints audio files into an [`Index`] and tells of a clip which of them it is from, which part of the
//! clip and of the recording agree, how sure that is, and how far tempo and pitch differ. The command of the same name
//! is built on this library.
//!
//! ```
//! # #[cfg(feature = "formats")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use refrain::{BuildOptions, CancelToken, Index, QueryOptions, Status};
//!
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("music.refrain");
//! let index = Index::open_or_create(&file)?;
//! let cancel = CancelToken::new();
//! let summary = index.build(&["fixtures/audio/songs".into()], &BuildOptions::default(), &cancel, |_| {})?;
//! assert_eq!((summary.added, summary.failed.len()), (10, 0));
//! index.close()?;
//!
//! // The clip was cut out of second-orbit.flac at 12 s.
//! let index = Index::open(&file)?;
//! let answer = index.query("fixtures/audio/clips/clean.wav", &QueryOptions::default())?;
//! assert_eq!(answer.status, Status::Match);
//! let best = &answer.matches[0];
//! assert!(best.path.ends_with("second-orbit.flac"));
//! assert!((best.ref_start - best.query_start - 12.0).abs() < 0.1);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "formats"))]
//! # fn main() {}
//! ```
//!
//! # The way of the data
//!
//! [`decode`] gives mono samples, [`resample`] brings them to the analysed rate, [`spectrum`] and [`chroma`] turn them
//! into frames, [`fingerprint`] into what is kept, [`store`] keeps it. A query's windows look for their neighbours
//! ([`ann`]), these vote for places which are then aligned and scored ([`align`]), and [`report`] tells the outcome.
//! [`pipeline`] wires the stages; most programs need [`Index`] and nothing else. `ARCHITECTURE.md` says why it is so.
//!
//! [`analysis`] stands beside them: constant-Q transform, chroma, harmonic and percussive parts, pitch and key of any
//! signal, to librosa's numbers. Nothing of it goes into an index, and it has conventions of its own. [`analyze`] and
//! [`analyze_all`] tell these of files.
//!
//! # Conventions
//!
//! - Every recording is analysed as one channel, the mean of all, at [`params::CURRENT`]'s rate of 11,025 Hz. Full scale
//!   is -1.0..=1.0.
//! - Times in the public interface are seconds from the beginning of the audio: [`units::Seconds`], or an `f64` in what
//!   is serialised. Frames and samples are types of their own ([`units::Frames`], [`units::Samples`]).
//! - Frame `t` covers the samples `t * hop .. t * hop + frame_length`; it is not centred. A library frame comes every
//!   2,048 samples (186 ms). A query's frames come twice as often, and within [`align`] its places and offsets are
//!   counted in these half frames: a half frame that is even is the library's frame of half that number.
//! - An offset is the place in the track at which the query begins; it may be negative.
//! - `tempo` is the query's speed over the track's, `pitch` how many semitones the query is higher. A score is a
//!   probability, 0 to 1.
//! - Paths of an index are absolute, names of audio that was no file aside, and are kept byte by byte, also where they
//!   are not UTF-8. `-` names standard input in answers.
//! - Fingerprints carry the number of their [`params::ParameterSet`]; an index of another number is refused.
//!
//! # Features
//!
//! All are on unless `default-features = false`.
//!
//! | feature | |
//! |---|---|
//! | `cli` | the command; a library never needs it |
//! | `formats` | all containers and decoders, or single ones: `wav`, `aiff`, `caf`, `flac`, `ogg` (with Vorbis), `opus`, `mp3`, `mp4` (with AAC and ALAC), `aac` alone (ADTS), `alac`, `adpcm`, `mkv` |
//! | `decode` | reading files, which each of these brings: [`Index::build`], [`Index::add`] and all that takes a path or a stream |
//! | `analyze` | [`analyze`] and [`analyze_all`] with all that they can write; [`analysis`] is always there |
//! | `acoustid` | [`chromaprint()`], AcoustID's fingerprints |
//! | `graph` | making the graph of very large neighbour indexes, by hnsw_rs; without it their centroids are looked at one by one |
//!
//! Without any of them audio comes as samples ([`Audio::samples`]) to [`Index::query`] and [`Index::add_audio`]; an index
//! is the same file, whoever made it.
//!
//! # Versions
//!
//! Before 1.0 the second number changes where a program that uses the crate may have to be changed. What is promised
//! is what stands at the root of the crate, and what its types lead to; [`analysis`], [`error`], [`units`] and [`report`].
//! Most types may get more fields and cases. The modules of the stages are public so that each can be measured and used
//! alone, and may change with any version. The file's format and the parameters of fingerprints have numbers of their
//! own: every later version reads the files of an earlier one.
//!
//! # Limits
//!
//! - A clip must have 0.5 s of audio. Below about 5 s fewer clips are recognised.
//! - Other pitches and speeds are looked for within [`QueryOptions::range`] only, and only where the clip as it is has no
//!   match.
//! - Silence and steady sounds have no fingerprint: such files are refused, such clips match nothing.
//! - One [`Index`] answers any number of threads at once; of its calls that write, one runs at a time. Many may be open on
//!   one file, also in other processes.
//! - Another performance of the same piece is another recording.
#![deny(missing_docs)]
// Stages have parts that only the harmonic analysis of files uses, or only builds.
#![cfg_attr(not(feature = "analyze"), allow(dead_code, unused_imports))]

pub mod align;
pub mod analysis;
pub mod ann;
mod cancel;
pub mod chroma;
#[cfg(feature = "acoustid")]
pub mod chromaprint;
pub mod decode;
pub mod error;
mod failpoint;
pub mod fingerprint;
pub mod params;
pub mod pipeline;
pub mod report;
pub mod resample;
pub mod spectrum;
pub mod store;
pub mod units;

pub use align::LEAST_SCORE;
pub use ann::{Built, Options as NeighbourOptions};
pub use cancel::CancelToken;
pub use decode::{Audio, Tags, Warning};
pub use error::{Error, Result};
#[cfg(feature = "analyze")]
pub use pipeline::{AnalyzeEvent, AnalyzeOptions, AnalyzeSummary, analyze, analyze_all};
#[cfg(feature = "decode")]
pub use pipeline::{BuildEvent, BuildOptions, BuildSummary, FindOptions};
#[cfg(feature = "acoustid")]
pub use pipeline::{ChromaprintOptions, ChromaprintPart, chromaprint};
pub use pipeline::{Index, Info, MergeSummary, Pattern, QueryOptions, Range, Relocated, Selector};
pub use report::{Answer, Match, Status};
#[cfg(feature = "analyze")]
pub use report::{HarmonicAnalysis, HarmonicFigures, HarmonicStatus};
pub use store::{ContentHash, FileEntry, Totals, Track, TrackId, TrackRecord};

/// What the fuzz targets in `fuzz/` reach that programs do not; no part of the interface.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing {
    /// Decodes bytes as a blob of each kind.
    pub fn blobs(data: &[u8]) {
        crate::store::decode_any(data);
    }
}

/// The code of the README, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
