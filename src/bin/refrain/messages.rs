//! Messages for people, on standard error.
use std::{
    io::{self, Write},
    path::Path,
};

use refrain::Error;

use crate::{
    remedies,
    screen::{near::near, paint::Paint},
    wording,
};

/// Prints why the command failed.
pub fn error(error: &anyhow::Error) {
    let mut text = wording::whole(error);
    let known = error.chain().find_map(|cause| cause.downcast_ref::<refrain::Error>());
    if let Some(known) = known {
        text = remedies::added(text, known);
    }
    problem(&text);
}

/// Prints a problem, after the program's name.
pub fn problem(text: &str) {
    say(&format!("{} {text}", Paint::of_stderr().error("refrain:")));
}

/// Prints which input could not be read, and why.
pub fn unreadable(error: &Error) {
    problem(&match error {
        Error::Io { path, .. } | Error::Audio { path, .. } => {
            format!("cannot read {}: {}", name(path), error.reason())
        }
        other => remedies::with(other),
    });
}

/// Prints that a folder has nothing to work with.
pub fn no_audio_in(folder: &Path) {
    problem(&format!("no audio files in {}", near(folder)));
}

/// An input as messages call it.
pub fn name(input: &Path) -> String {
    if input.as_os_str() == "-" { "standard input".to_owned() } else { near(input) }
}

/// Prints a line on standard error. If that is closed, nobody reads it.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints a question, after which the answer is typed.
pub fn ask(question: &str) {
    let mut err = io::stderr();
    let _ = write!(err, "{question}").and_then(|()| err.flush());
}

/// Whether the error is that nobody reads standard output any more.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// Reports a panic, which is a fault of refrain itself, in place of a backtrace.
pub fn fault(info: &std::panic::PanicHookInfo<'_>) {
    let place = info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let what = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    crate::bar::clear();
    problem(&format!("bug in refrain{place}: {what}\nplease report it, with the file that causes it"));
}
