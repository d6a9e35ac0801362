//! Arguments of `refrain timeline`.
use std::path::PathBuf;

use clap::Args;
use refrain::{Seconds, TimelineOptions, report::TimelineFormat};

use super::{ffmpeg::FfmpegArgs, find::FindArgs, probability::probability};

/// How to make timelines, and how to print them.
#[derive(Debug, Args)]
pub struct TimelineArgs {
    /// Recordings, or folders of recordings; `-` reads standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
    /// Skip songs that play for under SECS seconds [default: 3]
    #[arg(long, value_name = "SECS", value_parser = length)]
    pub min_length: Option<Seconds>,
    /// Leave out songs with a score (0 to 1) below this number
    #[arg(long, value_name = "P", value_parser = probability, default_value_t = TimelineOptions::MIN_SCORE)]
    pub min_score: f32,
    #[command(flatten)]
    pub format: TimelineFormatArgs,
    #[command(flatten)]
    pub find: FindArgs,
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
}

/// In which format to print, if not as a list for people.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct TimelineFormatArgs {
    /// Print one line of JSON for each recording
    #[arg(long)]
    pub json: bool,
    /// Print CSV, with one row for each time that a song plays
    #[arg(long)]
    pub csv: bool,
    /// Print a CUE sheet, which lets a player jump from song to song
    #[arg(long)]
    pub cue: bool,
    /// Print the songs of one recording as labels for the sound editor Audacity
    #[arg(long)]
    pub labels: bool,
    /// Print RTTM, a format for lists of speakers; refrain lists songs instead
    #[arg(long)]
    pub rttm: bool,
    /// Print a playlist; each entry is one song in the recording
    #[arg(long)]
    pub m3u: bool,
    /// Print a tracklist that you can paste into a text; unknown songs are listed as `ID - ID`
    #[arg(long)]
    pub text: bool,
}

impl TimelineFormatArgs {
    /// The format in which plays are written one by one; `None` for JSON.
    pub fn chosen(&self) -> Option<TimelineFormat> {
        match self {
            Self { json: true, .. } => None,
            Self { csv: true, .. } => Some(TimelineFormat::Csv),
            Self { cue: true, .. } => Some(TimelineFormat::Cue),
            Self { labels: true, .. } => Some(TimelineFormat::Labels),
            Self { rttm: true, .. } => Some(TimelineFormat::Rttm),
            Self { m3u: true, .. } => Some(TimelineFormat::M3u),
            Self { text: true, .. } => Some(TimelineFormat::Text),
            _ => Some(TimelineFormat::List),
        }
    }
}

pub(super) fn length(text: &str) -> Result<Seconds, String> {
    match text.parse() {
        Ok(n) if (0.0..1e9).contains(&n) => Ok(Seconds(n)),
        _ => Err("give a number of seconds, 0 or more".into()),
    }
}
