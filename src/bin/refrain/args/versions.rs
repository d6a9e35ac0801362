//! Arguments of `refrain versions` and `refrain similar`.
use std::ffi::OsString;

use clap::Args;
use refrain::VersionOptions;

use super::{ffmpeg::FfmpegArgs, probability::probability};

/// Whose versions to list, and how to print them.
#[derive(Debug, Args)]
pub struct VersionsArgs {
    /// Indexed tracks (file, pattern or id), or other audio of 20 seconds or more; `-` is standard input
    #[arg(required = true, value_name = "TRACK|CLIP")]
    pub pieces: Vec<OsString>,
    /// List at most N versions of each piece
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub top: u32,
    /// Leave out versions with a score (0 to 1) below this number
    #[arg(long, value_name = "P", value_parser = probability, default_value_t = VersionOptions::MIN_SCORE as f32)]
    pub min_score: f32,
    /// Also list copies: files that hold the same recording
    #[arg(long)]
    pub copies: bool,
    /// Print one line of JSON for each piece
    #[arg(long)]
    pub json: bool,
    /// Print CSV, with one row for each version
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Print errors only
    #[arg(long, short)]
    pub quiet: bool,
}

/// To which track others are similar, and how to print them.
#[derive(Debug, Args)]
pub struct SimilarArgs {
    /// An indexed track: its file, a pattern such as '*orbit*' or its track id
    #[arg(value_name = "TRACK")]
    pub track: OsString,
    /// List at most N tracks
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub top: u32,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
    /// Print CSV, with one row for each track
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Print a playlist: first the track, then the similar tracks
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    pub m3u: bool,
}
