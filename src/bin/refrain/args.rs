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
#[command(after_help = "Exit status: 0 found or done, 1 no match, 2 error.")]
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
    /// Find the song that a clip comes from, and the time in the song
    Query(QueryArgs),
    /// Show in words and in a picture why a clip matches a track, or does not
    #[cfg(feature = "explain")]
    Explain(ExplainArgs),
    /// List the songs in recordings of any length
    Timeline(TimelineArgs),
    /// Say which song begins and which ends in live sound, such as a radio stream
    #[cfg(feature = "listen")]
    Listen(ListenArgs),
    /// List the files that hold the same recording, and which of them to keep
    Duplicates(DuplicatesArgs),
    /// List other performances of a piece: live, covers, in another key
    Versions(VersionsArgs),
    /// List tracks of similar harmony
    Similar(SimilarArgs),
    /// Index music folders (short for `index build`)
    Build(BuildArgs),
    /// Index new and changed files in all indexed folders (short for `index update`)
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
    /// Print key, tuning, pitch and chroma of audio files
    Analyze(AnalyzeArgs),
    /// Print AcoustID fingerprints of audio files, as fpcalc does
    Fingerprint(FingerprintArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Write the manual pages, one for each command
    Man(ManArgs),
}

/// What to do with the index.
#[derive(Debug, Subcommand)]
pub enum IndexCommand {
    /// Add new and changed files in folders to the index
    Build(BuildArgs),
    /// Index new and changed files in all indexed folders
    Update(UpdateArgs),
    /// Show what the index holds
    Info(InfoArgs),
    /// List or search the indexed tracks
    List(ListArgs),
    /// List the files that could not be read, with the reason
    Errors(ErrorsArgs),
    /// Remove files from the index; the files themselves stay
    Remove(RemoveArgs),
    /// Remove missing files from the index, unless their whole folder is gone
    Prune(PruneArgs),
    /// Change paths after you renamed a folder or mounted a disk elsewhere
    Relocate(RelocateArgs),
    /// Add the tracks of other indexes
    Merge(MergeArgs),
    /// Read and check the whole index
    Verify(VerifyArgs),
    /// Make the neighbour index again, the part that makes searches fast
    Rebuild,
    /// Make the index file smaller after you removed tracks
    Compact,
    /// Print everything except the fingerprints as JSON, or copy the index
    Export(ExportArgs),
}

/// The whole command line, with its examples.
pub fn command() -> clap::Command {
    examples::added(Cli::command(), "")
}

/// How to query.
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// Audio files, or folders of them; `-` reads standard input
    #[arg(required = true, value_name = "CLIP")]
    pub clips: Vec<PathBuf>,
    /// List at most N recordings for each clip
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub top: u32,
    /// Leave out matches with a score below this, from 0 to 1
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
    /// Also show the tracks that came closest, even if they do not match
    #[arg(long)]
    pub explain: bool,
    /// Compare the clip with every part of every track: slower, finds slightly more
    #[arg(long)]
    pub exact: bool,
    #[command(flatten)]
    pub range: RangeArgs,
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Look up N clips at the same time [default: one per core]
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
    /// Audio files, or folders of them; `-` reads standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
    /// Print one line of JSON for each file
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV, with one row for each file
    #[arg(long)]
    pub csv: bool,
    /// Write magnitudes, chroma and pitch of each moment as NumPy arrays; for several files, name a folder
    #[arg(long, value_name = "OUT.npz")]
    pub frames: Option<PathBuf>,
    /// Write the harmonic part as WAV; for several files, name a folder
    #[arg(long, value_name = "OUT.wav")]
    pub harmonic: Option<PathBuf>,
    /// Write the percussive part as WAV; for several files, name a folder
    #[arg(long, value_name = "OUT.wav")]
    pub percussive: Option<PathBuf>,
    /// Draw magnitudes, pitch and chroma over time as .svg or .png; for several files, name a folder
    #[arg(long, value_name = "OUT.svg")]
    pub plot: Option<PathBuf>,
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Use N threads [default: one per core]
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    #[command(flatten)]
    pub find: FindArgs,
    /// Print errors only
    #[arg(long, short)]
    pub quiet: bool,
}
