//! The command line.
mod acts;
mod bytes;
mod duplicates;
pub mod examples;
#[cfg(feature = "explain")]
mod explain;
mod ffmpeg;
mod find;
mod fingerprint;
mod global;
mod index;
#[cfg(feature = "listen")]
mod listen;
mod mistaken;
mod probability;
mod range;
#[cfg(feature = "serve")]
mod serve;
mod shell;
mod timeline;
mod versions;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};
use refrain::QueryOptions;

pub use acts::*;
pub use duplicates::*;
#[cfg(feature = "explain")]
pub use explain::*;
pub use ffmpeg::*;
pub use find::*;
pub use fingerprint::*;
pub use global::*;
pub use index::*;
#[cfg(feature = "listen")]
pub use listen::*;
pub use mistaken::hinted;
pub(crate) use probability::probability;
pub use range::*;
#[cfg(feature = "serve")]
pub use serve::*;
pub use shell::*;
pub use timeline::*;
pub use versions::*;

/// Identify the recording that a piece of audio comes from
#[derive(Debug, Parser)]
#[command(name = "refrain", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Exit status: 0 after success, 1 if refrain found nothing, 2 after an error.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: GlobalArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find which song a clip is from, and which part of the song
    Query(QueryArgs),
    /// Explain in words and a picture why a clip matches a track or does not match
    #[cfg(feature = "explain")]
    Explain(ExplainArgs),
    /// Find which songs play in long recordings, and when
    Timeline(TimelineArgs),
    /// Follow live sound, such as radio, and say when each song begins and ends
    #[cfg(feature = "listen")]
    Listen(ListenArgs),
    /// List files that hold the same recording, and say which files to keep
    Duplicates(DuplicatesArgs),
    /// List live recordings, covers and other performances of a piece of music
    Versions(VersionsArgs),
    /// List the tracks whose chords are most like the chords of one track
    Similar(SimilarArgs),
    /// Add music to the index (short for `index build`)
    Build(BuildArgs),
    /// Add new and changed files of indexed folders (short for `index update`)
    Update(UpdateArgs),
    /// List or search the indexed tracks (short for `index list`)
    List(ListArgs),
    /// Show what the index holds (short for `index info`)
    Info(InfoArgs),
    /// Build and maintain the index
    #[command(subcommand)]
    Index(IndexCommand),
    /// Serve the library to browsers and programs over HTTP
    #[cfg(feature = "serve")]
    Serve(ServeArgs),
    /// Find the key, tempo, tuning and pitch of songs, and how strong each note is
    Analyze(AnalyzeArgs),
    /// Print audio fingerprints for AcoustID, as fpcalc does
    Fingerprint(FingerprintArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Write the manual pages, one for each command
    Man(ManArgs),
}

/// What to do with the index.
#[derive(Debug, Subcommand)]
pub enum IndexCommand {
    /// Index the new and changed files in folders
    Build(BuildArgs),
    /// Index new and changed files in indexed folders
    Update(UpdateArgs),
    /// Show what the index holds
    Info(InfoArgs),
    /// List or search the indexed tracks
    List(ListArgs),
    /// List the files that refrain could not use, with the reason
    Errors(ErrorsArgs),
    /// Remove files from the index, but not from the disk
    Remove(RemoveArgs),
    /// Remove missing files from the index, unless their whole folder is gone
    Prune(PruneArgs),
    /// Change the paths in the index after you rename a folder or mount a disk elsewhere
    Relocate(RelocateArgs),
    /// Add the tracks of other indexes to this index
    Merge(MergeArgs),
    /// Read and check the whole index
    Verify(VerifyArgs),
    /// Rebuild the data for fast searches and for `refrain versions`
    Rebuild,
    /// Make the index file smaller after you remove tracks
    Compact,
    /// Print the index (without fingerprints) as JSON, or copy the index to a file
    Export(ExportArgs),
}

/// The whole command line, with its examples.
pub fn command() -> clap::Command {
    examples::added(Cli::command(), "")
}

/// How to query.
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// Audio files, or folders of audio files; `-` reads standard input
    #[arg(required = true, value_name = "CLIP")]
    pub clips: Vec<PathBuf>,
    /// List at most N recordings for each clip
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub top: u32,
    /// Leave out matches with a score (0 to 1) below this number
    #[arg(long, value_name = "P", value_parser = probability, default_value_t = QueryOptions::MIN_SCORE)]
    pub min_score: f32,
    /// Print one line of JSON for each clip
    #[arg(long)]
    pub json: bool,
    /// Print CSV, with one row for each match
    #[arg(long, conflicts_with_all = ["json", "explain"])]
    pub csv: bool,
    /// Print a playlist with the best match of each clip
    #[arg(long, conflicts_with_all = ["json", "csv", "explain"])]
    pub m3u: bool,
    /// Also show the tracks that are most similar to the clip, even if these tracks do not match
    #[arg(long)]
    pub explain: bool,
    /// Compare the clip with every part of every track; takes longer, but finds slightly more clips
    #[arg(long)]
    pub exact: bool,
    #[command(flatten)]
    pub range: RangeArgs,
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Look up N clips at the same time [default: one for each processor core]
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    #[command(flatten)]
    pub find: FindArgs,
    /// Print errors only
    #[arg(long, short)]
    pub quiet: bool,
}

/// How to analyse.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    /// Audio files, or folders of audio files; `-` reads standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
    /// Print one line of JSON for each file
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV, with one row for each file
    #[arg(long)]
    pub csv: bool,
    /// Write frequencies, notes and pitch over time as NumPy arrays; for several songs, name an output folder
    #[arg(long, value_name = "OUT.npz")]
    pub frames: Option<PathBuf>,
    /// Write the harmonic part (tones) as a WAV file; for several songs, name an output folder
    #[arg(long, value_name = "OUT.wav")]
    pub harmonic: Option<PathBuf>,
    /// Write the percussive part (drums) as a WAV file; for several songs, name an output folder
    #[arg(long, value_name = "OUT.wav")]
    pub percussive: Option<PathBuf>,
    /// Draw frequencies, pitch and notes (.svg or .png); for several songs, name an output folder
    #[arg(long, value_name = "OUT.svg")]
    pub plot: Option<PathBuf>,
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Use N threads [default: one for each processor core]
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    #[command(flatten)]
    pub find: FindArgs,
    /// Print errors only
    #[arg(long, short)]
    pub quiet: bool,
}
