//! Stands in for Chromaprint's fpcalc if the program is called by that name: its command line, messages and exit
//! statuses.
//!
//! This is fpcalc 1.5.1. An option whose name or number is missing is unknown. Numbers are read as far as they go.
//! The last of several output forms counts. The first unusable file ends the run. Status 2 is an error; 3 says that a
//! file was damaged and its fingerprint was printed all the same.
use std::{env, ffi::OsString, path::PathBuf, process::ExitCode};

use refrain::{Error, Seconds, Warning, acoustid::Algorithm};

use crate::{
    args::{FfmpegArgs, FingerprintArgs, Format},
    cmd::fingerprint::{self, Failure},
    messages,
};

/// The version of fpcalc that it stands in for.
const VERSION: &str = "1.5.1";

const HELP: &str = "\
Usage: fpcalc [OPTIONS] FILE [FILE...]

Print AcoustID fingerprints of audio files, as Chromaprint's fpcalc does.

Options:
  -format NAME     How samples without a container are written, such as s16le
  -rate NUM        Their sample rate
  -channels NUM    How many channels they have
  -length SECS     Fingerprint so much of each file, 0 for all of it (default 120)
  -chunk SECS      Print a fingerprint for each stretch of this length
  -algorithm NUM   Which of Chromaprint's algorithms: 1, 2, 4 or 5 (default 2)
  -overlap         Let stretches overlap, so that nothing between two is missed
  -ts              Print the time when each fingerprint was begun
  -raw             Print the words of the fingerprint as numbers
  -signed          Print them as signed numbers
  -json            Print JSON
  -text            Print DURATION= and FINGERPRINT= (default)
  -plain           Print the fingerprint alone
  -ignore-errors   Exit with 0 where a file is damaged
  -version         Print the version
";

/// Runs as fpcalc if the program was called by that name.
pub fn run_if_called_so() -> Option<ExitCode> {
    let mut args = env::args_os();
    let called = PathBuf::from(args.next()?);
    let name = called.file_name()?.to_str()?.to_ascii_lowercase();
    if name.strip_suffix(".exe").unwrap_or(&name) != "fpcalc" {
        return None;
    }
    Some(match std::panic::catch_unwind(|| run(args.collect())) {
        Ok(code) => ExitCode::from(code),
        // The panic hook has already reported it.
        Err(_) => ExitCode::from(2),
    })
}

fn run(args: Vec<OsString>) -> u8 {
    let args = match parse(args) {
        Ok(Asked::Files(args)) => args,
        Ok(Asked::Text(text)) => {
            use std::io::Write;
            // If nobody reads the output, nobody wants it.
            let _ = std::io::stdout().write_all(text.as_bytes());
            return 0;
        }
        Err(what) => return error(&what),
    };
    for file in &args.files {
        let warnings = match fingerprint::one(file, None, &args) {
            Ok(warnings) => warnings,
            Err(Failure::TooShort) => return error("Empty fingerprint"),
            Err(Failure::Output(_)) => return 2,
            Err(Failure::Input(reason)) => {
                return error(&format!("Could not open the input file ({})", told(&reason)));
            }
        };
        // fpcalc, too, accepts a file that is merely shorter than it states.
        let damage: Vec<&Warning> =
            warnings.iter().filter(|warning| !matches!(warning, Warning::Truncated { .. })).collect();
        for warning in &damage {
            error(&format!("Error decoding audio frame ({warning})"));
        }
        if !damage.is_empty() && !args.ignore_errors {
            return 3;
        }
    }
    0
}

fn error(what: &str) -> u8 {
    messages::say(&format!("ERROR: {what}"));
    2
}

/// The reason without the path.
fn told(error: &Error) -> String {
    match error {
        Error::Io { .. } | Error::Audio { .. } => error.reason(),
        other => other.to_string(),
    }
}

/// What the command line asks for.
enum Asked {
    Files(FingerprintArgs),
    Text(String),
}

fn parse(args: Vec<OsString>) -> Result<Asked, String> {
    let mut asked = FingerprintArgs {
        files: Vec::new(),
        json: false,
        text: false,
        plain: false,
        raw: false,
        signed: false,
        length: Seconds(120.0),
        chunk: None,
        overlap: false,
        ts: false,
        algorithm: Algorithm::default(),
        format: None,
        rate: 44_100,
        channels: 1,
        ffmpeg: FfmpegArgs::of_environment()?,
        ignore_errors: false,
    };
    let mut args = args.into_iter().peekable();
    while let Some(arg) = args.next() {
        let option = arg.to_str().unwrap_or_default();
        match option {
            "--" => {
                asked.files.extend(args.by_ref().map(PathBuf::from));
                continue;
            }
            "-text" => (asked.json, asked.plain) = (false, false),
            "-json" => (asked.json, asked.plain) = (true, false),
            "-plain" => (asked.json, asked.plain) = (false, true),
            "-overlap" => asked.overlap = true,
            "-ts" => asked.ts = true,
            "-raw" => asked.raw = true,
            "-signed" => asked.signed = true,
            "-ignore-errors" => asked.ignore_errors = true,
            "-v" | "-version" => {
                return Ok(Asked::Text(format!(
                    "fpcalc version {VERSION} (refrain {})\n",
                    env!("CARGO_PKG_VERSION")
                )));
            }
            "-h" | "-help" | "--help" => return Ok(Asked::Text(HELP.to_owned())),
            _ if TAKES_A_VALUE.contains(&option) && args.peek().is_some() => {
                let value = args.next().unwrap_or_default();
                take(&mut asked, option, &value.to_string_lossy())?;
            }
            _ if arg.len() > 1 && arg.as_encoded_bytes().starts_with(b"-") => {
                return Err(format!("Unknown option {}", arg.to_string_lossy()));
            }
            _ => asked.files.push(arg.into()),
        }
    }
    if asked.files.is_empty() {
        return Err("No input files".to_owned());
    }
    Ok(Asked::Files(asked))
}

const TAKES_A_VALUE: &[&str] =
    &["-format", "-f", "-channels", "-c", "-rate", "-r", "-length", "-t", "-chunk", "-algorithm", "-a"];

/// Sets an option that has a value.
fn take(asked: &mut FingerprintArgs, option: &str, value: &str) -> Result<(), String> {
    let number = leading_number(value);
    let refuse = |what: &str| Err(format!("The argument for {option} must be {what}"));
    match option {
        "-format" | "-f" => asked.format = Some(Format::named(value).ok_or("Invalid format")?),
        "-channels" | "-c" => match number as i64 {
            ..1 => return refuse("a non-zero positive number"),
            n @ ..=256 => asked.channels = n as u16,
            _ => return Err("Invalid number of channels".to_owned()),
        },
        "-rate" | "-r" => match number as i64 {
            ..0 => return refuse("a positive number"),
            // As if it had not been given.
            0 => {}
            n => asked.rate = u32::try_from(n).map_err(|_| "Invalid sample rate")?,
        },
        "-algorithm" | "-a" => match number as i64 {
            3 => return Err("Algorithm 3 is not supported".to_owned()),
            n => match u8::try_from(n).ok().and_then(Algorithm::of) {
                Some(algorithm) => asked.algorithm = algorithm,
                None => return refuse("1 - 5"),
            },
        },
        _ if number < 0.0 => return refuse("a positive number"),
        "-chunk" => asked.chunk = Some(Seconds(number)),
        _ => asked.length = Seconds(number),
    }
    Ok(())
}

/// The number that a text begins with, or 0.
fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let ends = text.char_indices().map(|(i, c)| i + c.len_utf8()).rev();
    ends.filter_map(|end| text[..end].parse::<f64>().ok()).find(|n| n.is_finite()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_far_as_they_go() {
        for (text, number) in
            [("10", 10.0), (" 2.5x", 2.5), ("1e1", 10.0), ("abc", 0.0), ("-1", -1.0), ("", 0.0)]
        {
            assert_eq!(leading_number(text), number, "{text}");
        }
    }

    fn parsed(line: &str) -> Result<FingerprintArgs, String> {
        match parse(line.split_whitespace().map(OsString::from).collect())? {
            Asked::Files(args) => Ok(args),
            Asked::Text(text) => Err(text),
        }
    }

    #[test]
    fn options_may_come_after_files_and_the_last_form_counts() {
        let args = parsed("a.mp3 -json -text -raw -length 30 - -- -b").unwrap();
        assert_eq!(args.files, ["a.mp3", "-", "-b"].map(PathBuf::from));
        assert!(args.raw && !args.json && !args.plain);
        assert_eq!(args.length, Seconds(30.0));
    }

    #[test]
    fn mistakes_read_as_those_of_fpcalc() {
        for (line, message) in [
            ("", "No input files"),
            ("--length 10 a", "Unknown option --length"),
            ("-length=10 a", "Unknown option -length=10"),
            ("a -length", "Unknown option -length"),
            ("-abs a", "Unknown option -abs"),
            ("-length -1 a", "The argument for -length must be a positive number"),
            ("-chunk -1 a", "The argument for -chunk must be a positive number"),
            ("-rate -1 a", "The argument for -rate must be a positive number"),
            ("-c 0 a", "The argument for -c must be a non-zero positive number"),
            ("-algorithm 6 a", "The argument for -algorithm must be 1 - 5"),
            ("-format foo a", "Invalid format"),
        ] {
            assert_eq!(parsed(line).unwrap_err(), message, "{line}");
        }
    }
}
