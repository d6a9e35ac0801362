//! CUE sheets.
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Play, Timeline, format::Format, names};

/// A sheet has tracks 01 to 99.
const MOST: usize = 99;

/// A CD has 75 frames a second.
const FRAMES: f64 = 75.0;

/// A sheet in which each play is a track. The tracks of several recordings are numbered on.
#[derive(Default)]
pub(super) struct Cue {
    /// The recording, until its line was written. A file without tracks has none, as readers refuse it.
    file: Option<PathBuf>,
    tracks: usize,
    left_out: usize,
}

impl Format for Cue {
    fn begin(&mut self, _: &mut dyn Write, file: &Path) -> io::Result<()> {
        // Readers would look for a file called `-`.
        if file.as_os_str() == "-" {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a CUE sheet cannot name standard input",
            ));
        }
        self.file = Some(file.to_owned());
        self.left_out = 0;
        Ok(())
    }

    fn play(&mut self, out: &mut dyn Write, play: &Play) -> io::Result<()> {
        if self.tracks == MOST {
            self.left_out += 1;
            return Ok(());
        }
        self.tracks += 1;
        if let Some(file) = self.file.take() {
            writeln!(out, "FILE {} {}", quoted(&file.to_string_lossy()), kind(&file))?;
        }
        writeln!(out, "  TRACK {:02} AUDIO", self.tracks)?;
        writeln!(out, "    TITLE {}", quoted(&names::title(play)))?;
        if let Some(artist) = &play.tags.artist {
            writeln!(out, "    PERFORMER {}", quoted(artist))?;
        }
        let frames = (play.start.0.max(0.0) * FRAMES).round() as u64;
        writeln!(out, "    INDEX 01 {:02}:{:02}:{:02}", frames / 4500, frames / 75 % 60, frames % 75)
    }

    fn end(&mut self, _: &mut dyn Write, _: &Timeline) -> io::Result<Option<String>> {
        let plays = if self.left_out == 1 { "play was" } else { "plays were" };
        Ok((self.left_out > 0).then(|| {
            format!("the last {} {plays} left out: a CUE sheet has at most {MOST} tracks", self.left_out)
        }))
    }
}

/// Text between quotes. There is no way to write a quote in it. After a backslash some readers overlook the last one.
fn quoted(text: &str) -> String {
    let text = names::one_line(text).replace('"', "'");
    let space = if text.ends_with('\\') { " " } else { "" };
    format!("\"{text}{space}\"")
}

/// The kind of file: WAVE stands for all that have no kind of their own.
fn kind(file: &Path) -> &'static str {
    let extension = file.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("mp3") => "MP3",
        Some("aif" | "aiff") => "AIFF",
        _ => "WAVE",
    }
}
