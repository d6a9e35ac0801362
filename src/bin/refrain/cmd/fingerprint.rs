//! `refrain fingerprint`
use std::{
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::ExitCode,
    time::SystemTime,
};

use refrain::{
    Audio, Error, Seconds, Warning,
    acoustid::{self, Algorithm, ChromaprintOptions, ChromaprintPart, RawFormat},
    error::AudioError,
};

use crate::{
    args::{FingerprintArgs, Format},
    messages, wording,
};

/// Fingerprints every file, in the order given. Exit 2 if a file could not be fingerprinted.
pub fn run(args: &FingerprintArgs) -> anyhow::Result<ExitCode> {
    if args.files.iter().filter(|file| file.as_os_str() == "-").count() > 1 {
        anyhow::bail!(super::STDIN_TWICE);
    }
    let mut failed = false;
    for file in &args.files {
        let name = (args.files.len() > 1).then_some(file.as_path());
        match one(file, name, args) {
            Ok(warnings) => {
                for warning in warnings {
                    messages::say(&format!("{}: {warning}", wording::shown(file)));
                }
            }
            Err(Failure::Output(error)) => return Err(error.into()),
            Err(Failure::Input(error)) => {
                messages::unreadable(&error);
                failed = true;
            }
            Err(Failure::TooShort) => {
                messages::problem(&format!(
                    "cannot read {}: too short for a fingerprint",
                    messages::name(file)
                ));
                failed = true;
            }
        }
    }
    Ok(if failed { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

/// Why a file has no fingerprint.
pub enum Failure {
    /// The file could not be read.
    Input(Error),
    /// Standard output cannot be written any more.
    Output(io::Error),
    /// It has too little audio for a word.
    TooShort,
}

/// Prints the fingerprint of a file, or those of its parts, after `name` if there is one. Returns the warnings about
/// the file.
pub fn one(file: &Path, name: Option<&Path>, args: &FingerprintArgs) -> Result<Vec<Warning>, Failure> {
    let input = if file.as_os_str() == "-" {
        Audio::reader(io::stdin())
    } else {
        Audio::file(file).ffmpeg(&args.ffmpeg.ffmpeg)
    };
    let options = options(args);
    let mut print = Print { name, args, chunks: chunk(args).is_some(), first: true, began: seconds_now() };
    // If nobody reads the output any more, the fingerprinting can stop.
    let mut stopped = None;
    let done = catch_unwind(AssertUnwindSafe(|| {
        acoustid::chromaprint(input, &options, |part| {
            print.part(&part).map_err(|failure| {
                stopped = Some(failure);
                Error::Interrupted
            })
        })
    }));
    match (stopped, done) {
        (Some(failure), _) => Err(failure),
        (None, Ok(done)) => done.map_err(Failure::Input),
        // The panic hook has already reported it.
        (None, Err(_)) => {
            let reason = AudioError::DecoderPanic("a fault in the analysis".into());
            Err(Failure::Input(Error::Audio { path: file.to_owned(), reason }))
        }
    }
}

/// The length of a chunk, if the file is cut into chunks.
fn chunk(args: &FingerprintArgs) -> Option<Seconds> {
    args.chunk.filter(|chunk| chunk.0 > 0.0)
}

fn options(args: &FingerprintArgs) -> ChromaprintOptions {
    let raw = match args.format {
        Some(Format::Raw(sample)) => Some(RawFormat { sample, rate: args.rate, channels: args.channels }),
        _ => None,
    };
    ChromaprintOptions::default()
        .algorithm(args.algorithm)
        .length(Some(args.length).filter(|length| length.0 > 0.0))
        .chunk(chunk(args))
        .overlap(args.overlap)
        .raw(raw)
}

/// Prints the parts of a file.
struct Print<'a> {
    name: Option<&'a Path>,
    args: &'a FingerprintArgs,
    chunks: bool,
    first: bool,
    /// When this part was started.
    began: f64,
}

impl Print<'_> {
    fn part(&mut self, part: &ChromaprintPart) -> Result<(), Failure> {
        let (first, began) = (self.first, self.began);
        (self.first, self.began) = (false, seconds_now());
        match (part.words.is_empty(), first) {
            (true, true) => Err(Failure::TooShort),
            // The rest at the end.
            (true, false) => Ok(()),
            (false, _) => {
                let text = self.text(part, first, if self.args.ts { began } else { part.start.0 });
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Output)
            }
        }
    }

    fn text(&self, part: &ChromaprintPart, first: bool, began: f64) -> String {
        let fingerprint = fingerprint(&part.words, self.args.raw, self.args.signed, self.args.algorithm);
        let duration = if self.chunks { part.duration.0 } else { shown_duration(part) };
        let name = self.name.map(|name| name.to_string_lossy());
        if self.args.plain {
            format!("{fingerprint}\n")
        } else if self.args.json {
            let name = name
                .map_or_else(String::new, |name| format!("\"file\": {}, ", serde_json::Value::from(name)));
            let time = if self.chunks { format!("\"timestamp\": {began:.2}, ") } else { String::new() };
            format!("{{{name}{time}{}}}\n", pair(duration, &fingerprint, self.args.raw))
        } else {
            let gap = if first { "" } else { "\n" };
            let name = name.map_or_else(String::new, |name| format!("FILE={name}\n"));
            let time = if self.args.ts { format!("TIMESTAMP={began:.2}\n") } else { String::new() };
            format!("{gap}{name}{time}DURATION={}\nFINGERPRINT={fingerprint}\n", duration as u64)
        }
    }
}

/// The document of a whole file, as `--json` prints it. For the server.
#[cfg(feature = "serve")]
pub fn document(part: &ChromaprintPart, algorithm: Algorithm, raw: bool) -> String {
    let fingerprint = fingerprint(&part.words, raw, false, algorithm);
    format!("{{{}}}", pair(shown_duration(part), &fingerprint, raw))
}

/// fpcalc counts whole milliseconds and rounds down.
fn shown_duration(part: &ChromaprintPart) -> f64 {
    (part.duration.0 * 1e3).floor() / 1e3
}

/// The duration and the fingerprint, within a document.
fn pair(duration: f64, fingerprint: &str, raw: bool) -> String {
    let [open, close] = if raw { ["[", "]"] } else { ["\"", "\""] };
    format!("\"duration\": {duration:.2}, \"fingerprint\": {open}{fingerprint}{close}")
}

fn fingerprint(words: &[u32], raw: bool, signed: bool, algorithm: Algorithm) -> String {
    let number = |&word: &u32| if signed { word.cast_signed().to_string() } else { word.to_string() };
    if raw {
        words.iter().map(number).collect::<Vec<_>>().join(",")
    } else {
        acoustid::pack(words, algorithm)
    }
}

/// Seconds since 1970.
fn seconds_now() -> f64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0.0, |since| since.as_secs_f64())
}
