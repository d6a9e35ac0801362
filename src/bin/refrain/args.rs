//! The command line.
mod db;
mod ffmpeg;
mod find;
mod fingerprint;
mod index;
mod probability;
mod shell;
mod timeline;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use refrain::QueryOptions;

pub use db::*;
pub use ffmpeg::*;
pub use find::*;
pub use fingerprint::*;
pub use index::*;
pub(crate) use probability::probability;
pub use shell::*;
pub use timeline::*;

/// Find which recording a piece of audio comes from, out of one SQLite file.
#[derive(Debug, Parser)]
#[command(name = "refrain", version, arg_required_else_help = true)]
#[command(after_help = "Exit status: 0 found or done, 1 no match, 2 error.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make, extend, describe and keep up the index of a music library
    #[command(subcommand)]
    Index(IndexCommand),
    /// Find which indexed track a clip or a whole track comes from, and where in it
    Query(QueryArgs),
    /// List what was played when in recordings of any length
    Timeline(TimelineArgs),
    /// Tell key, tuning, pitch and chroma of files
    Analyze(AnalyzeArgs),
    /// Print AcoustID's fingerprints of files, as fpcalc does
    Fingerprint(FingerprintArgs),
    /// Print what lets a shell complete commands, options and file names
    Completions(CompletionsArgs),
    /// Write the manual pages, one for each command
    Man(ManArgs),
}

/// What to do with the index.
#[derive(Debug, Subcommand)]
pub enum IndexCommand {
    /// Analyse new and changed files below folders and add them to the index
    Build(BuildArgs),
    /// Bring the index up to date with the folders that were built from before
    Update(UpdateArgs),
    /// Print what the index holds
    Info(InfoArgs),
    /// List the tracks and their files
    List(ListArgs),
    /// List the files that could not be used, with the reason
    Errors(ErrorsArgs),
    /// Take files out of the index; the files themselves are not touched
    Remove(RemoveArgs),
    /// Take files out of the index that are missing
    Prune(PruneArgs),
    /// Change where files are, after a folder was renamed or a disk mounted elsewhere
    Relocate(RelocateArgs),
    /// Take in the tracks of other indexes
    Merge(MergeArgs),
    /// Read and check everything
    Verify(VerifyArgs),
    /// Make the neighbour index again, out of the fingerprints
    Rebuild(RebuildArgs),
    /// Give the room of what was removed back to the disk
    Compact(CompactArgs),
    /// Print everything but the fingerprints, or copy the index to one file
    Export(ExportArgs),
}

/// How to build.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// Folders and files to index
    #[arg(required = true, value_name = "DIR|FILE")]
    pub roots: Vec<PathBuf>,
    #[command(flatten)]
    pub db: DbArgs,
    #[command(flatten)]
    pub work: WorkArgs,
    #[command(flatten)]
    pub find: FindArgs,
}

/// How to print the description.
#[derive(Debug, Args)]
pub struct InfoArgs {
    #[command(flatten)]
    pub db: DbArgs,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// List the files that could not be used, with the reason
    #[arg(long)]
    pub failures: bool,
}

/// How to query.
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// Audio files to look for, and folders of them; `-` reads one file from standard input
    #[arg(required = true, value_name = "CLIP")]
    pub clips: Vec<PathBuf>,
    #[command(flatten)]
    pub db: DbArgs,
    /// The most recordings to list for a clip
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub top: u32,
    /// The least score, 0 to 1, that counts as a match
    #[arg(long, value_name = "P", value_parser = probability, default_value_t = QueryOptions::MIN_SCORE)]
    pub min_score: f32,
    /// Print one JSON document a clip, each on a line
    #[arg(long)]
    pub json: bool,
    /// Print comma-separated values with a header line, a line for each match
    #[arg(long, conflicts_with_all = ["json", "explain"])]
    pub csv: bool,
    /// Print a playlist of the best match of each clip
    #[arg(long, conflicts_with_all = ["json", "csv", "explain"])]
    pub m3u: bool,
    /// Also show the best places that were looked at, match or not
    #[arg(long)]
    pub explain: bool,
    /// Compare with every window instead of using the neighbour index
    #[arg(long)]
    pub exact: bool,
    /// Look for the clip as it is only: quicker where it is not in the library, and blind to other pitch and speed
    #[arg(long, conflicts_with_all = ["pitch", "tempo"])]
    pub fast: bool,
    /// The most semitones, 0 to 6, by which the clip may be higher or lower than the track
    #[arg(long, value_name = "SEMITONES", value_parser = semitones, default_value_t = 6.0)]
    pub pitch: f64,
    /// The greatest ratio, 1 to 2, between the speeds of clip and track, either way
    #[arg(long, value_name = "RATIO", value_parser = ratio, default_value_t = 1.33)]
    pub tempo: f64,
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Clips answered at a time [default: one a core]
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    #[command(flatten)]
    pub find: FindArgs,
    /// Say nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// How to analyse.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    /// Audio files and folders; `-` reads one from standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
    /// Print one JSON document a file, each on a line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print a table of comma-separated values with a header line
    #[arg(long)]
    pub csv: bool,
    /// Write constant-Q magnitudes, chroma and pitch of all frames as NumPy arrays; a folder for several files
    #[arg(long, value_name = "OUT.npz")]
    pub frames: Option<PathBuf>,
    /// Write the harmonic part as WAV; a folder for several files
    #[arg(long, value_name = "OUT.wav")]
    pub harmonic: Option<PathBuf>,
    /// Write the percussive part as WAV; a folder for several files
    #[arg(long, value_name = "OUT.wav")]
    pub percussive: Option<PathBuf>,
    /// Draw magnitudes, pitch and chroma over time; ends in .svg or .png; a folder for several files
    #[arg(long, value_name = "OUT.svg")]
    pub plot: Option<PathBuf>,
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Threads for files and for parts of long files [default: one a core]
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    #[command(flatten)]
    pub find: FindArgs,
    /// Say nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

fn semitones(text: &str) -> Result<f64, String> {
    within(text, 0.0, 6.0)
}

fn ratio(text: &str) -> Result<f64, String> {
    within(text, 1.0, 2.0)
}

fn within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    match text.parse() {
        Ok(n) if (least..=most).contains(&n) => Ok(n),
        _ => Err(format!("a number from {least} to {most} is needed")),
    }
}
