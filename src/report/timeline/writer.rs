//! Writes timelines play by play, in a format of the caller's choice.
use std::{
    fmt,
    io::{self, Write},
    path::Path,
};

use super::{
    Play, Timeline, csv::Csv, cue::Cue, format::Format, labels::Labels, list::List, m3u::M3u, rttm::Rttm,
    text::Text,
};

/// A format for the plays of recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimelineFormat {
    /// A list for people: each play, each unknown stretch, and where two plays are heard at once.
    List,
    /// A tracklist to paste: `[hh:mm:ss] Artist - Title`, and `ID - ID` for what is unknown.
    Text,
    /// Comma-separated values with a header line; the columns are fields of the JSON document.
    Csv,
    /// A CUE sheet of at most 99 tracks. Several recordings give a sheet of several files.
    Cue,
    /// Labels of Audacity, for one recording.
    Labels,
    /// Rich Transcription Time Marked (RTTM), which programs for speaker diarization read.
    Rttm,
    /// An extended M3U playlist in UTF-8 that plays the parts of the recordings.
    M3u,
}

/// Writes the plays of one or several recordings. Everything that is known is written and flushed at once.
///
/// ```
/// use refrain::{Timeline, report::{TimelineFormat, TimelineWriter}};
///
/// # fn main() -> std::io::Result<()> {
/// let timeline = Timeline::default();
/// let mut writer = TimelineWriter::new(Vec::new(), TimelineFormat::M3u)?;
/// writer.begin("show.mp3".as_ref())?;
/// // Or while the timeline is made, in the callback of `Index::timeline_with`.
/// timeline.plays.iter().try_for_each(|play| writer.play(play))?;
/// writer.end(&timeline)?;
/// assert_eq!(writer.into_inner(), b"#EXTM3U\n");
/// # Ok(())
/// # }
/// ```
pub struct TimelineWriter<W> {
    out: W,
    format: Box<dyn Format>,
}

impl<W: Write> TimelineWriter<W> {
    /// Begins to write. Some formats have a header.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(mut out: W, format: TimelineFormat) -> io::Result<Self> {
        let mut format: Box<dyn Format> = match format {
            TimelineFormat::List => Box::<List>::default(),
            TimelineFormat::Text => Box::<Text>::default(),
            TimelineFormat::Csv => Box::<Csv>::default(),
            TimelineFormat::Cue => Box::<Cue>::default(),
            TimelineFormat::Labels => Box::<Labels>::default(),
            TimelineFormat::Rttm => Box::<Rttm>::default(),
            TimelineFormat::M3u => Box::<M3u>::default(),
        };
        format.header(&mut out)?;
        out.flush()?;
        Ok(Self { out, format })
    }

    /// Begins the recording `file`. A recording before it that was not ended has failed.
    ///
    /// # Errors
    /// Those of `out`; [`io::ErrorKind::InvalidInput`] if the format cannot hold the recording.
    pub fn begin(&mut self, file: &Path) -> io::Result<()> {
        self.format.begin(&mut self.out, file)?;
        self.out.flush()
    }

    /// Writes a play of the recording. Plays come in order of their starts.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn play(&mut self, play: &Play) -> io::Result<()> {
        self.format.play(&mut self.out, play)?;
        self.out.flush()
    }

    /// Ends the recording. Returns what the format had no room for, in words, if there was such.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn end(&mut self, timeline: &Timeline) -> io::Result<Option<String>> {
        let left_out = self.format.end(&mut self.out, timeline)?;
        self.out.flush()?;
        Ok(left_out)
    }

    /// Returns what was written to.
    pub fn into_inner(self) -> W {
        self.out
    }
}

impl<W: fmt::Debug> fmt::Debug for TimelineWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimelineWriter").field("out", &self.out).finish_non_exhaustive()
    }
}
