//! Arguments of `refrain duplicates`.
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use refrain::{KeepRule, Relation};

use super::{
    acts::{ActArgs, DuplicatesCommand},
    bytes::bytes,
    ffmpeg::FfmpegArgs,
};

/// What to list, which files to keep, and how to print it.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct DuplicatesArgs {
    #[command(subcommand)]
    pub command: Option<DuplicatesCommand>,
    /// List only groups of duplicates that have a file in this folder
    #[arg(value_name = "DIR")]
    pub below: Vec<PathBuf>,
    /// Count duplicates of these kinds as spare files; separate the kinds by commas
    #[arg(
        long,
        value_name = "LIST",
        value_enum,
        value_delimiter = ',',
        default_value = "same_bytes,same_audio"
    )]
    pub relation: Vec<RelationArg>,
    /// Rules that choose the file to keep, separated by commas: lossless, quality, rate, bitrate, longest, tags, oldest, newest, path [default: lossless,quality,rate,bitrate,longest,tags,oldest,path]
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub keep: Vec<KeepRule>,
    /// Keep all files in this folder, rather than copies elsewhere
    #[arg(long, value_name = "DIR")]
    pub prefer: Vec<PathBuf>,
    /// List only these kinds of duplicates; separate the kinds by commas: same_bytes, same_audio, remaster,
    /// other_speed, edit, excerpt, shared_backing
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub only: Vec<Relation>,
    /// List only groups whose spare files use at least SIZE of disk space, such as 500k, 20M or 1.5G
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub min_free: Option<u64>,
    /// Do not measure how good the files sound; this makes the command faster
    #[arg(long)]
    pub no_measure: bool,
    /// Print one line of JSON for each group of duplicates
    #[arg(long)]
    pub json: bool,
    /// Print CSV, with one row for each file
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Write a shell script that deletes the spare files; refrain itself deletes nothing
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Write a web page that lists the duplicates and shows which parts sound alike
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Say how two indexed files are related, and where they sound alike
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["below", "relation", "keep", "prefer", "only", "min_free", "no_measure", "csv", "script", "html"])]
    pub why: Vec<PathBuf>,
    /// Stop listing two indexed files as duplicates
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["below", "relation", "keep", "prefer", "csv", "script", "json", "why"])]
    pub ignore: Vec<PathBuf>,
    /// Undo --ignore: list two indexed files as duplicates again
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["below", "relation", "keep", "prefer", "csv", "script", "json", "why", "ignore"])]
    pub unignore: Vec<PathBuf>,
    #[command(flatten)]
    pub act: ActArgs,
}

/// A relation as the command line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum RelationArg {
    /// An exact copy: the two files have the same bytes
    SameBytes,
    /// The same audio in another format, at another volume, or cut at the start or end
    SameAudio,
    /// The same performance, but somebody changed the sound, for example with an equaliser
    Remaster,
    /// The same recording at another speed
    OtherSpeed,
    /// The same recording, but with parts left out or repeated
    Edit,
    /// A part of the recording
    Excerpt,
}

impl From<RelationArg> for Relation {
    fn from(relation: RelationArg) -> Self {
        match relation {
            RelationArg::SameBytes => Self::SameBytes,
            RelationArg::SameAudio => Self::SameAudio,
            RelationArg::Remaster => Self::Remaster,
            RelationArg::OtherSpeed => Self::OtherSpeed,
            RelationArg::Edit => Self::Edit,
            RelationArg::Excerpt => Self::Excerpt,
        }
    }
}
