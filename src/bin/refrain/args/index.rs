//! Arguments of the commands that maintain an index.
use std::{ffi::OsString, path::PathBuf};

use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser},
};

use super::{db::DbArgs, ffmpeg::FfmpegArgs};

/// Accepts any text except an empty one, which would select the whole index. A script passes an empty text if its
/// variable was never set. Path arguments refuse an empty text anyway.
fn not_empty() -> impl TypedValueParser<Value = OsString> {
    OsStringValueParser::new()
        .try_map(|text| if text.is_empty() { Err("nothing is named") } else { Ok(text) })
}

/// How to update.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    #[command(flatten)]
    pub db: DbArgs,
    #[command(flatten)]
    pub work: WorkArgs,
}

/// How files are analysed, and how much is told.
#[derive(Debug, Args)]
pub struct WorkArgs {
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Files analysed at a time [default: one a core]
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Say nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
    /// Name each file as it is added, has moved or is missing
    #[arg(long, short, conflicts_with = "quiet")]
    pub verbose: bool,
}

/// What to list.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only what is at or below a path, matched by a pattern, of a track's id, or `missing`
    #[arg(value_name = "FILE|DIR|PATTERN|ID|missing", value_parser = not_empty())]
    pub chosen: Vec<OsString>,
    #[command(flatten)]
    pub db: DbArgs,
    /// Print one JSON document a track, each on a line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values, a line for each file
    #[arg(long)]
    pub csv: bool,
    /// Print a playlist, the first chosen file of each track
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    pub m3u: bool,
}

/// How to list what could not be used.
#[derive(Debug, Args)]
pub struct ErrorsArgs {
    #[command(flatten)]
    pub db: DbArgs,
    /// Print one JSON document a file, each on a line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values with a header line
    #[arg(long)]
    pub csv: bool,
    /// Try them again first
    #[arg(long)]
    pub retry: bool,
    #[command(flatten)]
    pub work: WorkArgs,
}

/// What to remove.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// A file, all below a folder, what a pattern matches, a track's id, or `missing`
    #[arg(required = true, value_name = "FILE|DIR|PATTERN|ID|missing", value_parser = not_empty())]
    pub chosen: Vec<OsString>,
    #[command(flatten)]
    pub db: DbArgs,
    /// Name what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// How to prune.
#[derive(Debug, Args)]
pub struct PruneArgs {
    #[command(flatten)]
    pub db: DbArgs,
    /// Name what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What to relocate.
#[derive(Debug, Args)]
pub struct RelocateArgs {
    /// The folder, or file, as the index knows it
    pub from: PathBuf,
    /// Where it is now
    pub to: PathBuf,
    #[command(flatten)]
    pub db: DbArgs,
}

/// What to merge.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Index files, which stay as they are
    #[arg(required = true, value_name = "OTHER")]
    pub others: Vec<PathBuf>,
    #[command(flatten)]
    pub db: DbArgs,
}

/// How to verify.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub db: DbArgs,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// How to rebuild.
#[derive(Debug, Args)]
pub struct RebuildArgs {
    #[command(flatten)]
    pub db: DbArgs,
}

/// How to compact.
#[derive(Debug, Args)]
pub struct CompactArgs {
    #[command(flatten)]
    pub db: DbArgs,
}

/// How to export.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub db: DbArgs,
    /// Copy the whole index to this new file instead of printing JSON
    #[arg(long, value_name = "OUT")]
    pub file: Option<PathBuf>,
}
