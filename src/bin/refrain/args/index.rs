//! Arguments of the commands that maintain an index.
use std::{ffi::OsString, path::PathBuf};

use clap::{
    Args, ValueEnum,
    builder::{OsStringValueParser, TypedValueParser},
};

use super::{ffmpeg::FfmpegArgs, find::FindArgs};

/// Accepts any text except an empty one, which would select the whole index. A script passes an empty text if its
/// variable was never set. Path arguments refuse an empty text anyway.
fn not_empty() -> impl TypedValueParser<Value = OsString> {
    OsStringValueParser::new().try_map(|text| {
        if text.is_empty() {
            Err("the text is empty; give a file, a folder, a pattern or an id")
        } else {
            Ok(text)
        }
    })
}

/// How to build.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// Folders and files to index
    #[arg(required = true, value_name = "DIR|FILE")]
    pub roots: Vec<PathBuf>,
    #[command(flatten)]
    pub work: WorkArgs,
    #[command(flatten)]
    pub find: FindArgs,
}

/// How to update.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    #[command(flatten)]
    pub work: WorkArgs,
}

/// How files are analysed, and how much is printed about it.
#[derive(Debug, Args)]
pub struct WorkArgs {
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Analyse N files at the same time [default: one for each processor core]
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print errors only
    #[arg(long, short)]
    pub quiet: bool,
    /// Also print the name of each file that is new, has moved or is missing
    #[arg(long, short, conflicts_with = "quiet")]
    pub verbose: bool,
}

/// How to print the description.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Also list the files that refrain could not use, with the reason
    #[arg(long, alias = "failures")]
    pub errors: bool,
}

/// What to list.
#[derive(Debug, Args)]
#[command(
    after_help = "For CHOSEN, give a file, a folder (with all its files), a glob pattern such as '*.mp3', a track id, or \
                  `missing` for all missing files. You can also give words. refrain then lists only tracks with all these \
                  words in the title, artist, album or path. Accents and capitals make no difference. Put a phrase of \
                  several words in quotes. To search one field, name it: `artist:kestrel`, `title:`, `album:` or \
                  `path:`."
)]
pub struct ListArgs {
    /// The tracks to list: a file, a folder, a pattern, a track id or words
    #[arg(value_name = "CHOSEN|WORD", value_parser = not_empty())]
    pub chosen: Vec<OsString>,
    /// Sort the tracks by this field [default: the order in which you added the tracks]
    #[arg(long, value_enum, value_name = "BY")]
    pub sort: Option<SortBy>,
    /// Print one line of JSON for each track
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV, with one row for each file
    #[arg(long)]
    pub csv: bool,
    /// Print a playlist with one file for each track
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    pub m3u: bool,
}

/// What tracks are sorted by. Tracks without it come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortBy {
    Title,
    // Then by album.
    Artist,
    // Then by disc and track number.
    Album,
    Length,
    // Of the first file.
    Path,
}

/// How to list the errors.
#[derive(Debug, Args)]
pub struct ErrorsArgs {
    /// Print one line of JSON for each file
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV, with one row for each file
    #[arg(long)]
    pub csv: bool,
    /// First read the unusable files again, then list the files that are still unusable
    #[arg(long)]
    pub retry: bool,
    #[command(flatten)]
    pub work: WorkArgs,
}

/// What to remove.
#[derive(Debug, Args)]
#[command(
    after_help = "For CHOSEN, give a file, a folder (with all its files), a glob pattern such as '*.mp3', a track id, or \
                  `missing` for all missing files. If a file is called `12`, then `12` means this file, and not the track \
                  with the id 12."
)]
pub struct RemoveArgs {
    /// The files to remove: a file, a folder, a pattern, a track id, or `missing` for all missing files
    #[arg(required = true, value_name = "CHOSEN", value_parser = not_empty())]
    pub chosen: Vec<OsString>,
    /// Print which files the command would remove, but remove nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// How to prune.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Print which files the command would remove, but remove nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What to relocate.
#[derive(Debug, Args)]
pub struct RelocateArgs {
    /// The old path of the folder or file
    pub from: PathBuf,
    /// The new path of the folder or file
    pub to: PathBuf,
}

/// What to merge.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The index files to add; refrain does not change these files
    #[arg(required = true, value_name = "OTHER")]
    pub others: Vec<PathBuf>,
}

/// How to verify.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// How to export.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Print one line of JSON for each folder, track and error; this is the default
    #[arg(long, conflicts_with = "file")]
    pub json: bool,
    /// Copy the whole index to this new file instead of printing JSON
    #[arg(long, value_name = "OUT")]
    pub file: Option<PathBuf>,
}
