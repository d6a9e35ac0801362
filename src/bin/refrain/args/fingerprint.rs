//! What `refrain fingerprint` takes: fpcalc's options, with one dash or two.
use std::{ffi::OsString, path::PathBuf};

use clap::{ArgGroup, Args, Command};
use refrain::{
    Seconds,
    acoustid::{Algorithm, RawSample},
};

use super::ffmpeg::FfmpegArgs;

/// How to fingerprint.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("form").multiple(false))]
#[command(
    after_help = "Options may begin with one dash, as in the program fpcalc. If you start refrain through a link named fpcalc, \
                  refrain accepts the same options as fpcalc."
)]
pub struct FingerprintArgs {
    /// Audio files; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print one line of JSON for each fingerprint
    #[arg(long, group = "form")]
    pub json: bool,
    /// Print the duration and the fingerprint, on two lines [default]
    #[arg(long, group = "form")]
    pub text: bool,
    /// Print only the fingerprint
    #[arg(long, group = "form")]
    pub plain: bool,
    /// Print the fingerprint as numbers instead of compressed text
    #[arg(long)]
    pub raw: bool,
    /// With --raw, print signed numbers instead of unsigned numbers
    #[arg(long)]
    pub signed: bool,
    /// Use only the first SECS seconds of each file; 0 means the whole file
    #[arg(long, short = 't', value_name = "SECS", value_parser = seconds, default_value = "120")]
    pub length: Seconds,
    /// Cut the file into parts of SECS seconds, and print a fingerprint for each part
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub chunk: Option<Seconds>,
    /// With --chunk, let each part overlap the next, so that no sound is lost
    #[arg(long)]
    pub overlap: bool,
    /// Print the clock time of each fingerprint, in seconds since 1970
    #[arg(long)]
    pub ts: bool,
    /// Use this algorithm of Chromaprint: 1, 2, 4 or 5; AcoustID uses algorithm 2
    #[arg(long, short = 'a', value_name = "N", value_parser = algorithm, default_value = "2")]
    pub algorithm: Algorithm,
    /// Read the input as raw samples of this format, such as s16le. If NAME is a file format, such as mp3,
    /// this option has no effect
    #[arg(long, short = 'f', value_name = "NAME", value_parser = format)]
    pub format: Option<Format>,
    /// The rate of the raw samples, in hertz (samples a second)
    #[arg(long, short = 'r', value_name = "HZ", value_parser = rate, default_value = "44100")]
    pub rate: u32,
    /// The number of channels of the raw samples
    #[arg(long, short = 'c', value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), default_value_t = 1)]
    pub channels: u16,
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Let damage within a file not count as an error; for fpcalc's sake, it never does here
    #[arg(long, hide = true)]
    pub ignore_errors: bool,
}

/// The value of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A container, which is recognised by its content anyway.
    Container,
    /// Samples without a container.
    Raw(RawSample),
}

/// FFmpeg's names for the containers that refrain reads.
const CONTAINERS: &[&str] = &[
    "3gp", "aac", "aiff", "caf", "flac", "m4a", "matroska", "mka", "mkv", "mov", "mp2", "mp3", "mp4", "ogg",
    "wav", "webm",
];

impl Format {
    /// The format that FFmpeg calls `name`.
    pub fn named(name: &str) -> Option<Format> {
        if CONTAINERS.contains(&name) {
            return Some(Format::Container);
        }
        RawSample::named(name).map(Format::Raw)
    }
}

fn format(name: &str) -> Result<Format, String> {
    Format::named(name)
        .ok_or_else(|| "unknown format; give a format of raw samples, such as s16le".to_owned())
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse().ok().and_then(Algorithm::of).ok_or_else(|| "give 1, 2, 4 or 5".to_owned())
}

fn seconds(text: &str) -> Result<Seconds, String> {
    match text.parse() {
        Ok(n) if (0.0..1e9).contains(&n) => Ok(Seconds(n)),
        _ => Err("give a number of seconds, 0 or more".into()),
    }
}

fn rate(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(n) if (1_000..=768_000).contains(&n) => Ok(n),
        _ => Err("give a rate from 1000 to 768000".into()),
    }
}

/// Gives fpcalc's options after `fingerprint` a second dash, because clap reads `-json` as four short options.
pub fn with_double_dashes(cli: &Command, args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let Some(at) = subcommand(&args).filter(|&at| args[at] == "fingerprint") else { return args };
    let command = cli.find_subcommand("fingerprint");
    let longs: Vec<&str> =
        command.into_iter().flat_map(Command::get_arguments).filter_map(|arg| arg.get_long()).collect();
    for arg in args.iter_mut().skip(at + 1) {
        if arg == "--" {
            break;
        }
        let name = arg.to_str().and_then(|text| text.strip_prefix('-')).map(|text| text.split('=').next());
        if name.flatten().is_some_and(|name| longs.contains(&name) || name == "help") {
            *arg = OsString::from_iter([OsString::from("-"), std::mem::take(arg)]);
        }
    }
    args
}

/// Where the name of the command is: after the global options, some of which have a value.
fn subcommand(args: &[OsString]) -> Option<usize> {
    let mut at = 1;
    while let Some(arg) = args.get(at) {
        if !arg.as_encoded_bytes().starts_with(b"-") {
            return Some(at);
        }
        at += if ["-d", "--db", "--color"].iter().any(|option| arg == option) { 2 } else { 1 };
    }
    None
}
