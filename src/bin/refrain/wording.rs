//! Paths, numbers, durations and errors in words.
use std::{io, path::Path};

use refrain::error::{Said, Shown};

/// A path or a text for people, without line breaks and other control characters.
pub fn shown(text: impl AsRef<Path>) -> String {
    Shown(text).to_string()
}

/// `1 file`, `2 files`.
pub fn count(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// `, 2 errors`, or nothing if there are none. The end of a summary.
pub fn errors(n: u64) -> String {
    if n == 0 { String::new() } else { format!(", {}", count(n, "error")) }
}

/// A size in megabytes, or a smaller or larger unit.
pub fn size(bytes: u64) -> String {
    let n = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", n / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", n / 1e6),
        _ => format!("{:.1} GB", n / 1e9),
    }
}

/// A duration in hours and minutes, or shorter units if it is short.
pub fn hours(seconds: f64) -> String {
    let s = seconds.round() as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} min", s / 3600, s / 60 % 60),
    }
}

/// An error and its causes in one line.
pub fn whole(error: &anyhow::Error) -> String {
    let said = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref::<io::Error>() {
        Some(cause) => Said(cause).to_string(),
        None => cause.to_string(),
    };
    let mut causes = error.chain().map(said);
    let mut text = causes.next().unwrap_or_default();
    for cause in causes {
        // The library's errors already contain their cause.
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
