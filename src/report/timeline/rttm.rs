//! Rich Transcription Time Marked (NIST's RT-09 evaluation plan, appendix A). Fields are separated by spaces.
use std::{
    collections::HashSet,
    io::{self, Write},
    path::Path,
};

use super::{Play, format::Format, names};

/// Lines that begin with `SPEAKER`: each track is a speaker.
#[derive(Default)]
pub(super) struct Rttm {
    file: String,
    taken: HashSet<String>,
}

impl Format for Rttm {
    fn begin(&mut self, _: &mut dyn Write, file: &Path) -> io::Result<()> {
        // By convention a recording is known by its name alone; two of one name must not become one.
        self.file = word(&names::stem(file));
        if !self.taken.insert(self.file.clone()) {
            self.file = word(&file.to_string_lossy());
            self.taken.insert(self.file.clone());
        }
        Ok(())
    }

    fn play(&mut self, out: &mut dyn Write, play: &Play) -> io::Result<()> {
        // The difference of the rounded times, so that the end is right too.
        let milliseconds = |s: f64| (s * 1e3).round();
        let (start, end) = (milliseconds(play.start.0), milliseconds(play.end.0));
        writeln!(
            out,
            "SPEAKER {} 1 {:.3} {:.3} <NA> <NA> {} <NA> <NA>",
            self.file,
            start / 1e3,
            (end - start) / 1e3,
            word(&names::full(play))
        )
    }
}

/// Text as one field.
fn word(text: &str) -> String {
    let word = text.trim().replace(|c: char| c.is_whitespace() || c.is_control(), "_");
    if word.is_empty() { "<NA>".to_owned() } else { word }
}
