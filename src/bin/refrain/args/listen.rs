//! Arguments of `refrain listen`.
use std::{path::PathBuf, time::Duration};

use clap::Args;
use refrain::{Seconds, TimelineOptions};

use super::{probability::probability, timeline::length};
use crate::listen::raw::Format;

/// What to listen to, and whom to tell.
#[derive(Debug, Args)]
pub struct ListenArgs {
    /// The address of a stream, or `-` to read raw samples (uncompressed sound) from standard input [default: the microphone]
    #[arg(value_name = "SOURCE")]
    pub source: Option<String>,
    /// Print one line of JSON for each event
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV, with one row each time a song begins or ends
    #[arg(long)]
    pub csv: bool,
    /// Run this program when a track begins or ends; environment variables describe the track
    #[arg(long, value_name = "PROGRAM")]
    pub exec: Option<PathBuf>,
    /// Write the name of the current track to this file
    #[arg(long, value_name = "FILE")]
    pub now_playing: Option<PathBuf>,
    /// Skip songs that play for under SECS seconds [default: 3]
    #[arg(long, value_name = "SECS", value_parser = length)]
    pub min_length: Option<Seconds>,
    /// Leave out songs with a score (0 to 1) below this number
    #[arg(long, value_name = "P", value_parser = probability, default_value_t = TimelineOptions::MIN_SCORE)]
    pub min_score: f32,
    /// The rate of the raw samples, in hertz (samples a second)
    #[arg(long, short, value_name = "HZ", default_value_t = 44_100)]
    #[arg(value_parser = clap::value_parser!(u32).range(1_000..=768_000))]
    pub rate: u32,
    /// The number of channels of the raw samples
    #[arg(long, short, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub channels: u16,
    /// The format of the raw samples
    #[arg(long, short, value_name = "NAME", value_enum, default_value_t = Format::S16le)]
    pub format: Format,
    /// Connect again if a stream sends nothing for this many seconds
    #[arg(long, value_name = "SECS", default_value = "10", value_parser = patience)]
    pub timeout: Duration,
    /// Listen to the sound device with this name; a part of the name is enough
    #[arg(long, value_name = "NAME", conflicts_with = "source")]
    pub device: Option<String>,
    /// List the microphones and monitors; a monitor carries the sound that the computer plays
    #[arg(long, conflicts_with_all = ["source", "device"])]
    pub list_devices: bool,
}

fn patience(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|n| (0.1..=3600.0).contains(n));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "give a number of seconds, 0.1 to 3600".into())
}
