//! Progress on a terminal: one line on standard error that fits its width and leaves nothing behind.
use std::{
    cell::Cell,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use refrain::{Audio, Seconds};

use crate::{
    screen::{
        size,
        status_line::{self, FREE},
        text::{cut, width},
    },
    wording,
};

/// What is done sooner shows no progress of clips.
const PATIENCE: Duration = Duration::from_secs(1);

/// The time left is not shown before this share is done and this time has passed: it would be a guess.
const LEAST_SHARE: f64 = 0.01;
const LEAST_TIME: Duration = Duration::from_secs(1);

/// The least room for the bar, without which details are left out; and the least for any bar.
const GOOD_BAR: usize = 14;
const LEAST_BAR: usize = 8;

/// The bar that is drawn, if any, so that it can be cleared when the program ends at once.
static DRAWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Clears the progress. For the end of the program, from any thread.
pub fn clear() {
    if let Some(bar) = DRAWN.lock().unwrap_or_else(PoisonError::into_inner).take() {
        bar.finish_and_clear();
    }
}

/// What the line shows.
#[derive(Clone, Debug)]
struct Line {
    began: Instant,
    /// Nothing is shown before.
    patience: Duration,
    /// Such as `clip`.
    unit: &'static str,
    /// How many of them are done, and how many there are.
    done: u64,
    total: u64,
    /// How much of the work is done, in any measure.
    part: f64,
    whole: f64,
    /// How much audio was worked through.
    audio: f64,
    /// What is being done, in place of the counts.
    note: Option<&'static str>,
}

impl Line {
    fn new(unit: &'static str, patience: Duration) -> Self {
        let (began, note) = (Instant::now(), None);
        Self { began, patience, unit, done: 0, total: 0, part: 0.0, whole: 0.0, audio: 0.0, note }
    }

    /// The line after `elapsed`, in less than `columns` columns.
    fn text(&self, elapsed: Duration, columns: usize) -> String {
        if elapsed < self.patience {
            return String::new();
        }
        let share = if self.whole > 0.0 { Some((self.part / self.whole).clamp(0.0, 1.0)) } else { None };
        let counts = match (self.note, self.total) {
            (Some(note), _) => Some(note.to_owned()),
            // Of one file, its share says more.
            (None, 0 | 1) => None,
            (None, total) => Some(format!("{} of {}", self.done, wording::count(total, self.unit))),
        };
        let known = share.filter(|&share| share >= LEAST_SHARE && elapsed >= LEAST_TIME);
        let left =
            known.map(|share| elapsed.as_secs_f64() * (1.0 - share) / share).filter(|&left| left >= 0.5);
        let left = left.map(|left| format!("{} left", wording::hours(left)));
        let speed = self.audio / elapsed.as_secs_f64().max(1e-3);
        let audio = (self.audio > 0.0)
            .then(|| format!("{} of audio, {speed:.0} x real time", wording::hours(self.audio)));
        let mut room = columns.saturating_sub(FREE);
        let mut text = share.map_or_else(String::new, |share| format!("{:>3.0}%", (share * 100.0).floor()));
        room = room.saturating_sub(width(&text));
        let mut first = true;
        // Details are not worth a bar that is too short to read.
        let bar = if share.is_some() { GOOD_BAR } else { 0 };
        for (part, least) in [(counts, 0), (left, 0), (audio, bar)] {
            let Some(part) = part else { continue };
            let part = format!(
                "{}{part}",
                if !first {
                    ", "
                } else if text.is_empty() {
                    ""
                } else {
                    " "
                }
            );
            // The counts are cut, everything else is left out.
            let part = if first { cut(&part, room) } else { part };
            if width(&part) + least > room {
                break;
            }
            first = false;
            room -= width(&part);
            text += &part;
        }
        match (share, room) {
            (Some(share), LEAST_BAR..) => {
                let cells = (room - 3).min(30);
                let full = (share * cells as f64) as usize;
                let bar = "=".repeat(full) + if full < cells { ">" } else { "" };
                format!("[{bar:cells$}] {text}")
            }
            // Without a bar, no space before the number.
            _ => Some(text.trim_start().to_owned())
                .filter(|text| width(text) + FREE <= columns)
                .unwrap_or_default(),
        }
    }
}

/// A bar that draws a [`Line`].
#[derive(Clone)]
struct Drawn {
    bar: ProgressBar,
    line: Arc<Mutex<Line>>,
}

impl Drawn {
    fn new(quiet: bool, line: Line) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { status_line::target() };
        let bar = ProgressBar::with_draw_target(None, target);
        let line = Arc::new(Mutex::new(line));
        let shown = Arc::clone(&line);
        let key = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let line = shown.lock().unwrap_or_else(PoisonError::into_inner);
            let columns = size::of_stderr().unwrap_or(80);
            // If it cannot be written, it is not seen.
            let _ = out.write_str(&line.text(line.began.elapsed(), columns));
        };
        if let Ok(style) = ProgressStyle::with_template("{line}") {
            bar.set_style(style.with_key("line", key));
        }
        if !quiet {
            bar.enable_steady_tick(Duration::from_millis(100));
            *DRAWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        }
        Self { bar, line }
    }

    fn change(&self, change: impl FnOnce(&mut Line)) {
        change(&mut self.line.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The progress of a run over files.
pub struct Bar {
    drawn: Drawn,
}

impl Bar {
    /// Says that files are looked for; nothing if `quiet`.
    pub fn new(quiet: bool) -> Self {
        let mut line = Line::new("file", Duration::ZERO);
        line.note = Some("looking for files");
        Self { drawn: Drawn::new(quiet, line) }
    }

    /// Starts over `files` files of `bytes` bytes in all; `None` if that is not known.
    pub fn start(&mut self, bytes: Option<u64>, files: usize) {
        self.drawn.change(|line| {
            *line = Line::new("file", Duration::ZERO);
            (line.total, line.whole) = (files as u64, bytes.unwrap_or(0) as f64);
        });
    }

    /// Advances by a part of a file.
    pub fn step(&mut self, bytes: u64, audio: Seconds) {
        self.drawn.change(|line| (line.part, line.audio) = (line.part + bytes as f64, line.audio + audio.0));
    }

    /// A file is done.
    pub fn file(&mut self) {
        self.drawn.change(|line| line.done += 1);
    }

    /// Shows what is being done.
    pub fn say(&self, note: &'static str) {
        self.drawn.change(|line| line.note = Some(note));
    }

    /// Runs `work`, which prints, without breaking the bar.
    pub fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.drawn.bar.suspend(work)
    }

    /// Seconds since [`Bar::start`].
    pub fn seconds(&self) -> f64 {
        self.drawn.line.lock().unwrap_or_else(PoisonError::into_inner).began.elapsed().as_secs_f64()
    }

    /// Clears the bar.
    pub fn end(&self) {
        self.drawn.bar.finish_and_clear();
    }
}

/// The progress of clips that are looked up, once they take longer than [`PATIENCE`].
#[derive(Clone)]
pub struct ClipBar {
    drawn: Drawn,
    one: bool,
}

impl ClipBar {
    /// For these clips; shows nothing if `quiet`.
    pub fn new(clips: &[impl AsRef<Path>], quiet: bool) -> Self {
        let mut line = Line::new("clip", PATIENCE);
        let one = clips.len() == 1;
        if one {
            line.note = Some("looking up");
            // Only a person at a terminal needs to know how long it is.
            let seen = !quiet && size::of_stderr().is_some();
            let about = if seen { Audio::about_duration(clips[0].as_ref()) } else { None };
            line.whole = about.map_or(0.0, |about| about.0);
        } else {
            (line.total, line.whole) = (clips.len() as u64, clips.len() as f64);
        }
        Self { drawn: Drawn::new(quiet, line), one }
    }

    /// `done` of a clip was looked up, on the thread that answers it.
    pub fn looked_up(&self, done: Seconds) {
        thread_local! {
            static BEFORE: Cell<f64> = const { Cell::new(0.0) };
        }
        let before = BEFORE.replace(done.0);
        // Less than before means another clip.
        let more = if done.0 >= before { done.0 - before } else { done.0 };
        let one = self.one;
        self.drawn.change(|line| {
            line.audio += more;
            if one {
                line.part = done.0;
            }
        });
    }

    /// A clip is answered.
    pub fn answered(&self) {
        let one = self.one;
        self.drawn.change(|line| {
            line.done += 1;
            line.part = if one { line.whole } else { line.done as f64 };
        });
    }

    /// Runs `work`, which prints, without breaking the bar.
    pub fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.drawn.bar.suspend(work)
    }

    /// Clears the bar.
    pub fn end(&self) {
        self.drawn.bar.finish_and_clear();
    }
}

/// The progress of work in steps of one kind, once it takes longer than [`PATIENCE`].
pub struct Steps {
    drawn: Drawn,
}

impl Steps {
    /// For steps of this kind, such as `pair`.
    pub fn new(unit: &'static str) -> Self {
        Self { drawn: Drawn::new(false, Line::new(unit, PATIENCE)) }
    }

    /// Shows what is being done after the steps, without a share.
    pub fn say(&self, note: &'static str) {
        self.drawn.change(|line| (line.note, line.whole) = (Some(note), 0.0));
    }

    /// So many steps of all are done.
    pub fn at(&mut self, done: u64, total: u64) {
        self.drawn.change(|line| {
            (line.done, line.total, line.part, line.whole) = (done, total, done as f64, total as f64);
        });
    }

    /// Clears the bar.
    pub fn end(&self) {
        self.drawn.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        let mut line = Line::new("file", Duration::ZERO);
        (line.total, line.whole) = (300, 1000.0);
        line
    }

    fn after(line: &Line, seconds: u64, columns: usize) -> String {
        line.text(Duration::from_secs(seconds), columns)
    }

    #[test]
    fn nothing_is_said_about_the_time_left_before_it_is_known() {
        let mut line = line();
        assert_eq!(after(&line, 0, 80), format!("[>{}]   0% 0 of 300 files", " ".repeat(29)));
        line.part = 5.0;
        assert!(!after(&line, 10, 80).contains("left"));
        (line.part, line.done, line.audio) = (250.0, 70, 3600.0);
        assert_eq!(
            after(&line, 60, 120),
            format!(
                "[{}>{}]  25% 70 of 300 files, 3 min 00 s left, 1 h 00 min of audio, 60 x real time",
                "=".repeat(7),
                " ".repeat(22)
            )
        );
        line.part = 1000.0;
        assert!(!after(&line, 60, 80).contains("left"));
    }

    #[test]
    fn every_line_fits_the_terminal() {
        let mut line = line();
        (line.part, line.done, line.audio) = (250.0, 70, 360_000.0);
        for note in [None, Some("updating the neighbour index")] {
            line.note = note;
            for columns in 1..200 {
                let text = after(&line, 6000, columns);
                assert!(text.is_empty() || width(&text) + FREE <= columns, "{columns}: {text}");
            }
        }
        line.note = None;
        assert_eq!(after(&line, 60, 40), "25% 70 of 300 files, 3 min 00 s left");
        assert_eq!(after(&line, 60, 32), "[=>    ]  25% 70 of 300 files");
        line.patience = PATIENCE;
        assert_eq!(after(&line, 0, 80), "");
    }
}
