//! Arguments of `refrain explain`.
use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueEnum};
use refrain::{QueryOptions, report::Theme};

use super::{ffmpeg::FfmpegArgs, probability::probability, range::RangeArgs};

/// What to explain, and how to show it.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// An audio file; `-` reads standard input
    #[arg(value_name = "CLIP")]
    pub clip: PathBuf,
    /// Compare the clip with this track (file, pattern or track id) [default: the best match]
    #[arg(value_name = "TRACK")]
    pub track: Option<OsString>,
    /// Write a picture (.svg or .png) or a web page (.html) to this file
    #[arg(long, short, value_name = "FILE.svg")]
    pub out: Option<PathBuf>,
    /// Draw the picture for a light or a dark page. With `auto`, .svg and .html files are light or dark like your system, and
    /// .png files are light
    #[arg(long, value_name = "WHICH", default_value = "auto")]
    pub theme: ThemeArg,
    /// Print one line of JSON with all numbers in the picture
    #[arg(long)]
    pub json: bool,
    /// The lowest score (0 to 1) that counts as a match
    #[arg(long, value_name = "P", value_parser = probability, default_value_t = QueryOptions::MIN_SCORE)]
    pub min_score: f32,
    /// Compare the clip with every part of every track; takes longer, but finds slightly more clips
    #[arg(long)]
    pub exact: bool,
    #[command(flatten)]
    pub range: RangeArgs,
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Print errors only
    #[arg(long, short)]
    pub quiet: bool,
}

/// For which page a picture is drawn.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ThemeArg {
    Light,
    Dark,
    Auto,
}

impl From<ThemeArg> for Theme {
    fn from(theme: ThemeArg) -> Self {
        match theme {
            ThemeArg::Light => Self::Light,
            ThemeArg::Dark => Self::Dark,
            ThemeArg::Auto => Self::Auto,
        }
    }
}
